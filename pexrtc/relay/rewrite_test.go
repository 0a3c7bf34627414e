package relay

import (
	"testing"
	"time"
)

// step is one packet into the rewriter. The wanted numbers are relative to the first packet that came out.
type step struct {
	restart bool // before it
	after   time.Duration
	seq     uint16
	ts      uint32
	wantSeq uint16
	wantTS  uint32
	dropped bool
}

func TestRewriter(t *testing.T) {
	const frame = time.Second / 30
	tests := []struct {
		name  string
		steps []step
	}{
		{"in order", []step{{seq: 10, ts: 100}, {seq: 11, ts: 100, wantSeq: 1}, {seq: 12, ts: 3100, wantSeq: 2, wantTS: 3000}}},
		{"gaps stay", []step{{seq: 10}, {seq: 15, wantSeq: 5}}},
		{"order stays", []step{{seq: 10}, {seq: 12, wantSeq: 2}, {seq: 11, wantSeq: 1}, {seq: 13, wantSeq: 3}}},
		{"numbers wrap", []step{{seq: 65535, ts: 0xffffffff}, {seq: 0, ts: 2999, wantSeq: 1, wantTS: 3000}}},
		{"new source", []step{
			{seq: 10, ts: 100}, {seq: 11, ts: 100, wantSeq: 1},
			{restart: true, after: time.Second, seq: 40000, ts: 7, wantSeq: 2, wantTS: 90000},
			{seq: 40001, ts: 3007, wantSeq: 3, wantTS: 93000},
		}},
		{"new source at once is one frame later", []step{{seq: 10}, {restart: true, seq: 5, ts: 5, wantSeq: 1, wantTS: uint32(frame * clockRate / time.Second)}}},
		{"late packet of before the pause", []step{
			{seq: 10}, {restart: true, after: time.Second, seq: 20, ts: 0, wantSeq: 1, wantTS: 90000},
			{seq: 19, dropped: true}, {seq: 21, wantSeq: 2, wantTS: 90000},
		}},
		{"leap ahead is a new stretch", []step{{seq: 10}, {after: time.Second, seq: 20010, ts: 1, wantSeq: 1, wantTS: 90000}}},
		{"leap back is a new stretch", []step{{seq: 30000}, {after: time.Second, seq: 100, ts: 1, wantSeq: 1, wantTS: 90000}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r rewriter
			now := time.Unix(1, 0)
			var seq0 uint16
			var ts0 uint32
			for i, s := range tt.steps {
				now = now.Add(s.after)
				if s.restart {
					r.restart()
				}
				seq, ts, ok := r.next(s.seq, s.ts, now)
				if i == 0 {
					seq0, ts0 = seq, ts
				}
				if ok == s.dropped || ok && (seq-seq0 != s.wantSeq || ts-ts0 != s.wantTS) {
					t.Errorf("step %d: +%d +%d %v, want +%d +%d %v", i, seq-seq0, ts-ts0, ok, s.wantSeq, s.wantTS, !s.dropped)
				}
			}
		})
	}
}

// FuzzRewriter checks that no output number is used twice within a window, whatever comes in.
func FuzzRewriter(f *testing.F) {
	f.Add([]byte{0, 1, 0, 2, 0, 1, 255, 255, 1, 0})
	f.Fuzz(func(t *testing.T, in []byte) {
		var r rewriter
		now := time.Unix(1, 0)
		var last uint16
		for i := 0; i+2 < len(in); i += 3 {
			now = now.Add(time.Duration(in[i]) * time.Millisecond)
			if in[i] > 250 {
				r.restart()
			}
			began := r.began
			seq, _, ok := r.next(uint16(in[i+1])<<8|uint16(in[i+2]), uint32(i), now)
			if ok && !began && i > 0 && r.used && seq != last+1 {
				t.Fatalf("a new stretch begins with %d after %d", seq, last)
			}
			last = r.outSeq
		}
	})
}
