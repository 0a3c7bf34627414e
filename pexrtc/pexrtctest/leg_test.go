package pexrtctest_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"
)

// leg is a Pion client in a call.
type leg struct {
	*member
	peer  *webrtc.PeerConnection
	main  *webrtc.TrackLocalStaticSample
	sound *webrtc.TrackLocalStaticSample
	slide *webrtc.TrackLocalStaticSample
	call  string

	answer   string
	packets  chan packet // main video and slides that came, dropped when nobody reads
	audioIn  atomic.Int64
	keyAsked chan struct{}
}

// packet is received RTP and the track it came on.
type packet struct {
	track string
	*rtp.Packet
}

// want says what lines a leg offers.
type want struct {
	codec  string // main video; empty is none
	audio  bool
	slides string // direction of a slides line; empty is none
}

// call makes the peer, offers, sets the answer and acknowledges, unless quiet.
func (m *member) dial(w want) *leg {
	m.t.Helper()
	l := m.offer(w)
	l.acknowledge()
	return l
}

func (m *member) offer(w want) *leg {
	m.t.Helper()
	l := &leg{member: m, packets: make(chan packet, 4096), keyAsked: make(chan struct{}, 100)}
	l.peer = newPeer(m.t, w.codec)
	l.peer.OnTrack(l.read)
	if w.audio {
		l.sound = l.add("audio/opus", "sound", webrtc.RTPTransceiverDirectionSendrecv)
	}
	if w.codec != "" {
		l.main = l.add("video/"+w.codec, "main", webrtc.RTPTransceiverDirectionSendrecv)
	}
	if w.slides != "" {
		l.slide = l.add("video/"+w.codec, "slides", webrtc.RTPTransceiverDirectionSendrecv)
	}
	sdp := l.createOffer(w.slides)
	result := m.must(m.self("calls"), map[string]any{"call_type": "WEBRTC", "sdp": sdp, "media_type": "video"}).(map[string]any)
	l.call = result["call_uuid"].(string)
	l.setAnswer(result["sdp"].(string))
	return l
}

func newPeer(t *testing.T, codec string) *webrtc.PeerConnection {
	t.Helper()
	engine := &webrtc.MediaEngine{}
	if err := engine.RegisterCodec(webrtc.RTPCodecParameters{PayloadType: 111, RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: "audio/opus", ClockRate: 48000, Channels: 2}}, webrtc.RTPCodecTypeAudio); err != nil {
		t.Fatal(err)
	}
	fmtp := map[string]string{"H264": "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f", "VP9": "profile-id=0"}
	feedback := []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}, {Type: "ccm", Parameter: "fir"}}
	for i, name := range strings.Split(codec, ",") {
		if name == "" {
			continue
		}
		err := engine.RegisterCodec(webrtc.RTPCodecParameters{PayloadType: webrtc.PayloadType(100 + i), RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: "video/" + name, ClockRate: 90000, SDPFmtpLine: fmtp[name], RTCPFeedback: feedback,
		}}, webrtc.RTPCodecTypeVideo)
		if err != nil {
			t.Fatal(err)
		}
	}
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	peer, err := webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := peer.GracefulClose(); err != nil {
			t.Error(err)
		}
	})
	return peer
}

func (l *leg) add(mime, id string, direction webrtc.RTPTransceiverDirection) *webrtc.TrackLocalStaticSample {
	l.t.Helper()
	mime, _, _ = strings.Cut(mime, ",")
	track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: mime}, id, "stream-"+id)
	if err != nil {
		l.t.Fatal(err)
	}
	tr, err := l.peer.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: direction})
	if err != nil {
		l.t.Fatal(err)
	}
	go func() {
		for {
			packets, _, err := tr.Sender().ReadRTCP()
			if err != nil {
				return
			}
			for _, p := range packets {
				if _, is := p.(*rtcp.PictureLossIndication); is && id == "main" {
					select {
					case l.keyAsked <- struct{}{}:
					default:
					}
				}
			}
		}
	}()
	return track
}

