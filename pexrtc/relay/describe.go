package relay

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"github.com/videoleg/videoleg/pexrtc"
)

const (
	mainMID     = "0" // of the camera's line in our offers to the node
	slidesMID   = "1"
	midURI      = "urn:ietf:params:rtp-hdrext:sdes:mid"
	sendTimeURI = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
	playoutURI  = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
)

// extensions are the ids of the RTP header extensions in use on a hop; 0: not in use.
type extensions struct{ sendTime, sequence, mid, playout uint8 }

// size is the number of bytes that they take in what we send.
func (e extensions) size() (n int) {
	switch {
	case e.sequence != 0:
		n = 3
	case e.sendTime != 0:
		n = 4
	}
	if e.playout != 0 {
		n += 4
	}
	if n == 0 {
		return 0
	}
	return extsFrame + (n+3)/4*4
}

// ours are those of our offers.
var ours = extensions{sendTime: 2, sequence: 3, mid: 4}

// remote is a far end's description, reduced to its main video line and what is told of the slides.
type remote struct {
	media     *sdp.MediaDescription
	slides    *sdp.MediaDescription // nil: there is no such line
	mid       string
	direction string
	setup     string
	exts      extensions
	far       far
}

// readOffer accepts a browser's offer: one or two video lines and nothing else.
func readOffer(text string) (*remote, error) {
	if err := pexrtc.CheckVideoOnly(text); err != nil {
		return nil, err
	}
	d, err := pexrtc.ParseSDP(text)
	if err != nil {
		return nil, err
	}
	if len(d.MediaDescriptions) > int(contents) {
		return nil, fmt.Errorf("%w: a relayed leg has a video line and one for slides", pexrtc.ErrSDP)
	}
	return readRemote(d)
}

// readAnswer accepts the node's answer. It may refuse the slides line.
func readAnswer(text string) (*remote, error) {
	if err := pexrtc.CheckVideoOnly(text); err != nil {
		return nil, err
	}
	d, err := pexrtc.ParseSDP(text)
	if err != nil {
		return nil, err
	}
	if d.MediaDescriptions[0].MediaName.Port.Value == 0 {
		return nil, ErrRefused
	}
	return readRemote(d)
}

// readRemote takes what is needed to connect from the first line of d or, where it may stand there, from its head.
func readRemote(d *sdp.SessionDescription) (*remote, error) {
	m := d.MediaDescriptions[0]
	r := &remote{media: m, direction: pexrtc.Direction(m)}
	if len(d.MediaDescriptions) > 1 {
		if mid, _ := d.MediaDescriptions[1].Attribute("mid"); mid != "" && len(mid) <= 512 {
			r.slides = d.MediaDescriptions[1]
		}
	}
	value := func(key string) string {
		v, ok := m.Attribute(key)
		if !ok {
			v, _ = d.Attribute(key)
		}
		return v
	}
	r.mid, r.setup = value("mid"), value("setup")
	r.far = far{ufrag: value("ice-ufrag"), pwd: value("ice-pwd"), fingerprint: value("fingerprint")}
	_, r.far.lite = d.Attribute("ice-lite")
	for _, a := range slices.Concat(d.Attributes, m.Attributes) {
		if a.Key == "extmap" {
			r.exts.read(a.Value)
		}
	}
	for name, v := range map[string]string{
		"mid": r.mid, "ice-ufrag": r.far.ufrag, "ice-pwd": r.far.pwd, "fingerprint": r.far.fingerprint,
	} {
		if v == "" || len(v) > 512 {
			return nil, fmt.Errorf("%w: no usable a=%s", pexrtc.ErrSDP, name)
		}
	}
	return r, nil
}

// candidates are those of the description itself.
func (r *remote) candidates() []string {
	var all []string
	for _, a := range r.media.Attributes {
		if a.Key == "candidate" {
			all = append(all, a.Value)
		}
	}
	return all
}

// read takes one a=extmap, e.g. "3/sendrecv uri". Ids above 14 need a longer form than we write.
func (e *extensions) read(value string) {
	id, uri, _ := strings.Cut(value, " ")
	id, _, _ = strings.Cut(id, "/")
	n, err := strconv.ParseUint(id, 10, 8)
	if err != nil || n < 1 || n > 14 {
		return
	}
	switch strings.TrimSpace(uri) {
	case sendTimeURI:
		e.sendTime = uint8(n)
	case sdp.TransportCCURI:
		e.sequence = uint8(n)
	case midURI:
		e.mid = uint8(n)
	case playoutURI:
		e.playout = uint8(n)
	}
}

// series numbers the descriptions of one session (RFC 8866, 5.2).
type series struct{ id, version uint64 }

// line is our side of a video line.
type line struct {
	mid       string
	content   string // main, slides, or empty
	direction string
	setup     string
	side      Hop
	pairs     []pair
	kbps      int
	exts      extensions
	local     local
	ssrc      uint32
	refused   bool // of an answer
}

// describe writes a description of these lines, which share one transport, as the next version of this session's.
func (s *series) describe(lines ...line) (string, error) {
	d, err := sdp.NewJSEPSessionDescription(false)
	if err != nil {
		return "", fmt.Errorf("relay: write description: %w", err)
	}
	if s.id == 0 {
		s.id = d.Origin.SessionID
	}
	s.version++
	d.Origin.SessionID, d.Origin.SessionVersion = s.id, s.version
	bundle := "BUNDLE"
	for _, n := range lines {
		if !n.refused {
			bundle += " " + n.mid
		}
	}
	d.WithValueAttribute(sdp.AttrKeyGroup, bundle)
	for _, n := range lines {
		d.WithMedia(n.media())
	}
	raw, err := d.Marshal()
	if err != nil {
		return "", fmt.Errorf("relay: write description: %w", err)
	}
	return string(raw), nil
}

