package pexrtctest_test

import (
	"net/http"
	"testing"

	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

func TestHostOnlyRequests(t *testing.T) {
	srv := start(t, pexrtctest.Options{HostPIN: hostPIN})
	ada := join(t, srv, "agt4711", hostPIN, "Ada")
	bob := join(t, srv, "cus4711", "none", "Bob")
	ada.must("start_conference", nil)
	for _, path := range []string{
		"disconnect", "lock", "unlock", "start_conference", "muteguests", "unmuteguests", "dial",
		"participants/" + ada.uuid + "/disconnect", "participants/" + ada.uuid + "/mute",
		"participants/" + ada.uuid + "/video_muted", bob.self("role"), bob.self("unlock"),
		bob.self("spotlighton"), bob.self("transfer"), bob.self("overlaytext"),
		"participants/" + ada.uuid + "/calls",
	} {
		if status, result := bob.post(path, nil); status != http.StatusForbidden || result != "Invalid role" {
			t.Errorf("guest asked %s: %d %v, want 403 Invalid role", path, status, result)
		}
	}
	for _, path := range []string{"message", bob.self("mute"), bob.self("video_muted"), bob.self("buzz"), bob.self("client_mute")} {
		if status, result := bob.post(path, nil); status != http.StatusOK {
			t.Errorf("guest asked %s: %d %v, want 200", path, status, result)
		}
	}
}

func TestParticipantFlags(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	ada := join(t, srv, "agt4711", "", "Ada")
	events := join(t, srv, "cus4711", "", "Bob").listen()
	events.next("participant_sync_end")
	tests := []struct {
		request, field string
		want           any
	}{
		{"mute", "is_muted", "YES"},
		{"unmute", "is_muted", "NO"},
		{"client_mute", "is_client_muted", true},
		{"client_unmute", "is_client_muted", false},
		{"video_muted", "is_video_muted", true},
		{"video_unmuted", "is_video_muted", false},
		{"tx_mute", "is_tx_muted", true},
		{"denyrxpresentation", "rx_presentation_policy", "DENY"},
		{"allowrxpresentation", "rx_presentation_policy", "ALLOW"},
		{"hold", "is_on_hold", true},
		{"resume", "is_on_hold", false},
		{"clearbuzz", "buzz_time", 0.0},
		{"spotlightoff", "spotlight", 0.0},
	}
	for _, tt := range tests {
		ada.must(ada.self(tt.request), nil)
		if got := events.next("participant_update")[tt.field]; got != tt.want {
			t.Errorf("%s: %s is %v, want %v", tt.request, tt.field, got, tt.want)
		}
	}
	ada.must(ada.self("overlaytext"), map[string]string{"text": "Hello"})
	if got := events.next("participant_update")["overlay_text"]; got != "Hello" {
		t.Errorf("overlay_text is %v", got)
	}
	for _, request := range []string{"buzz", "spotlighton"} {
		ada.must(ada.self(request), nil)
	}
	if p := await(t, srv, "Ada", named("Ada")); !p.HandRaised || !p.Spotlight {
		t.Errorf("Ada %+v", p)
	}
}

func TestMuteGuests(t *testing.T) {
	srv := start(t, pexrtctest.Options{HostPIN: hostPIN})
	ada := join(t, srv, "agt4711", hostPIN, "Ada")
	join(t, srv, "cus4711", "none", "Bob")
	ada.must("muteguests", nil)
	join(t, srv, "cus4711", "none", "Carl")
	for _, p := range srv.Participants("4711") {
		if p.Muted != (p.Role == "guest") {
			t.Errorf("%s, %s: muted %v", p.DisplayName, p.Role, p.Muted)
		}
	}
	if c := srv.Conferences()[0]; !c.GuestsMuted {
		t.Errorf("conference %+v", c)
	}
}

func TestGuestsMayNotPresent(t *testing.T) {
	srv := start(t, pexrtctest.Options{HostPIN: hostPIN})
	ada := join(t, srv, "agt4711", hostPIN, "Ada")
	bob := join(t, srv, "cus4711", "none", "Bob")
	host := join(t, srv, "agt4711", hostPIN, "Carol").dial(want{codec: "VP8"}) // lets guests in
	for _, tt := range []struct {
		setting any
		status  int
	}{{false, http.StatusForbidden}, {"no", http.StatusForbidden}, {true, http.StatusOK}} {
		if status, _ := ada.post("set_guests_can_present", map[string]any{"setting": tt.setting}); status != http.StatusOK && tt.setting != "no" {
			t.Errorf("set_guests_can_present %v: %d", tt.setting, status)
		}
		if status, _ := bob.post(bob.self("take_floor"), nil); status != tt.status {
			t.Errorf("with %v, Bob takes the floor: %d, want %d", tt.setting, status, tt.status)
		}
		host.must(host.self("take_floor"), nil)
	}
}

func TestRoleChange(t *testing.T) {
	srv := start(t, pexrtctest.Options{HostPIN: hostPIN})
	ada := join(t, srv, "agt4711", hostPIN, "Ada")
	bob := join(t, srv, "cus4711", "none", "Bob")
	events := bob.listen()
	ada.must("participants/"+bob.uuid+"/role", map[string]string{"role": "chair"})
	events.next("refresh_token")
	if result := bob.must("refresh_token", nil).(map[string]any); result["role"] != "HOST" {
		t.Errorf("refreshed role %v", result["role"])
	}
}

func TestTransfer(t *testing.T) {
	srv := start(t, pexrtctest.Options{HostPIN: hostPIN})
	ada := join(t, srv, "agt4711", hostPIN, "Ada")
	bob := join(t, srv, "cus4711", "none", "Bob")
	events := bob.listen()
	ada.must("participants/"+bob.uuid+"/transfer", map[string]string{"conference_alias": "agt4712", "role": "chair"})
	refer := events.next("refer")
	there := &member{t: t, srv: srv, alias: refer["alias"].(string)}
	body := map[string]any{"display_name": "Bob", "token": refer["token"]}
	status, result := there.post("request_token", body)
	if status != 200 || result.(map[string]any)["role"] != "HOST" {
		t.Fatalf("with the one-time token: %d %v", status, result)
	}
	if status, _ := there.post("request_token", body); status != 403 {
		t.Errorf("the one-time token worked twice: %d", status)
	}
}

func TestMessages(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	ada := join(t, srv, "agt4711", "", "Ada")
	bob := join(t, srv, "cus4711", "", "Bob")
	events := bob.listen()
	ada.must("message", map[string]string{"type": "text/plain", "payload": "hello"})
	if m := events.next("message_received"); m["payload"] != "hello" || m["origin"] != "Ada" || m["uuid"] != ada.uuid || m["direct"] != false {
		t.Errorf("message %v", m)
	}
	ada.must("participants/"+bob.uuid+"/message", map[string]string{"type": "application/json", "payload": "{}"})
	if m := events.next("message_received"); m["direct"] != true || m["type"] != "application/json" {
		t.Errorf("message %v", m)
	}
}

func TestReads(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	ada := join(t, srv, "agt4711", "", "Ada")
	ada.must("lock", nil)
	status, result := ada.do(http.MethodGet, "conference_status", nil)
	if status != 200 || result.(map[string]any)["locked"] != true {
		t.Errorf("conference_status: %d %v", status, result)
	}
	status, result = ada.do(http.MethodGet, "participants", nil)
	if status != 200 || result.([]any)[0].(map[string]any)["call_tag"] != "tag-Ada" {
		t.Errorf("participants: %d %v", status, result)
	}
	if status, _ = ada.do(http.MethodGet, "theme/", nil); status != http.StatusNoContent {
		t.Errorf("theme: %d", status)
	}
	if status, _ = ada.do(http.MethodGet, "nonsense", nil); status != http.StatusNotFound {
		t.Errorf("nonsense: %d", status)
	}
}
