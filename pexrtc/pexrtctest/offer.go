package pexrtctest

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

const (
	maxSDP        = 64 << 10
	maxMediaLines = 8
	maxCandidates = 64
)

// offer is a client's SDP offer, checked, and what the node takes of it.
type offer struct {
	session *sdp.SessionDescription
	lines   []mediaLine
}

// mediaLine is one m-line.
type mediaLine struct {
	media    *sdp.MediaDescription
	mid      string
	kind     kind
	disabled bool // offered with port 0
	sends    bool // the client does
	receives bool
	codec    *codec // the one that the node takes; nil rejects the line
}

// kind of a media line or of what flows on it.
type kind string

const (
	audio       kind = "audio"
	video       kind = "video" // content:main
	slides      kind = "slides"
	application kind = "application"
)

var midToken = regexp.MustCompile(`^[0-9A-Za-z_.-]{1,32}$`)

// parseOffer checks an offer and chooses the codecs by preference.
func parseOffer(text string, preferred []string) (*offer, error) {
	if len(text) > maxSDP {
		return nil, errors.New("offer too long")
	}
	o := &offer{session: &sdp.SessionDescription{}}
	if o.session.UnmarshalString(text) != nil {
		return nil, errors.New("offer is no SDP") // the cause would quote it
	}
	if n := len(o.session.MediaDescriptions); n == 0 || n > maxMediaLines {
		return nil, fmt.Errorf("offer has %d media lines", n)
	}
	for _, m := range o.session.MediaDescriptions {
		line, err := o.readLine(m)
		if err != nil {
			return nil, err
		}
		o.lines = append(o.lines, line)
	}
	if err := o.checkTransport(); err != nil {
		return nil, err
	}
	o.chooseCodecs(preferred)
	return o, nil
}

// readLine checks one m-line. At most one audio, one main and one slides line make sense here.
func (o *offer) readLine(m *sdp.MediaDescription) (mediaLine, error) {
	mid, _ := m.Attribute("mid")
	line := mediaLine{media: m, mid: mid, kind: kind(m.MediaName.Media)}
	_, bundleOnly := m.Attribute("bundle-only")
	line.disabled = m.MediaName.Port.Value == 0 && !bundleOnly
	line.sends, line.receives = direction(m, o.session)
	if line.kind == video && (isSlides(m) || o.has(video)) {
		line.kind = slides
	}
	switch {
	case !midToken.MatchString(mid):
		return line, errors.New("media line without a usable mid")
	case o.line(mid) != nil:
		return line, fmt.Errorf("mid %s occurs twice", mid)
	case !slices.Contains([]kind{audio, video, slides, application}, line.kind):
		return line, errors.New("unknown kind of media line")
	case o.has(line.kind):
		return line, fmt.Errorf("more %s lines than this node carries", line.kind)
	}
	return line, nil
}

func isSlides(m *sdp.MediaDescription) bool {
	content, _ := m.Attribute("content")
	return content == "slides"
}

// direction reads what the client wants to do on a line; sendrecv is the default.
func direction(m *sdp.MediaDescription, s *sdp.SessionDescription) (sends, receives bool) {
	for _, attributes := range [][]sdp.Attribute{m.Attributes, s.Attributes} {
		for _, a := range attributes {
			switch a.Key {
			case "sendrecv":
				return true, true
			case "sendonly":
				return true, false
			case "recvonly":
				return false, true
			case "inactive":
				return false, false
			}
		}
	}
	return true, true
}

func (o *offer) line(mid string) *mediaLine {
	for i := range o.lines {
		if o.lines[i].mid == mid {
			return &o.lines[i]
		}
	}
	return nil
}

func (o *offer) has(k kind) bool {
	return slices.ContainsFunc(o.lines, func(l mediaLine) bool { return l.kind == k })
}

// checkTransport wants one bundled transport with ICE and DTLS.
func (o *offer) checkTransport() error {
	group, _ := o.session.Attribute("group")
	if len(o.lines) > 1 && !strings.HasPrefix(group, "BUNDLE ") {
		return errors.New("offer without BUNDLE")
	}
	for _, key := range []string{"ice-ufrag", "ice-pwd", "fingerprint"} {
		if o.attribute(o.lines[0].media, key) == "" {
			return errors.New("offer without " + key)
		}
	}
	return nil
}

// attribute looks on the line, then on the session.
func (o *offer) attribute(m *sdp.MediaDescription, key string) string {
	if value, has := m.Attribute(key); has {
		return value
	}
	value, _ := o.session.Attribute(key)
	return value
}

