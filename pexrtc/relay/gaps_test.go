package relay

import (
	"slices"
	"testing"
	"time"
)

func TestGaps(t *testing.T) {
	now := time.Unix(1, 0)
	const rtt = 50 * time.Millisecond
	var g gaps
	for _, seq := range []uint16{65533, 65534, 1, 2, 0} { // 65535 is lost, 0 is late
		if g.arrived(seq, now) {
			t.Fatalf("packet %d: hopeless", seq)
		}
	}
	steps := []struct {
		after time.Duration
		want  []uint16
		lost  bool
	}{
		{0, nil, false}, // it may just be late
		{nackWait, []uint16{65535}, false},
		{nackWait + nackGap, nil, false}, // the answer is under way
		{nackWait + rtt, nil, false},
		{nackWait + rtt*5/4, []uint16{65535}, false},
		{nackLife + time.Millisecond, nil, true},
	}
	for _, s := range steps {
		if got, lost := g.due(now.Add(s.after), rtt); !slices.Equal(got, s.want) || lost != s.lost {
			t.Errorf("after %v: asks for %v, lost %v; want %v, %v", s.after, got, lost, s.want, s.lost)
		}
	}
	if len(g.missing) != 0 {
		t.Errorf("%d packets are waited for in vain", len(g.missing))
	}
}

// TestGapsOfALongPath: single packets are asked for twice each time, many at once are not.
func TestGapsOfALongPath(t *testing.T) {
	const rtt = 200 * time.Millisecond
	for lost, want := range map[uint16][]time.Duration{
		1:            {nackWait, nackWait + nackGap, nackWait + nackGap + rtt*5/4, nackWait + 2*nackGap + rtt*5/4},
		maxTwice + 1: {nackWait, nackWait + rtt*5/4},
	} {
		var g gaps
		now := time.Unix(1, 0)
		g.arrived(7, now)
		g.arrived(8+lost, now)
		var asked []time.Duration
		for after := time.Duration(0); after < 500*time.Millisecond; after += time.Millisecond {
			if seqs, _ := g.due(now.Add(after), rtt); len(seqs) > 0 {
				asked = append(asked, after)
			}
		}
		if !slices.Equal(asked, want) {
			t.Errorf("%d lost: asked for after %v, want %v", lost, asked, want)
		}
	}
}

// TestGapsOfAPathThatFills: answers take longer than the round trip that was measured; then requests wait for them.
func TestGapsOfAPathThatFills(t *testing.T) {
	const answer = 300 * time.Millisecond
	var g gaps
	now := time.Unix(1, 0)
	asked := 0
	for lost := range uint16(20) {
		g.arrived(2*lost, now)
		g.arrived(2*lost+2, now)
		asked = 0
		for after := time.Duration(0); after < answer; after += time.Millisecond {
			seqs, _ := g.due(now.Add(after), 0)
			asked += len(seqs)
		}
		now = now.Add(answer)
		if first := int((answer-nackWait)/nackGap) + 1; lost == 0 && asked != first {
			t.Errorf("nothing known: asked %d times, want %d", asked, first)
		}
		g.arrived(2*lost+1, now)
	}
	if asked != 1 {
		t.Errorf("asked %d times for what comes after %v as always", asked, answer)
	}
}

func TestGapsAreBounded(t *testing.T) {
	var g gaps
	now := time.Unix(1, 0)
	g.arrived(0, now)
	if !g.arrived(maxGaps+2, now) {
		t.Error("a gap too large to repair is repaired")
	}
	if g.arrived(maxGaps+3, now) || len(g.missing) != 0 {
		t.Errorf("after it %d are missing", len(g.missing))
	}
}

func FuzzGaps(f *testing.F) {
	f.Add([]byte{0, 1, 0, 9, 0, 2, 255, 255})
	f.Fuzz(func(t *testing.T, in []byte) {
		var g gaps
		now := time.Unix(1, 0)
		for i := 0; i+1 < len(in); i += 2 {
			now = now.Add(7 * time.Millisecond)
			seq := uint16(in[i])<<8 | uint16(in[i+1])
			g.arrived(seq, now)
			asked, _ := g.due(now, 0)
			if len(g.missing) > maxGaps || slices.Contains(asked, seq) {
				t.Fatalf("%d missing; asks for %v just after %d", len(g.missing), asked, seq)
			}
		}
	})
}
