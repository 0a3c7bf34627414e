package pexrtctest

import (
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"

	"github.com/videoleg/videoleg/pexrtc/capacity"
)

const (
	// limitEvery is how often a sender hears what its receivers can take.
	limitEvery = 200 * time.Millisecond
	// leastBandwidth in bit/s: below it no sender is held.
	leastBandwidth = 100_000
)

// limiter keeps a source to what the slowest of its receivers can take, as nothing is transcoded here. The goroutine that
// forwards the source's packets owns it.
type limiter struct {
	most  float64            // bit/s
	tell  func(rate float32) // tells the sender; nil: nobody
	last  time.Time
	bytes int     // since last
	rate  float64 // bit/s that the source sends, over about a second
}

// passed notes a packet, and tells the sender when it is time.
func (l *limiter) passed(size int, sinks []*sink, now time.Time) {
	if l.tell == nil {
		return
	}
	l.bytes += size
	since := now.Sub(l.last)
	if since < limitEvery {
		return
	}
	l.rate += (float64(l.bytes)*8/since.Seconds() - l.rate) * min(since.Seconds(), 1)
	l.bytes, l.last = 0, now
	least := l.most
	for _, k := range sinks {
		if path := k.path(); path > 0 {
			least = min(least, path)
		}
		if said := float64(k.said.Load()); capacity.Tested(said, l.rate) {
			least = min(least, said)
		}
	}
	l.tell(float32(max(least, leastBandwidth)))
}

// bandwidth is a receiver's own estimate in bit/s (REMB); 0: none.
type bandwidth struct{ atomic.Uint64 }

func (b *bandwidth) hear(p *rtcp.ReceiverEstimatedMaximumBitrate) {
	if p.Bitrate > 0 && p.Bitrate < 1e10 {
		b.Store(uint64(p.Bitrate))
	}
}
