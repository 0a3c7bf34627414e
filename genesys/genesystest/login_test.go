package genesystest_test

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/videoleg/videoleg/genesys/genesystest"
)

const verifier = "a-verifier-of-the-proof-key-for-code-exchange-0123456789"

func challenge(v string) string {
	sum := sha256.Sum256([]byte(v))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// browser follows no redirects and is signed in as the user, if any.
func browser(t *testing.T, srv *genesystest.Server, user string) *http.Client {
	t.Helper()
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if user != "" {
		must(t, srv.SignIn(c, user))
	}
	return c
}

func get(t *testing.T, c *http.Client, target string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", target, nil)
	must(t, err)
	resp, err := c.Do(req)
	must(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	must(t, err)
	return resp, string(body)
}

func authorizeQuery(client string, more ...string) url.Values {
	q := url.Values{"response_type": {"code"}, "client_id": {client}, "redirect_uri": {redirect}, "state": {"s t&ate"}}
	if client == public.ID {
		q.Set("code_challenge", challenge(verifier))
		q.Set("code_challenge_method", "S256")
	}
	for i := 0; i < len(more); i += 2 {
		if q.Del(more[i]); more[i+1] != "" {
			q.Set(more[i], more[i+1])
		}
	}
	return q
}

func TestAuthorize(t *testing.T) {
	t.Parallel()
	srv := start(t, genesystest.Options{})
	tests := []struct {
		name, user string
		query      url.Values
		status     int
		back       string // what the redirect carries; "" = a page
		page       string
	}{
		{"silent", "ada", authorizeQuery("public"), 302, "code", ""},
		{"confidential without PKCE", "ada", authorizeQuery("confidential"), 302, "code", ""},
		{"not signed in", "", authorizeQuery("public"), 200, "", "Choose who you are"},
		{"login forced", "ada", authorizeQuery("public", "prompt", "login"), 200, "", "Choose who you are"},
		{"unknown client", "ada", authorizeQuery("nobody"), 400, "", "invalid_client"},
		{"no client", "ada", authorizeQuery("public", "client_id", ""), 400, "", "invalid_client"},
		{"trailing slash", "ada", authorizeQuery("public", "redirect_uri", redirect+"/"), 400, "", "redirect_uri_mismatch"},
		{"foreign address", "ada", authorizeQuery("public", "redirect_uri", "https://evil.example"), 400, "", "redirect_uri_mismatch"},
		{"no address", "ada", authorizeQuery("public", "redirect_uri", ""), 400, "", "redirect_uri_mismatch"},
		{"implicit", "ada", authorizeQuery("public", "response_type", "token"), 302, "unsupported_response_type", ""},
		{"public without PKCE", "ada", authorizeQuery("public", "code_challenge", ""), 302, "invalid_request", ""},
		{"plain challenge", "ada", authorizeQuery("public", "code_challenge_method", "plain"), 302, "invalid_request", ""},
		{"no hash", "ada", authorizeQuery("public", "code_challenge", "<script>"), 302, "invalid_request", ""},
		{"org without provider", "ada", authorizeQuery("public", "org", "x"), 302, "invalid_request", ""},
		{"endless state", "ada", authorizeQuery("public", "state", strings.Repeat("x", 5000)), 302, "invalid_request", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp, body := get(t, browser(t, srv, tt.user), srv.URL+"/oauth/authorize?"+tt.query.Encode())
			if resp.StatusCode != tt.status {
				t.Fatalf("got %d, want %d: %s", resp.StatusCode, tt.status, body)
			}
			if tt.back == "" {
				if !strings.Contains(body, tt.page) {
					t.Errorf("the page lacks %q: %s", tt.page, body)
				}
				return
			}
			at, err := resp.Location()
			must(t, err)
			q := at.Query()
			if base, _, _ := strings.Cut(at.String(), "?"); base != redirect || q.Get("state") != tt.query.Get("state") {
				t.Errorf("sent back to %s with state %q", base, q.Get("state"))
			}
			if q.Get("code") == "" && q.Get("error") != tt.back || q.Get("code") != "" && tt.back != "code" {
				t.Errorf("got %v, want %s", q, tt.back)
			}
		})
	}
}

// code signs in silently and returns a fresh code.
func code(t *testing.T, srv *genesystest.Server, q url.Values) string {
	t.Helper()
	resp, body := get(t, browser(t, srv, "ada"), srv.URL+"/oauth/authorize?"+q.Encode())
	at, err := resp.Location()
	if err != nil {
		t.Fatalf("no redirect: %d %s", resp.StatusCode, body)
	}
	return at.Query().Get("code")
}

type tokens struct {
	AccessToken      string `json:"access_token"`
	TokenType        string `json:"token_type"`
	ExpiresIn        int    `json:"expires_in"`
	RefreshToken     string `json:"refresh_token"`
	Error            string
	ErrorDescription string `json:"error_description"`
}

// exchange posts a form to the token endpoint; basic is "id:secret" or "".
func exchange(t *testing.T, srv *genesystest.Server, basic string, form url.Values) (int, tokens) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", srv.URL+"/oauth/token", strings.NewReader(form.Encode()))
	must(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if id, secret, ok := strings.Cut(basic, ":"); ok {
		req.SetBasicAuth(id, secret)
	}
	var out tokens
	resp := send(t, http.DefaultClient, req, &out)
	return resp.StatusCode, out
}

func TestExchange(t *testing.T) {
	t.Parallel()
	const secret = "confidential:s3cret"
	withPKCE := authorizeQuery("confidential", "code_challenge", challenge(verifier), "code_challenge_method", "S256")
	tests := []struct {
		name, basic string
		ask         url.Values // authorize query
		form        []string   // besides grant_type, code and redirect_uri
		status      int
		fault       string
	}{
		{"public", "", authorizeQuery("public"), []string{"client_id", "public", "code_verifier", verifier}, 200, ""},
		{"confidential", secret, authorizeQuery("confidential"), nil, 200, ""},
		{"confidential with PKCE", secret, withPKCE, []string{"code_verifier", verifier}, 200, ""},
		{"wrong verifier", "", authorizeQuery("public"), []string{"client_id", "public", "code_verifier", verifier + "x"}, 400, "invalid_grant"},
		{"short verifier", "", authorizeQuery("public"), []string{"client_id", "public", "code_verifier", "x"}, 400, "invalid_grant"},
		{"no verifier", "", authorizeQuery("public"), []string{"client_id", "public"}, 400, "invalid_grant"},
		{"confidential with PKCE, no verifier", secret, withPKCE, nil, 400, "invalid_grant"},
		{"wrong secret", "confidential:guess", authorizeQuery("confidential"), nil, 401, "invalid_client"},
		{"confidential without Basic", "", authorizeQuery("confidential"), []string{"client_id", "confidential"}, 401, "invalid_client"},
		{"public with Basic", "public:", authorizeQuery("public"), []string{"code_verifier", verifier}, 401, "invalid_client"},
		{"unknown client", "", authorizeQuery("public"), []string{"client_id", "nobody"}, 401, "invalid_client"},
		{"another client's code", secret, authorizeQuery("public"), []string{"code_verifier", verifier}, 400, "invalid_grant"},
		{"another redirect", secret, authorizeQuery("confidential"), []string{"redirect_uri", redirect + "/"}, 400, "invalid_grant"},
		{"no such code", secret, authorizeQuery("confidential"), []string{"code", "invented"}, 400, "invalid_grant"},
		{"password grant", secret, authorizeQuery("confidential"), []string{"grant_type", "password"}, 400, "unsupported_grant_type"},
	}
	srv := start(t, genesystest.Options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			form := url.Values{"grant_type": {"authorization_code"}, "code": {code(t, srv, tt.ask)}, "redirect_uri": {redirect}}
			for pair := range slices.Chunk(tt.form, 2) {
				form.Set(pair[0], pair[1])
			}
			status, got := exchange(t, srv, tt.basic, form)
			if status != tt.status || got.Error != tt.fault {
				t.Fatalf("got %d %+v, want %d %q", status, got, tt.status, tt.fault)
			}
			if status != 200 {
				if got.AccessToken != "" || got.ErrorDescription == "" {
					t.Errorf("a fault with %+v", got)
				}
				return
			}
			if got.TokenType != "bearer" || got.ExpiresIn != 86400 || (got.RefreshToken != "") != (tt.basic != "") {
				t.Errorf("got %+v", got)
			}
			var me struct{ ID, Name string }
			rest{t, srv, got.AccessToken}.want(200, "GET", "/api/v2/users/me", nil, &me)
			if me.ID != ada || me.Name != "Ada Lovelace" {
				t.Errorf("me: got %+v", me)
			}
			if status, got := exchange(t, srv, tt.basic, form); status != 400 || got.Error != "invalid_grant" {
				t.Errorf("a used code: got %d %+v", status, got)
			}
		})
	}
}

