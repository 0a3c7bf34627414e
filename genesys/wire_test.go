package genesys

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestConversationErrors(t *testing.T) {
	const path = "GET /api/v2/conversations/" + conversationID
	tests := []struct {
		name   string
		status int
		body   string
		header [2]string
		kind   error
		text   string
		wait   time.Duration
	}{
		{name: "permission", status: 403, body: `{"code":"missing.any.permissions","message":"…","contextId":"ctx-9"}`,
			kind: ErrForbidden, text: "genesys: conversation " + conversationID + ": 403 missing.any.permissions (api.test, context ctx-9)"},
		{name: "not there", status: 404, body: `{"code":"not.found"}`, kind: ErrNotFound,
			text: "genesys: conversation " + conversationID + ": 404 not.found (api.test)"},
		{name: "expired", status: 401, body: `{"code":"bad.credentials"}`, kind: ErrSignIn, text: "401 bad.credentials"},
		{name: "rate limit", status: 429, body: `{"code":"token.rate.per.minute"}`, header: [2]string{"Retry-After", "7"},
			kind: ErrRateLimited, text: "429 token.rate.per.minute", wait: 7 * time.Second},
		{name: "rate limit of an age", status: 429, header: [2]string{"Retry-After", "99999999999"}, kind: ErrRateLimited, wait: maxRetryAfter},
		{name: "rate limit for ever", status: 429, header: [2]string{"Retry-After", "86400"}, kind: ErrRateLimited, wait: maxRetryAfter},
		{name: "rate limit backwards", status: 429, header: [2]string{"Retry-After", "-3"}, kind: ErrRateLimited},
		{name: "failing server", status: 503, body: `<html>oops`, kind: ErrUnavailable, text: "503 Service Unavailable (api.test)"},
		{name: "error body of null", status: 400, body: `null`, text: "400 Bad Request (api.test)"},
		{name: "error body of a number", status: 500, body: `7`, kind: ErrUnavailable},
		{name: "hostile code", status: 403, body: `{"code":"<script>alert(1)</script>","contextId":"a b"}`,
			kind: ErrForbidden, text: "403 Forbidden (api.test)"},
		{name: "code of a wrong type", status: 403, body: `{"code":{"a":1},"error":["x"]}`, kind: ErrForbidden, text: "403 Forbidden"},
		{name: "context from the header", status: 404, header: [2]string{"ININ-Correlation-Id", "corr-1"}, kind: ErrNotFound,
			text: "context corr-1"},
		{name: "redirect is not followed", status: 302, header: [2]string{"Location", "http://evil.test/"}, text: "302 Found"},
		{name: "no JSON", status: 200, body: `hello`, kind: ErrUnavailable},
		{name: "nothing", status: 200, body: ``, kind: ErrUnavailable, text: "no usable id"},
		{name: "null", status: 200, body: `null`, kind: ErrUnavailable, text: "no usable id"},
		{name: "another conversation", status: 200, body: `{"id":"other"}`, kind: ErrUnavailable, text: "another conversation"},
		{name: "hostile id", status: 200, body: `{"id":"../../x"}`, kind: ErrUnavailable, text: "no usable id"},
		{name: "too many participants", status: 200, kind: ErrUnavailable, text: "too many participants",
			body: `{"id":"` + conversationID + `","participants":[{}` + strings.Repeat(",{}", maxParticipants) + `]}`},
		{name: "endless answer", status: 200, kind: ErrUnavailable, text: "too long",
			body: `{"id":"` + strings.Repeat("x", maxAnswer) + `"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform(t)
				a := p.agent()
				p.handle(path, func(w http.ResponseWriter, _ *http.Request) {
					if tt.header[0] != "" {
						w.Header().Set(tt.header[0], tt.header[1])
					}
					w.WriteHeader(tt.status)
					_, _ = w.Write([]byte(tt.body))
				})
				_, err := a.Conversation(t.Context(), conversationID)
				if err == nil {
					t.Fatal("no error")
				}
				if !strings.Contains(err.Error(), tt.text) {
					t.Errorf("got %q, want it to contain %q", err, tt.text)
				}
				for _, kind := range []error{ErrSignIn, ErrForbidden, ErrNotFound, ErrRateLimited, ErrUnavailable} {
					if got, want := errors.Is(err, kind), kind == tt.kind; got != want {
						t.Errorf("errors.Is(%q, %q) = %v", err, kind, got)
					}
				}
				if own, ok := errors.AsType[*Error](err); !ok || own.RetryAfter != tt.wait {
					t.Errorf("got %#v, want RetryAfter %v", own, tt.wait)
				}
			})
		})
	}
}

func TestReadIsRepeatedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform(t)
		a := p.agent()
		const path = "GET /api/v2/conversations/" + conversationID
		p.handle(path, func(w http.ResponseWriter, _ *http.Request) {
			p.normal(path)
			w.WriteHeader(http.StatusBadGateway)
		})
		if _, err := a.Conversation(t.Context(), conversationID); err != nil {
			t.Fatal(err)
		}
		if n := p.count(path); n != 2 {
			t.Errorf("%d requests, want 2", n)
		}
	})
}

func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform(t)
		a := p.agent()
		p.handle("GET /api/v2/conversations/"+conversationID, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		began := time.Now()
		_, err := a.Conversation(t.Context(), conversationID)
		if !errors.Is(err, ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want ErrUnavailable and a deadline", err)
		}
		if took, want := time.Since(began), 2*attemptTime+readAgain; took != want {
			t.Errorf("took %v, want %v", took, want)
		}
	})
}

func TestSlowBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform(t)
		a := p.agent()
		p.handle("GET /api/v2/conversations/"+conversationID, func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte(`{"id":`))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		})
		if _, err := a.Conversation(t.Context(), conversationID); !errors.Is(err, ErrUnavailable) {
			t.Errorf("got %v, want ErrUnavailable", err)
		}
	})
}

func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform(t)
		a := p.agent()
		p.handle("GET /api/v2/conversations/"+conversationID, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, nil)
		defer cancel()
		stopped, stop := context.WithCancel(ctx)
		time.AfterFunc(time.Millisecond, stop)
		began := time.Now()
		_, err := a.Conversation(stopped, conversationID)
		if !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnavailable) {
			t.Errorf("got %v, want only context.Canceled", err)
		}
		if took := time.Since(began); took != time.Millisecond {
			t.Errorf("took %v, want an end at once", took)
		}
	})
}

func TestConnectionsAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform(t)
		a := p.agent()
		p.mu.Lock()
		before := p.dialled
		p.mu.Unlock()
		for range 5 {
			if _, err := a.Conversation(t.Context(), conversationID); err != nil {
				t.Fatal(err)
			}
		}
		if p.dialled != before {
			t.Errorf("%d new connections for 5 calls, want none", p.dialled-before)
		}
	})
}

// The SDK's constructors would read this file and send the token elsewhere.
func TestNoConfigurationFile(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	dir := filepath.Join(home, ".genesyscloudgo")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	file := "[general]\nhost = http://evil.test\nlive_reload_config = true\n[logging]\nlog_level = trace\nlog_to_console = true\n"
	if err := os.WriteFile(filepath.Join(dir, "config"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		a := newPlatform(t).agent()
		cfg, err := a.cloud.sdkConfiguration("token", http.DefaultTransport)
		if err != nil {
			t.Fatal(err)
		}
		if cfg.BasePath != "http://api.test" || cfg.AutoReloadConfig || cfg.ShouldRefreshAccessToken || cfg.AutomaticTokenRefresh {
			t.Errorf("configuration: %+v", cfg)
		}
	})
}

func TestRetryAfterDate(t *testing.T) {
	now := time.Date(2026, 9, 1, 9, 0, 0, 0, time.UTC)
	if got := retryAfter("Tue, 01 Sep 2026 09:00:42 GMT", now); got != 42*time.Second {
		t.Errorf("got %v, want 42s", got)
	}
	if got := retryAfter("soon", now); got != 0 {
		t.Errorf("got %v, want 0", got)
	}
}
