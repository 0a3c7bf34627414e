package customerapp

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

const invitations = "/api/v1/invitations"

func TestInvitationLife(t *testing.T) {
	c := newCustomers(t, nil)
	made := c.invited(`{"display_name":"Ada","locale":"de","expires_in":3600,"single_use":true,"attributes":{"queue":"billing"},"return_url":"https://shop.example/"}`)
	if made.Alias != "cus"+made.ID || !strings.HasPrefix(made.Link, "https://customers.example/i/") || made.Status != "open" ||
		!made.SingleUse || made.Attributes["queue"] != "billing" || made.DisplayName != "Ada" || made.Locale != "de" {
		t.Errorf("made = %+v", made)
	}
	if life := made.ExpiresAt.Sub(made.CreatedAt); life < time.Hour-2*time.Second || life > time.Hour+time.Second {
		t.Errorf("it lives %v, want an hour", life)
	}
	read := decoded[invitation](t, c.api("GET", invitations+"/"+made.ID, ""), 200)
	if read.Link != made.Link || read.Status != "open" {
		t.Errorf("read = %+v, made %+v", read, made)
	}
	for range 2 {
		if w := c.api("DELETE", invitations+"/"+made.ID, ""); w.Code != 204 || w.Body.Len() != 0 {
			t.Errorf("DELETE = %d %s", w.Code, w.Body)
		}
	}
	if read := decoded[invitation](t, c.api("GET", invitations+"/"+made.ID, ""), 200); read.Status != "withdrawn" {
		t.Errorf("status = %s, want withdrawn", read.Status)
	}
	for _, secret := range []string{"Ada", strings.TrimPrefix(made.Link, "https://customers.example/i/"), apiKey} {
		if strings.Contains(c.logged.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

func TestInvitationRequests(t *testing.T) {
	c := newCustomers(t, nil)
	many := strings.TrimSuffix(strings.Repeat(`"a":"b",`, 3000), ",")
	for _, tc := range []struct {
		name, body string
		status     int
		code, says string
	}{
		{"nothing", "", 201, "", ""},
		{"empty object", "{}", 201, "", ""},
		{"moment", `{"expires_at":"` + soon() + `"}`, 201, "", ""},
		{"not JSON", "display_name=Ada", 400, "invalid_request", "not JSON"},
		{"cut", `{"display_name":"A`, 400, "invalid_request", "not JSON"},
		{"a list", "[]", 400, "invalid_request", "not an invitation"},
		{"two", "{}{}", 400, "invalid_request", "goes on"},
		{"unknown field", `{"expiresIn":60}`, 400, "invalid_request", "expiresIn"},
		{"wrong type", `{"expires_in":"1h"}`, 400, "invalid_request", "expires_in"},
		{"no moment", `{"expires_at":"tomorrow"}`, 400, "invalid_request", "expires_at"},
		{"first moment of all", `{"expires_at":"0001-01-01T00:00:00Z"}`, 400, "invalid_request", "expires_at"},
		{"no time", `{"expires_in":0}`, 400, "invalid_request", "expires_in"},
		{"negative time", `{"expires_in":-9223372036854775808}`, 400, "invalid_request", "expires_in"},
		{"endless", `{"expires_in":9223372036854775807}`, 400, "invalid_request", "30 days"},
		{"both times", `{"expires_in":60,"expires_at":"` + soon() + `"}`, 400, "invalid_request", "twice"},
		{"long name", `{"display_name":"` + strings.Repeat("a", 81) + `"}`, 400, "invalid_request", "display_name"},
		{"script", `{"return_url":"javascript:alert(1)"}`, 400, "invalid_request", "return_url"},
		{"header in an attribute", `{"attributes":{"a":"b\r\nRoute: x"}}`, 400, "invalid_request", "attributes"},
		{"attribute that is a number", `{"attributes":{"a":1}}`, 400, "invalid_request", "attributes"},
		{"large", `{"attributes":{` + many + strings.Repeat(" ", maxBody) + `}}`, 413, "too_large", "32768"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := c.api("POST", invitations, tc.body, "Content-Type", "application/json; charset=utf-8")
			if tc.status == 201 {
				if made := decoded[invitation](t, w, 201); w.Header().Get("Location") != "https://customers.example"+invitations+"/"+made.ID {
					t.Errorf("Location = %q", w.Header().Get("Location"))
				}
				return
			}
			if f := decoded[failure](t, w, tc.status); f.Error.Code != tc.code || !strings.Contains(f.Error.Message, tc.says) {
				t.Errorf("error = %+v, want %s with %q", f.Error, tc.code, tc.says)
			}
		})
	}
	if w := c.api("POST", invitations, "<a/>", "Content-Type", "text/xml"); w.Code != 415 {
		t.Errorf("XML: %d", w.Code)
	}
}

func TestAPIKeys(t *testing.T) {
	c := newCustomers(t, nil)
	for _, tc := range []struct {
		name    string
		headers []string
		status  int
	}{
		{"bearer", []string{"Authorization", "Bearer " + apiKey}, 200},
		{"bearer in capitals", []string{"Authorization", "BEARER " + apiKey}, 200},
		{"another key", []string{"Authorization", "Bearer " + otherKey}, 200},
		{"X-API-Key", []string{"X-API-Key", apiKey}, 200},
		{"nothing", nil, 401},
		{"empty", []string{"Authorization", "Bearer "}, 401},
		{"wrong", []string{"Authorization", "Bearer " + apiKey + "x"}, 401},
		{"a part", []string{"X-API-Key", apiKey[:10]}, 401},
		{"both keys", []string{"X-API-Key", otherKey + "," + apiKey}, 401},
		{"Basic", []string{"Authorization", "Basic " + apiKey}, 401},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := c.ask("GET", invitations, "", tc.headers...)
			if w.Code != tc.status {
				t.Fatalf("%d %s, want %d", w.Code, w.Body, tc.status)
			}
			if tc.status == 401 && (w.Header().Get("WWW-Authenticate") == "" || decoded[failure](t, w, 401).Error.Code != "unauthorized") {
				t.Errorf("the refusal lacks its words: %v %s", w.Header(), w.Body)
			}
		})
	}
}

