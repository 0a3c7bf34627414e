package relay

import (
	"testing"

	"github.com/pion/webrtc/v4"
)

// TestTotals: what a leg has carried still counts when it is closed, and a leg that is closed twice counts once.
func TestTotals(t *testing.T) {
	c := newCall(t, webrtc.MimeTypeVP8, nil)
	c.leg.SetSending(true)
	c.browser.sendUntil("picture", c.node, payload("picture"))
	c.node.sendUntil("back", c.browser, payload("back"))
	r := c.leg.relay
	during := r.Totals()
	if len(during.Legs) != 1 || during.Legs[0].Standing() != Flowing {
		t.Fatalf("legs %+v, want one that flows", during.Legs)
	}
	other := r.NewLeg(LegConfig{})
	if got := other.Stats().Standing(); got != Connecting {
		t.Errorf("a leg without a page is %v", got)
	}
	must(t, other.Close())
	must(t, c.leg.Close())
	must(t, c.leg.Close())
	after := r.Totals()
	if len(after.Legs) != 0 || after.Browser.PacketsIn < during.Browser.PacketsIn || after.Node.PacketsOut < during.Node.PacketsOut || after.Node.PacketsOut == 0 {
		t.Errorf("after the end %+v, during it %+v", after, during)
	}
	if again := r.Totals(); again.Browser != after.Browser || again.Node != after.Node {
		t.Errorf("totals change without a leg: %+v, %+v", after, again)
	}
}

// TestDropsAreCounted: what is bounded or refused shows.
func TestDropsAreCounted(t *testing.T) {
	c := newCall(t, webrtc.MimeTypeVP8, nil)
	h := c.leg.browser.hop.Load()
	h.media([]byte{0x80, 96, 0, 1})
	h.media(make([]byte, 40))
	h.media([]byte{0x80, 200, 0, 1, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24})
	for range 2 * maxCandidates {
		_ = c.leg.BrowserCandidate("candidate:1 1 udp 2130706431 127.0.0.1 9 typ host") // the last ones are refused
	}
	got := c.leg.Stats().Browser.Dropped
	if got[Malformed] == 0 || got[Forged] < 2 || got[Candidates] < maxCandidates/2 {
		t.Errorf("dropped %v", got)
	}
}
