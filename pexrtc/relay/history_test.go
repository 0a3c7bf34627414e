package relay

import (
	"bytes"
	"testing"
)

// put enters a packet of one repeated byte.
func put(h *history, seq uint16, size int) {
	b := h.room(size)
	for i := range b {
		b[i] = byte(seq)
	}
	h.keep(seq, size)
}

func TestHistory(t *testing.T) {
	h := newHistory(1000)
	for seq := uint16(65530); seq != 4; seq++ { // ten packets, of which three fit
		put(h, seq, 300)
	}
	for seq := uint16(65530); seq != 4; seq++ {
		got, want := h.find(seq), []byte(nil)
		if seq >= 1 && seq < 4 {
			want = bytes.Repeat([]byte{byte(seq)}, 300)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("packet %d: %d bytes %.3v, want %d", seq, len(got), got, len(want))
		}
	}
	if got := h.find(4); got != nil {
		t.Errorf("a packet that was never sent: %d bytes", len(got))
	}
	put(h, 3+historySlots, 10)
	if got := h.find(3); got != nil {
		t.Error("a packet is found under the number of another")
	}
}

// FuzzHistory checks that what is found is what was put, whatever the sizes.
func FuzzHistory(f *testing.F) {
	f.Add([]byte{255, 0, 17, 255, 255, 1})
	f.Fuzz(func(t *testing.T, sizes []byte) {
		h := newHistory(600)
		for i, s := range sizes {
			put(h, uint16(i), int(s)+1)
			for back := range min(i+1, 8) {
				seq := uint16(i - back)
				got := h.find(seq)
				if back == 0 && got == nil {
					t.Fatalf("packet %d is gone at once", i)
				}
				if got != nil && (len(got) != int(sizes[seq])+1 || got[0] != byte(seq) || got[len(got)-1] != byte(seq)) {
					t.Fatalf("packet %d is another's", seq)
				}
			}
		}
	})
}
