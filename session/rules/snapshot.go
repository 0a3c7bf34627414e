package rules

import (
	"strings"
	"time"
)

// Source says how a [Snapshot] reached us.
type Source int

const (
	// Event is a notification: no promise of order, uniqueness or delivery, and a
	// field that is absent is not thereby false.
	Event Source = iota
	// Resync is a REST read: what it says stands, and what it leaves out is off.
	Resync
)

// Flag is a boolean that the platform may leave unsaid.
type Flag int8

const (
	Unsaid Flag = iota
	No
	Yes
)

// FlagOf turns an optional boolean of the platform into a Flag; nil is [Unsaid].
func FlagOf(b *bool) Flag {
	switch {
	case b == nil:
		return Unsaid
	case *b:
		return Yes
	default:
		return No
	}
}

// Said is the Flag of a boolean that is known to have been said.
func Said(b bool) Flag { return FlagOf(&b) }

// Snapshot is the whole call view of one conversation at one moment, in the
// platform's words (notification topic v2.users.{id}.conversations.calls, or
// GET /api/v2/conversations/{id}).
type Snapshot struct {
	ConversationID string
	Source         Source
	// AsOf is when a Resync was asked for, so that a read which an event overtook is
	// known as old. Zero means: now. An Event needs none.
	AsOf           time.Time
	RecordingState string // of the conversation: none, active, paused, in any case; "" is unsaid
	SecurePause    bool
	Participants   []Participant // in the platform's order, oldest first
}

// Participant is one entry of a snapshot. A person has as many as he had alerts, transfers and
// consults; old entries stay in the list with an end time.
type Participant struct {
	ID, Purpose, UserID   string
	State, DisconnectType string
	Held, Muted, Confined Flag
	ConsultParticipantID  string // only its presence counts
	ConsultInitiator      bool   // attributes.consultInitiator == "true"
	RecordingState        string
	ConnectedTime         time.Time
	EndTime               time.Time
	StartHoldTime         time.Time
}

// Recording is what the platform's recording of the call is doing.
type Recording string

const (
	RecordingUnknown Recording = ""
	NotRecording     Recording = "none"
	RecordingActive  Recording = "active"
	RecordingPaused  Recording = "paused"
)

// recording is the conversation's state where it is said, else the strongest of its live
// participants; unsaid everywhere is unknown.
func (s Snapshot) recording() Recording {
	if s.SecurePause {
		return RecordingPaused
	}
	if r := recordingOf(s.RecordingState); r != RecordingUnknown {
		return r
	}
	found := RecordingUnknown
	for _, p := range s.Participants {
		r := recordingOf(p.RecordingState)
		switch {
		case ended(p.State):
		case r == RecordingActive:
			return r
		case r == RecordingPaused || found == RecordingUnknown:
			found = r
		}
	}
	return found
}

func recordingOf(state string) Recording {
	switch r := Recording(strings.ToLower(state)); r {
	case NotRecording, RecordingActive, RecordingPaused:
		return r
	default:
		return RecordingUnknown
	}
}

func ended(state string) bool     { return state == "disconnected" || state == "terminated" }
func connected(state string) bool { return state == "connected" }

// beginning tells the states that come before connected and never after it.
func beginning(state string) bool {
	switch state {
	case "alerting", "dialing", "contacting", "offering":
		return true
	}
	return false
}

// kind is the part of a disconnectType before its first dot: transfer.noanswer is a transfer.
func kind(disconnectType string) string {
	k, _, _ := strings.Cut(disconnectType, ".")
	return k
}
