package relay

import (
	"strings"
	"testing"

	"github.com/videoleg/videoleg/pexrtc"
)

func h264(pt uint8, mode, level string) pexrtc.Codec {
	return pexrtc.Codec{Name: "H264", PayloadType: pt, ClockRate: 90000, Fmtp: "packetization-mode=" + mode + ";profile-level-id=" + level}
}

func video(name string, pt uint8) pexrtc.Codec {
	return pexrtc.Codec{Name: name, PayloadType: pt, ClockRate: 90000}
}

func list(pairs []pair) string {
	var all []string
	for _, p := range pairs {
		all = append(all, strings.ToUpper(p.Name)+" "+string(rune('A'+p.PayloadType-96)))
	}
	return strings.Join(all, ", ")
}

func TestChoose(t *testing.T) {
	tests := []struct {
		name    string
		offered []pexrtc.Codec
		vp9     bool
		want    string
	}{
		{"the browser's order", []pexrtc.Codec{h264(97, "1", "42e01f"), video("VP8", 96)}, false, "H264 B, VP8 A"},
		{"constrained baseline wins", []pexrtc.Codec{h264(96, "1", "42001f"), h264(97, "1", "42e01f")}, false, "H264 B"},
		{"baseline without it", []pexrtc.Codec{h264(96, "1", "42001f")}, false, "H264 A"},
		{"mode 0 and other profiles are left out", []pexrtc.Codec{h264(96, "0", "42e01f"), h264(97, "1", "640032"), h264(98, "1", "4d001f")}, false, ""},
		{"VP9 only if the node takes it", []pexrtc.Codec{video("VP9", 96), video("VP8", 97)}, false, "VP8 B"},
		{"VP9", []pexrtc.Codec{video("VP9", 96), video("VP8", 97)}, true, "VP9 A, VP8 B"},
		{"VP9 profile 2", []pexrtc.Codec{{Name: "VP9", PayloadType: 96, Fmtp: "profile-id=2"}}, true, ""},
		{"others", []pexrtc.Codec{video("rtx", 96), video("red", 97), video("AV1", 98)}, true, ""},
		{"broken level", []pexrtc.Codec{h264(96, "1", "42zz1f"), h264(97, "1", "42")}, false, "H264 A"},
		{"lower case", []pexrtc.Codec{video("vp8", 96)}, false, "VP8 A"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := list(choose(tt.offered, tt.vp9)); got != tt.want {
				t.Errorf("choose = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAgreeAndRematch(t *testing.T) {
	pairs := choose([]pexrtc.Codec{video("VP8", 96), h264(97, "1", "42e01f")}, false)
	agreed := agree(pairs, []pexrtc.Codec{h264(102, "1", "42e01f"), video("VP8", 96)})
	if got := list(agreed); got != "H264 B, VP8 A" {
		t.Fatalf("agreed %q, want the node's order", got)
	}
	if got := agree(pairs, []pexrtc.Codec{video("H264", 96), video("VP8", 102)}); got != nil {
		t.Errorf("payload types under other names agree: %q", list(got))
	}
	again := rematch(agreed, choose([]pexrtc.Codec{video("VP8", 120), h264(109, "1", "42e01f")}, false))
	if got := list(again); got != "H264 N, VP8 Y" {
		t.Errorf("another page: %q", got)
	}
	m := newTypeMap(again, Browser, Node)
	if m[109].to != 102 || m[120].to != 96 || m[96].to != 0 {
		t.Errorf("types 109→%d 120→%d 96→%d", m[109].to, m[120].to, m[96].to)
	}
}

func TestRepairIsAgreedOnEachHop(t *testing.T) {
	rtx := func(pt uint8, apt string) pexrtc.Codec {
		return pexrtc.Codec{Name: "rtx", PayloadType: pt, ClockRate: 90000, Fmtp: "apt=" + apt}
	}
	offered := choose([]pexrtc.Codec{video("VP8", 120), rtx(121, "120"), h264(122, "1", "42e01f"), rtx(123, "99")}, false)
	if got := [2][2]uint8{offered[0].repair, offered[1].repair}; got != [2][2]uint8{{121, 97}, {0, 103}} {
		t.Fatalf("offered %v", got)
	}
	agreed := agree(offered, []pexrtc.Codec{video("VP8", 96), h264(102, "1", "42e01f"), rtx(103, "102"), rtx(97, "55")})
	if got := [2][2]uint8{agreed[0].repair, agreed[1].repair}; got != [2][2]uint8{{121, 0}, {0, 103}} {
		t.Fatalf("agreed %v", got)
	}
	again := rematch(agreed, choose([]pexrtc.Codec{h264(96, "1", "42e01f"), rtx(97, "96")}, false))
	if again[0].repair != [2]uint8{97, 103} {
		t.Errorf("another page: %v", again[0].repair)
	}
	if m := newTypeMap(again, Browser, Node); m[97].repairs != 96 || m[97].to != 0 || m[96].repairs != 0 {
		t.Errorf("types %+v", m[96:98])
	}
}
