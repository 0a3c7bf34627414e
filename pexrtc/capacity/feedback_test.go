package capacity

import (
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pion/rtcp"
)

const feedbackStart = "8fcd0000" + "00000003" + "00000009"

func TestReadFeedback(t *testing.T) {
	const start = 1 << 24 * referenceUnit
	for _, tt := range []struct {
		name string
		hex  string // after feedbackStart
		want map[uint16]int64
	}{
		{"nothing", "0001 0000 00000000", map[uint16]int64{}},
		{"a run of small deltas", "0001 0002 00000100 2002 0408", map[uint16]int64{1: start + 65_000, 2: start + 67_000}},
		{"a run over the end of the numbers", "ffff 0002 00000000 2002 0400", map[uint16]int64{65535: start + 1000, 0: start + 1000}},
		{"a run of lost ones and one that arrived", "0005 0004 00000000 0003 2001 04", map[uint16]int64{8: start + 1000}},
		{"bits", "0001 0003 00000000 a800 0404", map[uint16]int64{1: start + 1000, 3: start + 2000}},
		{"pairs of bits", "0001 0003 00000000 d200 04 ff38 0000", map[uint16]int64{1: start + 1000, 3: start - 49_000}},
		{"a run longer than the rest", "0001 0001 00000000 3fff 04", map[uint16]int64{1: start + 1000}},
		{"a reserved fate", "0001 0001 00000000 6001 000000", nil},
		{"a run of none", "0001 0001 00000000 2000 2001 04", nil},
		{"no chunk", "0001 0001 00000000", nil},
		{"chunks cut short", "0001 0010 00000000 8000", nil},
		{"no times", "0001 0002 00000000 2002 04", nil},
		{"half a time", "0001 0001 00000000 4001 04", nil},
		{"more than is remembered", "0001 ffff 00000000 1fff 1fff 1fff 1fff 1fff 1fff 1fff 1fff 1fff", nil},
		{"cut in its head", "0001 00", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			raw, err := hex.DecodeString(strings.ReplaceAll(feedbackStart+tt.hex, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			acks, ok := readFeedback(raw)
			if ok != (tt.want != nil) {
				t.Fatalf("accepted: %v", ok)
			}
			if !ok {
				return
			}
			if got := maps.Collect(acks.arrivals); !maps.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestDepartures(t *testing.T) {
	d := departures{next: 65000}
	first := d.note(1, 10)
	for i := range maxDepartures - 1 {
		d.note(1, int64(20+i))
	}
	if p, ok := d.take(first); !ok || p.at != 10 {
		t.Errorf("the oldest that is remembered: %v, %v", p, ok)
	}
	if p, ok := d.take(first); ok {
		t.Errorf("taken twice: %v", p)
	}
	d.note(1, 9000)
	for name, number := range map[string]uint16{"forgotten": first, "not sent yet": d.next, "long before": d.next - 5000} {
		if p, ok := d.take(number); ok {
			t.Errorf("%s: %v", name, p)
		}
	}
}

// FuzzFeedback: whatever a far end tells, we survive it, and as long as it is well-formed we read it as others do.
func FuzzFeedback(f *testing.F) {
	for _, s := range []string{"0001 0001 00000000 c100 0000", "0001 0002 00000100 2002 0408", "0001 0003 00000000 d200 04 ff38 0000", "0001 ffff 00ffffff 3fff"} {
		raw, err := hex.DecodeString(strings.ReplaceAll(feedbackStart+s, " ", ""))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var p Path
		for at := range int64(300) {
			p.Sent(1000, 1e6+at*3000)
		}
		p.Told(raw, 1e6)
		p.Told(raw, 2e6)
		if p.limit != 0 && !(p.limit >= minLimit && p.limit < 1e12) {
			t.Errorf("limit %v", p.limit)
		}
		acks, ok := readFeedback(raw)
		var other rtcp.TransportLayerCC
		if ok && len(raw)%4 == 0 && int(raw[2])<<8+int(raw[3]) == len(raw)/4-1 && other.Unmarshal(raw) == nil {
			n := 0
			for range acks.arrivals {
				n++
			}
			if want := arrived(other); n != want {
				t.Errorf("%d packets have arrived, by another reading %d: %+v", n, want, other)
			}
		}
	})
}

// arrived counts the packets that did; what the last chunk says of more than there were is nothing.
func arrived(f rtcp.TransportLayerCC) (n int) {
	var fates []uint16
	for _, c := range f.PacketChunks {
		switch c := c.(type) {
		case *rtcp.RunLengthChunk:
			fates = append(fates, slices.Repeat([]uint16{c.PacketStatusSymbol}, int(c.RunLength))...)
		case *rtcp.StatusVectorChunk:
			fates = append(fates, c.SymbolList...)
		}
	}
	for _, fate := range fates[:f.PacketStatusCount] {
		if fate != notArrived {
			n++
		}
	}
	return n
}
