package agentapp

import (
	"log/slog"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/videoleg/videoleg/genesys"
	"github.com/videoleg/videoleg/genesys/genesystest"
	"github.com/videoleg/videoleg/session"
)

const callbackURL = "https://agent.example/oauth/callback"

// TestRenewalIsTheAgentsOwn: a code renews the sign-in of whoever it belongs to, and of nobody else.
func TestRenewalIsTheAgentsOwn(t *testing.T) {
	srv := genesystest.New(genesystest.Options{Clients: []genesystest.OAuthClient{{ID: "test", RedirectURIs: []string{callbackURL}}}})
	defer srv.Close()
	cloud, err := genesys.New(genesys.Config{APIURL: srv.URL, LoginURL: srv.URL, AppsURL: srv.URL, ClientID: "test", RedirectURL: callbackURL})
	if err != nil {
		t.Fatal(err)
	}
	defer cloud.Close()
	log := slog.New(slog.DiscardHandler)
	app, err := New(Config{
		Calls: session.NewCalls(session.CallConfig{Log: log, Metrics: session.NewMetrics(prometheus.NewRegistry())}),
		Cloud: cloud, URL: "https://agent.example", Secret: make([]byte, 32), Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	e := echo.New()
	app.Mount(e)
	verifier := genesys.NewVerifier()
	old, err := cloud.SignIn(t.Context(), code(t, srv, cloud, "ada", "", verifier), verifier, "")
	if err != nil {
		t.Fatal(err)
	}
	id := app.agents.add(old, time.Now())
	state, err := app.states.Seal(signIn{Renews: old.ID(), Verifier: verifier}, signInLife)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, query string
		want        int
		renewed     bool
	}{
		{"nobody signed in", "error=login_required", http.StatusBadRequest, false},
		{"made-up code", "code=made-up", http.StatusBadGateway, false},
		{"somebody else", "code=" + code(t, srv, cloud, "bob", state, verifier), http.StatusForbidden, false},
		{"the agent", "code=" + code(t, srv, cloud, "ada", state, verifier), http.StatusNoContent, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := get(e, "/oauth/callback?state="+url.QueryEscape(state)+"&"+tt.query)
			if w.Code != tt.want {
				t.Errorf("answered %d, want %d", w.Code, tt.want)
			}
			if now := app.agents.holder(id, time.Now()); now.ID() != old.ID() || (now != old) != tt.renewed {
				t.Errorf("the session is %v's, renewed: %v, want %v", now, now != old, tt.renewed)
			}
		})
	}
}

// code signs a user in, up to the code.
func code(t *testing.T, srv *genesystest.Server, cloud *genesys.Cloud, user, state, verifier string) string {
	t.Helper()
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if err := srv.SignIn(browser, user); err != nil {
		t.Fatal(err)
	}
	res, err := browser.Get(cloud.AuthorizeURL(state, verifier))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	defer browser.CloseIdleConnections()
	back, err := res.Location()
	if err != nil {
		t.Fatal(err)
	}
	return back.Query().Get("code")
}
