package relay

import (
	"slices"
	"testing"

	"github.com/pion/rtcp"

	"github.com/videoleg/videoleg/pexrtc/capacity"
)

// TestReadControl: feedback is cut out of a compound packet, and what is cut short is refused.
func TestReadControl(t *testing.T) {
	report, err := (&rtcp.ReceiverReport{SSRC: 1}).Marshal()
	must(t, err)
	var c capacity.Arrivals
	c.Packet(9, 7, 64_000)
	feedback := c.Feedback(nil)
	all, err := readControl(slices.Concat(report, feedback, report))
	must(t, err)
	if len(all) != 3 {
		t.Fatalf("%d packets, want 3", len(all))
	}
	if raw, ok := all[1].(*rtcp.RawPacket); !ok || !slices.Equal(*raw, feedback) {
		t.Errorf("feedback is read as %T %v", all[1], all[1])
	}
	for _, bad := range [][]byte{report[:2], report[:5], slices.Concat(feedback, report[:7])} {
		if all, err := readControl(bad); err == nil {
			t.Errorf("%x is read as %v", bad, all)
		}
	}
}
