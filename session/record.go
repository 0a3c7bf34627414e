package session

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/videoleg/videoleg/pexrtc/events"
	"github.com/videoleg/videoleg/pexrtc/policy"
	"github.com/videoleg/videoleg/session/invite"
	"github.com/videoleg/videoleg/session/rules"
)

// Recorder writes down what a session's calls were, one after the other, so that whoever brings the
// news need not wait for the storage.
type Recorder struct {
	keep  func(ctx context.Context, session string, c invite.Call, over bool) error
	log   *slog.Logger
	queue chan record
	stop  context.CancelFunc
	done  chan struct{}
}

type record struct {
	session string
	call    invite.Call
	over    bool
}

const (
	maxRecords  = 4096            // that wait
	recordTries = 5               // to write one
	recordTime  = 5 * time.Second // for one try
)

// NewRecorder starts one that keeps with the given function (invite.Sessions.Record); Close ends it.
func NewRecorder(keep func(ctx context.Context, session string, c invite.Call, over bool) error, log *slog.Logger) *Recorder {
	ctx, stop := context.WithCancel(context.Background())
	r := &Recorder{keep: keep, log: log, queue: make(chan record, maxRecords), stop: stop, done: make(chan struct{})}
	go r.run(ctx)
	return r
}

// Closed takes a room that has closed.
func (r *Recorder) Closed(session string, c invite.Call, over bool) {
	select {
	case r.queue <- record{session, c, over}:
	default:
		r.log.Error("call not recorded: too many wait", "session", session)
	}
}

// Close ends it; a write that has begun is finished or given up within recordTime.
func (r *Recorder) Close() {
	r.stop()
	<-r.done
}

func (r *Recorder) run(ctx context.Context) {
	defer close(r.done)
	for {
		select {
		case one := <-r.queue:
			r.write(ctx, one)
		case <-ctx.Done():
			return
		}
	}
}

// write keeps a record. Sessions that nobody keeps, such as those of somebody else's pages, are none
// of ours.
func (r *Recorder) write(ctx context.Context, one record) {
	for try := 1; ; try++ {
		limited, cancel := context.WithTimeout(ctx, recordTime)
		err := r.keep(limited, one.session, one.call, one.over)
		cancel()
		switch {
		case err == nil:
			r.log.Info("call recorded", "session", one.session, "began", one.call.Began, "ended", one.call.Ended,
				"answered", one.call.Answered, "parties", len(one.call.Parties), "over", one.over)
			return
		case errors.Is(err, invite.ErrNotFound), ctx.Err() != nil:
			return
		case try == recordTries:
			r.log.Error("call not recorded", "session", one.session, "err", err)
			return
		}
		select {
		case <-time.After(backoff(try, maxRereadWait)):
		case <-ctx.Done():
			return
		}
	}
}

// Call is a room's call as it is now, or was when the room closed: who is in, and who was.
func (n News) Call(r events.Room) invite.Call {
	c := invite.Call{Began: r.Began, Ended: r.Told}
	for _, l := range slices.Concat(r.Gone, r.Legs) {
		p := invite.Party{
			ID: l.UUID, Kind: n.kindOf(l), Protocol: l.Protocol, Role: l.Role, Joined: l.Connected, Left: l.Left,
			Reason: l.Reason, Quality: worst(l.Quality),
		}
		c.Answered = c.Answered || l.Answered || p.Kind == kindAgent && l.HasMedia
		c.Parties = append(c.Parties, p)
		if !l.Connected.IsZero() && (c.Began.IsZero() || l.Connected.Before(c.Began)) {
			c.Began = l.Connected
		}
	}
	if len(r.Nodes) > 0 {
		c.Ended = time.Time{} // it goes on
	}
	return c
}

// kindOf tells who a leg is, by its call tag or else by the alias that was dialled.
func (n News) kindOf(l events.Leg) string {
	alias := policy.BareAlias(l.Alias)
	switch {
	case l.Out:
		return kindPhone
	case strings.HasPrefix(l.CallTag, rules.AgentTag), strings.HasPrefix(alias, strings.ToLower(n.Calls.cfg.AgentPrefix)):
		return kindAgent
	case strings.HasPrefix(l.CallTag, customerTag), strings.HasPrefix(alias, strings.ToLower(n.Visits.cfg.CustomerPrefix)):
		return kindCustomer
	}
	return kindGuest
}

// worst is the lowest class of a leg's media: they begin with a figure, 1 for good to 4 for terrible.
func worst(windows []events.Quality) (class string) {
	for _, w := range windows {
		class = max(class, w.Now)
	}
	return class
}

// settled says whether a call that has closed was the session's: somebody had answered, and the customer
// did not lose his way out of it. He who lost it may come back.
func settled(c invite.Call) bool {
	var last invite.Party
	for _, p := range c.Parties {
		if p.Kind == kindCustomer && !p.Left.Before(last.Left) {
			last = p
		}
	}
	return c.Answered && !lostItsWay(last.Reason)
}

// lostItsWay tells reasons of nodes and networks from those of people.
func lostItsWay(reason string) bool {
	reason = strings.ToLower(reason)
	return slices.ContainsFunc([]string{"timer expired", "timed out", "timeout", "node", "network", "connection", "resource"},
		func(word string) bool { return strings.Contains(reason, word) })
}
