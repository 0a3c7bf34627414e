package genesystest

import (
	"maps"
	"time"

	"github.com/google/uuid"
)

// States of a leg, in the order in which it may pass through them.
const (
	stateAlerting     = "alerting"
	stateDialing      = "dialing"
	stateContacting   = "contacting"
	stateOffering     = "offering"
	stateConnected    = "connected"
	stateDisconnected = "disconnected"
	stateTerminated   = "terminated"
)

// Purposes used here.
const (
	purposeCustomer  = "customer" // far end of a queue call
	purposeExternal  = "external" // far end without a queue
	purposeAgent     = "agent"
	purposeUser      = "user" // an agent without a queue
	purposeIVR       = "ivr"
	purposeACD       = "acd"
	purposeVoicemail = "voicemail"
)

// participant is one entry of a conversation with its one call leg. Entries are never removed.
type participant struct {
	id, callID, peer  string
	purpose, name     string
	address           string
	aniName, ani      string
	dnis              string
	user              *agent
	called            bool // by a colleague: the far end of a call between users
	queue             *Queue
	state, initial    string
	direction         string
	disconnect        string
	held, muted       bool
	confined          bool
	recording         bool
	recordingState    string
	attributes        map[string]string
	consult           string // consultParticipantId
	source            string // transferSource
	started           time.Time
	connected, ended  time.Time
	holdStarted       time.Time
	wrapupRequired    bool
	wrapup            *wrapup
	acwStart, acwEnd  time.Time
	alertingTimeoutMS int64
}

type wrapup struct {
	Code            string `json:"code,omitempty"`
	Name            string `json:"name,omitempty"`
	Notes           string `json:"notes,omitempty"`
	DurationSeconds int    `json:"durationSeconds,omitempty"`
	EndTime         stamp  `json:"endTime,omitzero"`
}

func newParticipant(purpose, state string) *participant {
	return &participant{
		id: uuid.NewString(), callID: uuid.NewString(), peer: uuid.NewString(),
		purpose: purpose, state: state, initial: state, direction: "inbound",
		recordingState: recordingNone, attributes: map[string]string{}, started: time.Now(),
	}
}

func (p *participant) live() bool        { return p.state != stateDisconnected && p.state != stateTerminated }
func (p *participant) isConnected() bool { return p.state == stateConnected }
func (p *participant) pending() bool     { return p.live() && !p.isConnected() }
func (p *participant) isAgent() bool     { return p.purpose == purposeAgent || p.purpose == purposeUser }
func (p *participant) farEnd() bool {
	return p.purpose == purposeCustomer || p.purpose == purposeExternal || p.called
}

func (p *participant) connect() {
	p.state, p.connected = stateConnected, time.Now()
}

// disconnectAs ends the leg; its last state, terminated, comes separately. An ended leg only changes its type.
func (p *participant) disconnectAs(kind string) {
	p.disconnect = kind
	if !p.live() {
		return
	}
	p.state, p.ended = stateDisconnected, time.Now()
	p.held, p.confined, p.holdStarted = false, false, time.Time{}
	p.recording, p.recordingState = false, recordingNone
	if p.wrapupRequired && !p.connected.IsZero() {
		p.acwStart = p.ended
	}
}

func (p *participant) terminateAs(kind string) {
	p.disconnectAs(kind)
	p.state = stateTerminated
}

func (p *participant) setHeld(on bool) {
	p.held, p.holdStarted = on, time.Time{}
	if on {
		p.holdStarted = time.Now()
	}
}

// Participant is what a test may read of an entry.
type Participant struct {
	ID, Purpose, UserID, QueueID string
	State, DisconnectType        string
	Held, Muted, Confined        bool
	ConsultParticipantID         string
	Attributes                   map[string]string
	Wrapup                       string // code; "" = none given
}

func (p *participant) public() Participant {
	out := Participant{
		ID: p.id, Purpose: p.purpose, State: p.state, DisconnectType: p.disconnect,
		Held: p.held, Muted: p.muted, Confined: p.confined, ConsultParticipantID: p.consult,
		Attributes: maps.Clone(p.attributes),
	}
	if p.user != nil {
		out.UserID = p.user.ID
	}
	if p.queue != nil {
		out.QueueID = p.queue.ID
	}
	if p.wrapup != nil {
		out.Wrapup = p.wrapup.Code
	}
	return out
}
