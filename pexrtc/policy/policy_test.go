package policy_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/videoleg/videoleg/pexrtc/policy"
)

const (
	serviceURL     = "/policy/v1/service/configuration"
	participantURL = "/policy/v1/participant/properties"
)

func rooms() policy.Rooms {
	return policy.Rooms{
		AgentPrefix: "agt", CustomerPrefix: "cus", HostPIN: "390517",
		ContactCenter: "sip:+15551234567@trunk.example", Domain: "video.example",
		ServiceTag: "videoleg", Layout: "five_mains_seven_pips",
	}
}

// sessions are those that the tests' policies know.
func sessions(_ context.Context, id string) (policy.Session, error) {
	switch id {
	case "4711abcd", "4711":
		return policy.Session{}, nil
	case "named123":
		return policy.Session{Customer: "Ada " + strings.Repeat("ä", 300)}, nil
	case "expired1":
		return policy.Session{}, policy.ErrExpired
	case "closed12":
		return policy.Session{}, policy.ErrClosed
	case "broken12":
		return policy.Session{}, errors.New("store: no answer")
	}
	return policy.Session{}, policy.ErrUnknown
}

func newPolicy(t testing.TB, change func(*policy.Config)) *policy.Policy {
	t.Helper()
	cfg := policy.Config{Rooms: rooms(), Open: sessions, Log: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&cfg)
	}
	p, err := policy.New(cfg)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return p
}

type answer struct {
	Status, Action, Reason string
	Result                 map[string]any
}

func ask(t testing.TB, p http.Handler, target string) (int, answer) {
	t.Helper()
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
	if got := w.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("%s: Content-Type %q", target, got)
	}
	var a answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatalf("%s: %v in %s", target, err, w.Body)
	}
	return w.Code, a
}

// dialIn is a question as a node asks it when somebody joins.
func dialIn(path, alias string, more ...string) string {
	v := url.Values{
		"call_direction": {"dial_in"}, "protocol": {"api"}, "trigger": {"web"}, "bandwidth": {"0"}, "registered": {"False"},
		"local_alias": {alias}, "remote_alias": {"Ada"}, "remote_display_name": {"Ada"}, "remote_address": {"198.51.100.7"},
		"remote_port": {"50222"}, "call_tag": {""}, "location": {"Edge"}, "node_ip": {"10.0.0.21"}, "version_id": {"37"},
		"vendor": {"Mozilla/5.0"}, "request_id": {"ignored"},
	}
	for i := 0; i < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return path + "?" + v.Encode()
}

func room(id string, customer bool) map[string]any {
	r := map[string]any{
		"service_type": "conference", "name": id, "service_tag": "videoleg", "description": "Customer video session",
		"pin": "390517", "allow_guests": true, "guests_can_present": true, "call_type": "video",
		"view": "five_mains_seven_pips", "enable_overlay_text": true, "local_display_name": id,
	}
	if customer {
		r["automatic_participants"] = []any{map[string]any{
			"remote_alias": "sip:+15551234567@trunk.example", "remote_display_name": "Contact centre",
			"local_alias": id + "@video.example", "local_display_name": id, "protocol": "sip", "call_type": "audio",
			"role": "chair", "routing": "routing_rule", "keep_conference_alive": "keep_conference_alive_never",
		}}
	}
	return r
}

