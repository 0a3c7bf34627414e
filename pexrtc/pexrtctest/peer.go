package pexrtctest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
)

const (
	gatherLimit  = 5 * time.Second
	nackEvery    = 40 * time.Millisecond // requests for what is missing
	maxNacks     = 25                    // for one packet: a second
	replayWindow = 1024                  // packets; repair may bring them as late as that
)

// newPeer makes the connection for an offer, able to speak just the codecs chosen from it.
func (s *Server) newPeer(p *participant, c *call, o *offer) (*webrtc.PeerConnection, error) {
	media := &webrtc.MediaEngine{}
	for _, line := range o.lines {
		if line.codec == nil || line.kind == slides && o.has(video) {
			continue
		}
		if err := register(media, line); err != nil {
			return nil, fmt.Errorf("register %s: %w", line.codec.name, err)
		}
	}
	if err := media.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: playoutURI}, webrtc.RTPCodecTypeVideo); err != nil {
		return nil, fmt.Errorf("playout delay: %w", err)
	}
	registry := &interceptor.Registry{}
	if err := webrtc.RegisterDefaultInterceptorsWithOptions(media, registry, webrtc.WithNackGeneratorOptions(nack.GeneratorInterval(nackEvery), nack.GeneratorMaxNacksPerPacket(maxNacks))); err != nil {
		return nil, fmt.Errorf("interceptors: %w", err)
	}
	registry.Add(&c.path) // last: a packet that is sent again keeps its number, as receivers take it once
	api := webrtc.NewAPI(
		webrtc.WithMediaEngine(media),
		webrtc.WithInterceptorRegistry(registry),
		webrtc.WithSettingEngine(s.network()),
	)
	peer, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, fmt.Errorf("peer: %w", err)
	}
	peer.OnTrack(func(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
		s.receive(p, c, track, receiver)
	})
	peer.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		switch state {
		case webrtc.PeerConnectionStateConnected:
			s.mediaConnected(p, c)
		case webrtc.PeerConnectionStateFailed:
			s.mediaFailed(p, c)
		}
	})
	return peer, nil
}

// network keeps media on the addresses of the options; without any, on loopback, which browsers on
// this machine reach from whatever address they send.
func (s *Server) network() webrtc.SettingEngine {
	var e webrtc.SettingEngine
	e.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	e.SetIncludeLoopbackCandidate(true)
	e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	e.SetSRTPReplayProtectionWindow(replayWindow)
	e.SetIPFilter(func(ip net.IP) bool {
		if s.opts.MediaIPs == nil {
			return ip.IsLoopback()
		}
		return slices.ContainsFunc(s.opts.MediaIPs, ip.Equal)
	})
	return e
}

func register(media *webrtc.MediaEngine, line mediaLine) error {
	c, of, name := line.codec, webrtc.RTPCodecTypeVideo, "video/"
	if line.kind == audio {
		of, name = webrtc.RTPCodecTypeAudio, "audio/"
	}
	return media.RegisterCodec(webrtc.RTPCodecParameters{
		PayloadType: webrtc.PayloadType(c.payload),
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: name + c.name, ClockRate: c.clock, Channels: c.channels, SDPFmtpLine: c.fmtp,
			RTCPFeedback: []webrtc.RTCPFeedback{{Type: "goog-remb"}, {Type: "ccm", Parameter: "fir"}},
		},
	}, of)
}

// negotiate answers an offer and returns the SDP for the client, complete with candidates.
func (s *Server) negotiate(r *request, p *participant, c *call, o *offer) (string, error) {
	c.negotiation.Lock()
	defer c.negotiation.Unlock()
	err := c.peer.SetRemoteDescription(webrtc.SessionDescription{
		Type: webrtc.SDPTypeOffer, SDP: o.forPion(c.ssrcs),
	})
	if err != nil {
		return "", fmt.Errorf("set offer: %w", err)
	}
	for _, line := range o.lines {
		if err := s.addSink(p, c, line); err != nil {
			return "", err
		}
	}
	local, err := c.peer.CreateAnswer(nil)
	if err != nil {
		return "", fmt.Errorf("create answer: %w", err)
	}
	gathered := webrtc.GatheringCompletePromise(c.peer)
	if err := c.peer.SetLocalDescription(local); err != nil {
		return "", fmt.Errorf("set answer: %w", err)
	}
	ctx, cancel := context.WithTimeout(r.Context(), gatherLimit)
	defer cancel()
	select {
	case <-gathered:
	case <-ctx.Done():
		return "", errors.New("gathering candidates took too long")
	}
	return answerFor(o, c.peer.LocalDescription().SDP, s.opts.Bandwidth)
}

