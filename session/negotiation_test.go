package session

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/videoleg/videoleg/genesys/genesystest"
	"github.com/videoleg/videoleg/pexrtc"
)

// slowGate is a gate that takes a while to connect, and has not answered before.
type slowGate struct{ gate }

func (g *slowGate) connect(ctx context.Context, offer string, answer func(string)) error {
	select {
	case <-time.After(2 * time.Second):
	case <-ctx.Done():
		return ctx.Err()
	}
	return g.gate.connect(ctx, offer, answer)
}

// TestPageGoesWhileItsOfferWaits for its turn, or for the participant: the offer goes with it, and the next page is served.
func TestPageGoesWhileItsOfferWaits(t *testing.T) {
	for _, tc := range []struct {
		name   string
		offers int
		joined bool
	}{{"behind another", 2, true}, {"for the participant", 1, false}} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, c *centre) {
				c.calls.newLeg = func(*Call, *pexrtc.Participant) leg { return &slowGate{gate{w: &witness{t: t, c: c}}} }
				ada, conversation := c.agent(genesystest.AdaID), c.ring()
				first := c.open(ada, conversation.ID())
				if tc.joined {
					first.awaitConnect()
				}
				for id := range tc.offers {
					first.say(map[string]any{"type": "offer", "sdp": "v=0\r\n", "id": id + 1})
				}
				synctest.Wait()
				first.cut()
				time.Sleep(5 * time.Second)
				second := c.open(ada, conversation.ID())
				second.awaitConnect()
				second.say(map[string]any{"type": "offer", "sdp": "v=0\r\n", "id": 7})
				if m := second.await("is answered", func(m message) bool { return m.Type == "answer" }); m.ID != 7 {
					t.Errorf("answer to offer %d, want 7", m.ID)
				}
			})
		})
	}
}
