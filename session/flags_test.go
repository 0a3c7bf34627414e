package session

import (
	"net/http"
	"strings"
	"testing"

	"github.com/videoleg/videoleg/genesys/genesystest"
	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
	"github.com/videoleg/videoleg/session/rules"
)

// TestRoomDoesNotListen: a room that refuses to hear that the agent is dark is told again until it
// listens, and the agent knows; the gate here is shut at once.
func TestRoomDoesNotListen(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		call := c.ring()
		w := &witness{t: t, c: c, call: call}
		g := &gate{w: w}
		c.calls.cfg.Mode = Relay
		c.calls.newLeg = func(*Call, *pexrtc.Participant) leg { return g }
		tab := c.open(c.agent(genesystest.AdaID), call.ID())
		tab.say(map[string]any{"type": "camera", "on": true, "available": true})
		tab.say(map[string]any{"type": "offer", "sdp": "v=0\r\n", "id": 1})
		tab.await("is seen", func(m message) bool { return m.Type == "state" && m.Confirmed })

		c.node.SetFaults(pexrtctest.Faults{OnRequest: func(r *http.Request) *pexrtctest.Fault {
			if strings.HasSuffix(r.URL.Path, "/video_muted") {
				return &pexrtctest.Fault{Status: 500}
			}
			return nil
		}})
		if err := call.Hold(genesystest.AdaID); err != nil {
			t.Fatal(err)
		}
		tab.await("says that the room does not listen", func(m message) bool { return m.Notice == noticeUnsure })
		if g.open || c.tagged(rules.AgentTag)[0].VideoMuted {
			t.Errorf("the gate is open: %v, the node knows: %+v; want neither", g.open, c.tagged(rules.AgentTag))
		}
		c.node.SetFaults(pexrtctest.Faults{})
		tab.await("is sure again", func(m message) bool { return m.Type == "state" && m.Notice == "" })
		if !c.tagged(rules.AgentTag)[0].VideoMuted {
			t.Error("the node does not know that the agent is dark")
		}

		// A change of mind while the node does not answer is told as soon as it does.
		c.node.SetFaults(pexrtctest.Faults{OnRequest: func(r *http.Request) *pexrtctest.Fault {
			if strings.HasSuffix(r.URL.Path, "/video_unmuted") {
				return &pexrtctest.Fault{Delay: flagTime + 1, Drop: true}
			}
			return nil
		}})
		if err := call.Resume(genesystest.AdaID); err != nil {
			t.Fatal(err)
		}
		tab.await("is shown here", func(m message) bool { return m.Type == "state" && m.Sending && !m.Confirmed })
		if err := call.Hold(genesystest.AdaID); err != nil {
			t.Fatal(err)
		}
		tab.awaitStatus(StatusOnHold)
		tab.await("is sure", func(m message) bool { return m.Type == "state" && m.Notice == "" })
		if g.open || !c.tagged(rules.AgentTag)[0].VideoMuted {
			t.Errorf("the gate is open: %v, the node knows: %+v; want it shut and known", g.open, c.tagged(rules.AgentTag))
		}
	})
}
