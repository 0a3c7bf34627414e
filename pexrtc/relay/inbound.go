package relay

import (
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"github.com/videoleg/videoleg/pexrtc/capacity"
)

// source is one video stream that arrives on a hop.
type source struct {
	hop  *hop
	ssrc uint32
	seen bool // its first packet has come; forwarder's lock
}

// arrival is what arrives of one video line; inbound's lock guards it.
type arrival struct {
	forward *forwarder
	source  *source   // of the moment; nil before the first packet
	former  []uint32  // sources that were replaced
	lastAt  time.Time // arrival of the last packet of source
	stats   reception
	gaps    gaps
	resort  resort
}

// inbound is what arrives on a hop: decrypted, measured, asked for again where it has gaps, and handed to the forwarders.
type inbound struct {
	hop *hop

	mu         sync.Mutex    // guards all below; held while a packet is forwarded
	keys       *srtp.Context // nil: not connected yet
	sealed     [][]byte      // RTP that came before the keys
	over       bool          // stop was called
	header     rtp.Header    // reused
	known      [2][]uint32   // senders that were heard, of RTP and RTCP
	exts       extensions    // agreed
	arrivals   capacity.Arrivals
	unreported time.Time // arrival of the first packet that no congestion feedback covers; zero: none
	lines      [contents]arrival
	shared     []uint32    // senders of the slides line, as announced or as their packets say
	sharedMID  string      // of the slides line; empty: none
	repair     *time.Timer // asks for what is missing
}

// init says where the lines of h go; once, before the first packet.
func (i *inbound) init(h *hop, forward [contents]*forwarder) {
	i.hop = h
	for c, f := range forward {
		i.lines[c].forward = f
	}
}

const (
	maxSenders = 128 // that a far end may use in the life of a hop; each takes memory in the SRTP stack
	maxFormer  = 8
	// maxSealed is how many packets wait for the keys: a far end may be done with DTLS a moment before us, and its first
	// packets are a keyframe.
	maxSealed = 64
	// congestionEvery is how often a sender hears of its packets (draft-holmer-rmcat-transport-wide-cc-extensions).
	congestionEvery = 100 * time.Millisecond
	// silence after which a source that was replaced may come back.
	silence = time.Second
)

// connect lets packets pass from now on.
func (i *inbound) connect(keys *srtp.Context, exts extensions) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys, i.exts = keys, exts
	i.arrivals.Sender = i.hop.out[mainVideo].ssrc
	sealed := i.sealed
	i.sealed = nil
	for _, raw := range sealed {
		i.open(raw, time.Now())
	}
}

// packet takes an encrypted RTP packet and decrypts it where it lies. It allocates nothing once there are keys.
func (i *inbound) packet(raw []byte, now time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case len(raw) < headerSize:
		i.hop.end.drop(Malformed)
	case i.keys != nil:
		i.open(raw, now)
	case len(i.sealed) < maxSealed && !i.over:
		i.sealed = append(i.sealed, slices.Clone(raw))
	default:
		i.hop.end.drop(Early)
	}
}

// open decrypts a packet and passes it on; i.mu is held.
func (i *inbound) open(raw []byte, now time.Time) {
	ssrc := binary.BigEndian.Uint32(raw[8:])
	if !i.admits(0, ssrc) {
		i.hop.end.drop(Senders)
		return
	}
	plain, err := i.keys.DecryptRTP(raw, raw, &i.header)
	if err != nil {
		i.hop.end.drop(Forged)
		return
	}
	i.remember(0, ssrc)
	i.note(ssrc, now)
	in, ok := parse(plain)
	if !ok {
		i.hop.end.drop(Malformed)
		return
	}
	a := i.line(ssrc)
	if of := a.forward.repairs(in.payloadType); of != 0 {
		a.repaired(in, of, len(plain), now)
		return
	}
	if !a.forward.knows(in.payloadType) {
		i.hop.end.drop(Unagreed)
		return
	}
	if !i.follows(a, ssrc, now) {
		i.hop.end.drop(Superseded)
		return
	}
	a.lastAt = now
	a.stats.packet(in.sequence, in.timestamp, now)
	if a.gaps.arrived(in.sequence, now) {
		a.forward.from.keyframes.ask()
	} else if len(a.gaps.missing) > 0 {
		i.mend()
	}
	a.forward.forward(a.source, in, len(plain), now)
}

// announce adds senders of the slides line, as the far end describes it.
func (i *inbound) announce(mid string, ssrcs []uint32) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.sharedMID = mid
	for _, s := range ssrcs {
		i.share(s)
	}
}

func (i *inbound) share(ssrc uint32) {
	if len(i.shared) < maxSenders && !slices.Contains(i.shared, ssrc) {
		i.shared = append(i.shared, ssrc)
	}
}

