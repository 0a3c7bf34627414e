package genesystest

import (
	"net/http"
	"net/url"
)

// tokenAnswer is the success of /oauth/token.
type tokenAnswer struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"`
	RefreshToken string `json:"refresh_token,omitempty"`
}

// tokenFault is a failure of /oauth/token.
type tokenFault struct {
	status      int
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

var (
	badClient = &tokenFault{http.StatusUnauthorized, "invalid_client", "client not found or authentication failed"}
	badGrant  = &tokenFault{http.StatusBadRequest, "invalid_grant", "the code or token is unknown, used, expired or another client's"}
)

// exchange is the token endpoint for all grants.
func (s *Server) exchange(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if err := r.ParseForm(); err != nil {
		reply(w, http.StatusBadRequest, tokenFault{Code: "invalid_request", Description: "the body is no form"})
		return
	}
	answer, fault := s.issueFor(r)
	if fault != nil {
		reply(w, fault.status, fault)
		return
	}
	reply(w, http.StatusOK, answer)
}

func (s *Server) issueFor(r *http.Request) (*tokenAnswer, *tokenFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	client, fault := s.oauth.authenticate(r)
	if fault != nil {
		return nil, fault
	}
	switch f := r.PostForm; f.Get("grant_type") {
	case "authorization_code":
		return s.oauth.byCode(client, f)
	case "refresh_token":
		return s.oauth.byRefresh(client, f)
	case "client_credentials":
		if client.Secret == "" {
			return nil, &tokenFault{http.StatusBadRequest, "unauthorized_client", "a public client has no credentials"}
		}
		return s.oauth.answer(client, nil, "")
	default:
		return nil, &tokenFault{http.StatusBadRequest, "unsupported_grant_type", "grant_type is not supported"}
	}
}

// authenticate takes a confidential client's Basic credentials, or a public client's bare client_id.
func (a *accounts) authenticate(r *http.Request) (*OAuthClient, *tokenFault) {
	id, secret, basic := r.BasicAuth()
	if !basic {
		id = r.PostForm.Get("client_id")
	}
	c := a.client(id)
	if c == nil || basic == (c.Secret == "") || !same(secret, c.Secret) {
		return nil, badClient
	}
	return c, nil
}

// byCode redeems a code. It is spent even if the request is otherwise wrong.
func (a *accounts) byCode(c *OAuthClient, f url.Values) (*tokenAnswer, *tokenFault) {
	g := a.redeem(f.Get("code"))
	if g == nil || g.client != c.ID || g.redirect != f.Get("redirect_uri") {
		return nil, badGrant
	}
	if g.challenge != "" && !proves(f.Get("code_verifier"), g.challenge) {
		return nil, &tokenFault{http.StatusBadRequest, "invalid_grant", "the code_verifier does not match the code_challenge"}
	}
	refresh := ""
	if c.Secret != "" {
		var err error
		if refresh, err = a.grantRefresh(*g); err != nil {
			return nil, overloaded
		}
	}
	return a.answer(c, g.user, refresh)
}

func (a *accounts) byRefresh(c *OAuthClient, f url.Values) (*tokenAnswer, *tokenFault) {
	old := f.Get("refresh_token")
	g := a.refresh[old]
	if g == nil || g.client != c.ID {
		return nil, badGrant
	}
	refresh := old
	if a.rotate {
		delete(a.refresh, old)
		var err error
		if refresh, err = a.grantRefresh(*g); err != nil {
			return nil, overloaded
		}
	}
	return a.answer(c, g.user, refresh)
}

var overloaded = &tokenFault{http.StatusTooManyRequests, "temporarily_unavailable", "too many tokens are alive"}

func (a *accounts) answer(c *OAuthClient, u *agent, refresh string) (*tokenAnswer, *tokenFault) {
	t, err := a.issue(c.ID, u)
	if err != nil {
		return nil, overloaded
	}
	return &tokenAnswer{
		AccessToken: t.value, TokenType: "bearer", ExpiresIn: int(a.tokenLife.Seconds()), RefreshToken: refresh,
	}, nil
}
