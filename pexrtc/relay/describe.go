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
	mainMID     = "0" // the one video line that our offers to the node negotiate
	sendTimeURI = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
)

// extensions are the ids of the RTP header extensions in use on a hop; 0: not in use.
type extensions struct{ sendTime, sequence uint8 }

// ours are those of our offers.
var ours = extensions{sendTime: 2, sequence: 3}

// remote is a far end's description, reduced to its main video line.
type remote struct {
	media     *sdp.MediaDescription
	mid       string
	direction string
	setup     string
	exts      extensions
	far       far
}

// readOffer accepts a browser's offer: one video line and nothing else.
func readOffer(text string) (*remote, error) {
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
	return readRemote(d)
}

// readAnswer accepts the node's answer. The slides line of our offer is idle.
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
	r := &remote{media: m, direction: "sendrecv"}
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
		switch a.Key {
		case "sendrecv", "sendonly", "recvonly", "inactive":
			r.direction = a.Key
		case "extmap":
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
		bundle += " " + n.mid
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
	if n.direction == "sendrecv" || n.direction == "sendonly" {
		m.WithValueAttribute("msid", "videoleg video")
		ssrcs := []uint32{n.ssrc}
		if repaired {
			ssrcs = append(ssrcs, n.ssrc+1)
			m.WithValueAttribute("ssrc-group", fmt.Sprintf("FID %d %d", n.ssrc, n.ssrc+1))
		}
		for _, s := range ssrcs {
			m.WithValueAttribute("ssrc", fmt.Sprintf("%d cname:videoleg", s)).
				WithValueAttribute("ssrc", fmt.Sprintf("%d msid:videoleg video", s))
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

func (e extensions) write(m *sdp.MediaDescription) {
	if e.sendTime != 0 {
		m.WithValueAttribute("extmap", fmt.Sprintf("%d %s", e.sendTime, sendTimeURI))
	}
	if e.sequence != 0 {
		m.WithValueAttribute("extmap", fmt.Sprintf("%d %s", e.sequence, sdp.TransportCCURI))
	}
}

// toNode is the offer that nodes expect: bandwidth, content, and an idle slides line that spares a new m-line when
// someone presents (facts: the skeleton of a video-only client).
func (h *hop) toNode(l local, pairs []pair, kbps int) (string, error) {
	main := line{
		mid: mainMID, content: "main", direction: "sendrecv", setup: "actpass", side: Node, pairs: pairs, kbps: kbps,
		exts: ours, local: l, ssrc: h.out.ssrc,
	}
	slides := main
	slides.mid, slides.content, slides.direction = "1", "slides", "inactive"
	slides.local.candidates, slides.local.complete = nil, false
	return h.series.describe(main, slides)
}

// toBrowser is the answer to a page's offer: codecs in the node's order, bandwidth as agreed.
func (h *hop) toBrowser(l local, offer *remote, pairs []pair, kbps int) (string, error) {
	return h.series.describe(line{
		mid: offer.mid, direction: mirror(offer.direction), setup: answerSetup(offer.setup), side: Browser, pairs: pairs,
		kbps: kbps, exts: offer.exts, local: l, ssrc: h.out.ssrc,
	})
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
