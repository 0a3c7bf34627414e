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
	growTime   = 10.0 // ms for which a queue must have grown
	growLeast  = 30.0 // ms by which it must be longer, within the points: less is jitter that has begun
)

// queue watches the delay of packets on a path for signs that they begin to wait somewhere. Only differences of times
// matter, so that the two ends' clocks need not agree. It is not safe for concurrent use.
type queue struct {
	trend trend

	burst, before burst
	bursts        int     // compared so far
	delay         float64 // ms: sum of the differences
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
	packets              int
	left, leftLast       int64 // µs of our clock
	arrived, arrivedLast int64 // µs of the far end's
}

type point struct{ at, delay float64 } // ms

// packet notes a packet that left and arrived at these times.
func (q *queue) packet(left, arrived int64) {
	b := &q.burst
	switch {
	case b.packets == 0, arrived-b.arrivedLast > absence, b.arrivedLast-arrived > absence:
		*q = queue{limit: q.limit, burst: burst{1, left, left, arrived, arrived}}
		return
	case left < b.left:
		return // overtaken
	case b.includes(left, arrived):
		b.packets++
		b.leftLast, b.arrivedLast = max(b.leftLast, left), max(b.arrivedLast, arrived)
		return
	}
	if q.before.packets > 0 {
		q.compare(float64(b.leftLast-q.before.leftLast)/1000, float64(b.arrivedLast-q.before.arrivedLast)/1000)
	}
	q.before, q.burst = *b, burst{1, left, left, arrived, arrived}
}

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
	q.delay += arrived - left
	q.smooth = smoothing*q.smooth + (1-smoothing)*q.delay
	q.points[q.bursts%trendPoints] = point{float64(q.burst.arrivedLast) / 1000, q.smooth}
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
		middle.delay += p.delay / trendPoints
	}
	var over, under float64
	for _, p := range points {
		over += (p.at - middle.at) * (p.delay - middle.delay)
		under += (p.at - middle.at) * (p.at - middle.at)
	}
	if under == 0 {
		return 0
	}
	return over / under
}

// growth is how much longer the queue is than when it was shortest, in ms.
func (q *queue) growth() float64 {
	least := q.smooth
	for _, p := range q.points {
		least = min(least, p.delay)
	}
	return q.smooth - least
}

// judge says what the slope means, left ms after the last one.
func (q *queue) judge(slope, left float64) {
	if q.limit == 0 {
		q.limit = firstLimit
	}
	steep := slope * trendGain * float64(min(q.bursts, trendWeight))
	switch {
	case steep > q.limit:
		q.grown += left
		q.growths++
		if q.grown > growTime && q.growths > 1 && slope >= q.slope && q.growth() > growLeast {
			q.grown, q.growths, q.trend = 0, 0, growing
		}
	case steep < -q.limit:
		q.grown, q.growths, q.trend = 0, 0, easing
	default:
		q.grown, q.growths, q.trend = 0, 0, steady
	}
	q.follow(max(steep, -steep))
}

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
