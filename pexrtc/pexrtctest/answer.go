package pexrtctest

import (
	"fmt"

	"github.com/pion/sdp/v3"
)

// answerFor turns Pion's answer into the node's: rejected lines, the directions that fit the
// client's, its content marks, and the bandwidth in kbit/s that it may send.
func answerFor(o *offer, pionAnswer string, bandwidth int) (string, error) {
	var s sdp.SessionDescription
	if err := s.UnmarshalString(pionAnswer); err != nil {
		return "", fmt.Errorf("answer: %w", err)
	}
	if len(s.MediaDescriptions) != len(o.lines) {
		return "", fmt.Errorf("answer has %d lines for %d", len(s.MediaDescriptions), len(o.lines))
	}
	group := "BUNDLE"
	for i, m := range s.MediaDescriptions {
		o.lines[i].answer(m, bandwidth)
		if m.MediaName.Port.Value != 0 {
			group += " " + o.lines[i].mid
		}
	}
	for i, a := range s.Attributes {
		if a.Key == "group" {
			s.Attributes[i].Value = group
		}
	}
	text, err := s.Marshal()
	return string(text), err
}

// answer edits one line of Pion's answer.
func (l mediaLine) answer(m *sdp.MediaDescription, bandwidth int) {
	if l.kind == application {
		if l.disabled {
			m.MediaName.Port.Value = 0
		}
		return
	}
	if l.codec == nil {
		m.MediaName.Port.Value = 0
		m.Attributes = []sdp.Attribute{{Key: "mid", Value: l.mid}, {Key: "inactive"}}
		return
	}
	kept := make([]sdp.Attribute, 0, len(m.Attributes)+1)
	for _, a := range m.Attributes {
		switch a.Key {
		case "sendrecv", "sendonly", "recvonly", "inactive":
			a = sdp.Attribute{Key: l.answerDirection()}
		}
		kept = append(kept, a)
		if content, marked := l.media.Attribute("content"); marked && a.Key == "mid" {
			kept = append(kept, sdp.Attribute{Key: "content", Value: content})
		}
	}
	m.Attributes = kept
	if l.kind != audio {
		m.Bandwidth = []sdp.Bandwidth{
			{Type: "AS", Bandwidth: uint64(bandwidth)},
			{Type: "TIAS", Bandwidth: uint64(bandwidth) * 1000},
		}
	}
}

// answerDirection mirrors the client's direction.
func (l mediaLine) answerDirection() string {
	switch {
	case l.sends && l.receives:
		return "sendrecv"
	case l.sends:
		return "recvonly"
	case l.receives:
		return "sendonly"
	}
	return "inactive"
}