func TestService(t *testing.T) {
	none := map[string]any{}
	for _, tt := range []struct {
		name, target string
		status       int
		action       string
		result       map[string]any
	}{
		{"customer", dialIn(serviceURL, "cus4711abcd"), 200, "continue", room("4711abcd", true)},
		{"agent", dialIn(serviceURL, "agt4711abcd"), 200, "continue", room("4711abcd", false)},
		{"shortest ID", dialIn(serviceURL, "cus4711"), 200, "continue", room("4711", true)},
		{"SIP URI", dialIn(serviceURL, "sip:cus4711abcd@video.example;transport=tls", "protocol", "sip"), 200, "continue", room("4711abcd", true)},
		{"unescaped semicolon", serviceURL + "?local_alias=sips:CUS4711abcd@video.example;transport=tls&call_direction=dial_in", 200, "continue", room("4711abcd", true)},
		{"headers in the URI", dialIn(serviceURL, "sip:agt4711abcd?x=y"), 200, "continue", room("4711abcd", false)},
		{"H.323, capitals", dialIn(serviceURL, "h323:AGT4711ABCD"), 200, "continue", room("4711abcd", false)},
		{"OPTIONS", dialIn(serviceURL, "cus4711abcd", "call_direction", "non_dial", "trigger", "options"), 200, "continue", room("4711abcd", true)},
		{"avatar look-up", dialIn(serviceURL, "cus4711abcd", "trigger", "web_avatar_fetch"), 200, "continue", room("4711abcd", true)},
		{"two-stage dialling", dialIn(serviceURL, "cus4711abcd", "trigger", "two_stage_dialing"), 200, "continue", room("4711abcd", true)},
		{"direction of a newer version", dialIn(serviceURL, "cus4711abcd", "call_direction", "beamed"), 200, "continue", room("4711abcd", true)},
		{"no direction", serviceURL + "?local_alias=agt4711abcd", 200, "continue", room("4711abcd", false)},

		{"dial-out of our room", dialIn(serviceURL, "4711abcd@video.example", "call_direction", "dial_out", "protocol", "sip",
			"service_name", "4711abcd", "service_tag", "videoleg"), 200, "continue", room("4711abcd", false)},
		{"dial-out after the session's end", dialIn(serviceURL, "x", "call_direction", "dial_out",
			"service_name", "closed12", "service_tag", "videoleg"), 200, "continue", room("closed12", false)},
		{"dial-out of another service", dialIn(serviceURL, "cus4711abcd", "call_direction", "dial_out",
			"service_name", "4711abcd", "service_tag", "other"), 404, "continue", none},
		{"dial-out under a name that is none of ours", dialIn(serviceURL, "x", "call_direction", "dial_out",
			"service_name", `"}`, "service_tag", "videoleg"), 200, "reject", none},

		{"unknown session", dialIn(serviceURL, "cus00000000"), 200, "reject", none},
		{"expired", dialIn(serviceURL, "cusexpired1"), 200, "reject", none},
		{"closed", dialIn(serviceURL, "agtclosed12"), 200, "reject", none},
		{"store down", dialIn(serviceURL, "cusbroken12"), 200, "reject", none},
		{"prefix alone", dialIn(serviceURL, "cus"), 200, "reject", none},
		{"prefix and more than an ID", dialIn(serviceURL, "cus4711abcd'; drop"), 200, "reject", none},
		{"JSON in the alias", dialIn(serviceURL, `agt","pin":"1`), 200, "reject", none},
		{"jinja in the alias", dialIn(serviceURL, "cus{{7*7}}"), 200, "reject", none},
		{"line break", dialIn(serviceURL, "cus4711\nabcd"), 200, "reject", none},
		{"very long ID", dialIn(serviceURL, "cus"+strings.Repeat("a", 41)), 200, "reject", none},
		{"enormous alias", dialIn(serviceURL, "cus"+strings.Repeat("a", 1<<20)), 200, "reject", none},

		{"somebody else's alias", dialIn(serviceURL, "meet.ada@video.example"), 404, "continue", none},
		{"no alias", dialIn(serviceURL, ""), 404, "continue", none},
		{"no question", serviceURL, 404, "continue", none},
		{"broken escapes", serviceURL + "?local_alias=%zz&%%%", 404, "continue", none},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPolicy(t, nil)
			for range 2 { // the answer never changes by asking
				status, got := ask(t, p, tt.target)
				if status != tt.status || got.Action != tt.action || !reflect.DeepEqual(got.Result, tt.result) {
					t.Errorf("%d %+v\nwant %d %s %v", status, got, tt.status, tt.action, tt.result)
				}
				if wantStatus := map[int]string{200: "success", 404: "fail"}[tt.status]; got.Status != wantStatus {
					t.Errorf("status %q, want %q", got.Status, wantStatus)
				}
			}
		})
	}
}

