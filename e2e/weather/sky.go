package weather

import (
	"cmp"
	"math/rand/v2"
	"time"
)

// Sky is what happens to the packets of one direction. The zero value is fair weather.
type Sky struct {
	Loss   float64       // share of packets that are lost: 0…1
	Delay  time.Duration // of every packet
	Jitter time.Duration // more delay, evenly spread from 0 to this; packets overtake one another
	Kbps   int           // of the narrowest link; 0: wide
	Queue  time.Duration // for which packets wait before it until it drops them; 0: 300 ms
	Cut    bool          // nothing passes
}

const usualQueue = 300 * time.Millisecond

// link decides on the packets of one direction, one after the other. It is not safe for concurrent use.
type link struct {
	sky  Sky
	rand *rand.Rand
	free time.Time // when the narrow link has sent all before
}

// pass says when a packet of this size that comes now arrives; ok is false for one that does not.
func (l *link) pass(now time.Time, size int) (at time.Time, ok bool) {
	if l.sky.Cut || l.rand.Float64() < l.sky.Loss {
		return at, false
	}
	at = now
	if l.sky.Kbps > 0 {
		if l.free.Sub(now) > cmp.Or(l.sky.Queue, usualQueue) {
			return at, false
		}
		at = later(at, l.free).Add(time.Duration(size*8) * time.Second / time.Duration(l.sky.Kbps*1000))
		l.free = at
	}
	at = at.Add(l.sky.Delay)
	if l.sky.Jitter > 0 {
		at = at.Add(time.Duration(l.rand.Int64N(int64(l.sky.Jitter))))
	}
	return at, true
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
