package capacity

// How a path's capacity is sought (draft-ietf-rmcat-gcc-02, 5.5).
const (
	giveWay    = 0.85       // of what arrives, while a queue grows
	tryMore    = 1.08       // in a second, while none does
	tryNear    = 1.04       // the same, near to where one grew the last time
	near       = 0.1        // how far off that is
	heavyLoss  = 0.25       // a share that no path loses that is not full: a queue that overflows does not grow any more
	lossOver   = 50.0       // packets over which that share is taken
	oldNews    = 10_000_000 // µs after which a limit says nothing
	minLimit   = 100_000.0  // bit/s: a picture needs as much
	meterUnit  = 100_000    // µs
	meterUnits = 8
)

// Path estimates what a path takes. One that has shown no limit has none. The zero value is a path that nothing is known of.
// Its memory is fixed and it allocates nothing. It is not safe for concurrent use.
type Path struct {
	sent  departures
	queue queue
	meter meter
	next  uint16  // number after the last that was told of
	lost  float64 // share of the last packets
	limit float64 // bit/s; 0: none seen
	peak  float64 // bit/s that arrived when the limit came down last
	at    int64   // µs of our clock: last feedback
	left  int64   // µs: when the last packet left that was told of

	spills bool // the queue was so long that packets got lost
}

// Sent notes a packet of this size in bytes that leaves at this time, in µs of any clock, and returns its transport-wide
// number.
func (p *Path) Sent(size int, at int64) (number uint16) { return p.sent.note(size, at) }

// Told takes an RTCP packet that came at this time, in µs of the same clock; other packets than feedback, and such as no
// honest far end sends, are ignored. fell says that the limit has come down.
func (p *Path) Told(raw []byte, now int64) (fell bool) {
	acks, ok := readFeedback(raw)
	if !ok || acks.count == 0 {
		return false
	}
	p.skip(acks)
	lost := acks.count
	for number, at := range acks.arrivals {
		lost--
		if d, ok := p.sent.take(number); ok {
			p.meter.add(at, d.size)
			p.queue.packet(d.at, at, d.size)
			p.left = max(p.left, d.at)
		}
	}
	p.spills = p.queue.length() > growLeast && (p.spills || lost > 0)
	p.lost = (p.lost*lossOver + float64(lost)) / (lossOver + float64(acks.count))
	if now-p.at > oldNews {
		p.limit = 0 // nothing was sent meanwhile; who knows what the path is like
	}
	passed := float64(min(max(now-p.at, 0), 1_000_000)) / 1e6
	p.at = now
	return p.adjust(passed)
}

// skip counts the packets that no feedback told of as arrived: it got lost, as the way back may be full, too.
func (p *Path) skip(acks acks) {
	if gap := acks.base - p.next; gap < 1<<15 {
		for number := acks.base - min(gap, maxDepartures); number != acks.base; number++ {
			if d, ok := p.sent.take(number); ok {
				p.meter.add(acks.reference, d.size)
				p.queue.missed(d.size)
			}
		}
	}
	if end := acks.base + uint16(acks.count); end-p.next < 1<<15 {
		p.next = end
	}
}

// adjust moves the limit, this many seconds after the last time: down to below what arrives, or slowly up while it is put
// to use.
func (p *Path) adjust(passed float64) (fell bool) {
	rate := p.meter.rate()
	switch {
	case rate == 0:
	case p.queue.trend == growing, p.lost > heavyLoss:
		p.lost = 0 // what was lost before the sender slows down says no more
		if p.queue.trend == growing {
			rate = min(rate, p.queue.takes) // which does not remember what the path took before
		}
		if lower := max(giveWay*rate, minLimit); p.limit == 0 || lower < p.limit {
			p.limit, p.peak = lower, rate
			return true
		}
	case p.queue.trend == steady && p.Full():
		more := tryMore
		if off := p.limit/p.peak - 1; max(off, -off) < near {
			more = tryNear
		}
		p.limit *= 1 + (more-1)*passed
	}
	return false
}

// Limit is what the path takes, in bit/s; 0: it has not shown that yet.
func (p *Path) Limit() float64 { return p.limit }

// Rate is what arrives, in bit/s over about a second; 0: unknown.
func (p *Path) Rate() float64 { return p.meter.rate() }

// Queued is how long a packet would wait that is sent now, in µs: as long as the last one that was told of, and for what was sent
// since, less the time that has passed, unless that would be lost. A path that has shown no limit has no queue.
func (p *Path) Queued(now int64) int64 {
	if p.limit == 0 {
		return 0
	}
	wait := p.queue.length() * 1000
	if p.spills {
		return int64(wait)
	}
	behind := float64(p.sent.since(p.next)) * 8 * 1e6 / max(p.limit, p.peak)
	return int64(max(wait+behind-float64(now-p.left), 0))
}

// Full says that the path has shown a limit, and is used up to there.
func (p *Path) Full() bool { return Tested(p.limit, p.meter.rate()) }

// Tested says that there is a limit and this rate puts it to the test, both in bit/s. One that lies further above says nothing:
// receivers allow at most one and a half times the rate they see, so that a quiet sender would hold itself down.
func Tested(limit, rate float64) bool {
	const slack = 1.4
	return limit > 0 && limit < slack*rate
}

// meter measures what arrives, in bit/s over most of the last second, so that a sender that stumbles is not taken for a path
// that is full.
type meter struct {
	since, unit int64 // numbers of the first and the last unit of time; 0: nothing has arrived
	bytes       [meterUnits + 1]int
}

// add notes a packet that arrived at this time, in µs.
func (m *meter) add(at int64, size int) {
	unit := at/meterUnit + 1
	if m.unit == 0 || unit > m.unit+10*meterUnits || unit < m.unit-10*meterUnits {
		*m = meter{since: unit, unit: unit}
	}
	for m.unit < unit {
		m.unit++
		m.bytes[m.unit%int64(len(m.bytes))] = 0
	}
	if m.unit-unit <= meterUnits {
		m.bytes[unit%int64(len(m.bytes))] += size
	}
}

// rate is that of the units before the last one, which is not over; 0: it is too early to say.
func (m *meter) rate() float64 {
	if m.unit-m.since < meterUnits {
		return 0
	}
	sum := 0
	for _, n := range m.bytes {
		sum += n
	}
	sum -= m.bytes[m.unit%int64(len(m.bytes))]
	return float64(sum) * 8 * 1e6 / (meterUnits * meterUnit)
}
