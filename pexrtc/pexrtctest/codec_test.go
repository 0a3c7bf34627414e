package pexrtctest_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

func TestCodecs(t *testing.T) {
	tests := []struct {
		name      string
		preferred []string
		offered   string
		want      string
	}{
		{"default takes VP8", nil, "H264,VP8", "VP8"},
		{"H264 preferred", []string{"H264", "VP8"}, "VP8,H264", "H264"},
		{"VP9 only", []string{"VP9"}, "VP8,VP9", "VP9"},
		{"none in common", []string{"VP9"}, "VP8", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := start(t, pexrtctest.Options{Codecs: tt.preferred})
			ada := join(t, srv, "agt4711", "", "Ada")
			l := &leg{member: ada}
			l.peer = newPeer(t, tt.offered)
			l.main = l.add("video/"+tt.offered, "main", webrtc.RTPTransceiverDirectionSendrecv)
			result := ada.must(ada.self("calls"), map[string]any{"sdp": l.createOffer("")}).(map[string]any)
			sdp := result["sdp"].(string)
			maps := regexp.MustCompile(`a=rtpmap:\d+ (\w+)/`).FindAllStringSubmatch(sdp, -1)
			if tt.want == "" {
				if len(maps) != 0 || !strings.Contains(sdp, "m=video 0 ") {
					t.Errorf("want the line rejected:\n%s", sdp)
				}
				return
			}
			if len(maps) != 1 || maps[0][1] != tt.want {
				t.Errorf("answered %v, want only %s", maps, tt.want)
			}
			if !strings.Contains(sdp, "b=AS:1264") {
				t.Errorf("no bandwidth in\n%s", sdp)
			}
		})
	}
}

func TestCodecFollowsTheRoom(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	join(t, srv, "agt4711", "", "Ada").dial(want{codec: "H264"})
	join(t, srv, "cus4711", "", "Bob").dial(want{codec: "H264,VP8"})
	if p := await(t, srv, "Bob", named("Bob")); p.VideoCodec != "H264" {
		t.Errorf("Bob got %s, want H264 as Ada has", p.VideoCodec)
	}
}

func TestDifferentCodecsGetNothing(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	a := join(t, srv, "agt4711", "", "Ada").dial(want{codec: "VP8"})
	join(t, srv, "cus4711", "", "Bob").dial(want{codec: "H264"})
	a.sendMain("from-ada")
	await(t, srv, "Ada sends", func(p pexrtctest.Participant) bool { return p.VideoIn.Packets > 10 })
	if p := await(t, srv, "Bob", named("Bob")); p.VideoOut.Packets != 0 {
		t.Errorf("Bob got %+v", p.VideoOut)
	}
}
