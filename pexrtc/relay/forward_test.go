package relay

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

func TestParse(t *testing.T) {
	ext := rtp.Packet{Header: rtp.Header{Version: 2, Marker: true, PayloadType: 96, SequenceNumber: 7, Timestamp: 9, SSRC: 1, CSRC: []uint32{1, 2}}, Payload: []byte("abc")}
	must(t, ext.SetExtension(3, []byte{1, 2, 3}))
	raw, err := ext.Marshal()
	must(t, err)
	got, ok := parse(raw)
	if !ok || !got.marker || got.payloadType != 96 || got.sequence != 7 || got.timestamp != 9 || string(got.payload) != "abc" {
		t.Errorf("parse = %+v, %v", got, ok)
	}
	padded := append([]byte{0xa0, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3}, 'x', 0, 0, 3)
	if got, ok := parse(padded); !ok || got.padding != 3 || string(got.payload) != "x" {
		t.Errorf("padded: %+v, %v", got, ok)
	}
	for name, bad := range map[string][]byte{
		"empty": nil, "short": raw[:11], "version": append([]byte{0}, raw[1:]...), "no room for CSRCs": {0x8f, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3},
		"no room for the extension": {0x90, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3}, "extension beyond the end": {0x90, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xbe, 0xde, 0xff, 0xff},
		"padding beyond the start": {0xa0, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 255}, "padding of nothing": {0xa0, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0},
	} {
		if got, ok := parse(bad); ok {
			t.Errorf("%s: accepted as %+v", name, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte{0x90, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xbe, 0xde, 0, 1, 1, 2, 3, 4, 5})
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, ok := parse(raw)
		var want rtp.Packet
		err := want.Unmarshal(raw)
		if ok && err == nil && string(got.payload) != string(want.Payload) {
			t.Errorf("payload %x, want %x", got.payload, want.Payload)
		}
	})
}

// wire takes packets as a far end does.
type wire struct {
	t    testing.TB
	keys *srtp.Context
	last rtp.Header
	all  []string // payloads
}

func (w *wire) write(b []byte) (int, error) {
	plain, err := w.keys.DecryptRTP(nil, b, &w.last)
	if err != nil {
		w.t.Fatal(err)
	}
	w.all = append(w.all, string(plain[w.last.MarshalSize():]))
	return len(b), nil
}

func testKeys(t testing.TB) *srtp.Context {
	t.Helper()
	c, err := srtp.CreateContext(make([]byte, 16), make([]byte, 12), srtp.ProtectionProfileAeadAes128Gcm)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// testTag is how many bytes these keys add.
const testTag = 16

// each writes a train packet by packet.
func each(write func([]byte) (int, error)) func(*train) error {
	return func(t *train) error {
		return t.each(func(b []byte) error {
			_, err := write(b)
			return err
		})
	}
}

// newTestForwarder forwards to write, or to a wire if that is nil.
func newTestForwarder(t testing.TB, write func([]byte) (int, error)) (*forwarder, *source, *wire) {
	f := &forwarder{from: &newEnd(Browser).lines[mainVideo], to: newEnd(Node), open: true}
	f.types.Store(newTypeMap([]pair{{Codec: video("VP8", 120), node: 96}}, Browser, Node))
	w := &wire{t: t, keys: testKeys(t)}
	if write == nil {
		write = w.write
	}
	out := newOutbound(DefaultBandwidth, each(write))
	out.connect(testKeys(t), testTag, extensions{sendTime: 4})
	f.setOut(out)
	s := &source{ssrc: 5}
	f.follow(s)
	return f, s, w
}

// pass gives f a packet of s as it comes from the network.
func pass(f *forwarder, s *source, raw []byte, now time.Time) {
	in, ok := parse(raw)
	if ok {
		f.forward(s, in, len(raw), now)
		f.flush()
	}
}

func TestForwardRewritesTheHeader(t *testing.T) {
	f, s, w := newTestForwarder(t, nil)
	in := rtp.Packet{Header: rtp.Header{Version: 2, Marker: true, PayloadType: 120, SequenceNumber: 7, Timestamp: 9, SSRC: 5, CSRC: []uint32{8}}, Payload: []byte("abc")}
	must(t, in.SetExtension(9, []byte("location")))
	raw, err := in.Marshal()
	must(t, err)
	pass(f, s, raw, time.Now())
	h := w.last
	if h.PayloadType != 96 || h.SSRC != f.out.ssrc || !h.Marker || len(h.CSRC) != 0 || len(h.Extensions) != 1 || h.GetExtension(9) != nil || len(h.GetExtension(4)) != 3 {
		t.Errorf("header %+v", h)
	}
	pass(f, &source{}, raw, time.Now())
	raw[1] = 100
	pass(f, s, raw, time.Now())
	if n := f.to.packetsOut.Load(); n != 1 {
		t.Errorf("%d packets out, want 1: a replaced source and an unknown payload type have no way", n)
	}
}

func TestForwardAllocatesNothing(t *testing.T) {
	f, s, _ := newTestForwarder(t, func(b []byte) (int, error) { return len(b), nil })
	in := rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 120, SSRC: 5}, Payload: make([]byte, 1100)}
	raw, err := in.Marshal()
	must(t, err)
	now := time.Now()
	if n := testing.AllocsPerRun(1000, func() {
		raw[3]++
		pass(f, s, raw, now)
	}); n != 0 {
		t.Errorf("%v allocations a packet, want 0", n)
	}
}

