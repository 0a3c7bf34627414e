package pexrtc

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/pion/sdp/v3"
)

// Limits of a session description from outside.
const (
	maxSections   = 4   // m= lines
	maxAttributes = 400 // of one m= line, candidates and codecs included
	maxCandidates = 100 // of the whole description
)

// videoClock is the clock rate of every video codec here, in Hz.
const videoClock = 90000

// Reasons for which a session description is refused, for errors.Is.
var (
	ErrSDP   = errors.New("pexrtc: unusable session description")
	ErrAudio = errors.New("pexrtc: audio is not allowed in this leg")
)

// ParseSDP reads a session description from outside, within limits of size and number.
func ParseSDP(text string) (*sdp.SessionDescription, error) {
	if len(text) > maxSDP {
		return nil, fmt.Errorf("%w: larger than %d KiB", ErrSDP, maxSDP>>10)
	}
	if hidesLines(text) {
		return nil, fmt.Errorf("%w: control characters", ErrSDP)
	}
	var d sdp.SessionDescription
	if err := d.UnmarshalString(text); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSDP, err)
	}
	if len(d.MediaDescriptions) > maxSections {
		return nil, fmt.Errorf("%w: more than %d media lines", ErrSDP, maxSections)
	}
	candidates := 0
	for _, m := range d.MediaDescriptions {
		if len(m.Attributes) > maxAttributes {
			return nil, fmt.Errorf("%w: more than %d attributes in a media line", ErrSDP, maxAttributes)
		}
		for _, a := range m.Attributes {
			if a.Key == "candidate" {
				candidates++
			}
		}
	}
	if candidates > maxCandidates {
		return nil, fmt.Errorf("%w: more than %d candidates", ErrSDP, maxCandidates)
	}
	return &d, nil
}

// hidesLines says that a text has control characters other than line ends, where another reader might see lines that we do
// not.
func hidesLines(text string) bool {
	plain := strings.NewReplacer("\r\n", "", "\n", "", "\t", "").Replace(text)
	return strings.ContainsFunc(plain, unicode.IsControl)
}

// CheckVideoOnly accepts a description of nothing but video. A rejected or inactive m=audio line is refused like any
// other: audio must not even be negotiated. Errors: ErrSDP, ErrAudio.
func CheckVideoOnly(text string) error { return CheckOffer(text, false) }

// CheckOffer accepts a browser's description with at least one video line and, if allowAudio, audio. Data channels and
// other media are refused, and audio codecs in a video line. Errors: ErrSDP, ErrAudio.
func CheckOffer(text string, allowAudio bool) error {
	d, err := ParseSDP(text)
	if err != nil {
		return err
	}
	video := false
	for _, m := range d.MediaDescriptions {
		switch kind := m.MediaName.Media; {
		case kind == "video":
			video = true
			if err := checkCodecs(m); err != nil {
				return err
			}
		case kind == "audio" && allowAudio:
		case kind == "audio":
			return ErrAudio
		default:
			return fmt.Errorf("%w: only video is allowed, found another kind of media", ErrSDP)
		}
	}
	if !video {
		return fmt.Errorf("%w: no video line", ErrSDP)
	}
	return nil
}

// checkCodecs refuses a video line with anything that is not video: all video, and what repairs it, has one clock rate, and
// a payload type without a name is one of the old audio codecs, unless the line is refused (RFC 3551, 6).
func checkCodecs(m *sdp.MediaDescription) error {
	named := map[string]bool{}
	for _, a := range m.Attributes {
		if a.Key != "rtpmap" {
			continue
		}
		number, codec, _ := strings.Cut(a.Value, " ")
		if _, rate := rtpmap(codec); rate != videoClock {
			return fmt.Errorf("%w: a codec of a video line has another clock than video", ErrAudio)
		}
		named[number] = true
	}
	_, bundled := m.Attribute("bundle-only")
	if m.MediaName.Port.Value == 0 && !bundled {
		return nil
	}
	for _, f := range m.MediaName.Formats {
		if !named[f] {
			return fmt.Errorf("%w: a payload type of a video line has no name", ErrAudio)
		}
	}
	return nil
}

// Refused says that a node's answer, which CheckOffer has accepted, takes nothing of what its first line was offered: no
// codec fits, or the conference is without such media.
func Refused(answer string) bool {
	d, err := ParseSDP(answer)
	return err != nil || len(d.MediaDescriptions) == 0 || d.MediaDescriptions[0].MediaName.Port.Value == 0
}

