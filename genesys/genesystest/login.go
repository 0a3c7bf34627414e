package genesystest

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

func (s *Server) mountLogin(mux *http.ServeMux) {
	mux.HandleFunc("GET /oauth/authorize", s.authorize)
	mux.HandleFunc("POST /oauth/token", s.exchange)
	mux.HandleFunc("GET /login", s.loginPage)
	mux.HandleFunc("POST /login", s.login)
	mux.HandleFunc("GET /logout", s.logout)
}

// authorize answers with a code at once if the browser is signed in, else with the login page. A fault in client or
// redirect address is shown and never redirected; every other goes back to the client.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	client := s.registered(q.Get("client_id"))
	if client == nil {
		s.page(w, http.StatusBadRequest, "error", pageData{Code: "invalid_client", Message: "The client_id is not known."})
		return
	}
	redirect := q.Get("redirect_uri")
	if !slices.Contains(client.RedirectURIs, redirect) {
		s.page(w, http.StatusBadRequest, "error", pageData{
			Code: "redirect_uri_mismatch", Message: "The redirect_uri is not one of the client's authorized addresses.",
		})
		return
	}
	if code, why := faultOf(q, client); code != "" {
		back(w, r, redirect, url.Values{"error": {code}, "error_description": {why}, "state": q["state"]})
		return
	}
	u := s.signedInAs(r)
	if u == nil || q.Get("prompt") == "login" {
		q.Del("prompt")
		s.page(w, http.StatusOK, "login", s.loginData("/oauth/authorize?"+q.Encode()))
		return
	}
	s.mu.Lock()
	code, err := s.oauth.grantCode(grant{client: client.ID, redirect: redirect, challenge: q.Get("code_challenge"), user: u})
	s.mu.Unlock()
	if err != nil {
		back(w, r, redirect, url.Values{"error": {"temporarily_unavailable"}, "state": q["state"]})
		return
	}
	back(w, r, redirect, url.Values{"code": {code}, "state": q["state"]})
}

var challengeForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// faultOf checks what a known client asks; "" = nothing wrong.
func faultOf(q url.Values, client *OAuthClient) (code, description string) {
	challenge := q.Get("code_challenge")
	switch {
	case q.Get("response_type") != "code":
		return "unsupported_response_type", "response_type must be code"
	case len(q.Get("state")) > 4096:
		return "invalid_request", "state is too long"
	case challenge == "" && client.Secret == "":
		return "invalid_request", "a public client needs a code_challenge"
	case challenge != "" && q.Get("code_challenge_method") != "S256":
		return "invalid_request", "code_challenge_method must be S256"
	case challenge != "" && !challengeForm.MatchString(challenge):
		return "invalid_request", "code_challenge is no SHA-256 in base64url"
	case (q.Get("org") == "") != (q.Get("provider") == ""):
		return "invalid_request", "org and provider go together"
	}
	return "", ""
}

// back redirects to a checked address with more parameters.
func back(w http.ResponseWriter, r *http.Request, redirect string, more url.Values) {
	sep := "?"
	if strings.Contains(redirect, "?") {
		sep = "&"
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, redirect+sep+more.Encode(), http.StatusFound)
}

func (s *Server) registered(id string) *OAuthClient {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.oauth.client(id); c != nil {
		found := *c
		return &found
	}
	return nil
}

func (s *Server) signedInAs(r *http.Request) *agent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.oauth.logins[loginSession(r)]
}

func loginSession(r *http.Request) string {
	if c, err := r.Cookie(cookieName); err == nil {
		return c.Value
	}
	return ""
}

func (s *Server) loginData(next string) pageData {
	s.mu.Lock()
	defer s.mu.Unlock()
	data := pageData{Continue: next}
	for _, a := range s.centre.agents {
		data.Agents = append(data.Agents, a.User)
	}
	return data
}

func (s *Server) loginPage(w http.ResponseWriter, r *http.Request) {
	s.page(w, http.StatusOK, "login", s.loginData(safeNext(r.URL.Query().Get("continue"))))
}

// login signs the chosen agent in and goes on to where the page was asked for.
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	u, err := s.centre.agent(r.PostFormValue("user"))
	var cookie *http.Cookie
	if err == nil {
		cookie = s.oauth.signIn(u, loginSession(r))
		s.wake()
	}
	s.mu.Unlock()
	if err != nil {
		s.page(w, http.StatusBadRequest, "error", pageData{Code: "invalid_login", Message: "There is no such agent."})
		return
	}
	http.SetCookie(w, cookie)
	next := safeNext(r.PostFormValue("continue"))
	if next == "/" {
		next = "/?agent=" + url.QueryEscape(u.Login)
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
}

// safeNext lets through only our own authorize address.
func safeNext(next string) string {
	if strings.HasPrefix(next, "/oauth/authorize?") {
		return next
	}
	return "/"
}

// logout ends the login session. It returns to an address of the client only.
func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	delete(s.oauth.logins, loginSession(r))
	s.wake()
	s.mu.Unlock()
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Path: "/", MaxAge: -1, HttpOnly: true, Secure: true, SameSite: http.SameSiteNoneMode,
	})
	q := r.URL.Query()
	if c := s.registered(q.Get("client_id")); c != nil && slices.Contains(c.RedirectURIs, q.Get("redirect_uri")) {
		http.Redirect(w, r, q.Get("redirect_uri"), http.StatusFound)
		return
	}
	s.page(w, http.StatusOK, "login", s.loginData("/"))
}

// proves tells whether the verifier belongs to the S256 challenge.
func proves(verifier, challenge string) bool {
	if len(verifier) < 43 || len(verifier) > 128 {
		return false
	}
	sum := sha256.Sum256([]byte(verifier))
	return same(base64.RawURLEncoding.EncodeToString(sum[:]), challenge)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