func (n line) media() *sdp.MediaDescription {
	m := sdp.NewJSEPMediaDescription("video", nil)
	pexrtc.SetBandwidth(m, n.kbps)
	m.WithValueAttribute("mid", n.mid)
	if n.content != "" {
		m.WithValueAttribute("content", n.content)
	}
	m.WithICECredentials(n.local.ufrag, n.local.pwd).
		WithValueAttribute("ice-options", "trickle").
		WithValueAttribute("fingerprint", n.local.fingerprint).
		WithValueAttribute("setup", n.setup).
		WithPropertyAttribute(n.direction).
		WithPropertyAttribute(sdp.AttrKeyRTCPMux).
		WithPropertyAttribute(sdp.AttrKeyRTCPRsize)
	for _, p := range n.pairs {
		pt := p.side(n.side)
		m.WithCodec(pt, strings.ToUpper(p.Name), clockRate, 0, p.fmtp(n.side))
		for _, f := range p.feedback(n.side) {
			m.WithValueAttribute("rtcp-fb", fmt.Sprintf("%d %s", pt, f))
		}
	}
	repaired := false
	for _, p := range n.pairs {
		if r := p.repair[n.side]; r != 0 {
			m.WithCodec(r, "rtx", clockRate, 0, fmt.Sprintf("apt=%d", p.side(n.side)))
			repaired = true
		}
	}
	n.exts.write(m)
	if n.refused {
		m.MediaName.Port.Value = 0
	}
	if n.direction == "sendrecv" || n.direction == "sendonly" {
		m.WithValueAttribute("msid", "videoleg "+n.name())
		ssrcs := []uint32{n.ssrc}
		if repaired {
			ssrcs = append(ssrcs, n.ssrc+1)
			m.WithValueAttribute("ssrc-group", fmt.Sprintf("FID %d %d", n.ssrc, n.ssrc+1))
		}
		for _, s := range ssrcs {
			m.WithValueAttribute("ssrc", fmt.Sprintf("%d cname:videoleg", s)).
				WithValueAttribute("ssrc", fmt.Sprintf("%d msid:videoleg %s", s, n.name()))
		}
	}
	for _, c := range n.local.candidates {
		m.WithValueAttribute("candidate", strings.TrimPrefix(c, "candidate:"))
	}
	if n.local.complete {
		m.WithPropertyAttribute("end-of-candidates")
	}
	return m
}

// name of what the line sends.
func (n line) name() string {
	if n.content == "" {
		return "video"
	}
	return n.content
}

func (e extensions) write(m *sdp.MediaDescription) {
	if e.sendTime != 0 {
		m.WithValueAttribute("extmap", fmt.Sprintf("%d %s", e.sendTime, sendTimeURI))
	}
	if e.sequence != 0 {
		m.WithValueAttribute("extmap", fmt.Sprintf("%d %s", e.sequence, sdp.TransportCCURI))
	}
	if e.mid != 0 {
		m.WithValueAttribute("extmap", fmt.Sprintf("%d %s", e.mid, midURI))
	}
	if e.playout != 0 {
		m.WithValueAttribute("extmap", fmt.Sprintf("%d %s", e.playout, playoutURI))
	}
}

// toNode is the offer that nodes expect: bandwidth, content, and a slides line that is there, idle, before someone
// presents, which spares a new m-line then (facts: the skeleton of a video-only client).
func (h *hop) toNode(l local, pairs []pair, kbps int, turned string) (string, error) {
	main := line{
		mid: mainMID, content: "main", direction: "sendrecv", setup: "actpass", side: Node, pairs: pairs, kbps: kbps,
		exts: ours, local: l, ssrc: h.out[mainVideo].ssrc,
	}
	shared := main
	shared.mid, shared.content, shared.direction, shared.ssrc = slidesMID, "slides", turned, h.out[slides].ssrc
	shared.local.candidates, shared.local.complete = nil, false
	return h.series.describe(main, shared)
}

// toBrowser is the answer to a page's offer: codecs in the node's order, bandwidth as agreed. The page's slides line goes
// both ways from the start, so that no share needs another offer.
func (h *hop) toBrowser(l local, offer *remote, pairs []pair, kbps int) (string, error) {
	exts := offer.exts
	exts.mid = 0 // browsers announce their senders
	main := line{
		mid: offer.mid, direction: mirror(offer.direction), setup: answerSetup(offer.setup), side: Browser, pairs: pairs,
		kbps: kbps, exts: exts, local: l, ssrc: h.out[mainVideo].ssrc,
	}
	if offer.slides == nil {
		return h.series.describe(main)
	}
	shared := main
	shared.mid, _ = offer.slides.Attribute("mid")
	shared.content, shared.direction, shared.ssrc = "slides", mirror(pexrtc.Direction(offer.slides)), h.out[slides].ssrc
	shared.local.candidates, shared.local.complete = nil, false
	if shared.refused = !h.presents.Load(); shared.refused {
		shared.direction = Idle
	}
	return h.series.describe(main, shared)
}

// mirror is the direction that answers another.
func mirror(direction string) string {
	switch direction {
	case "sendonly":
		return "recvonly"
	case "recvonly":
		return "sendonly"
	}
	return direction
}

// answerSetup is our side of DTLS: the server if we may, so that the cipher is ours to choose.
func answerSetup(offered string) string {
	if offered == "passive" {
		return "active"
	}
	return "passive"
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

// feedbacks lists the rtcp-fb values of all codecs of m.
func feedbacks(m *sdp.MediaDescription) []string {
	var all []string
	for _, c := range pexrtc.ReadCodecs(m) {
		all = append(all, c.Feedback...)
	}
	return all
}
