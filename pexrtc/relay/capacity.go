package relay

// How a path's capacity is sought (draft-ietf-rmcat-gcc-02, 5.5).
const (
	giveWay    = 0.85       // of what arrives, while a queue grows
	tryMore    = 1.08       // in a second, while none does
	heavyLoss  = 0.25       // a share that no path loses that is not full: a queue that overflows does not grow any more
	lossOver   = 50.0       // packets over which that share is taken
	oldNews    = 10_000_000 // µs after which a limit says nothing
	meterUnit  = 100_000    // µs
	meterUnits = 5
)

// capacity estimates what a path takes from what its far end tells of our packets: Google Congestion Control with delay as
// the sign (draft-ietf-rmcat-gcc-02). A path that has shown no limit has none. Its memory is fixed and it allocates nothing.
// It is not safe for concurrent use.
type capacity struct {
	sent  departures
	queue queue
	meter meter
	lost  float64 // share of the last packets
	limit float64 // bit/s; 0: none seen
	at    int64   // µs of our clock: last feedback
}

// told takes an RTCP packet that came at this time, in µs. fell says that the limit has come down by it.
func (c *capacity) told(raw []byte, now int64) (fell bool) {
	acks, ok := readFeedback(raw)
	if !ok || acks.count == 0 {
		return false
	}
	lost := acks.count
	for number, at := range acks.arrivals {
		lost--
		if p, ok := c.sent.take(number); ok {
			c.meter.add(at, p.size)
			c.queue.packet(p.at, at)
		}
	}
	c.lost = (c.lost*lossOver + float64(lost)) / (lossOver + float64(acks.count))
	if now-c.at > oldNews {
		c.limit = 0 // nothing was sent meanwhile; who knows what the path is like
	}
	passed := float64(min(max(now-c.at, 0), 1_000_000)) / 1e6
	c.at = now
	return c.adjust(passed)
}

// adjust moves the limit, this many seconds after the last time: down to below what arrives, or slowly up while it is put
// to use.
func (c *capacity) adjust(passed float64) (fell bool) {
	rate := c.meter.rate()
	switch {
	case rate == 0:
	case c.queue.trend == growing, c.lost > heavyLoss:
		if lower := max(giveWay*rate, minRate); c.limit == 0 || lower < c.limit {
			c.limit = lower
			return true
		}
	case c.queue.trend == steady && c.full():
		c.limit *= 1 + (tryMore-1)*passed
	}
	return false
}

// full says that the path has shown a limit, and is used up to there.
func (c *capacity) full() bool { return c.limit > 0 && c.limit < idle*c.meter.rate() }

// meter measures what arrives, in bit/s over the last half second.
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
