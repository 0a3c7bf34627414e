package relay

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/videoleg/videoleg/pexrtc/capacity"
)

// TestLossIsRepairedFromTheHistory: what got lost behind the relay is sent again by the relay; the sender never hears.
func TestLossIsRepairedFromTheHistory(t *testing.T) {
	c := newCall(t, webrtc.MimeTypeVP8, nil)
	c.leg.SetSending(true)
	lost := c.browser.sendUntil("lost", c.node, payload("lost"))
	must(t, c.node.pc.WriteRTCP([]rtcp.Packet{&rtcp.TransportLayerNack{
		MediaSSRC: lost.ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers([]uint16{lost.seq, lost.seq + 9000}),
	}}))
	c.browser.sendWhile("more", func() bool { return c.leg.Stats().Node.PacketsResent == 0 })
	s := c.leg.Stats()
	if s.Node.PacketsResent != 1 || s.Node.NACKsHeard != 1 {
		t.Errorf("%d packets sent again on %d requests, want 1 on 1", s.Node.PacketsResent, s.Node.NACKsHeard)
	}
}

// TestLossBeforeTheRelayIsAskedFor: the relay asks the sender for what did not reach it.
func TestLossBeforeTheRelayIsAskedFor(t *testing.T) {
	c := newCall(t, webrtc.MimeTypeVP8, nil)
	c.leg.SetSending(true)
	c.browser.sendUntil("before", c.node, payload("before"))
	c.browser.seq += 3 // these never leave
	c.browser.sendWhile("after", func() bool { return c.leg.Stats().Browser.NACKsSent < 3 })
}

func TestRetransmissionsHaveAStreamOfTheirOwn(t *testing.T) {
	f, s, w := newTestForwarder(t, nil)
	f.out.repairAs([]pair{{Codec: video("VP8", 120), node: 96, repair: [2]uint8{Node: 97}}}, Node)
	raw, err := (&rtp.Packet{Header: rtp.Header{Version: 2, Marker: true, PayloadType: 120, SequenceNumber: 7, Timestamp: 9}, Payload: []byte("lost")}).Marshal()
	must(t, err)
	pass(f, s, raw, time.Now())
	first := w.last
	f.out.resend([]rtcp.NackPair{{PacketID: first.SequenceNumber}}, 0)
	got := w.last
	if got.SSRC != f.out.ssrc+1 || got.PayloadType != 97 || !got.Marker || got.Timestamp != first.Timestamp {
		t.Errorf("header %+v", got)
	}
	if want := string(binary.BigEndian.AppendUint16(nil, first.SequenceNumber)) + "lost"; w.all[1] != want {
		t.Errorf("payload %q, want %q", w.all[1], want)
	}
}

// TestRetransmissionsThatArrive are forwarded once, in the place of what is missing, and nothing else is.
func TestRetransmissionsThatArrive(t *testing.T) {
	h := newTestHop(t)
	h.behind[mainVideo].types.Store(newTypeMap([]pair{{Codec: video("VP8", 120), node: 96, repair: [2]uint8{Browser: 121}}}, Browser, Node))
	arrive := func(pt uint8, ssrc uint32, seq uint16, payload ...byte) {
		h.media(protect(t, h, &rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: pt, SSRC: ssrc, SequenceNumber: seq}, Payload: payload}))
	}
	steps := []struct {
		name string
		do   func()
		want uint64
	}{
		{"a retransmission before anything", func() { arrive(121, 2, 1, 0, 9, 'x') }, 0},
		{"a packet", func() { arrive(120, 1, 10, 'a') }, 1},
		{"one after a gap", func() { arrive(120, 1, 12, 'c') }, 2},
		{"padding", func() { arrive(121, 2, 2) }, 2},
		{"of what is there", func() { arrive(121, 2, 3, 0, 10, 'a') }, 2},
		{"of what is missing", func() { arrive(121, 2, 4, 0, 11, 'b') }, 3},
		{"the same again", func() { arrive(121, 2, 5, 0, 11, 'b') }, 3},
	}
	for _, s := range steps {
		s.do()
		if got := h.behind[mainVideo].to.packetsOut.Load(); got != s.want {
			t.Errorf("%s: %d packets out, want %d", s.name, got, s.want)
		}
	}
	if h.in.lines[mainVideo].source.ssrc != 1 {
		t.Error("the repair stream is taken for the picture")
	}
}

// TestResendHasLimits: no more than was sent first, and one packet twice in a round trip at most.
func TestResendHasLimits(t *testing.T) { synctest.Test(t, testResendLimits) }

