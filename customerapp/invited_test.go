package customerapp

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/videoleg/videoleg/session"
	"github.com/videoleg/videoleg/session/page"
	"github.com/videoleg/videoleg/static"
)

// browser keeps the cookies of one customer.
type browser struct {
	*customers
	cookies []*http.Cookie
}

func (b *browser) open(path string) *httptest.ResponseRecorder {
	var kept []string
	for _, c := range b.cookies {
		kept = append(kept, c.Name+"="+c.Value)
	}
	w := b.ask("GET", path, "", "Cookie", strings.Join(kept, "; "), "Accept-Language", "fr-CA, en;q=0.5")
	b.cookies = append(b.cookies, w.Result().Cookies()...)
	return w
}

func TestInvitedPage(t *testing.T) {
	c := newCustomers(t, nil)
	made := c.invited(`{"display_name":"Ada <Lovelace>","single_use":true,"return_url":"https://shop.example/thanks?a=1&b=2"}`)
	for range 3 { // looking does not use it up
		w := c.ask("GET", made.path(), "")
		for _, want := range []string{`value="Ada &lt;Lovelace&gt;"`, `data-return="https://shop.example/thanks?a=1&amp;b=2"`, `data-visit="` + strings.TrimPrefix(made.path(), "/i/")} {
			if w.Code != 200 || !strings.Contains(w.Body.String(), want) {
				t.Errorf("the page, %d, lacks %s", w.Code, want)
			}
		}
		cookie := w.Header().Get("Set-Cookie")
		for _, want := range []string{"__Host-videoleg-visitor=", "HttpOnly", "Secure", "SameSite=Lax", "Path=/"} {
			if !strings.Contains(cookie, want) {
				t.Errorf("cookie %q lacks %s", cookie, want)
			}
		}
		if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("headers = %v", w.Header())
		}
	}
}

func TestRefusedLinks(t *testing.T) {
	c := newCustomers(t, nil)
	withdrawn, used, good := c.invited(""), c.invited(`{"single_use":true}`), c.invited("")
	if err := c.sessions.Withdraw(t.Context(), withdrawn.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := c.sessions.Redeem(t.Context(), strings.TrimPrefix(used.path(), "/i/"), "somebody else", ""); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, path string
		status     int
		says       string
	}{
		{"forged", "/i/forged", 404, "not complete"},
		{"cut", good.path()[:len(good.path())-3], 404, "not complete"},
		{"changed", "/i/A" + good.path()[4:], 404, "not complete"},
		{"long", "/i/" + strings.Repeat("A", 60_000), 404, "not complete"},
		{"the session ID for a token", "/i/" + good.ID, 404, "not complete"},
		{"markup", "/i/%3Cscript%3Ealert(1)%3C%2Fscript%3E", 404, "not complete"},
		{"withdrawn", withdrawn.path(), 410, "no longer needed"},
		{"used", used.path(), 410, "has been used"},
		{"front page without an invitation", "/", 403, "invitation is needed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := c.ask("GET", tc.path, "")
			body := w.Body.String()
			if w.Code != tc.status || !strings.Contains(body, tc.says) || !strings.Contains(body, `role="alert"`) {
				t.Errorf("%d, want %d with %q", w.Code, tc.status, tc.says)
			}
			if strings.Contains(body, "<script>alert") {
				t.Error("the page repeats markup")
			}
		})
	}
}

func TestWebApp(t *testing.T) {
	for _, tc := range []struct{ name, base, before, after string }{
		{"Web App 3", "https://node.example/webapp/m", "https://node.example/webapp/m/", "/step-by-step?role=guest"},
		{"branded", "https://node.example/acme/m/", "https://node.example/acme/m/", "/step-by-step?role=guest"},
		{"older", "https://node.example/webapp/#/", "https://node.example/webapp/#/?conference=", "&callType=video&role=guest"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCustomers(t, func(cfg *Config) { cfg.WebApp, cfg.Adhoc = tc.base, true })
			made := c.invited(`{"single_use":true,"display_name":"Ada"}`)
			customer := &browser{customers: c}
			for range 2 {
				w := customer.open(made.path())
				if got, want := w.Header().Get("Location"), tc.before+made.Alias+tc.after; w.Code != 302 || got != want {
					t.Errorf("%d to %s, want %s", w.Code, got, want)
				}
			}
			if w := (&browser{customers: c}).open(made.path()); w.Code != 410 {
				t.Errorf("another browser: %d, want 410", w.Code)
			}
			w := customer.open("/")
			alias := strings.TrimSuffix(strings.TrimPrefix(w.Header().Get("Location"), tc.before), tc.after)
			if _, err := c.sessions.Lookup(t.Context(), strings.TrimPrefix(alias, "cus")); err != nil {
				t.Errorf("the front page leads to %q: %v", alias, err)
			}
		})
	}
}

