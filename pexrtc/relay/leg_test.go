package relay

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"github.com/videoleg/videoleg/pexrtc"
)

func TestPicturesFlowBothWays(t *testing.T) {
	tests := []struct {
		name, mime string
		node       []webrtc.RTPCodecParameters
		codec      string
	}{
		{"node takes all", webrtc.MimeTypeVP8, nil, "VP8"},
		{"node takes VP8 only", webrtc.MimeTypeVP8, videoCodec(webrtc.MimeTypeVP8, 96, ""), "VP8"},
		{"node takes H264 only", webrtc.MimeTypeH264, videoCodec(webrtc.MimeTypeH264, 102, baselineFmtp), "H264"},
		{"node takes H264 high only", webrtc.MimeTypeH264, videoCodec(webrtc.MimeTypeH264, 106, highFmtp), "H264"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCall(t, tt.mime, tt.node)
			c.leg.SetSending(true)
			c.browser.sendUntil("from the browser", c.node, payload("from the browser"))
			got := c.node.sendUntil("from the node", c.browser, payload("from the node"))
			if len(got.exts) > 1 {
				t.Errorf("extensions %v reached the browser, want the send time at most", got.exts)
			}
			// A packet is counted before the next one is taken.
			c.browser.sendUntil("next", c.node, payload("next"))
			c.node.sendUntil("next", c.browser, payload("next"))
			s := c.leg.Stats()
			if s.Codec != tt.codec {
				t.Errorf("codec = %q, want %q", s.Codec, tt.codec)
			}
			for name, n := range map[string]uint64{
				"browser in": s.Browser.PacketsIn, "browser out": s.Browser.PacketsOut,
				"node in": s.Node.PacketsIn, "node out": s.Node.PacketsOut,
			} {
				if n == 0 {
					t.Errorf("%s packets = 0", name)
				}
			}
		})
	}
}

func TestNodeOffer(t *testing.T) {
	l := newTestRelay(t).NewLeg(LegConfig{})
	must(t, l.OfferBrowser(newPeer(t, webrtc.MimeTypeVP8, nil).offer()))
	offer, err := l.NodeOffer(testContext(t))
	must(t, err)
	for _, want := range []string{"a=content:main", "a=content:slides", "a=inactive", "b=AS:1264", "a=group:BUNDLE 0 1", "127.0.0.1", "a=fmtp:97 apt=96", "a=ssrc-group:FID "} {
		if !strings.Contains(offer, want) {
			t.Errorf("offer lacks %q:\n%s", want, offer)
		}
	}
	for _, bad := range []string{"m=audio", "m=application", "VP9"} {
		if strings.Contains(offer, bad) {
			t.Errorf("offer has %q:\n%s", bad, offer)
		}
	}
}

func TestGateClosedLetsNothingThrough(t *testing.T) {
	c := newCall(t, webrtc.MimeTypeVP8, nil)
	// While the gate is closed, packets are counted on arrival and none leaves.
	c.browser.sendWhile("closed", func() bool { return c.leg.Stats().Browser.PacketsIn < 20 })
	if n := c.leg.Stats().Node.PacketsOut; n != 0 {
		t.Fatalf("%d packets left through the closed gate", n)
	}
	c.leg.SetSending(true)
	await(t, "keyframe request to the browser", c.browser.asked)
	last := c.browser.sendUntil("open", c.node, payload("open"))

	c.leg.SetSending(false)
	out := c.leg.Stats().Node.PacketsOut
	for range 20 {
		c.browser.send("held")
	}
	// A packet the other way proves that the held ones had their chance.
	c.node.sendUntil("sync", c.browser, payload("sync"))
	if n := c.leg.Stats().Node.PacketsOut; n != out {
		t.Fatalf("%d packets left while held", n-out)
	}
	c.leg.SetSending(true)
	next := c.browser.sendUntil("again", c.node, func(a arrived) bool {
		if a.payload == "held" {
			t.Fatal("a held packet reached the node")
		}
		last = maxSeq(last, a, payload("open"))
		return a.payload == "again"
	})
	if next.seq != last.seq+1 || next.ssrc != last.ssrc || int32(next.ts-last.ts) <= 0 {
		t.Errorf("after the hold seq %d ts %d ssrc %d, before it %d, %d, %d", next.seq, next.ts, next.ssrc, last.seq, last.ts, last.ssrc)
	}
}

