package pexrtctest_test

import (
	"strings"
	"testing"

	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

func TestTwoVideoOnlyLegsSeeEachOther(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	a := join(t, srv, "agt4711", "", "Ada").dial(want{codec: "VP8"})
	b := join(t, srv, "cus4711", "", "Bob").dial(want{codec: "VP8"})
	a.sendMain("from-ada")
	b.sendMain("from-bob")
	a.receive("main", "from-bob")
	b.receive("main", "from-ada")
	if strings.Contains(a.answer, "m=audio") {
		t.Errorf("answer to a video-only offer has audio:\n%s", a.answer)
	}
	for _, p := range srv.Participants("4711") {
		if p.HasAudio || !p.HasVideo || p.VideoCodec != "VP8" || !p.Connected {
			t.Errorf("participant %+v, want connected VP8 without audio", p)
		}
	}
}
