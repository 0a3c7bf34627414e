package relay

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

const (
	sendTimeURI = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
	packetSize  = 1600 // bytes; no packet of ours is larger
)

// hop is one peer connection of a leg: ICE, DTLS, SRTP and the repair of losses towards one far end.
type hop struct {
	leg      *Leg
	end      *end
	out      *forwarder // what is sent here comes from it
	in       *forwarder // what arrives here goes to it
	pc       *webrtc.PeerConnection
	sender   *webrtc.RTPSender
	ssrc     atomic.Uint32 // of what we send
	remb     atomic.Bool   // the far end understands bandwidth messages
	fir      atomic.Bool   // the far end understands FIR alone
	firCount atomic.Uint32
}

// newHop makes a peer connection with one video line in both directions, restricted to pairs.
func (l *Leg) newHop(e *end, in, out *forwarder, pairs []pair, cfg webrtc.Configuration) (*hop, error) {
	media := &webrtc.MediaEngine{}
	for _, p := range pairs {
		if err := media.RegisterCodec(p.parameters(e.side), webrtc.RTPCodecTypeVideo); err != nil {
			return nil, fmt.Errorf("relay: %w", err)
		}
	}
	for _, uri := range []string{sdp.TransportCCURI, sendTimeURI} {
		ext := webrtc.RTPHeaderExtensionCapability{URI: uri}
		if err := media.RegisterHeaderExtension(ext, webrtc.RTPCodecTypeVideo); err != nil {
			return nil, fmt.Errorf("relay: %w", err)
		}
	}
	api := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithSettingEngine(l.relay.settings),
		webrtc.WithInterceptorRegistry(l.relay.interceptors))
	cfg.BundlePolicy = webrtc.BundlePolicyMaxBundle
	pc, err := api.NewPeerConnection(cfg)
	if err != nil {
		return nil, fmt.Errorf("relay: %w", err)
	}
	h := &hop{leg: l, end: e, in: in, out: out, pc: pc}
	t, err := pc.AddTransceiverFromTrack(&track{h})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("relay: %w", err), pc.Close())
	}
	h.sender = t.Sender()
	pc.OnTrack(h.receive)
	pc.OnConnectionStateChange(h.changed)
	l.goes(h.listen)
	return h, nil
}

// know keeps what the far end's description says about feedback.
func (h *hop) know(m *sdp.MediaDescription, feedbacks []string) {
	h.fir.Store(onlyFIR(m))
	h.remb.Store(slices.Contains(feedbacks, "goog-remb"))
}

// current says that no other hop has taken this one's place.
func (h *hop) current() bool { return h.end.hop.Load() == h }

// changed reports the state of the peer connection.
func (h *hop) changed(s webrtc.PeerConnectionState) {
	if !h.current() {
		return
	}
	switch s {
	case webrtc.PeerConnectionStateConnected:
		h.in.to.keyframes.ask() // a far end that begins to look needs a full picture
		h.leg.tell(h.end.side, Connected)
	case webrtc.PeerConnectionStateDisconnected:
		h.leg.tell(h.end.side, Disconnected)
	case webrtc.PeerConnectionStateFailed:
		h.leg.tell(h.end.side, Failed)
	case webrtc.PeerConnectionStateClosed:
		h.leg.tell(h.end.side, Closed)
	}
}

// receive reads a stream that arrives, until the hop is closed. The media stack runs it in a goroutine of its own.
func (h *hop) receive(t *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
	s := &source{hop: h, ssrc: uint32(t.SSRC())}
	if !h.current() || !h.leg.goes(func() { drain(r) }) {
		return
	}
	h.end.source.Store(s)
	h.in.follow(s)
	buf := make([]byte, packetSize)
	for errs := 0; errs < 1000; {
		n, _, err := t.Read(buf)
		switch {
		case err == nil:
			h.in.forward(s, buf[:n], time.Now())
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe):
			return
		default: // one bad packet, e.g. of a payload type that was not agreed
			errs++
		}
	}
}

// drain reads the RTCP of a receiver, so that sender reports reach the interceptors.
func drain(r *webrtc.RTPReceiver) {
	buf := make([]byte, packetSize)
	for {
		if _, _, err := r.Read(buf); err != nil {
			return
		}
	}
}

// listen reads the RTCP about what we send, until the hop is closed.
func (h *hop) listen() {
	buf := make([]byte, packetSize)
	for {
		n, _, err := h.sender.Read(buf)
		if err != nil {
			return
		}
		packets, err := rtcp.Unmarshal(buf[:n])
		if err != nil || !h.current() {
			continue
		}
		for _, p := range packets {
			h.end.heard(h, p, h.out.from.keyframes.ask)
		}
	}
}

// keyframeRequest is a PLI, or a FIR for those who know nothing else.
func (h *hop) keyframeRequest(media uint32) rtcp.Packet {
	if h.fir.Load() {
		return &rtcp.FullIntraRequest{
			SenderSSRC: h.ssrc.Load(), MediaSSRC: media,
			FIR: []rtcp.FIREntry{{SSRC: media, SequenceNumber: uint8(h.firCount.Add(1))}},
		}
	}
	return &rtcp.PictureLossIndication{SenderSSRC: h.ssrc.Load(), MediaSSRC: media}
}

func (h *hop) writeRTCP(p rtcp.Packet) {
	if err := h.pc.WriteRTCP([]rtcp.Packet{p}); err != nil {
		h.leg.log.Debug("feedback not sent", "hop", h.end.side, "err", err)
	}
}

// rtt is the round trip of the connection in milliseconds; 0: unknown.
func (h *hop) rtt() float64 {
	pair, ok := h.sender.Transport().ICETransport().GetSelectedCandidatePairStats()
	if !ok {
		return 0
	}
	return pair.CurrentRoundTripTime * 1000
}

// close ends the connection and waits for the stack's goroutines. It must not be called from a callback.
func (h *hop) close() error {
	h.out.clearOutlet(h.ssrc.Load())
	if err := h.pc.GracefulClose(); err != nil {
		return fmt.Errorf("relay: close %s hop: %w", h.end.side, err)
	}
	return nil
}

// track is how the media stack takes packets from a forwarder.
type track struct{ hop *hop }

// Bind is called when the codecs are negotiated.
func (t *track) Bind(ctx webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	codecs := ctx.CodecParameters()
	if len(codecs) == 0 {
		return webrtc.RTPCodecParameters{}, webrtc.ErrUnsupportedCodec
	}
	o := outlet{writer: ctx.WriteStream(), ssrc: uint32(ctx.SSRC())}
	for _, x := range ctx.HeaderExtensions() {
		if x.URI == sendTimeURI && x.ID > 0 && x.ID < 15 {
			o.sendTime = uint8(x.ID)
		}
	}
	t.hop.ssrc.Store(o.ssrc)
	t.hop.out.setOutlet(o)
	return codecs[0], nil
}

// Unbind is called when the hop closes.
func (t *track) Unbind(ctx webrtc.TrackLocalContext) error {
	t.hop.out.clearOutlet(uint32(ctx.SSRC()))
	return nil
}

func (t *track) ID() string                { return "video" }
func (t *track) RID() string               { return "" }
func (t *track) StreamID() string          { return "videoleg" }
func (t *track) Kind() webrtc.RTPCodecType { return webrtc.RTPCodecTypeVideo }
