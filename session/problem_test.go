package session

import (
	"fmt"
	"testing"
	"time"

	"github.com/videoleg/videoleg/genesys"
)

// TestFaultWaits: a page that was told to slow down tries again by itself, when it may.
func TestFaultWaits(t *testing.T) {
	for _, tc := range []struct {
		name string
		err  error
		want int // seconds
	}{
		{"told", fmt.Errorf("read: %w", &genesys.Error{Status: 429, RetryAfter: 2 * time.Second}), 2},
		{"told in parts of seconds", &genesys.Error{Status: 429, RetryAfter: 1200 * time.Millisecond}, 2},
		{"not told", &genesys.Error{Status: 429}, 30},
		{"another answer", &genesys.Error{Status: 503, RetryAfter: 2 * time.Second}, 0},
		{"no answer", genesys.ErrUnavailable, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := FaultOf(tc.err).Wait; got != tc.want {
				t.Errorf("FaultOf(%v).Wait = %d s, want %d", tc.err, got, tc.want)
			}
		})
	}
}