// maxSeq is a if it matches and follows last.
func maxSeq(last, a arrived, match func(arrived) bool) arrived {
	if match(a) && int16(a.seq-last.seq) > 0 {
		return a
	}
	return last
}

// TestClosedGateRepairsNothing: what was sent before the gate was shut does not leave again after it.
func TestClosedGateRepairsNothing(t *testing.T) {
	c, screen, _ := newSharedCall(t)
	c.turn(Presenting)
	c.leg.SetSending(true)
	for _, tt := range []struct {
		name string
		gate func(bool)
		to   Hop
		send func(text string) arrived
	}{
		{"customer", c.leg.SetReceiving, Browser, func(text string) arrived { return c.node.sendUntil(text, c.browser, payload(text)) }},
		{"shared screen", c.leg.SetPresenting, Node, func(text string) arrived { return screen.sendUntil(text, c.node) }},
		{"camera", c.leg.SetSending, Node, func(text string) arrived { return c.browser.sendUntil(text, c.node, payload(text)) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			from, to, end := c.browser, c.node, c.leg.node
			if tt.to == Browser {
				from, to, end = c.node, c.browser, c.leg.browser
			}
			tt.gate(true)
			lost := tt.send("from the " + tt.name)
			tt.gate(false)
			defer tt.gate(true)
			heard := end.nacksHeard.Load()
			must(t, to.pc.WriteRTCP([]rtcp.Packet{&rtcp.TransportLayerNack{
				MediaSSRC: lost.ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers([]uint16{lost.seq}),
			}}))
			behind := "\x10\x00 behind that of the " + tt.name // a keyframe, for which an opened gate waits
			to.sendUntil(behind, from, payload(behind))
			if end.nacksHeard.Load() == heard {
				t.Error("the request has not come")
			}
			if n := end.resent.Load(); n != 0 {
				t.Errorf("%d packets sent again", n)
			}
		})
	}
}

func TestReloadContinuesTheStream(t *testing.T) {
	c := newCall(t, webrtc.MimeTypeVP8, nil)
	c.leg.SetSending(true)
	last := c.browser.sendUntil("old page", c.node, payload("old page"))

	page := newPeer(t, webrtc.MimeTypeVP8, nil)
	page.seq, page.ts = 40000, 1
	must(t, c.leg.OfferBrowser(page.offer()))
	answer, err := c.leg.BrowserAnswer(testContext(t))
	must(t, err)
	page.accept(answer)
	c.await(Browser, Connected)
	drainAll(c.node.asked)
	first := page.sendUntil("new page", c.node, func(a arrived) bool {
		last = maxSeq(last, a, payload("old page"))
		return a.payload == "new page"
	})
	if first.seq != last.seq+1 || first.ssrc != last.ssrc || int32(first.ts-last.ts) <= 0 {
		t.Errorf("new page begins with seq %d ts %d ssrc %d after %d, %d, %d", first.seq, first.ts, first.ssrc, last.seq, last.ts, last.ssrc)
	}
	c.node.sendUntil("to the new page", page, payload("to the new page"))
}

func TestKeyframeRequestsCross(t *testing.T) {
	c := newCall(t, webrtc.MimeTypeVP8, nil)
	c.leg.SetSending(true)
	atNode := c.browser.sendUntil("x", c.node, payload("x"))
	atBrowser := c.node.sendUntil("y", c.browser, payload("y"))
	drainAll(c.browser.asked)
	drainAll(c.node.asked)

	must(t, c.node.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: atNode.ssrc}}))
	await(t, "PLI at the browser", c.browser.asked)
	must(t, c.browser.pc.WriteRTCP([]rtcp.Packet{&rtcp.FullIntraRequest{
		MediaSSRC: atBrowser.ssrc, FIR: []rtcp.FIREntry{{SSRC: atBrowser.ssrc, SequenceNumber: 1}},
	}}))
	await(t, "keyframe request at the node", c.node.asked)
	c.browser.sendWhile("until both are counted", func() bool {
		s := c.leg.Stats()
		return s.Node.KeyframesWanted == 0 || s.Browser.KeyframesWanted == 0
	})
}