// line is the one that a sender belongs to: the slides if announced there, or if the packet in hand says so (RFC 8843,
// 9.2), else the main one. i.mu is held.
func (i *inbound) line(ssrc uint32) *arrival {
	if slices.Contains(i.shared, ssrc) {
		return &i.lines[slides]
	}
	if i.exts.mid != 0 && i.sharedMID != "" && string(i.header.GetExtension(i.exts.mid)) == i.sharedMID {
		i.share(ssrc)
		return &i.lines[slides]
	}
	return &i.lines[mainVideo]
}

// admits refuses a flood of senders; kind is 0 for RTP, 1 for RTCP.
func (i *inbound) admits(kind int, ssrc uint32) bool {
	return len(i.known[kind]) < maxSenders || slices.Contains(i.known[kind], ssrc)
}

// remember counts a sender whose packet was genuine.
func (i *inbound) remember(kind int, ssrc uint32) {
	if !slices.Contains(i.known[kind], ssrc) {
		i.known[kind] = append(i.known[kind], ssrc)
	}
}

// note keeps the arrival for congestion feedback, and gives it when it is time.
func (i *inbound) note(ssrc uint32, now time.Time) {
	if i.exts.sequence == 0 {
		return
	}
	ext := i.header.GetExtension(i.exts.sequence)
	if len(ext) < 2 {
		return
	}
	i.arrivals.Packet(ssrc, binary.BigEndian.Uint16(ext), now.UnixMicro())
	if i.unreported.IsZero() {
		i.unreported = now
	} else if now.Sub(i.unreported) >= congestionEvery {
		i.reportCongestion()
	}
}

// reportCongestion is called with each packet that finds it due, and by the clock when packets cease; i.mu is held.
func (i *inbound) reportCongestion() {
	i.unreported = time.Time{}
	for {
		told := rtcp.RawPacket(i.arrivals.Feedback(make([]byte, 0, 64)))
		if len(told) == 0 {
			return
		}
		i.hop.control(&told)
	}
}

// follows says that packets of ssrc are the stream of a to forward. A new one takes the place of the old one, which does
// not come back as long as the new one lives.
func (i *inbound) follows(a *arrival, ssrc uint32, now time.Time) bool {
	if a.source != nil && a.source.ssrc == ssrc {
		return true
	}
	if a.source != nil {
		if slices.Contains(a.former, ssrc) && now.Sub(a.lastAt) < silence {
			return false
		}
		if len(a.former) == maxFormer {
			a.former = slices.Delete(a.former, 0, 1)
		}
		a.former = append(a.former, a.source.ssrc)
	}
	if !i.hop.current() {
		return false
	}
	a.source = &source{hop: i.hop, ssrc: ssrc}
	a.stats, a.gaps = reception{ssrc: ssrc}, gaps{missing: a.gaps.missing[:0]}
	a.forward.from.source.Store(a.source)
	a.forward.follow(a.source)
	return true
}

// control decrypts an RTCP packet.
func (i *inbound) control(raw []byte) []rtcp.Packet {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.keys == nil || len(raw) < 8 {
		return nil
	}
	ssrc := binary.BigEndian.Uint32(raw[4:])
	if !i.admits(1, ssrc) {
		i.hop.end.drop(Senders)
		return nil
	}
	plain, err := i.keys.DecryptRTCP(nil, raw, nil)
	if err != nil {
		i.hop.end.drop(Forged)
		return nil
	}
	i.remember(1, ssrc)
	packets, err := readControl(plain)
	if err != nil {
		i.hop.end.drop(Malformed)
		return nil
	}
	for _, p := range packets {
		if r, ok := p.(*rtcp.SenderReport); ok {
			i.heard(r)
		}
	}
	return packets
}

// heard takes a sender's report on its stream; i.mu is held.
func (i *inbound) heard(r *rtcp.SenderReport) {
	for c := range i.lines {
		if a := &i.lines[c]; a.source != nil && a.source.ssrc == r.SSRC {
			a.stats.heard(r.NTPTime, time.Now())
		}
	}
}

// reports is what the far end should know of its streams, every second; nil before the first packet.
func (i *inbound) reports(now time.Time) []rtcp.ReceptionReport {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.unreported.IsZero() {
		i.reportCongestion()
	}
	var all []rtcp.ReceptionReport
	for c := range i.lines {
		if a := &i.lines[c]; a.source != nil {
			report, missed := a.stats.next(now)
			i.hop.end.missed.Add(missed)
			all = append(all, report)
		}
	}
	return all
}

// stop ends the repair.
func (i *inbound) stop() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys, i.sealed, i.over = nil, nil, true
	if i.repair != nil {
		i.repair.Stop()
	}
}
