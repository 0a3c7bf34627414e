package relay

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/pion/ice/v4"

	"github.com/videoleg/videoleg/pexrtc"
)

// gathering watches a hop find its candidates: those it has until take are in the description, the rest of the node
// hop's go to OnNodeCandidate.
type gathering struct {
	leg   *Leg
	hop   *hop
	local local         // without candidates
	first chan struct{} // closed at the first candidate
	done  chan struct{} // closed after the last one

	mu    sync.Mutex
	all   []string // guarded by mu, as the rest
	ended bool
	taken bool // take was called
	sent  bool // a candidate was passed on after take
}

// local is what our description says of a transport.
type local struct {
	ufrag, pwd  string
	fingerprint string
	candidates  []string
	complete    bool // there are no more candidates
}

// gather begins to look for the addresses of h.
func (l *Leg) gather(h *hop) (*gathering, error) {
	g := &gathering{leg: l, hop: h, first: make(chan struct{}), done: make(chan struct{})}
	agent := h.transport.agent
	ufrag, pwd, err := agent.GetLocalUserCredentials()
	if err == nil {
		g.local = local{ufrag: ufrag, pwd: pwd, fingerprint: fingerprintOf(h.transport.cert)}
		err = agent.OnCandidate(g.found)
	}
	if err == nil {
		err = agent.GatherCandidates()
	}
	if err != nil {
		return nil, fmt.Errorf("relay: gather candidates: %w", err)
	}
	return g, nil
}

// found is called by the ICE stack; nil ends the list.
func (g *gathering) found(c ice.Candidate) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ended {
		return
	}
	text := ""
	if c == nil {
		g.ended = true
		close(g.done)
	} else {
		text = "candidate:" + c.Marshal()
		if g.all = append(g.all, text); len(g.all) == 1 {
			close(g.first)
		}
	}
	if !g.taken || g.hop.end.side != Node || !g.hop.current() || (c == nil && !g.sent) {
		return
	}
	g.sent = true
	k := pexrtc.Candidate{MID: mainMID, Candidate: text}
	if text != "" {
		k.Ufrag, k.Pwd = g.local.ufrag, g.local.pwd
	}
	g.leg.passCandidate(k)
}

// wait blocks until all candidates are known, or, if not all are wanted, until the first and those right after it are.
func (g *gathering) wait(ctx context.Context, all bool) error {
	var first <-chan struct{}
	var enough <-chan time.Time
	if !all {
		first = g.first
	}
	for {
		select {
		case <-g.done:
			return nil
		case <-first:
			first, enough = nil, time.After(gatherPatience)
		case <-enough:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-g.leg.ctx.Done():
			return ErrClosed
		}
	}
}

// take is our side as it is now.
func (g *gathering) take() local {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.taken = true
	l := g.local
	l.candidates, l.complete = g.all, g.ended
	return l
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
