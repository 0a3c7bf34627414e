package relay

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/videoleg/videoleg/pexrtc"
)

const (
	maxEarly = 64 // candidates kept until the description they belong to
	// gatherPatience is how long NodeOffer waits after the first candidate when the rest may follow later: this machine's own
	// addresses come together, what STUN and TURN find takes its time.
	gatherPatience = 20 * time.Millisecond
)

// OfferBrowser takes a page's offer: video only, one line. The first one may wait for the node; a later one replaces the
// page, after a reload, or restarts ICE, if it comes from the same connection, while the node hop stays as it is.
// BrowserAnswer answers it.
// Errors: pexrtc.ErrAudio, pexrtc.ErrSDP, ErrCodec, ErrClosed.
func (l *Leg) OfferBrowser(offer string) error {
	r, err := readOffer(offer)
	if err != nil {
		return err
	}
	offered := choose(pexrtc.ReadCodecs(r.media), l.cfg.VP9)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return ErrClosed
	case len(offered) == 0, l.pairs != nil && len(rematch(l.pairs, offered)) == 0:
		return ErrCodec
	}
	l.offer, l.offered, l.early[Browser] = r, offered, nil
	return nil
}

// NodeOffer makes the offer for the node, with the codecs of the page's offer. Called again, after the node has ended
// the call or for another node, it replaces the node hop; the browser hop stays. Errors: ErrOrder before OfferBrowser,
// ErrNoPath when all must go by TURN and no server of it answers, ErrClosed, ctx's.
func (l *Leg) NodeOffer(ctx context.Context) (string, error) {
	l.neg.Lock()
	defer l.neg.Unlock()
	pairs := l.nodePairs()
	if pairs == nil {
		return "", l.outOfOrder()
	}
	h, err := l.newHop(l.node, l.toBrowser, l.toNode)
	if err != nil {
		return "", err
	}
	l.replace(h)
	l.dropCandidates()
	g, err := l.gather(h)
	if err != nil {
		return "", err
	}
	if err := g.wait(ctx, !l.cfg.TrickleICE); err != nil {
		return "", err
	}
	h.gathering = g
	ours := g.take()
	if ours.complete && len(ours.candidates) == 0 {
		return "", fmt.Errorf("%w: no candidates", ErrNoPath)
	}
	l.mu.Lock()
	turned := l.turned
	l.mu.Unlock()
	return h.toNode(ours, pairs, l.relay.kbps, turned)
}

// nodePairs are the codecs to offer to the node: once agreed, the page's codecs are settled.
func (l *Leg) nodePairs() []pair {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.early[Node] = nil
	switch {
	case l.closed:
		return nil
	case l.pairs != nil:
		return l.pairs
	}
	return l.offered
}

func (l *Leg) outOfOrder() error {
	if l.ctx.Err() != nil {
		return ErrClosed
	}
	return ErrOrder
}

// NodeAnswer takes the node's answer, which settles the codec. Errors: pexrtc.ErrAudio, pexrtc.ErrSDP, ErrRefused,
// ErrCodec, ErrOrder, ErrClosed.
func (l *Leg) NodeAnswer(answer string) error {
	r, err := readAnswer(answer)
	if err != nil {
		return err
	}
	l.neg.Lock()
	defer l.neg.Unlock()
	h := l.node.hop.Load()
	if h == nil {
		return l.outOfOrder()
	}
	pairs, err := l.settle(r)
	if err != nil {
		return err
	}
	l.mu.Lock()
	there := h.described && h.there.ufrag == r.far.ufrag // nothing but the slides has changed
	l.mu.Unlock()
	if err := h.answerNode(r, pairs, !there); err != nil {
		return err
	}
	l.turnedTo(r)
	if there {
		return nil
	}
	return l.addRemote(h, r)
}

// settle fixes codecs and bandwidth by the node's answer.
func (l *Leg) settle(answer *remote) ([]pair, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	from := l.pairs
	if from == nil {
		from = l.offered
	}
	pairs := agree(from, pexrtc.ReadCodecs(answer.media))
	if len(pairs) == 0 {
		return nil, ErrCodec
	}
	if l.pairs == nil {
		close(l.agreed)
	}
	l.slideCodecs[Node] = answer.slideCodecs()
	l.setPairs(pairs)
	l.ceiling[Browser] = l.relay.kbps
	if limit := pexrtc.Bandwidth(answer.media); limit > 0 {
		l.ceiling[Browser] = min(limit, l.relay.kbps)
	}
	return pairs, nil
}

