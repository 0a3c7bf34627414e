package session

import (
	"context"
	"errors"
	"time"

	"github.com/videoleg/videoleg/genesys"
	"github.com/videoleg/videoleg/session/rules"
)

// follower listens to one agent's conversations, through one notification channel, whatever calls
// come and go: channels are few (20 a day). It lives until the sign-in ends or the process stops.
type follower struct {
	agent *genesys.Agent
	stop  context.CancelFunc

	// Guarded by Calls.mu:
	live   bool
	calls  map[*Call]struct{}
	before *follower // of a sign-in about to end: listens until this one does
	over   bool      // another listens now

	foreseen map[string]*foreseen // by conversation
}

// followPause is the wait before listening again after a failure that Follow does not mend itself.
const followPause = 5 * time.Second

// watch lets c hear of its agent's conversations, and reports whether events flow already. An
// agent whose sign-in has ended, or is about to, is followed anew with the one that c brings.
func (cs *Calls) watch(c *Call) (live bool) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	id := c.agent.ID()
	f := cs.followers[id]
	if f == nil || supersedes(c.agent, f.agent, time.Now()) {
		f = cs.newFollower(c.agent, f)
	}
	f.calls[c] = struct{}{}
	return f.live
}

// newFollower starts one and makes it the agent's, after the one before, if any; cs.mu is held.
func (cs *Calls) newFollower(agent *genesys.Agent, before *follower) *follower {
	ctx, stop := context.WithCancel(cs.ctx)
	f := &follower{agent: agent, stop: stop, calls: map[*Call]struct{}{}, before: before, foreseen: map[string]*foreseen{}}
	if before != nil {
		f.live, f.calls = before.live, before.calls
		before.retire() // whom that one still waited for
	}
	cs.followers[agent.ID()] = f
	cs.work.Go(func() {
		defer stop()
		cs.follow(ctx, f)
	})
	return f
}

// retire ends the one that f has taken the place of; Calls.mu is held.
func (f *follower) retire() {
	if f.before != nil {
		f.before.over = true
		f.before.stop()
		f.before = nil
	}
}

// unwatch is the end of a call.
func (cs *Calls) unwatch(c *Call) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if f := cs.followers[c.agent.ID()]; f != nil {
		delete(f.calls, c)
	}
}

// follow runs until ctx ends or the agent must sign in again.
func (cs *Calls) follow(ctx context.Context, f *follower) {
	defer cs.unfollow(f)
	for {
		err := f.agent.Follow(ctx, func(n genesys.Notification) { cs.notify(f, n) })
		if ctx.Err() != nil {
			return
		}
		cs.cfg.Log.Warn("notifications ended", "agent", f.agent.ID(), "err", err)
		if errors.Is(err, genesys.ErrSignIn) {
			cs.blind(f, rules.SignInEnded)
			return
		}
		cs.blind(f, rules.SocketDown)
		select {
		case <-ctx.Done():
			return
		case <-time.After(followPause):
		}
	}
}

func (cs *Calls) unfollow(f *follower) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	f.retire()
	if cs.followers[f.agent.ID()] == f {
		delete(cs.followers, f.agent.ID())
	}
}

// notify passes one notification to the calls that it is about.
func (cs *Calls) notify(f *follower, n genesys.Notification) {
	switch {
	case n.Blind:
		cs.blind(f, rules.SocketDown)
	case n.Live:
		cs.inherit(f)
		for _, c := range cs.heard(f, true) {
			c.post(func() { c.apply(c.rules.OnLive(time.Now())) })
		}
	case n.Conversation != nil:
		foreseen := true
		for _, c := range cs.heard(f, true) {
			if c.conversation == n.Conversation.ID {
				foreseen = false
				c.post(func() { c.learn(n.Conversation, time.Time{}) })
			}
		}
		if foreseen {
			cs.foresee(f, n.Conversation)
		}
	}
}

func (cs *Calls) blind(f *follower, why rules.Code) {
	for _, c := range cs.heard(f, false) {
		c.post(func() { c.apply(c.rules.OnBlind(why, time.Now())) })
	}
}

// inherit is when a follower hears by itself.
func (cs *Calls) inherit(f *follower) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	f.retire()
}

// heard notes whether events flow, and returns the follower's calls: none if it is not up to this one, because another
// listens already, or still.
func (cs *Calls) heard(f *follower, live bool) []*Call {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if f.over || !live && f.before != nil && f.before.live {
		return nil
	}
	f.live = live
	if !live {
		clear(f.foreseen) // what comes next may be missed
	}
	if now := cs.followers[f.agent.ID()]; now != nil && now.before == f {
		now.live = live
	}
	all := make([]*Call, 0, len(f.calls))
	for c := range f.calls {
		all = append(all, c)
	}
	return all
}

// snapshot is a conversation in the words of the rules.
func snapshot(conv *genesys.Conversation, asOf time.Time) rules.Snapshot {
	s := rules.Snapshot{
		ConversationID: conv.ID, Source: rules.Event, AsOf: asOf,
		RecordingState: conv.RecordingState, SecurePause: conv.SecurePause,
	}
	if conv.Source == genesys.SourceREST {
		s.Source = rules.Resync
	}
	for _, p := range conv.Participants {
		s.Participants = append(s.Participants, rules.Participant{
			ID: p.ID, Purpose: p.Purpose, UserID: p.UserID,
			State: p.State, DisconnectType: p.DisconnectType,
			Held: flag(p.Held, p.Unsaid.Held), Muted: flag(p.Muted, p.Unsaid.Muted), Confined: flag(p.Confined, p.Unsaid.Confined),
			ConsultParticipantID: p.ConsultParticipantID, ConsultInitiator: p.ConsultInitiator,
			RecordingState: p.RecordingState,
			ConnectedTime:  p.ConnectedTime, EndTime: p.EndTime, StartHoldTime: p.StartHoldTime,
		})
	}
	return s
}

// flag is a boolean that the platform may have left out.
func flag(value, unsaid bool) rules.Flag {
	if unsaid {
		return rules.Unsaid
	}
	return rules.Said(value)
}
