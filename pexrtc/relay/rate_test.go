package relay

import "testing"

func TestLimiter(t *testing.T) {
	const ceiling = 1_264_000
	var e estimate
	var l limiter
	var sent uint64
	next := func(ceiling float64) float64 {
		sent += 400_000 / 8
		return l.next(ceiling, &e, sent)
	}
	if got := next(ceiling); got != ceiling {
		t.Errorf("nothing known: %v, want the ceiling", got)
	}
	e.gets.Store(400_000)
	if got := e.most(); got != 600_000 {
		t.Errorf("no limit seen where 400000 arrive: %v", got)
	}
	e.forget()
	if got := e.most(); got != 0 {
		t.Errorf("a far end that nothing is known of: %v", got)
	}
	e.remb.Store(500_000)
	if got := next(ceiling); got != 500_000 {
		t.Errorf("receiver estimates 500000: %v", got)
	}
	e.remb.Store(9_000_000)
	if got := next(ceiling); got != ceiling {
		t.Errorf("receiver estimates more than the ceiling: %v", got)
	}
	e.remb.Store(600_000)
	if got := next(ceiling); got != ceiling {
		t.Errorf("an estimate that is not put to use: %v, want the ceiling", got)
	}
	e.setLost(0.2)
	first := next(ceiling)
	second := next(ceiling)
	if first >= ceiling || second >= first {
		t.Errorf("20 %% lost: %v, then %v, want falling", first, second)
	}
	e.setLost(0.05)
	if got := next(ceiling); got != second {
		t.Errorf("5 %% lost: %v, want no change from %v", got, second)
	}
	e.gets.Store(400_000)
	e.setLost(0.2)
	if got := next(ceiling); got != ceiling {
		t.Errorf("20 %% lost, which the path is judged by: %v, want the ceiling", got)
	}
	e.gets.Store(0)
	e.setLost(1)
	for range 50 {
		next(ceiling)
	}
	if got := next(ceiling); got != minRate {
		t.Errorf("all lost: %v, want the floor", got)
	}
	e.setLost(0)
	for range 100 {
		next(ceiling)
	}
	if got := next(ceiling); got != ceiling {
		t.Errorf("recovered: %v, want the ceiling", got)
	}
	e.path.Store(300_000)
	if got := l.now(&e); got != 300_000 {
		t.Errorf("the path takes 300000: %v at once", got)
	}
	if got := next(ceiling); got != 300_000 {
		t.Errorf("the path takes 300000: %v", got)
	}
	if got := e.most(); got != 300_000 {
		t.Errorf("the path takes 300000, the receiver estimates 600000: %v", got)
	}
	e.path.Store(0)
	if got := next(50_000); got != 50_000 {
		t.Errorf("ceiling below the floor: %v, want the ceiling", got)
	}
}
