package session

import (
	"context"
	"errors"
	"time"

	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/pexrtc/relay"
	"github.com/videoleg/videoleg/session/page"
	"github.com/videoleg/videoleg/session/rules"
)

// stay is a call's presence in its conference, from join to leave: the participant, and the leg
// that carries the video. Only the call's owner uses it.
type stay struct {
	round       int // counts joins and leaves: what was begun in an earlier one is out of date
	began       time.Time
	participant *pexrtc.Participant // nil until joined
	released    chan struct{}       // closed when the last participant is handed back; nil before the first
	roster      pexrtc.Roster
	locked      bool // newcomers wait

	leg        leg  // nil until the participant is there
	connecting bool // leg.connect runs
	live       bool // it has returned: media may flow
	liveSince  time.Time
	reached    bool // there is, or was, a path to the node; past us, the page knows
	again      bool // the leg is not the first one of the participant
	agreed     bool // the media of the page's present connection: the node has its ack
	shown      bool // the rules let the customer see the agent
	broken     map[relay.Hop]bool
	quiet      bool            // a far end has sent nothing for a while
	mendable   [2]time.Time    // by hop: another path is not looked for again before
	deaf       error           // why the node's events have ceased; nil: they have not
	moving     time.Time       // since when we look for another place in the room, until the leg is live there; zero: we have one
	ghosts     map[string]bool // earlier participants of ours that were removed, by UUID

	video, muted mirror

	presentation *presentation // nil until the participant is there
}

// join enters the conference as host.
func (c *Call) join() {
	s := &c.stay
	s.round++
	s.began = c.now()
	round, before, again, name := s.round, s.released, c.entered, c.agent.Name()
	c.problem = nil
	c.work.Go(func() {
		ctx, cancel := context.WithTimeout(c.ctx, joinTime)
		defer cancel()
		p, err := c.enter(ctx, before, again, name)
		taken := c.post(func() {
			if c.stay.round == round {
				c.joined(p, err)
			} else if p != nil {
				c.handBack(p, nil, false)
			}
		})
		if !taken && p != nil {
			c.calls.cfg.Members.Release(ctx, c.id, p)
		}
	})
}

// enter asks a node for a token, once an earlier participant of ours is gone: the roster never
// shows the agent twice.
func (c *Call) enter(ctx context.Context, before <-chan struct{}, again bool, name string) (*pexrtc.Participant, error) {
	if err := awaitReleased(ctx, before); err != nil {
		return nil, err
	}
	cfg := c.calls.cfg
	if err := cfg.Members.MakeWay(ctx, c.id, again); err != nil {
		return nil, err
	}
	return cfg.Pexip.Join(ctx, pexrtc.JoinRequest{
		Alias:       cfg.AgentPrefix + c.session,
		DisplayName: name,
		PIN:         cfg.HostPIN,
		CallTag:     rules.AgentTag + c.id,
	})
}