// PrepareOffer writes into a browser's offer what nodes expect of their clients, before it is carried to the node in
// bypass mode: the content of each line (main; the second video line: slides) and the bandwidth of the video lines.
// kbps 0 leaves the bandwidth out.
func PrepareOffer(offer string, kbps int) (string, error) {
	d, err := ParseSDP(offer)
	if err != nil {
		return "", err
	}
	videos := 0
	for _, m := range d.MediaDescriptions {
		content := "main"
		switch m.MediaName.Media {
		case "video":
			if videos++; videos > 1 {
				content = "slides"
			}
			SetBandwidth(m, kbps)
		case "audio":
		default:
			continue
		}
		SetContent(m, content)
	}
	return marshal(d)
}

// SetContent writes a=content (RFC 4796) of one line, unless it is there.
func SetContent(m *sdp.MediaDescription, content string) {
	if _, there := m.Attribute("content"); !there {
		m.WithValueAttribute("content", content)
	}
}

// SetBandwidth replaces the b= lines of m by b=AS and b=TIAS (RFC 3890); 0 only removes them.
func SetBandwidth(m *sdp.MediaDescription, kbps int) {
	m.Bandwidth = nil
	if kbps > 0 {
		m.Bandwidth = []sdp.Bandwidth{
			{Type: "AS", Bandwidth: uint64(kbps)},
			{Type: "TIAS", Bandwidth: uint64(kbps) * 1000},
		}
	}
}

// Bandwidth is the smallest limit m's b= lines give, in kbit/s; 0: none.
func Bandwidth(m *sdp.MediaDescription) int {
	least := 0
	for _, b := range m.Bandwidth {
		k := b.Bandwidth
		switch b.Type {
		case "AS":
		case "TIAS":
			k /= 1000
		default:
			continue
		}
		if k = min(k, 1_000_000); k > 0 && (least == 0 || int(k) < least) {
			least = int(k)
		}
	}
	return least
}

func marshal(d *sdp.SessionDescription) (string, error) {
	raw, err := d.Marshal()
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrSDP, err)
	}
	return string(raw), nil
}

// Codec is one payload type of a media line.
type Codec struct {
	Name        string // as written, e.g. VP8, H264
	PayloadType uint8
	ClockRate   uint32
	Fmtp        string
	Feedback    []string // rtcp-fb values: "nack", "nack pli", "ccm fir", …
}

// Is compares codec names.
func (c Codec) Is(name string) bool { return strings.EqualFold(c.Name, name) }

// Param is one parameter of the fmtp line; empty when absent.
func (c Codec) Param(name string) string {
	for p := range strings.SplitSeq(c.Fmtp, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(key, name) {
			return value
		}
	}
	return ""
}

// ReadCodecs lists the payload types of a media line in the order of its preference.
func ReadCodecs(m *sdp.MediaDescription) []Codec {
	byType := map[uint8]*Codec{}
	var order []*Codec
	for _, f := range m.MediaName.Formats {
		pt, ok := payloadType(f)
		if !ok || byType[pt] != nil {
			continue
		}
		c := &Codec{PayloadType: pt}
		byType[pt], order = c, append(order, c)
	}
	for _, a := range m.Attributes {
		number, value, _ := strings.Cut(a.Value, " ")
		pt, ok := payloadType(number)
		switch {
		case a.Key == "rtcp-fb" && number == "*":
			for _, c := range order {
				c.Feedback = append(c.Feedback, value)
			}
		case !ok || byType[pt] == nil:
		case a.Key == "rtpmap":
			byType[pt].Name, byType[pt].ClockRate = rtpmap(value)
		case a.Key == "fmtp":
			byType[pt].Fmtp = joinFmtp(byType[pt].Fmtp, value)
		case a.Key == "rtcp-fb":
			byType[pt].Feedback = append(byType[pt].Feedback, value)
		}
	}
	var named []Codec
	for _, c := range order {
		if c.Name != "" {
			named = append(named, *c)
		}
	}
	return named
}

func payloadType(s string) (uint8, bool) {
	n, err := strconv.ParseUint(s, 10, 7)
	return uint8(n), err == nil
}

// rtpmap reads "VP8/90000".
func rtpmap(value string) (name string, rate uint32) {
	name, rest, _ := strings.Cut(value, "/")
	clock, _, _ := strings.Cut(rest, "/")
	n, err := strconv.ParseUint(clock, 10, 32)
	if err != nil {
		n = 0
	}
	return strings.TrimSpace(name), uint32(n)
}

func joinFmtp(a, b string) string {
	if a == "" {
		return b
	}
	return a + ";" + b
}
