package relay

import (
	"encoding/binary"
	"sync"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// source is one video stream that arrives on a hop.
type source struct {
	hop  *hop
	ssrc uint32
	seen bool // its first packet has been told; forwarder's lock
}

// forwarder carries packets in one direction. It outlives the hops on both sides of it: a reloaded page is a new source,
// a new browser hop a new outlet.
type forwarder struct {
	from, to *end
	first    func(Hop) // told of the first packet of each source

	mu      sync.Mutex // guards all below; held while a packet is written, so that a closed gate is closed
	open    bool
	current *source
	types   *typeMap
	numbers rewriter
	resumed time.Time // not zero: since then a keyframe is awaited before anything is sent
	out     outlet
	header  rtp.Header // reused
	stamp   [3]byte    // reused: the send time extension
}

// outlet is where a hop takes packets.
type outlet struct {
	writer   webrtc.TrackLocalWriter // nil: not negotiated yet
	ssrc     uint32
	sendTime uint8 // id of the abs-send-time extension; 0: not agreed
}

// keyframeWait is how long a reopened gate holds back packets that refer to pictures of before the pause: they would
// smear. A sender that gives no keyframe in that time is forwarded as it is.
const keyframeWait = 500 * time.Millisecond

// setOpen moves the gate. Once it has returned after closing, no further packet goes out.
func (f *forwarder) setOpen(open bool) (opened bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	opened = open && !f.open
	f.open = open
	if opened && f.numbers.used {
		f.resumed = time.Now()
	}
	return opened
}

// awaits says that the packet is held back; f.mu is held.
func (f *forwarder) awaits(keyframe bool, now time.Time) bool {
	if f.resumed.IsZero() {
		return false
	}
	if keyframe || now.Sub(f.resumed) > keyframeWait {
		f.resumed = time.Time{}
		return false
	}
	return true
}

// setOutlet says where packets go from now on. The extension list starts anew.
func (f *forwarder) setOutlet(o outlet) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.out, f.header = o, rtp.Header{}
}

// clearOutlet forgets o's writer, unless another has taken its place.
func (f *forwarder) clearOutlet(ssrc uint32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.out.ssrc == ssrc {
		f.out = outlet{}
	}
}

// setTypes changes the translation of payload types.
func (f *forwarder) setTypes(m *typeMap) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.types = m
}

// follow makes s the stream that is forwarded; nil: none.
func (f *forwarder) follow(s *source) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.current = s
	f.numbers.restart()
}

// forward sends one packet of s on, if s is the stream of the moment and the gate is open. Header extensions, CSRCs and
// identifiers of the one hop do not reach the other. It allocates nothing.
func (f *forwarder) forward(s *source, raw []byte, now time.Time) {
	in, ok := parse(raw)
	if !ok {
		return
	}
	f.from.packetsIn.Add(1)
	f.from.bytesIn.Add(uint64(len(raw)))
	f.mu.Lock()
	news := f.current == s && !s.seen
	s.seen = s.seen || news
	sent := f.current == s && f.write(in, now)
	f.mu.Unlock()
	if sent {
		f.to.packetsOut.Add(1)
		f.to.bytesOut.Add(uint64(len(in.payload)))
	}
	if news {
		f.first(f.from.side)
	}
}

// write renumbers and sends a packet; f.mu is held.
func (f *forwarder) write(in packet, now time.Time) bool {
	if !f.open || f.out.writer == nil || f.types == nil {
		f.numbers.restart()
		return false
	}
	t := &f.types[in.payloadType]
	if t.to == 0 || f.awaits(t.keyframe(in.payload), now) {
		return false
	}
	seq, ts, ok := f.numbers.next(in.sequence, in.timestamp, now)
	if !ok {
		return false
	}
	h := &f.header
	h.Version, h.Marker, h.PayloadType, h.SSRC = 2, in.marker, t.to, f.out.ssrc
	h.SequenceNumber, h.Timestamp = seq, ts
	h.Padding, h.PaddingSize = in.padding > 0, in.padding
	if id := f.out.sendTime; id != 0 {
		putSendTime(&f.stamp, now)
		_ = h.SetExtension(id, f.stamp[:]) // fails for ids above 14 only, which are not agreed
	}
	n, err := f.out.writer.WriteRTP(h, in.payload) // 0 without an error: not connected yet
	return err == nil && n > 0
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

// putSendTime writes now as 24 bits of seconds in 6.18 fixed point (abs-send-time).
func putSendTime(b *[3]byte, now time.Time) {
	fixed := uint64(now.UnixMicro()) % 64_000_000 << 18 / 1_000_000
	b[0], b[1], b[2] = byte(fixed>>16), byte(fixed>>8), byte(fixed)
}