func TestServiceOptions(t *testing.T) {
	_, got := ask(t, newPolicy(t, func(c *policy.Config) {
		c.HostPIN, c.GuestPIN, c.Theme, c.Crypto, c.Limit = "390517#", "4711#", "videoleg", "on", 12
		c.ContactCenter, c.AgentPrefix, c.Domain = "", "Agent.", ""
	}), dialIn(serviceURL, "cus4711abcd"))
	want := room("4711abcd", false)
	want["pin"], want["guest_pin"], want["ivr_theme_name"], want["crypto_mode"] = "390517#", "4711#", "videoleg", "on"
	want["participant_limit"] = 12.0
	if !reflect.DeepEqual(got.Result, want) {
		t.Errorf("got  %v\nwant %v", got.Result, want)
	}
	status, got := ask(t, newPolicy(t, func(c *policy.Config) { c.AgentPrefix, c.Domain = "Agent.", "" }), dialIn(serviceURL, "agent.4711abcd"))
	if status != 200 || got.Result["name"] != "4711abcd" {
		t.Errorf("prefix with capitals and a dot: %d %v", status, got)
	}
	_, got = ask(t, newPolicy(t, func(c *policy.Config) { c.Domain = "" }), dialIn(serviceURL, "cus4711abcd"))
	if legs := got.Result["automatic_participants"].([]any); legs[0].(map[string]any)["local_alias"] != "4711abcd" {
		t.Errorf("calling address without a domain: %v", legs)
	}
}

func TestParticipant(t *testing.T) {
	ours := []string{"service_tag", "videoleg", "service_name", "4711abcd"}
	with := func(more ...string) []string { return append(append([]string{}, ours...), more...) }
	for _, tt := range []struct {
		name, target string
		status       int
		action       string
		result       map[string]any
		reason       string // begins the reject_reason
	}{
		{"customer, api", dialIn(participantURL, "cus4711abcd", with("participant_type", "api", "preauthenticated_role", "guest")...), 200, "continue", map[string]any{"preauthenticated_role": "guest"}, ""},
		{"customer, media", dialIn(participantURL, "cus4711abcd", with("participant_type", "standard", "preauthenticated_role", "")...), 200, "continue", map[string]any{"preauthenticated_role": "guest"}, ""},
		{"customer with the host PIN", dialIn(participantURL, "cus4711abcd", with("preauthenticated_role", "chair")...), 200, "continue", map[string]any{"preauthenticated_role": "guest"}, ""},
		{"agent with the PIN", dialIn(participantURL, "agt4711abcd", with("participant_type", "api_host", "preauthenticated_role", "chair")...), 200, "continue", map[string]any{"preauthenticated_role": "chair"}, ""},
		{"agent by SIP before the PIN", dialIn(participantURL, "sip:agt4711abcd@x", with("preauthenticated_role", "None")...), 200, "continue", map[string]any{}, ""},
		{"agent's alias as guest", dialIn(participantURL, "agt4711abcd", with("preauthenticated_role", "guest")...), 200, "reject", nil, "The agent's address"},
		{"contact centre's leg", dialIn(participantURL, "4711abcd@video.example", with("call_direction", "dial_out", "protocol", "sip")...), 200, "continue", map[string]any{}, ""},
		{"call of another room", dialIn(participantURL, "x", "call_direction", "dial_out", "service_tag", "other"), 404, "continue", map[string]any{}, ""},
		{"another room", dialIn(participantURL, "cus4711abcd", "service_tag", "videoleg", "service_name", "4711"), 200, "reject", nil, "This address belongs"},
		{"by an alias that is none of ours", dialIn(participantURL, "4711abcd", ours...), 200, "reject", nil, "This video call is for invited"},
		{"closed", dialIn(participantURL, "cusclosed12"), 200, "reject", nil, "This video call is over"},
		{"expired", dialIn(participantURL, "cusexpired1"), 200, "reject", nil, "The invitation"},
		{"store down", dialIn(participantURL, "cusbroken12"), 200, "reject", nil, "It cannot be checked"},
		{"malformed", dialIn(participantURL, "cus"), 200, "reject", nil, "This address is not complete"},
		{"foreign", dialIn(participantURL, "meet.ada", "service_tag", "other"), 404, "continue", map[string]any{}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, got := ask(t, newPolicy(t, nil), tt.target)
			if status != tt.status || got.Action != tt.action {
				t.Errorf("%d %+v, want %d %s", status, got, tt.status, tt.action)
			}
			if tt.result != nil && !reflect.DeepEqual(got.Result, tt.result) {
				t.Errorf("result %v, want %v", got.Result, tt.result)
			}
			if why, _ := got.Result["reject_reason"].(string); !strings.HasPrefix(why, tt.reason) || (why == "") != (tt.reason == "") {
				t.Errorf("reject_reason %q, want %q", why, tt.reason)
			}
		})
	}
}

