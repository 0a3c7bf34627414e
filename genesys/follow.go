package genesys

import "context"

// Notification is one thing that Follow has to say. Exactly one of the three is set.
type Notification struct {
	// Conversation: a snapshot of one of the agent's calls, whichever it is.
	Conversation *Conversation
	// Blind: events may be missing from now on. Until Live, take each call to be held.
	Blind bool
	// Live: events flow from now on. What happened before is not replayed: read the calls by REST.
	Live bool
	// Cause is why it is Blind.
	Cause error
}

type channel struct{}

// Follow …
func (a *Agent) Follow(ctx context.Context, on func(Notification)) error { return nil }
