package relay

import (
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
)

// end is one side of a leg for the leg's whole life, while hops come and go. Safe for concurrent use.
type end struct {
	side      Hop
	hop       atomic.Pointer[hop]    // of the moment
	source    atomic.Pointer[source] // the video that arrives from there
	keyframes asker                  // asks this far end for keyframes
	can       estimate               // what this far end can take

	packetsIn, bytesIn, packetsOut, bytesOut atomic.Uint64
	keyframesAsked, keyframesWanted          atomic.Uint64
	nacksSent, nacksHeard, resent            atomic.Uint64
}

func newEnd(side Hop) *end {
	e := &end{side: side}
	e.keyframes.send = e.sendKeyframeRequest
	return e
}

// sendKeyframeRequest asks for a full picture of the stream of the moment. A stream that has not begun will begin with one.
func (e *end) sendKeyframeRequest() bool {
	s := e.source.Load()
	h := e.hop.Load()
	if s == nil || h == nil || s.hop != h {
		return false
	}
	e.keyframesAsked.Add(1)
	h.control(h.keyframeRequest(s.ssrc))
	return true
}

// report tells the far end, every second, what arrived, what was sent, and how fast it may send, in bit/s (REMB).
func (e *end) report(rate float64, now time.Time) {
	h := e.hop.Load()
	if h == nil || !h.connected.Load() {
		return
	}
	h.measure()
	packets := []rtcp.Packet{h.out.report(now, h.in.reports(now))}
	if s := e.source.Load(); s != nil && s.hop == h && h.remb.Load() {
		packets = append(packets, &rtcp.ReceiverEstimatedMaximumBitrate{
			SenderSSRC: h.out.ssrc, Bitrate: float32(rate), SSRCs: []uint32{s.ssrc},
		})
	}
	h.control(packets...)
}

// heard takes one RTCP packet of this far end about what we send it; wants is called for a keyframe request.
func (e *end) heard(h *hop, p rtcp.Packet, wants func()) {
	switch p := p.(type) {
	case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
		e.keyframesWanted.Add(1)
		wants()
	case *rtcp.ReceiverEstimatedMaximumBitrate:
		if p.Bitrate >= 0 && p.Bitrate < 1e10 {
			e.can.remb.Store(uint64(p.Bitrate))
		}
	case *rtcp.TransportLayerNack:
		if p.MediaSSRC == h.out.ssrc {
			e.nacksHeard.Add(1)
			e.resent.Add(uint64(h.out.resend(p.Nacks)))
		}
	case *rtcp.ReceiverReport:
		e.reported(h, p.Reports)
	case *rtcp.SenderReport:
		e.reported(h, p.Reports)
	}
}

func (e *end) reported(h *hop, reports []rtcp.ReceptionReport) {
	for _, r := range reports {
		if r.SSRC == h.out.ssrc {
			e.can.setLost(float64(r.FractionLost) / 256)
		}
	}
}

// stats are the counters of this end.
func (e *end) stats() HopStats {
	s := HopStats{
		PacketsIn: e.packetsIn.Load(), BytesIn: e.bytesIn.Load(),
		PacketsOut: e.packetsOut.Load(), BytesOut: e.bytesOut.Load(),
		KeyframesAsked: e.keyframesAsked.Load(), KeyframesWanted: e.keyframesWanted.Load(),
		NACKsSent: e.nacksSent.Load(), NACKsHeard: e.nacksHeard.Load(), PacketsResent: e.resent.Load(),
		Loss: e.can.lost(), Estimate: e.can.remb.Load(),
	}
	if h := e.hop.Load(); h != nil {
		s.RTT = float64(h.roundTrip()) / float64(time.Millisecond)
	}
	return s
}
