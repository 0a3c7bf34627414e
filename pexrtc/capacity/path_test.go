package capacity

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/pion/interceptor/pkg/twcc"
)

// path is a simulated one, with a sender and a far end that tells what arrives ten times a second. Times are in µs.
type path struct {
	Path
	far    *twcc.Recorder
	rand   *rand.Rand
	now    int64
	told   int64   // when the sender was told of arrivals
	arrive int64   // when the last packet has arrived
	queued float64 // longest wait in the queue, ms, since it was last looked at

	flying []arrival
	limits []limit // on their way to the sender
	keeps  float64 // bit/s that it keeps to; 0: as it likes

	kbps   float64 // of the narrowest link; 0: wide
	jitter int64   // most
	loss   float64
	deaf   float64 // share of the feedback that gets lost
	detour int64   // added to the delay of every packet
	deep   bool    // the queue has no end
	rest   int64   // until then nothing is sent
	fps    int64
}

const (
	pathDelay  = 20_000  // each way
	pathQueue  = 300_000 // then packets are dropped, unless the queue is deep
	farClock   = 987_654_321
	pathPacket = 1100
	senderLag  = 400_000 // until it sends as it is told to
)

type limit struct {
	at   int64
	rate float64
}

type arrival struct {
	at     int64
	number uint16
}

func newPath() *path {
	return &path{far: twcc.NewRecorder(3), rand: rand.New(rand.NewPCG(5, 6)), now: 1e9, fps: 20}
}

// run lets a sender send at wants, in kbit/s, for a time; it keeps to the limit, if late.
func (p *path) run(seconds, wants float64) {
	p.queued = 0
	for end := p.now + int64(seconds*1e6); p.now < end; p.now += 1e6 / p.fps {
		rate := wants * 1000
		for len(p.limits) > 0 && p.limits[0].at <= p.now {
			p.keeps, p.limits = p.limits[0].rate, p.limits[1:]
		}
		if p.keeps > 0 {
			rate = min(rate, p.keeps)
		}
		frame := int(rate / 8 / float64(p.fps) * (0.7 + 0.6*p.rand.Float64()))
		if p.now < p.rest {
			frame = 0
		}
		for at := p.now; frame > 0; at += 400 {
			p.send(min(frame, pathPacket), at)
			frame -= pathPacket
		}
		if p.now-p.told > 100_000 {
			p.told = p.now
			p.feedback(p.now + pathDelay)
			p.limits = append(p.limits, limit{p.now + senderLag, p.limit})
		}
	}
}

// feedback lets the path hear of what has arrived.
func (p *path) feedback(now int64) {
	slices.SortStableFunc(p.flying, func(a, b arrival) int { return cmp.Compare(a.at, b.at) })
	for len(p.flying) > 0 && p.flying[0].at <= p.now {
		p.far.Record(9, p.flying[0].number, p.flying[0].at+farClock)
		p.flying = p.flying[1:]
	}
	for _, told := range p.far.BuildFeedbackPacket() {
		if p.rand.Float64() < p.deaf {
			continue
		}
		raw, err := told.Marshal()
		if err != nil {
			panic(err)
		}
		p.Told(raw, now)
	}
}

func (p *path) send(size int, at int64) {
	number := p.Sent(size, at)
	if p.rand.Float64() < p.loss {
		return
	}
	out := at
	if p.kbps > 0 {
		wait := max(p.arrive-at, 0)
		if p.queued = max(p.queued, float64(wait)/1000); wait > pathQueue && !p.deep {
			return
		}
		out = at + wait + int64(float64(size)*8*1000/p.kbps)
		p.arrive = out
	}
	if p.jitter > 0 {
		out += p.rand.Int64N(p.jitter)
	}
	p.flying = append(p.flying, arrival{out + pathDelay + p.detour, number})
}

