package genesys_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/videoleg/videoleg/genesys"
	"github.com/videoleg/videoleg/genesys/genesystest"
)

const callback = "https://agent.example/oauth/callback"

var (
	public       = genesystest.OAuthClient{ID: "public", RedirectURIs: []string{callback}}
	confidential = genesystest.OAuthClient{ID: "confidential", Secret: "s3cret", RedirectURIs: []string{callback}}
)

// cloud starts a stand-in and makes its client.
func cloud(t *testing.T, client genesystest.OAuthClient, options genesystest.Options) (*genesystest.Server, *genesys.Cloud) {
	t.Helper()
	options.Clients = []genesystest.OAuthClient{client}
	srv := genesystest.New(options)
	t.Cleanup(srv.Close)
	c, err := genesys.New(genesys.Config{
		APIURL: srv.URL, LoginURL: srv.URL, AppsURL: srv.URL,
		ClientID: client.ID, ClientSecret: client.Secret, RedirectURL: callback,
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return srv, c
}

// signIn goes the way of the agent's frame: authorize, silently, and back with a code.
func signIn(t *testing.T, srv *genesystest.Server, c *genesys.Cloud, user string) *genesys.Agent {
	t.Helper()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	browser := &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if err := srv.SignIn(browser, user); err != nil {
		t.Fatal(err)
	}
	verifier := genesys.NewVerifier()
	res, err := browser.Get(c.AuthorizeURL("state-1", verifier))
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	back, err := res.Location()
	if err != nil {
		t.Fatalf("%s: %v", res.Status, err)
	}
	if got := back.Query().Get("state"); got != "state-1" || !strings.HasPrefix(back.String(), callback) {
		t.Fatalf("back at %s", back)
	}
	a, err := c.SignIn(t.Context(), back.Query().Get("code"), verifier, "")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// follower keeps what an agent's Follow tells.
type follower struct {
	t    *testing.T
	told chan genesys.Notification
	done chan error
}

func follow(t *testing.T, a *genesys.Agent) *follower {
	ctx, cancel := context.WithCancel(t.Context())
	f := &follower{t: t, told: make(chan genesys.Notification, 1000), done: make(chan error, 1)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.done <- a.Follow(ctx, func(n genesys.Notification) { f.told <- n })
	}()
	t.Cleanup(func() { cancel(); <-ended })
	return f
}

// await reads notifications up to one that satisfies ok, and returns it with those before.
func (f *follower) await(what string, ok func(genesys.Notification) bool) []genesys.Notification {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 10*time.Second)
	defer cancel()
	var all []genesys.Notification
	for {
		select {
		case n := <-f.told:
			all = append(all, n)
			if ok(n) {
				return all
			}
		case <-ctx.Done():
			f.t.Fatalf("no %s among %d notifications", what, len(all))
		}
	}
}

func isLive(n genesys.Notification) bool  { return n.Live }
func isBlind(n genesys.Notification) bool { return n.Blind }

// mine is satisfied by an event in which the user's leg is so.
func mine(user string, ok func(genesys.Participant) bool) func(genesys.Notification) bool {
	return func(n genesys.Notification) bool {
		if n.Conversation == nil {
			return false
		}
		p, found := n.Conversation.Mine(user)
		return found && ok(p)
	}
}

// answered brings a call that Ada has answered.
func answered(t *testing.T, srv *genesystest.Server) *genesystest.Conversation {
	t.Helper()
	call, err := srv.Call(t.Context(), genesystest.InboundCall{ANIName: "4711abcd"})
	if err == nil {
		err = call.Answer(genesystest.AdaID)
	}
	if err != nil {
		t.Fatal(err)
	}
	return call
}

func TestStandInSignIn(t *testing.T) {
	for _, client := range []genesystest.OAuthClient{public, confidential} {
		t.Run(client.ID, func(t *testing.T) {
			srv, c := cloud(t, client, genesystest.Options{})
			a := signIn(t, srv, c, "ada")
			if a.ID() != genesystest.AdaID || a.Name() != "Ada Lovelace" || !a.Valid(time.Now()) {
				t.Errorf("agent %q %q, valid %v", a.ID(), a.Name(), a.Valid(time.Now()))
			}
			if _, err := c.SignIn(t.Context(), "made-up", genesys.NewVerifier(), ""); !errors.Is(err, genesys.ErrSignIn) {
				t.Errorf("made-up code: %v", err)
			}
			if err := a.Refresh(t.Context()); (err == nil) != (client.Secret != "") {
				t.Errorf("refresh: %v", err)
			}
		})
	}
}

func TestStandInConversation(t *testing.T) {
	srv, c := cloud(t, public, genesystest.Options{})
	a := signIn(t, srv, c, "ada")
	call := answered(t, srv)
	conversation, err := a.Conversation(t.Context(), call.ID())
	if err != nil {
		t.Fatal(err)
	}
	me, _ := conversation.Mine(a.ID())
	customer, _ := conversation.Customer()
	if !me.Connected() || !customer.Connected() || me.ConnectedTime.IsZero() || !conversation.Recorded() {
		t.Errorf("me %+v\ncustomer %+v\nrecorded %v", me, customer, conversation.Recorded())
	}
	for _, setting := range []string{"ani-name", "sip-user", "ani"} {
		source, err := genesys.ParseAliasSource(setting)
		if err != nil {
			t.Fatal(err)
		}
		if id, err := source.SessionID(conversation); err != nil || id != "4711abcd" {
			t.Errorf("%s: %q, %v", setting, id, err)
		}
	}
	if _, err := a.Conversation(t.Context(), "c0ffee00-0000-4000-8000-00000000dead"); !errors.Is(err, genesys.ErrNotFound) {
		t.Errorf("unknown conversation: %v", err)
	}
}

func TestStandInCall(t *testing.T) {
	srv, c := cloud(t, public, genesystest.Options{})
	a := signIn(t, srv, c, "ada")
	f := follow(t, a)
	f.await("life", isLive)
	call := answered(t, srv)
	steps := []struct {
		name string
		do   func() error
		ok   func(genesys.Participant) bool
	}{
		{"answer", func() error { return nil }, genesys.Participant.Connected},
		{"hold", func() error { return call.Hold("ada") }, func(p genesys.Participant) bool { return p.Held }},
		{"mute", func() error { return call.Mute("ada") }, func(p genesys.Participant) bool { return p.Held && p.Muted }},
		{"resume", func() error { return call.Resume("ada") }, func(p genesys.Participant) bool { return !p.Held && p.Muted }},
		{"consult", func() error { return call.Consult("ada", "bob") }, func(p genesys.Participant) bool { return p.ConsultInitiator && p.ConsultParticipantID != "" }},
		{"cancel", call.ConsultCancel, func(p genesys.Participant) bool { return !p.ConsultInitiator && p.ConsultParticipantID == "" }},
		{"transfer", func() error { return call.Transfer("ada", "bob") }, func(p genesys.Participant) bool {
			return p.Ended() && strings.HasPrefix(p.DisconnectType, "transfer")
		}},
	}
	for _, s := range steps {
		if err := s.do(); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		f.await(s.name, mine(a.ID(), s.ok))
	}
}

func TestStandInLosesSockets(t *testing.T) {
	srv, c := cloud(t, public, genesystest.Options{})
	a := signIn(t, srv, c, "ada")
	f := follow(t, a)
	f.await("life", isLive)
	call := answered(t, srv)
	f.await("answer", mine(a.ID(), genesys.Participant.Connected))
	began := time.Now()
	if err := srv.DropSockets("ada"); err != nil {
		t.Fatal(err)
	}
	f.await("blindness", isBlind)
	f.await("life", isLive)
	if took := time.Since(began); took > time.Second {
		t.Errorf("back after %v, want a second at most", took)
	}
	if err := call.Hold("ada"); err != nil {
		t.Fatal(err)
	}
	f.await("hold", mine(a.ID(), func(p genesys.Participant) bool { return p.Held }))
	if n := requests(srv, http.MethodPost, "/api/v2/notifications/channels"); n != 1 {
		t.Errorf("%d channels, want 1", n)
	}
}

func TestStandInClosesSoon(t *testing.T) {
	srv, c := cloud(t, public, genesystest.Options{})
	a := signIn(t, srv, c, "ada")
	f := follow(t, a)
	f.await("life", isLive)
	if err := srv.CloseSoon("ada", time.Minute); err != nil {
		t.Fatal(err)
	}
	if all := f.await("life", isLive); slices.ContainsFunc(all, isBlind) {
		t.Error("blind although there was a minute")
	}
	answered(t, srv)
	f.await("answer", mine(a.ID(), genesys.Participant.Connected))
}

func TestStandInExpiresTokens(t *testing.T) {
	t.Run("that can be refreshed", func(t *testing.T) {
		srv, c := cloud(t, confidential, genesystest.Options{RotateRefresh: true})
		a := signIn(t, srv, c, "ada")
		f := follow(t, a)
		for range 3 {
			f.await("life", isLive)
			if err := srv.ExpireTokens("ada"); err != nil {
				t.Fatal(err)
			}
			f.await("blindness", isBlind)
		}
		f.await("life", isLive)
		answered(t, srv)
		f.await("answer", mine(a.ID(), genesys.Participant.Connected))
	})
	t.Run("that cannot", func(t *testing.T) {
		srv, c := cloud(t, public, genesystest.Options{})
		a := signIn(t, srv, c, "ada")
		f := follow(t, a)
		f.await("life", isLive)
		if err := srv.ExpireTokens("ada"); err != nil {
			t.Fatal(err)
		}
		f.await("blindness", isBlind)
		if err := <-f.done; !errors.Is(err, genesys.ErrSignIn) || a.Valid(time.Now()) {
			t.Errorf("got %v, valid %v; want ErrSignIn", err, a.Valid(time.Now()))
		}
	})
}

func TestStandInFails(t *testing.T) {
	var fault atomic.Pointer[genesystest.Fault]
	srv, c := cloud(t, public, genesystest.Options{OnRequest: func(r *http.Request) *genesystest.Fault {
		if strings.HasPrefix(r.URL.Path, "/api/v2/conversations/") {
			return fault.Load()
		}
		return nil
	}})
	a := signIn(t, srv, c, "ada")
	call := answered(t, srv)
	tests := []struct {
		name  string
		fault genesystest.Fault
		want  error
	}{
		{"cut", genesystest.Fault{Drop: true}, genesys.ErrUnavailable},
		{"server error", genesystest.Fault{Status: 500}, genesys.ErrUnavailable},
		{"rate limit", genesystest.Fault{Status: 429, RetryAfter: 3 * time.Second}, genesys.ErrRateLimited},
		{"forbidden", genesystest.Fault{Status: 403}, genesys.ErrForbidden},
		{"nonsense", genesystest.Fault{Status: 200, Body: `[1,2]`}, genesys.ErrUnavailable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fault.Store(&tt.fault)
			_, err := a.Conversation(t.Context(), call.ID())
			if !errors.Is(err, tt.want) || strings.Contains(err.Error(), "Bearer") {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if own, ok := errors.AsType[*genesys.Error](err); !ok || own.RetryAfter != tt.fault.RetryAfter || own.Host != host(srv) {
				t.Errorf("got %+v", own)
			}
		})
	}
}

func host(srv *genesystest.Server) string {
	u, err := url.Parse(srv.URL)
	if err != nil {
		panic(err)
	}
	return u.Host
}

// requests counts the handled requests for a path.
func requests(srv *genesystest.Server, method, path string) (n int) {
	for _, r := range srv.Requests() {
		if r.Method == method && r.Path == path {
			n++
		}
	}
	return n
}
