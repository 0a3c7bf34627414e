package session

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/pexrtc/relay"
	"github.com/videoleg/videoleg/session/page"
	"github.com/videoleg/videoleg/session/rules"
)

// What is done when the way to the conference breaks, the mildest first: another path to the same node (mend), the leg
// anew with the same participant (rebuild), another node (move). The last two have one budget.

const (
	reachTime = 8 * time.Second // until there is a first path to the node
	mendTime  = 8 * time.Second // for the requests that look for another path
	mendEvery = 10 * time.Second

	maxRecoveries   = 5
	firstRecoveries = 1                // before media has ever flowed: the agent is to know soon
	renewedAfter    = 30 * time.Second // of media

	moveTime  = time.Minute // for which a node is sought
	movePause = time.Second // between two tries: to twice that

	lastWords = 800 * time.Millisecond // after the node has closed our media: it may say that the room is over

	listenEvery = 250 * time.Millisecond
	whenQuiet   = 2200 * time.Millisecond // without media, reports and checks: the agent is told
	whenGone    = 3200 * time.Millisecond // something is done about it
)

// budget is how often a call's leg or participant may be made anew. Media that has flowed for a while renews it.
type budget struct {
	spent  int
	flowed bool      // media has, at some time
	since  time.Time // when media began to flow; zero: it does not
}

// flow notes that media flows.
func (b *budget) flow(now time.Time) {
	b.flowed = true
	if b.since.IsZero() {
		b.since = now
	}
}

// spend reports whether one more recovery may be tried.
func (b *budget) spend(now time.Time) bool {
	if !b.since.IsZero() && now.Sub(b.since) >= renewedAfter {
		b.spent = 0
	}
	b.spent++
	b.since = time.Time{}
	return b.spent <= maxRecoveries
}

// legState follows a relay leg's hops: a broken hop to the node is mended from here, one to the browser by its page.
func (c *Call) legState(l leg, st relay.State) {
	s := &c.stay
	if s.leg != l {
		return
	}
	switch st.Condition {
	case relay.Connected:
		s.broken[st.Hop] = false
		s.reached = s.reached || st.Hop == relay.Node
		c.flowing()
	case relay.Disconnected:
		s.broken[st.Hop] = true
		if st.Hop == relay.Node {
			c.mend(relay.Node)
		}
	case relay.Closed:
		if st.Hop == relay.Browser {
			return // a page that goes
		}
		s.broken[st.Hop] = true
		c.later(lastWords, func() {
			if s.leg == l {
				c.rebuild(pexrtc.ErrMedia)
			}
		})
	case relay.Failed:
		if _, met := s.broken[st.Hop]; !met && st.Hop == relay.Browser && c.window.conn != nil {
			c.unreached()
			return
		}
		s.broken[st.Hop] = true
		if st.Hop == relay.Node {
			c.rebuild(relay.ErrNoPath)
			return
		}
		c.calls.cfg.Metrics.again.WithLabelValues(pageFailed).Inc()
		c.askPage(page.Restart)
	}
	c.update()
}

// unreached leaves the room, as there is no path for the page's media.
func (c *Call) unreached() {
	switch {
	case c.stay.leg == nil:
	case c.calls.cfg.Mode == Bypass:
		c.joinFailed(errBypassPath)
	default:
		c.joinFailed(errBrowserPath)
	}
}

// listen watches the hops of a live leg, where they are ours.
func (c *Call) listen() {
	s := &c.stay
	if !s.live || c.calls.cfg.Mode == Bypass {
		return
	}
	if !s.reached && c.now().Sub(s.liveSince) > reachTime {
		c.rebuild(relay.ErrNoPath)
		return
	}
	if l, ok := s.leg.(*relayLeg); ok {
		c.hear(l)
	}
	c.listening.set(&c.owner, c.now().Add(listenEvery), c.listen)
}

// hear looks whether both far ends are heard, from their first media on.
func (c *Call) hear(l *relayLeg) {
	s := &c.stay
	quiet := false
	for _, h := range []relay.Hop{relay.Browser, relay.Node} {
		signs := l.Signs(h)
		quiet = quiet || signs.Silence > whenQuiet
		if signs.Silence > whenGone || signs.Stalled {
			c.mend(h)
		}
	}
	if s.leg == l && quiet != s.quiet {
		s.quiet = quiet
		c.update()
	}
}