func TestParticipantNameAndGuestPIN(t *testing.T) {
	p := newPolicy(t, func(c *policy.Config) { c.GuestPIN = "471100" })
	_, got := ask(t, p, dialIn(participantURL, "cusnamed123"))
	if name := got.Result["remote_display_name"].(string); len([]rune(name)) != 250 || !strings.HasPrefix(name, "Ada ä") {
		t.Errorf("remote_display_name %q", name)
	}
	if role, given := got.Result["preauthenticated_role"]; given {
		t.Errorf("role %v given before the guest PIN was asked for", role)
	}
	if _, got = ask(t, p, dialIn(participantURL, "cusnamed123", "preauthenticated_role", "chair")); got.Result["preauthenticated_role"] != "guest" {
		t.Errorf("customer with the host PIN: %v", got.Result)
	}
}

func TestOtherRequests(t *testing.T) {
	for path, want := range map[string]struct {
		status int
		body   string
	}{
		"/policy/v1/participant/location?local_alias=cus4711abcd": {404, `"action":"continue"`},
		"/policy/v1/participant/avatar/sip%3Aada%40x?width=100":   {404, `"action":"continue"`},
		"/policy/v1/registrations?q=a&limit=10":                   {200, `"result":[]`},
		"/policy/v1/registrations/ada%40video.example":            {200, `"action":"continue","result":{}`},
		"/policy/v1/tomorrow":                                     {404, `"action":"continue"`},
	} {
		w := httptest.NewRecorder()
		newPolicy(t, nil).ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want.status || !strings.Contains(w.Body.String(), want.body) {
			t.Errorf("%s: %d %s, want %d with %s", path, w.Code, w.Body, want.status, want.body)
		}
	}
	w := httptest.NewRecorder()
	newPolicy(t, nil).ServeHTTP(w, httptest.NewRequest(http.MethodPost, serviceURL, nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") == "" {
		t.Errorf("POST: %d %v", w.Code, w.Header())
	}
}

func TestDecisionsAreObservedAndLoggedWithoutSecrets(t *testing.T) {
	var log strings.Builder
	var seen []policy.Decision
	p := newPolicy(t, func(c *policy.Config) {
		c.Log = slog.New(slog.NewTextHandler(&log, nil))
		c.Observe = func(d policy.Decision) { seen = append(seen, d) }
	})
	ask(t, p, dialIn(serviceURL, "cus4711abcd"))
	ask(t, p, dialIn(serviceURL, "cusexpired1", "protocol", strings.Repeat("x", 1000)))
	ask(t, p, dialIn(participantURL, "meet.ada@video.example"))
	var got []string
	for _, d := range seen {
		got = append(got, d.Request+" "+string(d.Verdict)+" "+d.Reason+" "+d.Session)
	}
	want := []string{"service room customer 4711abcd", "service refuse expired expired1", "participant not-ours not-our-label "}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if n := strings.Count(log.String(), "msg=policy"); n != 3 {
		t.Errorf("%d log lines for 3 decisions", n)
	}
	for _, secret := range []string{"390517", "Ada", "meet.ada", "198.51.100.7", strings.Repeat("x", 100)} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("log holds %q: %s", secret, log.String())
		}
	}
}