func testResendLimits(t *testing.T) {
	f, s, w := newTestForwarder(t, nil)
	now := time.Now()
	for seq := range uint16(3) {
		raw, err := (&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 120, SequenceNumber: seq}, Payload: fmt.Append(nil, "packet ", seq)}).Marshal()
		must(t, err)
		pass(f, s, raw, now)
	}
	first := w.last.SequenceNumber - 2
	w.keys = testKeys(t) // a receiver that has seen nothing
	w.all = nil
	const trip = 100 * time.Millisecond
	for _, want := range [][]string{
		{"packet 1", "packet 2"}, {"packet 1", "packet 2"}, {"packet 1", "packet 2", "packet 1"}, {"packet 1", "packet 2", "packet 1"},
	} {
		for range 100 {
			f.out.resend([]rtcp.NackPair{{PacketID: first + 1, LostPackets: 0xffff}}, trip)
		}
		if !slices.Equal(w.all, want) {
			t.Errorf("sent again %q, want %q", w.all, want)
		}
		time.Sleep(trip / 4)
	}
}

// streams are those of a hop.
func streams(write func([]byte) (int, error)) [contents]*outbound {
	main := newOutbound(DefaultBandwidth, each(write))
	return [contents]*outbound{main, main.beside()}
}

// newTestHop is a browser hop with keys and without a network.
func newTestHop(t testing.TB) *hop {
	f, _, _ := newTestForwarder(t, func(b []byte) (int, error) { return len(b), nil })
	l := &Leg{ctx: t.Context(), log: discard}
	h := &hop{leg: l, end: newEnd(Browser), out: streams(func(b []byte) (int, error) { return len(b), nil }), behind: [contents]*forwarder{f, f}}
	f.from = &h.end.lines[mainVideo]
	h.in.init(h, h.behind)
	h.end.hop.Store(h)
	h.out[mainVideo].connect(testKeys(t), testTag, extensions{})
	h.in.connect(testKeys(t), extensions{sequence: 3})
	t.Cleanup(func() {
		h.in.stop()
		h.end.stop()
	})
	return h
}

// protect encrypts a packet as the far end would.
func protect(t testing.TB, h *hop, p *rtp.Packet) []byte {
	t.Helper()
	raw, err := p.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	wire, err := testKeys(t).EncryptRTP(nil, raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	return wire
}

func TestFloodOfSendersIsBounded(t *testing.T) {
	h := newTestHop(t)
	for ssrc := range uint32(10 * maxSenders) {
		h.media(protect(t, h, &rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 120, SSRC: ssrc + 1000}, Payload: []byte{0}}))
		report, err := (&rtcp.ReceiverReport{SSRC: ssrc + 1000}).Marshal()
		must(t, err)
		wire, err := testKeys(t).EncryptRTCP(nil, report, nil)
		must(t, err)
		h.media(wire)
	}
	for kind, known := range h.in.known {
		if len(known) != maxSenders {
			t.Errorf("kind %d: %d senders are kept, want %d", kind, len(known), maxSenders)
		}
	}
	if len(h.in.lines[mainVideo].former) > maxFormer {
		t.Errorf("%d former sources are kept", len(h.in.lines[mainVideo].former))
	}
}

func TestSourceSwitch(t *testing.T) {
	h := newTestHop(t)
	packet := func(ssrc uint32, seq uint16, pt uint8) []byte {
		return protect(t, h, &rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: pt, SSRC: ssrc, SequenceNumber: seq}, Payload: []byte{0x10, 0}})
	}
	steps := []struct {
		name  string
		wire  []byte
		after time.Duration
		want  uint64 // packets out so far
	}{
		{"the first source", packet(1, 1, 120), 0, 1},
		{"another one takes its place", packet(2, 500, 120), 0, 2},
		{"the old one does not come back", packet(1, 2, 120), 0, 2},
		{"a type that was not agreed is no source", packet(3, 1, 99), 0, 2},
		{"the new one goes on", packet(2, 501, 120), 0, 3},
		{"the old one may when the new one is silent", packet(1, 3, 120), 2 * silence, 4},
	}
	now := time.Now()
	for _, s := range steps {
		now = now.Add(s.after)
		h.in.packet(s.wire, now)
		if got := h.behind[mainVideo].to.packetsOut.Load(); got != s.want {
			t.Errorf("%s: %d packets out, want %d", s.name, got, s.want)
		}
	}
}

