package session

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/videoleg/videoleg/genesys/genesystest"
	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/pexrtc/relay"
	"github.com/videoleg/videoleg/session/page"
	"github.com/videoleg/videoleg/session/rules"
)

// TestBudget: recoveries end where nothing comes of them, and never where media flows in between.
func TestBudget(t *testing.T) {
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name  string
		flows time.Duration // after each recovery; 0: it comes to nothing
		want  int           // recoveries, of twenty
	}{
		{"in vain", 0, maxRecoveries},
		{"for a moment each", renewedAfter - time.Second, maxRecoveries},
		{"for a while each", renewedAfter, 20},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var b budget
			got, at := 0, now
			for range 20 {
				if !b.spend(at) {
					break
				}
				got++
				if tc.flows > 0 {
					b.since = at
				}
				at = at.Add(tc.flows)
			}
			if got != tc.want {
				t.Errorf("%d recoveries, want %d", got, tc.want)
			}
		})
	}
}

// TestTokenLost: the node forgot us, the call is still on: one more participant, and only one.
func TestTokenLost(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		tab := c.open(c.agent(genesystest.AdaID), c.ring().ID())
		tab.await("asks for an offer", func(m message) bool { return m.Type == "connect" })
		before := c.tagged(rules.AgentTag)[0].UUID
		c.node.ExpireToken(before)
		tab.await("asks for another offer", func(m message) bool { return m.Type == "connect" })
		if got := c.tagged(rules.AgentTag); len(got) != 1 || got[0].UUID == before {
			t.Errorf("on the node: %+v, want one new participant", got)
		}
	})
}

// TestTokenLostAgainAndAgain: a node that never keeps us is given up, and the page can say so.
func TestTokenLostAgainAndAgain(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		tab := c.open(c.agent(genesystest.AdaID), c.ring().ID())
		lost := 0
		for {
			m := tab.await("asks for an offer, or gives up", func(m message) bool { return m.Type == "connect" || m.Error != nil })
			if m.Error != nil {
				if m.Error.Code != "room-lost" || m.Status != StatusNoCall {
					t.Errorf("the page is told %s with status %s, want room-lost and %s", m.Error.Code, m.Status, StatusNoCall)
				}
				break
			}
			c.node.ExpireToken(c.tagged(rules.AgentTag)[0].UUID)
			lost++
		}
		if most := maxRecoveries + 2; lost != most { // the last but one is the rules' own way back
			t.Errorf("given up after %d losses, want %d", lost, most)
		}
		if got := c.tagged(rules.AgentTag); len(got) != 0 {
			t.Errorf("on the node: %+v, want nobody", got)
		}
	})
}

// TestAnotherLegWhileAway: a page that comes back with its peer connection is told that the leg is another one.
func TestAnotherLegWhileAway(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		ada, conversation := c.agent(genesystest.AdaID), c.ring()
		first := c.open(ada, conversation.ID())
		first.await("asks for an offer", func(m message) bool { return m.Type == "connect" })
		first.cut()
		c.node.ExpireToken(c.tagged(rules.AgentTag)[0].UUID)
		synctest.Wait()
		call, err := c.calls.Open(t.Context(), ada, conversation.ID())
		if err != nil {
			t.Fatal(err)
		}
		back := newTab(t, func(conn *page.Conn) bool { return call.Attach(conn, true) }, call.Handle, call.Detach)
		back.await("asks for another offer", func(m message) bool { return m.Type == "connect" })
	})
}

// TestPageUnreached: where no media gets through to the page, the room is left, and Try again joins anew.
func TestPageUnreached(t *testing.T) {
	byPage := func(tab *tab, _ *Call) { tab.say(map[string]any{"type": "unreached"}) }
	byRelay := func(_ *tab, call *Call) {
		call.post(func() { call.legState(call.stay.leg, relay.State{Hop: relay.Browser, Condition: relay.Failed}) })
	}
	for _, tc := range []struct {
		name string
		live bool // by the signalling
		tell func(*tab, *Call)
	}{{"at first", false, byPage}, {"live", true, byPage}, {"seen by the relay", true, byRelay}} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, c *centre) {
				c.calls.newLeg = func(*Call, *pexrtc.Participant) leg { return &gate{w: &witness{t: t, c: c}} }
				ada, conversation := c.agent(genesystest.AdaID), c.ring()
				tab := c.open(ada, conversation.ID())
				tab.await("asks for an offer", func(m message) bool { return m.Type == "connect" })
				if tc.live {
					tab.say(map[string]any{"type": "offer", "sdp": "v=0\r\n", "id": 1})
					tab.awaitStatus(StatusInCall)
				}
				call, err := c.calls.Open(t.Context(), ada, conversation.ID())
				if err != nil {
					t.Fatal(err)
				}
				tc.tell(tab, call)
				m := tab.await("tells the failure", func(m message) bool { return m.Error != nil })
				if m.Error.Code != "media" || m.Status != StatusNoCall {
					t.Errorf("the page is told %s with status %s, want media and %s", m.Error.Code, m.Status, StatusNoCall)
				}
				if got := c.tagged(rules.AgentTag); len(got) != 0 {
					t.Errorf("on the node: %+v, want nobody", got)
				}
				tab.say(map[string]any{"type": "retry"})
				tab.await("asks for an offer", func(m message) bool { return m.Type == "connect" })
			})
		})
	}
}
