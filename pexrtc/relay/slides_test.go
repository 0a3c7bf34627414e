package relay

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/videoleg/videoleg/pexrtc"
)

// screen is a second track of a peer.
type screen struct {
	*peer
	track *webrtc.TrackLocalStaticRTP
	seq   uint16
}

func share(p *peer) *screen {
	p.t.Helper()
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "v", "screen")
	must(p.t, err)
	_, err = p.pc.AddTrack(track)
	must(p.t, err)
	p.shares = true
	return &screen{peer: p, track: track, seq: 500}
}

// sendUntil keeps presenting until payload arrives at to, and returns how it came.
func (s *screen) sendUntil(text string, to *peer) arrived {
	s.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(patience)
	for {
		select {
		case a := <-to.packets:
			if a.payload == text {
				return a
			}
		case <-tick.C:
			s.send(text)
		case <-timeout:
			s.t.Fatalf("no slides with payload %q came through", text)
		}
	}
}

func (s *screen) send(text string) {
	s.t.Helper()
	s.seq++
	must(s.t, s.track.WriteRTP(&rtp.Packet{
		Header:  rtp.Header{Version: 2, SequenceNumber: s.seq, Timestamp: uint32(s.seq) * 3000, Marker: true},
		Payload: []byte(text),
	}))
}

// turn renegotiates the slides line with the node.
func (c *call) turn(direction string) (offer string) {
	c.Helper()
	offer, err := c.leg.TurnSlides(direction)
	must(c.T, err)
	must(c.T, pexrtc.CheckVideoOnly(offer))
	must(c.T, c.leg.NodeAnswer(c.node.answer(offer)))
	if got := c.leg.Slides(); got != direction {
		c.Fatalf("the slides line is %s, want %s", got, direction)
	}
	return offer
}

// answerSlides keeps Pion's slides line at sendrecv, as nodes keep theirs, and says what is mirrored.
func (p *peer) answerSlides(offer string) string {
	p.t.Helper()
	at := strings.LastIndex(offer, "m=video")
	d, err := pexrtc.ParseSDP(offer)
	must(p.t, err)
	turned := pexrtc.Direction(d.MediaDescriptions[1])
	answer := p.answerAll(offer[:at] + strings.Replace(offer[at:], "a="+turned, "a=sendrecv", 1))
	at = strings.LastIndex(answer, "m=video")
	return answer[:at] + strings.Replace(answer[at:], "a=sendrecv", "a="+mirror(turned), 1)
}

// slidesOf is the second video line of a description.
func slidesOf(sdp string) string { return sdp[strings.LastIndex(sdp, "m=video"):] }

// newSharedCall is newCall with a screen at both far ends.
func newSharedCall(t *testing.T) (c *call, browser, node *screen) {
	t.Helper()
	c = &call{T: t, states: make(chan State, 64)}
	c.leg = newTestRelay(t).NewLeg(LegConfig{OnState: func(s State) { c.states <- s }})
	c.browser, c.node = newPeer(t, webrtc.MimeTypeVP8, nil), newPeer(t, webrtc.MimeTypeVP8, videoCodec(webrtc.MimeTypeVP8, 96, ""))
	browser, node = share(c.browser), share(c.node)
	c.negotiate()
	return c, browser, node
}

// TestSlides: a shared screen crosses beside the camera's picture, each in its line, and only through its own gate.
func TestSlides(t *testing.T) {
	c, mine, theirs := newSharedCall(t)
	if _, err := c.leg.TurnSlides(Idle); err != nil {
		t.Fatal(err)
	}
	c.leg.SetSending(true)
	camera := c.browser.sendUntil("camera", c.node, payload("camera"))

	offer := c.turn(Presenting)
	before := c.leg.Stats().Browser.PacketsIn
	for c.leg.Stats().Browser.PacketsIn < before+20 {
		mine.send("too early")
		if a := c.browser.sendUntil("camera", c.node, func(a arrived) bool { return true }); a.payload == "too early" {
			t.Fatal("slides passed the closed gate")
		}
	}
	c.leg.SetPresenting(true)
	got := mine.sendUntil("slides", c.node)
	if got.ssrc == camera.ssrc || !strings.Contains(slidesOf(offer), "a=ssrc:"+strconv.FormatUint(uint64(got.ssrc), 10)+" ") {
		t.Errorf("slides came as %d, the camera as %d; the offer was\n%s", got.ssrc, camera.ssrc, slidesOf(offer))
	}
	c.leg.SetSending(false)
	mine.sendUntil("without the camera", c.node)
	c.leg.SetSending(true)
	c.leg.SetPresenting(false)
	c.browser.sendUntil("without the slides", c.node, payload("without the slides"))

	c.turn(Watching)
	other := theirs.sendUntil("from another", c.browser)
	main := c.node.sendUntil("customer", c.browser, payload("customer"))
	if other.ssrc == main.ssrc {
		t.Errorf("slides and the customer's camera both reached the browser as %d", main.ssrc)
	}
	c.turn(Idle)
}

