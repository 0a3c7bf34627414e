package session

import (
	"context"
	"errors"
	"time"

	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/pexrtc/relay"
	"github.com/videoleg/videoleg/session/page"
)

// What passes between a page and the leg of its call: an offer is asked for, carried to the leg and answered, and
// candidates follow.

const connectTime = 30 * time.Second // of one negotiation

// newLeg makes the leg of the present participant, and asks the page for an offer if it has not
// sent one.
func (c *Call) newLeg() {
	s := &c.stay
	s.live, s.agreed, s.again, s.quiet, s.broken = false, false, s.leg != nil, false, map[relay.Hop]bool{}
	s.presentation.suspend()
	s.leg = c.calls.newLeg(c, s.participant)
	s.leg.hide(c.rules.View().CustomerHidden)
	_, ours := s.leg.(*relayLeg)
	s.reached = !ours
	switch {
	case c.calls.cfg.Mode == Bypass:
		c.askPage(page.Connect)
	case c.window.live && c.window.offer.sdp == "":
		c.askPage(page.Restart) // its peer connection is of an earlier leg
	}
	c.update()
	c.negotiate()
}

// newMediaLeg makes the leg that the media mode wants.
func (c *Call) newMediaLeg(p *pexrtc.Participant) leg {
	if c.calls.cfg.Mode == Bypass {
		return &bypassLeg{participant: p, kbps: c.calls.cfg.Kbps}
	}
	return c.newRelayLeg(p)
}

// newRelayLeg makes a leg whose states reach the owner in order. They come from the media stack,
// which must not wait for the owner.
func (c *Call) newRelayLeg(p *pexrtc.Participant) leg {
	states := make(chan relay.State, 64)
	l := &relayLeg{participant: p, done: make(chan struct{})}
	l.Leg = c.calls.cfg.Relay.NewLeg(relay.LegConfig{
		ICEServers: p.ICEServers(), RelayOnly: p.RelayOnly(), TrickleICE: p.TrickleICE(), VP9: p.VP9(), Log: c.log,
		OnState: func(st relay.State) {
			select {
			case states <- st:
			default: // a leg that changes so often is beyond telling
			}
		},
	})
	c.work.Go(func() {
		for {
			select {
			case st := <-states:
				c.post(func() { c.legState(l, st) })
			case <-l.done:
				return
			case <-c.ctx.Done():
				return
			}
		}
	})
	return l
}

// askPage asks the page for a new peer connection: by connect in bypass mode, where it is one with the node and needs
// its servers, by restart in relay mode, where a page offers by itself when it opens.
func (c *Call) askPage(how page.Type) {
	switch s := &c.stay; {
	case s.leg == nil:
	case c.calls.cfg.Mode == Bypass:
		s.agreed = false
		c.window.send(page.Out{Type: page.Connect, Servers: servers(s.participant)})
	case how == page.Restart:
		c.window.send(page.Out{Type: page.Restart})
	}
}

// negotiate gives the leg the page's newest offer, one at a time. New media begins dark.
func (c *Call) negotiate() {
	s := &c.stay
	if c.window.offer.sdp == "" || s.leg == nil || s.connecting {
		return
	}
	o, l, conn := c.window.offer, s.leg, c.window.conn
	c.window.offer, s.connecting, c.window.live = offer{}, true, true
	if !l.keeps(o.sdp) {
		s.agreed = false
		c.gate()
	}
	c.async(func(ctx context.Context) func() {
		ctx, cancel := context.WithTimeout(ctx, connectTime)
		defer cancel()
		err := l.connect(ctx, o.sdp, func(sdp string) { conn.Send(page.Out{Type: page.Answer, SDP: sdp, ID: o.id}) })
		return func() {
			c.stay.connecting = false
			if c.stay.leg == l {
				c.connected(err)
			}
			c.negotiate()
		}
	})
}

// connected is the end of a negotiation.
func (c *Call) connected(err error) {
	s := &c.stay
	if placeLost(err) {
		c.move(err)
		return
	}
	if errors.Is(err, errUpdate) || errors.Is(err, relay.ErrNoPath) {
		c.rebuild(err)
		return
	}
	if err != nil {
		c.joinFailed(err)
		return
	}
	s.agreed = s.agreed || c.window.offer.sdp == "" // else another connection may be waiting
	if s.live {
		s.presentation.settle()
		c.gate()
		c.update()
		return // the same leg serves another page, or has changed
	}
	if b, ok := s.leg.(*bypassLeg); ok {
		c.window.addServers(b.handedOver())
	}
	s.live, s.liveSince, s.moving = true, c.now(), time.Time{}
	c.flowing()
	s.presentation.begin(s.leg)
	c.listen()
	c.calls.cfg.Metrics.joins.WithLabelValues("ok").Inc()
	c.calls.cfg.Metrics.joinTime.Observe(c.now().Sub(s.began).Seconds())
	c.apply(c.rules.OnJoined(c.now()))
	c.tellRoster()
}

// flowing notes that media flows, as far as we can see.
func (c *Call) flowing() {
	s := &c.stay
	if !s.live || !s.reached {
		return
	}
	c.recoveries.flow(c.now())
}

func (c *Call) candidate(cand pexrtc.Candidate) {
	l := c.stay.leg
	if l == nil {
		return // the leg does without: it answers the page's checks
	}
	c.async(func(ctx context.Context) func() {
		if err := l.candidate(ctx, cand); err != nil {
			c.log.Debug("candidate not taken", "err", err)
		}
		return nil
	})
}
