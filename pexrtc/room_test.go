package pexrtc

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func apply(r *room, name, data string) []Event {
	return r.apply(message{name: name, data: []byte(data)})
}

// names lists the roster of the last event.
func names(t *testing.T, events []Event) string {
	t.Helper()
	if len(events) == 0 {
		t.Fatal("no event")
	}
	roster, ok := events[0].(Roster)
	if !ok {
		t.Fatalf("event %#v, want a Roster", events[0])
	}
	var all []string
	for _, e := range roster.Participants {
		all = append(all, e.DisplayName)
	}
	return strings.Join(all, " ")
}

func TestRosterBracket(t *testing.T) {
	r := newRoom("a")
	apply(r, "participant_sync_begin", "null")
	if got := apply(r, "participant_create", `{"uuid":"a","display_name":"Ada","start_time":2,"role":"chair"}`); got != nil {
		t.Errorf("inside the bracket: %v, want silence", got)
	}
	apply(r, "participant_create", `{"uuid":"b","display_name":"Bob","start_time":1}`)
	got := apply(r, "participant_sync_end", "null")
	if n := names(t, got); n != "Bob Ada" {
		t.Errorf("roster %q, want Bob Ada in order of arrival", n)
	}
	if self, ok := got[0].(Roster).Self(); !ok || self.DisplayName != "Ada" || self.Role != Host {
		t.Errorf("own entry %+v, want Ada as host", self)
	}
	if n := names(t, apply(r, "participant_update", `{"uuid":"b","display_name":"Bo","start_time":1}`)); n != "Bo Ada" {
		t.Errorf("after an update %q", n)
	}

	// A broken stream in the middle of a bracket, then a full one: whoever is missing has left.
	apply(r, "participant_sync_begin", "")
	r.lose()
	apply(r, "participant_sync_begin", "")
	apply(r, "participant_create", `{"uuid":"a","display_name":"Ada"}`)
	got = apply(r, "participant_sync_end", "{}")
	if n := names(t, got); n != "Ada" {
		t.Errorf("after the second bracket %q, want Ada alone", n)
	}
	if len(got) != 2 || got[1] != (EventsBack{}) {
		t.Errorf("events %v, want EventsBack last", got)
	}
	if n := names(t, apply(r, "participant_delete", `{"uuid":"a"}`)); n != "" {
		t.Errorf("after the delete %q", n)
	}
	if got := apply(r, "participant_delete", `{"uuid":"a"}`); got != nil {
		t.Errorf("second delete: %v, want silence", got)
	}
}

func TestRosterIsBounded(t *testing.T) {
	r := newRoom("a")
	apply(r, "participant_sync_begin", "")
	for i := range maxRoster + 100 {
		apply(r, "participant_create", fmt.Sprintf(`{"uuid":"%d"}`, i))
	}
	if got := apply(r, "participant_sync_end", ""); len(got[0].(Roster).Participants) != maxRoster {
		t.Errorf("%d entries, want %d", len(got[0].(Roster).Participants), maxRoster)
	}
}

func TestEvents(t *testing.T) {
	tests := []struct {
		name, event, data string
		want              []Event
	}{
		{"presentation", "presentation_start", `{"presenter_name":"Bob","presenter_uri":"sip:b","presenter_uuid":"b"}`,
			[]Event{Presentation{Active: true, PresenterName: "Bob", PresenterURI: "sip:b", PresenterUUID: "b"}}},
		{"own presentation", "presentation_start", `{"presenter_uuid":"self"}`,
			[]Event{Presentation{Active: true, PresenterUUID: "self", Own: true}}},
		{"floor taken away", "presentation_start", `{"presenter_name":"","presenter_uri":"","presenter_uuid":""}`,
			[]Event{Presentation{Active: true}}},
		{"presentation over", "presentation_stop", "", []Event{Presentation{}}},
		{"chat", "message_received", `{"origin":"Bob","type":"text/plain","payload":"hi","uuid":"b","direct":true}`,
			[]Event{MessageReceived{Origin: "Bob", UUID: "b", Type: "text/plain", Payload: "hi", Direct: true}}},
		{"call over", "call_disconnected", `{"call_uuid":"c","reason":"Ice failure"}`,
			[]Event{CallDisconnected{CallUUID: "c", Reason: "Ice failure"}}},
		{"disconnect", "disconnect", `{"reason":"Conference terminated by another participant"}`,
			[]Event{Ended{Reason: "Conference terminated by another participant"}}},
		{"candidate", "new_candidate", `{"candidate":"candidate:1","mid":0,"ufrag":"u","pwd":"p"}`,
			[]Event{Candidate{Candidate: "candidate:1", MID: "0", Ufrag: "u", Pwd: "p"}}},
		{"what changes nothing for us", "on_hold", `true`, nil},
		{"refresh", "refresh_token", `null`, []Event{refreshAsked{}}},
		{"conference", "conference_update", `{"locked":true,"started":"YES","guests_can_present":1}`,
			[]Event{ConferenceUpdated{Locked: true, Started: true}}},
		{"unknown event", "brand_new", `{"a":1}`, nil},
		{"no JSON", "participant_create", `<html>`, nil},
		{"participant without uuid", "participant_create", `{"display_name":"x"}`, nil},
		{"array for object", "participant_delete", `[]`, nil},
		{"end without begin", "participant_sync_end", `null`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := apply(newRoom("self"), tt.event, tt.data); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("apply(%s, %s) = %#v, want %#v", tt.event, tt.data, got, tt.want)
			}
		})
	}
}

func TestConferenceUpdateMerges(t *testing.T) {
	r := newRoom("self")
	apply(r, "conference_update", `{"locked":true,"guests_muted":true}`)
	want := []Event{ConferenceUpdated{Locked: false, GuestsMuted: true}}
	if got := apply(r, "conference_update", `{"locked":false}`); !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v, want %#v", got, want)
	}
}

func TestReadEntry(t *testing.T) {
	e, ok := readEntry([]byte(`{"uuid":"u","display_name":"D","role":"guest","service_type":"waiting_room","protocol":"SIP",
		"call_direction":"out","has_media":true,"is_audio_only_call":"YES","is_video_call":"NO","is_muted":"YES",
		"is_video_muted":true,"is_presenting":"NO","call_tag":"videoleg:agent:1","start_time":1700000000.5,
		"uri":"sip:genesys-playback@example","stage_index":3,"spotlight":0}`))
	want := RosterEntry{
		UUID: "u", DisplayName: "D", Role: Guest, CallTag: "videoleg:agent:1", URI: "sip:genesys-playback@example",
		Protocol: "sip", Direction: "out", ServiceType: "waiting_room", Waiting: true, HasMedia: true, AudioOnly: true,
		Muted: true, VideoMuted: true, StartTime: time.UnixMicro(1700000000500000),
	}
	if !ok || e != want {
		t.Errorf("readEntry = %+v, %v; want %+v", e, ok, want)
	}
	if !e.IsPlayback() {
		t.Error("it is not taken for a playback leg")
	}
}

func TestIsPlayback(t *testing.T) {
	for uri, want := range map[string]bool{
		"sip:Conference-Playback@trunk.example": true,
		"sip:agent@playback.example":            false,
		"sip:Announce.Playback@edge.example":    true,
		"sips:x.playback@trunk.example":         true,
		"sip:playback.ada@example.com":          false,
		"playback":                              false,
		"":                                      false,
	} {
		if got := (RosterEntry{URI: uri}).IsPlayback(); got != want {
			t.Errorf("IsPlayback(%q) = %v, want %v", uri, got, want)
		}
	}
}
