package relay

import (
	"context"
	"log"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"go.uber.org/goleak"

	"github.com/videoleg/videoleg/pexrtc"
)

func TestMain(m *testing.M) {
	if kind := os.Getenv(benchRole); kind != "" {
		if err := serveBench(kind); err != nil {
			log.Fatal(err)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

const patience = 10 * time.Second

// arrived is one packet as a peer received it.
type arrived struct {
	seq     uint16
	ts      uint32
	ssrc    uint32
	pt      uint8
	payload string
	exts    []uint8
}

// peer is a far end of a leg: a browser that offers, or a node that answers.
type peer struct {
	t       *testing.T
	pc      *webrtc.PeerConnection
	track   *webrtc.TrackLocalStaticRTP
	packets chan arrived
	asked   chan struct{} // keyframe requests that reached the sender
	rates   chan float32  // bandwidth messages that reached the sender
	seq     uint16
	ts      uint32
	shares  bool // it has a second track
}

// newPeer makes a peer that sends mime and knows codecs (nil: all that the stack has, like a browser).
func newPeer(t *testing.T, mime string, codecs []webrtc.RTPCodecParameters) *peer {
	t.Helper()
	return newPeerWith(t, func(*webrtc.SettingEngine) {}, mime, codecs)
}

// newPeerWith is newPeer with other settings of the stack.
func newPeerWith(t *testing.T, adjust func(*webrtc.SettingEngine), mime string, codecs []webrtc.RTPCodecParameters) *peer {
	t.Helper()
	m := &webrtc.MediaEngine{}
	if codecs == nil {
		must(t, m.RegisterDefaultCodecs())
	}
	for _, c := range codecs {
		must(t, m.RegisterCodec(c, webrtc.RTPCodecTypeVideo))
	}
	var s webrtc.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	s.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() })
	adjust(&s)
	must(t, m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: sendTimeURI}, webrtc.RTPCodecTypeVideo))
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithSettingEngine(s)).NewPeerConnection(webrtc.Configuration{})
	must(t, err)
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, "v", "s")
	must(t, err)
	sender, err := pc.AddTrack(track)
	must(t, err)
	p := &peer{t: t, pc: pc, track: track, packets: make(chan arrived, 1024), asked: make(chan struct{}, 64), rates: make(chan float32, 64), seq: 1000, ts: 5000}
	pc.OnTrack(p.receive)
	done := make(chan struct{})
	go func() { defer close(done); p.hear(sender) }()
	t.Cleanup(func() { must(t, pc.GracefulClose()); <-done })
	return p
}

func (p *peer) receive(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
	for {
		packet, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		select {
		case p.packets <- arrived{packet.SequenceNumber, packet.Timestamp, packet.SSRC, packet.PayloadType, string(packet.Payload), packet.GetExtensionIDs()}:
		default:
		}
	}
}

func (p *peer) hear(sender *webrtc.RTPSender) {
	for {
		packets, _, err := sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, k := range packets {
			switch k := k.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				select {
				case p.asked <- struct{}{}:
				default:
				}
			case *rtcp.ReceiverEstimatedMaximumBitrate:
				select {
				case p.rates <- k.Bitrate:
				default:
				}
			}
		}
	}
}

// offer is what the page would send.
func (p *peer) offer() string { return p.makeOffer(nil) }

// restart is an offer that begins ICE anew.
func (p *peer) restart() string { return p.makeOffer(&webrtc.OfferOptions{ICERestart: true}) }

func (p *peer) makeOffer(how *webrtc.OfferOptions) string {
	p.t.Helper()
	gathered := webrtc.GatheringCompletePromise(p.pc)
	o, err := p.pc.CreateOffer(how)
	must(p.t, err)
	must(p.t, p.pc.SetLocalDescription(o))
	<-gathered
	return p.pc.LocalDescription().SDP
}

func (p *peer) accept(answer string) {
	p.t.Helper()
	must(p.t, p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}))
}

// answer is what the node would send.
func (p *peer) answer(offer string) string {
	p.t.Helper()
	if p.shares {
		return p.answerSlides(offer)
	}
	return p.answerAll(offer)
}

