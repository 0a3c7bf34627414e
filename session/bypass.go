package session

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/pexrtc/relay"
	"github.com/videoleg/videoleg/session/page"
)

// bypassLeg is the leg past this server: media flows between browser and node, and only the
// signalling is ours. The page closes the ways itself when its state says so.
type bypassLeg struct {
	participant *pexrtc.Participant
	audio       bool // the customer's own call carries audio; an agent's never
	kbps        int

	mu      sync.Mutex // guards the rest
	call    *pexrtc.Call
	offer   string             // of the page, that the call was last negotiated with
	pending []pexrtc.Candidate // of the page, gathered before the node has answered
	taken   int                // candidates since the last offer
}

// maxTaken bounds the candidates of one offer, each of which is a request to the node; browsers make a dozen.
const maxTaken = 64

var errCandidates = errors.New("session: too many candidates")

func (l *bypassLeg) connect(ctx context.Context, offer string, answer func(string)) error {
	if err := pexrtc.CheckOffer(offer, l.audio); err != nil {
		return err
	}
	prepared, err := pexrtc.PrepareOffer(offer, l.kbps)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.taken = len(l.pending)
	l.mu.Unlock()
	if call, _ := l.current(); l.keeps(offer) {
		return l.update(ctx, call, offer, prepared, answer)
	}
	if old := l.swap(nil, ""); old != nil {
		// The page comes back with a new peer connection: the old call ends before the new one.
		if err := old.Disconnect(ctx); err != nil {
			return fmt.Errorf("session: replace the call of an earlier page: %w", err)
		}
	}
	call, err := l.participant.Call(ctx, prepared)
	if err != nil {
		return err
	}
	if err := pexrtc.CheckOffer(call.Answer(), l.audio); err != nil {
		return err
	}
	if pexrtc.Refused(call.Answer()) {
		return relay.ErrRefused
	}
	answer(call.Answer())
	l.swap(call, offer)
	var flushed sync.WaitGroup
	flushed.Go(func() { l.flush(ctx, call) })
	defer flushed.Wait()
	return call.Ack(ctx)
}

func (l *bypassLeg) keeps(offer string) bool {
	call, last := l.current()
	return call != nil && pexrtc.SameConnection(last, offer)
}

// errUpdate: the call goes on with what was agreed before, and the page's connection does not.
var errUpdate = errors.New("session: the node did not take the page's new offer")

// update carries another offer of the same peer connection: slides, or a new path.
func (l *bypassLeg) update(ctx context.Context, call *pexrtc.Call, offer, prepared string, answer func(string)) error {
	sdp, err := call.Update(ctx, prepared)
	if err == nil {
		err = pexrtc.CheckOffer(sdp, l.audio)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errUpdate, err)
	}
	answer(sdp)
	if err := call.Ack(ctx); err != nil {
		return fmt.Errorf("%w: %w", errUpdate, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.call == call {
		l.offer = offer
	}
	return nil
}

func (l *bypassLeg) current() (call *pexrtc.Call, offer string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.call, l.offer
}

// placed reports whether there is a call.
func (l *bypassLeg) placed() bool {
	call, _ := l.current()
	return call != nil
}

// swap makes call, negotiated with this offer, the one that candidates go to, and returns the one before.
func (l *bypassLeg) swap(call *pexrtc.Call, offer string) *pexrtc.Call {
	l.mu.Lock()
	defer l.mu.Unlock()
	old := l.call
	l.call, l.offer = call, offer
	if call == nil {
		l.pending = nil
	}
	return old
}

// flush sends what has waited for call. A candidate that is lost costs a path, not the call.
func (l *bypassLeg) flush(ctx context.Context, call *pexrtc.Call) {
	ctx, cancel := context.WithTimeout(ctx, candidateTime)
	defer cancel()
	l.mu.Lock()
	pending := l.pending
	l.pending = nil
	l.mu.Unlock()
	for _, c := range pending {
		_ = call.Candidate(ctx, c)
	}
}

func (l *bypassLeg) candidate(ctx context.Context, c pexrtc.Candidate) error {
	l.mu.Lock()
	call := l.call
	l.taken++
	full := l.taken > maxTaken
	if call == nil && !full {
		l.pending = append(l.pending, c)
	}
	l.mu.Unlock()
	switch {
	case full:
		return errCandidates
	case call == nil:
		return nil
	}
	return call.Candidate(ctx, c)
}

func (l *bypassLeg) show(bool)    {}
func (l *bypassLeg) hide(bool)    {}
func (l *bypassLeg) present(bool) {}

func (l *bypassLeg) slides() string {
	_, offer := l.current()
	return pexrtc.SlidesDirection(offer)
}

func (l *bypassLeg) turn(context.Context, string) error { return nil }

// handedOver are servers that the node has handed over with its answer; nil before that, and usually.
func (l *bypassLeg) handedOver() []pexrtc.ICEServer {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.call == nil {
		return nil
	}
	return l.call.TURN()
}

func (l *bypassLeg) close(ctx context.Context) { hangUp(ctx, l.swap(nil, "")) }

// servers is a participant's ICE configuration as the page needs it.
func servers(p *pexrtc.Participant) *page.Servers {
	return &page.Servers{ICEServers: iceServers(p.ICEServers()), RelayOnly: p.RelayOnly()}
}

func iceServers(list []pexrtc.ICEServer) []page.ICEServer {
	all := []page.ICEServer{}
	for _, one := range list {
		all = append(all, page.ICEServer{URLs: one.URLs, Username: one.Username, Credential: one.Credential})
	}
	return all
}