// mend looks for another path to a far end: its network or ours has changed. A node that sends no events either is gone.
func (c *Call) mend(h relay.Hop) {
	s := &c.stay
	l, ok := s.leg.(*relayLeg)
	if !ok || !s.live {
		return
	}
	if h == relay.Node && s.deaf != nil {
		c.move(s.deaf)
		return
	}
	if c.now().Before(s.mendable[h]) {
		return
	}
	s.mendable[h] = c.now().Add(mendEvery)
	c.log.Info("media has ceased, looking for another path", "hop", h)
	if h == relay.Browser {
		c.window.send(page.Out{Type: page.Path})
		return
	}
	c.async(func(ctx context.Context) func() {
		ctx, cancel := context.WithTimeout(ctx, mendTime)
		defer cancel()
		err := l.restart(ctx)
		return func() {
			if c.stay.leg == l && err != nil {
				c.broke(err)
			}
		}
	})
}

// outOfReach says that a node neither takes requests nor sends events, and another may: what keeps the agent dark here cannot be
// undone. A node that is only deaf goes on, as its media does.
func (c *Call) outOfReach(err error) bool {
	s := &c.stay
	return errors.Is(err, pexrtc.ErrNode) && s.deaf != nil && c.calls.cfg.Pexip.Elsewhere(s.participant.Node())
}

// broke is the end of a leg that cannot go on as it is.
func (c *Call) broke(err error) {
	if placeLost(err) {
		c.move(err)
		return
	}
	c.rebuild(err)
}

// rebuild replaces a leg whose media has failed; the participant stays.
func (c *Call) rebuild(why error) {
	s := &c.stay
	may := c.recoveries.spend(c.now()) && (c.recoveries.flowed || c.recoveries.spent <= firstRecoveries)
	c.calls.cfg.Metrics.again.WithLabelValues(FaultOf(why).Code).Inc()
	c.log.Warn("leg failed, building it anew", "time", c.recoveries.spent, "err", why)
	if !may {
		c.joinFailed(why)
		return
	}
	old := s.leg
	c.window.offer = offer{}
	c.detached(releaseTime, func(ctx context.Context) { old.close(ctx) })
	c.newLeg()
}

// placeLost: the node has gone, or knows our participant no more.
func placeLost(err error) bool {
	return errors.Is(err, pexrtc.ErrNode) || errors.Is(err, pexrtc.ErrTokenLost)
}

// move joins again, on whichever node answers. A node that has gone is not waited for; should it still show our
// participant to the others, removeGhosts takes it out.
func (c *Call) move(why error) {
	may := c.recoveries.spend(c.now())
	reason := pexrtc.ErrNode
	if errors.Is(why, pexrtc.ErrTokenLost) {
		reason = pexrtc.ErrTokenLost
	}
	c.calls.cfg.Metrics.again.WithLabelValues(FaultOf(reason).Code).Inc()
	c.log.Warn("place in the room lost, joining again", "time", c.recoveries.spent, "err", why)
	if !may {
		c.dropped(why)
		return
	}
	c.leave(false)
	if reason == pexrtc.ErrNode {
		c.stay.released = nil
	}
	c.stay.moving = c.now()
	c.join()
	c.update()
}

// notMoved is a move that came to nothing. A node may soon be there again, or our way to it; for the rest, the rules decide
// whether there is another try.
func (c *Call) notMoved(err error) {
	if s := &c.stay; s.participant == nil && errors.Is(err, pexrtc.ErrNode) && c.now().Sub(s.moving) < moveTime {
		round := s.round
		c.later(movePause+rand.N(movePause), func() {
			if c.stay.round == round {
				c.join()
			}
		})
		return
	}
	c.log.Warn("not moved", "err", err)
	c.leave(false)
	c.fallOut(err, "")
}

// fallOut leaves it to the rules whether we come back; if not, the page says why.
func (c *Call) fallOut(err error, words string) {
	next, d := c.rules.OnRemoved(words, c.now())
	if errors.Is(err, pexrtc.ErrRemoved) || next.View().Out == rules.DroppedAgain {
		c.fail(err)
	}
	c.apply(next, d)
}

// removeGhosts takes participants of ours out of the conference that are not the ones we have, of a node that was left in a
// hurry or of a process that is gone: the agent's but ourselves, and the customer's but the newest.
func (c *Call) removeGhosts() {
	s := &c.stay
	if !s.roster.Synced {
		return
	}
	customer := ""
	for _, e := range s.roster.Participants {
		switch {
		case e.CallTag == rules.AgentTag+c.id && !e.Self:
			c.removeGhost(e.UUID)
		case e.CallTag == customerTag+c.session:
			if customer != "" {
				c.removeGhost(customer)
			}
			customer = e.UUID
		}
	}
}

func (c *Call) removeGhost(uuid string) {
	if c.stay.ghosts[uuid] {
		return
	}
	c.stay.ghosts[uuid] = true
	c.log.Info("removing an earlier participant of ours", "participant", uuid)
	c.throwOut(uuid)
}
