package genesystest_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/videoleg/videoleg/genesys/genesystest"
)

// deskState is what the tests read of a desktop.
type deskState struct {
	SignedIn, OnQueue, NotResponding, Simulate bool
	Deaf                                       bool
	DelayMS                                    int
	Agent                                      struct{ Login, Name, Status string }
	Colleagues                                 []struct{ Login, Status string }
	Widget                                     struct {
		Sandbox, Permissions string
		Hooks                map[string]bool
	}
	Interactions []struct {
		ID, Name, State, Customer, Ending, Recording, WidgetURL string
		Held, Muted, WrapupOwed, Internal                       bool
		Consult                                                 *struct {
			Initiator             bool
			With, State, SpeaksTo string
		}
	}
}

// desk opens Ada's desktop page with a browser's cookie and follows its events.
func desk(t *testing.T, srv *genesystest.Server, login string, cookie *http.Cookie) (next func() deskState, signedIn *http.Cookie) {
	t.Helper()
	open := func(path string) *http.Response {
		req, err := http.NewRequestWithContext(t.Context(), "GET", srv.URL+path, nil)
		must(t, err)
		if cookie != nil {
			req.AddCookie(cookie)
		}
		resp, err := http.DefaultClient.Do(req)
		must(t, err)
		t.Cleanup(func() { resp.Body.Close() })
		return resp
	}
	page := open("/?agent=" + login)
	if page.StatusCode != 200 || !strings.Contains(page.Header.Get("Content-Security-Policy"), "default-src 'self'") {
		t.Fatalf("desktop: got %d %v", page.StatusCode, page.Header)
	}
	if set := page.Cookies(); len(set) > 0 {
		cookie = set[0]
	}
	lines := bufio.NewScanner(open("/desktop/events?agent=" + login).Body)
	return func() deskState {
		t.Helper()
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				var s deskState
				must(t, json.Unmarshal([]byte(data), &s))
				return s
			}
		}
		t.Fatalf("the events ended: %v", lines.Err())
		return deskState{}
	}, cookie
}

func TestDesktop(t *testing.T) {
	t.Parallel()
	srv := start(t, genesystest.Options{
		WidgetURL: "https://agent.example/?pcConversationId={{pcConversationId}}&pcEnvironment={{pcEnvironment}}&pcLangTag={{pcLangTag}}&o={{gcHostOrigin}}&x={{unknown}}",
	})
	next, cookie := desk(t, srv, "ada", nil)
	s := next()
	if !s.SignedIn || !s.OnQueue || s.Simulate || s.Agent.Name != "Ada Lovelace" || len(s.Colleagues) != 1 {
		t.Errorf("at first: got %+v", s)
	}
	if w := s.Widget; w.Sandbox != "allow-scripts,allow-same-origin,allow-forms,allow-modals" || !strings.Contains(w.Permissions, "camera") || !w.Hooks["stop"] || w.Hooks["bootstrap"] {
		t.Errorf("widget: got %+v", w)
	}
	c := rest{t, srv, ""}
	var made struct{ ID string }
	c.want(200, "POST", "/desktop/api/call", `{"name":"4711 abcd"}`, &made)
	s = next()
	want := "https://agent.example/?pcConversationId=" + made.ID + "&pcEnvironment=mypurecloud.com&pcLangTag=en-us&o=" + url.QueryEscape(srv.URL) + "&x={{unknown}}"
	if i := s.Interactions[0]; i.ID != made.ID || i.State != "alerting" || i.Name != "4711 abcd" || i.WidgetURL != want {
		t.Errorf("ringing: got %+v", i)
	}
	orders := []struct {
		verb, body string
		check      func(deskState) bool
	}{
		{"answer", `{"agent":"ada"}`, func(s deskState) bool { return s.Interactions[0].State == "connected" && s.Agent.Status == "On a call" }},
		{"hold", `{"agent":"ada","conversation":"` + made.ID + `"}`, func(s deskState) bool { return s.Interactions[0].Held }},
		{"resume", `{"agent":"ada"}`, func(s deskState) bool { return !s.Interactions[0].Held }},
		{"mute", `{"agent":"ada"}`, func(s deskState) bool { return s.Interactions[0].Muted }},
		{"unmute", `{"agent":"ada"}`, func(s deskState) bool { return !s.Interactions[0].Muted }},
		{"pause", `{"agent":"ada"}`, func(s deskState) bool { return s.Interactions[0].Recording == "paused" }},
		{"record", `{"agent":"ada","state":"active"}`, func(s deskState) bool { return s.Interactions[0].Recording == "active" }},
		{"consult", `{"agent":"ada","target":"bob"}`, func(s deskState) bool {
			c := s.Interactions[0].Consult
			return c != nil && c.Initiator && c.With == "Bob Martin" && c.State == "alerting"
		}},
		{"answer", `{"agent":"bob"}`, func(s deskState) bool { return s.Interactions[0].Consult.State == "connected" }},
		{"consult-speak", `{"agent":"ada","state":"CONFERENCE"}`, func(s deskState) bool { return s.Interactions[0].Consult.SpeaksTo == "CONFERENCE" }},
		{"consult-complete", `{"agent":"ada"}`, func(s deskState) bool {
			return s.Interactions[0].State == "terminated" && s.Interactions[0].WrapupOwed
		}},
		{"done", `{"agent":"ada"}`, func(s deskState) bool { return len(s.Interactions) == 0 }},
		{"transfer", `{"agent":"bob","target":"ada"}`, func(s deskState) bool { return len(s.Interactions) == 1 && s.Interactions[0].State == "alerting" }},
		{"decline", `{"agent":"ada"}`, func(s deskState) bool { return len(s.Interactions) == 0 && s.NotResponding }},
		{"on-queue", `{"agent":"ada"}`, func(s deskState) bool { return s.OnQueue && !s.NotResponding }},
		{"deaf", `{"agent":"ada"}`, func(s deskState) bool { return s.Deaf }},
		{"deaf", `{"agent":"ada","on":false}`, func(s deskState) bool { return !s.Deaf }},
		{"delay", `{"ms":450}`, func(s deskState) bool { return s.DelayMS == 450 }},
		{"delay", `{}`, func(s deskState) bool { return s.DelayMS == 0 }},
		{"dial", `{"agent":"ada","target":"bob"}`, func(s deskState) bool {
			i := s.Interactions[0]
			return i.Internal && i.Name == "Bob Martin" && i.State == "connected" && i.Customer == "alerting"
		}},
		{"hangup", `{"agent":"ada"}`, func(s deskState) bool { return s.Interactions[0].Ending == "client" }},
		{"done", `{"agent":"ada"}`, func(s deskState) bool { return len(s.Interactions) == 0 }},
		{"on-queue", `{"agent":"ada","on":false}`, func(s deskState) bool { return !s.OnQueue && s.Agent.Status == "Off queue" }},
	}
	for _, o := range orders {
		c.want(200, "POST", "/desktop/api/"+o.verb, o.body, nil)
		if s := next(); !o.check(s) {
			t.Fatalf("after %s %s: got %+v", o.verb, o.body, s)
		}
	}
	other, _ := desk(t, srv, "bob", cookie)
	if s := other(); !s.SignedIn {
		t.Error("Bob's desktop is not signed in")
	}
	if s := next(); s.SignedIn {
		t.Error("Ada's desktop does not see that the browser became Bob's")
	}
}

