package pexrtctest

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
)

func TestLimiter(t *testing.T) {
	const most = 1_264_000
	for _, tt := range []struct {
		name  string
		rate  int // that the source sends, in kbit/s
		path  float64
		said  []float32
		wants float32
	}{
		{"nobody has said anything", 800, 0, []float32{0}, most},
		{"a receiver that takes less", 800, 0, []float32{500_000}, 500_000},
		{"the slowest counts", 800, 0, []float32{500_000, 300_000, 0}, 300_000},
		{"a receiver that gets little estimates little", 28, 0, []float32{42_000}, most},
		{"one that takes next to nothing", 800, 0, []float32{10_000}, leastBandwidth},
		{"one that takes more than we announce", 4000, 0, []float32{2_000_000}, most},
		{"a narrow path", 800, 400_000, []float32{0, 600_000}, 400_000},
		{"a path wider than what we announce", 800, 5_000_000, []float32{0}, most},
		{"a bad number", 800, 0, []float32{-5}, most},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var told []float32
			l := limiter{most: most, tell: func(rate float32) { told = append(told, rate) }}
			var sinks []*sink
			for _, rate := range tt.said {
				k := &sink{path: func() float64 { return tt.path }}
				k.said.hear(&rtcp.ReceiverEstimatedMaximumBitrate{Bitrate: rate})
				sinks = append(sinks, k)
			}
			now := time.Now()
			for range 100 {
				now = now.Add(10 * time.Millisecond)
				l.passed(tt.rate*10/8, sinks, now)
			}
			if len(told) < 4 || len(told) > 6 {
				t.Fatalf("told %d times in a second: %v", len(told), told)
			}
			if got := told[len(told)-1]; got != tt.wants {
				t.Errorf("limit %v, want %v", got, tt.wants)
			}
		})
	}
}
