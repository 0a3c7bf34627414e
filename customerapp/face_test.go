package customerapp

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
)

func TestFace(t *testing.T) {
	inside := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
	for _, tt := range []struct {
		name               string
		face               Face
		path               string
		username, password string
		status             int
	}{
		{"right", Face{inside, "pexip", "secret"}, "/policy/v1/service/configuration", "pexip", "secret", 202},
		{"below", Face{inside, "pexip", "secret"}, "/policy/v1/registrations/sip%3Aada%40x%2Fy", "pexip", "secret", 202},
		{"wrong password", Face{inside, "pexip", "secret"}, "/policy/v1/x", "pexip", "Secret", 401},
		{"wrong name", Face{inside, "pexip", "secret"}, "/policy/v1/x", "pexi", "secret", 401},
		{"none", Face{inside, "pexip", "secret"}, "/policy/v1/x", "", "", 401},
		{"off", Face{inside, "", ""}, "/policy/v1/x", "", "", 404},
		{"no handler", Face{nil, "pexip", "secret"}, "/policy/v1/x", "pexip", "secret", 404},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := echo.New()
			tt.face.mount(e, "/policy/v1/*", slog.New(slog.DiscardHandler))
			r := httptest.NewRequest(http.MethodGet, tt.path, nil)
			if tt.username != "" {
				r.SetBasicAuth(tt.username, tt.password)
			}
			w := httptest.NewRecorder()
			e.ServeHTTP(w, r)
			if w.Code != tt.status {
				t.Errorf("%d, want %d: %s", w.Code, tt.status, w.Body)
			}
			if (w.Header().Get("WWW-Authenticate") != "") != (tt.status == 401) {
				t.Errorf("%d with WWW-Authenticate %q", w.Code, w.Header().Get("WWW-Authenticate"))
			}
		})
	}
}

// Wrong credentials have a limit; the right ones, from the same address, have none.
func TestFaceFlood(t *testing.T) {
	e := echo.New()
	inside := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
	var log strings.Builder
	Face{inside, "pexip", "secret"}.mount(e, "/events", slog.New(slog.NewTextHandler(&log, nil)))
	ask := func(address, password string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/events", nil)
		r.RemoteAddr = address
		r.SetBasicAuth("pexip", password)
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		return w
	}
	statuses := map[int]int{}
	for range 100 {
		w := ask("198.51.100.7:5000", "guess")
		statuses[w.Code]++
		if (w.Header().Get("Retry-After") != "") != (w.Code == 429) {
			t.Fatalf("%d with Retry-After %q", w.Code, w.Header().Get("Retry-After"))
		}
		if w := ask("198.51.100.7:5000", "secret"); w.Code != 202 {
			t.Fatalf("the right password is answered with %d", w.Code)
		}
	}
	if statuses[401] < wrongBurst || statuses[429] < 70 || statuses[401]+statuses[429] != 100 {
		t.Errorf("wrong passwords are answered with %v", statuses)
	}
	if n := strings.Count(log.String(), "wrong credentials"); n != statuses[401] || strings.Contains(log.String(), "guess") || !strings.Contains(log.String(), "198.51.100.7") {
		t.Errorf("%d lines for %v:\n%s", n, statuses, &log)
	}
	if w := ask("198.51.100.8:5000", "guess"); w.Code != 401 {
		t.Errorf("another address is answered with %d", w.Code)
	}
}