func TestControlRefusals(t *testing.T) {
	t.Parallel()
	srv := start(t, genesystest.Options{})
	c := rest{t, srv, ""}
	for _, tt := range []struct {
		name, verb, body string
		status           int
	}{
		{"unknown verb", "explode", `{}`, 404},
		{"nobody", "answer", `{}`, 404},
		{"unknown agent", "answer", `{"agent":"mallory"}`, 404},
		{"no conversation", "answer", `{"agent":"ada"}`, 404},
		{"unknown conversation", "hold", `{"agent":"ada","conversation":"../../x"}`, 404},
		{"no JSON", "hold", `agent=ada`, 400},
		{"no simulation", "simulate", `{}`, 404},
		{"hostile name", "call", `{"name":"a\u0000b"}`, 400},
		{"dial nobody's phone", "dial", `{"address":"sip:x"}`, 404},
		{"dial himself", "dial", `{"agent":"ada","target":"ada"}`, 400},
		{"dial a stranger", "dial", `{"agent":"ada","target":"mallory"}`, 404},
		{"a delay that never ends", "delay", `{"ms":86400000}`, 400},
		{"a delay into the past", "delay", `{"ms":-1}`, 400},
	} {
		var f apiFault
		if resp := c.do("POST", "/desktop/api/"+tt.verb, tt.body, &f); resp.StatusCode != tt.status || f.Message == "" {
			t.Errorf("%s: got %d %+v, want %d", tt.name, resp.StatusCode, f, tt.status)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), "POST", srv.URL+"/desktop/api/on-queue", strings.NewReader(`{"agent":"ada"}`))
	must(t, err)
	req.Header.Set("Content-Type", "text/plain") // what a foreign page may send without asking
	if resp := send(t, http.DefaultClient, req, nil); resp.StatusCode != 415 {
		t.Errorf("a foreign page: got %d", resp.StatusCode)
	}
	for path, want := range map[string]int{
		"/?agent=mallory": 404, "/?agent=%3Cscript%3E": 404, "/desktop/events?agent=": 404, "/desktop/api/state?agent=ada": 200,
		"/desktop/files/desktop.js": 200, "/desktop/files/none.js": 404, "/desktop/files/..%2fdoc.go": 400, "/": 200,
	} {
		c.want(want, "GET", path, nil, nil)
	}
}

func TestSimulate(t *testing.T) {
	t.Parallel()
	var srv *genesystest.Server
	fails := errors.New("the room is full")
	var answer error
	srv = start(t, genesystest.Options{SimulateCustomer: func(ctx context.Context) error {
		if answer != nil {
			return answer
		}
		_, err := srv.Call(ctx, genesystest.InboundCall{ANIName: "simulated"})
		return err
	}})
	c := rest{t, srv, ""}
	c.want(200, "POST", "/desktop/api/simulate", `{}`, nil)
	if n := len(srv.Conversations()); n != 1 {
		t.Errorf("%d conversations, want 1", n)
	}
	answer = fails
	var f apiFault
	if resp := c.do("POST", "/desktop/api/simulate", `{}`, &f); resp.StatusCode != 502 || !strings.Contains(f.Message, fails.Error()) {
		t.Errorf("got %d %+v", resp.StatusCode, f)
	}
}
