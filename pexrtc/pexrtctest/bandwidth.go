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
	// idle is how far an estimate may lie above what a receiver gets before it says nothing: estimates are at most one and a
	// half times that, so that a quiet sender would hold itself down.
	idle = 1.4
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
	if to == nil || to.SendSideBWE == nil {
		return 0
	}
	rate, _ := to.GetStats()["delayTargetBitrate"].(int)
	return float64(rate)
}

// limiter keeps a source to what the slowest of its receivers can take, as nothing is transcoded here. The goroutine that
// forwards the source's packets owns it.
type limiter struct {
	most  float64            // bit/s
	tell  func(rate float32) // tells the sender; nil: nobody
	last  time.Time
	bytes int // since last
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
	rate, least := float64(l.bytes)*8/since.Seconds(), l.most
	l.bytes, l.last = 0, now
	for _, k := range sinks {
		if takes := k.takes(rate); takes > 0 {
			least = min(least, takes)
		}
	}
	l.tell(float32(max(least, leastBandwidth)))
}

// takes is what a receiver can take in bit/s while it gets rate; 0: unknown.
func (k *sink) takes(rate float64) (least float64) {
	for _, e := range []float64{k.path.takes(), float64(k.said.Load())} {
		if e > 0 && e < idle*rate && (least == 0 || e < least) {
			least = e
		}
	}
	return least
}

// bandwidth is a receiver's own estimate in bit/s (REMB); 0: none.
type bandwidth struct{ atomic.Uint64 }

func (b *bandwidth) hear(p *rtcp.ReceiverEstimatedMaximumBitrate) {
	if p.Bitrate > 0 && p.Bitrate < 1e10 {
		b.Store(uint64(p.Bitrate))
	}
}
