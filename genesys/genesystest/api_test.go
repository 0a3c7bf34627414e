package genesystest_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/videoleg/videoleg/genesys/genesystest"
)

type apiFault struct {
	Message, Code, ContextID string
	Status                   int
	Details                  []string
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	srv := start(t, genesystest.Options{})
	v := ring(t, srv, queue)
	must(t, v.Answer(ada))
	mine := asUser(t, srv, "ada")
	const calls = "/api/v2/conversations/calls/"
	leg := calls + v.ID() + "/participants/" + legOf(v, ada)
	tests := []struct {
		name, user, method, path, body string
		status                         int
		code                           string
	}{
		{"no token", "", "GET", "/api/v2/users/me", "", 401, "bad.credentials"},
		{"unknown conversation", "ada", "GET", "/api/v2/conversations/nope", "", 404, "not.found"},
		{"unknown call", "ada", "GET", calls + "nope", "", 404, "not.found"},
		{"unknown path", "ada", "GET", "/api/v2/nothing", "", 404, "not.found"},
		{"unknown user", "ada", "GET", "/api/v2/users/bob", "", 404, "not.found"},
		{"another's leg", "bob", "PATCH", leg, `{"held":true}`, 403, "missing.any.permissions"},
		{"customer's leg", "ada", "PATCH", calls + v.ID() + "/participants/" + v.Participants()[0].ID, `{"held":true}`, 403, "missing.any.permissions"},
		{"unknown participant", "ada", "PATCH", calls + v.ID() + "/participants/p", `{}`, 404, "not.found"},
		{"no JSON", "ada", "PATCH", leg, `{"held":`, 400, "bad.request"},
		{"wrong type", "ada", "PATCH", leg, `{"held":"yes"}`, 400, "bad.request"},
		{"wrong state", "ada", "PATCH", leg, `{"state":"terminated"}`, 400, "bad.request"},
		{"too large", "ada", "PATCH", leg, `{"state":"` + strings.Repeat("x", 300<<10) + `"}`, 413, "request.too.large"},
		{"transfer to nobody", "ada", "POST", leg + "/replace", `{"userId":"nobody"}`, 404, "not.found"},
		{"transfer to himself", "ada", "POST", leg + "/replace", `{"userId":"` + ada + `"}`, 400, "bad.request"},
		{"consult on the own leg", "ada", "POST", leg + "/consult", `{"destination":{"userId":"` + bob + `"}}`, 400, "bad.request"},
		{"attribute too long", "ada", "PATCH", leg + "/attributes", `{"attributes":{"a":"` + strings.Repeat("x", 5000) + `"}}`, 400, "bad.request"},
		{"unknown recording state", "ada", "PATCH", calls + v.ID(), `{"recordingState":"LOUD"}`, 400, "bad.request"},
		{"dial nowhere", "ada", "POST", "/api/v2/conversations/calls", `{}`, 400, "bad.request"},
		{"dial a line break", "ada", "POST", "/api/v2/conversations/calls", `{"phoneNumber":"sip:a\r\nb"}`, 400, "bad.request"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := rest{t, srv, ""}
			if tt.user != "" {
				c = asUser(t, srv, tt.user)
			}
			var f apiFault
			resp := c.do(tt.method, tt.path, tt.body, &f)
			if resp.StatusCode != tt.status || f.Code != tt.code || f.Status != tt.status || f.Message == "" || f.Details == nil {
				t.Errorf("got %d %+v, want %d %s", resp.StatusCode, f, tt.status, tt.code)
			}
			if id := resp.Header.Get("ININ-Correlation-Id"); id == "" || f.ContextID != id {
				t.Errorf("contextId %q, header %q", f.ContextID, id)
			}
		})
	}
	mine.want(200, "GET", "/api/v2/conversations/"+v.ID(), nil, nil)
}

func legOf(v *genesystest.Conversation, user string) string {
	id := ""
	for _, p := range v.Participants() {
		if p.UserID == user {
			id = p.ID
		}
	}
	return id
}

