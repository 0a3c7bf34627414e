package pexrtc

import (
	"encoding/json"
)

// room turns the node's messages into events. It knows no network and no time; Run's goroutine owns it.
type room struct {
	roster roster
	status ConferenceUpdated
	lost   bool // the stream broke and has not brought the whole roster since
}

func newRoom(self string) *room {
	return &room{roster: roster{self: self, entries: map[string]RosterEntry{}}}
}

// lose notes that the stream broke; false when that is known already.
func (r *room) lose() bool {
	r.roster.abandon()
	first := !r.lost
	r.lost = true
	return first
}

// apply reads one message. Messages and fields that we do not know, and data that cannot be read, are ignored.
func (r *room) apply(m message) []Event {
	switch m.name {
	case "participant_sync_begin":
		r.roster.begin()
	case "participant_sync_end":
		return r.synced()
	case "participant_create", "participant_update":
		if e, ok := readEntry(m.data); ok && r.roster.set(e) {
			return []Event{r.roster.event()}
		}
	case "participant_delete":
		if id := readField(m.data, "uuid"); id != "" && r.roster.remove(id) {
			return []Event{r.roster.event()}
		}
	case "conference_update":
		return r.updated(m.data)
	case "presentation_start":
		return []Event{r.presentation(m.data)}
	case "presentation_stop", "presentation_ended":
		return []Event{Presentation{}}
	case "refresh_token":
		return []Event{refreshAsked{}}
	default:
		return r.others(m)
	}
	return nil
}

// others are the events that leave the room as it is.
func (r *room) others(m message) []Event {
	var w wireEvent
	_ = json.Unmarshal(m.data, &w) // every field is optional, and read tolerantly
	switch m.name {
	case "message_received":
		return []Event{MessageReceived{
			Origin: string(w.Origin), UUID: string(w.UUID), Type: string(w.Type), Payload: string(w.Payload), Direct: bool(w.Direct),
		}}
	case "call_disconnected":
		return []Event{CallDisconnected{CallUUID: string(w.CallUUID), Reason: cleanReason(string(w.Reason))}}
	case "disconnect":
		return []Event{Ended{Reason: string(w.Reason)}}
	case "new_candidate":
		return []Event{Candidate{
			Candidate: string(w.Candidate), MID: string(w.MID), Ufrag: string(w.Ufrag), Pwd: string(w.Pwd),
		}}
	}
	return nil
}

func (r *room) synced() []Event {
	if !r.roster.finish() {
		return nil
	}
	events := []Event{r.roster.event()}
	if r.lost {
		r.lost = false
		events = append(events, EventsBack{})
	}
	return events
}

// updated merges a conference object: fields it leaves out keep their value.
func (r *room) updated(data []byte) []Event {
	w := wireStatus{
		Locked: flag(r.status.Locked), GuestsMuted: flag(r.status.GuestsMuted), Started: flag(r.status.Started),
		PresentationOK: flag(r.status.PresentationOK), GuestsCanPresent: flag(r.status.GuestsCanPresent),
		Recording: flag(r.status.RecordingByNode), Transcribing: flag(r.status.TranscribingByNode),
	}
	if json.Unmarshal(data, &w) != nil {
		return nil
	}
	r.status = ConferenceUpdated{
		Locked: bool(w.Locked), GuestsMuted: bool(w.GuestsMuted), Started: bool(w.Started),
		PresentationOK: bool(w.PresentationOK), GuestsCanPresent: bool(w.GuestsCanPresent),
		RecordingByNode: bool(w.Recording), TranscribingByNode: bool(w.Transcribing),
	}
	return []Event{r.status}
}

func (r *room) presentation(data []byte) Presentation {
	var w struct {
		Name text `json:"presenter_name"`
		URI  text `json:"presenter_uri"`
		UUID text `json:"presenter_uuid"`
	}
	_ = json.Unmarshal(data, &w) // an empty presenter has a meaning of its own
	return Presentation{
		Active: true, PresenterName: string(w.Name), PresenterURI: string(w.URI), PresenterUUID: string(w.UUID),
		Own: w.UUID != "" && string(w.UUID) == r.roster.self,
	}
}

type wireStatus struct {
	Locked           flag `json:"locked"`
	GuestsMuted      flag `json:"guests_muted"`
	Started          flag `json:"started"`
	PresentationOK   flag `json:"presentation_allowed"`
	GuestsCanPresent flag `json:"guests_can_present"`
	Recording        flag `json:"is_recording"`
	Transcribing     flag `json:"is_transcribing"`
}

type wireEvent struct {
	Origin    text `json:"origin"`
	UUID      text `json:"uuid"`
	Type      text `json:"type"`
	Payload   text `json:"payload"`
	Direct    flag `json:"direct"`
	CallUUID  text `json:"call_uuid"`
	Reason    text `json:"reason"`
	Candidate text `json:"candidate"`
	MID       text `json:"mid"`
	Ufrag     text `json:"ufrag"`
	Pwd       text `json:"pwd"`
}

// readField is one string field of an object.
func readField(data []byte, name string) string {
	var all map[string]json.RawMessage
	if json.Unmarshal(data, &all) != nil {
		return ""
	}
	var s text
	_ = s.UnmarshalJSON(all[name])
	return string(s)
}
