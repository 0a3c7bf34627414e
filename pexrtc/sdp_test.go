package pexrtc

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

const videoOffer = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n" +
	"m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 108\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=ice-ufrag:abcd\r\n" +
	"a=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 AA:BB\r\na=setup:actpass\r\na=sendrecv\r\na=rtcp-mux\r\n" +
	"a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 goog-remb\r\na=rtcp-fb:96 nack pli\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n" +
	"a=rtpmap:102 H264/90000\r\na=fmtp:102 packetization-mode=1;profile-level-id=42001f\r\n" +
	"a=rtpmap:108 H264/90000\r\na=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n"

const audioLine = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=rtpmap:111 opus/48000/2\r\n"

func TestCheckOffer(t *testing.T) {
	tests := []struct {
		name, sdp string
		audio     bool
		want      error
	}{
		{"video", videoOffer, false, nil},
		{"video and audio, allowed", videoOffer + audioLine, true, nil},
		{"audio", videoOffer + audioLine, false, ErrAudio},
		{"inactive audio", videoOffer + audioLine + "a=inactive\r\n", false, ErrAudio},
		{"rejected audio", videoOffer + strings.Replace(audioLine, " 9 ", " 0 ", 1), false, ErrAudio},
		{"audio behind a bare line end", strings.Replace(videoOffer, "a=sendrecv", "a=x:1\r"+audioLine+"a=sendrecv", 1), false, ErrSDP},
		{"an audio codec beside video", videoOffer + "a=rtpmap:97 opus/48000/2\r\n", false, ErrAudio},
		{"audio as video", strings.Replace(audioLine, "audio", "video", 1), false, ErrSDP},
		{"an audio codec in a second line", videoOffer + strings.Replace(audioLine, "audio", "video", 1), false, ErrAudio},
		{"old audio without a name", videoOffer + "m=video 9 UDP/TLS/RTP/SAVPF 0\r\n", false, ErrAudio},
		{"the same, bundled", videoOffer + "m=video 0 UDP/TLS/RTP/SAVPF 0\r\na=bundle-only\r\n", false, ErrAudio},
		{"a refused line", videoOffer + "m=video 0 UDP/TLS/RTP/SAVPF 0\r\n", false, nil},
		{"data channel", videoOffer + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n", true, ErrSDP},
		{"text", videoOffer + "m=text 9 RTP/AVP 98\r\n", true, ErrSDP},
		{"audio alone", strings.Split(videoOffer, "m=video")[0] + audioLine, true, ErrSDP},
		{"no media", strings.Split(videoOffer, "m=video")[0], false, ErrSDP},
		{"empty", "", false, ErrSDP},
		{"too many lines", videoOffer + strings.Repeat("m=video 9 UDP/TLS/RTP/SAVPF 96\r\n", 9), false, ErrSDP},
		{"too many candidates", videoOffer + strings.Repeat("a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n", 101), false, ErrSDP},
		{"too many attributes", videoOffer + strings.Repeat("a=x:y\r\n", 500), false, ErrSDP},
		{"too large", videoOffer + "a=x:" + strings.Repeat("y", 70000) + "\r\n", false, ErrSDP},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := CheckOffer(tt.sdp, tt.audio); !errors.Is(err, tt.want) {
				t.Errorf("CheckOffer = %v, want %v", err, tt.want)
			}
		})
	}
}

func TestPrepareOffer(t *testing.T) {
	got, err := PrepareOffer(videoOffer+audioLine+"m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:2\r\na=rtpmap:96 VP8/90000\r\n", 900)
	if err != nil {
		t.Fatal(err)
	}
	sections := strings.Split(got, "m=")
	for i, want := range map[int][]string{
		1: {"video", "b=AS:900\r\n", "b=TIAS:900000\r\n", "a=content:main\r\n", "a=mid:0\r\n", "a=rtcp-fb:96 nack pli\r\n"},
		2: {"audio", "a=content:main\r\n"},
		3: {"video", "a=content:slides\r\n", "b=AS:900\r\n"},
	} {
		for _, w := range want {
			if !strings.Contains(sections[i], w) {
				t.Errorf("section %d lacks %q:\n%s", i, w, sections[i])
			}
		}
	}
	if strings.Contains(sections[2], "b=AS") {
		t.Errorf("audio has a video bandwidth:\n%s", sections[2])
	}
}

func TestReadCodecs(t *testing.T) {
	d, err := ParseSDP(videoOffer)
	if err != nil {
		t.Fatal(err)
	}
	got := ReadCodecs(d.MediaDescriptions[0])
	want := []Codec{
		{"VP8", 96, 90000, "", []string{"goog-remb", "nack pli"}},
		{"rtx", 97, 90000, "apt=96", nil},
		{"H264", 102, 90000, "packetization-mode=1;profile-level-id=42001f", nil},
		{"H264", 108, 90000, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f", nil},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("codecs %+v, want %+v", got, want)
	}
	if p := got[3].Param("packetization-mode"); p != "1" {
		t.Errorf("packetization-mode %q", p)
	}
}

func TestRefused(t *testing.T) {
	const head = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
	const taken, refused = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n", "m=video 0 UDP/TLS/RTP/SAVPF 96\r\n"
	for answer, want := range map[string]bool{
		head + taken: false, head + taken + refused: false, head + refused: true, head + refused + taken: true, head: true, "": true,
	} {
		if got := Refused(answer); got != want {
			t.Errorf("Refused = %v for %q", got, answer)
		}
	}
}

func TestBandwidth(t *testing.T) {
	for lines, want := range map[string]int{
		"": 0, "b=AS:500\r\n": 500, "b=TIAS:300000\r\nb=AS:500\r\n": 300, "b=CT:9\r\n": 0, "b=AS:99999999999\r\n": 1_000_000,
	} {
		d, err := ParseSDP(strings.Replace(videoOffer, "c=IN IP4 0.0.0.0\r\n", "c=IN IP4 0.0.0.0\r\n"+lines, 1))
		if err != nil {
			t.Fatal(err)
		}
		if got := Bandwidth(d.MediaDescriptions[0]); got != want {
			t.Errorf("bandwidth of %q = %d, want %d", lines, got, want)
		}
	}
}

func FuzzSDP(f *testing.F) {
	f.Add(videoOffer)
	f.Add(videoOffer + audioLine)
	f.Add("v=0\r\nm=video")
	f.Fuzz(func(t *testing.T, in string) {
		if CheckVideoOnly(in) == nil && CheckOffer(in, true) != nil {
			t.Error("video only, but not an offer")
		}
		out, err := PrepareOffer(in, 500)
		if err != nil {
			return
		}
		d, err := ParseSDP(out)
		if err != nil {
			return // grown beyond the limits
		}
		for _, m := range d.MediaDescriptions {
			ReadCodecs(m)
		}
	})
}
