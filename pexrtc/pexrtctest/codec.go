package pexrtctest

import (
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// Names of codecs, as in SDP.
const (
	VP8  = "VP8"
	VP9  = "VP9"
	H264 = "H264"

	opus = "opus"
	pcmu = "PCMU"
)

// codec is one payload type of an offer.
type codec struct {
	payload  uint8
	name     string // as above; the offer's spelling if it is none of them
	clock    uint32
	channels uint16
	fmtp     string
	feedback []string
}

// offeredCodecs reads the payload types of a media line, in the offer's order. Types without a map are
// left out, except for PCMU, which needs none.
func offeredCodecs(m *sdp.MediaDescription) []codec {
	var list []codec
	for _, format := range m.MediaName.Formats {
		payload, err := strconv.ParseUint(format, 10, 7)
		if err != nil {
			continue
		}
		c := codec{payload: uint8(payload)}
		if payload == 0 {
			c.name, c.clock = pcmu, 8000
		}
		for _, a := range m.Attributes {
			c.read(a)
		}
		if c.name != "" {
			list = append(list, c)
		}
	}
	return list
}

// read takes what an attribute says about the payload type.
func (c *codec) read(a sdp.Attribute) {
	id, value, _ := strings.Cut(a.Value, " ")
	mine := id == strconv.Itoa(int(c.payload))
	switch {
	case a.Key == "rtpmap" && mine:
		c.readMap(value)
	case a.Key == "fmtp" && mine && c.fmtp == "":
		c.fmtp = value
	case a.Key == "rtcp-fb" && (mine || id == "*") && knownFeedback[value]:
		c.feedback = append(c.feedback, value)
	}
}

var knownFeedback = map[string]bool{
	"nack": true, "nack pli": true, "ccm fir": true, "goog-remb": true, "transport-cc": true,
}

// readMap reads name/clock[/channels].
func (c *codec) readMap(value string) {
	parts := strings.Split(value, "/")
	if len(parts) < 2 {
		return
	}
	clock, err := strconv.ParseUint(parts[1], 10, 32)
	if err != nil {
		return
	}
	c.name, c.clock = parts[0], uint32(clock)
	for _, known := range []string{VP8, VP9, H264, opus, pcmu} {
		if strings.EqualFold(c.name, known) {
			c.name = known
		}
	}
	if len(parts) > 2 {
		channels, _ := strconv.ParseUint(parts[2], 10, 8)
		c.channels = uint16(channels)
	}
}

func (c *codec) parameter(name string) string {
	for _, p := range strings.Split(c.fmtp, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(key, name) {
			return value
		}
	}
	return ""
}

// choose takes the first preferred codec that is on offer; nil if there is none.
func choose(offered []codec, preferred []string) *codec {
	for _, name := range preferred {
		var best *codec
		for i := range offered {
			c := &offered[i]
			if c.name == name && c.rank() > 0 && (best == nil || c.rank() > best.rank()) {
				best = c
			}
		}
		if best != nil {
			return best
		}
	}
	return nil
}

// rank orders the variants of a codec; 0 is one that cannot be used. H.264 is best as Constrained
// Baseline in packetization mode 1, which everybody decodes.
func (c *codec) rank() int {
	switch c.name {
	case H264:
		rank := 1
		profile := strings.ToLower(c.parameter("profile-level-id"))
		if c.parameter("packetization-mode") == "1" {
			rank += 4
		}
		if strings.HasPrefix(profile, "42") {
			rank += 2
		}
		if strings.HasPrefix(profile, "42e0") || strings.HasPrefix(profile, "42c0") {
			rank++
		}
		return rank
	case VP9:
		if id := c.parameter("profile-id"); id != "" && id != "0" {
			return 0
		}
	}
	return 1
}

// offers reports whether the node speaks a video codec.
func (s *Server) offers(name string) bool {
	for _, known := range s.opts.Codecs {
		if known == name {
			return true
		}
	}
	return false
}
