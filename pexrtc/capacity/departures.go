package capacity

// maxDepartures is how many packets of a hop are remembered until their arrival is told: a power of two; two seconds at
// 250 packets a second.
const maxDepartures = 512

// departures numbers the packets that a hop sends, whatever stream they are of, and remembers when each left
// (draft-holmer-rmcat-transport-wide-cc-extensions-01, 2). It is not safe for concurrent use.
type departures struct {
	next uint16 // number of the next packet
	ring [maxDepartures]departure
}

type departure struct {
	at   int64 // µs; 0: none, or told of already
	size int
}

// note remembers a packet that leaves now, and returns its number.
func (d *departures) note(size int, at int64) uint16 {
	number := d.next
	d.ring[number%maxDepartures] = departure{at, size}
	d.next++
	return number
}

// take is the packet of this number; ok is false if it is forgotten, was taken before, or never left.
func (d *departures) take(number uint16) (p departure, ok bool) {
	if d.next-1-number >= maxDepartures {
		return p, false
	}
	slot := &d.ring[number%maxDepartures]
	p, *slot = *slot, departure{}
	return p, p.at != 0
}

// since is the size of what has left from this number on, in bytes, as far as it is remembered.
func (d *departures) since(number uint16) (size int) {
	if d.next-number >= maxDepartures {
		number = d.next - maxDepartures
	}
	for ; number != d.next; number++ {
		size += d.ring[number%maxDepartures].size
	}
	return size
}
