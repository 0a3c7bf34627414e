package relay

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/videoleg/videoleg/pexrtc"
)

// format is one kind of video that can cross: what is encoded so on one hop can be decoded on the other as it is.
type format struct {
	name    string // as in SDP
	profile profile
	node    uint8 // payload type of our offer to the node
	repair  uint8 // of its retransmissions there
}

// formats are all that we forward. VP9 is profile 0, H.264 is in packetization mode 1.
var formats = []format{
	{"VP8", none, 96, 97},
	{"VP9", none, 98, 99},
	{"H264", constrainedBaseline, 102, 103},
	{"H264", baseline, 104, 105},
	{"H264", high, 106, 107},
	{"H264", constrainedHigh, 108, 109},
}

// formatOf is the format of a codec; nil: none that we forward.
func formatOf(c pexrtc.Codec) *format {
	p := none
	switch {
	case c.Is("VP9") && c.Param("profile-id") != "" && c.Param("profile-id") != "0":
		return nil
	case c.Is("H264"):
		if p, _ = profileOf(c); p == none || c.Param("packetization-mode") != "1" {
			return nil
		}
	}
	i := slices.IndexFunc(formats, func(f format) bool { return c.Is(f.name) && f.profile == p })
	if i < 0 {
		return nil
	}
	return &formats[i]
}

// profile of H.264, as profile-level-id has it (RFC 6184, 8.1).
type profile string

const (
	none                profile = ""
	constrainedBaseline profile = "constrained baseline"
	baseline            profile = "baseline"
	high                profile = "high"
	constrainedHigh     profile = "constrained high"
)

// profileOf reads profile-level-id: three bytes in hex, profile_idc, constraint flags and level_idc. Flags that mean nothing
// for a profile may be set.
func profileOf(c pexrtc.Codec) (p profile, level uint8) {
	id, err := strconv.ParseUint(c.Param("profile-level-id"), 16, 24)
	if err != nil || len(c.Param("profile-level-id")) != 6 {
		return none, 0
	}
	idc, flags := uint8(id>>16), uint8(id>>8)
	switch {
	case idc == 0x42 && flags&0x4f == 0x40:
		p = constrainedBaseline
	case idc == 0x42 && flags&0x4f == 0:
		p = baseline
	case idc == 0x64 && flags == 0:
		p = high
	case idc == 0x64 && flags == 0x0c:
		p = constrainedHigh
	}
	return p, uint8(id)
}

// mayDiffer says that the level of c is what its owner can decode, and the other way may have another one (RFC 6184, 8.2.2).
func mayDiffer(c pexrtc.Codec) bool { return c.Param("level-asymmetry-allowed") == "1" }

// withLevel is the format of the H.264 codec c at another level.
func withLevel(c pexrtc.Codec, level uint8, differs bool) string {
	asymmetry := ""
	if differs {
		asymmetry = "level-asymmetry-allowed=1;"
	}
	return fmt.Sprintf("%spacketization-mode=1;profile-level-id=%s%02x", asymmetry, c.Param("profile-level-id")[:4], level)
}