func TestCheck(t *testing.T) {
	for name, spoil := range map[string]func(*policy.Rooms){
		"no host PIN":           func(r *policy.Rooms) { r.HostPIN = "" },
		"short PIN":             func(r *policy.Rooms) { r.HostPIN = "123" },
		"equal PINs":            func(r *policy.Rooms) { r.GuestPIN = r.HostPIN },
		"equal but for the end": func(r *policy.Rooms) { r.GuestPIN = r.HostPIN + "#" },
		"two lengths":           func(r *policy.Rooms) { r.GuestPIN = "1234" },
		"layout":                func(r *policy.Rooms) { r.Layout = "mosaic" },
		"crypto":                func(r *policy.Rooms) { r.Crypto = "maybe" },
		"jinja in the theme":    func(r *policy.Rooms) { r.Theme = "{{ x }}" },
		"long theme":            func(r *policy.Rooms) { r.Theme = strings.Repeat("x", 251) },
		"quote in the address":  func(r *policy.Rooms) { r.ContactCenter = `sip:"x"@y` },
		"devices, none called":  func(r *policy.Rooms) { r.Outbound = "30.*" },
		"called, no devices":    func(r *policy.Rooms) { r.Device = "sip:{alias}@x" },
		"pattern":               func(r *policy.Rooms) { r.Outbound, r.Device = "30(", "sip:{alias}@x" },
		"quote in the pattern":  func(r *policy.Rooms) { r.Outbound, r.Device = `30"`, "sip:{alias}@x" },
		"jinja in the pattern":  func(r *policy.Rooms) { r.Outbound, r.Device = `30%}`, "sip:{alias}@x" },
		"device without alias":  func(r *policy.Rooms) { r.Outbound, r.Device = "30.*", "sip:x@y" },
		"device of no SIP":      func(r *policy.Rooms) { r.Outbound, r.Device = "30.*", "https://{alias}" },
		"jinja in the device":   func(r *policy.Rooms) { r.Outbound, r.Device = "30.*", "sip:{alias}@{{x}}" },
		"no tag":                func(r *policy.Rooms) { r.ServiceTag = "" },
	} {
		t.Run(name, func(t *testing.T) {
			r := rooms()
			spoil(&r)
			if err := r.Check(); err == nil {
				t.Errorf("%+v passes", r)
			}
		})
	}
	if err := rooms().Check(); err != nil {
		t.Errorf("good rooms: %v", err)
	}
}

func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"local_alias=sip:cus4711abcd@video.example;transport=tls&call_direction=dial_in", "local_alias=agt4711abcd&preauthenticated_role=chair",
		"call_direction=dial_out&service_tag=videoleg&service_name=4711abcd", "local_alias=%zz", "local_alias=cus%22%7D",
	} {
		f.Add(seed)
	}
	f.Add("local_alias=sip:30123@x&protocol=sip")
	f.Add("local_alias=agtbranch-7&call_direction=dial_in")
	p := newPolicy(f, func(c *policy.Config) { c.Outbound, c.Device = "30[0-9]{3}|branch.*", "sip:{alias}@devices.example" })
	f.Fuzz(func(t *testing.T, query string) {
		for _, path := range []string{serviceURL, participantURL} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.URL.RawQuery = query
			w := httptest.NewRecorder()
			p.ServeHTTP(w, r)
			var a answer
			if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
				t.Fatalf("%q: %v in %s", query, err, w.Body)
			}
			if w.Code != 200 && w.Code != 404 {
				t.Errorf("%q: %d", query, w.Code)
			}
			if name, given := a.Result["name"].(string); given && (len(name) < 4 || strings.Trim(name, "0123456789abcdefghijklmnopqrstuvwxyz._-") != "") {
				t.Errorf("%q: a room named %q", query, name)
			}
		}
	})
}
