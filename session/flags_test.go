package session

import (
	"net/http"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

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

		c.node.SetFaults(pexrtctest.Faults{OnRequest: pexrtctest.On("/video_muted", &pexrtctest.Fault{Status: 500})})
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
		c.node.SetFaults(pexrtctest.Faults{OnRequest: pexrtctest.On("/video_unmuted", &pexrtctest.Fault{Delay: flagTime + 1, Drop: true})})
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

// TestCustomersFlags: whatever the node makes of single requests, in the end it knows what the customer's buttons say.
func TestCustomersFlags(t *testing.T) {
	camera := func(on bool) map[string]any { return map[string]any{"type": "camera", "on": on} }
	mute := func(on bool) map[string]any { return map[string]any{"type": "mute", "on": on} }
	for _, tc := range []struct {
		name        string
		fails       string // the request that does
		times       int32
		say         []map[string]any
		dark, muted bool // at the end
		asked       int32
	}{
		{"one after the other", "", 0, []map[string]any{camera(false), mute(true), mute(false), camera(true), mute(true)}, false, true, 5},
		{"off comes late", "video_muted", 1, []map[string]any{camera(false), camera(true)}, false, false, 3},
		{"on does not come for a while", "video_unmuted", 20, []map[string]any{camera(false), camera(true)}, false, false, 22},
		{"the microphone, likewise", "client_unmute", 20, []map[string]any{mute(true), mute(false)}, false, false, 22},
		{"said again", "", 0, []map[string]any{camera(true), mute(false), camera(false), camera(false)}, true, false, 1},
		{"buttons gone mad", "video_muted", 2, slices.Repeat([]map[string]any{camera(false), camera(true)}, 100), false, false, 4},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, c *centre) {
				_, tab := c.grace()
				tab.awaitConnect()
				var asked, failed atomic.Int32
				c.node.SetFaults(pexrtctest.Faults{OnRequest: func(r *http.Request) *pexrtctest.Fault {
					what := path.Base(r.URL.Path)
					if !strings.Contains(what, "mute") {
						return nil
					}
					asked.Add(1)
					if what == tc.fails && failed.Add(1) <= tc.times {
						return &pexrtctest.Fault{Status: http.StatusBadGateway, Delay: 50 * time.Millisecond}
					}
					return nil
				}})
				for _, in := range tc.say {
					tab.say(in)
				}
				time.Sleep(time.Minute + time.Millisecond)
				if got := c.tagged(customerTag)[0]; got.VideoMuted != tc.dark || got.ClientMuted != tc.muted {
					t.Errorf("camera off: %v, muted: %v; want %v, %v", got.VideoMuted, got.ClientMuted, tc.dark, tc.muted)
				}
				if asked.Load() > tc.asked {
					t.Errorf("the node was asked %d times, want %d at most", asked.Load(), tc.asked)
				}
			})
		})
	}
}

// TestFlagsOfAnotherParticipant: where the node has lost the customer, the new participant is what the old one was.
func TestFlagsOfAnotherParticipant(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		_, tab := c.grace()
		tab.awaitConnect()
		tab.say(map[string]any{"type": "camera", "on": false})
		synctest.Wait()
		before := c.tagged(customerTag)[0]
		if !before.VideoMuted {
			t.Fatal("the node does not know that the camera is off")
		}
		c.node.ExpireToken(before.UUID)
		tab.awaitConnect()
		if got := c.tagged(customerTag)[0]; got.UUID == before.UUID || !got.VideoMuted {
			t.Errorf("on the node: %+v, want another with the camera off", got)
		}
	})
}
