package genesys

import (
	"context"
	"net/http"
	"net/url"
	"time"

	sdk "github.com/mypurecloud/platform-client-sdk-go/v129/platformclientv2"
	"golang.org/x/oauth2"
)

func oauthConfig(cfg Config, login *url.URL) oauth2.Config {
	style := oauth2.AuthStyleInParams
	if cfg.ClientSecret != "" {
		style = oauth2.AuthStyleInHeader
	}
	return oauth2.Config{
		ClientID:     cfg.ClientID,
		ClientSecret: cfg.ClientSecret,
		RedirectURL:  cfg.RedirectURL,
		Scopes:       cfg.Scopes,
		Endpoint: oauth2.Endpoint{
			AuthURL:   login.JoinPath("oauth/authorize").String(),
			TokenURL:  login.JoinPath("oauth/token").String(),
			AuthStyle: style,
		},
	}
}

// NewVerifier makes a PKCE code verifier, to be kept from AuthorizeURL to SignIn.
func NewVerifier() string { return oauth2.GenerateVerifier() }

// AuthorizeURL is where the agent's frame goes to sign in: authorization code with PKCE (S256). It comes
// back to Config.RedirectURL with code and state, or with error and error_description. state is the
// caller's to seal, to use once and to compare; verifier is from NewVerifier and stays with the caller.
func (c *Cloud) AuthorizeURL(state, verifier string) string {
	return c.oauth.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier))
}

// SignIn turns a code into an Agent: the token (Basic secret where there is one, PKCE always) and then who
// the token belongs to. conversation, if there is one, is what the agent signs in for: it is read at the same
// time, for his first [Agent.Conversation]. ErrSignIn: the code is used, old or not ours; ErrForbidden: the
// OAuth client is not accepted.
func (c *Cloud) SignIn(ctx context.Context, code, verifier, conversation string) (*Agent, error) {
	token, err := c.token(ctx, "sign-in", func(ctx context.Context) (*oauth2.Token, error) {
		return c.oauth.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	})
	if err != nil {
		return nil, err
	}
	a := &Agent{cloud: c, since: time.Now(), token: token, refreshing: make(chan struct{}, 1), following: make(chan struct{}, 1)}
	a.readAhead(ctx, conversation)
	var me *sdk.Userme
	err = a.read(ctx, "users/me", func(cfg *sdk.Configuration) (err error) {
		me, _, err = sdk.NewUsersApiWithConfig(cfg).GetUsersMe(nil, "")
		return err
	})
	if err != nil {
		return nil, err
	}
	if me == nil || !idForm.MatchString(value(me.Id)) {
		return nil, &Error{Step: "users/me", Host: c.api.Host, Status: http.StatusOK, Err: errNoID}
	}
	a.id, a.name = *me.Id, value(me.Name)
	return a, nil
}

// token asks the login host for a token.
func (c *Cloud) token(ctx context.Context, step string, ask func(context.Context) (*oauth2.Token, error)) (*oauth2.Token, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	client := &http.Client{Transport: wire{ctx: ctx, step: step, base: c.transport}}
	token, err := ask(context.WithValue(ctx, oauth2.HTTPClient, client))
	if err != nil {
		return nil, asError(err, step, c.login.Host)
	}
	if token.Expiry.IsZero() {
		token.Expiry = time.Now().Add(24 * time.Hour)
	}
	return token, nil
}
