package relay

import (
	"errors"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"github.com/videoleg/videoleg/pexrtc"
)

const sampleOffer = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n" +
	"m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n" +
	"a=fingerprint:sha-256 AA:BB\r\na=setup:actpass\r\na=sendrecv\r\na=rtcp-mux\r\na=rid:a send\r\na=simulcast:send a\r\n" +
	"a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 ccm fir\r\na=extmap:4/sendrecv " + sendTimeURI + "\r\n" +
	"a=extmap:5 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\na=extmap:15 " + sendTimeURI + "\r\n"

func TestReadOffer(t *testing.T) {
	r, err := readOffer(sampleOffer)
	must(t, err)
	if !onlyFIR(r.media) {
		t.Error("a far end with FIR alone is not recognised")
	}
	if r.far.ufrag != "abcd" || r.far.pwd != "0123456789012345678901" || r.far.fingerprint != "sha-256 AA:BB" {
		t.Errorf("far end %+v", r.far)
	}
	if want := (extensions{sendTime: 4, sequence: 5}); r.exts != want {
		t.Errorf("extensions %+v, want %+v", r.exts, want)
	}
	second := "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=rtpmap:96 VP8/90000\r\n"
	r, err = readOffer(sampleOffer + second)
	if err != nil || r.slides == nil || r.mid != "0" {
		t.Errorf("with a slides line: %+v, %v", r, err)
	}
	r, err = readOffer(sampleOffer + strings.Replace(second, "mid:1", "mid:"+strings.Repeat("1", 600), 1))
	if err != nil || r.slides != nil {
		t.Errorf("a slides line without a usable mid is taken: %v", err)
	}
	if _, err := readOffer(sampleOffer + second + second); !errors.Is(err, pexrtc.ErrSDP) {
		t.Errorf("three video lines: %v, want ErrSDP", err)
	}
}

func TestReadAnswerTakesTheMainLine(t *testing.T) {
	two := strings.Replace(sampleOffer, "BUNDLE 0", "BUNDLE 0 1", 1) + "m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=inactive\r\n"
	r, err := readAnswer(two)
	must(t, err)
	if r.mid != "0" || r.direction != "sendrecv" {
		t.Errorf("line %s is %s", r.mid, r.direction)
	}
	head := strings.Replace(sampleOffer, "a=ice-ufrag:abcd\r\n", "", 1)
	head = strings.Replace(head, "m=video", "a=ice-ufrag:head\r\na=ice-lite\r\nm=video", 1)
	r, err = readAnswer(head)
	must(t, err)
	if r.far.ufrag != "head" || !r.far.lite {
		t.Errorf("what stands at the head of a description is not read: %+v", r.far)
	}
}

func TestAnswerMirrorsTheOffer(t *testing.T) {
	tests := []struct{ direction, setup, wantDirection, wantSetup string }{
		{"sendrecv", "actpass", "sendrecv", "passive"},
		{"sendonly", "active", "recvonly", "passive"},
		{"recvonly", "passive", "sendonly", "active"},
		{"inactive", "actpass", "inactive", "passive"},
	}
	for _, tt := range tests {
		t.Run(tt.direction+" "+tt.setup, func(t *testing.T) {
			offer, err := readOffer(strings.NewReplacer("a=sendrecv", "a="+tt.direction, "a=setup:actpass", "a=setup:"+tt.setup).Replace(sampleOffer))
			must(t, err)
			h := &hop{out: streams(nil)}
			answer, err := h.toBrowser(local{ufrag: "u", pwd: "p", fingerprint: "sha-256 CC"}, offer, choose(pexrtc.ReadCodecs(offer.media), false), 500)
			must(t, err)
			for _, want := range []string{"a=" + tt.wantDirection, "a=setup:" + tt.wantSetup, "a=rtpmap:96 VP8/90000", "b=AS:500", "a=extmap:4 " + sendTimeURI, "a=mid:0"} {
				if !strings.Contains(answer, want+"\r\n") {
					t.Errorf("answer lacks %q:\n%s", want, answer)
				}
			}
		})
	}
}

// TestBrokenDescriptions have video and a codec, but nothing to connect with.
func TestBrokenDescriptions(t *testing.T) {
	whole := newPeer(t, webrtc.MimeTypeVP8, nil).offer()
	for _, line := range []string{"a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:", "a=mid:"} {
		t.Run(line, func(t *testing.T) {
			var kept []string
			for l := range strings.Lines(whole) {
				if !strings.HasPrefix(l, line) {
					kept = append(kept, l)
				}
			}
			l := newTestRelay(t).NewLeg(LegConfig{})
			if err := l.OfferBrowser(strings.Join(kept, "")); err != nil {
				return
			}
			offer, err := l.NodeOffer(testContext(t))
			must(t, err)
			must(t, l.NodeAnswer(newPeer(t, webrtc.MimeTypeVP8, nil).answer(offer)))
			if _, err := l.BrowserAnswer(testContext(t)); !errors.Is(err, pexrtc.ErrSDP) {
				t.Errorf("BrowserAnswer = %v, want ErrSDP", err)
			}
		})
	}
}

func TestBadCandidates(t *testing.T) {
	c := newCall(t, webrtc.MimeTypeVP8, nil)
	for _, bad := range []string{"nonsense", "candidate:1 1 udp x", strings.Repeat("x", 600), "candidate:1\r\na=evil"} {
		if err := c.leg.BrowserCandidate(bad); !errors.Is(err, pexrtc.ErrSDP) {
			t.Errorf("BrowserCandidate(%.20q) = %v, want ErrSDP", bad, err)
		}
	}
	must(t, c.leg.BrowserCandidate(""))
	must(t, c.leg.BrowserCandidate("candidate:1 1 udp 2130706431 127.0.0.1 9 typ host"))
	must(t, c.leg.NodeCandidate(pexrtc.Candidate{Candidate: "nonsense", MID: "1"})) // of the slides line
}

func FuzzDescriptions(f *testing.F) {
	f.Add(sampleOffer)
	h := &hop{out: streams(nil)}
	f.Fuzz(func(t *testing.T, in string) {
		offer, err := readOffer(in)
		if err != nil {
			return
		}
		pairs := choose(pexrtc.ReadCodecs(offer.media), true)
		onlyFIR(offer.media)
		offer.candidates()
		answer, err := h.toBrowser(local{ufrag: "u", pwd: "p"}, offer, pairs, 500)
		if err == nil && pexrtc.CheckVideoOnly(answer) != nil {
			t.Errorf("an answer that is not video only:\n%s", answer)
		}
	})
}