// chooseCodecs takes one codec per line; the slides follow the main video, as one payload type
// serves both.
func (o *offer) chooseCodecs(preferred []string) {
	var main *codec
	for _, k := range []kind{audio, video, slides} {
		for i := range o.lines {
			line := &o.lines[i]
			if line.kind != k || line.disabled {
				continue
			}
			offered := offeredCodecs(line.media)
			switch {
			case k == audio:
				line.codec = choose(offered, []string{opus, pcmu})
			case k == video || main == nil:
				line.codec = choose(offered, preferred)
				main = line.codec
			default:
				line.codec = same(offered, main)
			}
		}
	}
}

// same returns wanted if it is on offer, with the wanted parameters, as one stack answers for both.
func same(offered []codec, wanted *codec) *codec {
	for _, c := range offered {
		if c.payload == wanted.payload && c.name == wanted.name {
			return wanted
		}
	}
	return nil
}

// forPion writes the offer anew with nothing but what the node takes of it, so that no oddity of a
// client reaches the WebRTC stack. Every line is sendrecv there and keeps its SSRC once known:
// whether something flows is the forwarder's business, and a line that pauses is not torn down.
func (o *offer) forPion(ssrcs map[string]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "v=0\r\no=- %d %d IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n", o.session.Origin.SessionID, o.session.Origin.SessionVersion)
	if group, has := o.session.Attribute("group"); has {
		fmt.Fprintf(&b, "a=group:%s\r\n", group)
	}
	for _, line := range o.lines {
		o.writeLine(&b, line, ssrcs)
	}
	return b.String()
}

func (o *offer) writeLine(b *strings.Builder, line mediaLine, ssrcs map[string]string) {
	m := line.media
	name := m.MediaName.Media
	switch {
	case line.kind == application:
		fmt.Fprintf(b, "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n")
	case line.codec == nil:
		fmt.Fprintf(b, "m=%s 9 UDP/TLS/RTP/SAVPF 127\r\n", name)
	default:
		fmt.Fprintf(b, "m=%s 9 UDP/TLS/RTP/SAVPF %d\r\n", name, line.codec.payload)
	}
	fmt.Fprintf(b, "c=IN IP4 0.0.0.0\r\na=mid:%s\r\na=sendrecv\r\na=rtcp-mux\r\n", line.mid)
	for _, key := range []string{"ice-ufrag", "ice-pwd", "fingerprint", "setup", "sctp-port"} {
		if value := o.attribute(m, key); value != "" {
			fmt.Fprintf(b, "a=%s:%s\r\n", key, value)
		}
	}
	candidates := 0
	for _, a := range m.Attributes {
		switch {
		case a.Key == "candidate" && candidates < maxCandidates:
			candidates++
			fmt.Fprintf(b, "a=candidate:%s\r\n", a.Value)
		case a.Key == "extmap" && (strings.HasSuffix(a.Value, sdp.TransportCCURI) || strings.HasSuffix(a.Value, playoutURI)):
			fmt.Fprintf(b, "a=extmap:%s\r\n", a.Value)
		}
	}
	if line.kind == application {
		return
	}
	if line.codec == nil {
		fmt.Fprint(b, "a=rtpmap:127 rejected/90000\r\n")
		return
	}
	line.codec.write(b)
	if ssrc := line.ssrc(); ssrc != "" {
		ssrcs[line.mid] = ssrc
	}
	if ssrc := ssrcs[line.mid]; ssrc != "" {
		fmt.Fprintf(b, "a=msid:%s %s\r\na=ssrc:%s cname:client\r\n", line.kind, line.mid, ssrc)
	}
}

func (c *codec) write(b *strings.Builder) {
	channels := ""
	if c.channels > 1 {
		channels = "/" + strconv.Itoa(int(c.channels))
	}
	fmt.Fprintf(b, "a=rtpmap:%d %s/%d%s\r\n", c.payload, c.name, c.clock, channels)
	if c.fmtp != "" {
		fmt.Fprintf(b, "a=fmtp:%d %s\r\n", c.payload, c.fmtp)
	}
	for _, feedback := range c.feedback {
		fmt.Fprintf(b, "a=rtcp-fb:%d %s\r\n", c.payload, feedback)
	}
}

// ssrc is the stream that a client announces on a line, not its repair stream.
func (l mediaLine) ssrc() string {
	if !l.sends {
		return ""
	}
	for _, key := range []string{"ssrc-group", "ssrc"} {
		for _, a := range l.media.Attributes {
			fields := strings.Fields(strings.TrimPrefix(a.Value, "FID "))
			if a.Key != key || len(fields) == 0 {
				continue
			}
			if n, err := strconv.ParseUint(fields[0], 10, 32); err == nil && n != 0 {
				return fields[0]
			}
		}
	}
	return ""
}
