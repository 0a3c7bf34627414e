package e2e

import (
	"testing"
	"time"

	"github.com/videoleg/videoleg/e2e/browser"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

// TestPathsBreak cuts one path of the media after the other, for good: the picture comes back over another one, as the
// same participant in the same call, and none of the agent while the call is held.
func TestPathsBreak(t *testing.T) {
	inBothModes(t, func(t *testing.T, env map[string]string) {
		j := travel(t, env["MEDIA_MODE"])
		b := browser.Start(t)
		desktop, customer, widget := j.call(b)
		before := j.awaitAgent("sends video", sendsVideo)

		for name, h := range map[string]*hop{"to us": j.pageHop, "to the node": j.nodeHop} {
			if h == nil {
				continue
			}
			began := time.Now()
			if h.cut() != 1 {
				t.Fatalf("the path %s is not the only one", name)
			}
			widget.AwaitStatus("Reconnecting")
			widget.AwaitStatus("In call")
			widget.Video("Customer video").AwaitMoving()
			customer.Video("Agent video").AwaitMoving()
			t.Logf("path %s: the picture was back %v after the cut", name, time.Since(began).Round(100*time.Millisecond))
			j.same(before)
		}

		desktop.Button("Hold").Click()
		widget.AwaitStatus("On hold")
		j.awaitAgent("is muted", func(p pexrtctest.Participant) bool { return p.VideoMuted })
		held := j.agents()[0].VideoIn.Packets
		j.nodeHop.cut()
		widget.Within(browser.Patience).AwaitStatus("Reconnecting")
		widget.AwaitStatus("On hold")
		widget.Video("Customer video").AwaitMoving()
		if now := j.agents()[0].VideoIn.Packets; now != held {
			t.Errorf("%d packets of the agent's video reached the node while the call was held", now-held)
		}
		desktop.Button("Resume").Click()
		widget.AwaitStatus("In call")
		customer.Video("Agent video").AwaitMoving()
		j.same(before)
	})
}

// TestAddressesChange rebinds the NAT on both hops: nobody notices.
func TestAddressesChange(t *testing.T) {
	j := travel(t, "relay")
	b := browser.Start(t)
	_, customer, widget := j.call(b)
	before := j.awaitAgent("sends video", sendsVideo)
	for _, h := range []*hop{j.pageHop, j.nodeHop} {
		h.rebind()
		widget.Video("Customer video").AwaitFrames(30)
		customer.Video("Agent video").AwaitFrames(30)
	}
	j.same(before)
}

func sendsVideo(p pexrtctest.Participant) bool { return p.VideoIn.Packets > 20 && !p.VideoMuted }

// same fails if the room has another agent than before, or another call of him.
func (c *centre) same(before pexrtctest.Participant) {
	c.t.Helper()
	all := c.agents()
	if len(all) != 1 || all[0].UUID != before.UUID || all[0].CallUUID != before.CallUUID {
		c.t.Errorf("agents: %+v, want the one of before: participant %s, call %s", all, before.UUID, before.CallUUID)
	}
}