func TestAPIOff(t *testing.T) {
	c := newCustomers(t, func(cfg *Config) { cfg.APIKeys = nil })
	for _, path := range []string{invitations, "/api/v1/openapi.json", "/api/v1/nonsense"} {
		if f := decoded[failure](t, c.ask("GET", path, "", "X-API-Key", ""), 404); f.Error.Code != "not_found" {
			t.Errorf("%s: %+v", path, f)
		}
	}
}

func TestIdempotencyKey(t *testing.T) {
	c := newCustomers(t, nil)
	post := func(key, body string, headers ...string) (int, invitation, string) {
		w := c.api("POST", invitations, body, append([]string{"Idempotency-Key", key}, headers...)...)
		if w.Code != 201 {
			return w.Code, invitation{}, ""
		}
		return w.Code, decoded[invitation](t, w, 201), w.Header().Get("Idempotent-Replayed")
	}
	_, first, replayed := post("order-1", `{"display_name":"Ada"}`)
	if first.ID == "" || replayed != "" {
		t.Fatalf("first = %+v, replayed %q", first, replayed)
	}
	if _, again, replayed := post("order-1", ` {"display_name": "Ada"} `); again.Link != first.Link || replayed != "true" {
		t.Errorf("again = %+v, replayed %q; want the first, %+v", again, replayed, first)
	}
	if status, _, _ := post("order-1", `{"display_name":"Eve"}`); status != 422 {
		t.Errorf("another body with the key: %d, want 422", status)
	}
	if _, theirs, _ := post("order-1", `{"display_name":"Ada"}`, "Authorization", "Bearer "+otherKey); theirs.ID == first.ID || theirs.ID == "" {
		t.Error("two API keys share idempotency keys")
	}
	for _, key := range []string{strings.Repeat("k", 256), "line\x01", "ключ"} {
		if status, _, _ := post(key, ""); status != 400 {
			t.Errorf("key %.20q: %d, want 400", key, status)
		}
	}
}

