package pexrtctest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"
)

// lines joins SDP lines.
func lines(l ...string) string { return strings.Join(l, "\r\n") + "\r\n" }

var transport = []string{
	"a=ice-ufrag:abcd", "a=ice-pwd:abcdefghijklmnopqrstuvwx", "a=setup:actpass",
	"a=fingerprint:sha-256 " + strings.TrimSuffix(strings.Repeat("AB:", 32), ":"),
}

var session = append([]string{"v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1 2"}, transport...)

func section(media string, attributes ...string) []string {
	return append([]string{media, "c=IN IP4 0.0.0.0"}, attributes...)
}

func sdpOf(sections ...[]string) string {
	all := append([]string{}, session...)
	for _, s := range sections {
		all = append(all, s...)
	}
	return lines(all...)
}

func TestParseOffer(t *testing.T) {
	vp8 := func(mid string, more ...string) []string {
		return section("m=video 9 UDP/TLS/RTP/SAVPF 96", append([]string{"a=mid:" + mid, "a=rtpmap:96 VP8/90000"}, more...)...)
	}
	h264 := section("m=video 9 UDP/TLS/RTP/SAVPF 1 2 3 4", "a=mid:0",
		"a=rtpmap:1 H264/90000", "a=fmtp:1 packetization-mode=0;profile-level-id=42e01f",
		"a=rtpmap:2 H264/90000", "a=fmtp:2 packetization-mode=1;profile-level-id=640c1f",
		"a=rtpmap:3 H264/90000", "a=fmtp:3 profile-level-id=42e01f;packetization-mode=1",
		"a=rtpmap:4 VP9/90000", "a=fmtp:4 profile-id=2")
	tests := []struct {
		name, sdp string
		codecs    []string // by line; empty is a rejected one
		fault     string   // of the error
	}{
		{name: "video only", sdp: sdpOf(vp8("0")), codecs: []string{"VP8"}},
		{name: "main and slides", sdp: sdpOf(vp8("0"), vp8("1", "a=content:slides")), codecs: []string{"VP8", "VP8"}},
		{name: "slides unmarked", sdp: sdpOf(vp8("0"), vp8("1")), codecs: []string{"VP8", "VP8"}},
		{name: "H264 baseline mode 1", sdp: sdpOf(h264), codecs: []string{"H264"}},
		{name: "audio", sdp: sdpOf(section("m=audio 9 UDP/TLS/RTP/SAVPF 0 111", "a=mid:0", "a=rtpmap:111 OPUS/48000/2")), codecs: []string{"opus"}},
		{name: "PCMU needs no map", sdp: sdpOf(section("m=audio 9 UDP/TLS/RTP/SAVPF 0", "a=mid:0")), codecs: []string{"PCMU"}},
		{name: "types without a map", sdp: sdpOf(section("m=video 9 UDP/TLS/RTP/SAVPF 96 97 98", "a=mid:0", "a=rtpmap:98 VP8/90000")), codecs: []string{"VP8"}},
		{name: "unknown codec", sdp: sdpOf(section("m=video 9 UDP/TLS/RTP/SAVPF 45", "a=mid:0", "a=rtpmap:45 AV1/90000")), codecs: []string{""}},
		{name: "port 0", sdp: sdpOf(vp8("0"), section("m=video 0 UDP/TLS/RTP/SAVPF 96", "a=mid:1", "a=rtpmap:96 VP8/90000")), codecs: []string{"VP8", ""}},

		{name: "empty", fault: "offer"},
		{name: "no lines", sdp: lines(session...), fault: "0 media lines"},
		{name: "too long", sdp: strings.Repeat("x", maxSDP+1), fault: "too long"},
		{name: "no mid", sdp: sdpOf(section("m=video 9 UDP/TLS/RTP/SAVPF 96")), fault: "mid"},
		{name: "mid with spaces", sdp: sdpOf(vp8("a b")), fault: "mid"},
		{name: "same mid", sdp: sdpOf(vp8("0"), vp8("0")), fault: "twice"},
		{name: "three videos", sdp: sdpOf(vp8("0"), vp8("1"), vp8("2")), fault: "more slides"},
		{name: "text", sdp: sdpOf(section("m=text 9 RTP/AVP 99", "a=mid:0")), fault: "unknown kind"},
		{name: "no ICE", sdp: strings.Replace(sdpOf(vp8("0")), "a=ice-ufrag:abcd\r\n", "", 1), fault: "ice-ufrag"},
		{name: "no DTLS", sdp: strings.Replace(sdpOf(vp8("0")), "a=fingerprint", "a=x", 1), fault: "fingerprint"},
		{name: "no bundle", sdp: strings.Replace(sdpOf(vp8("0"), vp8("1")), "BUNDLE", "LS", 1), fault: "BUNDLE"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, err := parseOffer(tt.sdp, []string{VP8, H264, VP9})
			if tt.fault != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fault) {
					t.Fatalf("error %v, want one about %q", err, tt.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range tt.codecs {
				got := ""
				if c := o.lines[i].codec; c != nil {
					got = c.name
				}
				if got != want {
					t.Errorf("line %d has %q, want %q", i, got, want)
				}
			}
		})
	}
}

