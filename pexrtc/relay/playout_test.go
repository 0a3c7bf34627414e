package relay

import (
	"testing"
	"time"
)

func TestPlayout(t *testing.T) {
	const far = 300 * time.Millisecond
	var p playout
	step := func(name string, asked uint64, trip, want time.Duration) {
		t.Helper()
		if got := p.next(asked, trip); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	step("nothing lost", 0, far, 0)
	step("lost nearby", 3, farAway/2, 0)
	step("lost far away", 4, far, far+repairMargin)
	step("lost very far away", 5, 2*time.Second, mostWait)
	for range waitLasts - 1 {
		step("nothing more lost, for a while", 5, far, far+repairMargin)
	}
	step("nothing more lost", 5, far, 0)
	step("lost again", 6, far, far+repairMargin)
}
