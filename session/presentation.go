package session

import (
	"context"
	"errors"

	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/pexrtc/relay"
	"github.com/videoleg/videoleg/session/page"
)

// What a page is told of its own share (page.Presentation.Own).
const (
	shareStarting = "starting" // the room is being told
	shareOn       = "on"       // the room sees it
)

// presentation is one participant's part in shared screens: his own or another's, never both. Its
// owner alone uses it.
//
//	his page wants to ──► slides line sendonly ──► take_floor ──► gate opens
//	it ends, is stopped ► gate shuts ──► release_floor ──► slides line inactive
//	another begins ─────► gate shuts ──► slides line recvonly
type presentation struct {
	owner       *owner
	participant *pexrtc.Participant
	byPage      bool            // the page turns its slides line itself (bypass)
	told        func()          // after each change
	refused     func(err error) // the share did not come to pass
	leg         leg             // of the moment; nil: none with media
	want        bool            // his page shares, and may
	floor       bool            // the node has given it to him
	by, name    string          // another who presents, by UUID; empty: nobody
	busy        bool            // a request is under way
	failed      string          // the direction that the line did not take
}

var errNoSlides = errors.New("session: the node takes no slides in this call")

func (c *Call) newPresentation(p *pexrtc.Participant) *presentation {
	return &presentation{
		owner: &c.owner, participant: p, byPage: c.calls.cfg.Mode == Bypass,
		told: c.update, refused: func(err error) { c.refuse(page.Present, err) },
	}
}

// present is the page's word that it shares a screen, or does not any more.
func (c *Call) present(on bool) {
	if !on {
		c.stopPresenting()
		return
	}
	if !c.view().MayPresent {
		c.refuse(page.Present, nil)
		return
	}
	c.note("agent", "present", onOff(on))
	c.stay.presentation.set(true)
}

func (c *Call) stopPresenting() {
	if c.stay.presentation != nil {
		c.stay.presentation.set(false)
	}
}

func (v *Visit) newPresentation(p *pexrtc.Participant) *presentation {
	return &presentation{
		owner: &v.owner, participant: p, byPage: true,
		told: v.update, refused: func(err error) {
			v.log.Warn("screen not shared", "err", err)
			v.window.send(page.Out{Type: page.Refused, What: page.Present})
		},
	}
}

// mayPresent: a customer shares to an agent, where the room lets guests.
func (v *Visit) mayPresent() bool {
	return v.status == visitInCall && v.shared.leg != nil && v.participant.GuestsCanPresent()
}

// present is the page's word that it shares a screen, or does not any more.
func (v *Visit) present(on bool) {
	switch {
	case v.shared == nil:
	case !on:
		v.shared.set(false)
	case v.mayPresent():
		v.shared.set(true)
	default:
		v.window.send(page.Out{Type: page.Refused, What: page.Present})
	}
}

// begin serves a leg that is live; what was agreed on an earlier one is not any more.
func (s *presentation) begin(l leg) {
	s.leg, s.floor, s.failed = l, false, ""
	s.settle()
}

// suspend is for a leg whose media has ended.
func (s *presentation) suspend() { s.leg = nil }

// set begins or ends the own share.
func (s *presentation) set(on bool) {
	if s.want == on {
		return
	}
	s.want, s.failed = on, ""
	if !on {
		s.shut()
	}
	s.told()
	s.settle()
}

// shut closes the gate of the own share, at once.
func (s *presentation) shut() {
	if s.leg != nil {
		s.leg.present(false)
	}
}

// hear takes the room's word of who presents.
func (s *presentation) hear(e pexrtc.Presentation) {
	switch {
	case e.Own:
		return
	case e.Active: // the floor is theirs or, if nobody is named, nobody's
		s.want, s.floor = false, false
		s.shut()
		s.by, s.name = e.PresenterUUID, e.PresenterName
	default:
		s.by, s.name = "", ""
	}
	s.failed = ""
	s.told()
	s.settle()
}

// reconcile believes a roster that was told anew: events were missed, or have not come yet.
func (s *presentation) reconcile(r pexrtc.Roster) {
	for _, e := range r.Participants {
		if e.Presenting && !e.Self {
			if e.UUID != s.by {
				s.hear(pexrtc.Presentation{Active: true, PresenterUUID: e.UUID, PresenterName: e.DisplayName})
			}
			return
		}
	}
	if s.by != "" {
		s.hear(pexrtc.Presentation{})
	}
}

// direction that the slides line is to have.
func (s *presentation) direction() string {
	switch {
	case s.want || s.floor:
		return relay.Presenting
	case s.by != "":
		return relay.Watching
	}
	return relay.Idle
}

// settle takes the next step towards what is wanted, one at a time.
func (s *presentation) settle() {
	if s.busy || s.leg == nil {
		return
	}
	l, p, direction := s.leg, s.participant, s.direction()
	turned := l.slides() == direction
	switch {
	case s.floor && !s.want:
		s.step(func(ctx context.Context) error { return persist(ctx, p.ReleaseFloor) }, func(error) { s.floor = false })
	case !turned && s.failed != direction && !s.byPage:
		s.step(func(ctx context.Context) error { return l.turn(ctx, direction) }, func(err error) {
			if err != nil || l.slides() != direction {
				s.fail(direction, err)
			}
		})
	case turned && s.want && !s.floor:
		s.step(p.TakeFloor, func(err error) { s.took(l, err) })
	}
}

// step runs one request, and then the next.
func (s *presentation) step(request func(context.Context) error, then func(error)) {
	s.busy = true
	s.owner.async(func(ctx context.Context) func() {
		ctx, cancel := context.WithTimeout(ctx, connectTime)
		defer cancel()
		err := request(ctx)
		return func() {
			s.busy = false
			then(err)
			s.told()
			s.settle()
		}
	})
}

// took is the end of take_floor. Who does not want it any more gives it back.
func (s *presentation) took(l leg, err error) {
	if err != nil {
		s.want = false
		s.refused(err)
		return
	}
	s.floor = true
	if s.want && s.leg == l {
		s.by, s.name = "", ""
		l.present(true)
	}
}

// fail leaves the line as it is until something else is wanted of it.
func (s *presentation) fail(direction string, err error) {
	s.failed = direction
	if s.want {
		s.want = false
		s.refused(errors.Join(errNoSlides, err))
	}
}

// view is what the page needs to know; nil: nothing.
func (s *presentation) view() *page.Presentation {
	v := page.Presentation{By: s.name, Other: s.by != ""}
	switch {
	case s.want && s.floor:
		v.Own = shareOn
	case s.want:
		v.Own = shareStarting
	}
	if s.byPage {
		v.Line = s.direction()
	}
	if v == (page.Presentation{}) {
		return nil
	}
	return &v
}