func TestArrivalAllocatesNothing(t *testing.T) {
	h := newTestHop(t)
	keys := testKeys(t)
	p := rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 120, SSRC: 9}, Payload: make([]byte, 1100)}
	must(t, p.SetExtension(3, []byte{0, 1}))
	buf, now := make([]byte, packetSize), time.Now()
	arrive := func() {
		p.SequenceNumber++
		raw, err := p.Marshal()
		must(t, err)
		wire, err := keys.EncryptRTP(nil, raw, nil)
		must(t, err)
		n := copy(buf, wire)
		h.in.packet(buf[:n], now)
	}
	arrive()
	sending := testing.AllocsPerRun(200, func() {
		p.SequenceNumber++
		raw, _ := p.Marshal()
		_, _ = keys.EncryptRTP(nil, raw, nil)
	})
	p.SequenceNumber -= 201
	keys = testKeys(t)
	if n := testing.AllocsPerRun(200, arrive); n > sending {
		t.Errorf("%v allocations a packet", n-sending)
	}
}

// FuzzMedia feeds a hop whatever a far end with the keys can send.
func FuzzMedia(f *testing.F) {
	f.Add([]byte{0x90, 120, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xbe, 0xde, 0, 1, 0x31, 0, 1, 0, 5}, false)
	nack, err := (&rtcp.TransportLayerNack{MediaSSRC: 1, Nacks: []rtcp.NackPair{{PacketID: 1}}}).Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(nack, true)
	f.Fuzz(func(t *testing.T, plain []byte, control bool) {
		h := newTestHop(t)
		h.media(plain) // not even encrypted
		var wire []byte
		var err error
		if control {
			wire, err = testKeys(t).EncryptRTCP(nil, plain, nil)
		} else {
			wire, err = testKeys(t).EncryptRTP(nil, plain, nil)
		}
		if err == nil {
			h.media(wire)
		}
		h.end.report(500_000, time.Now())
	})
}

// TestResendOnAFullPath: repair gets an eighth of what the picture has.
func TestResendOnAFullPath(t *testing.T) {
	o := newOutbound(DefaultBandwidth, func(*train) error { return nil })
	o.connect(testKeys(t), testTag, extensions{sequence: 6})
	var far capacity.Arrivals
	now := time.Now()
	for n := range uint16(200) { // one in 10 ms leaves, one in 15 ms arrives
		o.send(packet{payload: make([]byte, 1000)}, 96, n, 9, now.Add(time.Duration(n)*10*time.Millisecond))
		far.Packet(9, n, now.Add(time.Duration(n)*15*time.Millisecond).UnixMicro())
		if n%10 == 9 {
			o.told(far.Feedback(nil), &estimate{}, now)
		}
	}
	const sent = 100
	again, keyframes := 0, 0
	for seq := range uint16(sent) {
		o.send(packet{payload: make([]byte, 1000)}, 96, 1000+seq, 9, now)
		n, hopeless := o.resend([]rtcp.NackPair{{PacketID: 1000 + seq}}, 0)
		again += n
		if hopeless {
			keyframes++
		}
	}
	if keyframes != 1 {
		t.Errorf("%d keyframes are asked for in place of the rest, want 1", keyframes)
	}
	if again < sent/8-2 || again > sent/8+15 { // some were earned before
		t.Errorf("%d of %d packets are sent again", again, sent)
	}
}

// TestPathThatLags: pictures that would come too late are no longer sent, once.
func TestPathThatLags(t *testing.T) {
	o := newOutbound(DefaultBandwidth, func(*train) error { return nil })
	o.connect(testKeys(t), testTag, extensions{sequence: 6})
	var far capacity.Arrivals
	start := time.Now()
	var begun, rests time.Duration
	arrived := uint16(0)
	for n := range uint16(200) { // one in 10 ms leaves, one in 15 ms arrives
		at := time.Duration(n) * 10 * time.Millisecond
		o.send(packet{payload: make([]byte, 1000)}, 96, n, 9, start.Add(at))
		for ; arrived*3 <= n*2; arrived++ {
			far.Packet(9, arrived, start.Add(time.Duration(arrived)*15*time.Millisecond).UnixMicro())
		}
		if n%10 != 9 {
			continue
		}
		if _, hopeless := o.told(far.Feedback(nil), &estimate{}, start.Add(at)); hopeless {
			if rests > at {
				t.Errorf("given up again after %v, in a rest until %v", at, rests)
			}
			begun, rests = at, at+o.giveUp(start.Add(at))
		}
	}
	if begun == 0 || rests-begun < tooLate || rests-begun > 2*tooLate {
		t.Errorf("given up after %v for %v", begun, rests-begun)
	}
	if b := o.sent.find(199); b == nil {
		t.Error("what is sent after that is forgotten")
	}
	if b := o.sent.find(0); b != nil {
		t.Error("what was sent before can be sent again")
	}
}
