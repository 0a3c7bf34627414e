package relay

import (
	"context"
	"fmt"
	"slices"

	"github.com/videoleg/videoleg/pexrtc"
)

// RestartNode looks for a new path to the node (RFC 8445, 2.4), with these servers in addition to the leg's: when the
// path has failed, or when the node has handed over TURN servers in its answer. The offer is for the call's update, and
// NodeAnswer takes the answer. Keys, streams and the browser hop stay as they are. Errors: ErrOrder before NodeAnswer and
// after the node has ended the call, ErrClosed, ctx's.
func (l *Leg) RestartNode(ctx context.Context, more []pexrtc.ICEServer) (string, error) {
	l.neg.Lock()
	defer l.neg.Unlock()
	h := l.node.hop.Load()
	l.mu.Lock()
	if l.closed || h == nil || !h.described || h.transport.over.Load() {
		l.mu.Unlock()
		return "", l.outOfOrder()
	}
	h.described = false // candidates that come from now on belong to the next answer
	l.early[Node] = nil
	pairs, turned := l.pairs, l.turned
	l.mu.Unlock()
	l.dropCandidates()
	if err := h.transport.restart(servers(slices.Concat(l.cfg.ICEServers, more))); err != nil {
		return "", err
	}
	g, err := l.gather(h)
	if err != nil {
		return "", err
	}
	if err := g.wait(ctx, !l.cfg.TrickleICE); err != nil {
		return "", err
	}
	h.gathering = g
	return h.toNode(g.take(), pairs, l.relay.kbps, turned)
}

// answerNode connects the node hop or, after RestartNode, tells it where to look now.
func (h *hop) answerNode(r *remote, pairs []pair, restarted bool) error {
	h.there = r.far
	h.listen(r, pairs)
	switch {
	case !h.transport.started():
		h.know(r.media, feedbacks(r.media), r.exts)
		return h.transport.connect(r.far, true, r.setup == "passive")
	case restarted:
		return h.transport.rejoin(r.far)
	default:
		return nil
	}
}

// pageHop is the hop that answers offer: the one there is, if the page only looks for a new path, else a new one.
func (l *Leg) pageHop(offer *remote, pairs []pair) (*hop, *gathering, error) {
	if h := l.browser.hop.Load(); h != nil && h.there.fingerprint == offer.far.fingerprint && !h.transport.over.Load() {
		return l.repage(h, offer, pairs)
	}
	h, err := l.newHop(l.browser, l.toNode, l.toBrowser)
	if err != nil {
		return nil, nil, err
	}
	h.know(offer.media, feedbacks(offer.media), offer.exts)
	h.listen(offer, pairs)
	h.there = offer.far
	l.replace(h)
	g, err := l.gather(h)
	if err != nil {
		return nil, nil, err
	}
	h.gathering = g
	if err := h.transport.connect(offer.far, false, answerSetup(offer.setup) == "active"); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", pexrtc.ErrSDP, err)
	}
	return h, g, nil
}

// repage answers another offer of the same connection: an ICE restart if its credentials are new.
func (l *Leg) repage(h *hop, offer *remote, pairs []pair) (*hop, *gathering, error) {
	h.listen(offer, pairs)
	if h.there.ufrag == offer.far.ufrag {
		return h, h.gathering, nil
	}
	if err := h.transport.restart(nil); err != nil {
		return nil, nil, err
	}
	h.there = offer.far
	g, err := l.gather(h)
	if err != nil {
		return nil, nil, err
	}
	h.gathering = g
	if err := h.transport.rejoin(offer.far); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", pexrtc.ErrSDP, err)
	}
	return h, g, nil
}
