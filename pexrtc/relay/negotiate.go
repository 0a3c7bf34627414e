package relay

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pion/sdp/v3"
	"github.com/pion/stun/v4"
	"github.com/pion/webrtc/v4"

	"github.com/videoleg/videoleg/pexrtc"
)

const (
	maxEarly = 64 // candidates kept until the description they belong to
	// gatherPatience is how long NodeOffer waits for STUN and TURN when the rest may follow later.
	gatherPatience = 250 * time.Millisecond
)

// OfferBrowser takes a page's offer: video only, one line. The first one may wait for the node; a later one, after a
// reload, replaces the page while the node hop stays as it is. BrowserAnswer answers it.
// Errors: pexrtc.ErrAudio, pexrtc.ErrSDP, ErrCodec, ErrClosed.
func (l *Leg) OfferBrowser(offer string) error {
	d, err := readOffer(offer)
	if err != nil {
		return err
	}
	offered := choose(pexrtc.ReadCodecs(d.MediaDescriptions[0]), l.cfg.VP9)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return ErrClosed
	case len(offered) == 0, l.pairs != nil && len(rematch(l.pairs, offered)) == 0:
		return ErrCodec
	}
	l.offer, l.offered, l.early[Browser] = d, offered, nil
	return nil
}

// NodeOffer makes the offer for the node, with the codecs of the page's offer. Called again, after the node has ended
// the call or for another node, it replaces the node hop; the browser hop stays. Errors: ErrOrder before OfferBrowser,
// ErrClosed, ctx's.
func (l *Leg) NodeOffer(ctx context.Context) (string, error) {
	l.neg.Lock()
	defer l.neg.Unlock()
	pairs := l.nodePairs()
	if pairs == nil {
		return "", l.outOfOrder()
	}
	cfg := webrtc.Configuration{ICEServers: stackServers(l.cfg.ICEServers)}
	if l.cfg.RelayOnly {
		cfg.ICETransportPolicy = webrtc.ICETransportPolicyRelay
	}
	h, err := l.newHop(l.node, l.toBrowser, l.toNode, pairs, cfg)
	if err != nil {
		return "", err
	}
	l.replace(h)
	l.dropCandidates()
	local := newDescription(l, h)
	offer, err := h.pc.CreateOffer(nil)
	if err == nil {
		err = h.pc.SetLocalDescription(offer)
	}
	if err != nil {
		return "", fmt.Errorf("relay: offer for the node: %w", err)
	}
	if err := local.wait(ctx, !l.cfg.TrickleICE); err != nil {
		return "", err
	}
	return toNode(local.take(), l.relay.kbps)
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
	d, err := readAnswer(answer)
	if err != nil {
		return err
	}
	l.neg.Lock()
	defer l.neg.Unlock()
	h := l.node.hop.Load()
	if h == nil {
		return l.outOfOrder()
	}
	main := d.MediaDescriptions[0]
	if err := l.settle(main); err != nil {
		return err
	}
	h.know(main, feedbacks(main))
	text, err := write(d)
	if err == nil {
		err = h.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: text})
	}
	if err != nil {
		return fmt.Errorf("relay: answer of the node: %w", err)
	}
	return l.addEarly(h, nil)
}

// settle fixes codecs and bandwidth by the node's answer.
func (l *Leg) settle(answer *sdp.MediaDescription) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	from := l.pairs
	if from == nil {
		from = l.offered
	}
	pairs := agree(from, pexrtc.ReadCodecs(answer))
	if len(pairs) == 0 {
		return ErrCodec
	}
	if l.pairs == nil {
		close(l.agreed)
	}
	l.setPairs(pairs)
	l.ceiling[Browser] = l.relay.kbps
	if limit := pexrtc.Bandwidth(answer); limit > 0 {
		l.ceiling[Browser] = min(limit, l.relay.kbps)
	}
	return nil
}

