package session

import (
	"testing"

	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/session/page"
)

func TestPeople(t *testing.T) {
	tests := []struct {
		name  string
		entry pexrtc.RosterEntry
		want  page.Person
	}{
		{"ourselves", pexrtc.RosterEntry{Self: true, CallTag: "videoleg:agent:1", Role: pexrtc.Host, Video: true, VideoMuted: true},
			page.Person{Kind: kindAgent, Host: true, Self: true, CameraOff: true}},
		{"another agent", pexrtc.RosterEntry{CallTag: "videoleg:agent:2", Video: true},
			page.Person{Kind: kindAgent, Removable: true}},
		{"customer", pexrtc.RosterEntry{CallTag: "videoleg:customer:1", Video: true, ClientMuted: true, Presenting: true},
			page.Person{Kind: kindCustomer, Muted: true, Sharing: true, Mutable: true, Removable: true}},
		{"customer whom a host muted", pexrtc.RosterEntry{CallTag: "videoleg:customer:1", Video: true, Muted: true},
			page.Person{Kind: kindCustomer, Muted: true, Silenced: true, Mutable: true, Removable: true}},
		{"guest in the waiting room", pexrtc.RosterEntry{Waiting: true, Video: true},
			page.Person{Kind: kindGuest, Waiting: true, Removable: true}},
		{"guest without a camera", pexrtc.RosterEntry{},
			page.Person{Kind: kindGuest, CameraOff: true, Mutable: true, Removable: true}},
		{"the contact centre's audio is the call itself", pexrtc.RosterEntry{Protocol: "sip", Direction: "out", AudioOnly: true},
			page.Person{Kind: kindPhone}},
		{"an announcement", pexrtc.RosterEntry{URI: "sip:abc.playback@trunk.example", Protocol: "sip", AudioOnly: true},
			page.Person{Kind: kindPlayback, Mutable: true, Removable: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.entry.UUID, tt.want.ID = "u", "u"
			got := people(pexrtc.Roster{Participants: []pexrtc.RosterEntry{tt.entry}})
			if len(got) != 1 || got[0] != tt.want {
				t.Errorf("people(%+v) = %+v, want %+v", tt.entry, got, tt.want)
			}
		})
	}
}
