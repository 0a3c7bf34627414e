package capacity

import "encoding/binary"

// maxArrivals is how far back a sender hears of its packets: two seconds and more of an ordinary stream.
const maxArrivals = 512

// Arrivals are those of a far end's packets, of which it is told. Their memory is fixed and nothing is allocated: they are
// asked ten times a second on each hop. They are not safe for concurrent use.
type Arrivals struct {
	Sender uint32 // our SSRC; set before Feedback

	media uint32 // of the last packet
	count uint8  // of the feedback

	begun bool
	base  int64              // extended number of the first packet to tell of
	next  int64              // one after the highest that has arrived
	at    [maxArrivals]int64 // by number: arrival in microseconds; 0: not arrived

	deltas [maxArrivals]int16 // reused: of the packets that are told of
	status [maxArrivals]uint8 // reused: the same
}

// Packet notes that a packet with this transport-wide number arrived, at this time in µs of any clock.
func (a *Arrivals) Packet(ssrc uint32, seq uint16, at int64) {
	a.media = ssrc
	ahead := int64(int16(seq - uint16(a.next-1)))
	if !a.begun || ahead >= maxArrivals || ahead <= -maxArrivals { // of another series
		a.begun, a.base, a.next, a.at = true, int64(seq)+1<<16, int64(seq)+1<<16, [maxArrivals]int64{}
		ahead = 1
	}
	number := a.next - 1 + ahead
	for ; a.next <= number; a.next++ {
		a.at[a.next%maxArrivals] = 0
	}
	if a.at[number%maxArrivals] != 0 {
		return
	}
	a.at[number%maxArrivals] = at
	a.base = min(max(a.base, a.next-maxArrivals), number) // one that comes late is told of after all
}

// Feedback appends an RTCP packet that tells of what has arrived since the last one, or nothing if nothing has.
func (a *Arrivals) Feedback(b []byte) []byte {
	for a.base < a.next && a.at[a.base%maxArrivals] == 0 && a.next-a.base > maxArrivals/2 {
		a.base++ // too old to be missed
	}
	first := a.base
	for first < a.next && a.at[first%maxArrivals] == 0 {
		first++
	}
	if first == a.next {
		return b
	}
	reference := a.at[first%maxArrivals] / referenceUnit
	n := a.measure(reference * referenceUnit)
	start := len(b)
	b = append(b, 2<<6|15, 205, 0, 0)
	b = binary.BigEndian.AppendUint32(b, a.Sender)
	b = binary.BigEndian.AppendUint32(b, a.media)
	b = binary.BigEndian.AppendUint16(b, uint16(a.base))
	b = binary.BigEndian.AppendUint16(b, uint16(n))
	b = binary.BigEndian.AppendUint32(b, uint32(reference)<<8|uint32(a.count))
	b = appendStatus(b, a.status[:n])
	for i, s := range a.status[:n] {
		switch s {
		case smallDelta:
			b = append(b, uint8(a.deltas[i]))
		case largeDelta:
			b = binary.BigEndian.AppendUint16(b, uint16(a.deltas[i]))
		}
	}
	if short := (4 - (len(b)-start)%4) % 4; short > 0 {
		b = append(b, make([]byte, short)...)
		b[start] |= 1 << 5
		b[len(b)-1] = uint8(short)
	}
	binary.BigEndian.PutUint16(b[start+2:], uint16((len(b)-start)/4-1))
	a.base += int64(n)
	a.count++
	return b
}

// measure fills in status and deltas from a.base on, as far as times can be said, and returns the number of packets.
func (a *Arrivals) measure(last int64) (n int) {
	for number := a.base; number < a.next; number++ {
		at := a.at[number%maxArrivals]
		if at == 0 {
			a.status[n] = notArrived
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
			a.status[n] = smallDelta
		default:
			a.status[n] = largeDelta
		}
		a.deltas[n] = int16(delta)
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