// createOffer makes a complete offer whose second video line is slides of the given direction.
func (l *leg) createOffer(slides string) string {
	l.t.Helper()
	offer, err := l.peer.CreateOffer(nil)
	if err != nil {
		l.t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(l.peer)
	if err := l.peer.SetLocalDescription(offer); err != nil {
		l.t.Fatal(err)
	}
	<-gathered
	return withSlides(l.peer.LocalDescription().SDP, slides)
}

// withSlides marks the last m-line as slides with a direction, if there is one to set.
func withSlides(sdp, direction string) string {
	if direction == "" {
		return sdp
	}
	at := strings.LastIndex(sdp, "m=video")
	return sdp[:at] + strings.Replace(sdp[at:], "a=sendrecv", "a=content:slides\r\na="+direction, 1)
}

// setAnswer applies an answer. Pion's own direction stays sendrecv, so the slides line is shown to
// it that way.
func (l *leg) setAnswer(sdp string) {
	l.t.Helper()
	l.answer = sdp
	for _, direction := range []string{"inactive", "recvonly", "sendonly"} {
		sdp = strings.ReplaceAll(sdp, "a="+direction+"\r\n", "a=sendrecv\r\n")
	}
	if err := l.peer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: sdp}); err != nil {
		l.t.Fatalf("answer: %v\n%s", err, sdp)
	}
}

func (l *leg) acknowledge() {
	l.t.Helper()
	l.must(l.self("calls/"+l.call+"/ack"), nil)
}

// update renegotiates with another direction of the slides.
func (l *leg) update(slides string) {
	l.t.Helper()
	result := l.must(l.self("calls/"+l.call+"/update"), map[string]any{"sdp": l.createOffer(slides)})
	l.setAnswer(result.(string))
	l.acknowledge()
}

func (l *leg) read(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
	for {
		p, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		if track.Kind() == webrtc.RTPCodecTypeAudio {
			l.audioIn.Add(1)
			continue
		}
		select {
		case l.packets <- packet{track.StreamID(), p}:
		default:
		}
	}
}

// Payloads of frames that are good enough for a forwarder: the byte that it looks at, and a mark.
func vp8Frame(key bool, mark string) []byte {
	first := byte(0x01)
	if key {
		first = 0x00
	}
	return append([]byte{first}, mark...)
}

// send pushes frames on a track until the test ends or stop is called, a keyframe whenever asked
// and at first.
func (l *leg) send(track *webrtc.TrackLocalStaticSample, frame func(key bool) []byte) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		key := true
		for {
			select {
			case <-ctx.Done():
				return
			case <-l.keyAsked:
				key = true
			case <-tick.C:
				if err := track.WriteSample(media.Sample{Data: frame(key), Duration: 20 * time.Millisecond}); err != nil {
					return
				}
				key = false
			}
		}
	}()
	stop = func() { cancel(); <-ended }
	l.t.Cleanup(stop)
	return stop
}

// sendMain sends VP8 with a mark in each frame.
func (l *leg) sendMain(mark string) (stop func()) {
	return l.send(l.main, func(key bool) []byte { return vp8Frame(key, mark) })
}

// receive waits for a packet on a track whose payload contains mark.
func (l *leg) receive(track, mark string) packet {
	l.t.Helper()
	timeout := limit(l.t).Done()
	n := 0
	for {
		select {
		case p := <-l.packets:
			n++
			if p.track == track && bytes.Contains(p.Payload, []byte(mark)) {
				return p
			}
		case <-timeout:
			l.t.Fatalf("no %q on %s among %d packets; %s", mark, track, n, l.state())
		}
	}
}

func (l *leg) state() string {
	return fmt.Sprintf("connection %s, node %+v", l.peer.ConnectionState(), l.srv.Participants(""))
}
