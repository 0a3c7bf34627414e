package pexrtctest_test

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

func TestPIN(t *testing.T) {
	const guests, everyone, open = "guests", "everyone", "open"
	services := map[string]pexrtctest.Service{
		guests:   {Name: guests, HostPIN: "1234", AllowGuests: true},
		everyone: {Name: everyone, HostPIN: "1234", AllowGuests: true, GuestPIN: "5678"},
		open:     {Name: open},
	}
	tests := []struct {
		name, room, pin string
		status          int
		role            string // of a success
		result          string // of a refusal
		guestPIN        string // of a question
	}{
		{name: "asks, guests need none", room: guests, status: 403, guestPIN: "none"},
		{name: "asks, guests need one", room: everyone, status: 403, guestPIN: "required"},
		{name: "none is no guest PIN", room: everyone, pin: "none", status: 403, guestPIN: "required"},
		{name: "wrong", room: guests, pin: "4321", status: 403, result: "Invalid PIN"},
		{name: "host", room: guests, pin: "1234", status: 200, role: "HOST"},
		{name: "guest without", room: guests, pin: "none", status: 200, role: "GUEST"},
		{name: "guest with", room: everyone, pin: "5678", status: 200, role: "GUEST"},
		{name: "no PINs make hosts", room: open, status: 200, role: "HOST"},
	}
	srv := start(t, pexrtctest.Options{Resolve: func(alias string) (pexrtctest.Service, error) { return services[alias], nil }})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := &member{t: t, srv: srv, alias: tt.room}
			status, result := m.post("request_token", map[string]string{"display_name": "Ada"}, "pin", tt.pin)
			if status != tt.status {
				t.Fatalf("status %d %v, want %d", status, result, tt.status)
			}
			switch {
			case tt.role != "":
				fields := result.(map[string]any)
				if fields["role"] != tt.role || fields["expires"] != "120" || fields["token"] == "" {
					t.Errorf("result %v, want role %s and expires as string", fields, tt.role)
				}
			case tt.guestPIN != "":
				fields := result.(map[string]any)
				if fields["pin"] != "required" || fields["guest_pin"] != tt.guestPIN {
					t.Errorf("result %v, want guest_pin %s", fields, tt.guestPIN)
				}
			case result != tt.result:
				t.Errorf("result %v, want %s", result, tt.result)
			}
		})
	}
}

func TestAliases(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	tests := []struct {
		alias  string
		status int
		result any // conference_name of a success
	}{
		{"agt4711", 200, "4711"},
		{"cus4711", 200, "4711"},
		{"4711", 200, "4711"},
		{"AGT4711", 200, "4711"},
		{"custom", 200, "custom"},
		{"abc", 404, "Neither conference nor gateway found"},
		{"no%20such%2Froom", 404, "Neither conference nor gateway found"},
		{"cus" + strings.Repeat("a", 41), 404, "Neither conference nor gateway found"},
		{"pin.wrong", 403, "Invalid PIN"},
		{"agtroom.full", 403, "Participant limit reached"},
		{"node.busy", 503, "Out of transcoding resource"},
		{"node.maintenance", 503, "Maintenance mode"},
		{"cushost.late", 200, "host.late"},
		{"media.drop", 200, "media.drop"},
		{"room.ends", 200, "room.ends"},
	}
	for _, tt := range tests {
		t.Run(tt.alias, func(t *testing.T) {
			m := &member{t: t, srv: srv, alias: tt.alias}
			status, result := m.post("request_token", map[string]string{"display_name": "Ada"})
			if fields, ok := result.(map[string]any); ok {
				result = fields["conference_name"]
			}
			if status != tt.status || result != tt.result {
				t.Errorf("request_token %s: %d %v, want %d %v", tt.alias, status, result, tt.status, tt.result)
			}
		})
	}
}

func TestHostileBodies(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	ada := join(t, srv, "agt4711", "", "Ada")
	tests := []struct {
		name, path, body string
		status           int
	}{
		{"no JSON", "request_token", "{", 400},
		{"wrong type", "request_token", `{"display_name":{}}`, 400},
		{"long name", "request_token", `{"display_name":"` + strings.Repeat("x", 251) + `"}`, 400},
		{"long tag", "request_token", `{"call_tag":"` + strings.Repeat("x", 1001) + `"}`, 400},
		{"huge", "request_token", `{"display_name":"` + strings.Repeat("x", 300<<10) + `"}`, 413},
		{"deep", "request_token", strings.Repeat("[", 20000), 400},
		{"null", "request_token", "null", 200},
		{"nothing", "request_token", "", 200},
		{"no SDP", ada.self("calls"), `{"call_type":"WEBRTC"}`, 400},
		{"junk SDP", ada.self("calls"), `{"call_type":"WEBRTC","sdp":"v=0\r\n"}`, 400},
		{"other call", ada.self("calls"), `{"call_type":"RTMP"}`, 400},
		{"update without a call", ada.self("calls/x/update"), `{}`, 404},
		{"ack without a call", ada.self("calls/x/ack"), ``, 404},
		{"unknown request", "frobnicate", ``, 404},
		{"unknown participant", "participants/x/mute", ``, 404},
		{"long chat", "message", `{"payload":"` + strings.Repeat("x", 9000) + `"}`, 400},
		{"dial nobody", "dial", `{}`, 400},
		{"odd role", ada.self("role"), `{"role":"king"}`, 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if status, result := ada.do(http.MethodPost, tt.path, []byte(tt.body)); status != tt.status {
				t.Errorf("%s: %d %v, want %d", tt.path, status, result, tt.status)
			}
		})
	}
}

