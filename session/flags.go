package session

import (
	"context"
	"time"

	"github.com/videoleg/videoleg/pexrtc"
)

// mirror brings one flag of a participant of ours in line with the newest wish, one request at a time: the node learns
// what is off or on only by being told. Its owner alone uses it.
type mirror struct {
	of          *pexrtc.Participant // nil: nobody to tell of, now or any more
	want, told  bool
	known, busy bool // told is what the node knows; a request is under way
	failed      bool // the last request came to nothing
}

// says reports whether the node knows that the flag is on, or off.
func (m *mirror) says(on bool) bool { return m.known && m.told == on }

// setFlag is a request that tells a flag.
type setFlag func(*pexrtc.Participant, context.Context, bool) error

const (
	flagTries = 3
	flagTime  = 5 * time.Second // of one try
	flagPause = 5 * time.Second // until a flag that was not told is tried again
)

// tell asks for the flag to become want, until the node knows or the participant goes. heard learns, in the owner's
// goroutine, what came of each request.
func (m *mirror) tell(o *owner, want bool, send setFlag, heard func(error)) {
	p := m.of
	m.want = want
	if p == nil || m.busy || m.says(want) {
		return
	}
	m.busy = true
	o.async(func(ctx context.Context) func() {
		err := persist(ctx, func(ctx context.Context) error { return send(p, ctx, want) })
		return func() {
			if m.of != p {
				return
			}
			m.busy, m.known, m.told, m.failed = false, err == nil, want, err != nil
			again := func() {
				if m.of == p {
					m.tell(o, m.want, send, heard)
				}
			}
			if err == nil || m.want != want {
				again()
			} else {
				o.later(flagPause, again)
			}
			heard(err)
		}
	})
}

// tell lets the node know a flag of our participant.
func (c *Call) tell(m *mirror, want bool, send setFlag) {
	m.tell(&c.owner, want, send, func(err error) {
		switch {
		case err != nil && m == &c.stay.video && !m.want && c.outOfReach(err):
			c.move(err)
			return
		case err != nil:
			c.log.Warn("flag not told to the node", "err", err)
			c.note("room", "unsure", "a flag was not told")
		}
		c.update()
	})
}

// tell lets the node know one of the customer's own states, so that the roster tells the truth.
func (v *Visit) tell(m *mirror, want bool, send setFlag) {
	m.tell(&v.owner, want, send, func(err error) {
		if err != nil {
			v.log.Warn("flag not told to the node", "err", err)
		}
	})
}

// tellAnew lets the node know the states of a new participant, who begins with all of them off.
func (v *Visit) tellAnew(p *pexrtc.Participant) {
	v.muted, v.dark = mirror{of: p, known: true, want: v.muted.want}, mirror{of: p, known: true, want: v.dark.want}
	v.tell(&v.muted, v.muted.want, (*pexrtc.Participant).SetMuted)
	v.tell(&v.dark, v.dark.want, (*pexrtc.Participant).SetVideoMuted)
}

// persist tries a few times, each with a deadline of its own.
func persist(ctx context.Context, send func(context.Context) error) (err error) {
	for n := range flagTries {
		if n > 0 {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(backoff(n, time.Second) / 4):
			}
		}
		once, cancel := context.WithTimeout(ctx, flagTime)
		err = send(once)
		cancel()
		if err == nil {
			return nil
		}
	}
	return err
}

// gate opens or closes the way of the agent's picture, which is open while the rules let him be seen and the media is
// agreed: the gates first, at once, ours and the page's, which is told its state; then the flag, which is a request and
// may fail. Failing is towards dark.
func (c *Call) gate() {
	s := &c.stay
	open := s.shown && s.agreed
	if s.leg != nil {
		s.leg.show(open)
	}
	stops := c.window.shown.Sending && !open
	c.window.show(c.view())
	c.tell(&s.video, !open, (*pexrtc.Participant).SetVideoMuted)
	switch {
	case s.shown:
		c.darkening.stop()
	case c.window.conn == nil:
		c.silence()
	case stops:
		c.darkening.set(&c.owner, c.now().Add(darkTime), c.silence)
	}
}

// darkTime is how long a page may take to say that its camera has stopped. A socket can be dead for longer than that
// before anybody knows.
const darkTime = 2 * time.Second

// silence ends a media call past us whose page is away, or does not say that it has stopped its camera. When the page is
// back, it makes another.
func (c *Call) silence() {
	if b, ok := c.stay.leg.(*bypassLeg); ok && c.stay.live {
		c.log.Info("the page does not hear: ending its media call")
		c.detached(releaseTime, b.close)
		c.newLeg()
	}
}

// throwOut removes somebody from the conference: an announcement, or an earlier participant of ours.
func (c *Call) throwOut(uuid string) {
	p := c.stay.participant
	if p == nil {
		return
	}
	c.async(func(ctx context.Context) func() {
		if err := persist(ctx, func(ctx context.Context) error { return p.Remove(ctx, uuid) }); err != nil {
			c.log.Warn("participant not removed", "participant", uuid, "err", err)
		}
		return nil
	})
}