// setPairs makes pairs the codecs of the leg; l.mu is held.
func (l *Leg) setPairs(pairs []pair) {
	l.pairs = pairs
	l.toNode.setTypes(newTypeMap(pairs, Browser, Node))
	l.toBrowser.setTypes(newTypeMap(pairs, Node, Browser))
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
	h, err := l.newHop(l.browser, l.toNode, l.toBrowser, pairs, webrtc.Configuration{})
	if err != nil {
		return "", err
	}
	h.know(offer.MediaDescriptions[0], feedbacks(offer.MediaDescriptions[0]))
	l.replace(h)
	local := newDescription(l, h)
	if err := h.answer(offer); err != nil {
		return "", err
	}
	if err := l.addEarly(h, offer); err != nil {
		return "", err
	}
	if err := local.wait(ctx, true); err != nil {
		return "", err
	}
	return toBrowser(local.take(), pairs, kbps)
}

// readPage is the page's unanswered offer; the payload types become this page's.
func (l *Leg) readPage() (*sdp.SessionDescription, []pair, int, error) {
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
	l.setPairs(pairs)
	l.ceiling[Node] = l.relay.kbps
	if limit := pexrtc.Bandwidth(l.offer.MediaDescriptions[0]); limit > 0 {
		l.ceiling[Node] = min(limit, l.relay.kbps)
	}
	return l.offer, pairs, l.ceiling[Browser], nil
}

// answer applies the page's offer and begins to gather.
func (h *hop) answer(offer *sdp.SessionDescription) error {
	text, err := write(offer)
	if err != nil {
		return err
	}
	err = h.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: text})
	if err != nil {
		return fmt.Errorf("%w: %w", pexrtc.ErrSDP, err)
	}
	answer, err := h.pc.CreateAnswer(nil)
	if err == nil {
		err = h.pc.SetLocalDescription(answer)
	}
	if err != nil {
		return fmt.Errorf("relay: answer for the page: %w", err)
	}
	return nil
}

// BrowserCandidate adds a candidate of the page, at any time after its offer. An empty one, the end of the list, and
// those of other lines than ours do nothing.
func (l *Leg) BrowserCandidate(candidate, _ string) error {
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
	line := uint16(0)
	c := webrtc.ICECandidateInit{Candidate: candidate, SDPMLineIndex: &line}
	l.mu.Lock()
	defer l.mu.Unlock()
	h := e.hop.Load()
	waiting := e.side == Browser && l.offer != nil
	if h == nil || waiting || h.pc.RemoteDescription() == nil {
		if len(l.early[e.side]) < maxEarly {
			l.early[e.side] = append(l.early[e.side], c)
		}
		return nil
	}
	if err := h.pc.AddICECandidate(c); err != nil {
		return fmt.Errorf("%w: candidate: %w", pexrtc.ErrSDP, err)
	}
	return nil
}

// addEarly applies the candidates that came before h's remote description. A bad one among them is left out. For the
// browser hop, offer is the description they belong to, and counts as answered from now on.
func (l *Leg) addEarly(h *hop, offer *sdp.SessionDescription) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	if h.end.side == Browser {
		if l.offer != offer {
			return nil // the page has reloaded meanwhile; they are the new page's
		}
		l.offer = nil
	}
	for _, c := range l.early[h.end.side] {
		if err := h.pc.AddICECandidate(c); err != nil {
			l.log.Debug("candidate refused", "hop", h.end.side, "err", err)
		}
	}
	l.early[h.end.side] = nil
	return nil
}

// feedbacks lists the rtcp-fb values of all codecs of m.
func feedbacks(m *sdp.MediaDescription) []string {
	var all []string
	for _, c := range pexrtc.ReadCodecs(m) {
		all = append(all, c.Feedback...)
	}
	return all
}

// stackServers leaves out what the media stack would refuse: one bad entry must not cost the call.
func stackServers(servers []pexrtc.ICEServer) []webrtc.ICEServer {
	var all []webrtc.ICEServer
	for _, s := range servers {
		for _, u := range s.URLs {
			uri, err := stun.ParseURI(u)
			if err != nil || (strings.HasPrefix(u, "turn") && (s.Username == "" || s.Credential == "")) || uri.Host == "" {
				continue
			}
			all = append(all, webrtc.ICEServer{URLs: []string{u}, Username: s.Username, Credential: s.Credential})
		}
	}
	return all
}
