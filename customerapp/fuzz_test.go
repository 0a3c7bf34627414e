package customerapp

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
)

// Whatever is posted as an invitation is read, or refused with a status and words of ours.
func FuzzInvitation(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `null`, `[]`, `{"display_name":"Ada","locale":"de","expires_in":3600,"single_use":true,"attributes":{"queue":"billing"},"return_url":"https://shop.example/"}`,
		`{"expires_at":"2026-01-31T12:00:00Z"}`, `{"expires_in":-9223372036854775808}`, `{"expires_in":1e999}`, `{"expires_at":"0001-01-01T00:00:00Z"}`,
		`{"attributes":{"a":{"b":1}}}`, `{"display_name":"\u0000\ud800"}`, `{"unknown":1}`, `{} {}`, `{"expires_in":0}`,
	} {
		f.Add(seed)
	}
	e := echo.New()
	f.Fuzz(func(t *testing.T, body string) {
		w := httptest.NewRecorder()
		inv, err := readInvitation(e.NewContext(httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body)), w))
		if err != nil {
			if known := new(apiError); !errors.As(err, &known) || known.status < 400 || known.status > 499 || known.message == "" {
				t.Fatalf("%q: %v", body, err)
			}
			return
		}
		if strings.TrimSpace(body) != "" && !json.Valid([]byte(body)) {
			t.Errorf("%q was read as %+v", body, inv)
		}
	})
}

// No text but a key is a key, whatever header it stands in.
func FuzzKeys(f *testing.F) {
	for _, seed := range []string{"", "x", "Bearer ", "a.b.c", strings.Repeat("A", 200), "%2e%2e"} {
		f.Add(seed)
	}
	a := &App{cfg: Config{APIKeys: []string{apiKey}}}
	f.Fuzz(func(t *testing.T, token string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", token)
		r.Header.Set("X-API-Key", token)
		if _, ok := a.scopeOf(givenKey(r)); ok != (givenKey(r) == apiKey) {
			t.Errorf("%q is a key: %t", token, ok)
		}
	})
}