// TestSlidesOutlastARestart: what an ICE restart offers is the direction of the moment.
func TestSlidesOutlastARestart(t *testing.T) {
	c := newCall(t, webrtc.MimeTypeVP8, nil)
	c.turn(Presenting)
	offer, err := c.leg.RestartNode(testContext(t), nil)
	must(t, err)
	if !strings.Contains(slidesOf(offer), "a=sendonly") {
		t.Errorf("the restart offers\n%s", slidesOf(offer))
	}
	must(t, c.leg.NodeAnswer(c.node.answer(offer)))
}

// TestPageWithoutSlides: a page that has one line only is answered with one.
func TestPageWithoutSlides(t *testing.T) {
	c := newCall(t, webrtc.MimeTypeVP8, nil)
	if n := strings.Count(c.browser.pc.RemoteDescription().SDP, "m=video"); n != 1 {
		t.Errorf("%d lines answer one", n)
	}
}

// TestSlidesThatDoNotFit: a slides line with other codecs than the main one is refused, not the call.
func TestSlidesThatDoNotFit(t *testing.T) {
	l := newTestRelay(t).NewLeg(LegConfig{})
	page, node := newPeer(t, webrtc.MimeTypeVP8, nil), newPeer(t, webrtc.MimeTypeVP8, videoCodec(webrtc.MimeTypeVP8, 96, ""))
	share(page)
	text := page.offer()
	at := strings.LastIndex(text, "m=video")
	must(t, l.OfferBrowser(text[:at]+strings.ReplaceAll(text[at:], "VP8", "AV2")))
	offer, err := l.NodeOffer(testContext(t))
	must(t, err)
	must(t, l.NodeAnswer(node.answer(offer)))
	answer, err := l.BrowserAnswer(testContext(t))
	must(t, err)
	if !strings.HasPrefix(slidesOf(answer), "m=video 0 ") || strings.Contains(answer, "BUNDLE 0 1") {
		t.Errorf("answer:\n%s", answer)
	}
}

// TestWhoseLine: senders belong to the line that announces them, or that their packets name.
func TestWhoseLine(t *testing.T) {
	h := newTestHop(t)
	h.in.exts.mid = 4
	h.in.announce("1", []uint32{7, 8})
	named := rtp.Header{SSRC: 10}
	must(t, named.SetExtension(4, []byte("1")))
	for _, tt := range []struct {
		name   string
		ssrc   uint32
		header rtp.Header
		want   content
	}{
		{"announced", 7, rtp.Header{}, slides},
		{"announced for repair", 8, rtp.Header{}, slides},
		{"unheard of", 9, rtp.Header{}, mainVideo},
		{"named by its packets", 10, named, slides},
		{"known since", 10, rtp.Header{}, slides},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h.in.header = tt.header
			if got := h.in.line(tt.ssrc); got != &h.in.lines[tt.want] {
				t.Errorf("%d is not of line %d", tt.ssrc, tt.want)
			}
		})
	}
	for n := range uint32(10_000) {
		h.in.announce("1", []uint32{n})
	}
	if len(h.in.shared) > maxSenders {
		t.Errorf("%d senders are kept", len(h.in.shared))
	}
}

// TestIdleSlidesTakeNoMemory: the history of a line is made when it is used.
func TestIdleSlidesTakeNoMemory(t *testing.T) {
	o := streams(func(b []byte) (int, error) { return len(b), nil })
	o[mainVideo].connect(testKeys(t), testTag, extensions{})
	o[mainVideo].send(packet{payload: []byte("x")}, 96, 1, 1, time.Now())
	if o[slides].sent != nil || o[mainVideo].sent == nil {
		t.Error("histories are not made on first use")
	}
}

// TestSlidesHaveCodecsOfTheirOwn: what a far end takes as main video it need not take as slides.
func TestSlidesHaveCodecsOfTheirOwn(t *testing.T) {
	l := newTestRelay(t).NewLeg(LegConfig{})
	vp8, h264 := pair{Codec: video("VP8", 120), node: 96}, pair{Codec: video("H264", 121), node: 102}
	l.slideCodecs = [2][]pexrtc.Codec{Browser: {vp8.Codec, h264.Codec}, Node: {video("VP8", 96), video("H264", 109)}}
	l.setPairs([]pair{vp8, h264})
	for _, tc := range []struct {
		name string
		f    *forwarder
		pt   uint8
		want bool
	}{
		{"main VP8 to the node", l.toNode[mainVideo], 120, true},
		{"main H.264 to the node", l.toNode[mainVideo], 121, true},
		{"slides in VP8 to the node", l.toNode[slides], 120, true},
		{"slides in H.264 to the node, where the type is another", l.toNode[slides], 121, false},
		{"slides in H.264 to the browser", l.toBrowser[slides], 102, true},
	} {
		if got := tc.f.knows(tc.pt); got != tc.want {
			t.Errorf("%s: passed on %v, want %v", tc.name, got, tc.want)
		}
	}
}