// TestProblemsHaveWords: what a page finds for a code is what the server says itself, in English.
func TestProblemsHaveWords(t *testing.T) {
	all := session.Problems()
	for _, r := range append(refusals, refusalOf(nil)) {
		all = append(all, problem(r.kind))
	}
	for _, p := range all {
		for part, want := range map[string]string{"message": p.Message, "next": p.Next} {
			if got := static.Word("en", "error."+p.Code+"."+part); got == "" || got != want {
				t.Errorf("the words for %s of %s are %q, want %q", part, p.Code, got, want)
			}
		}
	}
}

func TestRefusalsSpeakTheCustomersLanguage(t *testing.T) {
	c := newCustomers(t, nil)
	for accept, want := range map[string]string{
		"de-CH, de;q=0.9": "Dieser Link ist nicht vollständig", "fi, fr;q=0.5": "Ce lien n&#39;est pas complet", "no": "Denne lenken er ikke fullstendig",
		"es-419": "Este enlace no está completo", "fi": "This link is not complete",
	} {
		w := c.ask("GET", "/i/forged", "", "Accept-Language", accept)
		if body := w.Body.String(); !strings.Contains(body, want) {
			t.Errorf("%s: the page lacks %q: %s", accept, want, body)
		}
	}
	made := c.invited(`{"locale":"nb-NO"}`)
	if w := c.ask("GET", made.path(), "", "Accept-Language", "de"); !strings.Contains(w.Body.String(), `<html lang="nb" dir="ltr"`) {
		t.Error("the page does not speak the invitation's language")
	}
	if err := c.sessions.Withdraw(t.Context(), made.ID); err != nil {
		t.Fatal(err)
	}
	if w := c.ask("GET", made.path(), "", "Accept-Language", "de"); !strings.Contains(w.Body.String(), "Denne invitasjonen trengs ikke lenger") {
		t.Error("the refusal does not speak the invitation's language")
	}
}

// TestHello has pages come with tokens of all kinds. None gets as far as a room: their names are
// refused first, or the tokens.
func TestHello(t *testing.T) {
	c := newCustomers(t, nil)
	server := httptest.NewServer(c.echo)
	defer server.Close()
	withdrawn := c.invited("")
	if err := c.sessions.Withdraw(t.Context(), withdrawn.ID); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ name, visitor, token, want string }{
		{"no name", "", strings.TrimPrefix(c.invited("").path(), "/i/"), "name"},
		{"name of control characters", "\u202e\x01", "", "name"},
		{"no token", "Ada", "", "invitation"},
		{"forged token", "Ada", "forged", "link-forged"},
		{"withdrawn", "Ada", strings.TrimPrefix(withdrawn.path(), "/i/"), "link-withdrawn"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			conn, answer, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(server.URL, "http")+"/visit",
				http.Header{"Origin": {"https://customers.example"}})
			if err != nil {
				t.Fatalf("%v %v", err, answer)
			}
			defer conn.Close()
			if err := conn.WriteJSON(map[string]string{"type": "hello", "name": tc.visitor, "visit": tc.token}); err != nil {
				t.Fatal(err)
			}
			var out page.Out
			if err := conn.ReadJSON(&out); err != nil {
				t.Fatal(err)
			}
			if out.View == nil || out.Error == nil || out.Error.Code != tc.want {
				t.Errorf("the page is told %+v, want %s", out.View, tc.want)
			}
		})
	}
}

// TestCheck has a page look how far away we are, more often than any page of ours does.
func TestCheck(t *testing.T) {
	c := newCustomers(t, nil)
	server := httptest.NewServer(c.echo)
	defer server.Close()
	for _, token := range []string{"", "forged", strings.TrimPrefix(c.invited("").path(), "/i/")} {
		conn, answer, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(server.URL, "http")+"/visit",
			http.Header{"Origin": {"https://customers.example"}})
		if err != nil {
			t.Fatalf("%v %v", err, answer)
		}
		defer conn.Close()
		for i := range maxChecks + 1 {
			if err := conn.WriteJSON(map[string]string{"type": "check", "visit": token}); err != nil {
				t.Fatal(err)
			}
			var out page.Out
			err := conn.ReadJSON(&out)
			if closed := err != nil; closed != (i == maxChecks) || !closed && out.Type != page.Check {
				t.Errorf("answer %d is %+v, %v", i, out, err)
			}
		}
	}
}

func TestPreferred(t *testing.T) {
	for header, want := range map[string]string{
		"de-CH,de;q=0.9": "de-CH", "fr;q=0.8, en": "fr", "": "", "*": "", "<script>": "", strings.Repeat("en-", 100): "",
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept-Language", header)
		if got := preferred(r); got != want {
			t.Errorf("preferred(%.20q) = %q, want %q", header, got, want)
		}
	}
}
