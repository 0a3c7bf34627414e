package relay

import (
	"encoding/binary"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/pexrtc/capacity"
)

// benchEnd is a far end of a leg under load: it sends numbered packets and takes the time of those that arrive.
type benchEnd struct {
	write     func([]byte) error
	close     func()
	connected chan struct{}
	sequence  uint8        // id of the transport-wide sequence number extension
	raw       *net.UDPConn // of an end without ICE

	enc    *srtp.Context
	header rtp.Header
	plain  []byte
	wire   []byte
	seq    uint16
	ts     uint32

	mu     sync.Mutex // guards the rest
	dec    *srtp.Context
	got    rtp.Header
	delays []time.Duration
	heard  reception // of the stream that arrives
	told   capacity.Arrivals
}

func newBenchEnd() *benchEnd {
	return &benchEnd{connected: make(chan struct{}), wire: make([]byte, packetSize), plain: make([]byte, headerSize+8+benchPayload)}
}

// newBenchLeg connects two ends through the relay under test.
func newBenchLeg(b *testing.B, child *benchChild, raw bool) (browser, node *benchEnd) {
	id := child.legs
	child.legs++
	if raw {
		browser, node = newRawEnd(b), newRawEnd(b)
		to := child.ask(benchCommand{Do: "leg", Leg: id, SDP: browser.address() + " " + node.address()}).SDP
		browser.aim(b, to)
		node.aim(b, to)
		return browser, node
	}
	browser, offer, accept := newRTCEnd(b, "")
	toNode := child.ask(benchCommand{Do: "leg", Leg: id, SDP: offer}).SDP
	node, answer, _ := newRTCEnd(b, toNode)
	accept(child.ask(benchCommand{Do: "answer", Leg: id, SDP: answer}).SDP)
	return browser, node
}

// newRTCEnd is an end with ICE and DTLS; with an offer it answers that, without it makes one.
func newRTCEnd(b *testing.B, offer string) (e *benchEnd, text string, accept func(string)) {
	e = newBenchEnd()
	log := stackLog{discard}
	base := &ports{ips: []net.IP{net.IPv4(127, 0, 0, 1)}, routes: newRoutes(new(atomic.Uint64))}
	own, err := base.private(log)
	fail(b, err)
	agent, err := ice.NewAgentWithOptions(ice.WithIncludeLoopback(), ice.WithUDPMux(own.udp), ice.WithLoggerFactory(log),
		ice.WithMulticastDNSMode(ice.MulticastDNSModeDisabled), ice.WithNetworkTypes([]ice.NetworkType{ice.NetworkTypeUDP4}))
	fail(b, err)
	t, err := newTransport(agent, own, own.routes, discard)
	fail(b, err)
	e.write, e.close = t.write, func() { _ = t.close() }
	t.drained = func() {}
	t.secured, t.media, t.changed = e.secured, e.receive, func(c Condition) {
		if c == Connected {
			close(e.connected)
		}
	}
	h := &hop{leg: &Leg{}, end: newEnd(Browser), transport: t}
	g, err := h.leg.gather(h)
	fail(b, err)
	<-g.done
	main := line{
		mid: mainMID, direction: "sendrecv", side: Node, pairs: choose([]pexrtc.Codec{video("VP8", 96)}, false),
		exts: ours, local: g.take(), ssrc: 5,
	}
	e.sequence = ours.sequence
	if offer == "" {
		main.setup = "actpass"
		text, err = h.series.describe(main)
		fail(b, err)
		return e, text, func(answer string) {
			r, err := readAnswer(answer)
			fail(b, err)
			e.join(b, t, r, true, r.setup == "passive")
		}
	}
	r, err := readAnswer(offer) // it reads the main line of whatever it is
	fail(b, err)
	main.setup = "active"
	main.exts, main.mid = r.exts, r.mid
	e.sequence = r.exts.sequence
	lines := []line{main}
	if strings.Count(offer, "m=video") > 1 {
		slides := main
		slides.mid, slides.direction = "1", "inactive"
		lines = append(lines, slides)
	}
	text, err = h.series.describe(lines...)
	fail(b, err)
	e.join(b, t, r, false, true)
	return e, text, nil
}

