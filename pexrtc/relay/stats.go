package relay

// Standing is how a hop or a whole leg fares.
type Standing int

// Standings; the greater is the worse.
const (
	Flowing     Standing = iota // connected
	Interrupted                 // nothing arrives any more; it may come back
	Connecting                  // no keys yet
	standings
)

func (s Standing) String() string {
	return [...]string{"flowing", "interrupted", "connecting"}[s]
}

// Standings lists them all.
func Standings() []Standing { return []Standing{Flowing, Interrupted, Connecting} }

// Drop is why something that arrived went no further.
type Drop int

// Reasons to drop. What is bounded is counted here when the bound is reached.
const (
	Forged     Drop = iota // not protected with the hop's keys, or a packet that was there before
	Malformed              // genuine, but no RTP or RTCP
	Unagreed               // of a payload type that was not agreed to
	Superseded             // of a stream that another has replaced
	Senders                // of more senders than a far end may have
	Early                  // more packets before the keys than are kept
	Candidates             // a candidate that is none, or one too many
	drops
)

func (d Drop) String() string {
	return [...]string{"forged", "malformed", "unagreed", "superseded", "senders", "early", "candidates"}[d]
}

// Drops lists them all.
func Drops() []Drop {
	return []Drop{Forged, Malformed, Unagreed, Superseded, Senders, Early, Candidates}
}

// HopStats counts one hop since the leg began, over all its connections.
type HopStats struct {
	PacketsIn, BytesIn   uint64        // from the far end, headers included
	PacketsOut, BytesOut uint64        // to the far end, headers not included
	PacketsMissed        uint64        // that did not arrive in their second; some come later, on request
	KeyframesAsked       uint64        // requests that we sent there
	KeyframesWanted      uint64        // requests that came from there
	NACKsSent            uint64        // packets that we asked for again, each request counted
	NACKsHeard           uint64        // requests for lost packets that came from there
	PacketsResent        uint64        // packets that we sent again on request
	Dropped              [drops]uint64 // what arrived and went no further, by Drop
	Estimate             uint64        // bit/s that the far end can take, as it says or its feedback shows; 0: unknown
	Loss                 float64       // share of what we send, as last reported: 0…1
	RTT                  float64       // milliseconds; 0: unknown
	Standing             Standing
}

// add counts what another has counted; what is of the moment stays.
func (s *HopStats) add(o HopStats) {
	s.PacketsIn += o.PacketsIn
	s.BytesIn += o.BytesIn
	s.PacketsOut += o.PacketsOut
	s.BytesOut += o.BytesOut
	s.PacketsMissed += o.PacketsMissed
	s.KeyframesAsked += o.KeyframesAsked
	s.KeyframesWanted += o.KeyframesWanted
	s.NACKsSent += o.NACKsSent
	s.NACKsHeard += o.NACKsHeard
	s.PacketsResent += o.PacketsResent
	for d := range s.Dropped {
		s.Dropped[d] += o.Dropped[d]
	}
}

// Stats of a leg.
type Stats struct {
	Codec         string // the node's first choice, e.g. VP8; empty before NodeAnswer
	Browser, Node HopStats
}

// Standing of the leg is that of its worse hop.
func (s Stats) Standing() Standing { return max(s.Browser.Standing, s.Node.Standing) }

// Stats counts what has passed so far. It is cheap enough to be called every second.
func (l *Leg) Stats() Stats {
	s := Stats{Browser: l.browser.stats(), Node: l.node.stats()}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.pairs) > 0 {
		s.Codec = l.pairs[0].Name
	}
	return s
}

// Totals are what a relay has carried so far, over all its legs, and the legs that it has now.
type Totals struct {
	Browser, Node HopStats // counters only
	Legs          []Stats
	Strays        uint64 // packets at the media ports that belong to no leg's path: media from elsewhere, or no packet of WebRTC
}

// Totals reads the counters that the legs keep anyway; nothing is counted for it.
func (r *Relay) Totals() Totals {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.ended
	t.Strays = r.ports.routes.strays.Load()
	for l := range r.legs {
		s := l.Stats()
		t.Legs = append(t.Legs, s)
		t.Browser.add(s.Browser)
		t.Node.add(s.Node)
	}
	return t
}
