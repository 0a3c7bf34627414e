package relay

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/sdp/v3"
	"github.com/pion/srtp/v3"
)

// hop is one connection of a leg: its transport, the stream that arrives on it and the stream that leaves by it.
type hop struct {
	leg       *Leg
	end       *end
	transport *transport
	in        inbound
	out       *outbound
	behind    *forwarder // what is sent here comes from it

	connected atomic.Bool
	begun     atomic.Bool  // the far end has got a keyframe with the connection
	trip      atomic.Int64 // round trip, as time.Duration; 0: unknown
	remb      atomic.Bool  // the far end understands bandwidth messages
	fir       atomic.Bool  // the far end understands FIR alone
	firCount  atomic.Uint32

	exts      extensions // agreed; set before the transport connects
	described bool       // the far end's description is known; leg's lock
	page      far        // of the browser hop: as last offered; leg's negotiation
	series    series     // leg's negotiation
	gathering *gathering // of the browser hop: as last answered; leg's negotiation
}

// newHop makes a hop that has not begun to gather.
func (l *Leg) newHop(e *end, in, out *forwarder) (*hop, error) {
	h := &hop{leg: l, end: e, behind: out}
	t, err := l.newTransport(e.side)
	if err != nil {
		return nil, err
	}
	h.transport = t
	h.out = newOutbound(l.relay.kbps, t.write)
	h.in = inbound{hop: h, forward: in}
	t.secured, t.media, t.changed = h.secured, h.media, h.changed
	return h, nil
}

// know keeps what the far end's description says about feedback.
func (h *hop) know(m *sdp.MediaDescription, feedbacks []string, exts extensions) {
	h.fir.Store(onlyFIR(m))
	h.remb.Store(slices.Contains(feedbacks, "goog-remb"))
	h.exts = exts
}

// current says that no other hop has taken this one's place.
func (h *hop) current() bool { return h.end.hop.Load() == h }

// secured opens both directions with the keys of the connection.
func (h *hop) secured(keys srtpKeys) error {
	k := keys.Keys
	const window = 1024 // packets that repair may bring late
	in, err := srtp.CreateContext(k.RemoteMasterKey, k.RemoteMasterSalt, keys.Profile, srtp.SRTPReplayProtection(window), srtp.SRTCPReplayProtection(64))
	if err != nil {
		return fmt.Errorf("relay: SRTP: %w", err)
	}
	out, err := srtp.CreateContext(k.LocalMasterKey, k.LocalMasterSalt, keys.Profile)
	if err != nil {
		return fmt.Errorf("relay: SRTP: %w", err)
	}
	h.out.connect(out, h.exts.sendTime)
	h.in.connect(in, h.exts.sequence)
	h.connected.Store(true)
	if h.current() {
		h.begun.Store(h.behind.setOut(h.out))
	}
	return nil
}

// changed reports the state of the transport.
func (h *hop) changed(c Condition) {
	if !h.current() {
		return
	}
	if c == Connected && !h.begun.Swap(false) {
		h.behind.from.keyframes.ask() // a far end that begins to look needs a full picture
	}
	h.leg.tell(h.end.side, c)
}

// media takes an encrypted packet; the transport's readers call it.
func (h *hop) media(raw []byte) {
	if len(raw) < 2 {
		return
	}
	if !isControl(raw[1]) {
		h.in.packet(raw, time.Now())
		return
	}
	packets := h.in.control(raw)
	if !h.current() {
		return
	}
	for _, p := range packets {
		h.end.heard(h, p, h.behind.from.keyframes.ask)
	}
}

// keyframeRequest is a PLI, or a FIR for those who know nothing else.
func (h *hop) keyframeRequest(media uint32) rtcp.Packet {
	if h.fir.Load() {
		return &rtcp.FullIntraRequest{
			SenderSSRC: h.out.ssrc, MediaSSRC: media,
			FIR: []rtcp.FIREntry{{SSRC: media, SequenceNumber: uint8(h.firCount.Add(1))}},
		}
	}
	return &rtcp.PictureLossIndication{SenderSSRC: h.out.ssrc, MediaSSRC: media}
}

// control sends RTCP packets as one.
func (h *hop) control(packets ...rtcp.Packet) {
	if err := h.out.control(packets...); err != nil {
		h.leg.log.Debug("feedback not sent", "hop", h.end.side, "err", err)
	}
}

// measure asks the transport for its round trip, which roundTrip then returns.
func (h *hop) measure()                 { h.trip.Store(int64(h.transport.rtt())) }
func (h *hop) roundTrip() time.Duration { return time.Duration(h.trip.Load()) }

// close ends the connection and waits for its goroutines. It must not be called from a callback.
func (h *hop) close() error {
	h.behind.clearOut(h.out)
	h.in.stop()
	if err := h.transport.close(); err != nil {
		return fmt.Errorf("relay: close %s hop: %w", h.end.side, err)
	}
	return nil
}
