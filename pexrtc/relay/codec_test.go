package relay

import (
	"fmt"
	"os"
	"slices"
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
		{"mode 0 and other profiles are left out", []pexrtc.Codec{h264(96, "0", "42e01f"), h264(97, "", "64001f"), h264(98, "1", "4d001f"), h264(99, "1", "f4001f")}, false, ""},
		{"high beside constrained baseline", []pexrtc.Codec{h264(96, "1", "640032"), h264(97, "1", "42e01f")}, false, "H264 A, H264 B"},
		{"constrained high is another", []pexrtc.Codec{h264(96, "1", "640c1f"), h264(97, "1", "64001f"), h264(98, "1", "64002a")}, false, "H264 A, H264 B"},
		{"VP9 only if the node takes it", []pexrtc.Codec{video("VP9", 96), video("VP8", 97)}, false, "VP8 B"},
		{"VP9", []pexrtc.Codec{video("VP9", 96), video("VP8", 97)}, true, "VP9 A, VP8 B"},
		{"VP9 profile 2", []pexrtc.Codec{{Name: "VP9", PayloadType: 96, Fmtp: "profile-id=2"}}, true, ""},
		{"others", []pexrtc.Codec{video("rtx", 96), video("red", 97), video("AV1", 98)}, true, ""},
		{"broken level", []pexrtc.Codec{h264(96, "1", "42zz1f"), h264(97, "1", "42")}, false, ""},
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

// TestNegotiation follows codecs through the four descriptions: a page offers, the node is offered, it answers, the page is
// answered. A node's answer names the types of our offer.
func TestNegotiation(t *testing.T) {
	const (
		asymmetric = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id="
		symmetric  = "packetization-mode=1;profile-level-id="
	)
	codec := func(name string, pt uint8, fmtp string) pexrtc.Codec {
		return pexrtc.Codec{Name: name, PayloadType: pt, ClockRate: 90000, Fmtp: fmtp}
	}
	for _, tt := range []struct {
		name           string
		page           []pexrtc.Codec
		nodeOffer      string
		node           []pexrtc.Codec
		browser        string
		fromPage, from []uint8 // types that cross, from the page and from the node
	}{
		{
			"VP8 alone", []pexrtc.Codec{codec("VP8", 120, "")}, "96 VP8 ()",
			[]pexrtc.Codec{codec("VP8", 96, "")}, "120 VP8 ()", []uint8{120}, []uint8{96},
		}, {
			"all, and the node takes one", []pexrtc.Codec{codec("VP8", 120, ""), codec("VP9", 98, "profile-id=0"), codec("H264", 103, asymmetric+"42e01f"), codec("H264", 105, asymmetric+"64001f")},
			"96 VP8 (), 98 VP9 (profile-id=0), 102 H264 (" + asymmetric + "42e01f), 106 H264 (" + asymmetric + "64001f)",
			[]pexrtc.Codec{codec("H264", 106, asymmetric+"640029")}, "105 H264 (" + asymmetric + "640029)", []uint8{105}, []uint8{106},
		}, {
			"each side decodes at its own level", []pexrtc.Codec{codec("H264", 103, asymmetric+"42e034")}, "102 H264 (" + asymmetric + "42e034)",
			[]pexrtc.Codec{codec("H264", 102, asymmetric+"42c01f")}, "103 H264 (" + asymmetric + "42e01f)", []uint8{103}, []uint8{102},
		}, {
			"the page wants one level", []pexrtc.Codec{codec("H264", 103, symmetric+"42e01f")}, "102 H264 (" + symmetric + "42e01f)",
			[]pexrtc.Codec{codec("H264", 102, asymmetric+"42e034")}, "103 H264 (" + symmetric + "42e01f)", []uint8{103}, []uint8{102},
		}, {
			"the node wants one level", []pexrtc.Codec{codec("H264", 103, asymmetric+"42e034")}, "102 H264 (" + asymmetric + "42e034)",
			[]pexrtc.Codec{codec("H264", 102, symmetric+"42e01f")}, "103 H264 (" + symmetric + "42e01f)", []uint8{103}, []uint8{102},
		}, {
			"another profile is no answer", []pexrtc.Codec{codec("H264", 103, asymmetric+"42e01f")}, "102 H264 (" + asymmetric + "42e01f)",
			[]pexrtc.Codec{codec("H264", 102, asymmetric+"64001f")}, "", nil, nil,
		}, {
			"nor is another mode", []pexrtc.Codec{codec("H264", 103, asymmetric+"42e01f"), codec("VP8", 96, "")}, "102 H264 (" + asymmetric + "42e01f), 96 VP8 ()",
			[]pexrtc.Codec{codec("H264", 102, "profile-level-id=42e01f"), codec("VP8", 96, "")}, "96 VP8 ()", []uint8{96}, []uint8{96},
		}, {
			"nor is VP9 of another profile", []pexrtc.Codec{codec("VP9", 100, "profile-id=2"), codec("VP9", 98, "")}, "98 VP9 (profile-id=0)",
			[]pexrtc.Codec{codec("VP9", 98, "profile-id=2")}, "", nil, nil,
		}, {
			"a type that was not offered", []pexrtc.Codec{codec("VP8", 96, "")}, "96 VP8 ()",
			[]pexrtc.Codec{codec("VP8", 100, ""), codec("H264", 102, asymmetric+"42e01f")}, "", nil, nil,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			offered := choose(tt.page, true)
			if got := formatsOn(offered, Node); got != tt.nodeOffer {
				t.Errorf("the node is offered %q, want %q", got, tt.nodeOffer)
			}
			agreed := agree(offered, tt.node)
			if got := formatsOn(agreed, Browser); got != tt.browser {
				t.Errorf("the page is answered %q, want %q", got, tt.browser)
			}
			for _, way := range []struct {
				from, to Hop
				want     []uint8
			}{{Browser, Node, tt.fromPage}, {Node, Browser, tt.from}} {
				var cross []uint8
				for pt, to := range newTypeMap(agreed, way.from, way.to) {
					if to.to != 0 {
						cross = append(cross, uint8(pt))
					}
				}
				if !slices.Equal(cross, way.want) {
					t.Errorf("types %v cross from the %s, want %v", cross, way.from, way.want)
				}
			}
		})
	}
}