func TestListInvitations(t *testing.T) {
	c := newCustomers(t, nil)
	var want []string
	for range 5 {
		want = append(want, c.invited("").ID)
	}
	slices.Reverse(want)
	if _, err := c.sessions.Begin(t.Context(), "nobody's guest", ""); err != nil {
		t.Fatal(err)
	}
	var got []string
	path := invitations + "?limit=2"
	for pages := 1; ; pages++ {
		page := decoded[invitationList](t, c.api("GET", path, ""), 200)
		for _, i := range page.Invitations {
			got = append(got, i.ID)
		}
		if page.Next == "" {
			if pages != 3 {
				t.Errorf("%d pages, want 3", pages)
			}
			break
		}
		path = invitations + "?limit=2&cursor=" + page.Next
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %q, want %q", got, want)
	}
	for _, query := range []string{"limit=0", "limit=101", "limit=x", "cursor=0", "cursor=-1", "cursor=x", "cursor=99999999999999999999"} {
		if w := c.api("GET", invitations+"?"+query, ""); w.Code != 400 {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
}

func TestUnknownInvitations(t *testing.T) {
	c := newCustomers(t, nil)
	adhoc, err := c.sessions.Begin(t.Context(), "Ada", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"0000000000000000", "x", "..%2f..%2fetc", strings.Repeat("a", 5000), adhoc.ID} {
		for _, method := range []string{"GET", "DELETE"} {
			if f := decoded[failure](t, c.api(method, invitations+"/"+id, ""), 404); f.Error.Code != "not_found" {
				t.Errorf("%s %.20s: %+v", method, id, f)
			}
		}
	}
}

func TestStorageDown(t *testing.T) {
	c := newCustomers(t, nil)
	made := c.invited("")
	c.state.Close()
	for _, tc := range []struct{ method, path string }{
		{"POST", invitations}, {"GET", invitations}, {"GET", invitations + "/" + made.ID}, {"DELETE", invitations + "/" + made.ID},
	} {
		w := c.api(tc.method, tc.path, "")
		if f := decoded[failure](t, w, 503); f.Error.Code != "unavailable" || w.Header().Get("Retry-After") == "" {
			t.Errorf("%s %s: %+v", tc.method, tc.path, f)
		}
	}
	if w := c.ask("GET", made.path(), ""); w.Code != 503 || !strings.Contains(w.Body.String(), "Your link stays good") {
		t.Errorf("the customer is told %d %s", w.Code, w.Body)
	}
}

func TestRateLimits(t *testing.T) {
	c := newCustomers(t, nil)
	flood := func(n int, ask func(i int) int) (refused int) {
		for i := range n {
			if ask(i) == http.StatusTooManyRequests {
				refused++
			}
		}
		return refused
	}
	if flood(300, func(i int) int {
		return c.api("GET", invitations, "", "X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i%250)).Code
	}) == 0 {
		t.Error("a key has no limit")
	}
	if flood(400, func(int) int { return c.ask("GET", invitations, "").Code }) == 0 {
		t.Error("wrong keys can be tried without limit")
	}
	if w := c.ask("GET", invitations, "", "X-API-Key", otherKey); w.Code != 200 {
		t.Errorf("beside wrong keys, a right one from the same address is answered with %d", w.Code)
	}
	if w := c.ask("GET", invitations, ""); w.Header().Get("Retry-After") == "" || decoded[failure](t, w, 429).Error.Code != "rate_limited" {
		t.Errorf("who is too fast is told %v %s", w.Header(), w.Body)
	}
	c = newCustomers(t, func(cfg *Config) { cfg.APIKeys = manyKeys })
	if flood(300, func(i int) int { return c.ask("GET", invitations, "", "X-API-Key", manyKeys[i%len(manyKeys)]).Code }) == 0 {
		t.Error("an address has no limit")
	}
	if flood(300, func(int) int { return c.ask("GET", "/i/forged", "").Code }) == 0 {
		t.Error("links can be tried without limit")
	}
	if w := c.ask("GET", "/i/forged", ""); w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "One moment") {
		t.Errorf("a customer who is too fast is told %d %s", w.Code, w.Body)
	}
}

// manyKeys are so many that none reaches its own limit.
var manyKeys = []string{"key-0000000000000000", "key-1111111111111111", "key-2222222222222222", "key-3333333333333333"}

// Other methods and addresses are told so, in JSON, with a key and without.
func TestAPIRoutes(t *testing.T) {
	c := newCustomers(t, nil)
	made := c.invited("")
	for _, tc := range []struct {
		method, path, allow string
		status              int
	}{
		{"PUT", invitations, "GET, POST", 405},
		{"DELETE", invitations, "GET, POST", 405},
		{"OPTIONS", invitations, "GET, POST", 405},
		{"PATCH", invitations + "/" + made.ID, "DELETE, GET", 405},
		{"POST", invitations + "/" + made.ID, "DELETE, GET", 405},
		{"POST", "/api/v1/openapi.json", "GET", 405},
		{"GET", "/api/v1", "", 404},
		{"GET", "/api/v1/", "", 404},
		{"GET", "/api/v1/nothing", "", 404},
		{"GET", "/api/v2/invitations", "", 404},
	} {
		for _, key := range []string{apiKey, ""} {
			w := c.ask(tc.method, tc.path, "", "X-API-Key", key)
			want := map[int]string{404: "not_found", 405: "method_not_allowed"}[tc.status]
			if f := decoded[failure](t, w, tc.status); f.Error.Code != want || f.Error.Message == "" || w.Header().Get("Allow") != tc.allow {
				t.Errorf("%s %s: %+v, Allow %q", tc.method, tc.path, f, w.Header().Get("Allow"))
			}
		}
	}
}

func TestLimiterForgets(t *testing.T) {
	l := newLimiter(1, 1)
	for i := range 3 * maxCallers {
		l.allow(fmt.Sprint(i))
	}
	if len(l.byWho) > maxCallers {
		t.Errorf("%d callers are remembered, want at most %d", len(l.byWho), maxCallers)
	}
}