// TestConversationShapes checks where REST differs from the event: aniName, nested calls, capitals.
func TestConversationShapes(t *testing.T) {
	t.Parallel()
	srv := start(t, genesystest.Options{})
	v := ring(t, srv, queue)
	must(t, v.Answer(ada), v.SetAttributes(map[string]string{"videoleg": "4711"}))
	var all struct {
		ID, RecordingState, StartTime string
		Participants                  []struct {
			Purpose, AniName, Ani, Dnis, Address, UserID string
			Attributes                                   map[string]string
			Calls                                        []struct {
				State, RecordingState string
				Recording             bool
				Self                  struct{ AddressRaw, NameRaw string }
			}
		}
	}
	asUser(t, srv, bob).want(200, "GET", "/api/v2/conversations/"+v.ID(), nil, &all)
	cust, agent := all.Participants[0], all.Participants[3]
	if all.RecordingState != "ACTIVE" || cust.AniName != "4711abcd" || cust.Ani != "sip:4711abcd@video.example" || cust.Dnis != "tel:+15551234567" {
		t.Errorf("customer: got %s %+v", all.RecordingState, cust)
	}
	if cust.Attributes["videoleg"] != "4711" || cust.Calls[0].Self.AddressRaw != cust.Ani || cust.Calls[0].RecordingState != "active" {
		t.Errorf("customer: got %+v", cust)
	}
	if agent.UserID != ada || agent.Calls[0].State != "connected" || agent.AniName != "" {
		t.Errorf("agent: got %+v", agent)
	}
	var flat event
	asUser(t, srv, ada).want(200, "GET", "/api/v2/conversations/calls/"+v.ID(), nil, &flat.EventBody)
	if flat.EventBody.RecordingState != "ACTIVE" || flat.last(ada).State != "connected" {
		t.Errorf("calls view: got %+v", flat.EventBody)
	}
	var list struct{ Entities []struct{ ID string } }
	asUser(t, srv, ada).want(200, "GET", "/api/v2/conversations/calls", nil, &list)
	if len(list.Entities) != 1 || list.Entities[0].ID != v.ID() {
		t.Errorf("list: got %+v", list)
	}
}

// TestDriveByAPI goes through a call with REST alone, as a client of the platform can.
func TestDriveByAPI(t *testing.T) {
	t.Parallel()
	srv := start(t, genesystest.Options{})
	c, b := asUser(t, srv, ada), asUser(t, srv, bob)
	v := ring(t, srv, queue)
	one := "/api/v2/conversations/calls/" + v.ID()
	leg := func(user string) string { return one + "/participants/" + legOf(v, user) }
	customer := one + "/participants/" + v.Participants()[0].ID
	type is = map[string]any
	expect := func(user, state string, held bool) {
		t.Helper()
		for _, p := range v.Participants() {
			if p.ID == legOf(v, user) && (p.State != state || p.Held != held) {
				t.Fatalf("got %+v, want %s held %v", p, state, held)
			}
		}
	}
	c.want(202, "PATCH", leg(ada), is{"state": "connected"}, nil)
	c.want(202, "PATCH", leg(ada), is{"held": true}, nil)
	expect(ada, "connected", true)
	c.want(202, "PATCH", leg(ada), is{"held": false, "muted": true}, nil)
	c.want(200, "PATCH", one, is{"recordingState": "PAUSED"}, nil)
	c.want(200, "PATCH", one, is{"securePause": false}, nil)
	c.want(200, "PATCH", "/api/v2/conversations/"+v.ID()+"/participants/"+legOf(v, ada)+"/attributes", is{"attributes": is{"consultInitiator": "true"}}, nil)
	var consult struct{ DestinationParticipantID string }
	c.want(202, "POST", customer+"/consult", is{"speakTo": "DESTINATION", "destination": is{"userId": bob}}, &consult)
	if consult.DestinationParticipantID != legOf(v, bob) {
		t.Errorf("destination: got %+v", consult)
	}
	c.want(400, "PATCH", customer+"/consult", is{"speakTo": "OBJECT"}, nil)
	b.want(202, "PATCH", leg(bob), is{"state": "connected"}, nil)
	b.want(403, "PATCH", customer+"/consult", is{"speakTo": "BOTH"}, nil)
	c.want(202, "PATCH", customer+"/consult", is{"speakTo": "BOTH"}, nil)
	c.want(202, "DELETE", customer+"/consult", nil, nil)
	expect(bob, "terminated", false)
	c.want(202, "POST", leg(ada)+"/replace", is{"userId": bob}, nil)
	b.want(202, "PATCH", leg(bob), is{"state": "connected"}, nil)
	c.want(202, "PATCH", leg(ada), is{"wrapup": is{"code": "solved", "notes": "n"}}, nil)
	b.want(200, "GET", "/api/v2/conversations/"+v.ID()+"/recordingmetadata", nil, &[]any{})
	b.want(200, "PATCH", one, is{"state": "disconnected"}, nil)
	<-v.Done()
	expect(bob, "terminated", false)
	var stored []struct{ ID, FileState, Media, StartTime string }
	b.want(200, "GET", "/api/v2/conversations/"+v.ID()+"/recordingmetadata", nil, &stored)
	if len(stored) != 1 || stored[0].FileState != "AVAILABLE" || stored[0].Media != "audio" {
		t.Fatalf("recordings: got %+v", stored)
	}
	b.want(200, "GET", "/api/v2/conversations/"+v.ID()+"/recordingmetadata/"+stored[0].ID, nil, nil)
	b.want(400, "POST", "/api/v2/conversations/"+v.ID()+"/disconnect", nil, nil)
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	srv := start(t, genesystest.Options{RateLimit: 2})
	c := asUser(t, srv, ada)
	resp := c.do("GET", "/api/v2/users/me", nil, nil)
	if resp.Header.Get("inin-ratelimit-count") != "1" || resp.Header.Get("inin-ratelimit-allowed") != "2" {
		t.Errorf("headers: got %v", resp.Header)
	}
	c.want(200, "GET", "/api/v2/organizations/me", nil, nil)
	var f apiFault
	resp = c.do("GET", "/api/v2/users/me", nil, &f)
	if resp.StatusCode != 429 || resp.Header.Get("Retry-After") == "" || f.Code != "token.rate.per.minute" {
		t.Errorf("the third: got %d %v %+v", resp.StatusCode, resp.Header, f)
	}
	asUser(t, srv, ada).want(200, "GET", "/api/v2/users/me", nil, nil)
}

