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
	"a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 ccm fir\r\n"

func TestReadOffer(t *testing.T) {
	d, err := readOffer(sampleOffer)
	must(t, err)
	text, err := write(d)
	must(t, err)
	if strings.Contains(text, "simulcast") || strings.Contains(text, "a=rid") {
		t.Errorf("simulcast is left:\n%s", text)
	}
	if !onlyFIR(d.MediaDescriptions[0]) {
		t.Error("a far end with FIR alone is not recognised")
	}
	if ufrag, pwd := credentials(sampleOffer); ufrag != "abcd" || pwd != "0123456789012345678901" {
		t.Errorf("credentials %q %q", ufrag, pwd)
	}
	two := sampleOffer + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\n"
	if _, err := readOffer(two); !errors.Is(err, pexrtc.ErrSDP) {
		t.Errorf("two video lines: %v, want ErrSDP", err)
	}
}

func TestReadAnswerKeepsTheMainLine(t *testing.T) {
	two := strings.Replace(sampleOffer, "BUNDLE 0", "BUNDLE 0 1", 1) + "m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=inactive\r\n"
	d, err := readAnswer(two)
	must(t, err)
	text, err := write(d)
	must(t, err)
	if strings.Count(text, "m=video") != 1 || !strings.Contains(text, "a=group:BUNDLE 0\r\n") {
		t.Errorf("answer:\n%s", text)
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
		if err := c.leg.BrowserCandidate(bad, "0"); !errors.Is(err, pexrtc.ErrSDP) {
			t.Errorf("BrowserCandidate(%.20q) = %v, want ErrSDP", bad, err)
		}
	}
	must(t, c.leg.BrowserCandidate("", "0"))
	must(t, c.leg.BrowserCandidate("candidate:1 1 udp 2130706431 127.0.0.1 9 typ host", "0"))
	must(t, c.leg.NodeCandidate(pexrtc.Candidate{Candidate: "nonsense", MID: "1"})) // of the slides line
}

func TestBadICEServersAreLeftOut(t *testing.T) {
	got := stackServers([]pexrtc.ICEServer{
		{URLs: []string{"stun:s.example:3478", "stun:"}}, {URLs: []string{"turn:t.example"}}, {URLs: []string{"nonsense"}},
		{URLs: []string{"turn:t.example"}, Username: "u", Credential: "c"},
	})
	if len(got) != 2 || got[0].URLs[0] != "stun:s.example:3478" || got[1].Username != "u" {
		t.Errorf("servers %+v", got)
	}
}

func FuzzDescriptions(f *testing.F) {
	f.Add(sampleOffer)
	f.Fuzz(func(t *testing.T, in string) {
		if d, err := readOffer(in); err == nil {
			choose(pexrtc.ReadCodecs(d.MediaDescriptions[0]), true)
			onlyFIR(d.MediaDescriptions[0])
		}
		if d, err := readAnswer(in); err == nil && len(d.MediaDescriptions) != 1 {
			t.Errorf("%d lines", len(d.MediaDescriptions))
		}
		credentials(in)
		if pexrtc.CheckVideoOnly(in) != nil {
			return
		}
		if out, err := toNode(in, 500); err == nil && strings.Contains(out, "\nm=audio") {
			t.Errorf("audio in the offer:\n%s", out)
		}
	})
}
