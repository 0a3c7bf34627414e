package relay

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"github.com/videoleg/videoleg/pexrtc"
)

// Directions of the slides line on the node hop. Towards the browser the line goes both ways all the time, as that costs
// nothing; nodes want to be told.
const (
	Idle       = "inactive"
	Presenting = "sendonly"
	Watching   = "recvonly"
)

// TurnSlides makes the offer, for the call's update, that turns the slides line on the node hop: Idle, Presenting or
// Watching. NodeAnswer takes the answer; offers of later restarts keep the direction. Errors: ErrOrder before NodeAnswer
// and after the node has ended the call, ErrClosed.
func (l *Leg) TurnSlides(direction string) (string, error) {
	l.neg.Lock()
	defer l.neg.Unlock()
	h := l.node.hop.Load()
	l.mu.Lock()
	if l.closed || h == nil || !h.described || h.transport.over.Load() {
		l.mu.Unlock()
		return "", l.outOfOrder()
	}
	l.turned = direction
	pairs := l.pairs
	l.mu.Unlock()
	return h.toNode(h.gathering.take(), pairs, l.relay.kbps, direction)
}

// Slides is the direction of the slides line on the node hop, as agreed.
func (l *Leg) Slides() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.turn
}

// turnedTo notes what the node's answer says of the slides line.
func (l *Leg) turnedTo(r *remote) {
	l.mu.Lock()
	before := l.turn
	l.turn = Idle
	if r.slides != nil && r.slides.MediaName.Port.Value != 0 {
		l.turn = mirror(pexrtc.Direction(r.slides))
	}
	watches := l.turn == Watching && before != Watching
	l.mu.Unlock()
	if watches {
		l.node.lines[slides].keyframes.ask()
	}
}

// listen prepares the hop's streams for what its far end's description says: how to repair them, and which of the senders
// share a screen.
func (h *hop) listen(r *remote, pairs []pair) {
	for _, o := range h.out {
		o.repairAs(pairs, h.end.side)
	}
	presents := len(among(r.slideCodecs(), pairs, h.end.side)) > 0
	h.presents.Store(presents)
	if !presents {
		return
	}
	mid, _ := r.slides.Attribute("mid")
	h.in.announce(mid, senders(r.slides))
	if h.connected.Load() && h.current() {
		h.behind[slides].setOut(h.out[slides])
	}
}

// slideCodecs are those that a far end takes on its slides line; nil: it has none.
func (r *remote) slideCodecs() []pexrtc.Codec {
	if r.slides == nil || r.slides.MediaName.Port.Value == 0 {
		return nil
	}
	return pexrtc.ReadCodecs(r.slides)
}

// among are the agreed codecs that a line has under the same payload type.
func among(line []pexrtc.Codec, pairs []pair, side Hop) (taken []pair) {
	for _, p := range pairs {
		if slices.ContainsFunc(line, func(c pexrtc.Codec) bool { return c.PayloadType == p.side(side) && c.Is(p.Name) }) {
			taken = append(taken, p)
		}
	}
	return taken
}

// senders are the SSRCs that a line announces, those of retransmissions included.
func senders(m *sdp.MediaDescription) []uint32 {
	var all []uint32
	for _, a := range m.Attributes {
		if a.Key != "ssrc" {
			continue
		}
		number, _, _ := strings.Cut(a.Value, " ")
		n, err := strconv.ParseUint(number, 10, 32)
		if err == nil && !slices.Contains(all, uint32(n)) && len(all) < maxSenders {
			all = append(all, uint32(n))
		}
	}
	return all
}
