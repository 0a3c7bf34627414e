package genesystest

import (
	"crypto/rand"
	"net/http"
	"slices"
	"time"
)

const (
	cookieName = "genesystest_login"
	codeLife   = time.Minute
	maxSecrets = 5000 // codes, tokens and logins each; beyond it the dead ones are swept, then creation is refused
)

// accounts keeps who is signed in and what was issued to whom. The lock is the server's.
type accounts struct {
	clients   []OAuthClient
	tokenLife time.Duration
	rotate    bool
	logins    map[string]*agent // by cookie value
	codes     map[string]*grant
	tokens    map[string]*token
	refresh   map[string]*grant
}

// grant is what a code or a refresh token stands for.
type grant struct {
	client, redirect string
	challenge        string // of PKCE, S256; "" = none
	user             *agent
	expires          time.Time // zero = does not
}

type token struct {
	value   string
	client  string
	user    *agent // nil = client credentials
	expires time.Time
}

func newAccounts(o Options) accounts {
	return accounts{
		clients: slices.Clone(o.Clients), tokenLife: o.TokenLife, rotate: o.RotateRefresh,
		logins: map[string]*agent{}, codes: map[string]*grant{}, tokens: map[string]*token{}, refresh: map[string]*grant{},
	}
}

func (a *accounts) client(id string) *OAuthClient {
	i := slices.IndexFunc(a.clients, func(c OAuthClient) bool { return id != "" && c.ID == id })
	if i < 0 {
		return nil
	}
	return &a.clients[i]
}

// token returns a valid token or nil.
func (a *accounts) token(value string) *token {
	t := a.tokens[value]
	if t == nil || !time.Now().Before(t.expires) {
		return nil
	}
	return t
}

func (a *accounts) issue(client string, u *agent) (*token, error) {
	sweep(a.tokens, func(t *token) time.Time { return t.expires })
	if len(a.tokens) >= maxSecrets {
		return nil, refuse(429, "too.many.tokens", "%d tokens are alive", maxSecrets)
	}
	t := &token{value: rand.Text() + rand.Text(), client: client, user: u, expires: time.Now().Add(a.tokenLife)}
	a.tokens[t.value] = t
	return t, nil
}

// grantCode makes a one-use code.
func (a *accounts) grantCode(g grant) (string, error) {
	g.expires = time.Now().Add(codeLife)
	return store(a.codes, &g)
}

func (a *accounts) grantRefresh(g grant) (string, error) {
	g.expires, g.challenge = time.Time{}, ""
	return store(a.refresh, &g)
}

func store(m map[string]*grant, g *grant) (string, error) {
	sweep(m, func(g *grant) time.Time { return g.expires })
	if len(m) >= maxSecrets {
		return "", refuse(429, "too.many.requests", "%d codes are alive", maxSecrets)
	}
	key := rand.Text()
	m[key] = g
	return key, nil
}

// sweep forgets what has expired, once a map is full.
func sweep[V any](m map[string]V, expires func(V) time.Time) {
	if len(m) < maxSecrets {
		return
	}
	now := time.Now()
	for k, v := range m {
		if t := expires(v); !t.IsZero() && now.After(t) {
			delete(m, k)
		}
	}
}

// redeem takes a code out; nil if unknown, used or expired.
func (a *accounts) redeem(code string) *grant {
	g := a.codes[code]
	delete(a.codes, code)
	if g == nil || time.Now().After(g.expires) {
		return nil
	}
	return g
}

// signIn begins a login session in place of the one that the browser had.
func (a *accounts) signIn(u *agent, old string) *http.Cookie {
	delete(a.logins, old)
	if len(a.logins) >= maxSecrets {
		clear(a.logins)
	}
	value := rand.Text()
	a.logins[value] = u
	return &http.Cookie{
		Name: cookieName, Value: value, Path: "/", HttpOnly: true, Secure: true, SameSite: http.SameSiteNoneMode,
	}
}

// AddClient adds an OAuth client, or replaces the one with its ID.
func (s *Server) AddClient(c OAuthClient) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.oauth.clients = slices.DeleteFunc(s.oauth.clients, func(o OAuthClient) bool { return o.ID == c.ID })
	s.oauth.clients = append(s.oauth.clients, c)
}

// LoginCookie signs a user in and returns the cookie that a browser would now send to URL. It is Secure: on plain
// HTTP browsers send it to loopback hosts; net/http/cookiejar does not, see SignIn.
func (s *Server) LoginCookie(user string) (*http.Cookie, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.centre.agent(user)
	if err != nil {
		return nil, err
	}
	return s.oauth.signIn(u, ""), nil
}

// SignIn makes the client signed in as the user: its transport adds the login cookie to requests for URL's host.
func (s *Server) SignIn(client *http.Client, user string) error {
	cookie, err := s.LoginCookie(user)
	if err != nil {
		return err
	}
	next := client.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	client.Transport = signedIn{next, s.opts.Listener.Addr().String(), s.host(), cookie}
	return nil
}

type signedIn struct {
	next             http.RoundTripper
	listener, public string
	cookie           *http.Cookie
}

func (t signedIn) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host == t.public || r.URL.Host == t.listener {
		r = r.Clone(r.Context())
		r.AddCookie(t.cookie)
	}
	return t.next.RoundTrip(r)
}

// ExpireTokens makes the user's access tokens invalid at once and closes their sockets. Refresh tokens stay good.
func (s *Server) ExpireTokens(user string) error {
	return s.locked(func() error {
		u, err := s.centre.agent(user)
		if err != nil {
			return err
		}
		for _, t := range s.oauth.tokens {
			if t.user == u {
				s.revoke(t)
			}
		}
		return nil
	})
}

// revoke ends a token and the sockets of its channels. The lock is held.
func (s *Server) revoke(t *token) {
	delete(s.oauth.tokens, t.value)
	s.hub.closeToken(t)
}

// Token issues an access token for a user without a sign-in, for tests of what comes after it.
func (s *Server) Token(user, client string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.centre.agent(user)
	if err != nil {
		return "", err
	}
	t, err := s.oauth.issue(client, u)
	if err != nil {
		return "", err
	}
	return t.value, nil
}
