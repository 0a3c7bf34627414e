package genesys

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"
)

// Notification is one thing that Follow has to say: exactly one of Conversation, Blind and Live is set.
type Notification struct {
	// Conversation: a snapshot of one of the agent's calls, whichever call it is.
	Conversation *Conversation
	// Blind: events may be missing from now on. Until Live, take each call to be held.
	Blind bool
	// Cause is why it is Blind.
	Cause error
	// Live: events flow from now on. What happened before is not replayed: read the calls by REST.
	Live bool
}

// backoff is the pause before each further attempt to get events back, the last one for good. The first
// makes up for a short loss; the others spare the platform.
var backoff = []time.Duration{
	100 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second,
}

// settled is how long a socket has to live for the next loss to be a first one again.
const settled = time.Minute

// Follow tells of all calls of the agent until ctx ends, and returns its error, or until it makes no sense
// to go on: ErrSignIn when the token is dead, ErrForbidden when the agent may not have notifications.
// Anything else it mends by itself: Blind at once, then attempts with growing pauses, then Live. The first
// notification is Live, or Blind if the first attempt fails; on returning, the caller is blind.
//
// on is called from one goroutine, in order, and should only pass the notification on: while it runs, no
// event is read. An Agent is followed once at a time: a second Follow is Blind with ErrFollowed until the
// first has returned.
func (a *Agent) Follow(ctx context.Context, on func(Notification)) error {
	f := &follower{agent: a, on: on, topic: callsTopic(a.id), log: a.cloud.log.With("agent", a.id)}
	if err := f.takeTurn(ctx); err != nil {
		return err
	}
	defer func() { <-a.following }()
	defer f.leave(ctx)
	return f.run(ctx)
}

// follower is one run of Follow.
type follower struct {
	agent    *Agent
	on       func(Notification)
	topic    string
	log      *slog.Logger
	blind    bool // the last word was Blind
	failures int  // in a row
}

// takeTurn waits until nobody else follows the agent.
func (f *follower) takeTurn(ctx context.Context) error {
	select {
	case f.agent.following <- struct{}{}:
		return nil
	default:
	}
	f.goBlind(ErrFollowed)
	select {
	case f.agent.following <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *follower) run(ctx context.Context) error {
	for {
		s, err := f.open(ctx)
		for err == nil {
			f.goLive()
			s, err = f.listen(ctx, s)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		f.goBlind(err)
		if errors.Is(err, ErrSignIn) || errors.Is(err, ErrForbidden) {
			return err
		}
		pause := f.pause(err)
		f.log.Warn("genesys: notifications lost", "err", err, "again_in", pause)
		if err := wait(ctx, pause); err != nil {
			return err
		}
	}
}

// open gives a connected socket of a subscribed channel.
func (f *follower) open(ctx context.Context) (*socket, error) {
	ch, err := f.subscribed(ctx)
	if err != nil {
		return nil, err
	}
	s, err := f.agent.cloud.dial(ctx, ch)
	if _, ok := errors.AsType[refused](err); ok && ch.doubt() {
		f.agent.channel = nil
	}
	return s, err
}

// listen passes on what the socket says until it ends. When the server announces that it will close, the
// result is the socket of a new channel, opened meanwhile.
func (f *follower) listen(ctx context.Context, s *socket) (*socket, error) {
	defer s.close()
	var heir chan *socket
	for {
		m, err := s.next(f.topic)
		switch {
		case isLost(err) && heir != nil:
			return f.inherit(heir, err)
		case isLost(err):
			f.judge(s)
			return nil, err
		case err != nil:
			f.log.Error("genesys: event cannot be read", "err", err)
			f.goBlind(err)
			f.goLive()
		case m.kind == event:
			f.on(Notification{Conversation: m.conversation})
		case m.kind == closing && heir == nil:
			heir = f.renew(ctx, s)
		}
	}
}

// renew opens a socket on a new channel while the old one is still read, and then ends the old one. Until
// inherit has received the result, the agent's channel belongs to its goroutine.
func (f *follower) renew(ctx context.Context, old *socket) chan *socket {
	f.log.Info("genesys: the notification socket is about to close")
	f.agent.channel = nil
	heir := make(chan *socket, 1)
	go func() {
		s, err := f.open(ctx)
		if err != nil {
			f.log.Warn("genesys: no new notification channel", "err", err)
		}
		heir <- s
		if s != nil {
			old.stop()
		}
	}()
	return heir
}

// inherit waits for the heir of a lost socket; without one, why says what was lost.
func (f *follower) inherit(heir chan *socket, why error) (*socket, error) {
	var s *socket
	select {
	case s = <-heir:
	default:
		f.goBlind(why)
		s = <-heir
	}
	if s == nil {
		return nil, why
	}
	f.failures = 0
	return s, nil
}

// judge a lost socket: one that lived long forgives earlier failures; one that never said a word casts
// doubt on its channel.
func (f *follower) judge(s *socket) {
	if time.Since(s.began) >= settled {
		f.failures = 0
	}
	if !s.heard && s.channel.doubt() {
		f.agent.channel = nil
	}
}

func (f *follower) goLive() {
	f.blind = false
	f.on(Notification{Live: true})
}

func (f *follower) goBlind(cause error) {
	if !f.blind {
		f.blind = true
		f.on(Notification{Blind: true, Cause: cause})
	}
}

// pause is the time until the next attempt: the step of backoff give or take a quarter, and no less than
// the platform asked for.
func (f *follower) pause(err error) time.Duration {
	step := backoff[min(f.failures, len(backoff)-1)]
	f.failures++
	step = step*3/4 + rand.N(step/2)
	if answer, ok := errors.AsType[*Error](err); ok {
		step = max(step, answer.RetryAfter)
	}
	return step
}
