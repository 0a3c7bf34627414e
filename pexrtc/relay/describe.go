package relay

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"github.com/videoleg/videoleg/pexrtc"
)

// mainMID is the identification of the one video line that our offers to the node negotiate.
const mainMID = "0"

// readOffer accepts a browser's offer: one video line and nothing else.
func readOffer(text string) (*sdp.SessionDescription, error) {
	if err := pexrtc.CheckVideoOnly(text); err != nil {
		return nil, err
	}
	d, err := pexrtc.ParseSDP(text)
	if err != nil {
		return nil, err
	}
	if len(d.MediaDescriptions) != 1 {
		return nil, fmt.Errorf("%w: a relayed leg has one video line", pexrtc.ErrSDP)
	}
	drop(d.MediaDescriptions[0], "simulcast", "rid") // one stream is all that can be forwarded
	return d, nil
}

// readAnswer accepts the node's answer and reduces it to the main video line, which is all that our side of the
// transport knows; the slides line of our offer is idle.
func readAnswer(text string) (*sdp.SessionDescription, error) {
	if err := pexrtc.CheckVideoOnly(text); err != nil {
		return nil, err
	}
	d, err := pexrtc.ParseSDP(text)
	if err != nil {
		return nil, err
	}
	main := d.MediaDescriptions[0]
	if main.MediaName.Port.Value == 0 {
		return nil, ErrRefused
	}
	d.MediaDescriptions = d.MediaDescriptions[:1]
	mid, _ := main.Attribute("mid")
	for i, a := range d.Attributes {
		if a.Key == "group" && strings.HasPrefix(a.Value, "BUNDLE") {
			d.Attributes[i].Value = "BUNDLE " + mid
		}
	}
	drop(main, "simulcast", "rid")
	return d, nil
}

// toNode makes of our description the offer that nodes expect: bandwidth, content, and an idle slides line that spares
// a new m-line when someone presents (facts: the skeleton of a video-only client).
func toNode(local string, kbps int) (string, error) {
	d, err := pexrtc.ParseSDP(local)
	if err != nil {
		return "", err
	}
	main := d.MediaDescriptions[0]
	pexrtc.SetBandwidth(main, kbps)
	slides := idleSlides(main)
	pexrtc.SetContent(main, "main")
	d.MediaDescriptions = append(d.MediaDescriptions, slides)
	for i, a := range d.Attributes {
		if a.Key == "group" && strings.HasPrefix(a.Value, "BUNDLE") {
			d.Attributes[i].Value = a.Value + " 1"
		}
	}
	return write(d)
}

// idleSlides copies main's transport and codecs into an inactive second line.
func idleSlides(main *sdp.MediaDescription) *sdp.MediaDescription {
	s := *main
	s.Bandwidth = slices.Clone(main.Bandwidth)
	s.Attributes = nil
	for _, a := range main.Attributes {
		switch a.Key {
		case "mid":
			a.Value = "1"
		case "sendrecv", "sendonly", "recvonly":
			a = sdp.NewPropertyAttribute("inactive")
		case "ssrc", "ssrc-group", "msid", "candidate", "end-of-candidates":
			continue
		}
		s.Attributes = append(s.Attributes, a)
	}
	s.WithValueAttribute("content", "slides")
	return &s
}

// toBrowser makes of our description the answer for the page: codecs in the node's order, bandwidth as agreed.
func toBrowser(local string, agreed []pair, kbps int) (string, error) {
	d, err := pexrtc.ParseSDP(local)
	if err != nil {
		return "", err
	}
	m := d.MediaDescriptions[0]
	pexrtc.SetBandwidth(m, kbps)
	m.MediaName.Formats = nil
	for _, p := range agreed {
		m.MediaName.Formats = append(m.MediaName.Formats, strconv.Itoa(int(p.PayloadType)))
	}
	return write(d)
}

// onlyFIR: the far end of m understands full intra requests and no picture loss indication (RFC 5104, RFC 4585).
func onlyFIR(m *sdp.MediaDescription) bool {
	fir, pli := false, false
	for _, c := range pexrtc.ReadCodecs(m) {
		fir = fir || slices.Contains(c.Feedback, "ccm fir")
		pli = pli || slices.Contains(c.Feedback, "nack pli")
	}
	return fir && !pli
}

// credentials are the ICE user fragment and password of a description.
func credentials(text string) (ufrag, pwd string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if v, ok := strings.CutPrefix(line, "a=ice-ufrag:"); ok && ufrag == "" {
			ufrag = v
		}
		if v, ok := strings.CutPrefix(line, "a=ice-pwd:"); ok && pwd == "" {
			pwd = v
		}
	}
	return ufrag, pwd
}

func drop(m *sdp.MediaDescription, keys ...string) {
	m.Attributes = slices.DeleteFunc(m.Attributes, func(a sdp.Attribute) bool { return slices.Contains(keys, a.Key) })
}

func write(d *sdp.SessionDescription) (string, error) {
	raw, err := d.Marshal()
	if err != nil {
		return "", fmt.Errorf("relay: write description: %w", err)
	}
	return string(raw), nil
}
