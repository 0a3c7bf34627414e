package genesystest

import (
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

var verbs = slices.Sorted(maps.Keys(callVerbs))

// FuzzOrders plays any sequence of orders on a call, each byte one order, and checks what must hold after every one.
func FuzzOrders(f *testing.F) {
	for i := range verbs {
		for j := range verbs {
			f.Add([]byte{at("answer"), byte(i), byte(j), at("consult"), at("answer") + 128, byte(i), byte(j) + 128, at("hangup"), byte(i)})
		}
	}
	f.Fuzz(func(t *testing.T, orders []byte) {
		s := unserved(Options{})
		v, err := s.Call(t.Context(), InboundCall{ANIName: "4711"})
		if err != nil {
			t.Fatal(err)
		}
		for n, b := range orders[:min(len(orders), 200)] {
			o := order{Agent: "ada", Conversation: v.ID(), Target: "bob", State: "OBJECT", Kind: "error"}
			if b >= 128 {
				o.Agent, o.Target = "bob", "ada"
			}
			verb := verbs[int(b%128)%len(verbs)]
			_, err := s.carryOut(t.Context(), verb, o)
			var refused *refusal
			if err != nil && !errors.As(err, &refused) {
				t.Fatalf("order %d, %s of %s: %v", n, verb, o.Agent, err)
			}
			if fault := unsound(v.c); fault != "" {
				t.Fatalf("after order %d, %s of %s: %s", n, verb, o.Agent, fault)
			}
		}
	})
}

func at(verb string) byte { return byte(slices.Index(verbs, verb)) }

// unsound says what a call may never look like; "" = nothing.
func unsound(c *call) string {
	legs := map[*agent]int{}
	for _, p := range c.participants {
		switch {
		case p.live() != p.ended.IsZero():
			return fmt.Sprintf("%s %s has end time %v", p.purpose, p.state, p.ended)
		case !p.live() && (p.held || p.confined):
			return p.purpose + " has ended and is still on hold"
		case !p.live() && p.disconnect == "":
			return p.purpose + " has ended without a type"
		case p.consult != "" && c.initiator == nil:
			return p.purpose + " is marked for a consult that does not run"
		case p.live() && p.user != nil:
			if legs[p.user]++; legs[p.user] > 1 {
				return p.user.Login + " has two live legs"
			}
		}
	}
	switch {
	case len(c.snapshots) > 0:
		return "snapshots wait for publishing"
	case c.initiator != nil && (!c.initiator.live() || c.consultTarget() == nil):
		return "a consult lacks one of its two"
	case c.customer().live() == c.doneClosed:
		return fmt.Sprintf("customer %s, done %v", c.customer().state, c.doneClosed)
	case c.live() != c.ended.IsZero():
		return "the end of the call is not noted"
	}
	return ""
}

// FuzzAuthorize looks for a query that redirects to an address that is not the client's.
func FuzzAuthorize(f *testing.F) {
	const ours = "https://agent.example/cb"
	f.Add("response_type=code&client_id=c&state=x&redirect_uri=" + url.QueryEscape(ours))
	f.Add("client_id=c&redirect_uri=https%3A%2F%2Fevil.example&redirect_uri=" + url.QueryEscape(ours))
	f.Add("client_id=c&state=%0d%0aX:y&redirect_uri=" + url.QueryEscape(ours+"\r\nX: y"))
	f.Fuzz(func(t *testing.T, query string) {
		s := unserved(Options{Clients: []OAuthClient{{ID: "c", Secret: "s", RedirectURIs: []string{ours}}}})
		cookie, err := s.LoginCookie("ada")
		if err != nil {
			t.Fatal(err)
		}
		req := httptest.NewRequestWithContext(t.Context(), "GET", "/oauth/authorize", nil)
		req.URL.RawQuery = query
		req.AddCookie(cookie)
		answer := httptest.NewRecorder()
		s.authorize(answer, req)
		if at := answer.Header().Get("Location"); at != "" && !strings.HasPrefix(at, ours+"?") {
			t.Errorf("redirects to %q", at)
		}
		if answer.Code >= 500 {
			t.Errorf("got %d", answer.Code)
		}
	})
}
