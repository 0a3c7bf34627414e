package capacity

// trend is what becomes of the queue before the narrowest link of a path.
type trend int

// Trends of a queue.
const (
	steady trend = iota
	growing
	easing
)

// Bursts and the line through their delays, as in libwebrtc (goog_cc/inter_arrival_delta, trendline_estimator).
const (
	burstTime   = 5_000     // µs: packets that leave together, or arrive so, are judged as one
	burstMost   = 100_000   // µs that a burst may take to arrive
	absence     = 3_000_000 // µs without arrivals, after which nothing can be compared
	trendPoints = 20
	smoothing   = 0.9
	trendGain   = 4.0
	trendWeight = 60 // bursts after which a slope counts in full
)

// Limits of a slope beyond which the queue counts as growing or easing, in ms; they follow the slope, so that a restless
// path is not taken for a full one (draft-ietf-rmcat-gcc-02, 5.4).
const (
	firstLimit = 12.5
	leastLimit = 6.0
	mostLimit  = 600.0
	limitUp    = 0.0087
	limitDown  = 0.039
	limitSpike = 15.0 // beyond the limit: too far to follow
)

// What makes a queue a growing one, beside its slope.
const (
	growTime   = 10.0 // ms for which it must have grown
	growLeast  = 30.0 // ms by which it must be longer, within the points: less is jitter that has begun
	growStep   = 0.8  // of that at once is no queue: the route is another, or one picture was large
	surgeLeast = 80.0 // ms by which it must be longer, but for the largest step, if the slope, which is smooth, is not steep yet
)

// How the delay of an empty queue changes, as routes do and clocks differ.
const (
	emptyCreep = 0.01  // of the time it may rise at any time
	restTime   = 250.0 // ms without a packet of ours, after which it shows
	burstWait  = 100.0 // ms that the first burst after that may wait for itself
)

// queue watches the delay of packets on a path for signs that they begin to wait somewhere. Only differences of times
// matter, so that the two ends' clocks need not agree. It is not safe for concurrent use.
type queue struct {
	trend trend
	takes float64 // bit/s that arrived while it was growing: all that the narrowest link lets through

	burst, before burst
	bursts        int     // compared so far
	delay         float64 // ms: sum of the differences
	empty         float64 // what it is without a queue: the lowest lately
	smooth        float64 // the same, smoothed
	points        [trendPoints]point
	slope         float64 // of the last line
	limit         float64
	judged        int64   // µs: when the limit last moved
	grown         float64 // ms for which the queue has been growing
	growths       int
}

// burst is a group of packets; times are those of its first and last.
type burst struct {
	packets, size        int   // size in bytes
	left, leftLast       int64 // µs of our clock
	arrived, arrivedLast int64 // µs of the far end's
}

// point is a burst: when it arrived, its delay, smoothed and as it was; in ms.
type point struct {
	at, delay, smooth float64
	size              int // bytes
}

// packet notes a packet that left and arrived at these times.
func (q *queue) packet(left, arrived int64, size int) {
	b := &q.burst
	switch {
	case b.packets == 0, arrived-b.arrivedLast > absence, b.arrivedLast-arrived > absence:
		*q = queue{limit: q.limit, burst: burst{1, size, left, left, arrived, arrived}}
		return
	case left < b.left:
		return // overtaken
	case b.includes(left, arrived):
		b.packets++
		b.size += size
		b.leftLast, b.arrivedLast = max(b.leftLast, left), max(b.arrivedLast, arrived)
		return
	}
	if q.before.packets > 0 {
		q.compare(float64(b.leftLast-q.before.leftLast)/1000, float64(b.arrivedLast-q.before.arrivedLast)/1000)
	}
	q.before, q.burst = *b, burst{1, size, left, left, arrived, arrived}
}

// missed adds bytes to the burst of which it is not known when they arrived.
func (q *queue) missed(size int) { q.burst.size += size }

