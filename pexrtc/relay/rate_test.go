package relay

import "testing"

func TestLimiter(t *testing.T) {
	const ceiling = 1_264_000
	var e estimate
	var l limiter
	if got := l.next(ceiling, &e); got != ceiling {
		t.Errorf("nothing known: %v, want the ceiling", got)
	}
	e.remb.Store(500_000)
	if got := l.next(ceiling, &e); got != 500_000 {
		t.Errorf("receiver estimates 500000: %v", got)
	}
	e.remb.Store(9_000_000)
	if got := l.next(ceiling, &e); got != ceiling {
		t.Errorf("receiver estimates more than the ceiling: %v", got)
	}
	e.setLost(0.2)
	first := l.next(ceiling, &e)
	second := l.next(ceiling, &e)
	if first >= ceiling || second >= first {
		t.Errorf("20 %% lost: %v, then %v, want falling", first, second)
	}
	e.setLost(0.05)
	if got := l.next(ceiling, &e); got != second {
		t.Errorf("5 %% lost: %v, want no change from %v", got, second)
	}
	e.setLost(1)
	for range 50 {
		l.next(ceiling, &e)
	}
	if got := l.next(ceiling, &e); got != minRate {
		t.Errorf("all lost: %v, want the floor", got)
	}
	e.setLost(0)
	for range 100 {
		l.next(ceiling, &e)
	}
	if got := l.next(ceiling, &e); got != ceiling {
		t.Errorf("recovered: %v, want the ceiling", got)
	}
	if got := l.next(50_000, &e); got != 50_000 {
		t.Errorf("ceiling below the floor: %v, want the ceiling", got)
	}
}