// setPairs makes pairs the codecs of the leg; l.mu is held.
func (l *Leg) setPairs(pairs []pair) {
	l.pairs = pairs
	l.toNode[mainVideo].types.Store(newTypeMap(pairs, Browser, Node))
	l.toBrowser[mainVideo].types.Store(newTypeMap(pairs, Node, Browser))
	l.toNode[slides].types.Store(newTypeMap(among(l.slideCodecs[Node], pairs, Node), Browser, Node))
	l.toBrowser[slides].types.Store(newTypeMap(among(l.slideCodecs[Browser], pairs, Browser), Node, Browser))
}

// BrowserAnswer answers the page's last offer with the agreed codecs and all our candidates. It waits for NodeAnswer.
// Errors: ErrOrder without an offer, ErrCodec, ErrClosed, ctx's.
func (l *Leg) BrowserAnswer(ctx context.Context) (string, error) {
	select {
	case <-l.agreed:
	case <-ctx.Done():
		return "", ctx.Err()
	case <-l.ctx.Done():
		return "", ErrClosed
	}
	l.neg.Lock()
	defer l.neg.Unlock()
	offer, pairs, kbps, err := l.readPage()
	if err != nil {
		return "", err
	}
	h, g, err := l.pageHop(offer, pairs)
	if err != nil {
		return "", err
	}
	if err := l.addRemote(h, offer); err != nil {
		return "", err
	}
	l.node.lines[mainVideo].keyframes.ask() // it comes while the page connects
	if err := g.wait(ctx, true); err != nil {
		return "", err
	}
	return h.toBrowser(g.take(), offer, pairs, kbps)
}

// readPage is the page's unanswered offer; the payload types become this page's.
func (l *Leg) readPage() (*remote, []pair, int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, nil, 0, ErrClosed
	}
	if l.offer == nil {
		return nil, nil, 0, ErrOrder
	}
	pairs := rematch(l.pairs, l.offered)
	if len(pairs) == 0 {
		return nil, nil, 0, ErrCodec
	}
	l.slideCodecs[Browser] = l.offer.slideCodecs()
	l.setPairs(pairs)
	l.ceiling[Node] = l.relay.kbps
	if limit := pexrtc.Bandwidth(l.offer.media); limit > 0 {
		l.ceiling[Node] = min(limit, l.relay.kbps)
	}
	return l.offer, pairs, l.ceiling[Browser], nil
}

// BrowserCandidate adds a candidate of the page, at any time after its offer, of whatever line: all have one transport. An
// empty one, the end of the list, does nothing.
func (l *Leg) BrowserCandidate(candidate string) error {
	return l.addCandidate(l.browser, candidate)
}

// NodeCandidate adds a candidate of the node, at any time after NodeOffer.
func (l *Leg) NodeCandidate(c pexrtc.Candidate) error {
	if c.MID != "" && c.MID != mainMID {
		return nil
	}
	return l.addCandidate(l.node, c.Candidate)
}

func (l *Leg) addCandidate(e *end, candidate string) error {
	if candidate == "" {
		return nil
	}
	if len(candidate) > 512 || strings.ContainsAny(candidate, "\r\n") {
		return fmt.Errorf("%w: candidate", pexrtc.ErrSDP)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	h := e.hop.Load()
	waiting := e.side == Browser && l.offer != nil
	if h == nil || waiting || !h.described {
		if len(l.early[e.side]) < maxEarly {
			l.early[e.side] = append(l.early[e.side], candidate)
		} else {
			e.drop(Candidates)
		}
		return nil
	}
	if err := h.transport.addCandidate(candidate); err != nil {
		e.drop(Candidates)
		return fmt.Errorf("%w: candidate: %w", pexrtc.ErrSDP, err)
	}
	return nil
}

// addRemote applies the candidates of h's far end: those in its description r and those that came before it. A bad one
// among them is left out. A page's offer counts as answered from now on.
func (l *Leg) addRemote(h *hop, r *remote) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	all := r.candidates()
	if h.end.side == Node || l.offer == r { // else the page has reloaded meanwhile; they are the new page's
		all = append(all, l.early[h.end.side]...)
		l.early[h.end.side] = nil
	}
	if l.offer == r {
		l.offer = nil
	}
	h.described = true
	for _, c := range all {
		if err := h.transport.addCandidate(c); err != nil {
			h.end.drop(Candidates)
			l.log.Debug("candidate refused", "hop", h.end.side, "err", err)
		}
	}
	return nil
}
