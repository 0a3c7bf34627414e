package relay

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/videoleg/videoleg/pexrtc/capacity"
)

// Bounds of what we ask a sender to keep to, in bit/s.
const (
	minRate     = 100_000
	rateEvery   = time.Second // between two bandwidth messages to one far end
	lossHigh    = 0.10        // above it the rate goes down (draft-ietf-rmcat-gcc, loss-based control)
	lossLow     = 0.02        // below it up again
	lossRecover = 1.08
)

// estimate is what one far end can take from us, from its own reports. Safe for concurrent use.
type estimate struct {
	path atomic.Uint64 // what the path takes, by transport-wide feedback, bit/s; 0: no limit seen
	gets atomic.Uint64 // what arrives there, by the same, bit/s; 0: unknown
	remb atomic.Uint64 // last receiver estimate, bit/s; 0: none yet
	loss atomic.Uint64 // last fraction lost, as float bits
}

// forget is for another far end, on another path.
func (e *estimate) forget() {
	for _, v := range []*atomic.Uint64{&e.path, &e.gets, &e.remb, &e.loss} {
		v.Store(0)
	}
}

func (e *estimate) lost() float64     { return math.Float64frombits(e.loss.Load()) }
func (e *estimate) setLost(f float64) { e.loss.Store(math.Float64bits(f)) }

// most is the lower of what the path takes and what the receiver estimates. As long as there is neither, it is half as
// much again as what arrives (draft-ietf-rmcat-gcc-02, 5.5); 0: unknown.
func (e *estimate) most() uint64 {
	path, remb := e.path.Load(), e.remb.Load()
	switch {
	case path == 0 && remb == 0:
		return e.gets.Load() * 3 / 2
	case path == 0 || remb > 0 && remb < path:
		return remb
	}
	return path
}

// limiter turns an estimate into the rate that the sender at the other end of the relay may use. One goroutine.
type limiter struct {
	byLoss float64 // bit/s; 0: not yet limited
	bytes  uint64  // sent until the last interval
	rate   float64 // without what the path takes, of which word comes faster
}

// next is the limit for the coming interval: never above ceiling, never above what the receiver estimates while it is
// put to use, and driven by the losses it reports unless it tells of each packet: then the path is judged by that, which
// tells losses of a full path from others. bytes is what has been sent to it so far.
func (l *limiter) next(ceiling float64, e *estimate, bytes uint64) float64 {
	if l.byLoss == 0 {
		l.byLoss = ceiling
	}
	switch loss := e.lost(); {
	case e.gets.Load() > 0:
		l.byLoss = ceiling
	case loss > lossHigh:
		l.byLoss *= 1 - 0.5*loss
	case loss < lossLow:
		l.byLoss *= lossRecover
	}
	l.byLoss = min(max(l.byLoss, minRate), ceiling)
	sent := float64(bytes-l.bytes) * 8 / rateEvery.Seconds()
	l.bytes = bytes
	l.rate = l.byLoss
	if remb := float64(e.remb.Load()); capacity.Tested(remb, sent) {
		l.rate = min(l.rate, remb)
	}
	l.rate = max(l.rate, min(minRate, ceiling))
	return l.now(e)
}

// now is the limit between two intervals, when the path has become narrower.
func (l *limiter) now(e *estimate) float64 {
	if path := float64(e.path.Load()); path > 0 {
		return min(l.rate, path)
	}
	return l.rate
}
