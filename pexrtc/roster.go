package pexrtc

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"
)

// maxRoster bounds the roster; further participants are not shown.
const maxRoster = 2000

// RosterEntry is one participant as the node describes it. Guests are not told URI, Vendor and Protocol of others.
type RosterEntry struct {
	UUID        string
	DisplayName string
	Role        Role
	CallTag     string // as given when joining: the safe way to know our own legs
	URI         string
	Vendor      string
	Protocol    string // api, webrtc, sip, h323, rtmp, mssip, teams or empty
	Direction   string // in, or out for those the node dialled
	ServiceType string // conference, waiting_room, ivr, connecting, …
	Waiting     bool   // in the waiting room
	HasMedia    bool
	AudioOnly   bool
	Video       bool
	Muted       bool // by a host, or by the node
	ClientMuted bool // by themselves
	VideoMuted  bool
	OnHold      bool
	Presenting  bool
	External    bool
	StartTime   time.Time // zero: not said
	Self        bool      // ourselves
}

// IsPlayback tells the leg with which Genesys Cloud plays a recording into the conference: sip:….playback@….
func (e RosterEntry) IsPlayback() bool {
	user, _, found := strings.Cut(strings.ToLower(e.URI), "@")
	return found && strings.HasPrefix(user, "sip") && strings.HasSuffix(user, "playback")
}

// wireEntry is the participant object of participant_create and participant_update.
type wireEntry struct {
	UUID        text   `json:"uuid"`
	DisplayName text   `json:"display_name"`
	Role        text   `json:"role"`
	CallTag     text   `json:"call_tag"`
	URI         text   `json:"uri"`
	Vendor      text   `json:"vendor"`
	Protocol    text   `json:"protocol"`
	Direction   text   `json:"call_direction"`
	ServiceType text   `json:"service_type"`
	HasMedia    flag   `json:"has_media"`
	AudioOnly   flag   `json:"is_audio_only_call"`
	Video       flag   `json:"is_video_call"`
	Muted       flag   `json:"is_muted"`
	ClientMuted flag   `json:"is_client_muted"`
	VideoMuted  flag   `json:"is_video_muted"`
	OnHold      flag   `json:"is_on_hold"`
	Presenting  flag   `json:"is_presenting"`
	External    flag   `json:"is_external"`
	StartTime   number `json:"start_time"`
}

// readEntry decodes a participant object; false when it has no usable UUID.
func readEntry(data []byte) (RosterEntry, bool) {
	var w wireEntry
	if json.Unmarshal(data, &w) != nil || w.UUID == "" {
		return RosterEntry{}, false
	}
	return RosterEntry{
		UUID: string(w.UUID), DisplayName: string(w.DisplayName), Role: roleOf(string(w.Role)),
		CallTag: string(w.CallTag), URI: string(w.URI), Vendor: string(w.Vendor),
		Protocol: strings.ToLower(string(w.Protocol)), Direction: strings.ToLower(string(w.Direction)),
		ServiceType: string(w.ServiceType), Waiting: w.ServiceType == "waiting_room",
		HasMedia: bool(w.HasMedia), AudioOnly: bool(w.AudioOnly), Video: bool(w.Video),
		Muted: bool(w.Muted), ClientMuted: bool(w.ClientMuted), VideoMuted: bool(w.VideoMuted),
		OnHold: bool(w.OnHold), Presenting: bool(w.Presenting), External: bool(w.External),
		StartTime: epoch(float64(w.StartTime)),
	}, true
}

// epoch reads float seconds since 1970; 0 and nonsense are the zero time.
func epoch(s float64) time.Time {
	if s <= 0 || s > math.MaxInt32*4 {
		return time.Time{}
	}
	return time.UnixMicro(int64(s * 1e6))
}

// roster is everybody by UUID. Between sync_begin and sync_end a second one grows, which then replaces the first:
// whoever is missing from it has left.
type roster struct {
	self    string
	entries map[string]RosterEntry
	growing map[string]RosterEntry // nil outside the bracket
	synced  bool
}

// set adds or replaces e; true when the visible roster changed.
func (r *roster) set(e RosterEntry) bool {
	e.Self = e.UUID == r.self
	into := r.entries
	if r.growing != nil {
		into = r.growing
	}
	if _, known := into[e.UUID]; !known && len(into) >= maxRoster {
		return false
	}
	into[e.UUID] = e
	return r.growing == nil
}

func (r *roster) remove(uuid string) bool {
	if r.growing != nil {
		delete(r.growing, uuid)
		return false
	}
	_, known := r.entries[uuid]
	delete(r.entries, uuid)
	return known
}

func (r *roster) begin() { r.growing = map[string]RosterEntry{} }

// finish swaps the new roster in; false without a begin.
func (r *roster) finish() bool {
	if r.growing == nil {
		return false
	}
	r.entries, r.growing, r.synced = r.growing, nil, true
	return true
}

// abandon forgets a bracket that a broken stream left open.
func (r *roster) abandon() { r.growing = nil }

// event is a copy for the receiver to keep, in order of arrival.
func (r *roster) event() Roster {
	all := make([]RosterEntry, 0, len(r.entries))
	for _, e := range r.entries {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b RosterEntry) int {
		return cmp.Or(a.StartTime.Compare(b.StartTime), cmp.Compare(a.UUID, b.UUID))
	})
	return Roster{Participants: all, Synced: r.synced}
}
