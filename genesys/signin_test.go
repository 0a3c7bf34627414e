package genesys

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"
)

func TestAuthorizeURL(t *testing.T) {
	c, err := New(Config{Region: "mypurecloud.ie", ClientID: "client-1", RedirectURL: "https://agent.example/oauth/callback"})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(c.AuthorizeURL("state-1", verifier))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := u.Scheme+"://"+u.Host+u.Path, "https://login.mypurecloud.ie/oauth/authorize"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	want := url.Values{
		"response_type": {"code"}, "client_id": {"client-1"}, "state": {"state-1"},
		"redirect_uri":   {"https://agent.example/oauth/callback"},
		"code_challenge": {oauth2.S256ChallengeFromVerifier(verifier)}, "code_challenge_method": {"S256"},
	}
	if got := u.Query(); got.Encode() != want.Encode() {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestSignIn(t *testing.T) {
	tests := []struct {
		name, secret string
		basic        bool
	}{
		{name: "secret and PKCE", secret: "s3cret", basic: true},
		{name: "PKCE alone"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform(t)
				var form url.Values
				p.handle("POST /oauth/token", func(w http.ResponseWriter, r *http.Request) {
					_ = r.ParseForm()
					form = r.PostForm
					id, secret, ok := r.BasicAuth()
					if ok != tt.basic || ok && (id != "client-1" || secret != tt.secret) {
						t.Errorf("basic %v %q %q", ok, id, secret)
					}
					p.serveToken(w, r)
				})
				a, err := p.cloud(func(c *Config) { c.ClientSecret = tt.secret }).SignIn(t.Context(), "code-1", verifier, "")
				if err != nil {
					t.Fatal(err)
				}
				want := url.Values{"grant_type": {"authorization_code"}, "code": {"code-1"}, "code_verifier": {verifier},
					"redirect_uri": {"https://agent.example/oauth/callback"}}
				if !tt.basic {
					want.Set("client_id", "client-1")
				}
				if form.Encode() != want.Encode() {
					t.Errorf("form %v, want %v", form, want)
				}
				if a.ID() != "u-ada" || a.Name() != "Ada Lovelace" {
					t.Errorf("agent %q %q", a.ID(), a.Name())
				}
				if got, want := time.Until(a.Expiry()), 86399*time.Second; got != want {
					t.Errorf("expires in %v, want %v", got, want)
				}
			})
		})
	}
}

func TestSignInFails(t *testing.T) {
	tests := []struct {
		name, what string
		status     int
		body       string
		kind       error
		text       string
	}{
		{"code is used", "POST /oauth/token", 400, `{"error":"invalid_grant","error_description":"no"}`, ErrSignIn,
			"genesys: sign-in: 400 invalid_grant (login.test)"},
		{"client is unknown", "POST /oauth/token", 401, `{"error":"invalid_client"}`, ErrForbidden, "401 invalid_client"},
		{"client may not", "POST /oauth/token", 400, `{"error":"unauthorized_client"}`, ErrForbidden, "400 unauthorized_client"},
		{"login host fails", "POST /oauth/token", 502, `bad gateway`, ErrUnavailable, "502 Bad Gateway (login.test)"},
		{"no JSON", "POST /oauth/token", 200, `{`, ErrUnavailable, "sign-in"},
		{"no token", "POST /oauth/token", 200, `{}`, ErrUnavailable, "sign-in"},
		{"scope is missing", "GET /api/v2/users/me", 403, `{"code":"missing.scope"}`, ErrForbidden, "users/me: 403 missing.scope"},
		{"nobody", "GET /api/v2/users/me", 200, `{}`, ErrUnavailable, "no usable id"},
		{"null", "GET /api/v2/users/me", 200, `null`, ErrUnavailable, "no usable id"},
		{"hostile id", "GET /api/v2/users/me", 200, `{"id":"u.conversations.*"}`, ErrUnavailable, "no usable id"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform(t)
				p.answer(tt.what, tt.status, tt.body)
				_, err := p.cloud().SignIn(t.Context(), "code-1", verifier, "")
				if !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.text) {
					t.Errorf("got %v, want %q and kind %q", err, tt.text, tt.kind)
				}
				if _, ok := errors.AsType[*Error](err); !ok {
					t.Errorf("%T is no *Error", err)
				}
			})
		})
	}
}

func TestTokenIsNotShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform(t)
		p.refresh = true
		a := p.agent()
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "agent", a, "any", slog.AnyValue(a))
		shown := fmt.Sprintf("%v %+v %#v %s", a, a, a, a) + log.String()
		if strings.Contains(shown, "token-1") || strings.Contains(shown, "refresh-1") || strings.Contains(shown, "Ada") {
			t.Errorf("shown: %s", shown)
		}
	})
}

func TestValid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform(t)
		a := p.agent()
		if !a.Valid(time.Now()) || a.Valid(a.Expiry()) {
			t.Errorf("valid now %v, at the end %v", a.Valid(time.Now()), a.Valid(a.Expiry()))
		}
		p.answer("GET /api/v2/conversations/"+conversationID, 401, "")
		if _, err := a.Conversation(t.Context(), conversationID); !errors.Is(err, ErrSignIn) {
			t.Fatalf("got %v, want ErrSignIn", err)
		}
		if a.Valid(time.Now()) {
			t.Error("valid after the platform refused the token")
		}
	})
}

func TestRefresh(t *testing.T) {
	const path = "GET /api/v2/conversations/" + conversationID
	tests := []struct {
		name     string
		refresh  bool
		lifetime int
		before   func(*platform)
		want     error
		tokens   int // asked for in all
	}{
		{name: "revoked, refreshed", refresh: true, lifetime: 3600, before: func(p *platform) { p.tokens++ }, tokens: 3},
		{name: "near its end, refreshed beforehand", refresh: true, lifetime: 20, tokens: 2},
		{name: "revoked, nothing to refresh with", lifetime: 3600, before: func(p *platform) { p.tokens++ }, want: ErrSignIn, tokens: 2},
		{name: "revoked, refresh token too", refresh: true, lifetime: 3600, want: ErrSignIn, tokens: 2, before: func(p *platform) {
			p.tokens++
			p.instead["POST /oauth/token"] = func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusBadRequest)
				_, _ = w.Write([]byte(`{"error":"invalid_grant"}`))
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform(t)
				p.refresh, p.lifetime = tt.refresh, tt.lifetime
				a := p.agent0()
				p.mu.Lock()
				if tt.before != nil {
					tt.before(p)
				}
				p.mu.Unlock()
				_, err := a.Conversation(t.Context(), conversationID)
				if !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
				if got, want := a.Valid(time.Now()), tt.want == nil; got != want {
					t.Errorf("valid %v, want %v", got, want)
				}
				if p.tokens != tt.tokens {
					t.Errorf("%d tokens, want %d (%d reads)", p.tokens, tt.tokens, p.count(path))
				}
			})
		})
	}
}

// agent0 signs in with a token that may be near its end: users/me must not refresh it before the test does.
func (p *platform) agent0() *Agent {
	life := p.lifetime
	p.lifetime = 3600
	a := p.agent()
	a.token.Expiry = time.Now().Add(time.Duration(life) * time.Second)
	return a
}

// A refresh token may be good for one use.
func TestRefreshOnceForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform(t)
		p.refresh = true
		a := p.agent()
		p.tokens++
		errs := make(chan error)
		for range 8 {
			go func() {
				_, err := a.Conversation(t.Context(), conversationID)
				errs <- err
			}()
		}
		for range 8 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		if n := p.count("POST /oauth/token"); n != 2 {
			t.Errorf("%d token requests, want 2", n)
		}
	})
}

func TestRefreshWithoutToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newPlatform(t).agent()
		if err := a.Refresh(t.Context()); !errors.Is(err, ErrSignIn) {
			t.Errorf("got %v, want ErrSignIn", err)
		}
	})
}

func TestRefreshIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform(t)
		p.refresh = true
		a := p.agent()
		a.refreshing <- struct{}{}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := a.Refresh(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the deadline", err)
		}
	})
}

func TestBadConversationIDIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform(t)
		a := p.agent()
		for _, id := range []string{"", "../users/me", "a/b", "a?b", "%2e%2e", strings.Repeat("a", 65), "a\r\nb", "{{pcConversationId}}"} {
			if _, err := a.Conversation(t.Context(), id); !errors.Is(err, ErrNotFound) {
				t.Errorf("%q: got %v, want ErrNotFound", id, err)
			}
		}
		if n := p.count("GET /api/v2/conversations"); n != 0 {
			t.Errorf("%d requests, want none", n)
		}
	})
}