func TestRefreshAndCredentials(t *testing.T) {
	t.Parallel()
	for _, rotate := range []bool{false, true} {
		srv := start(t, genesystest.Options{RotateRefresh: rotate})
		_, first := exchange(t, srv, "confidential:s3cret", url.Values{
			"grant_type": {"authorization_code"}, "code": {code(t, srv, authorizeQuery("confidential"))}, "redirect_uri": {redirect},
		})
		form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first.RefreshToken}}
		status, second := exchange(t, srv, "confidential:s3cret", form)
		if status != 200 || second.AccessToken == first.AccessToken || (second.RefreshToken != first.RefreshToken) != rotate {
			t.Errorf("rotate %v: got %d %+v", rotate, status, second)
		}
		if status, _ := exchange(t, srv, "confidential:s3cret", form); (status == 200) == rotate {
			t.Errorf("rotate %v: the old refresh token again: %d", rotate, status)
		}
	}
	srv := start(t, genesystest.Options{})
	status, own := exchange(t, srv, "confidential:s3cret", url.Values{"grant_type": {"client_credentials"}})
	if status != 200 || own.RefreshToken != "" {
		t.Fatalf("client credentials: got %d %+v", status, own)
	}
	c := rest{t, srv, own.AccessToken}
	c.want(400, "GET", "/api/v2/users/me", nil, nil)
	c.want(200, "GET", "/api/v2/users/"+ada, nil, nil)
	if status, got := exchange(t, srv, "", url.Values{"grant_type": {"client_credentials"}, "client_id": {"public"}}); status != 400 {
		t.Errorf("a public client's credentials: got %d %+v", status, got)
	}
}