func TestRefreshRotatesTheToken(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	ada := join(t, srv, "agt4711", "", "Ada")
	old := ada.token
	ada.token = ada.must("refresh_token", nil).(map[string]any)["token"].(string)
	if ada.token == old {
		t.Error("refresh_token returned the same token")
	}
	ada.must("refresh_token", nil)
	ada.token = old
	if status, result := ada.post("refresh_token", nil); status != 403 || result != "Invalid token" {
		t.Errorf("old token: %d %v, want 403 Invalid token", status, result)
	}
}

func TestTokenGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := startPiped(t, pexrtctest.Options{TokenGrace: 5 * time.Second})
		ada := join(t, srv, "agt4711", "", "Ada")
		ada.must("refresh_token", nil)
		ada.must("lock", nil)
		time.Sleep(6 * time.Second)
		if status, _ := ada.post("unlock", nil); status != 403 {
			t.Errorf("replaced token after its grace: %d, want 403", status)
		}
	})
}

func TestTokenExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := startPiped(t, pexrtctest.Options{})
		ada := join(t, srv, "agt4711", "", "Ada")
		events := ada.listen()
		begin := time.Now()
		if reason := events.next("disconnect")["reason"]; reason != "Timer expired awaiting token refresh" {
			t.Errorf("reason %v", reason)
		}
		if passed := time.Since(begin); passed != 120*time.Second {
			t.Errorf("dropped after %v, want 2m0s", passed)
		}
		if status, _ := ada.post("refresh_token", nil); status != 403 {
			t.Errorf("refresh after the end: %d, want 403", status)
		}
	})
}

func TestReleaseByBeacon(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	ada := join(t, srv, "agt4711", "", "Ada")
	token := ada.token
	ada.token = ""
	ada.must("release_token?token="+token, map[string]string{"reason": "Browser closed"})
	if err := srv.AwaitNoParticipants(limit(t), ""); err != nil {
		t.Error(err)
	}
}

func TestTokenOfAnotherRoom(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	ada := join(t, srv, "agt4711", "", "Ada")
	ada.alias = "agt4712"
	if status, result := ada.post("lock", nil); status != 403 || result != "Invalid token" {
		t.Errorf("%d %v, want 403 Invalid token", status, result)
	}
}

func TestParticipantLimit(t *testing.T) {
	srv := start(t, pexrtctest.Options{Resolve: func(string) (pexrtctest.Service, error) {
		return pexrtctest.Service{Name: "small", ParticipantLimit: 1}, nil
	}})
	join(t, srv, "any", "", "Ada")
	m := &member{t: t, srv: srv, alias: "any"}
	if status, result := m.post("request_token", nil); status != 403 || result != "Participant limit reached" {
		t.Errorf("%d %v, want 403 Participant limit reached", status, result)
	}
}

func TestResolveErrors(t *testing.T) {
	srv := start(t, pexrtctest.Options{Resolve: func(alias string) (pexrtctest.Service, error) {
		if alias == "fault" {
			return pexrtctest.Service{}, &pexrtctest.Fault{Status: 529, Body: `{"status":"failed","result":"busy"}`}
		}
		return pexrtctest.Service{}, errors.New("policy says no")
	}})
	for alias, want := range map[string]int{"fault": 529, "other": 404} {
		m := &member{t: t, srv: srv, alias: alias}
		if status, result := m.post("request_token", nil); status != want {
			t.Errorf("%s: %d %v, want %d", alias, status, result, want)
		}
	}
}

func TestCORS(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	req, err := http.NewRequest(http.MethodOptions, srv.URL+"/api/client/v2/conferences/agt4711/request_token", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", "https://app.example")
	req.Header.Set("Access-Control-Request-Headers", "pin,token,content-type")
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("Access-Control-Allow-Origin"); got != "https://app.example" {
		t.Errorf("allowed origin %q", got)
	}
	allowed := resp.Header.Get("Access-Control-Allow-Headers")
	for _, name := range []string{"token", "pin", "content-type", "authorization"} {
		if !strings.Contains(allowed, name) {
			t.Errorf("header %s is not allowed by %q", name, allowed)
		}
	}
}

func TestRequestLogHasNoSecrets(t *testing.T) {
	srv := start(t, pexrtctest.Options{HostPIN: hostPIN})
	ada := join(t, srv, "agt4711", hostPIN, "Ada")
	ada.must("lock?token="+ada.token, nil)
	log := srv.Requests()
	if len(log) != 2 || !log[0].HasPIN || log[0].HasToken || !log[1].HasToken || log[1].Status != 200 {
		t.Errorf("log %+v", log)
	}
	for _, r := range log {
		if bytes.Contains([]byte(r.Path), []byte(ada.token)) {
			t.Errorf("path %s has the token", r.Path)
		}
	}
}

func TestStatus(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	for _, tt := range []struct {
		maintenance bool
		want        int
	}{{false, 200}, {true, 503}} {
		srv.SetMaintenance(tt.maintenance)
		resp, err := srv.Client().Get(srv.URL + "/api/client/v2/status")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != tt.want {
			t.Errorf("maintenance %v: %d, want %d", tt.maintenance, resp.StatusCode, tt.want)
		}
	}
	m := &member{t: t, srv: srv, alias: "agt4711"}
	if status, result := m.post("request_token", nil); status != 503 || result != "Maintenance mode" {
		t.Errorf("join in maintenance: %d %v", status, result)
	}
}
