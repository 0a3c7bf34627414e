package relay

import (
	"math"
	"sync/atomic"
	"time"
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
	remb atomic.Uint64 // last receiver estimate, bit/s; 0: none yet
	loss atomic.Uint64 // last fraction lost, as float bits
}

func (e *estimate) lost() float64     { return math.Float64frombits(e.loss.Load()) }
func (e *estimate) setLost(f float64) { e.loss.Store(math.Float64bits(f)) }

// idle is how far a receiver's estimate may lie above what it gets before the estimate says nothing: receivers allow at
// most one and a half times the rate they see, so that a quiet sender would hold itself down.
const idle = 1.4

// limiter turns an estimate into the rate that the sender at the other end of the relay may use. One goroutine.
type limiter struct {
	byLoss float64 // bit/s; 0: not yet limited
	bytes  uint64  // sent until the last interval
}

// next is the limit for the coming interval: never above ceiling, never above what the receiver estimates while it is
// put to use, and driven by the losses it reports. bytes is what has been sent to it so far.
func (l *limiter) next(ceiling float64, e *estimate, bytes uint64) float64 {
	if l.byLoss == 0 {
		l.byLoss = ceiling
	}
	switch loss := e.lost(); {
	case loss > lossHigh:
		l.byLoss *= 1 - 0.5*loss
	case loss < lossLow:
		l.byLoss *= lossRecover
	}
	l.byLoss = min(max(l.byLoss, minRate), ceiling)
	sent := float64(bytes-l.bytes) * 8 / rateEvery.Seconds()
	l.bytes = bytes
	rate := l.byLoss
	if remb := float64(e.remb.Load()); remb > 0 && remb < idle*sent {
		rate = min(rate, remb)
	}
	return max(rate, min(minRate, ceiling))
}
