package pexrtc

import (
	"context"
	"errors"
	"sync"
	"time"
)

// lastWords is how long Run listens on after the token was refused: if someone threw us out, the event that says so
// decides whether we may come back.
const lastWords = 300 * time.Millisecond

// refreshAsked is the node's wish for a refresh; it stays inside the package.
type refreshAsked struct{}

func (refreshAsked) event() {}

// Run keeps the participant alive and tells on what happens, until the participation is over. It must run from soon
// after Join until then, once per participant. on is called by this goroutine only, and may take its time: the token
// is refreshed meanwhile.
//
// It returns nil after [Participant.Release], ctx's error when ctx ended (the participant then still is in the
// conference until released or forgotten), and otherwise an *Error: ErrRemoved, ErrEnded, ErrTokenLost, ErrNode, ….
func (p *Participant) Run(ctx context.Context, on func(Event)) error {
	if !p.running.CompareAndSwap(false, true) {
		return errors.New("pexrtc: Run called twice")
	}
	ctx, cancel := context.WithCancel(ctx)
	var children sync.WaitGroup
	defer children.Wait()
	defer cancel()

	incoming := make(chan news)
	refreshed := make(chan struct{}, 1)
	over := make(chan error, 2)
	children.Go(func() { over <- p.keepToken(ctx, refreshed) })
	children.Go(func() { over <- p.follow(ctx, incoming) })
	return p.listen(ctx, on, incoming, refreshed, over)
}

// listen is Run's loop: the only place where the room changes and on is called.
func (p *Participant) listen(ctx context.Context, on func(Event), incoming <-chan news, refreshed <-chan struct{}, over <-chan error) error {
	room := newRoom(p.UUID())
	var verdict error
	var settled <-chan time.Time
	for {
		select {
		case <-p.leaving:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case err := <-over:
			if verdict == nil {
				verdict, settled = err, time.After(lastWords)
			}
		case <-settled:
			return p.end(on, verdict)
		case <-refreshed:
			on(Refreshed{p.Membership()})
		case n := <-incoming:
			if err := p.take(room, n, on); err != nil {
				return p.end(on, err)
			}
		}
	}
}

// take applies one piece of news; an error ends the participation.
func (p *Participant) take(room *room, n news, on func(Event)) error {
	if n.lost != nil {
		p.log.Warn("event stream lost", "err", n.lost)
		if room.lose() {
			on(EventsLost{Err: n.lost})
		}
		return nil
	}
	for _, e := range room.apply(n.msg) {
		switch e := e.(type) {
		case Ended:
			return p.ended(e.Reason)
		case refreshAsked:
			p.token.refreshNow()
			continue
		case Roster:
			if self, ok := e.Self(); ok {
				p.noteSelf(self)
			}
		case CallDisconnected:
			if !p.forgetCall(e.CallUUID) {
				continue
			}
		}
		on(e)
	}
	return nil
}

// ended is the error of a disconnect event. Words that we do not know count as the end: coming back uninvited would
// be the worse mistake.
func (p *Participant) ended(reason string) *Error {
	kind := kindOfReason(reason)
	if kind == nil || kind == ErrRole || kind == ErrPIN {
		kind = ErrEnded
	}
	return &Error{Step: "events", Alias: p.alias, Node: p.node, Reason: cleanReason(reason), Kind: kind}
}

// end tells on the reason last, unless it was our own doing.
func (p *Participant) end(on func(Event), err error) error {
	if p.isLeaving() {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		on(Ended{Reason: e.Reason, Err: err})
	}
	return err
}