func TestPath(t *testing.T) {
	for _, tt := range []struct {
		name        string
		set         func(*path)
		wants       float64
		least, most float64 // kbit/s of the limit, averaged over the last ten seconds; Inf: none
		queue       float64 // ms in which the last packet of a frame may wait, then
	}{
		{"fair", func(*path) {}, 1264, math.Inf(1), math.Inf(1), 0},
		{"wide enough", func(p *path) { p.kbps = 3000 }, 1264, math.Inf(1), math.Inf(1), 40},
		{"scattered", func(p *path) { p.jitter = 30_000 }, 700, math.Inf(1), math.Inf(1), 0},
		{"scattered at 30 frames", func(p *path) { p.jitter, p.fps = 30_000, 30 }, 300, math.Inf(1), math.Inf(1), 0},
		{"losing", func(p *path) { p.loss = 0.1 }, 700, math.Inf(1), math.Inf(1), 0},
		{"300 kbit/s", func(p *path) { p.kbps = 300 }, 1264, 220, 320, 300},
		{"600 kbit/s", func(p *path) { p.kbps = 600 }, 1264, 450, 640, 300},
		{"600 kbit/s at 30 frames", func(p *path) { p.kbps, p.fps = 600, 30 }, 1264, 450, 640, 300},
		{"600 kbit/s, feedback lost", func(p *path) { p.kbps, p.deaf = 600, 0.5 }, 1264, 450, 640, 320},
		{"600 kbit/s, losing", func(p *path) { p.kbps, p.loss = 600, 0.02 }, 1264, 420, 640, 300},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPath()
			p.run(3, 300)
			tt.set(p)
			p.run(10, tt.wants)
			sum, queued := 0.0, 0.0
			for range 10 {
				p.run(1, tt.wants)
				if p.limit == 0 {
					sum = math.Inf(1)
				}
				sum, queued = sum+p.limit/1000/10, max(queued, p.queued)
			}
			if sum < tt.least || sum > tt.most || queued > tt.queue {
				t.Errorf("limit %.0f kbit/s, packets wait %.0f ms; want %.0f to %.0f, and %.0f ms at most", sum, queued, tt.least, tt.most, tt.queue)
			}
		})
	}
}

// TestPathBecomesNarrow: a path that has become narrow is noticed within a second, and one that is wide again is used again.
func TestPathBecomesNarrow(t *testing.T) {
	p := newPath()
	p.kbps = 2000
	p.run(5, 1000)
	if p.limit != 0 {
		t.Fatalf("limit %.0f on a path that is wide enough", p.limit)
	}
	p.kbps = 300
	p.run(2, 1000)
	if p.limit == 0 || p.limit > 400_000 {
		t.Errorf("limit %.0f after two seconds at 300 kbit/s", p.limit)
	}
	p.run(10, 1000)
	p.kbps = 2000
	p.run(25, 1000)
	if p.limit < 900_000 {
		t.Errorf("limit %.0f on a path that is wide again", p.limit)
	}
}

// TestFall: a path that has become narrow at once shows so before a second is over, and a limit near to what it takes, whatever
// it took before.
func TestFall(t *testing.T) {
	for _, from := range []float64{600, 1000, 2500} {
		p := newPath()
		p.run(5, from)
		p.kbps = 300
		p.run(1, from)
		if p.limit < 200_000 || p.limit > 300_000 {
			t.Errorf("from %.0f kbit/s: limit %.0f a second after it fell to 300", from, p.limit)
		}
		if wait := p.Queued(p.now); wait < pathQueue/2 || wait > pathQueue*6/5 {
			t.Errorf("from %.0f kbit/s: packets wait for %d µs", from, wait)
		}
		p.run(4, from)
		if wait := p.Queued(p.now); wait > pathQueue/3 {
			t.Errorf("from %.0f kbit/s: packets still wait for %d µs", from, wait)
		}
	}
}

