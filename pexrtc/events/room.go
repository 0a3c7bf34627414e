package events

import (
	"math"
	"slices"
	"strconv"
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
	Rated   What = "rated"   // a leg's media is of another quality
	Counted What = "counted" // a leg's media has ended: what it carried is known
)

// Change is one piece of news and the room as it is after it.
type Change struct {
	What What
	Room Room
	Leg  Leg // of all but Opened and Closed
}

// Room is one running conference. It is a copy.
type Room struct {
	Name    string
	Nodes   []string  // that run it, sorted
	Began   time.Time // the earliest that a node has named
	Told    time.Time // of the latest event; of a closed room, its end
	Started bool      // a host with media is in, or somebody started it
	Locked  bool
	Legs    []Leg // that are in, in the order of joining
	Gone    []Leg // that were, in the order of leaving
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
	Muted     bool
	Sharing   bool
	Node      string    // that has its media
	Connected time.Time // zero as long as the node names none
	Answered  bool      // for legs that are Out: the far end has taken the call
	Left      time.Time // of a leg that has left
	Reason    string    // likewise: raw text of the node
	Quality   []Quality // latest last, few
	Streams   []Stream  // of media that has ended
}

// Quality is one window of a leg's media: 0_unknown, 1_good, 2_ok, 3_bad or 4_terrible.
type Quality struct {
	At       time.Time
	Was, Now string
}

// Stream is what one stream of a leg carried, as its node counted.
type Stream struct {
	Kind                  string // audio, video or presentation
	In, Out               string // codecs, of what the leg sent and received
	InKbps, OutKbps       float64
	InLoss, OutLoss       float64 // percent
	InPicture, OutPicture string  // such as 1280x720
}

// maxQuality and maxStreams are how many windows and streams of a leg are kept.
const (
	maxQuality = 8
	maxStreams = 12
)

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
	Muted       bool     `json:"is_muted"`
	ClientMuted bool     `json:"is_client_muted"`
	Presenting  bool     `json:"is_presenting"`
	MediaNode   string   `json:"media_node"`
	ConnectTime *float64 `json:"connect_time"`
	EndTime     *float64 `json:"end_time"`
	Disconnect  *float64 `json:"disconnect_time"` // the same in other versions
	Reason      string   `json:"disconnect_reason"`
}

// conference is a room as events describe it.
type conference struct {
	Name      string   `json:"name"`
	Tag       *string  `json:"tag"`
	StartTime *float64 `json:"start_time"`
	Started   *bool    `json:"is_started"`
	Locked    *bool    `json:"is_locked"`
}

// window is a change of a leg's media quality.
type window struct {
	UUID string `json:"uuid"`
	Was  string `json:"call_quality_was"`
	Now  string `json:"call_quality_now"`
}

// destroyed is the end of a leg's media.
type destroyed struct {
	UUID    string   `json:"uuid"`
	Streams []stream `json:"media_streams"`
}

type stream struct {
	Kind         string `json:"stream_type"`
	RxCodec      string `json:"rx_codec"`
	TxCodec      string `json:"tx_codec"`
	RxBitrate    number `json:"rx_bitrate"`
	TxBitrate    number `json:"tx_bitrate"`
	RxLoss       number `json:"rx_packet_loss"`
	TxLoss       number `json:"tx_packet_loss"`
	RxResolution string `json:"rx_resolution"`
	TxResolution string `json:"tx_resolution"`
}

func (s stream) public() Stream {
	return Stream{
		Kind: s.Kind, In: s.RxCodec, Out: s.TxCodec, InKbps: float64(s.RxBitrate), OutKbps: float64(s.TxBitrate),
		InLoss: float64(s.RxLoss), OutLoss: float64(s.TxLoss), InPicture: s.RxResolution, OutPicture: s.TxResolution,
	}
}

// number is a figure, which some versions write as text. What is none is 0.
type number float64

func (n *number) UnmarshalJSON(b []byte) error {
	if f, err := strconv.ParseFloat(strings.Trim(string(b), `"`), 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
		*n = number(f)
	}
	return nil
}

// room is what is known about one running conference.
type room struct {
	name            string
	nodes           []string // in the order of starting
	legs            []*leg
	gone            []*leg
	began           float64 // 0 while no node has named it
	started, locked bool
	heard           time.Time // when the last event came, by our clock
	time            float64   // latest time of an event
}

// learn takes what an event says of the room as a whole.
func (r *room) learn(c conference) {
	if t := c.StartTime; t != nil && *t > 0 && (r.began == 0 || *t < r.began) {
		r.began = *t
	}
	if c.Started != nil {
		r.started = *c.Started
	}
	if c.Locked != nil {
		r.locked = *c.Locked
	}
}

// leg is what is known about one participant.
type leg struct {
	participant
	room     *room
	time     float64 // of the last event that was applied
	answered bool
	left     time.Time
	quality  []Quality
	streams  []Stream
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
		Muted: l.Muted || l.ClientMuted, Sharing: l.Presenting,
		Answered: l.answered, Left: l.left, Reason: l.Reason, Quality: slices.Clone(l.quality), Streams: slices.Clone(l.streams),
	}
	if l.ConnectTime != nil {
		p.Connected = moment(*l.ConnectTime)
	}
	return p
}

func (r *room) public() Room {
	p := Room{
		Name: r.name, Nodes: slices.Sorted(slices.Values(r.nodes)), Began: moment(r.began), Told: moment(r.time),
		Started: r.started, Locked: r.locked,
	}
	for _, l := range r.legs {
		p.Legs = append(p.Legs, l.public())
	}
	for _, l := range r.gone {
		p.Gone = append(p.Gone, l.public())
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
