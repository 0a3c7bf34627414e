package pexrtctest_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"
	"go.uber.org/goleak"

	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const hostPIN = "1234"

// limit is how long anything may take.
func limit(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func start(t *testing.T, opts pexrtctest.Options) *pexrtctest.Server {
	t.Helper()
	srv := pexrtctest.New(opts)
	t.Cleanup(srv.Close)
	return srv
}

// member is a client of the node, written from the API's documentation.
type member struct {
	t     *testing.T
	srv   *pexrtctest.Server
	alias string
	token string
	uuid  string
	role  string
	wait  string // current_service_type
}

// join requests a token and fails the test if there is none.
func join(t *testing.T, srv *pexrtctest.Server, alias, pin, name string) *member {
	t.Helper()
	m := &member{t: t, srv: srv, alias: alias}
	status, result := m.post("request_token", map[string]any{"display_name": name, "call_tag": "tag-" + name}, "pin", pin)
	if status != http.StatusOK {
		t.Fatalf("request_token %s as %s: %d %v", alias, name, status, result)
	}
	fields := result.(map[string]any)
	m.token = fields["token"].(string)
	m.uuid = fields["participant_uuid"].(string)
	m.role = fields["role"].(string)
	m.wait = fields["current_service_type"].(string)
	return m
}

// post sends a request below the conference with one more header, if it has a value.
func (m *member) post(path string, body any, header ...string) (int, any) {
	m.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		m.t.Fatal(err)
	}
	return m.do(http.MethodPost, path, b, header...)
}

func (m *member) do(method, path string, body []byte, header ...string) (int, any) {
	m.t.Helper()
	url := m.srv.URL + "/api/client/v2/conferences/" + m.alias + "/" + path
	req, err := http.NewRequestWithContext(limit(m.t), method, url, bytes.NewReader(body))
	if err != nil {
		m.t.Fatal(err)
	}
	if m.token != "" {
		req.Header.Set("token", m.token)
	}
	if len(header) == 2 && header[1] != "" {
		req.Header.Set(header[0], header[1])
	}
	resp, err := m.srv.Client().Do(req)
	if err != nil {
		m.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		m.t.Fatal(err)
	}
	var envelope struct {
		Status string
		Result any
	}
	if resp.StatusCode != http.StatusNoContent {
		if err := json.Unmarshal(text, &envelope); err != nil {
			m.t.Fatalf("%s %s: %d %q is no envelope", method, path, resp.StatusCode, text)
		}
	}
	return resp.StatusCode, envelope.Result
}

// must sends a request that has to succeed.
func (m *member) must(path string, body any) any {
	m.t.Helper()
	status, result := m.post(path, body)
	if status != http.StatusOK {
		m.t.Fatalf("%s: %d %v", path, status, result)
	}
	return result
}

// self is a request about the member itself.
func (m *member) self(request string) string { return "participants/" + m.uuid + "/" + request }

// sse is one received event.
type sse struct {
	id, name, data string
}

// listen opens the event stream; it ends with the test.
func (m *member) listen() *listener {
	m.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.srv.URL+"/api/client/v2/conferences/"+m.alias+"/events", nil)
	if err != nil {
		m.t.Fatal(err)
	}
	req.Header.Set("token", m.token)
	resp, err := m.srv.Client().Do(req)
	if err != nil || resp.StatusCode != http.StatusOK {
		cancel()
		m.t.Fatalf("events: %v %v", resp, err)
	}
	l := &listener{t: m.t, events: make(chan sse, 1000), patience: 20 * time.Second}
	if strings.HasSuffix(m.srv.URL, "node.pipe") {
		l.patience = time.Hour // of a bubble's time
	}
	go l.read(resp.Body)
	m.t.Cleanup(func() {
		cancel()
		for range l.events {
		}
	})
	return l
}

type listener struct {
	t        *testing.T
	events   chan sse // closed at the end of the stream
	patience time.Duration
}

func (l *listener) read(body io.ReadCloser) {
	defer close(l.events)
	defer body.Close()
	var e sse
	for lines := bufio.NewScanner(body); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), ": ")
		switch key {
		case "id":
			e.id = value
		case "event":
			e.name = value
		case "data":
			e.data = value
		case "":
			l.events <- e
			e = sse{}
		}
	}
}

// next returns the next event of that name, whatever comes before it.
func (l *listener) next(name string) map[string]any {
	l.t.Helper()
	var seen []string
	timeout := time.After(l.patience)
	for {
		select {
		case e, open := <-l.events:
			if !open {
				l.t.Fatalf("stream ended before %s, after %v", name, seen)
			}
			seen = append(seen, e.name)
			if e.name != name {
				continue
			}
			fields := map[string]any{}
			if err := json.Unmarshal([]byte(e.data), &fields); err != nil && e.data != "null" && name != "stage" {
				l.t.Fatalf("event %s has data %q: %v", name, e.data, err)
			}
			return fields
		case <-timeout:
			l.t.Fatalf("no %s event, only %v", name, seen)
		}
	}
}

// ended waits for the end of the stream and returns the names of the events before it.
func (l *listener) ended() []string {
	l.t.Helper()
	var seen []string
	timeout := time.After(l.patience)
	for {
		select {
		case e, open := <-l.events:
			if !open {
				return seen
			}
			seen = append(seen, e.name)
		case <-timeout:
			l.t.Fatalf("stream goes on after %v", seen)
		}
	}
}

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

func await(t *testing.T, srv *pexrtctest.Server, what string, match func(pexrtctest.Participant) bool) pexrtctest.Participant {
	t.Helper()
	p, err := srv.AwaitParticipant(limit(t), match)
	if err != nil {
		t.Fatalf("%s: %v\n%+v", what, err, srv.Participants(""))
	}
	return p
}

func named(name string) func(pexrtctest.Participant) bool {
	return func(p pexrtctest.Participant) bool { return p.DisplayName == name }
}
