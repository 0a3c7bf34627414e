package relay

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/videoleg/videoleg/pexrtc"
)

// LegConfig is what one call needs; see the participant's ICEServers, RelayOnly, TrickleICE and VP9.
type LegConfig struct {
	ICEServers []pexrtc.ICEServer // for the node hop
	RelayOnly  bool               // the node hop uses TURN only
	TrickleICE bool               // the node takes candidates after the offer; else NodeOffer waits for all of them
	VP9        bool               // the node takes VP9
	OnState    func(State)        // told of each change, from the media stack's goroutines; nil: nobody
	Log        *slog.Logger       // nil: the relay's
}

// Leg relays the video of one call. Its methods may be called from any goroutine but not from its callbacks.
type Leg struct {
	relay *Relay
	cfg   LegConfig
	log   *slog.Logger

	browser, node     *end
	toNode, toBrowser [contents]*forwarder

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	agreed chan struct{} // closed when a codec is agreed
	narrow chan struct{} // a path has become narrower

	candidates  chan pexrtc.Candidate                  // found after NodeOffer, for OnNodeCandidate
	onCandidate atomic.Pointer[func(pexrtc.Candidate)] // nil until OnNodeCandidate

	neg sync.Mutex // held through each step of the negotiation, so that they follow one another

	mu          sync.Mutex
	closed      bool              // guarded by mu, as the rest
	work        sync.WaitGroup    // goroutines of the leg; Add under mu
	offer       *remote           // of the page, not yet answered
	offered     []pair            // what it can, in its order
	pairs       []pair            // agreed with the node, with the payload types of the page of the moment
	slideCodecs [2][]pexrtc.Codec // that Browser and Node take on their slides lines
	ceiling     [2]int            // kbit/s that Browser and Node may send us on one line
	turned      string            // direction of the slides line on the node hop, as last offered
	turn        string            // the same, as agreed
	early       [2][]string       // remote candidates that came before their description
}

func newLeg(r *Relay, cfg LegConfig) *Leg {
	l := &Leg{
		relay: r, cfg: cfg, log: cfg.Log, browser: newEnd(Browser), node: newEnd(Node),
		agreed: make(chan struct{}), narrow: make(chan struct{}, 1), candidates: make(chan pexrtc.Candidate, maxEarly), turned: Idle, turn: Idle,
	}
	if l.log == nil {
		l.log = r.log
	}
	for c := range contents {
		l.toNode[c] = &forwarder{from: &l.browser.lines[c], to: l.node}
		l.toBrowser[c] = &forwarder{from: &l.node.lines[c], to: l.browser, open: true}
	}
	l.ceiling = [2]int{r.kbps, r.kbps}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.goes(l.regulate)
	return l
}

// goes runs f in a goroutine that Close waits for; false when the leg is closed.
func (l *Leg) goes(f func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.work.Go(f)
	return true
}

// tell passes a change to whoever made the leg.
func (l *Leg) tell(h Hop, c Condition) {
	if l.cfg.OnState != nil && l.ctx.Err() == nil {
		l.cfg.OnState(State{Hop: h, Condition: c})
	}
}

// SetSending moves the gate from browser to node, which is closed at first. After SetSending(false) has returned, no
// picture of the camera leaves for the node; opening asks the browser for a keyframe.
func (l *Leg) SetSending(on bool) { l.toNode[mainVideo].gate(on) }

// SetPresenting does for the shared screen what SetSending does for the camera.
func (l *Leg) SetPresenting(on bool) { l.toNode[slides].gate(on) }

// SetReceiving moves the gates from node to browser, which are open at first; opening asks the node for keyframes.
func (l *Leg) SetReceiving(on bool) {
	for _, f := range l.toBrowser {
		f.gate(on)
	}
}

// regulate reports to both far ends every second, and keeps them within what the receivers behind the relay can take.
// It runs until the leg is closed.
func (l *Leg) regulate() {
	tick := time.NewTicker(rateEvery)
	defer tick.Stop()
	var browser, node limiter
	var wait playout
	for {
		select {
		case <-l.ctx.Done():
			return
		case now := <-tick.C:
			ceiling := l.ceilings()
			l.browser.report(browser.next(float64(ceiling[Browser])*1000, &l.node.can, l.node.bytesOut.Load()), now)
			l.node.report(node.next(float64(ceiling[Node])*1000, &l.browser.can, l.browser.bytesOut.Load()), now)
			l.browser.delay(wait.next(l.node.nacksSent.Load(), l.node.trip()))
		case <-l.narrow:
			l.browser.limit(browser.now(&l.node.can))
			l.node.limit(node.now(&l.browser.can))
		}
	}
}

// hurry lets the senders know of a path that has become narrower before the second is over.
func (l *Leg) hurry() {
	select {
	case l.narrow <- struct{}{}:
	default:
	}
}

// ceilings are what Browser and Node may send us in all, in kbit/s.
func (l *Leg) ceilings() [2]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.ceiling
	switch l.turn {
	case Presenting:
		all[Browser] *= 2
	case Watching:
		all[Node] *= 2
	}
	return all
}

// Close ends both hops and every goroutine of the leg. It may be called more than once.
func (l *Leg) Close() error {
	l.mu.Lock()
	already := l.closed
	l.closed = true
	l.mu.Unlock()
	l.cancel()
	if already {
		return nil
	}
	l.browser.stop()
	l.node.stop()
	l.neg.Lock() // a negotiation under way sees the cancelled context and ends
	defer l.neg.Unlock()
	err := errors.Join(closeHop(l.browser.hop.Swap(nil)), closeHop(l.node.hop.Swap(nil)))
	l.work.Wait()
	l.relay.forget(l)
	return err
}

func closeHop(h *hop) error {
	if h == nil {
		return nil
	}
	return h.close()
}

// replace puts h in the place of its end's hop and closes the old one in the background.
func (l *Leg) replace(h *hop) {
	old := h.end.hop.Swap(h)
	if old == nil {
		return
	}
	h.end.can.forget()
	for c := range h.in.lines {
		h.end.lines[c].source.Store(nil)
		h.in.lines[c].forward.follow(nil)
	}
	l.goes(func() {
		if err := old.close(); err != nil {
			l.log.Debug("replaced hop not closed cleanly", "err", err)
		}
	})
}
