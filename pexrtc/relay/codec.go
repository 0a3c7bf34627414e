package relay

import (
	"slices"
	"strconv"

	"github.com/videoleg/videoleg/pexrtc"
)

// pair is one codec that both hops may use, with its payload type on each.
type pair struct {
	pexrtc.Codec // as the browser names it
	format       *format
	node         uint8
	repair       [2]uint8     // payload types of its retransmissions (RFC 4588) on each hop; 0: not agreed
	answered     pexrtc.Codec // as the node names it; zero: it has not answered
}

// choose picks from a browser's codecs those a node can take, in the browser's order, one of each format. Constrained
// baseline makes plain baseline superfluous, as the official clients have it.
func choose(offered []pexrtc.Codec, vp9 bool) []pair {
	constrained := slices.ContainsFunc(offered, func(c pexrtc.Codec) bool {
		f := formatOf(c)
		return f != nil && f.profile == constrainedBaseline
	})
	var pairs []pair
	for _, c := range offered {
		f := formatOf(c)
		if f == nil || f.name == "VP9" && !vp9 || f.profile == baseline && constrained ||
			slices.ContainsFunc(pairs, func(p pair) bool { return p.format == f }) {
			continue
		}
		pairs = append(pairs, pair{
			Codec: c, format: f, node: f.node, repair: [2]uint8{Browser: repairOf(c.PayloadType, offered), Node: f.repair},
		})
	}
	return pairs
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

// agree keeps the pairs that the node's answer has, in the order of the answer. An answer in another format than the offer's
// is none.
func agree(pairs []pair, answered []pexrtc.Codec) []pair {
	var agreed []pair
	for _, a := range answered {
		for _, p := range pairs {
			if a.PayloadType == p.node && formatOf(a) == p.format {
				if repairOf(p.node, answered) != p.repair[Node] {
					p.repair[Node] = 0
				}
				p.answered = a
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
			if o.format == a.format {
				o.repair[Node], o.answered = a.repair[Node], a.answered
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

// fmtp is the format of p as our description for one hop has it. What the far end of the other hop can decode is what may be
// sent on this one: the level of H.264 is the other side's, or the lower one where they must be the same.
func (p pair) fmtp(h Hop) string {
	_, theirs := profileOf(p.Codec)
	switch {
	case p.format.profile != none && h == Node:
		return withLevel(p.Codec, theirs, mayDiffer(p.Codec))
	case p.format.profile != none:
		_, level := profileOf(p.answered)
		differs := mayDiffer(p.Codec) && mayDiffer(p.answered)
		if !differs {
			level = min(level, theirs)
		}
		return withLevel(p.Codec, level, differs)
	case h == Browser:
		return p.Fmtp
	case p.format.name == "VP9":
		return "profile-id=0"
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