// awaitReleased waits until a participant is handed back; nil: there was none. Its error is ctx's.
func awaitReleased(ctx context.Context, released <-chan struct{}) error {
	if released == nil {
		return nil
	}
	select {
	case <-released:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// joined goes on with the participant, or says why there is none.
func (c *Call) joined(p *pexrtc.Participant, err error) {
	if err == nil && p.Role() != pexrtc.Host {
		c.handBack(p, nil, false)
		err = ErrGuestRole
	}
	if err != nil {
		c.joinFailed(err)
		return
	}
	c.stay.participant, c.stay.ghosts, c.entered = p, map[string]bool{}, true
	c.calls.cfg.Members.Keep(c.id, p.Membership())
	c.stay.video.of, c.stay.muted.of = p, p
	c.stay.presentation = c.newPresentation(p)
	c.log.Info("joined", "node", p.Node(), "participant", p.UUID())
	c.async(func(ctx context.Context) func() {
		err := p.Run(ctx, func(e pexrtc.Event) {
			c.post(func() {
				if c.stay.participant == p {
					c.event(e)
				}
			})
		})
		return func() {
			if c.stay.participant == p {
				c.lost(err)
			}
		}
	})
	c.newLeg()
}

func (c *Call) joinFailed(err error) {
	if !c.stay.moving.IsZero() {
		c.notMoved(err)
		return
	}
	err = c.noRoom(err)
	c.calls.cfg.Metrics.joins.WithLabelValues(FaultOf(err).Code).Inc()
	c.log.Warn("not joined", "err", err)
	c.fail(err)
	c.leave(false)
	c.apply(c.rules.OnJoinFailed(c.now()))
}

// fail lets the page say what went wrong.
func (c *Call) fail(err error) {
	p := FaultOf(err).Problem
	c.problem = &p
}

// event is news from the conference.
func (c *Call) event(e pexrtc.Event) {
	switch e := e.(type) {
	case pexrtc.Roster:
		if e.Synced && !c.stay.roster.Synced {
			c.stay.presentation.reconcile(e)
		}
		c.stay.roster = e
		c.removeGhosts()
		c.tellRoster()
		c.showPeople()
	case pexrtc.ConferenceUpdated:
		c.stay.locked = e.Locked
		c.update()
	case pexrtc.Presentation:
		c.stay.presentation.hear(e)
	case pexrtc.MessageReceived:
		c.window.chat(c.chat.take(e, c.now())...)
	case pexrtc.Refreshed:
		c.calls.cfg.Members.Keep(c.id, e.Membership)
	case pexrtc.EventsLost:
		c.stay.roster.Synced = false
		c.tellRoster()
		c.stay.deaf = e.Err
	case pexrtc.EventsBack:
		c.stay.deaf = nil
	case pexrtc.Candidate:
		if l, ok := c.stay.leg.(*relayLeg); ok {
			_ = l.NodeCandidate(e) // one that cannot be used is one path less
			return
		}
		c.window.send(page.Out{Type: page.Candidate, Candidate: e.Candidate, Mid: e.MID})
	case pexrtc.CallDisconnected:
		if c.stay.live {
			c.rebuild(pexrtc.ErrMedia)
		}
	}
}

func (c *Call) tellRoster() {
	var members []rules.Member
	for _, e := range c.stay.roster.Participants {
		members = append(members, rules.Member{UUID: e.UUID, CallTag: e.CallTag, AudioOnly: e.AudioOnly, Playback: e.IsPlayback()})
	}
	c.apply(c.rules.OnRoster(members, c.stay.roster.Synced, c.now()))
}

// lost is the end of the participant by the far end.
func (c *Call) lost(err error) {
	if placeLost(err) {
		c.move(err)
		return
	}
	c.dropped(err)
}

// dropped is the end of our place in the room.
func (c *Call) dropped(err error) {
	c.log.Warn("participant lost", "err", err)
	c.calls.cfg.Metrics.again.WithLabelValues(FaultOf(err).Code).Inc()
	words := ""
	var e *pexrtc.Error
	if errors.As(err, &e) {
		words = e.Reason
	}
	c.leave(false)
	c.fallOut(err, words)
}

// leave takes our leg out of the conference, for everybody if so ordered.
func (c *Call) leave(forAll bool) {
	s := &c.stay
	p, l := s.participant, s.leg
	*s = stay{round: s.round + 1, released: s.released, connecting: s.connecting}
	if p != nil {
		c.handBack(p, l, forAll)
	}
	if forAll {
		c.calls.cfg.Metrics.ends.WithLabelValues("all").Inc()
	}
}

// handBack releases a participant and its leg, even if the call is closed meanwhile. Where the node does not answer, the
// release outlives the call.
func (c *Call) handBack(p *pexrtc.Participant, l leg, forAll bool) {
	released := make(chan struct{})
	c.stay.released = released
	c.detached(2*releaseTime, func(ctx context.Context) {
		defer close(released)
		if l != nil {
			ctx, cancel := context.WithTimeout(ctx, hangUpTime)
			l.close(ctx)
			cancel()
		}
		if forAll {
			if err := p.EndConference(ctx); err != nil {
				c.log.Warn("conference not ended", "err", err)
			}
		}
		c.calls.cfg.Members.Release(ctx, c.id, p)
	})
}