// TestDeepQueue: what waits on a path that drops nothing is known well enough for rests to empty it.
func TestDeepQueue(t *testing.T) {
	const tooLong, longRest = 500_000, 3_000_000
	for _, from := range []float64{600, 1264, 2500} {
		p := newPath()
		p.deep = true
		p.run(5, from)
		p.kbps = 300
		fell, rests, longest := p.now, 0, int64(0)
		for p.now < fell+20e6 {
			p.run(0.1, from)
			waits := max(p.arrive-p.now, 0)
			longest = max(longest, waits)
			if q := p.Queued(p.now); p.now >= p.rest && q > tooLong {
				p.rest, rests = p.now+min(q, longRest), rests+1
			}
			if waits > tooLong && p.now > fell+longest+2e6 {
				t.Fatalf("from %.0f kbit/s: packets wait for %d ms, %d s after they waited for %d", from, waits/1000, (p.now-fell)/1e6, longest/1000)
			}
		}
		if rests == 0 || rests > 4 {
			t.Errorf("from %.0f kbit/s: %d rests", from, rests)
		}
	}
}

// TestClockJumps: a far end whose clock is set anew, while the path is full, is taken for a long queue for one rest only.
func TestClockJumps(t *testing.T) {
	p := newPath()
	p.run(5, 1000)
	p.kbps = 300
	p.run(6, 1000)
	p.detour = 1_000_000
	p.run(2, 1000)
	before := p.Queued(p.now)
	p.rest = p.now + before
	p.run(float64(before)/1e6+2, 1000)
	if after := p.Queued(p.now); before < 500_000 || after > 300_000 {
		t.Errorf("after the rest packets wait for %d ms, before it for %d", after/1000, before/1000)
	}
}

// TestAnotherRoute: a path that has become longer at once is not full.
func TestAnotherRoute(t *testing.T) {
	p := newPath()
	p.run(5, 700)
	p.detour = 150_000
	p.run(5, 700)
	if p.limit != 0 {
		t.Errorf("limit %.0f", p.limit)
	}
}

// TestPathThatIsFull from the beginning: its queue does not grow, it overflows.
func TestPathThatIsFull(t *testing.T) {
	p := newPath()
	p.kbps = 300
	p.run(3, 3000)
	if p.limit == 0 || p.limit > 320_000 {
		t.Errorf("limit %.0f after three seconds at 300 kbit/s", p.limit)
	}
}

// TestLimitIsForgotten after a pause: the path may be another.
func TestLimitIsForgotten(t *testing.T) {
	p := newPath()
	p.run(3, 300)
	p.kbps = 300
	p.run(10, 1000)
	if p.limit == 0 {
		t.Fatal("no limit at 300 kbit/s")
	}
	p.feedback(p.now)
	p.kbps = 0
	p.now += 2 * oldNews
	p.run(2, 1000)
	if p.limit != 0 {
		t.Errorf("limit %.0f long after", p.limit)
	}
}

// TestIdleSender: a sender that does not use what it may has shown nothing.
func TestIdleSender(t *testing.T) {
	p := newPath()
	p.kbps = 300
	p.run(10, 1000)
	before := p.limit
	p.run(30, 60)
	if before == 0 || p.limit > 1.1*before {
		t.Errorf("limit %.0f, before %.0f", p.limit, before)
	}
}

func TestPathAllocatesNothing(t *testing.T) {
	p := newPath()
	p.kbps = 300
	p.run(5, 1000)
	for number := range uint16(100) {
		p.far.Record(9, number, farClock+int64(number)*1000)
	}
	raw, err := p.far.BuildFeedbackPacket()[0].Marshal()
	if err != nil {
		t.Fatal(err)
	}
	p.sent.next = 0
	if n := testing.AllocsPerRun(200, func() {
		for range 100 {
			p.Sent(pathPacket, p.now)
		}
		p.Told(raw, p.now)
		p.sent.next = 0
	}); n != 0 {
		t.Errorf("%v allocations for each feedback, want 0", n)
	}
}
