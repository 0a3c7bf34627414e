package relay

// Hop names one side of a leg.
type Hop int

// The two sides.
const (
	Browser Hop = iota
	Node
)

func (h Hop) String() string {
	if h == Node {
		return "node"
	}
	return "browser"
}

// Condition is what became of a hop.
type Condition int

// Conditions of a hop.
const (
	Connected    Condition = iota
	Disconnected           // no packet for some seconds; it may come back
	Failed                 // it will not come back
	Closed                 // the far end has ended it
	FirstPacket            // the first video packet of the hop's source of the moment has arrived
)

func (c Condition) String() string {
	return [...]string{"connected", "disconnected", "failed", "closed", "first packet"}[c]
}

// State is one change of a leg.
type State struct {
	Hop       Hop
	Condition Condition
}

// HopStats counts one hop since the leg began, over all its connections.
type HopStats struct {
	PacketsIn, BytesIn   uint64  // from the far end, headers included
	PacketsOut, BytesOut uint64  // to the far end, headers not included
	KeyframesAsked       uint64  // requests that we sent there
	KeyframesWanted      uint64  // requests that came from there
	NACKsSent            uint64  // packets that we asked for again, each request counted
	NACKsHeard           uint64  // requests for lost packets that came from there
	PacketsResent        uint64  // packets that we sent again on request
	Estimate             uint64  // bit/s that the far end believes it can receive; 0: it has not said
	Loss                 float64 // share of what we send, as last reported: 0…1
	RTT                  float64 // milliseconds; 0: unknown
}

// Stats of a leg.
type Stats struct {
	Codec         string // the node's first choice, e.g. VP8; empty before NodeAnswer
	Browser, Node HopStats
}

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
