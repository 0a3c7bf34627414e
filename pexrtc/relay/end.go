package relay

import (
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
)

// end is one side of a leg for the leg's whole life, while hops come and go. Safe for concurrent use.
type end struct {
	side  Hop
	hop   atomic.Pointer[hop] // of the moment
	lines [contents]stream
	can   estimate // what this far end can take

	watch      watch        // of Signs
	reportedAt atomic.Int64 // when the last RTCP packet came, in Unix nanoseconds

	packetsIn, bytesIn, packetsOut, bytesOut atomic.Uint64
	keyframesAsked, keyframesWanted          atomic.Uint64
	nacksSent, nacksHeard, resent            atomic.Uint64
	missed                                   atomic.Uint64
	dropped                                  [drops]atomic.Uint64
}

func newEnd(side Hop) *end {
	e := &end{side: side}
	for c := range e.lines {
		s := &e.lines[c]
		s.end, s.keyframes.send = e, s.sendKeyframeRequest
	}
	return e
}

// stop ends what runs by itself.
func (e *end) stop() {
	for c := range e.lines {
		e.lines[c].keyframes.stop()
	}
}

// report tells the far end, every second, what arrived, what was sent, and how fast it may send, in bit/s (REMB).
func (e *end) report(rate float64, now time.Time) {
	h := e.hop.Load()
	if h == nil || !h.connected.Load() {
		return
	}
	h.measure()
	packets := []rtcp.Packet{h.out[mainVideo].report(now, h.in.reports(now))}
	if h.out[slides].used() {
		packets = append(packets, h.out[slides].report(now, nil))
	}
	h.control(append(packets, e.bandwidth(h, rate)...)...)
}

// delay tells the far end to play what it gets with at least this delay.
func (e *end) delay(least time.Duration) {
	if h := e.hop.Load(); h != nil {
		h.out[mainVideo].delay(least)
	}
}

// trip is the round trip to the far end; 0: unknown.
func (e *end) trip() time.Duration {
	if h := e.hop.Load(); h != nil {
		return h.roundTrip()
	}
	return 0
}

// limit is what report says of bandwidth, alone.
func (e *end) limit(rate float64) {
	h := e.hop.Load()
	if h == nil || !h.connected.Load() || rate == 0 {
		return
	}
	if b := e.bandwidth(h, rate); b != nil {
		h.control(b...)
	}
}

// bandwidth is the message that limits the far end's streams to a rate; nil: there is none, or it would not understand.
func (e *end) bandwidth(h *hop, rate float64) []rtcp.Packet {
	var sources []uint32
	for c := range e.lines {
		if s := e.lines[c].source.Load(); s != nil && s.hop == h {
			sources = append(sources, s.ssrc)
		}
	}
	if len(sources) == 0 || !h.remb.Load() {
		return nil
	}
	return []rtcp.Packet{&rtcp.ReceiverEstimatedMaximumBitrate{
		SenderSSRC: h.out[mainVideo].ssrc, Bitrate: float32(rate), SSRCs: sources,
	}}
}

// heard takes one RTCP packet of this far end about what we send it.
func (e *end) heard(h *hop, p rtcp.Packet) {
	switch p := p.(type) {
	case *rtcp.PictureLossIndication:
		e.keyframeWanted(h, p.MediaSSRC)
	case *rtcp.FullIntraRequest:
		for _, f := range p.FIR {
			e.keyframeWanted(h, f.SSRC)
		}
	case *rtcp.ReceiverEstimatedMaximumBitrate:
		if p.Bitrate >= 0 && p.Bitrate < 1e10 {
			e.can.remb.Store(uint64(p.Bitrate))
		}
	case *rtcp.TransportLayerNack:
		if o := h.stream(p.MediaSSRC); o != nil {
			e.nacksHeard.Add(1)
			sent, hopeless := o.resend(p.Nacks, h.roundTrip())
			e.resent.Add(uint64(sent))
			if hopeless {
				h.renew(o, time.Now())
			}
		}
	case *rtcp.RawPacket:
		e.told(h, *p)
	case *rtcp.ReceiverReport:
		e.reported(h, p.Reports)
	case *rtcp.SenderReport:
		e.reported(h, p.Reports)
	}
}

// keyframeWanted asks whoever sends that stream of ours; whom we don't know means the main one.
func (e *end) keyframeWanted(h *hop, ssrc uint32) {
	e.keyframesWanted.Add(1)
	h.behind[h.content(ssrc)].from.keyframes.ask()
}

// told takes feedback on the arrival of what we send. Whoever sends it hears at once of a path that has become narrower.
func (e *end) told(h *hop, raw []byte) {
	now, o := time.Now(), h.out[mainVideo]
	fell, hopeless := o.told(raw, &e.can, now)
	if fell {
		h.leg.hurry()
	}
	if hopeless {
		h.renew(o, now)
	}
}

// reported takes what one report says of our streams; the worst of them counts.
func (e *end) reported(h *hop, reports []rtcp.ReceptionReport) {
	worst, known := 0.0, false
	for _, r := range reports {
		if o := h.stream(r.SSRC); o != nil {
			lost, ok := o.reported(r)
			worst, known = max(worst, lost), known || ok
		}
	}
	if known {
		e.can.setLost(worst)
	}
}

// drop counts what goes no further.
func (e *end) drop(why Drop) { e.dropped[why].Add(1) }

// stats are the counters of this end.
func (e *end) stats() HopStats {
	s := HopStats{
		PacketsIn: e.packetsIn.Load(), BytesIn: e.bytesIn.Load(),
		PacketsOut: e.packetsOut.Load(), BytesOut: e.bytesOut.Load(),
		KeyframesAsked: e.keyframesAsked.Load(), KeyframesWanted: e.keyframesWanted.Load(),
		NACKsSent: e.nacksSent.Load(), NACKsHeard: e.nacksHeard.Load(), PacketsResent: e.resent.Load(),
		PacketsMissed: e.missed.Load(), Loss: e.can.lost(), Estimate: e.can.most(),
	}
	for d := range e.dropped {
		s.Dropped[d] = e.dropped[d].Load()
	}
	s.Standing = Connecting
	if h := e.hop.Load(); h != nil {
		s.Standing = h.standing()
		s.RTT = float64(h.roundTrip()) / float64(time.Millisecond)
	}
	return s
}
