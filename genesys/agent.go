package genesys

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	sdk "github.com/mypurecloud/platform-client-sdk-go/v129/platformclientv2"
	"golang.org/x/oauth2"
)

const (
	expiryMargin = 30 * time.Second       // a token this close to its end is refreshed, or counts as dead
	readAgain    = 200 * time.Millisecond // pause before the one repetition of a failed read
)

var (
	errNoID    = errors.New("answer has no usable id")
	errOtherID = errors.New("answer is about another conversation")
	errNotID   = errors.New("not an identifier")
	errTooMany = errors.New("too many participants")
	errExpired = errors.New("token has expired and cannot be refreshed")
)

// Agent is one signed-in agent: one token and, while it is followed, one notification channel. It is safe
// for concurrent use, and no way of printing or logging it shows the token.
type Agent struct {
	cloud    *Cloud
	id, name string
	since    time.Time // signed in

	refreshing chan struct{} // held by whoever refreshes
	following  chan struct{} // held by Follow, who alone uses channel and made
	channel    *channel
	made       []time.Time // when channels were made in the last 24 hours

	mu    sync.Mutex // guards token, dead and ahead
	token *oauth2.Token
	dead  bool // the platform refused the token
	ahead *ahead
}

// ID is the agent's user ID.
func (a *Agent) ID() string { return a.id }

// Name is the agent's display name.
func (a *Agent) Name() string { return a.name }

// Since is when the agent signed in.
func (a *Agent) Since() time.Time { return a.since }

// Expiry is when the present token ends.
func (a *Agent) Expiry() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.token.Expiry
}

// Valid reports whether calls may be tried: the platform has not refused the token, and it has time left
// or can be refreshed.
func (a *Agent) Valid(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !a.dead && (a.token.RefreshToken != "" || now.Before(a.token.Expiry.Add(-expiryMargin)))
}

// Refreshable reports whether the token is replaced by itself before it ends. Where it is not, the agent must sign in again.
func (a *Agent) Refreshable() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.token.RefreshToken != ""
}

func (a *Agent) String() string       { return "agent " + a.id }
func (a *Agent) GoString() string     { return a.String() }
func (a *Agent) LogValue() slog.Value { return slog.StringValue(a.id) }

// Conversation reads a conversation by REST, in two attempts of five seconds at most. ErrNotFound also
// stands for one that the agent may not see, and for an id that is none.
func (a *Agent) Conversation(ctx context.Context, id string) (*Conversation, error) {
	if early := a.takeAhead(id); early != nil {
		return a.awaitAhead(ctx, early)
	}
	return a.conversation(ctx, id)
}

func (a *Agent) conversation(ctx context.Context, id string) (*Conversation, error) {
	if !idForm.MatchString(id) {
		return nil, &Error{Step: "conversation", Host: a.cloud.api.Host, Status: http.StatusNotFound, Err: errNotID}
	}
	step := "conversation " + id
	var answer *sdk.Conversation
	err := a.read(ctx, step, func(cfg *sdk.Configuration) (err error) {
		answer, _, err = sdk.NewConversationsApiWithConfig(cfg).GetConversation(id)
		return err
	})
	if err != nil {
		return nil, err
	}
	conversation, err := fromREST(answer)
	if err == nil && conversation.ID != id {
		err = errOtherID
	}
	if err != nil {
		return nil, &Error{Step: step, Host: a.cloud.api.Host, Status: http.StatusOK, Err: err}
	}
	return conversation, nil
}

// Refresh gets a new token. ErrSignIn: there is no refresh token, or the platform no longer takes it.
// Calls refresh by themselves when the token is near its end or refused.
func (a *Agent) Refresh(ctx context.Context) error {
	return a.refresh(ctx, a.accessToken())
}

// refresh replaces the token that the caller used, unless somebody else has done so meanwhile: a refresh
// token may be good for one use only.
func (a *Agent) refresh(ctx context.Context, used string) error {
	select {
	case a.refreshing <- struct{}{}:
		defer func() { <-a.refreshing }()
	case <-ctx.Done():
		return &Error{Step: "refresh", Host: a.cloud.login.Host, Err: ctx.Err()}
	}
	a.mu.Lock()
	old := a.token
	a.mu.Unlock()
	if old.AccessToken != used {
		return nil
	}
	if old.RefreshToken == "" {
		a.kill(used)
		return &Error{Step: "refresh", Host: a.cloud.login.Host, Status: http.StatusUnauthorized, Err: errExpired}
	}
	token, err := a.cloud.token(ctx, "refresh", func(ctx context.Context) (*oauth2.Token, error) {
		return a.cloud.oauth.TokenSource(ctx, &oauth2.Token{RefreshToken: old.RefreshToken}).Token()
	})
	if errors.Is(err, ErrSignIn) {
		a.kill(used)
	}
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.token, a.dead = token, false
	return nil
}

// call makes one call as the agent, and once more with a new token if the platform refuses the present one.
func (a *Agent) call(ctx context.Context, step string, do func(*sdk.Configuration) error) error {
	token, err := a.freshToken(ctx)
	if err != nil {
		return err
	}
	err = a.cloud.call(ctx, step, token, do)
	if !errors.Is(err, ErrSignIn) {
		return err
	}
	if !a.Refreshable() {
		a.kill(token)
		return err
	}
	if err := a.refresh(ctx, token); err != nil {
		return err
	}
	return a.cloud.call(ctx, step, a.accessToken(), do)
}

// read is call for what may safely be asked twice.
func (a *Agent) read(ctx context.Context, step string, do func(*sdk.Configuration) error) error {
	err := a.call(ctx, step, do)
	if !errors.Is(err, ErrUnavailable) || wait(ctx, readAgain) != nil {
		return err
	}
	return a.call(ctx, step, do)
}

// freshToken is the token to use now, refreshed if it is near its end and can be.
func (a *Agent) freshToken(ctx context.Context) (string, error) {
	a.mu.Lock()
	token := a.token
	a.mu.Unlock()
	if token.RefreshToken == "" || time.Until(token.Expiry) > expiryMargin {
		return token.AccessToken, nil
	}
	if err := a.refresh(ctx, token.AccessToken); err != nil {
		return "", err
	}
	return a.accessToken(), nil
}

func (a *Agent) accessToken() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.token.AccessToken
}

// kill notes that the platform refused this token.
func (a *Agent) kill(token string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.dead = a.dead || a.token.AccessToken == token
}

// wait sleeps, or returns the context's error as soon as it ends.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
