package session

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/videoleg/videoleg/genesys/genesystest"
	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/pexrtc/relay"
	"github.com/videoleg/videoleg/session/rules"
)

// TestNodeEndsItsMedia: a leg whose connection the node has closed is built anew at once, unless the room is over for us.
func TestNodeEndsItsMedia(t *testing.T) {
	for _, tc := range []struct {
		name string
		hop  relay.Hop
		then func(c *centre, uuid string)
		legs int
	}{
		{"and says nothing", relay.Node, func(*centre, string) {}, 2},
		{"and takes us out", relay.Node, func(c *centre, uuid string) { c.node.KickParticipant(uuid, "Disconnected by another participant") }, 1},
		{"it is the page that does", relay.Browser, func(*centre, string) {}, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, c *centre) {
				c.calls.cfg.Mode = Relay
				var legs atomic.Int32
				c.calls.newLeg = func(*Call, *pexrtc.Participant) leg {
					legs.Add(1)
					return &gate{w: &witness{t: t, c: c}}
				}
				ada, conversation := c.agent(genesystest.AdaID), c.ring()
				tab := c.open(ada, conversation.ID())
				tab.say(map[string]any{"type": "offer", "sdp": "v=0\r\n", "id": 1})
				tab.awaitStatus(StatusInCall)
				call, err := c.calls.Open(t.Context(), ada, conversation.ID())
				if err != nil {
					t.Fatal(err)
				}
				call.post(func() { call.legState(call.stay.leg, relay.State{Hop: tc.hop, Condition: relay.Closed}) })
				tc.then(c, c.tagged(rules.AgentTag)[0].UUID)
				time.Sleep(time.Second)
				synctest.Wait()
				if got := int(legs.Load()); got != tc.legs {
					t.Errorf("%d legs, want %d", got, tc.legs)
				}
			})
		})
	}
}