func TestH264Variant(t *testing.T) {
	offered := []codec{
		{payload: 1, name: H264, fmtp: "packetization-mode=0;profile-level-id=42e01f"},
		{payload: 2, name: H264, fmtp: "packetization-mode=1;profile-level-id=640c1f"},
		{payload: 3, name: H264, fmtp: "profile-level-id=42001f; packetization-mode=1"},
		{payload: 4, name: H264, fmtp: "profile-level-id=42E01F;packetization-mode=1"},
		{payload: 5, name: VP9, fmtp: "profile-id=2"},
	}
	if c := choose(offered, []string{VP9, H264}); c == nil || c.payload != 4 {
		t.Errorf("chose %+v, want type 4", c)
	}
}

func TestDirections(t *testing.T) {
	for offered, want := range map[string]string{
		"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive",
	} {
		o, err := parseOffer(sdpOf(section("m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:0", "a=rtpmap:96 VP8/90000", "a="+offered)), []string{VP8})
		if err != nil {
			t.Fatal(err)
		}
		if got := o.lines[0].answerDirection(); got != want {
			t.Errorf("%s is answered by %s, want %s", offered, got, want)
		}
	}
}

func TestRepairStreamIsNotTheSource(t *testing.T) {
	tests := []struct {
		name       string
		attributes []string
		want       string
	}{
		{"group first", []string{"a=ssrc-group:FID 22 11", "a=ssrc:11 cname:x", "a=ssrc:22 cname:x"}, "22"},
		{"group last", []string{"a=ssrc:11 cname:x", "a=ssrc:22 cname:x", "a=ssrc-group:FID 22 11"}, "22"},
		{"single", []string{"a=ssrc:33 cname:x"}, "33"},
		{"not sending", []string{"a=recvonly", "a=ssrc:33 cname:x"}, ""},
		{"junk", []string{"a=ssrc:99999999999 cname:x", "a=ssrc-group:FID"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			video := append([]string{"a=mid:0", "a=rtpmap:96 VP8/90000"}, tt.attributes...)
			o, err := parseOffer(sdpOf(section("m=video 9 UDP/TLS/RTP/SAVPF 96", video...)), []string{VP8})
			if err != nil {
				t.Fatal(err)
			}
			if got := o.lines[0].ssrc(); got != tt.want {
				t.Errorf("ssrc %q, want %q", got, tt.want)
			}
		})
	}
}

// FuzzOffer wants neither a panic of ours nor of the WebRTC stack behind us, and an answer with
// as many lines as the offer.
func FuzzOffer(f *testing.F) {
	samples, err := filepath.Glob("testdata/offers/*.sdp")
	if err != nil || len(samples) == 0 {
		f.Fatalf("samples %v: %v", samples, err)
	}
	for _, name := range samples {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	srv := New(Options{})
	f.Cleanup(srv.Close)
	f.Fuzz(func(t *testing.T, text string) {
		o, err := parseOffer(text, srv.opts.Codecs)
		if err != nil {
			return
		}
		c := &call{sinks: map[string]*sink{}, ssrcs: map[string]string{}}
		peer, err := srv.newPeer(&participant{}, c, o)
		if err != nil {
			return
		}
		defer peer.GracefulClose()
		if err := peer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: o.forPion(c.ssrcs)}); err != nil {
			return
		}
		local, err := peer.CreateAnswer(nil)
		if err != nil {
			return
		}
		sdp, err := answerFor(o, local.SDP, 1264)
		if err != nil {
			t.Fatalf("%v in the answer to\n%s", err, text)
		}
		if got := strings.Count(sdp, "\nm="); got != len(o.lines) {
			t.Errorf("%d lines in the answer, %d in the offer", got, len(o.lines))
		}
	})
}
