package pexrtc

import (
	"strings"

	"github.com/pion/sdp/v3"
)

// SlidesDirection is the direction of a description's slides line, the second of its video lines: sendrecv, sendonly,
// recvonly or inactive; inactive also if there is no such line, or no description.
func SlidesDirection(text string) string {
	const idle = "inactive"
	d, err := ParseSDP(text)
	if err != nil {
		return idle
	}
	videos := 0
	for _, m := range d.MediaDescriptions {
		if m.MediaName.Media != "video" {
			continue
		}
		if videos++; videos == 2 && m.MediaName.Port.Value != 0 {
			return Direction(m)
		}
	}
	return idle
}

// Direction is that of one line; sendrecv if it says none (RFC 8866, 6.7).
func Direction(m *sdp.MediaDescription) string {
	for _, a := range m.Attributes {
		switch a.Key {
		case "sendrecv", "sendonly", "recvonly", "inactive":
			return a.Key
		}
	}
	return "sendrecv"
}

// SameConnection says that two offers come from one peer connection, as its certificate shows (RFC 8122): the later one
// changes the call and begins no other.
func SameConnection(a, b string) bool {
	one := fingerprint(a)
	return one != "" && one == fingerprint(b)
}

func fingerprint(text string) string {
	d, err := ParseSDP(text)
	if err != nil {
		return ""
	}
	value, _ := d.Attribute("fingerprint")
	for _, m := range d.MediaDescriptions {
		if v, there := m.Attribute("fingerprint"); there && value == "" {
			value = v
		}
	}
	return strings.ToLower(value)
}
