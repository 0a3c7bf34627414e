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
)

func (c Condition) String() string {
	return [...]string{"connected", "disconnected", "failed", "closed"}[c]
}

// State is one change of a leg.
type State struct {
	Hop       Hop
	Condition Condition
}
