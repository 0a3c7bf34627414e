package relay

import (
	"slices"
	"strconv"
	"strings"

	"github.com/videoleg/videoleg/pexrtc"
)

// pair is one codec that both hops may use, with its payload type on each.
type pair struct {
	pexrtc.Codec // as the browser names it
	node         uint8
	repair       [2]uint8 // payload types of its retransmissions (RFC 4588) on each hop; 0: not agreed
}

// Payload types of our offer to the node, and the format parameters that go with them.
var nodeTypes = []struct {
	name   string
	pt     uint8
	repair uint8
	fmtp   string
}{
	{"VP8", 96, 97, ""},
	{"VP9", 98, 99, "profile-id=0"},
	{"H264", 102, 103, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"},
}

// choose picks from a browser's codecs those a node can take, in the browser's order: VP8, H.264 baseline in
// packetization mode 1 (constrained baseline if there is one, as the official clients choose), VP9 profile 0.
func choose(offered []pexrtc.Codec, vp9 bool) []pair {
	offered = slices.Clone(offered)
	constrained := slices.ContainsFunc(offered, isConstrainedBaseline)
	var pairs []pair
	for _, c := range offered {
		switch {
		case c.Is("VP8"):
		case c.Is("VP9") && vp9 && (c.Param("profile-id") == "" || c.Param("profile-id") == "0"):
		case isConstrainedBaseline(c), !constrained && isBaseline(c):
		default:
			continue
		}
		if !slices.ContainsFunc(pairs, func(p pair) bool { return p.Is(c.Name) }) {
			pt, repair := nodeType(c.Name)
			pairs = append(pairs, pair{Codec: c, node: pt, repair: [2]uint8{Browser: repairOf(c.PayloadType, offered), Node: repair}})
		}
	}
	return pairs
}

func nodeType(name string) (pt, repair uint8) {
	for _, t := range nodeTypes {
		if strings.EqualFold(t.name, name) {
			return t.pt, t.repair
		}
	}
	return 0, 0
}

// repairOf is the payload type for retransmissions of pt among codecs; 0: none.
func repairOf(pt uint8, codecs []pexrtc.Codec) uint8 {
	for _, c := range codecs {
		if c.Is("rtx") && c.Param("apt") == strconv.Itoa(int(pt)) {
			return c.PayloadType
		}
	}
	return 0
}

// isBaseline: H.264, profile_idc 0x42, packetization mode 1 (RFC 6184).
func isBaseline(c pexrtc.Codec) bool {
	level := c.Param("profile-level-id")
	return c.Is("H264") && c.Param("packetization-mode") == "1" && len(level) == 6 && strings.HasPrefix(level, "42")
}

// isConstrainedBaseline: profile-iop has constraint_set1_flag.
func isConstrainedBaseline(c pexrtc.Codec) bool {
	if !isBaseline(c) {
		return false
	}
	iop, err := strconv.ParseUint(c.Param("profile-level-id")[2:4], 16, 8)
	return err == nil && iop&0x40 != 0
}

// agree keeps the pairs that the node's answer has, in the order of the answer.
func agree(pairs []pair, answered []pexrtc.Codec) []pair {
	var agreed []pair
	for _, a := range answered {
		for _, p := range pairs {
			if a.PayloadType == p.node && a.Is(p.Name) {
				if repairOf(p.node, answered) != p.repair[Node] {
					p.repair[Node] = 0
				}
				agreed = append(agreed, p)
			}
		}
	}
	return agreed
}

// rematch gives the agreed codecs the payload types of another page's offer; codecs it does not have drop out.
func rematch(agreed, offered []pair) []pair {
	var again []pair
	for _, a := range agreed {
		for _, o := range offered {
			if o.Is(a.Name) {
				o.repair[Node] = a.repair[Node]
				again = append(again, o)
			}
		}
	}
	return again
}

// side is the payload type of p on one hop.
func (p pair) side(h Hop) uint8 {
	if h == Node {
		return p.node
	}
	return p.PayloadType
}

// fmtp is the format of p as our description for one hop has it.
func (p pair) fmtp(h Hop) string {
	if h == Browser {
		return p.Fmtp
	}
	for _, t := range nodeTypes {
		if t.pt == p.node {
			return t.fmtp
		}
	}
	return ""
}

// feedback is what our description for one hop says about RTCP: all that we understand and give or, in an answer, what
// was offered of it.
func (p pair) feedback(h Hop) []string {
	if h == Node {
		return feedback
	}
	var both []string
	for _, f := range feedback {
		if slices.Contains(p.Feedback, f) {
			both = append(both, f)
		}
	}
	return both
}

// feedback lists values of rtcp-fb.
var feedback = []string{"nack", "nack pli", "ccm fir", "goog-remb", "transport-cc"}

// typeMap translates the payload types of one hop into those of the other.
type typeMap [128]struct {
	to       uint8                     // 0: the packet is not for forwarding
	repairs  uint8                     // not 0: the packet is a retransmission of one of this type (on the same hop)
	keyframe func(payload []byte) bool // the packet begins a full picture
}

func newTypeMap(pairs []pair, from, to Hop) *typeMap {
	var m typeMap
	for _, p := range pairs {
		if r := p.repair[from]; r != 0 {
			m[r&0x7f].repairs = p.side(from)
		}
		t := &m[p.side(from)&0x7f]
		t.to = p.side(to)
		switch {
		case p.Is("VP8"):
			t.keyframe = vp8Keyframe
		case p.Is("VP9"):
			t.keyframe = vp9Keyframe
		default:
			t.keyframe = h264Keyframe
		}
	}
	return &m
}
