package relay

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"
)

// forwarder carries the packets of one line in one direction. It outlives the hops on both sides of it: a reloaded page
// is a new source, a new browser hop a new way out.
type forwarder struct {
	from  *stream
	to    *end
	types atomic.Pointer[typeMap]

	mu      sync.Mutex // guards all below; held while packets are written, so that a closed gate is closed
	open    bool
	current *source
	numbers rewriter
	resumed time.Time // not zero: from then on a keyframe is awaited before anything is sent; nothing is before
	out     *outbound // nil: not connected yet
	early   prelude   // while out is nil
}

// keyframeWait is how long packets are held back after a pause, as they refer to pictures of before it: they would smear.
// A sender that gives no keyframe in that time is forwarded as it is.
const keyframeWait = 500 * time.Millisecond

// setOpen moves the gate. Once it has returned after closing, no further packet goes out, and none again that did before.
func (f *forwarder) setOpen(open bool) (opened bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	opened = open && !f.open
	f.open = open
	if !open {
		f.early.clear()
		if f.out != nil {
			f.out.forget()
		}
	}
	if opened && f.numbers.used {
		f.resumed = time.Now()
	}
	return opened
}

// gate is setOpen, and the keyframe with which a picture begins.
func (f *forwarder) gate(open bool) {
	if f.setOpen(open) {
		f.from.keyframes.ask()
	}
}

// renew sends nothing for a while, and then begins anew with a keyframe: what follows a picture that got lost cannot be shown, and
// would only keep a full path full.
func (f *forwarder) renew(rest time.Duration) {
	f.mu.Lock()
	f.resumed = time.Now().Add(rest)
	f.mu.Unlock()
	f.from.keyframes.askIn(rest)
}

// awaits says that the packet is held back; f.mu is held.
func (f *forwarder) awaits(keyframe bool, now time.Time) bool {
	if f.resumed.IsZero() {
		return false
	}
	if since := now.Sub(f.resumed); since > keyframeWait || keyframe && since >= 0 {
		f.resumed = time.Time{}
		return false
	}
	f.numbers.restart()
	return true
}

// setOut says where packets go from now on, and reports whether a keyframe was among those that it already had for o.
func (f *forwarder) setOut(o *outbound) (begun bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.out = o
	return f.play(o, time.Now())
}

// clearOut forgets o, unless another has taken its place.
func (f *forwarder) clearOut(o *outbound) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.out == o {
		f.out = nil
	}
}

// flush sends what forward has taken.
func (f *forwarder) flush() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.out != nil {
		f.out.flush()
	}
}

// knows says that packets of this type were agreed to.
func (f *forwarder) knows(payloadType uint8) bool {
	m := f.types.Load()
	return m != nil && m[payloadType&0x7f].to != 0
}

// repairs is the type of which packets of this type are retransmissions; 0: they are none.
func (f *forwarder) repairs(payloadType uint8) uint8 {
	m := f.types.Load()
	if m == nil {
		return 0
	}
	return m[payloadType&0x7f].repairs
}

// follow makes s the stream that is forwarded; nil: none.
func (f *forwarder) follow(s *source) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.current = s
	f.numbers.restart()
	f.early.clear()
}

// forward passes one packet of s on, which leaves with flush, if s is the stream of the moment and the gate is open; size is
// the whole packet's.
// Header extensions, CSRCs and identifiers of the one hop do not reach the other. It allocates nothing.
func (f *forwarder) forward(s *source, in packet, size int, now time.Time) {
	f.from.end.packetsIn.Add(1)
	f.from.end.bytesIn.Add(uint64(size))
	f.mu.Lock()
	first := f.current == s && !s.seen
	s.seen = s.seen || first
	late := first && f.open && !f.begins(in) // its keyframe came before we could read it
	sent := f.current == s && f.write(in, now)
	f.mu.Unlock()
	if sent {
		f.to.packetsOut.Add(1)
		f.to.bytesOut.Add(uint64(len(in.payload)))
	}
	if late {
		f.from.keyframes.ask()
	}
}

// begins says that a packet begins a full picture.
func (f *forwarder) begins(in packet) bool {
	m := f.types.Load()
	return m != nil && m[in.payloadType].to != 0 && m[in.payloadType].keyframe(in.payload)
}

// write renumbers and sends a packet; f.mu is held.
func (f *forwarder) write(in packet, now time.Time) bool {
	types := f.types.Load()
	if !f.open || f.out == nil || types == nil {
		f.numbers.restart()
		f.foresee(in, types)
		return false
	}
	t := &types[in.payloadType]
	if t.to == 0 || f.awaits(t.keyframe(in.payload), now) {
		return false
	}
	seq, ts, ok := f.numbers.next(in.sequence, in.timestamp, now)
	return ok && f.out.send(in, t.to, seq, ts, now)
}

// packet is what forwarding needs of an RTP packet.
type packet struct {
	marker      bool
	payloadType uint8
	sequence    uint16
	timestamp   uint32
	padding     uint8
	payload     []byte
}

// parse reads an RTP packet (RFC 3550, 5.1) without looking into its extensions.
func parse(raw []byte) (p packet, ok bool) {
	if len(raw) < 12 || raw[0]>>6 != 2 {
		return p, false
	}
	start := 12 + 4*int(raw[0]&0x0f)
	if raw[0]&0x10 != 0 {
		if len(raw) < start+4 {
			return p, false
		}
		start += 4 + 4*int(binary.BigEndian.Uint16(raw[start+2:]))
	}
	end := len(raw)
	if raw[0]&0x20 != 0 {
		p.padding = raw[end-1]
		end -= int(p.padding)
	}
	if start > end || (raw[0]&0x20 != 0 && p.padding == 0) {
		return p, false
	}
	p.marker, p.payloadType = raw[1]&0x80 != 0, raw[1]&0x7f
	p.sequence, p.timestamp = binary.BigEndian.Uint16(raw[2:]), binary.BigEndian.Uint32(raw[4:])
	p.payload = raw[start:end]
	return p, true
}
