package pexrtc

// Event is something that happened to the participant or its conference, as handed to the function given to
// [Participant.Run]: one of the types of this file, or [Candidate].
type Event interface{ event() }

// Roster is everybody in the conference after a change.
type Roster struct {
	Participants []RosterEntry // in order of arrival; the receiver may keep it
	Synced       bool          // false until the node has told the whole roster once
}

// Self returns our own entry.
func (r Roster) Self() (RosterEntry, bool) {
	for _, e := range r.Participants {
		if e.Self {
			return e, true
		}
	}
	return RosterEntry{}, false
}

// ConferenceUpdated is the state of the room. Fields the node left out keep their last value.
type ConferenceUpdated struct {
	Locked             bool
	GuestsMuted        bool
	Started            bool // a host is in, or someone started the conference
	PresentationOK     bool // presentation_allowed
	GuestsCanPresent   bool
	RecordingByNode    bool // is_recording, where the version says so
	TranscribingByNode bool // is_transcribing
}

// Presentation says who presents. Active false: nobody any more. Active with every presenter field empty: the node
// took our floor away.
type Presentation struct {
	Active                                     bool
	PresenterName, PresenterURI, PresenterUUID string
	Own                                        bool // we are the presenter
}

// MessageReceived is a chat message.
type MessageReceived struct {
	Origin, UUID string // sender's name and participant UUID
	Type         string // usually text/plain
	Payload      string
	Direct       bool // to us alone
}

// CallDisconnected: the node has ended our media call, the newest; the participant lives on and may place another. Of calls that
// were replaced or that we have ended, nothing is told.
type CallDisconnected struct{ CallUUID, Reason string }

// Candidate is an ICE candidate of either side: as an event the node's, as an argument of [Call.Candidate] ours.
// An empty Candidate field ends the list of that MID.
type Candidate struct {
	Candidate string // "candidate:…", without "a="
	MID       string
	Ufrag     string
	Pwd       string
}

// Refreshed: the node has given a new token for the old one, which no longer is, or soon no longer will be, good for a
// release by [Client.Release].
type Refreshed struct{ Membership Membership }

// EventsLost: the stream broke; the roster may be out of date until EventsBack.
type EventsLost struct{ Err error }

// EventsBack: the stream is open again and the roster has been told anew.
type EventsBack struct{}

// Ended is the last event of a participation that the far end finished. Err is what Run is about to return.
type Ended struct {
	Reason string
	Err    error
}

func (Roster) event()            {}
func (ConferenceUpdated) event() {}
func (Presentation) event()      {}
func (MessageReceived) event()   {}
func (CallDisconnected) event()  {}
func (Candidate) event()         {}
func (Refreshed) event()         {}
func (EventsLost) event()        {}
func (EventsBack) event()        {}
func (Ended) event()             {}
