package customerapp

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/goleak"

	"github.com/videoleg/videoleg/session"
	"github.com/videoleg/videoleg/session/invite"
	"github.com/videoleg/videoleg/session/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const apiKey, otherKey = "0123456789abcdef-key", "another-key-of-theirs"

// customers is the app on a server that is asked without a network.
type customers struct {
	t        *testing.T
	echo     *echo.Echo
	sessions *invite.Sessions
	logged   *bytes.Buffer
	state    *store.Store
}

func newCustomers(t *testing.T, adjust func(*Config)) *customers {
	t.Helper()
	logged := &bytes.Buffer{}
	log := slog.New(slog.NewTextHandler(io.MultiWriter(t.Output(), logged), nil))
	state, err := store.Open(t.Context(), store.Config{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(state.Close)
	kept, err1 := state.Bucket(t.Context(), "sessions", invite.Keep)
	requests, err2 := state.Bucket(t.Context(), "requests", invite.KeepRequests)
	order, err3 := state.Order(t.Context(), "invitations", invite.Keep)
	secret := []byte(strings.Repeat("s", 32))
	sessions, err4 := invite.New(invite.Config{Secret: secret, Sessions: kept, Requests: requests, Order: order})
	for _, err := range []error{err1, err2, err3, err4} {
		if err != nil {
			t.Fatal(err)
		}
	}
	visits := session.NewVisits(session.VisitConfig{Log: log})
	t.Cleanup(func() { _ = visits.Close(t.Context()) })
	cfg := Config{
		Visits: visits, Sessions: sessions, URL: "https://customers.example", Secret: secret,
		APIKeys: []string{otherKey, apiKey}, CustomerPrefix: "cus", Log: log,
	}
	if adjust != nil {
		adjust(&cfg)
	}
	app, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	e := echo.New()
	app.Mount(e)
	return &customers{t, e, sessions, logged, state}
}

// ask sends a request; headers are name and value by turns.
func (c *customers) ask(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(c.t.Context(), method, path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	c.echo.ServeHTTP(w, r)
	return w
}

// api asks with a valid key.
func (c *customers) api(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	return c.ask(method, path, body, append([]string{"Authorization", "Bearer " + apiKey}, headers...)...)
}

// invited makes an invitation.
func (c *customers) invited(body string) invitation {
	c.t.Helper()
	return decoded[invitation](c.t, c.api(http.MethodPost, "/api/v1/invitations", body), http.StatusCreated)
}

// path is that of an invitation's link.
func (i invitation) path() string { return strings.TrimPrefix(i.Link, "https://customers.example") }

func decoded[T any](t *testing.T, w *httptest.ResponseRecorder, status int) (answer T) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("%d %s, want %d", w.Code, w.Body, status)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

type failure struct {
	Error struct{ Code, Message string }
}

// soon is a time that is neither now nor far.
func soon() string { return time.Now().Add(time.Hour).UTC().Format(time.RFC3339) }
