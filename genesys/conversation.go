package genesys

import (
	"cmp"
	"slices"
	"time"
)

// Source says which of the platform's two pictures of a call a Conversation was read from.
type Source string

const (
	SourceREST  Source = "rest"
	SourceEvent Source = "event"
)

// Conversation is the whole of a call as one answer or one event told it: a snapshot, not a change.
type Conversation struct {
	ID             string
	Source         Source
	RecordingState string // active, paused, none, or empty when not told
	SecurePause    bool   // recording paused for card data
	Participants   []Participant
}

// Participant is one leg of the call. Legs accumulate: each alert, transfer and consult adds an entry, and
// old ones stay, so that one agent may have several.
type Participant struct {
	ID      string
	Purpose string // customer, external, agent, user, acd, ivr, …
	UserID  string
	Name    string

	State          string // connected, alerting, disconnected, terminated, …; empty when not told
	DisconnectType string // client, endpoint, peer, transfer.noanswer, …
	Direction      string // inbound, outbound

	Held     bool // this leg pressed hold
	Muted    bool
	Confined bool // put on hold by somebody else

	// Unsaid tells which of the three an event left out, so that false may not be the truth. REST leaves
	// out what is off.
	Unsaid struct{ Held, Muted, Confined bool }

	ConsultParticipantID string // set during a consult; whose ID it is differs between sources
	ConsultInitiator     bool   // this agent began the consult

	ConnectedTime time.Time // zero: never connected
	EndTime       time.Time
	StartHoldTime time.Time // of the present hold

	ANIName     string // SIP From display name; REST only
	ANI         string // sip: or tel: address of the caller
	DNIS        string // likewise, of whom he called
	Address     string
	SelfAddress string // address of this leg as on the wire; REST only

	Recording      bool
	RecordingState string // active, paused, none
	SecurePause    bool

	Attributes map[string]string
}

const (
	stateConnected    = "connected"
	stateDisconnected = "disconnected"
	stateTerminated   = "terminated"
)

// Connected reports whether the leg is in the call now.
func (p Participant) Connected() bool { return p.State == stateConnected }

// Ended reports whether the leg has left for good.
func (p Participant) Ended() bool { return p.State == stateDisconnected || p.State == stateTerminated }

// Mine is the leg that counts for a user: his last connected one, else the last that has not ended, else his
// last. The first match would often be a missed alert or a leg from before a transfer.
func (c *Conversation) Mine(userID string) (Participant, bool) {
	return c.latest(func(p Participant) bool {
		return userID != "" && p.UserID == userID && (p.Purpose == "agent" || p.Purpose == "user")
	})
}

// Customer is the far end that counts, chosen as in Mine.
func (c *Conversation) Customer() (Participant, bool) {
	return c.latest(Participant.farEnd)
}

// Dialled is the address that the agent dialled, if this is an outbound call. That is for the direction of
// the far end to say, never for the look of an address: somebody who is called in to an inbound call does
// not make it another.
func (c *Conversation) Dialled() (address string, outbound bool) {
	if _, inbound := c.caller(); inbound {
		return "", false
	}
	far, ok := c.Customer()
	if !ok {
		return "", false
	}
	return cmp.Or(far.SelfAddress, far.Address, far.DNIS), true
}

// caller is the far end that called, chosen as in Mine.
func (c *Conversation) caller() (Participant, bool) {
	return c.latest(func(p Participant) bool { return p.farEnd() && p.Direction != "outbound" })
}

// Recorded reports whether the platform says that the call is being recorded now: on the call as a whole and
// on the leg of a connected customer, and not paused.
func (c *Conversation) Recorded() bool {
	if c.RecordingState != "active" || c.SecurePause {
		return false
	}
	return slices.ContainsFunc(c.Participants, func(p Participant) bool {
		active := p.RecordingState == "active" || p.RecordingState == "" && p.Recording
		return p.farEnd() && p.Connected() && active && !p.SecurePause
	})
}

func (p Participant) farEnd() bool { return p.Purpose == "customer" || p.Purpose == "external" }

func (c *Conversation) latest(wanted func(Participant) bool) (best Participant, found bool) {
	for _, p := range c.Participants {
		if wanted(p) && (!found || p.rank() >= best.rank()) {
			best, found = p, true
		}
	}
	return best, found
}

func (p Participant) rank() int {
	switch {
	case p.Connected():
		return 2
	case !p.Ended():
		return 1
	}
	return 0
}
