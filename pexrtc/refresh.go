package pexrtc

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"
)

// tokenKeeper holds the token of the moment. While a refresh is under way nobody gets the old one.
type tokenKeeper struct {
	wake chan struct{} // asks the refresher to refresh now

	mu       sync.Mutex
	token    string        // guarded by mu, as the rest
	obtained time.Time     // when the request that brought it was sent
	life     time.Duration // from obtained on
	busy     chan struct{} // not nil during a refresh; closed at its end
}

func newTokenKeeper(token string, sent time.Time, life time.Duration) *tokenKeeper {
	return &tokenKeeper{wake: make(chan struct{}, 1), token: token, obtained: sent, life: life}
}

// get returns the token, after a refresh under way has ended.
func (k *tokenKeeper) get(ctx context.Context) (string, error) {
	for {
		k.mu.Lock()
		token, busy := k.token, k.busy
		k.mu.Unlock()
		if busy == nil {
			return token, nil
		}
		select {
		case <-busy:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// now returns the token of the moment, which a refresh may be about to replace, and when it runs out.
func (k *tokenKeeper) now() (token string, ends time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.token, k.obtained.Add(k.life)
}

// replaced says that token is no longer the one to use.
func (k *tokenKeeper) replaced(token string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.token != token || k.busy != nil
}

// next is when to refresh, dead when the token can no longer be.
func (k *tokenKeeper) next() (at, dead time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.obtained.Add(k.life / 3), k.obtained.Add(k.life)
}

// begin shuts get until end, and returns the token to refresh.
func (k *tokenKeeper) begin() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.busy = make(chan struct{})
	return k.token
}

// end opens get again; an empty token leaves the old one.
func (k *tokenKeeper) end(token string, sent time.Time, life time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if token != "" {
		k.token, k.obtained, k.life = token, sent, life
	}
	close(k.busy)
	k.busy = nil
}

// refreshNow asks the refresher for a new token; requests that come while one is pending are one.
func (k *tokenKeeper) refreshNow() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// keepToken refreshes at a third of the token's life, and when woken. It returns when the node has refused or the
// token has died, with ErrTokenLost, or with ctx. refreshed hears of each new token.
func (p *Participant) keepToken(ctx context.Context, refreshed chan<- struct{}) error {
	for {
		at, _ := p.token.next()
		timer := time.NewTimer(time.Until(at))
		select {
		case <-timer.C:
		case <-p.token.wake:
			timer.Stop()
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		if err := p.refreshUntilDead(ctx); err != nil {
			return err
		}
		select {
		case refreshed <- struct{}{}:
		default: // it has not yet heard of the one before, and will find the newest
		}
	}
}

// refreshUntilDead tries again with growing pauses while the token can still be alive.
func (p *Participant) refreshUntilDead(ctx context.Context) error {
	for n := 1; ; n++ {
		err := p.refresh(ctx)
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		_, dead := p.token.next()
		if refusesToken(err) || forgotten(err) || !time.Now().Before(dead) {
			return p.tokenLost("refresh_token", err)
		}
		p.log.Warn("refresh failed", "err", err)
		if !pause(ctx, min(backOff(n, 500*time.Millisecond, 5*time.Second), max(time.Until(dead), 0))) {
			return ctx.Err()
		}
	}
}

// refreshGrace is how long the answer to a refresh is awaited after the participant has begun to leave: the node may take no
// other token than the one in it.
const refreshGrace = 2 * time.Second

// refresh is one refresh_token (client API, "Token life"). It is never run twice at once: keepToken alone calls it.
func (p *Participant) refresh(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	ctx, cancel := linger(ctx, refreshGrace)
	defer cancel()
	r := request{
		step: "refresh_token", alias: p.alias, node: p.node, method: "POST",
		url: conferenceURL(p.node, p.alias) + "/refresh_token", timeout: controlTimeout,
	}
	var t tokenAnswer
	sent := time.Now()
	r.token = p.token.begin()
	defer func() { p.token.end(t.Token, sent, t.Expires.life()) }()

	result, err := p.c.do(ctx, r)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(result, &t); err != nil || checkText("token", t.Token, maxToken) != nil {
		t = tokenAnswer{}
		return r.failed(ErrNode, errors.New("unusable answer"))
	}
	if t.Token == "" { // some nodes keep the token and only prolong it
		t.Token = r.token
	}
	if t.Role != "" {
		p.mu.Lock()
		p.role = roleOf(string(t.Role))
		p.mu.Unlock()
	}
	return nil
}

// tokenLost says that the participation is over because the node no longer takes our token.
func (p *Participant) tokenLost(step string, cause error) *Error {
	e := &Error{Step: step, Alias: p.alias, Node: p.node, Kind: ErrTokenLost, Err: cause}
	var c *Error
	if errors.As(cause, &c) {
		e.Status, e.Reason, e.Err = c.Status, c.Reason, c.Err
	}
	return e
}