// TestLoginPage signs in as a browser does that has no session: page, form, cookie, code.
func TestLoginPage(t *testing.T) {
	t.Parallel()
	srv := start(t, genesystest.Options{})
	c := browser(t, srv, "")
	next := "/oauth/authorize?" + authorizeQuery("public").Encode()
	post := func(form url.Values) *http.Response {
		req, err := http.NewRequestWithContext(t.Context(), "POST", srv.URL+"/login", strings.NewReader(form.Encode()))
		must(t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return send(t, c, req, nil)
	}
	resp := post(url.Values{"user": {"bob"}, "continue": {next}})
	if resp.StatusCode != 303 || resp.Header.Get("Location") != next {
		t.Fatalf("got %d to %s", resp.StatusCode, resp.Header.Get("Location"))
	}
	cookie := resp.Cookies()[0]
	if !cookie.Secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteNoneMode || cookie.Path != "/" {
		t.Errorf("cookie: got %v", cookie)
	}
	for _, hostile := range []string{"https://evil.example/", "//evil.example", "/oauth/authorize", "javascript:alert(1)"} {
		if got := post(url.Values{"user": {"bob"}, "continue": {hostile}}).Header.Get("Location"); got != "/?agent=bob" {
			t.Errorf("continue=%s leads to %s", hostile, got)
		}
	}
	if got := post(url.Values{"user": {"mallory"}}); got.StatusCode != 400 {
		t.Errorf("an unknown agent: got %d", got.StatusCode)
	}
	ask := func() string {
		req, err := http.NewRequestWithContext(t.Context(), "GET", srv.URL+next, nil)
		must(t, err)
		req.AddCookie(cookie)
		return send(t, c, req, nil).Header.Get("Location")
	}
	if !strings.HasPrefix(ask(), redirect+"?code=") {
		t.Error("the cookie does not sign in")
	}
	out, err := http.NewRequestWithContext(t.Context(), "GET", srv.URL+"/logout?client_id=public&redirect_uri="+url.QueryEscape(redirect), nil)
	must(t, err)
	out.AddCookie(cookie)
	if got := send(t, c, out, nil).Header.Get("Location"); got != redirect {
		t.Errorf("logout leads to %q", got)
	}
	if ask() != "" {
		t.Error("signed in after the logout")
	}
}
