package pexrtctest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtp"
)

// tape records what a sink sends.
type tape []*rtp.Packet

func (t *tape) WriteRTP(p *rtp.Packet) error {
	*t = append(*t, p)
	return nil
}

func packetOf(seq uint16, time uint32, payload ...byte) *rtp.Packet {
	return &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: time, SSRC: 7}, Payload: payload}
}

func newSource() *source { return &source{kind: video, codec: VP8, received: &traffic{}} }

func TestSinkJoinsSources(t *testing.T) {
	key, delta := []byte{0x10, 0x00}, []byte{0x10, 0x01}
	synctest.Test(t, func(t *testing.T) {
		var out tape
		k := &sink{kind: video, codec: VP8, clock: videoClock, sent: &traffic{}, track: &out}
		one, two := newSource(), newSource()
		k.attach(one)
		one.forward(packetOf(999, 0, delta...))
		one.forward(packetOf(1000, 3000, key...))
		one.forward(packetOf(1001, 6000, delta...))
		one.forward(packetOf(1003, 12000, delta...))
		one.forward(packetOf(1002, 9000, delta...))
		time.Sleep(time.Second)
		k.attach(two)
		one.forward(packetOf(1004, 15000, key...))
		two.forward(packetOf(65535, 4294967000, delta...))
		two.forward(packetOf(65535, 4294967000, key...))
		two.forward(packetOf(0, 2704, delta...))
		k.attach(nil)
		two.forward(packetOf(1, 5704, delta...))

		want := []struct {
			seq  uint16
			time uint32
		}{{1000, 3000}, {1001, 6000}, {1003, 12000}, {1002, 9000}, {1004, 102000}, {1005, 105000}}
		if len(out) != len(want) {
			t.Fatalf("%d packets, want %d", len(out), len(want))
		}
		for i, w := range want {
			if out[i].SequenceNumber != w.seq || out[i].Timestamp != w.time {
				t.Errorf("packet %d is %d at %d, want %d at %d", i, out[i].SequenceNumber, out[i].Timestamp, w.seq, w.time)
			}
		}
		if one.watched() || two.watched() {
			t.Error("a detached source is still watched")
		}
	})
}

func TestKeyframeRequestsAreCoalesced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		src := newSource()
		src.ask = func() { asked++ }
		for range 100 {
			src.wantKeyframe()
			time.Sleep(10 * time.Millisecond)
		}
		if asked != 4 {
			t.Errorf("asked %d times in a second, want 4", asked)
		}
	})
}

func TestStartsKeyframe(t *testing.T) {
	tests := []struct {
		name, codec string
		payload     []byte
		want        bool
	}{
		{"VP8 key", VP8, []byte{0x10, 0x00}, true},
		{"VP8 delta", VP8, []byte{0x10, 0x01}, false},
		{"VP8 later part", VP8, []byte{0x00, 0x00}, false},
		{"VP8 long picture id", VP8, []byte{0x90, 0x80, 0x81, 0x23, 0x00}, true},
		{"VP8 all extensions", VP8, []byte{0x90, 0xf0, 0x12, 0x01, 0x20, 0x01}, false},
		{"VP8 cut in the descriptor", VP8, []byte{0x90, 0x80}, false},
		{"VP9 key", VP9, []byte{0x88, 0x12}, true},
		{"VP9 predicted", VP9, []byte{0xc8, 0x12}, false},
		{"VP9 upper layer", VP9, []byte{0xa8, 0x12, 0x02, 0x00}, false},
		{"VP9 lowest layer", VP9, []byte{0xa8, 0x92, 0x12, 0x10, 0x00}, true},
		{"VP9 cut", VP9, []byte{0xa8, 0x92}, false},
		{"H264 SPS", H264, []byte{0x67, 0x42}, true},
		{"H264 IDR", H264, []byte{0x65, 0x88}, true},
		{"H264 slice", H264, []byte{0x41, 0x9a}, false},
		{"H264 STAP-A", H264, []byte{0x78, 0, 2, 0x09, 0x10, 0, 2, 0x67, 0x42}, true},
		{"H264 STAP-A without", H264, []byte{0x78, 0, 2, 0x09, 0x10, 0xff, 0xff, 0x41}, false},
		{"H264 FU-A start", H264, []byte{0x7c, 0x85, 0x88}, true},
		{"H264 FU-A later", H264, []byte{0x7c, 0x05, 0x88}, false},
		{"nothing", H264, nil, false},
		{"unknown codec", "AV1", []byte{0, 0}, false},
	}
	for _, tt := range tests {
		if got := startsKeyframe(tt.codec, tt.payload); got != tt.want {
			t.Errorf("%s: % x is %v, want %v", tt.name, tt.payload, got, tt.want)
		}
	}
}

func FuzzStartsKeyframe(f *testing.F) {
	f.Add([]byte{0x90, 0xf0, 0x80, 0x01, 0x20, 0x01})
	f.Add([]byte{0x78, 0, 2, 0x09, 0x10, 0xff, 0xff, 0x41})
	f.Fuzz(func(t *testing.T, payload []byte) {
		for _, codec := range []string{VP8, VP9, H264} {
			if startsKeyframe(codec, payload) && len(payload) < 2 {
				t.Errorf("%s: % x cannot start anything", codec, payload)
			}
		}
	})
}

func TestClips(t *testing.T) {
	for codec, clip := range clips {
		frames := clip()
		keys := 0
		for _, f := range frames {
			if f.key {
				keys++
			}
		}
		if len(frames) != 80 || keys != 4 || !frames[0].key {
			t.Errorf("%s: %d frames with %d keyframes, want 80 with 4, the first among them", codec, len(frames), keys)
		}
		p := newPlayer(frames, &source{kind: video, codec: codec, received: &traffic{}}, &counters{})
		var out tape
		k := &sink{kind: video, codec: codec, clock: videoClock, sent: &traffic{}, track: &out}
		k.attach(p.source)
		p.at = 3
		p.next()
		if len(out) == 0 || !startsKeyframe(codec, out[0].Payload) || p.at != 21 {
			t.Errorf("%s: a new viewer got %d packets and frame %d next, want the keyframe 20", codec, len(out), p.at)
		}
	}
}
