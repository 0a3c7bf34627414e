package capacity

import "encoding/binary"

// acks are what a far end tells of our packets' arrival (draft-holmer-rmcat-transport-wide-cc-extensions-01, 3.1).
type acks struct {
	base      uint16 // number of the first packet it tells of
	count     int    // packets it tells of
	reference int64  // µs of the far end's clock, from which the first delta counts
	chunks    []byte // what became of the packets
	deltas    []byte // when those that arrived did
}

const (
	feedbackHead  = 20     // bytes before the chunks
	deltaUnit     = 250    // µs
	referenceUnit = 64_000 // µs
)

// What became of a packet: the number of bytes that say when it arrived.
const (
	notArrived = 0
	smallDelta = 1
	largeDelta = 2
)

// IsFeedback tells transport-wide feedback from other RTCP packets, by their heads.
func IsFeedback(raw []byte) bool {
	const format, kind = 15, 205
	return len(raw) >= feedbackHead && raw[0]&0x1f == format && raw[1] == kind
}

// readFeedback checks an RTCP packet. ok is false if it is none of that kind, or contradicts itself, or tells of more
// packets than we remember.
func readFeedback(raw []byte) (a acks, ok bool) {
	if !IsFeedback(raw) {
		return a, false
	}
	a.base, a.count = binary.BigEndian.Uint16(raw[12:]), int(binary.BigEndian.Uint16(raw[14:]))
	a.reference = int64(1<<24|binary.BigEndian.Uint32(raw[16:])>>8) * referenceUnit // none of the times is negative
	if a.count > maxDepartures {
		return a, false
	}
	end, size := feedbackHead, 0
	for left := a.count; left > 0; end += 2 {
		if end+2 > len(raw) {
			return a, false
		}
		c := chunk(binary.BigEndian.Uint16(raw[end:]))
		n := min(c.symbols(), left)
		deltas, ok := c.deltas(n)
		if n == 0 || !ok {
			return a, false
		}
		left, size = left-n, size+deltas
	}
	if end+size > len(raw) {
		return a, false
	}
	a.chunks, a.deltas = raw[feedbackHead:end], raw[end:end+size]
	return a, true
}

// arrivals yields the packets that have arrived, and when, in µs of the far end's clock.
func (a acks) arrivals(yield func(number uint16, at int64) bool) {
	number, left, at, deltas := a.base, a.count, a.reference, a.deltas
	for chunks := a.chunks; left > 0; chunks = chunks[2:] {
		c := chunk(binary.BigEndian.Uint16(chunks))
		n := min(c.symbols(), left)
		for i := range n {
			status := c.symbol(i)
			switch status {
			case smallDelta:
				at += int64(deltas[0]) * deltaUnit
			case largeDelta:
				at += int64(int16(binary.BigEndian.Uint16(deltas))) * deltaUnit
			}
			deltas = deltas[status:]
			if status != notArrived && !yield(number, at) {
				return
			}
			number++
		}
		left -= n
	}
}

// chunk says what became of some packets: of a run with one fate, or of 14 or 7 with one each, of one or two bits.
type chunk uint16

func (c chunk) symbols() int {
	switch c >> 14 {
	case 2:
		return 14
	case 3:
		return 7
	}
	return int(c & 0x1fff)
}

// symbol is the fate of packet i.
func (c chunk) symbol(i int) uint8 {
	switch c >> 14 {
	case 2:
		return uint8(c>>(13-i)) & 1
	case 3:
		return uint8(c>>(2*(6-i))) & 3
	}
	return uint8(c>>13) & 3
}

// deltas is the number of bytes that say when the first n packets arrived. ok is false for a fate that does not exist.
func (c chunk) deltas(n int) (size int, ok bool) {
	for i := range n {
		s := c.symbol(i)
		if s > largeDelta {
			return 0, false
		}
		size += int(s)
	}
	return size, true
}
