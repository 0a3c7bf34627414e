package session

import (
	"testing"
	"time"
)

// TestBudget: recoveries end where nothing comes of them, and never where media flows in between.
func TestBudget(t *testing.T) {
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name  string
		flows time.Duration // after each recovery; 0: it comes to nothing
		want  int           // recoveries, of twenty
	}{
		{"in vain", 0, maxRecoveries},
		{"for a moment each", renewedAfter - time.Second, maxRecoveries},
		{"for a while each", renewedAfter, 20},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var b budget
			got, at := 0, now
			for range 20 {
				if !b.spend(at) {
					break
				}
				got++
				if tc.flows > 0 {
					b.since = at
				}
				at = at.Add(tc.flows)
			}
			if got != tc.want {
				t.Errorf("%d recoveries, want %d", got, tc.want)
			}
		})
	}
}