// formatsOn lists payload types, names and formats as our description for a hop has them.
func formatsOn(pairs []pair, h Hop) string {
	var all []string
	for _, p := range pairs {
		all = append(all, fmt.Sprintf("%d %s (%s)", p.side(h), p.format.name, p.fmtp(h)))
	}
	return strings.Join(all, ", ")
}

// TestClientOffers: what clients and browsers offer is understood.
func TestClientOffers(t *testing.T) {
	for file, want := range map[string]string{
		"go-client":      "VP8, H264 constrained baseline",
		"new-web-client": "H264 constrained baseline, VP8, VP9",
		"old-web-client": "VP8, H264 constrained baseline, VP9",
		"chromium":       "VP8, H264 constrained baseline, VP9",
	} {
		t.Run(file, func(t *testing.T) {
			raw, err := os.ReadFile("../pexrtctest/testdata/offers/" + file + ".sdp")
			if file == "chromium" {
				raw, err = os.ReadFile("testdata/chromium.sdp")
			}
			must(t, err)
			d, err := pexrtc.ParseSDP(string(raw))
			must(t, err)
			var names []string
			for _, m := range d.MediaDescriptions {
				if m.MediaName.Media != "video" {
					continue
				}
				for _, p := range choose(pexrtc.ReadCodecs(m), true) {
					names = append(names, strings.TrimSpace(p.format.name+" "+string(p.format.profile)))
				}
				break
			}
			if got := strings.Join(names, ", "); got != want {
				t.Errorf("understood %q, want %q", got, want)
			}
		})
	}
}

func FuzzCodecs(f *testing.F) {
	f.Add("H264", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f", "packetization-mode=1;profile-level-id=42e034")
	f.Add("VP9", "profile-id=0", "")
	f.Fuzz(func(t *testing.T, name, page, node string) {
		offered := choose([]pexrtc.Codec{{Name: name, PayloadType: 111, Fmtp: page}}, true)
		for _, p := range offered {
			if again := (pexrtc.Codec{Name: p.format.name, Fmtp: p.fmtp(Node)}); formatOf(again) != p.format {
				t.Errorf("%q is offered as %q", page, p.fmtp(Node))
			}
			for _, a := range agree(offered, []pexrtc.Codec{{Name: name, PayloadType: p.node, Fmtp: node}}) {
				if again := (pexrtc.Codec{Name: a.format.name, Fmtp: a.fmtp(Browser)}); formatOf(again) != a.format {
					t.Errorf("%q and %q are answered as %q", page, node, a.fmtp(Browser))
				}
			}
		}
	})
}
