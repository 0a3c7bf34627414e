package pexrtc

import (
	"strings"
	"testing"
)

const twoVideos = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=fingerprint:sha-256 AA:BB\r\n" +
	"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=sendrecv\r\n" +
	"m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=sendrecv\r\n" +
	"m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:2\r\na=recvonly\r\n"

func TestSlidesDirection(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"receiving", twoVideos, "recvonly"},
		{"said nothing", strings.Replace(twoVideos, "a=recvonly\r\n", "", 1), "sendrecv"},
		{"refused", strings.Replace(twoVideos, "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:2", "m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:2", 1), "inactive"},
		{"no such line", twoVideos[:strings.LastIndex(twoVideos, "m=video")], "inactive"},
		{"no description", "hello", "inactive"},
		{"nothing", "", "inactive"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := SlidesDirection(tt.text); got != tt.want {
				t.Errorf("SlidesDirection = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestSameConnection(t *testing.T) {
	inLine := strings.Replace(strings.Replace(twoVideos, "a=fingerprint:sha-256 AA:BB\r\n", "", 1), "a=mid:0\r\n", "a=mid:0\r\na=fingerprint:SHA-256 aa:bb\r\n", 1)
	for _, tt := range []struct {
		name, a, b string
		want       bool
	}{
		{"the same", twoVideos, twoVideos, true},
		{"written elsewhere", twoVideos, inLine, true},
		{"another certificate", twoVideos, strings.Replace(twoVideos, "AA:BB", "AA:BC", 1), false},
		{"no certificates", "", "", false},
		{"nonsense", "x", "x", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := SameConnection(tt.a, tt.b); got != tt.want {
				t.Errorf("SameConnection = %v, want %v", got, tt.want)
			}
		})
	}
}
