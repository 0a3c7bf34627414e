package agentapp

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/videoleg/videoleg/genesys"
	"github.com/videoleg/videoleg/session"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const conversation = "c0ffee00-0000-4000-8000-000000000001"

// site is the app without far ends: what it refuses, it refuses by itself.
func site(t *testing.T) (*echo.Echo, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	cloud, err := genesys.New(genesys.Config{
		Region: "mypurecloud.ie", ClientID: "test", RedirectURL: "https://agent.example/oauth/callback",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cloud.Close)
	calls := session.NewCalls(session.CallConfig{Log: logger, Metrics: session.NewMetrics(prometheus.NewRegistry())})
	app, err := New(Config{
		Calls: calls, Cloud: cloud, URL: "https://agent.example", Secret: []byte(strings.Repeat("k", 32)),
		Media: session.Relay, Version: "test", Log: logger,
	})
	if err != nil {
		t.Fatal(err)
	}
	e := echo.New()
	app.Mount(e)
	return e, &log
}

func ask(e *echo.Echo, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	return w
}

func get(e *echo.Echo, path string) *httptest.ResponseRecorder {
	return ask(e, httptest.NewRequest(http.MethodGet, "https://agent.example"+path, nil))
}

func TestWidgetRefusesOddConversations(t *testing.T) {
	e, _ := site(t)
	for _, tc := range []struct{ name, query string }{
		{"none", ""},
		{"empty", "conversationid="},
		{"template not filled in", "conversationid=%7B%7BpcConversationId%7D%7D"},
		{"script", "conversationid=%3Cscript%3Ealert(1)%3C/script%3E"},
		{"path", "conversationid=..%2F..%2Fusers"},
		{"too long", "conversationid=" + strings.Repeat("a", 65)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := get(e, "/?"+tc.query)
			if body := w.Body.String(); w.Code != http.StatusBadRequest || strings.Contains(body, "<script>alert") {
				t.Errorf("answered %d: %.200s", w.Code, body)
			}
		})
	}
}

func TestWidgetStartsSignIn(t *testing.T) {
	e, log := site(t)
	for _, query := range []string{
		"conversationid=" + conversation,
		"pcConversationId=" + conversation + "&pcEnvironment=mypurecloud.ie&pcLangTag=de",
		"CONVERSATIONID=" + conversation + "&pexipAgentPin=864209",
		"gcConversationId=" + conversation + "&pin=864209",
	} {
		w := get(e, "/?"+query)
		body := w.Body.String()
		if w.Code != http.StatusOK || !strings.Contains(body, "https://login.mypurecloud.ie/oauth/authorize?") || !strings.Contains(body, conversation) {
			t.Errorf("%s: answered %d without a sign-in", query, w.Code)
		}
		if strings.Contains(body, "864209") {
			t.Errorf("%s: the PIN of the URL stands in the page", query)
		}
	}
	if n := strings.Count(log.String(), "carries a PIN"); n != 1 || strings.Contains(log.String(), "864209") {
		t.Errorf("%d warnings of the PIN, want 1 without it:\n%s", n, log)
	}
}

func TestWidgetWarnsOfAnotherEnvironment(t *testing.T) {
	e, log := site(t)
	get(e, "/?conversationid="+conversation+"&pcEnvironment=usw2.pure.cloud")
	get(e, "/?conversationid="+conversation+"&pcEnvironment=usw2.pure.cloud")
	if n := strings.Count(log.String(), "another Genesys Cloud environment"); n != 1 {
		t.Errorf("%d warnings, want 1", n)
	}
}

func TestCallbackRefuses(t *testing.T) {
	e, _ := site(t)
	page := get(e, "/?conversationid="+conversation).Body.String()
	_, rest, _ := strings.Cut(page, "state=")
	state, _, _ := strings.Cut(rest, "&amp;")
	state, _, _ = strings.Cut(state, `"`)
	for _, tc := range []struct{ name, query, says string }{
		{"no state", "code=x", "took too long"},
		{"forged state", "code=x&state=AAAA", "took too long"},
		{"refused by Genesys", "error=access_denied&state=" + state, "access_denied"},
		{"hostile error code", "error=%3Cb%3E&state=" + state, "refused the sign-in (–)."},
		{"no code", "state=" + state, "no sign-in code"},
		{"code too long", "code=" + strings.Repeat("c", 3000) + "&state=" + state, "no sign-in code"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := get(e, "/oauth/callback?"+tc.query)
			if body := w.Body.String(); w.Code != http.StatusBadRequest || !strings.Contains(body, tc.says) || strings.Contains(body, "<b>") {
				t.Errorf("answered %d, want 400 and %q:\n%s", w.Code, tc.says, body)
			}
		})
	}
}

func TestProveRefuses(t *testing.T) {
	e, _ := site(t)
	for _, tc := range []struct {
		name, origin, body string
		want               int
	}{
		{"another site", "https://evil.example", `{"code":"c","state":"s","nonce":"n"}`, http.StatusForbidden},
		{"no origin", "", `{"code":"c","state":"s","nonce":"n"}`, http.StatusForbidden},
		{"not JSON", "https://agent.example", `hello`, http.StatusBadRequest},
		{"forged state", "https://agent.example", `{"code":"c","state":"s","nonce":"n"}`, http.StatusBadRequest},
		{"endless body", "https://agent.example", `{"code":"` + strings.Repeat("x", 64<<10), http.StatusBadRequest},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "https://agent.example/oauth/session", strings.NewReader(tc.body))
			r.Header.Set("Origin", tc.origin)
			w := ask(e, r)
			if w.Code != tc.want || !strings.Contains(w.Body.String(), `"error":{"code"`) {
				t.Errorf("answered %d %s, want %d and an error", w.Code, w.Body, tc.want)
			}
		})
	}
}

// TestProveNeedsTheNonce: a state that we sealed is worth nothing without what its browser keeps.
func TestProveNeedsTheNonce(t *testing.T) {
	e, _ := site(t)
	page := get(e, "/?conversationid="+conversation).Body.String()
	_, rest, _ := strings.Cut(page, "state=")
	state, _, _ := strings.Cut(rest, `"`)
	state, err := url.QueryUnescape(state)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "https://agent.example/oauth/session",
		strings.NewReader(`{"code":"stolen","state":"`+state+`","nonce":"guess"}`))
	r.Header.Set("Origin", "https://agent.example")
	if w := ask(e, r); w.Code != http.StatusForbidden {
		t.Errorf("answered %d %s, want 403", w.Code, w.Body)
	}
}

func TestLanguage(t *testing.T) {
	for _, tc := range []struct{ name, query, header, want string }{
		{"of the desktop", "pcLangTag=de-AT", "fr", "de"},
		{"of the browser", "", "nb-NO,nb;q=0.9", "nb"},
		{"none that we speak", "pcLangTag=xx", "es-MX", "es"},
		{"hostile", "pcLangTag=%22%3E%3Cscript%3E", "", "en"},
		{"too long", "pcLangTag=" + strings.Repeat("de-", 5000) + "AT", "", "en"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/?"+tc.query, nil)
			r.Header.Set("Accept-Language", tc.header)
			if got := language(echo.New().NewContext(r, nil)); got != tc.want {
				t.Errorf("language = %q, want %q", got, tc.want)
			}
		})
	}
}
