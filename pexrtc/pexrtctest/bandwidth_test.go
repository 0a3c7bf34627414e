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
		said  []float32
		wants float32
	}{
		{"nobody has said anything", 800, []float32{0}, most},
		{"a receiver that takes less", 800, []float32{500_000}, 500_000},
		{"the slowest counts", 800, []float32{500_000, 300_000, 0}, 300_000},
		{"a receiver that gets little estimates little", 28, []float32{42_000}, most},
		{"one that takes next to nothing", 800, []float32{10_000}, leastBandwidth},
		{"one that takes more than we announce", 4000, []float32{2_000_000}, most},
		{"a bad number", 800, []float32{-5}, most},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var told []float32
			l := limiter{most: most, tell: func(rate float32) { told = append(told, rate) }}
			var sinks []*sink
			for _, rate := range tt.said {
				k := &sink{path: func() float64 { return 0 }}
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

// TestLimiterFollowsThePath: down at once, and slowly up again, as long as the path's estimate is not just what is sent.
func TestLimiterFollowsThePath(t *testing.T) {
	const most = 1_000_000
	var told float32
	takes, now := 0.0, time.Now()
	l := limiter{most: most, tell: func(rate float32) { told = rate }}
	k := &sink{path: func() float64 { return takes }}
	run := func(seconds, kbps int) {
		for range 100 * seconds {
			now = now.Add(10 * time.Millisecond)
			l.passed(kbps*10/8, []*sink{k}, now)
		}
	}
	run(5, 800)
	takes = 300_000
	run(2, 800)
	if told != 300_000 {
		t.Errorf("limit %v on a path that takes 300000", told)
	}
	run(3, 250)
	if told < 310_000 || told > 420_000 {
		t.Errorf("limit %v, three seconds after the sender has slowed down", told)
	}
	run(20, 250)
	if told != most {
		t.Errorf("limit %v, long after", told)
	}
}
