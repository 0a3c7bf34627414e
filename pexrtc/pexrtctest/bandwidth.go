package pexrtctest

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/cc"
	"github.com/pion/interceptor/pkg/gcc"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
)

const (
	// limitEvery is how often a sender hears what its receivers can take.
	limitEvery = 200 * time.Millisecond
	// idle is how far a receiver's own estimate may lie above what it gets before it says nothing: receivers estimate at
	// most one and a half times that, so that a quiet sender would hold itself down.
	idle = 1.4
	// tryMore is how much more a sender that was slowed down may send with each second.
	tryMore = 0.08
	// leastBandwidth in bit/s: below it no sender is held.
	leastBandwidth = 100_000
)

// path estimates the bandwidth from here to one client by its transport-wide feedback.
type path struct{ *gcc.SendSideBWE }

// estimate lets registry number all that goes to a client, up to kbps, and fills in path when the connection is made.
func (to *path) estimate(media *webrtc.MediaEngine, registry *interceptor.Registry, kbps int) error {
	factory, err := cc.NewInterceptor(func() (cc.BandwidthEstimator, error) {
		var err error
		to.SendSideBWE, err = gcc.NewSendSideBWE(gcc.SendSideBWEPacer(gcc.NewNoOpPacer()), gcc.SendSideBWEInitialBitrate(kbps*1000),
			gcc.SendSideBWEMinBitrate(leastBandwidth), gcc.SendSideBWEMaxBitrate(2*kbps*1000))
		return to, err
	})
	if err != nil {
		return fmt.Errorf("bandwidth estimator: %w", err)
	}
	registry.Add(factory)
	return webrtc.ConfigureTWCCHeaderExtensionSender(media, registry)
}

// WriteRTCP takes feedback. One that cannot be read must not end the reading.
func (to *path) WriteRTCP(packets []rtcp.Packet, attributes interceptor.Attributes) error {
	_ = to.SendSideBWE.WriteRTCP(packets, attributes)
	return nil
}

// takes is what the path can take in bit/s, by its delay; 0: unknown. Losses are repaired, not fled from.
func (to *path) takes() float64 {
	rate, _ := to.GetStats()["delayTargetBitrate"].(int)
	return float64(rate)
}

// limiter keeps a source to what the slowest of its receivers can take, as nothing is transcoded here. The goroutine that
// forwards the source's packets owns it.
type limiter struct {
	most  float64            // bit/s
	tell  func(rate float32) // tells the sender; nil: nobody
	last  time.Time
	bytes int     // since last
	rate  float64 // bit/s that the source sends, over about a second
	limit float64 // by the receivers' paths; 0: none yet
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
	if l.limit == 0 {
		l.limit = l.most
	}
	l.limit = min(l.limit*(1+tryMore*min(since.Seconds(), 1)), l.most)
	least := l.most
	for _, k := range sinks {
		if path := k.path(); path > 0 && path < l.rate { // else it only says how little is sent
			l.limit = min(l.limit, path)
		}
		if said := float64(k.said.Load()); said > 0 && said < idle*l.rate {
			least = min(least, said)
		}
	}
	l.limit = max(l.limit, leastBandwidth)
	l.tell(float32(max(min(least, l.limit), leastBandwidth)))
}

// bandwidth is a receiver's own estimate in bit/s (REMB); 0: none.
type bandwidth struct{ atomic.Uint64 }

func (b *bandwidth) hear(p *rtcp.ReceiverEstimatedMaximumBitrate) {
	if p.Bitrate > 0 && p.Bitrate < 1e10 {
		b.Store(uint64(p.Bitrate))
	}
}
