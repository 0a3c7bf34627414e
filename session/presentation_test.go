package session

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/videoleg/videoleg/genesys/genesystest"
	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
	"github.com/videoleg/videoleg/pexrtc/relay"
	"github.com/videoleg/videoleg/session/rules"
)

// sharing is a call of Ada's in which she is seen, and a leg of which only the gates are there.
type sharing struct {
	*testing.T
	c    *centre
	call *genesystest.Conversation
	gate *gate
	tab  *tab
}

func newSharing(t *testing.T, c *centre) *sharing {
	s := &sharing{T: t, c: c, call: c.ring()}
	s.gate = &gate{w: &witness{t: t, c: c, call: s.call}, line: relay.Idle}
	c.calls.cfg.Mode = Relay
	c.calls.newLeg = func(*Call, *pexrtc.Participant) leg { return s.gate }
	s.tab = c.open(c.agent(genesystest.AdaID), s.call.ID())
	s.tab.say(map[string]any{"type": "camera", "on": true, "available": true})
	s.tab.say(map[string]any{"type": "offer", "sdp": "v=0\r\n", "id": 1})
	s.tab.await("may share", func(m message) bool { return m.MayPresent })
	return s
}

func (s *sharing) share(on bool) { s.tab.say(map[string]any{"type": "present", "on": on}) }

// wants compares what is shared, where, with what should be.
func (s *sharing) wants(when string, gate bool, line string, floor bool) {
	s.Helper()
	synctest.Wait()
	ada := s.c.tagged(rules.AgentTag)[0]
	s.gate.mu.Lock()
	defer s.gate.mu.Unlock()
	if s.gate.shares != gate || s.gate.line != line || ada.Presenting != floor {
		s.Errorf("%s: gate open %v, line %s, has the floor %v; want %v, %s, %v", when, s.gate.shares, s.gate.line, ada.Presenting, gate, line, floor)
	}
}

func own(want string) func(message) bool {
	return func(m message) bool { return m.Type == "state" && m.Presentation.Own == want }
}

func TestAgentShares(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		s := newSharing(t, c)
		s.wants("at first", false, relay.Idle, false)
		s.share(true)
		s.tab.await("starts", own(shareStarting))
		s.tab.await("shares", own(shareOn))
		s.wants("while sharing", true, relay.Presenting, true)

		s.tab.say(map[string]any{"type": "camera", "on": false, "available": true})
		synctest.Wait()
		s.wants("without a camera", true, relay.Presenting, true)

		s.share(false)
		s.tab.await("has stopped", own(""))
		s.wants("afterwards", false, relay.Idle, false)
	})
}

// TestHoldEndsAShare, and the end of the hold does not begin it again.
func TestHoldEndsAShare(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		s := newSharing(t, c)
		s.share(true)
		s.tab.await("shares", own(shareOn))
		if err := s.call.Hold(genesystest.AdaID); err != nil {
			t.Fatal(err)
		}
		s.tab.await("has stopped", own(""))
		s.wants("on hold", false, relay.Idle, false)

		s.share(true)
		s.tab.await("is refused", func(m message) bool { return m.Type == "refused" && m.What == "present" })
		if err := s.call.Resume(genesystest.AdaID); err != nil {
			t.Fatal(err)
		}
		s.tab.await("may share again", func(m message) bool { return m.MayPresent })
		time.Sleep(time.Minute)
		s.wants("after the hold", false, relay.Idle, false)
	})
}

// TestAnotherPresents: who begins last wins, and the line follows.
func TestAnotherPresents(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		s := newSharing(t, c)
		s.share(true)
		s.tab.await("shares", own(shareOn))
		bob, err := c.calls.cfg.Pexip.Join(t.Context(), pexrtc.JoinRequest{Alias: "agt" + roomID, DisplayName: "Bob", PIN: hostPIN})
		if err != nil {
			t.Fatal(err)
		}
		if err := bob.TakeFloor(t.Context()); err != nil {
			t.Fatal(err)
		}
		m := s.tab.await("has lost the floor", own(""))
		if m.Presentation.By != "Bob" || !m.Presentation.Other {
			t.Errorf("told of %+v, want Bob", m.Presentation)
		}
		s.wants("while Bob presents", false, relay.Watching, false)

		s.share(true)
		s.tab.await("shares again", own(shareOn))
		s.wants("taken back", true, relay.Presenting, true)
		if err := bob.TakeFloor(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.tab.await("watches again", func(m message) bool { return m.Presentation.Other })
		if err := bob.Release(t.Context(), "leaves in the middle"); err != nil {
			t.Fatal(err)
		}
		s.tab.await("is alone", func(m message) bool { return m.Type == "state" && !m.Presentation.Other })
		s.wants("at the end", false, relay.Idle, false)
	})
}

// TestNodeRefusesAShare: no floor, no picture, and the page knows.
func TestNodeRefusesAShare(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		s := newSharing(t, c)
		c.node.SetFaults(pexrtctest.Faults{OnRequest: pexrtctest.On("/take_floor", &pexrtctest.Fault{Status: http.StatusForbidden})})
		s.share(true)
		s.tab.await("is refused", func(m message) bool { return m.Type == "refused" && m.What == "present" })
		s.wants("refused", false, relay.Idle, false)
	})
}

// TestReloadEndsAShare: what was shared went with the page.
func TestReloadEndsAShare(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		s := newSharing(t, c)
		s.share(true)
		s.tab.await("shares", own(shareOn))
		s.tab.unload()
		again := c.open(c.agent(genesystest.AdaID), s.call.ID())
		again.await("shows the call", func(m message) bool { return m.Type == "state" && m.MayPresent && m.Presentation.Own == "" })
		s.wants("after the reload", false, relay.Idle, false)
	})
}