func TestBandwidthCrosses(t *testing.T) {
	c := newCall(t, webrtc.MimeTypeVP8, nil)
	c.leg.SetSending(true)
	at := c.browser.sendUntil("x", c.node, payload("x"))
	must(t, c.node.pc.WriteRTCP([]rtcp.Packet{&rtcp.ReceiverEstimatedMaximumBitrate{Bitrate: 400_000, SSRCs: []uint32{at.ssrc}}}))
	c.browser.sendWhile(strings.Repeat("x", 1000), func() bool {
		select {
		case rate := <-c.browser.rates:
			return rate < 399_000 || rate > 401_000
		default:
			return true
		}
	})
}

func TestRefusals(t *testing.T) {
	good := newPeer(t, webrtc.MimeTypeVP8, nil).offer()
	vp9 := newPeer(t, webrtc.MimeTypeVP9, videoCodec(webrtc.MimeTypeVP9, 98, "profile-id=0")).offer()
	tests := []struct {
		name, offer string
		want        error
	}{
		{"audio", withAudio(good), pexrtc.ErrAudio},
		{"rejected audio", strings.Replace(withAudio(good), "m=audio 9", "m=audio 0", 1), pexrtc.ErrAudio},
		{"data channel", strings.Replace(good, "m=video", "m=application", 1), pexrtc.ErrSDP},
		{"empty", "", pexrtc.ErrSDP},
		{"garbage", "v=0\r\nm=video", pexrtc.ErrSDP},
		{"too large", good + strings.Repeat("a=x\r\n", 20000), pexrtc.ErrSDP},
		{"no common codec", vp9, ErrCodec},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newTestRelay(t).NewLeg(LegConfig{})
			if err := l.OfferBrowser(tt.offer); !errors.Is(err, tt.want) {
				t.Errorf("OfferBrowser = %v, want %v", err, tt.want)
			}
			if _, err := l.NodeOffer(testContext(t)); !errors.Is(err, ErrOrder) {
				t.Errorf("NodeOffer after it = %v, want ErrOrder", err)
			}
		})
	}
}

func TestNodeAnswerRefusals(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(string) string
		want  error
	}{
		{"audio", withAudio, pexrtc.ErrAudio},
		{"garbage", func(string) string { return "nonsense" }, pexrtc.ErrSDP},
		{"video rejected", func(s string) string { return strings.Replace(s, "m=video 9", "m=video 0", 1) }, ErrRefused},
		{"another codec", func(s string) string { return strings.ReplaceAll(s, " VP8/", " H261/") }, ErrCodec},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newTestRelay(t).NewLeg(LegConfig{})
			must(t, l.OfferBrowser(newPeer(t, webrtc.MimeTypeVP8, nil).offer()))
			offer, err := l.NodeOffer(testContext(t))
			must(t, err)
			node := newPeer(t, webrtc.MimeTypeVP8, videoCodec(webrtc.MimeTypeVP8, 96, ""))
			if err := l.NodeAnswer(tt.spoil(node.answer(offer))); !errors.Is(err, tt.want) {
				t.Errorf("NodeAnswer = %v, want %v", err, tt.want)
			}
		})
	}
}

func TestClosedLeg(t *testing.T) {
	l := newTestRelay(t).NewLeg(LegConfig{})
	offer := newPeer(t, webrtc.MimeTypeVP8, nil).offer()
	must(t, l.OfferBrowser(offer))
	answered := make(chan error, 1)
	go func() {
		_, err := l.BrowserAnswer(t.Context())
		answered <- err
	}()
	must(t, l.Close())
	must(t, l.Close())
	if err := await(t, "BrowserAnswer", answered); !errors.Is(err, ErrClosed) {
		t.Errorf("BrowserAnswer = %v, want ErrClosed", err)
	}
	if err := l.OfferBrowser(offer); !errors.Is(err, ErrClosed) {
		t.Errorf("OfferBrowser = %v, want ErrClosed", err)
	}
	if _, err := l.NodeOffer(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("NodeOffer = %v, want ErrClosed", err)
	}
}

func TestPageLeaves(t *testing.T) {
	c := newCall(t, webrtc.MimeTypeVP8, nil)
	c.node.sendUntil("x", c.browser, payload("x")) // the page has its connection, too
	began := time.Now()
	must(t, c.browser.pc.GracefulClose())
	c.await(Browser, Closed)
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("noticed after %v", took)
	}
}
