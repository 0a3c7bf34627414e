package relay

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/videoleg/videoleg/pexrtc"
)

// description watches a hop gather its candidates: those it finds until take are in the description, the rest of the
// node hop's go to OnNodeCandidate.
type description struct {
	leg   *Leg
	hop   *hop
	first chan struct{} // closed at the first candidate
	done  <-chan struct{}

	mu    sync.Mutex
	any   bool   // guarded by mu, as the rest
	taken string // what take returned; empty before
	sent  bool   // a candidate was passed on after take
}

func newDescription(l *Leg, h *hop) *description {
	d := &description{leg: l, hop: h, first: make(chan struct{}), done: webrtc.GatheringCompletePromise(h.pc)}
	h.pc.OnICECandidate(d.found)
	return d
}

// found is called by the media stack; nil ends the list.
func (d *description) found(c *webrtc.ICECandidate) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.any && c != nil {
		d.any = true
		close(d.first)
	}
	if d.taken == "" || d.hop.end.side != Node || !d.hop.current() {
		return
	}
	ufrag, pwd := credentials(d.taken)
	k := pexrtc.Candidate{MID: mainMID, Ufrag: ufrag, Pwd: pwd}
	switch {
	case c == nil && d.sent:
		k = pexrtc.Candidate{MID: mainMID}
	case c == nil || strings.Contains(d.taken, c.ToJSON().Candidate):
		return
	default:
		k.Candidate = c.ToJSON().Candidate
	}
	d.sent = true
	d.leg.passCandidate(k)
}

// wait blocks until all candidates are known, or, if not all are wanted, for a little while and at least one.
func (d *description) wait(ctx context.Context, all bool) error {
	var enough <-chan time.Time
	var first <-chan struct{}
	if !all {
		enough = time.After(gatherPatience)
	}
	for {
		select {
		case <-d.done:
			return nil
		case <-enough:
			first = d.first
		case <-first:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-d.leg.ctx.Done():
			return ErrClosed
		}
	}
}

// take is the local description as it is now.
func (d *description) take() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.taken = d.hop.pc.LocalDescription().SDP
	return d.taken
}

// OnNodeCandidate is told our candidates for the node that were found after NodeOffer, and then one without Candidate:
// the end of the list. f is called by one goroutine of the leg, one candidate after the other; it may take its time, but
// Close waits for it. Candidates that were found before it was set are not lost; a later f replaces it.
func (l *Leg) OnNodeCandidate(f func(pexrtc.Candidate)) {
	if l.onCandidate.Swap(&f) == nil {
		l.goes(l.tellCandidates)
	}
}

// tellCandidates runs from the first OnNodeCandidate until the leg is closed.
func (l *Leg) tellCandidates() {
	for {
		select {
		case c := <-l.candidates:
			(*l.onCandidate.Load())(c)
		case <-l.ctx.Done():
			return
		}
	}
}

func (l *Leg) passCandidate(c pexrtc.Candidate) {
	select {
	case l.candidates <- c:
	default:
		l.log.Debug("more candidates than anybody takes")
	}
}

// dropCandidates forgets those of a replaced hop.
func (l *Leg) dropCandidates() {
	for {
		select {
		case <-l.candidates:
		default:
			return
		}
	}
}
