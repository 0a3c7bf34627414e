package relay

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/sdp/v3"

	"github.com/videoleg/videoleg/pexrtc/capacity"
)

func TestStamps(t *testing.T) {
	const sendTime, sequence, playout = 4, 6, 8
	feedback := []string{"nack", "transport-cc"}
	for _, tt := range []struct {
		name      string
		exts      extensions
		feedbacks []string
		want      []uint8 // ids of extensions
	}{
		{"nothing agreed", extensions{}, feedback, nil},
		{"the time", extensions{sendTime: sendTime}, nil, []uint8{sendTime}},
		{"the number", extensions{sequence: sequence}, feedback, []uint8{sequence}},
		{"the number in place of the time", extensions{sendTime: sendTime, sequence: sequence}, feedback, []uint8{sequence}},
		{"the number and a delay", extensions{sequence: sequence, playout: playout}, feedback, []uint8{sequence, playout}},
		{"the time and a delay", extensions{sendTime: sendTime, playout: playout}, nil, []uint8{sendTime, playout}},
		{"a delay", extensions{playout: playout}, nil, []uint8{playout}},
		{"a number for which no feedback is promised", extensions{sendTime: sendTime, sequence: sequence}, []string{"nack"}, []uint8{sendTime}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := &hop{}
			h.know(&sdp.MediaDescription{}, tt.feedbacks, tt.exts)
			if h.exts != tt.exts {
				t.Errorf("what arrives is read with %+v", h.exts)
			}
			w := &wire{t: t, keys: testKeys(t)}
			o := newOutbound(DefaultBandwidth, each(w.write))
			o.connect(testKeys(t), testTag, h.stamps)
			o.delay(350 * time.Millisecond)
			for seq := range uint16(2) {
				o.send(packet{payload: []byte("abc")}, 96, seq, 9, time.Now())
				o.flush()
				if got := w.last.GetExtensionIDs(); !slices.Equal(got, tt.want) {
					t.Fatalf("extensions %v, want %v", got, tt.want)
				}
				if number := w.last.GetExtension(sequence); number != nil && binary.BigEndian.Uint16(number) != seq {
					t.Errorf("packet %d has number %x", seq, number)
				}
				if delay := w.last.GetExtension(playout); delay != nil && !slices.Equal(delay, []byte{0x02, 0x33, 0xe8}) {
					t.Errorf("packet %d is to be delayed by %x", seq, delay)
				}
			}
		})
	}
}

// TestRetransmissionsAreNumbered, as they take room on the path, unless they are the first packet again, bit by bit.
func TestRetransmissionsAreNumbered(t *testing.T) {
	for name, want := range map[uint8]uint16{0: 0, 97: 1} {
		w := &wire{t: t, keys: testKeys(t)}
		o := newOutbound(DefaultBandwidth, each(w.write))
		o.connect(testKeys(t), testTag, extensions{sequence: 6})
		o.repairAs([]pair{{Codec: video("VP8", 120), node: 96, repair: [2]uint8{Node: name}}}, Node)
		o.send(packet{payload: []byte("abc")}, 96, 1, 9, time.Now())
		o.flush()
		w.keys = testKeys(t) // a receiver that has seen nothing
		o.resend([]rtcp.NackPair{{PacketID: 1}}, 0)
		if got := binary.BigEndian.Uint16(w.last.GetExtension(6)); got != want {
			t.Errorf("repaired as type %d: number %d, want %d", name, got, want)
		}
	}
}

// TestNarrowPathIsToldAtOnce: feedback that shows a growing queue limits whoever is behind the other hop.
func TestNarrowPathIsToldAtOnce(t *testing.T) {
	h := newTestHop(t)
	h.leg.narrow = make(chan struct{}, 1)
	h.out[mainVideo].connect(testKeys(t), testTag, extensions{sequence: 6})
	var far capacity.Arrivals
	keys, now := testKeys(t), time.Now()
	for n := range 200 {
		at := now.Add(time.Duration(n) * 10 * time.Millisecond)
		h.out[mainVideo].send(packet{payload: make([]byte, 1000)}, 96, uint16(n), 9, at)
		far.Packet(9, uint16(n), at.Add(time.Duration(max(n-100, 0))*5*time.Millisecond).UnixMicro())
		if n%10 == 9 {
			wire, err := keys.EncryptRTCP(nil, far.Feedback(nil), nil)
			must(t, err)
			h.media(wire)
		}
		if n == 100 && h.end.can.path.Load() != 0 {
			t.Errorf("limit %d on a path without a queue", h.end.can.path.Load())
		}
	}
	const passes = 1020 * 8 * 1000 / 15 // of one packet in 15 ms
	if got := float64(h.end.can.path.Load()); got < 0.7*passes || got > passes || len(h.leg.narrow) != 1 {
		t.Errorf("limit %v where %v pass; told: %d", got, passes, len(h.leg.narrow))
	}
}

func TestSendAllocatesNothing(t *testing.T) {
	o := newOutbound(DefaultBandwidth, func(*train) error { return nil })
	o.connect(testKeys(t), testTag, extensions{sequence: 6})
	in, now, seq := packet{payload: make([]byte, 1100)}, time.Now(), uint16(0)
	o.send(in, 96, seq, 9, now)
	if n := testing.AllocsPerRun(1000, func() {
		seq++
		o.send(in, 96, seq, 9, now)
		if seq%5 == 0 {
			o.flush()
		}
	}); n != 0 {
		t.Errorf("%v allocations a packet, want 0", n)
	}
}
