package events

import (
	"slices"
	"strings"
	"time"
)

// What is the news of a Change.
type What string

const (
	Opened  What = "opened"  // the first node runs the room
	Closed  What = "closed"  // the last node has ended it
	Joined  What = "joined"  // a leg that was not known
	Updated What = "updated" // a leg
	Left    What = "left"    // a leg has ended
)

// Change is one piece of news and the room as it is after it.
type Change struct {
	What What
	Room Room
	Leg  Leg // of Joined, Updated and Left
}

// Room is one running conference. It is a copy.
type Room struct {
	Name  string
	Nodes []string // that run it, sorted
	Legs  []Leg    // that are in, in the order of joining
}

// Leg is one participant of a room. It is a copy.
type Leg struct {
	UUID      string
	Name      string // that the room shows
	Alias     string // that was dialled: the customer's, the agent's, or the room's own calling address
	CallTag   string
	Protocol  string // lower case: webrtc, sip, api…
	Role      string // chair, guest or unknown
	Stage     string // conference, waiting_room, connecting…
	Out       bool   // called by the room
	HasMedia  bool
	Node      string    // that has its media
	Connected time.Time // zero as long as the node names none
	Answered  bool      // for legs that are Out: the far end has taken the call
	Reason    string    // raw text of the node, of a leg that has left
	Quality   []Quality // latest last, few
}

// Quality is one window of a leg's media: 0_unknown, 1_good, 2_ok, 3_bad or 4_terrible.
type Quality struct {
	At       time.Time
	Was, Now string
}

// maxQuality is how many windows of a leg are kept.
const maxQuality = 8

// participant is a leg as events describe it. Fields that an event leaves out keep their values.
type participant struct {
	UUID        string   `json:"uuid"`
	Conference  string   `json:"conference"`
	DisplayName string   `json:"display_name"`
	Destination string   `json:"destination_alias"`
	CallTag     string   `json:"call_tag"`
	Protocol    string   `json:"protocol"`
	Direction   string   `json:"call_direction"`
	Role        string   `json:"role"`
	ServiceType string   `json:"service_type"`
	ServiceTag  *string  `json:"service_tag"`
	HasMedia    bool     `json:"has_media"`
	MediaNode   string   `json:"media_node"`
	ConnectTime *float64 `json:"connect_time"`
	Reason      string   `json:"disconnect_reason"`
}

// conference is a room as events describe it.
type conference struct {
	Name string  `json:"name"`
	Tag  *string `json:"tag"`
}

// window is a change of a leg's media quality.
type window struct {
	UUID string `json:"uuid"`
	Was  string `json:"call_quality_was"`
	Now  string `json:"call_quality_now"`
}

// room is what is known about one running conference.
type room struct {
	name  string
	nodes []string // in the order of starting
	legs  []*leg
	heard time.Time // when the last event came, by our clock
	time  float64   // latest time of an event
}

// leg is what is known about one participant.
type leg struct {
	participant
	room     *room
	time     float64 // of the last event that was applied
	answered bool
	quality  []Quality
}

// answers reports whether the far end of a leg has taken the call: it is beyond connecting.
func (l *leg) answers() bool {
	return l.ServiceType != "connecting" && (l.HasMedia || l.ConnectTime != nil && *l.ConnectTime > 0)
}

func (l *leg) out() bool { return strings.HasPrefix(l.Direction, "out") }

func (l *leg) public() Leg {
	p := Leg{
		UUID: l.UUID, Name: l.DisplayName, Alias: l.Destination, CallTag: l.CallTag, Protocol: strings.ToLower(l.Protocol),
		Role: l.Role, Stage: l.ServiceType, Out: l.out(), HasMedia: l.HasMedia, Node: l.MediaNode,
		Answered: l.answered, Reason: l.Reason, Quality: slices.Clone(l.quality),
	}
	if l.ConnectTime != nil {
		p.Connected = moment(*l.ConnectTime)
	}
	return p
}

func (r *room) public() Room {
	p := Room{Name: r.name, Nodes: slices.Sorted(slices.Values(r.nodes))}
	for _, l := range r.legs {
		p.Legs = append(p.Legs, l.public())
	}
	return p
}

// moment is a time of the wire; what is no time is the zero one.
func moment(seconds float64) time.Time {
	if seconds <= 0 || seconds > 1e11 {
		return time.Time{}
	}
	return time.UnixMicro(int64(seconds * 1e6))
}