// includes says that a packet belongs to the burst: it left with it, or has caught up with it on the way.
func (b *burst) includes(left, arrived int64) bool {
	if left-b.left <= burstTime {
		return true
	}
	passed := arrived - b.arrivedLast
	return passed <= burstTime && passed < left-b.leftLast && arrived-b.arrived < burstMost
}

// compare takes the times, in ms, between a burst and the one before it: as they left, as they arrived.
func (q *queue) compare(left, arrived float64) {
	q.bursts++
	waited := q.length()
	q.delay += arrived - left
	q.empty = min(q.empty+emptyCreep*arrived, q.delay)
	if left > restTime { // a queue of ours has become as much shorter: what is left of it is no queue of ours
		q.empty = max(q.empty, q.delay-max(waited-left, 0)-burstWait)
	}
	q.smooth = smoothing*q.smooth + (1-smoothing)*q.delay
	q.points[q.bursts%trendPoints] = point{float64(q.burst.arrivedLast) / 1000, q.delay, q.smooth, q.burst.size}
	slope := q.slope
	if q.bursts >= trendPoints {
		slope = steepness(&q.points)
	}
	q.judge(slope, left)
	q.slope = slope
}

// steepness is the slope of the line through points, by least squares.
func steepness(points *[trendPoints]point) float64 {
	var middle point
	for _, p := range points {
		middle.at += p.at / trendPoints
		middle.smooth += p.smooth / trendPoints
	}
	var over, under float64
	for _, p := range points {
		over += (p.at - middle.at) * (p.smooth - middle.smooth)
		under += (p.at - middle.at) * (p.at - middle.at)
	}
	if under == 0 {
		return 0
	}
	return over / under
}

// length is how long the last packet has waited, in ms.
func (q *queue) length() float64 { return q.delay - q.empty }

// growth is how much longer the queue has become since it was shortest within the points, in ms; how much of that at one step,
// which may be another route; and what has arrived since, in bit/s.
func (q *queue) growth() (longer, step, rate float64) {
	now := q.points[q.bursts%trendPoints]
	after, largest, size := now, 0.0, 0
	for i := 1; i < min(q.bursts, trendPoints); i++ {
		p := q.points[(q.bursts-i)%trendPoints]
		largest = max(largest, after.delay-p.delay)
		size += after.size
		if now.delay-p.delay > longer {
			longer, step, rate = now.delay-p.delay, largest, float64(size)*8*1000/(now.at-p.at)
		}
		after = p
	}
	return longer, step, rate
}

// judge says what the slope means, left ms after the last one.
func (q *queue) judge(slope, left float64) {
	if q.limit == 0 {
		q.limit = firstLimit
	}
	steep := slope * trendGain * float64(min(q.bursts, trendWeight))
	longer, step, takes := q.growth()
	switch {
	case longer-step > surgeLeast:
		q.turn(growing)
		q.takes = takes
	case steep > q.limit && longer > growLeast && step < growStep*longer:
		q.grown += left
		q.growths++
		if q.grown > growTime && q.growths > 1 && slope >= q.slope {
			q.turn(growing)
			q.takes = takes
		}
	case steep < -q.limit:
		q.turn(easing)
	default:
		q.turn(steady)
	}
	q.follow(max(steep, -steep))
}

// turn is a verdict; what led to it counts no more.
func (q *queue) turn(t trend) { q.trend, q.grown, q.growths = t, 0, 0 }

// follow moves the limit towards the steepness.
func (q *queue) follow(steep float64) {
	at := q.burst.arrivedLast
	passed := float64(min(max(at-q.judged, 0), 100_000)) / 1000
	q.judged = at
	if steep > q.limit+limitSpike {
		return
	}
	speed := limitDown
	if steep > q.limit {
		speed = limitUp
	}
	q.limit = min(max(q.limit+speed*(steep-q.limit)*passed, leastLimit), mostLimit)
}