func (e *benchEnd) join(b *testing.B, t *transport, r *remote, controlling, client bool) {
	fail(b, t.connect(r.far, controlling, client))
	for _, c := range r.candidates() {
		fail(b, t.addCandidate(c))
	}
}

func (e *benchEnd) secured(keys srtpKeys) error {
	var err error
	if e.enc, err = srtp.CreateContext(keys.Keys.LocalMasterKey, keys.Keys.LocalMasterSalt, keys.Profile); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.dec, err = srtp.CreateContext(keys.Keys.RemoteMasterKey, keys.Keys.RemoteMasterSalt, keys.Profile, srtp.SRTPReplayProtection(1024))
	return err
}

// send writes one packet of a VP8 picture.
func (e *benchEnd) send(last bool) {
	e.seq++
	p := e.plain
	p[0], p[1] = 0x90, 96
	if last {
		p[1] |= 0x80
	}
	binary.BigEndian.PutUint16(p[2:], e.seq)
	binary.BigEndian.PutUint32(p[4:], e.ts)
	binary.BigEndian.PutUint32(p[8:], 5)
	if last {
		e.ts += clockRate / 30
	}
	binary.BigEndian.PutUint32(p[12:], rtp.ExtensionProfileOneByte<<16|1)
	p[16] = e.sequence<<4 | 1
	binary.BigEndian.PutUint16(p[17:], e.seq)
	stamp(p[20:])
	wire, err := e.enc.EncryptRTP(e.wire, p, &e.header)
	if err == nil {
		_ = e.write(wire) // what does not arrive counts as lost
	}
}

func (e *benchEnd) receive(raw []byte) {
	if len(raw) < benchPayload {
		return // feedback
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	plain, err := e.dec.DecryptRTP(raw, raw, &e.got)
	if err == nil && e.got.PayloadType == 96 { // what is sent again comes twice, and counts once
		e.delays = append(e.delays, since(plain[e.got.MarshalSize():]))
		e.heard.ssrc = e.got.SSRC
		e.heard.packet(e.got.SequenceNumber, e.got.Timestamp, now)
	}
	if ext := e.got.GetExtension(e.sequence); err == nil && len(ext) == 2 {
		e.told.Packet(e.got.SSRC, binary.BigEndian.Uint16(ext), now.UnixMicro())
	}
}

// feedback says, after every frame, what a browser would: reports and an estimate each second, a request for two lost
// packets twice a second (a loss of some 2.5 %), one for a keyframe now and then, and every 100 ms what has arrived of packets
// that are numbered for that. The floor's ends say nothing.
func (e *benchEnd) feedback(frame int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	ssrc, last := e.heard.ssrc, uint16(e.heard.highest)
	if e.raw != nil || ssrc == 0 {
		return
	}
	if frame%15 == 0 {
		e.say(&rtcp.TransportLayerNack{SenderSSRC: 5, MediaSSRC: ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers([]uint16{last - 3, last - 2})})
	}
	if frame%30 == 5 {
		report, _ := e.heard.next(time.Now())
		e.say(&rtcp.SenderReport{SSRC: 5, NTPTime: ntp(time.Now()), RTPTime: e.ts, Reports: []rtcp.ReceptionReport{report}},
			&rtcp.ReceiverEstimatedMaximumBitrate{SenderSSRC: 5, Bitrate: 2_000_000, SSRCs: []uint32{ssrc}})
	}
	if frame%3 == 1 {
		if told := rtcp.RawPacket(e.told.Feedback(nil)); len(told) > 0 {
			e.say(&told)
		}
	}
	if frame%90 == 10 {
		e.say(&rtcp.PictureLossIndication{SenderSSRC: 5, MediaSSRC: ssrc})
	}
}

func (e *benchEnd) say(packets ...rtcp.Packet) {
	plain, err := rtcp.Marshal(packets)
	if err != nil {
		panic(err)
	}
	if wire, err := e.enc.EncryptRTCP(nil, plain, nil); err == nil {
		_ = e.write(wire)
	}
}

func (e *benchEnd) reset() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.delays = make([]time.Duration, 0, 1024)
}

func (e *benchEnd) take() []time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.delays
}

func fail(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
