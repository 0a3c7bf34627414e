package relay

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestAskerCoalesces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Int32
		nobody := false
		a := asker{send: func() bool {
			if nobody {
				return false
			}
			sent.Add(1)
			return true
		}}
		expect := func(want int32, when string) {
			t.Helper()
			synctest.Wait()
			if got := sent.Load(); got != want {
				t.Errorf("%s: %d requests, want %d", when, got, want)
			}
		}
		a.ask()
		expect(1, "first")
		for range 50 {
			a.ask()
		}
		expect(1, "flood within the gap")
		<-time.After(keyframeGap)
		expect(2, "the trailing one")
		<-time.After(2 * keyframeGap)
		expect(2, "nothing of its own")
		nobody = true
		a.ask()
		nobody = false
		a.ask()
		expect(3, "after a pause at once, and what found nobody does not count")
		a.ask()
		a.stop()
		<-time.After(2 * keyframeGap)
		a.ask()
		expect(3, "stopped")
	})
}
