package pexrtctest

import (
	"testing"
	"time"
)

func TestLateness(t *testing.T) {
	now := time.Unix(100, 0)
	var l lateness
	for _, step := range []struct {
		name  string
		seq   uint16
		after time.Duration
		want  time.Duration
	}{
		{"the first", 65534, 0, 0},
		{"one after a gap", 1, time.Millisecond, 0},
		{"one that is repaired", 0, 300 * time.Millisecond, 300 * time.Millisecond},
		{"the same once more", 0, 100 * time.Millisecond, 300 * time.Millisecond},
		{"the next", 2, 0, 300 * time.Millisecond},
		{"another that is repaired sooner", 65535, 0, 400 * time.Millisecond},
		{"a while later", 3, lateFor, 400 * time.Millisecond},
		{"long after", 4, lateFor + time.Second, 0},
		{"a source that begins anew", 30000, 0, 0},
		{"one before it", 29999, 0, 0},
		{"one after a gap", 30002, 0, 0},
		{"one that is hopelessly late", 30001, 5 * time.Second, mostLate},
	} {
		now = now.Add(step.after)
		if got := l.arrived(step.seq, now); got != step.want {
			t.Errorf("%s: %v, want %v", step.name, got, step.want)
		}
	}
}
