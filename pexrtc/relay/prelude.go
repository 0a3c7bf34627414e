package relay

import (
	"slices"
	"time"
)

// maxPrelude is how many packets a prelude holds: some two seconds of an ordinary stream.
const maxPrelude = 256

// prelude is what has come for a far end that is not connected yet: the last keyframe and all after it. Given at once
// when the connection is up, it saves the wait for another keyframe, which a far end that has just sent one may not give.
// It is not safe for concurrent use.
type prelude struct {
	source  *source
	packets []packet
	full    bool // no more until the next keyframe
}

// keep takes a packet of s whose bytes are the caller's.
func (p *prelude) keep(s *source, in packet, keyframe bool) {
	if keyframe && p.begins(s, in) {
		p.source, p.packets, p.full = s, p.packets[:0], false
	}
	if p.source != s || p.full {
		return
	}
	if len(p.packets) == maxPrelude {
		p.clear()
		p.source, p.full = s, true
		return
	}
	in.payload = slices.Clone(in.payload)
	p.packets = append(p.packets, in)
}

// begins says that a packet marked as a keyframe's opens a new one: several of one frame may be marked.
func (p *prelude) begins(s *source, in packet) bool {
	return p.source != s || p.full || p.packets[0].timestamp != in.timestamp
}

func (p *prelude) clear() { *p = prelude{} }

// play sends the prelude by o and reports whether there was one; f.mu is held.
func (f *forwarder) play(o *outbound, now time.Time) bool {
	packets := f.early.packets
	f.early.clear()
	types := f.types.Load()
	if !f.open || types == nil {
		return false
	}
	for _, in := range packets {
		if seq, ts, ok := f.numbers.next(in.sequence, in.timestamp, now); ok {
			o.send(in, types[in.payloadType].to, seq, ts, now)
		}
	}
	if len(packets) == 0 {
		return false
	}
	o.flush()
	f.resumed = time.Time{}
	return true
}

// foresee keeps a packet that cannot be sent yet; f.mu is held.
func (f *forwarder) foresee(in packet, types *typeMap) {
	if f.open && types != nil && types[in.payloadType].to != 0 {
		f.early.keep(f.current, in, f.begins(in))
	}
}