func TestResumedGateWaitsForAKeyframe(t *testing.T) {
	key, delta := []byte{0x10, 0x00}, []byte{0x10, 0x01}
	tests := []struct {
		name    string
		payload []byte
		after   time.Duration
		want    uint64
	}{
		{"delta", delta, 0, 1},
		{"keyframe", key, 0, 2},
		{"delta after a long wait", delta, keyframeWait + time.Second, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, s, _ := newTestForwarder(t, nil)
			send := func(seq uint16, payload []byte, now time.Time) {
				raw, err := (&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 120, SSRC: 5, SequenceNumber: seq}, Payload: payload}).Marshal()
				must(t, err)
				pass(f, s, raw, now)
			}
			send(1, delta, time.Now()) // at first nothing is awaited
			f.setOpen(false)
			send(2, key, time.Now())
			f.setOpen(true)
			send(3, tt.payload, time.Now().Add(tt.after))
			if n := f.to.packetsOut.Load(); n != tt.want {
				t.Errorf("%d packets out, want %d", n, tt.want)
			}
		})
	}
}

// TestRenewedPicture: while a full path empties nothing is sent, and then a keyframe first, without a gap in the numbers.
func TestRenewedPicture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, s, w := newTestForwarder(t, nil)
		asked := make(chan time.Time, 9)
		f.from.keyframes.send = func() bool {
			asked <- time.Now()
			return true
		}
		const drain = 200 * time.Millisecond
		key, delta := []byte{0x10, 0}, []byte{0x10, 1}
		for i, step := range []struct {
			name    string
			wait    time.Duration
			payload []byte
			want    uint64 // packets out so far
		}{
			{"before", 0, key, 1},
			{"a keyframe that was under way", drain / 2, key, 1},
			{"the path is empty, and refers to what got lost", drain / 2, delta, 1},
			{"the keyframe", 50 * time.Millisecond, key, 2},
			{"what follows it", 50 * time.Millisecond, delta, 3},
		} {
			time.Sleep(step.wait)
			raw, err := (&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 120, SequenceNumber: uint16(i), SSRC: 5}, Payload: step.payload}).Marshal()
			must(t, err)
			before := w.last.SequenceNumber
			pass(f, s, raw, time.Now())
			if got := f.to.packetsOut.Load(); got != step.want {
				t.Errorf("%s: %d packets out, want %d", step.name, got, step.want)
			}
			if i == 0 {
				f.renew(drain)
			} else if gap := w.last.SequenceNumber - before; gap > 1 {
				t.Errorf("%s: %d numbers are missing", step.name, gap-1)
			}
		}
		if since := time.Since(<-asked); since != 100*time.Millisecond || len(asked) > 0 {
			t.Errorf("a keyframe was asked for %v ago, and %d times after; want once, when the path was empty", since, len(asked))
		}
	})
}