// addSink gives a line that has none a track to the client. Lines are done in order, as Pion takes
// the first free transceiver of a kind.
func (s *Server) addSink(p *participant, c *call, line mediaLine) error {
	if line.codec == nil {
		return nil
	}
	s.mu.Lock()
	exists := c.sinks[line.mid] != nil
	s.mu.Unlock()
	if exists {
		return nil
	}
	name := "video/"
	if line.kind == audio {
		name = "audio/"
	}
	stream := "main"
	if line.kind == slides {
		stream = "slides"
	}
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{
		MimeType: name + line.codec.name, ClockRate: line.codec.clock,
		Channels: line.codec.channels, SDPFmtpLine: line.codec.fmtp,
	}, string(line.kind), stream)
	if err != nil {
		return fmt.Errorf("%s track: %w", line.kind, err)
	}
	sender, err := c.peer.AddTrack(track)
	if err != nil {
		return fmt.Errorf("%s track: %w", line.kind, err)
	}
	k := &sink{
		kind: line.kind, codec: line.codec.name, clock: line.codec.clock,
		sent: p.counts.out(line.kind), track: track, path: c.path.takes, playout: playoutID(sender),
	}
	s.mu.Lock()
	c.sinks[line.mid] = k
	s.mu.Unlock()
	c.tasks.Go(func() { p.readRTCP(sender, k) })
	return nil
}

// readRTCP passes a receiver's keyframe requests on and hears its bandwidth, until the connection is closed.
func (p *participant) readRTCP(sender *webrtc.RTPSender, k *sink) {
	for {
		packets, _, err := sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, packet := range packets {
			switch packet := packet.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				p.counts.keyframesFrom.Add(1)
				k.wantKeyframe()
			case *rtcp.ReceiverEstimatedMaximumBitrate:
				k.said.hear(packet)
			}
		}
	}
}

// receive forwards what a client sends on a track, until it ends. Pion runs it on a goroutine of
// its own.
func (s *Server) receive(p *participant, c *call, track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	src := s.addSource(p, c, track, receiver)
	if src == nil {
		return
	}
	defer s.removeSource(p, src)
	for {
		packet, _, err := track.ReadRTP()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				s.opts.Log.Debug("track ended", "participant", p.uuid, "err", err)
			}
			return
		}
		src.forward(packet)
	}
}

// addSource makes a track known to the room; nil if the call is over.
func (s *Server) addSource(p *participant, c *call, track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) *source {
	mid := midOf(c.peer, receiver)
	s.mu.Lock()
	defer s.mu.Unlock()
	k := c.sinks[mid]
	if k == nil || p.call != c {
		return nil
	}
	src := &source{kind: k.kind, codec: k.codec, received: p.counts.in(k.kind)}
	if k.kind != audio {
		src.ask = func() {
			p.counts.keyframesTo.Add(1)
			_ = c.peer.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(track.SSRC())}})
		}
		src.limiter = limiter{most: float64(s.opts.Bandwidth) * 1000, tell: func(rate float32) {
			_ = c.peer.WriteRTCP([]rtcp.Packet{&rtcp.ReceiverEstimatedMaximumBitrate{Bitrate: rate, SSRCs: []uint32{uint32(track.SSRC())}}})
		}}
	}
	p.sources = append(p.sources, src)
	s.settle(p.conference)
	return src
}

func (s *Server) removeSource(p *participant, src *source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.sources = slices.DeleteFunc(p.sources, func(o *source) bool { return o == src })
	s.settle(p.conference)
}

func midOf(peer *webrtc.PeerConnection, receiver *webrtc.RTPReceiver) string {
	for _, t := range peer.GetTransceivers() {
		if t.Receiver() == receiver {
			return t.Mid()
		}
	}
	return ""
}

// mediaConnected lets media begin that waits for its receiver.
func (s *Server) mediaConnected(p *participant, c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.up = true
	if p.call == c {
		s.settle(p.conference)
	}
}

// mediaFailed ends a call whose connection is lost for good.
func (s *Server) mediaFailed(p *participant, c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.call != c {
		return
	}
	p.send("call_disconnected", map[string]string{"call_uuid": c.uuid, "reason": "Ice failure"})
	s.endCall(p)
	s.update(p)
}
