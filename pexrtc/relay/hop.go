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

// hop is one connection of a leg: its transport, the streams that arrive on it and those that leave by it.
type hop struct {
	leg       *Leg
	end       *end
	transport *transport
	in        inbound
	out       [contents]*outbound
	behind    [contents]*forwarder // what is sent here comes from them

	connected atomic.Bool
	lost      atomic.Bool  // no packet arrives any more; it may come back
	begun     atomic.Bool  // the far end has got a keyframe with the connection
	presents  atomic.Bool  // a slides line is agreed
	trip      atomic.Int64 // round trip, as time.Duration; 0: unknown
	remb      atomic.Bool  // the far end understands bandwidth messages
	fir       atomic.Bool  // the far end understands FIR alone
	firCount  atomic.Uint32

	exts      extensions // agreed for what arrives; set before the transport connects
	stamps    extensions // the same, for what we send
	described bool       // the far end's description is known; leg's lock
	there     far        // as last described; leg's negotiation
	series    series     // leg's negotiation
	gathering *gathering // the last; leg's negotiation
}

// newHop makes a hop that has not begun to gather.
func (l *Leg) newHop(e *end, in, out [contents]*forwarder) (*hop, error) {
	h := &hop{leg: l, end: e, behind: out}
	t, err := l.newTransport(e.side)
	if err != nil {
		return nil, err
	}
	h.transport = t
	main := newOutbound(l.relay.kbps, t.send)
	h.out = [contents]*outbound{main, main.beside()}
	h.in.init(h, in)
	t.secured, t.media, t.drained, t.changed = h.secured, h.media, h.drained, h.changed
	return h, nil
}

// know keeps what the far end's description says about feedback.
func (h *hop) know(m *sdp.MediaDescription, feedbacks []string, exts extensions) {
	h.fir.Store(onlyFIR(m))
	h.remb.Store(slices.Contains(feedbacks, "goog-remb"))
	h.exts, h.stamps = exts, exts
	if !slices.Contains(feedbacks, "transport-cc") {
		h.stamps.sequence = 0
	}
}

// stream is the one of ours with this SSRC; nil: none.
func (h *hop) stream(ssrc uint32) *outbound {
	for _, o := range h.out {
		if o.ssrc == ssrc {
			return o
		}
	}
	return nil
}

// content is that of the stream of ours with this SSRC; the main one if there is none.
func (h *hop) content(ssrc uint32) content {
	if ssrc == h.out[slides].ssrc {
		return slides
	}
	return mainVideo
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
	tag, err := keys.tag()
	if err != nil {
		return fmt.Errorf("relay: SRTP: %w", err)
	}
	h.out[mainVideo].connect(out, tag, h.stamps) // and the slides with it
	h.in.connect(in, h.exts)
	h.drained()
	h.connected.Store(true)
	if h.current() {
		h.begun.Store(h.behind[mainVideo].setOut(h.out[mainVideo]))
		if h.presents.Load() {
			h.behind[slides].setOut(h.out[slides])
		}
	}
	return nil
}

// changed reports the state of the transport.
func (h *hop) changed(c Condition) {
	h.lost.Store(c != Connected)
	if !h.current() {
		return
	}
	if c == Connected {
		h.behind[slides].from.keyframes.ask()
		if !h.begun.Swap(false) {
			h.behind[mainVideo].from.keyframes.ask() // a far end that begins to look needs a full picture
		}
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
	if len(packets) == 0 || !h.current() {
		return
	}
	h.end.reportedAt.Store(time.Now().UnixNano())
	for _, p := range packets {
		h.end.heard(h, p)
	}
}

// drained lets go what the packets have become.
func (h *hop) drained() {
	for c := range h.in.lines {
		h.in.lines[c].forward.flush()
	}
}

// renew gives up what is still to be repaired or to come of a stream of ours, which begins anew with a keyframe when the path has
// room.
func (h *hop) renew(o *outbound, now time.Time) { h.behind[h.content(o.ssrc)].renew(o.giveUp(now)) }

// keyframeRequest is a PLI, or a FIR for those who know nothing else.
func (h *hop) keyframeRequest(media uint32) rtcp.Packet {
	if h.fir.Load() {
		return &rtcp.FullIntraRequest{
			SenderSSRC: h.out[mainVideo].ssrc, MediaSSRC: media,
			FIR: []rtcp.FIREntry{{SSRC: media, SequenceNumber: uint8(h.firCount.Add(1))}},
		}
	}
	return &rtcp.PictureLossIndication{SenderSSRC: h.out[mainVideo].ssrc, MediaSSRC: media}
}

// control sends RTCP packets as one.
func (h *hop) control(packets ...rtcp.Packet) {
	if err := h.out[mainVideo].control(packets...); err != nil {
		h.leg.log.Debug("feedback not sent", "hop", h.end.side, "err", err)
	}
}

// standing is how the connection fares.
func (h *hop) standing() Standing {
	switch {
	case !h.connected.Load():
		return Connecting
	case h.lost.Load():
		return Interrupted
	}
	return Flowing
}

// measure asks the transport for its round trip, which roundTrip then returns.
func (h *hop) measure()                 { h.trip.Store(int64(h.transport.rtt())) }
func (h *hop) roundTrip() time.Duration { return time.Duration(h.trip.Load()) }

// close ends the connection and waits for its goroutines. It must not be called from a callback.
func (h *hop) close() error {
	for c, f := range h.behind {
		f.clearOut(h.out[c])
	}
	h.in.stop()
	if err := h.transport.close(); err != nil {
		return fmt.Errorf("relay: close %s hop: %w", h.end.side, err)
	}
	return nil
}
