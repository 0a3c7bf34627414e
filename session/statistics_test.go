package session

import (
	"testing"

	"github.com/videoleg/videoleg/pexrtc/relay"
	"github.com/videoleg/videoleg/session/page"
)

// TestLossIsCountedInPackets: one that has to be asked for three times is one.
func TestLossIsCountedInPackets(t *testing.T) {
	got := nodeHop(relay.Stats{Codec: "VP8", Node: relay.HopStats{
		PacketsIn: 100, BytesIn: 90_000, BytesOut: 7, PacketsMissed: 2, NACKsSent: 6, Loss: 0.25, RTT: 40,
	}})
	if want := (page.Hop{Codec: "VP8", BytesIn: 90_000, BytesOut: 7, Packets: 100, Lost: 2, Loss: 0.25, RTT: 40}); *got != want {
		t.Errorf("the page is told %+v, want %+v", *got, want)
	}
}
