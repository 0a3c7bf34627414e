package capacity

import (
	"testing"

	"github.com/pion/rtcp"
)

// told reads feedback as a sender does: the arrival in microseconds by number; 0: not arrived.
func told(t *testing.T, raw []byte) (*rtcp.TransportLayerCC, map[uint16]int64) {
	t.Helper()
	var p rtcp.TransportLayerCC
	if err := p.Unmarshal(raw); err != nil {
		t.Fatalf("%x: %v", raw, err)
	}
	var status []uint16
	for _, c := range p.PacketChunks {
		switch c := c.(type) {
		case *rtcp.RunLengthChunk:
			for range c.RunLength {
				status = append(status, c.PacketStatusSymbol)
			}
		case *rtcp.StatusVectorChunk:
			status = append(status, c.SymbolList...)
		}
	}
	all := map[uint16]int64{}
	at := int64(p.ReferenceTime) * referenceUnit
	deltas := p.RecvDeltas
	for i, s := range status[:p.PacketStatusCount] {
		all[p.BaseSequenceNumber+uint16(i)] = 0
		if s != notArrived {
			at += deltas[0].Delta
			deltas = deltas[1:]
			all[p.BaseSequenceNumber+uint16(i)] = at
		}
	}
	if len(deltas) != 0 {
		t.Errorf("%d times too many in %x", len(deltas), raw)
	}
	return &p, all
}

func TestArrivals(t *testing.T) {
	type arrival struct {
		seq uint16
		at  int64
	}
	const start = 1_000_000_000
	for _, tt := range []struct {
		name string
		in   []arrival
		want map[uint16]int64 // after start
	}{
		{"one", []arrival{{7, 0}}, map[uint16]int64{7: 0}},
		{"a burst over the end of the numbers", []arrival{{65534, 0}, {65535, 250}, {0, 500}, {1, 750}},
			map[uint16]int64{65534: 0, 65535: 250, 0: 500, 1: 750}},
		{"a gap", []arrival{{5, 0}, {9, 33_000}}, map[uint16]int64{5: 0, 6: -1, 7: -1, 8: -1, 9: 33_000}},
		{"a long run and a gap", []arrival{{1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 0}, {6, 0}, {7, 0}, {8, 0}, {10, 500}},
			map[uint16]int64{1: 0, 2: 0, 3: 0, 4: 0, 5: 0, 6: 0, 7: 0, 8: 0, 9: -1, 10: 500}},
		{"out of order", []arrival{{5, 0}, {7, 1000}, {6, 2000}}, map[uint16]int64{5: 0, 6: 2000, 7: 1000}},
		{"before the first", []arrival{{5, 1000}, {4, 2000}}, map[uint16]int64{4: 2000, 5: 1000}},
		{"twice", []arrival{{5, 0}, {5, 1000}}, map[uint16]int64{5: 0}},
		{"a pause", []arrival{{5, 0}, {6, 900_000}}, map[uint16]int64{5: 0, 6: 900_000}},
		{"another series", []arrival{{5, 0}, {30000, 1000}}, map[uint16]int64{30000: 1000}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := Arrivals{Sender: 3}
			for _, a := range tt.in {
				c.Packet(9, a.seq, start+a.at)
			}
			p, got := told(t, c.Feedback(nil))
			if p.SenderSSRC != 3 || p.MediaSSRC != 9 || len(got) != len(tt.want) {
				t.Fatalf("feedback %+v says %v, want %v", p, got, tt.want)
			}
			for seq, want := range tt.want {
				if at := got[seq] - start; want < 0 && got[seq] != 0 || want >= 0 && (at-want > deltaUnit || want-at > deltaUnit) {
					t.Errorf("packet %d at %d, want %d", seq, at, want)
				}
			}
			if more := c.Feedback(nil); len(more) != 0 {
				t.Errorf("nothing new, and yet %x", more)
			}
		})
	}
}

// TestLateArrivalIsTold: what was told to be missing comes after all.
func TestLateArrivalIsTold(t *testing.T) {
	var c Arrivals
	c.Packet(9, 1, 64_000)
	c.Packet(9, 3, 65_000)
	first, _ := told(t, c.Feedback(nil))
	c.Packet(9, 2, 70_000)
	second, got := told(t, c.Feedback(nil))
	if got[2] == 0 || got[3] == 0 || second.FbPktCount != first.FbPktCount+1 {
		t.Errorf("feedback %d says %v", second.FbPktCount, got)
	}
}

// TestArrivalsAfterALongPause: times that one packet cannot tell take two.
func TestArrivalsAfterALongPause(t *testing.T) {
	var c Arrivals
	c.Packet(9, 1, 64_000)
	c.Packet(9, 2, 64_000_000)
	_, first := told(t, c.Feedback(nil))
	_, second := told(t, c.Feedback(nil))
	if first[1] == 0 || second[2] == 0 || len(first) != 1 || len(second) != 1 {
		t.Errorf("feedback says %v, then %v", first, second)
	}
}

func TestArrivalsAllocateNothing(t *testing.T) {
	var c Arrivals
	b := make([]byte, 0, 2048)
	seq, at := uint16(0), int64(1)
	if n := testing.AllocsPerRun(500, func() {
		for range 16 {
			seq += 1 + seq%3/2
			at += 7000
			c.Packet(9, seq, at)
		}
		c.Feedback(b)
	}); n != 0 {
		t.Errorf("%v allocations for each feedback, want 0", n)
	}
}

// FuzzArrivals: whatever arrives, a sender can read what it is told, and it is not too long to send.
func FuzzArrivals(f *testing.F) {
	const most = 1200 // bytes, which any path takes
	f.Add([]byte{0, 1, 1, 0, 2, 1, 0, 9, 200, 255, 0, 3})
	f.Fuzz(func(t *testing.T, in []byte) {
		var c Arrivals
		at := int64(1)
		for i := 0; i+2 < len(in); i += 3 {
			at += int64(in[i+2]) * int64(in[i+2]) * 40
			c.Packet(9, uint16(in[i])<<8|uint16(in[i+1]), at)
			if in[i+2]%5 == 0 {
				if raw := c.Feedback(nil); len(raw) > 0 {
					if len(raw) > most {
						t.Fatalf("%d bytes of feedback", len(raw))
					}
					told(t, raw)
				}
			}
		}
	})
}
