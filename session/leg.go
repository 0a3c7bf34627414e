package session

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/pexrtc/relay"
)

// MediaMode says which way the agent's video goes.
type MediaMode string

const (
	Relay  MediaMode = "relay"  // browser ↔ us ↔ node
	Bypass MediaMode = "bypass" // browser ↔ node
)

// leg carries the agent's video between his browser and the conference. Its two kinds are the
// media modes. connect may run in any goroutine, one at a time; the rest is quick and safe.
type leg interface {
	// connect negotiates with the page's offer: answer is called as soon as the page can be
	// answered, and connect returns when media may flow. Called again, it serves a page that was
	// reloaded or whose peer connection failed.
	connect(ctx context.Context, offer string, answer func(sdp string)) error
	// keeps reports whether the node goes on with the media that is agreed while connect runs with this offer.
	keeps(offer string) bool
	// candidate takes one of the page's. It may take a request to the node.
	candidate(ctx context.Context, c pexrtc.Candidate) error
	// show opens or closes the way from the agent's camera to the customer. Closed at first.
	show(on bool)
	// hide closes or opens the way from the customer's camera to the agent. Open at first.
	hide(on bool)
	// slides is the direction of the slides line towards the node, as agreed: pexrtc.SlidesDirection.
	slides() string
	// turn changes it; where the page turns its line itself, by an offer, that does nothing.
	turn(ctx context.Context, direction string) error
	// present opens or closes the way from the agent's shared screen to the customer. Closed at first.
	present(on bool)
	// close ends the media; the participant lives on. Once only.
	close(ctx context.Context)
}

// relayLeg is the leg through this server: one hop to the browser, one to the node.
type relayLeg struct {
	*relay.Leg
	participant *pexrtc.Participant
	call        atomic.Pointer[pexrtc.Call] // nil until the node has answered
	done        chan struct{}               // closed by close
	updates     sync.Mutex                  // held from an offer for the call's update to its ack
}

func (l *relayLeg) connect(ctx context.Context, offer string, answer func(string)) error {
	if err := l.OfferBrowser(offer); err != nil {
		return err
	}
	call := l.call.Load()
	again := call != nil
	if !again {
		var err error
		if call, err = l.connectNode(ctx); err != nil {
			return err
		}
	}
	sdp, err := l.BrowserAnswer(ctx)
	if err != nil {
		return err
	}
	answer(sdp)
	if again {
		return nil
	}
	if err := call.Ack(ctx); err != nil || len(call.TURN()) == 0 {
		return err
	}
	return l.restart(ctx)
}

func (l *relayLeg) keeps(string) bool { return l.call.Load() != nil }

// restart looks for another path to the node, by the servers of its answer as well.
func (l *relayLeg) restart(ctx context.Context) error {
	return l.renew(ctx, func() (string, error) { return l.RestartNode(ctx, l.call.Load().TURN()) })
}

// connectNode places the node hop's call. No media flows before its ack.
func (l *relayLeg) connectNode(ctx context.Context) (*pexrtc.Call, error) {
	offer, err := l.NodeOffer(ctx)
	if err != nil {
		return nil, err
	}
	call, err := l.participant.Call(ctx, offer)
	if err != nil {
		return nil, err
	}
	l.call.Store(call)
	if err := l.NodeAnswer(call.Answer()); err != nil {
		return nil, err
	}
	l.OnNodeCandidate(func(c pexrtc.Candidate) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), candidateTime)
		defer cancel()
		_ = call.Candidate(ctx, c) // a candidate that is lost costs a path, not the call
	})
	return call, nil
}

// candidateTime bounds the request that carries a candidate.
const candidateTime = 5 * time.Second

func (l *relayLeg) candidate(_ context.Context, c pexrtc.Candidate) error {
	return l.BrowserCandidate(c.Candidate)
}

func (l *relayLeg) show(on bool)    { l.SetSending(on) }
func (l *relayLeg) hide(on bool)    { l.SetReceiving(!on) }
func (l *relayLeg) present(on bool) { l.SetPresenting(on) }
func (l *relayLeg) slides() string  { return l.Slides() }

func (l *relayLeg) turn(ctx context.Context, direction string) error {
	return l.renew(ctx, func() (string, error) { return l.TurnSlides(direction) })
}

// renew changes the call that there is by another offer, one at a time.
func (l *relayLeg) renew(ctx context.Context, makeOffer func() (string, error)) error {
	l.updates.Lock()
	defer l.updates.Unlock()
	call := l.call.Load()
	if call == nil {
		return relay.ErrOrder
	}
	offer, err := makeOffer()
	if err != nil {
		return err
	}
	answer, err := call.Update(ctx, offer)
	if err != nil {
		return err
	}
	if err := l.NodeAnswer(answer); err != nil {
		return err
	}
	return call.Ack(ctx)
}

func (l *relayLeg) close(ctx context.Context) {
	close(l.done)
	_ = l.Close() // media that fails to end has ended
	hangUp(ctx, l.call.Load())
}

// hangUp ends a media call on the node. Where that fails the call ends with its participant.
func hangUp(ctx context.Context, call *pexrtc.Call) {
	if call != nil {
		_ = call.Disconnect(ctx)
	}
}
