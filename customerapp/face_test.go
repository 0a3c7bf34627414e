package customerapp

import (
	"net/http"
	"net/http/httptest"
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
			tt.face.mount(e, "/policy/v1/*")
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