func (p *peer) answerAll(offer string) string {
	p.t.Helper()
	must(p.t, p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}))
	gathered := webrtc.GatheringCompletePromise(p.pc)
	a, err := p.pc.CreateAnswer(nil)
	must(p.t, err)
	must(p.t, p.pc.SetLocalDescription(a))
	<-gathered
	return p.pc.LocalDescription().SDP
}

// send writes one packet, with a payload of any kind.
func (p *peer) send(payload string) {
	p.t.Helper()
	p.seq++
	p.ts += 3000
	err := p.track.WriteRTP(&rtp.Packet{
		Header:  rtp.Header{Version: 2, SequenceNumber: p.seq, Timestamp: p.ts, Marker: true},
		Payload: []byte(payload),
	})
	must(p.t, err)
}

// sendUntil keeps sending payload until cond says that enough has arrived at to.
func (p *peer) sendUntil(payload string, to *peer, cond func(arrived) bool) arrived {
	p.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(patience)
	for {
		select {
		case a := <-to.packets:
			if cond(a) {
				return a
			}
		case <-tick.C:
			p.send(payload)
		case <-timeout:
			p.t.Fatalf("no packet with payload %q came through", payload)
		}
	}
}

// sendWhile keeps sending as long as more says so.
func (p *peer) sendWhile(content string, more func() bool) {
	p.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); more(); p.send(content) {
		if <-tick.C; time.Now().After(end) {
			p.t.Fatalf("sent %q in vain", content)
		}
	}
}

func payload(want string) func(arrived) bool {
	return func(a arrived) bool { return a.payload == want }
}

func await[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("timed out waiting for %s", what)
		panic("unreachable")
	}
}

func drainAll[T any](c <-chan T) {
	for {
		select {
		case <-c:
		default:
			return
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// newTestRelay listens on loopback.
func newTestRelay(t *testing.T) *Relay {
	t.Helper()
	r, err := New(Config{ListenIPs: []net.IP{net.IPv4(127, 0, 0, 1)}})
	must(t, err)
	t.Cleanup(func() { must(t, r.Close()) })
	return r
}

// call is a leg between a browser and a node, negotiated.
type call struct {
	*testing.T
	leg           *Leg
	browser, node *peer
	states        chan State
}

func newCall(t *testing.T, mime string, nodeCodecs []webrtc.RTPCodecParameters) *call {
	t.Helper()
	c := &call{T: t, states: make(chan State, 64)}
	c.leg = newTestRelay(t).NewLeg(LegConfig{OnState: func(s State) { c.states <- s }})
	c.browser, c.node = newPeer(t, mime, nil), newPeer(t, mime, nodeCodecs)
	c.negotiate()
	return c
}

// negotiate connects both hops.
func (c *call) negotiate() {
	c.Helper()
	t := c.T
	ctx := testContext(t)
	must(t, c.leg.OfferBrowser(c.browser.offer()))
	offer, err := c.leg.NodeOffer(ctx)
	must(t, err)
	must(t, pexrtc.CheckVideoOnly(offer))
	must(t, c.leg.NodeAnswer(c.node.answer(offer)))
	answer, err := c.leg.BrowserAnswer(ctx)
	must(t, err)
	must(t, pexrtc.CheckVideoOnly(answer))
	c.browser.accept(answer)
	c.await(Browser, Connected)
	c.await(Node, Connected)
}

// await waits for one state; others that come first are dropped, unless they are of the other hop.
func (c *call) await(h Hop, want Condition) {
	c.Helper()
	var others []State
	for {
		s := await(c.T, h.String()+" "+want.String(), c.states)
		if s == (State{h, want}) {
			for _, o := range others {
				c.states <- o
			}
			return
		}
		others = append(others, s)
	}
}

func videoCodec(mime string, pt webrtc.PayloadType, fmtp string) []webrtc.RTPCodecParameters {
	return []webrtc.RTPCodecParameters{{
		PayloadType: pt,
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: mime, ClockRate: 90000, SDPFmtpLine: fmtp,
			RTCPFeedback: []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}, {Type: "ccm", Parameter: "fir"}, {Type: "goog-remb"}},
		},
	}}
}

const (
	baselineFmtp = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"
	highFmtp     = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f"
)

func withAudio(offer string) string {
	return strings.Replace(offer, "m=video", "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:9\r\na=inactive\r\na=rtpmap:111 opus/48000/2\r\nm=video", 1)
}
