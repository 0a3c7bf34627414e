package relay

import "time"

// history keeps the last packets that were sent, so that those that got lost can be sent again. Its memory is fixed:
// a ring of bytes, and for each recent sequence number where its packet begins. It is not safe for concurrent use.
type history struct {
	ring  []byte
	at    int64 // bytes ever put, skipped ones included: the next packet begins at at%len(ring)
	slots [historySlots]slot
}

type slot struct {
	begin int64 // as history.at
	again int64 // µs: when it was last sent again; 0: never
	size  int32 // 0: never used
	seq   uint16
}

// historySlots is a power of two: two seconds at 250 packets a second.
const historySlots = 512

func newHistory(size int) *history { return &history{ring: make([]byte, size)} }

// room is where a packet of this sequence number is to be written; it takes the place of the oldest ones. The packet is
// not in the history before keep.
func (h *history) room(size int) []byte {
	begin := int(h.at % int64(len(h.ring)))
	if begin+size > len(h.ring) {
		h.at += int64(len(h.ring) - begin)
		begin = 0
	}
	return h.ring[begin : begin+size : begin+size]
}

// keep enters the packet that was written where room said.
func (h *history) keep(seq uint16, size int) {
	h.slots[seq%historySlots] = slot{begin: h.at, size: int32(size), seq: seq}
	h.at += int64(size)
}

// find is the packet with this number; nil: forgotten, or never sent. It is valid until the next room.
func (h *history) find(seq uint16) []byte {
	s := h.slots[seq%historySlots]
	if s.size == 0 || s.seq != seq || h.at-s.begin > int64(len(h.ring)) {
		return nil
	}
	begin := int(s.begin % int64(len(h.ring)))
	return h.ring[begin : begin+int(s.size)]
}

// forget leaves nothing to send again.
func (h *history) forget() { clear(h.slots[:]) }

// again is find, for a packet that is sent again now; nil also if that was done less than gap ago: whoever asks twice may
// not have got the answer yet.
func (h *history) again(seq uint16, now time.Time, gap time.Duration) []byte {
	b := h.find(seq)
	s := &h.slots[seq%historySlots]
	if b == nil || now.UnixMicro()-s.again < gap.Microseconds() {
		return nil
	}
	s.again = now.UnixMicro()
	return b
}