func TestTokensEnd(t *testing.T) {
	t.Parallel()
	srv := start(t, genesystest.Options{})
	for _, tt := range []struct {
		name string
		end  func(rest) error
	}{
		{"revoked", func(c rest) error { c.want(200, "DELETE", "/api/v2/tokens/me", nil, nil); return nil }},
		{"expired", func(rest) error { return srv.ExpireTokens("ada") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := asUser(t, srv, ada)
			l := listen(t, c)
			c.want(200, "GET", "/api/v2/tokens/me", nil, nil)
			must(t, tt.end(c))
			c.want(401, "GET", "/api/v2/users/me", nil, nil)
			l.closed()
		})
	}
	if err := srv.ExpireTokens("nobody"); err == nil {
		t.Error("an unknown user: no error")
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	srv := start(t, genesystest.Options{OnRequest: func(r *http.Request) *genesystest.Fault {
		switch r.URL.Query().Get("expand") {
		case "busy":
			return &genesystest.Fault{Status: 429, RetryAfter: 1500 * time.Millisecond}
		case "body":
			return &genesystest.Fault{Status: 503, Body: "<html>"}
		case "drop":
			return &genesystest.Fault{Drop: true}
		case "slow":
			return &genesystest.Fault{Delay: time.Millisecond}
		}
		return nil
	}})
	c := asUser(t, srv, ada)
	var f apiFault
	if resp := c.do("GET", "/api/v2/users/me?expand=busy", nil, &f); resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "2" || f.Code != "too.many.requests" {
		t.Errorf("busy: got %d %+v", resp.StatusCode, f)
	}
	c.want(503, "GET", "/api/v2/users/me?expand=body", nil, nil)
	c.want(200, "GET", "/api/v2/users/me?expand=slow", nil, nil)
	req, err := http.NewRequestWithContext(t.Context(), "GET", srv.URL+"/api/v2/users/me?expand=drop", nil)
	must(t, err)
	if resp, err := http.DefaultClient.Do(req); !errors.Is(err, io.EOF) {
		t.Errorf("drop: got %v %v", resp, err)
	}
	must(t, srv.AwaitRequest(within(t), func(r genesystest.Request) bool { return r.Status == 503 && r.User == ada }))
	if n := len(srv.Requests()); n < 3 {
		t.Errorf("the journal has %d requests", n)
	}
}

// TestHostileCallers brings callers whose names would break a log, a page or a header.
func TestHostileCallers(t *testing.T) {
	t.Parallel()
	srv := start(t, genesystest.Options{})
	for _, tt := range []struct {
		name string
		in   genesystest.InboundCall
		ok   bool
	}{
		{"no name", genesystest.InboundCall{ANI: "tel:+15550000000"}, true},
		{"markup", genesystest.InboundCall{ANIName: "<script>alert(1)</script>"}, true},
		{"line break", genesystest.InboundCall{ANIName: "a\r\nb"}, false},
		{"no UTF-8", genesystest.InboundCall{ANIName: "\xff"}, false},
		{"endless", genesystest.InboundCall{ANIName: strings.Repeat("x", 300)}, false},
		{"unknown queue", genesystest.InboundCall{ANIName: "x", Queue: "nope"}, false},
	} {
		v, err := srv.Call(within(t), tt.in)
		if (err == nil) != tt.ok {
			t.Errorf("%s: got %v", tt.name, err)
		}
		if err == nil {
			must(t, v.CustomerHangup())
		}
	}
	if n := len(srv.Conversations()); n != 2 {
		t.Errorf("%d conversations are left, want 2", n)
	}
}
