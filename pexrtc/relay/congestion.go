package relay

import "encoding/binary"

// maxArrivals is how far back a sender hears of its packets: two seconds and more of an ordinary stream.
const maxArrivals = 512

// congestion tells a sender when its packets arrived (draft-holmer-rmcat-transport-wide-cc-extensions-01). Its memory is
// fixed and it allocates nothing: it is asked ten times a second on each hop. It is not safe for concurrent use.
type congestion struct {
	sender uint32 // our SSRC
	media  uint32 // of the last packet
	count  uint8  // of the feedback

	begun bool
	base  int64              // extended number of the first packet to tell of
	next  int64              // one after the highest that has arrived
	at    [maxArrivals]int64 // by number: arrival in microseconds; 0: not arrived

	deltas [maxArrivals]int16 // reused: of the packets that are told of
	status [maxArrivals]uint8 // reused: the same
}

// What feedback says of one packet.
const (
	notArrived = 0
	smallDelta = 1 // of one byte
	largeDelta = 2 // of two bytes
)

// deltaUnit and referenceUnit of times, in microseconds.
const (
	deltaUnit     = 250
	referenceUnit = 64_000
)

// arrived notes a packet with this transport-wide number.
func (c *congestion) arrived(ssrc uint32, seq uint16, at int64) {
	c.media = ssrc
	ahead := int64(int16(seq - uint16(c.next-1)))
	if !c.begun || ahead >= maxArrivals || ahead <= -maxArrivals { // of another series
		c.begun, c.base, c.next, c.at = true, int64(seq)+1<<16, int64(seq)+1<<16, [maxArrivals]int64{}
		ahead = 1
	}
	number := c.next - 1 + ahead
	for ; c.next <= number; c.next++ {
		c.at[c.next%maxArrivals] = 0
	}
	if c.at[number%maxArrivals] != 0 {
		return
	}
	c.at[number%maxArrivals] = at
	c.base = min(max(c.base, c.next-maxArrivals), number) // one that comes late is told of after all
}

// feedback appends an RTCP packet that tells of what has arrived since the last one, or nothing if nothing has.
func (c *congestion) feedback(b []byte) []byte {
	for c.base < c.next && c.at[c.base%maxArrivals] == 0 && c.next-c.base > maxArrivals/2 {
		c.base++ // too old to be missed
	}
	first := c.base
	for first < c.next && c.at[first%maxArrivals] == 0 {
		first++
	}
	if first == c.next {
		return b
	}
	reference := c.at[first%maxArrivals] / referenceUnit
	n := c.measure(reference * referenceUnit)
	start := len(b)
	b = append(b, 2<<6|15, 205, 0, 0)
	b = binary.BigEndian.AppendUint32(b, c.sender)
	b = binary.BigEndian.AppendUint32(b, c.media)
	b = binary.BigEndian.AppendUint16(b, uint16(c.base))
	b = binary.BigEndian.AppendUint16(b, uint16(n))
	b = binary.BigEndian.AppendUint32(b, uint32(reference)<<8|uint32(c.count))
	b = appendStatus(b, c.status[:n])
	for i, s := range c.status[:n] {
		switch s {
		case smallDelta:
			b = append(b, uint8(c.deltas[i]))
		case largeDelta:
			b = binary.BigEndian.AppendUint16(b, uint16(c.deltas[i]))
		}
	}
	if short := (4 - (len(b)-start)%4) % 4; short > 0 {
		b = append(b, make([]byte, short)...)
		b[start] |= 1 << 5
		b[len(b)-1] = uint8(short)
	}
	binary.BigEndian.PutUint16(b[start+2:], uint16((len(b)-start)/4-1))
	c.base += int64(n)
	c.count++
	return b
}

// measure fills in status and deltas from c.base on, as far as times can be said, and returns the number of packets.
func (c *congestion) measure(last int64) (n int) {
	for number := c.base; number < c.next; number++ {
		at := c.at[number%maxArrivals]
		if at == 0 {
			c.status[n] = notArrived
			n++
			continue
		}
		delta := (at - last + deltaUnit/2) / deltaUnit
		if at < last {
			delta = (at - last - deltaUnit/2) / deltaUnit
		}
		switch {
		case delta != int64(int16(delta)):
			return n // the rest is for another packet
		case delta == int64(uint8(delta)):
			c.status[n] = smallDelta
		default:
			c.status[n] = largeDelta
		}
		c.deltas[n] = int16(delta)
		last += delta * deltaUnit
		n++
	}
	return n
}

// appendStatus writes status chunks: a run of equal ones, or seven of any kind.
func appendStatus(b []byte, all []uint8) []byte {
	const symbols = 7
	for len(all) > 0 {
		run := 1
		for run < len(all) && all[run] == all[0] {
			run++
		}
		chunk := uint16(all[0])<<13 | uint16(run)
		if run < symbols && run < len(all) {
			run, chunk = min(symbols, len(all)), 3<<14
			for i, s := range all[:run] {
				chunk |= uint16(s) << (2 * (symbols - 1 - i))
			}
		}
		b = binary.BigEndian.AppendUint16(b, chunk)
		all = all[run:]
	}
	return b
}
