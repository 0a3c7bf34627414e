package genesystest

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// stamp is a time as the platform writes it: UTC with milliseconds.
type stamp time.Time

func (t stamp) IsZero() bool { return time.Time(t).IsZero() }

func (t stamp) MarshalJSON() ([]byte, error) {
	return []byte(time.Time(t).UTC().Format(`"2006-01-02T15:04:05.000Z"`)), nil
}

func (t *stamp) UnmarshalJSON(b []byte) error { return (*time.Time)(t).UnmarshalJSON(b) }

// refusal is an API error: what the platform answers when it will not.
type refusal struct {
	status        int
	code, message string
}

func (r *refusal) Error() string {
	return fmt.Sprintf("genesystest: %d %s: %s", r.status, r.code, r.message)
}

func refuse(status int, code, format string, args ...any) error {
	return &refusal{status, code, fmt.Sprintf(format, args...)}
}

// entity refers to a user, queue or client.
type entity struct {
	ID      string `json:"id"`
	Name    string `json:"name,omitempty"`
	SelfURI string `json:"selfUri,omitempty"`
}

// snapshot is one state of a call in the shapes of the two topics of a user.
type snapshot struct {
	calls json.RawMessage // …conversations.calls
	media json.RawMessage // …conversations
}

// snap remembers the present state for publishing.
func (c *call) snap() {
	c.snapshots = append(c.snapshots, snapshot{calls: encode(c.callView(false)), media: encode(c.mediaView(false))})
}

// encode marshals values of this package's own types, which cannot fail.
func encode(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("genesystest: encode %T: %v", v, err))
	}
	return b
}

// callView is a conversation with flat participants: the events, and /conversations/calls with REST's capitals.
type callView struct {
	ID             string            `json:"id"`
	Address        string            `json:"address,omitempty"`
	Participants   []callParticipant `json:"participants"`
	OtherMediaURIs []string          `json:"otherMediaUris"`
	RecordingState string            `json:"recordingState"`
	SecurePause    bool              `json:"securePause"`
	MaxParticipant int               `json:"maxParticipants,omitempty"`
	SelfURI        string            `json:"selfUri,omitempty"`
}

type callParticipant struct {
	ID                string            `json:"id"`
	Name              string            `json:"name,omitempty"`
	Address           string            `json:"address,omitempty"`
	StartTime         stamp             `json:"startTime,omitzero"`
	ConnectedTime     stamp             `json:"connectedTime,omitzero"`
	EndTime           stamp             `json:"endTime,omitzero"`
	StartHoldTime     stamp             `json:"startHoldTime,omitzero"`
	Purpose           string            `json:"purpose"`
	State             string            `json:"state"`
	InitialState      string            `json:"initialState,omitempty"`
	Direction         string            `json:"direction"`
	DisconnectType    string            `json:"disconnectType,omitempty"`
	Held              bool              `json:"held"`
	Muted             bool              `json:"muted"`
	Confined          bool              `json:"confined"`
	Recording         bool              `json:"recording"`
	RecordingState    string            `json:"recordingState"`
	SecurePause       bool              `json:"securePause"`
	WrapupRequired    bool              `json:"wrapupRequired"`
	WrapupPrompt      string            `json:"wrapupPrompt,omitempty"`
	Wrapup            *wrapup           `json:"wrapup,omitempty"`
	StartAcwTime      stamp             `json:"startAcwTime,omitzero"`
	EndAcwTime        stamp             `json:"endAcwTime,omitzero"`
	AlertingTimeoutMS int64             `json:"alertingTimeoutMs,omitempty"`
	User              *entity           `json:"user,omitempty"`
	Queue             *entity           `json:"queue,omitempty"`
	Attributes        map[string]string `json:"attributes"`
	ANI               string            `json:"ani,omitempty"`
	DNIS              string            `json:"dnis,omitempty"`
	ConsultID         string            `json:"consultParticipantId,omitempty"`
	TransferSource    string            `json:"transferSource,omitempty"`
	RoutingData       *routingData      `json:"conversationRoutingData,omitempty"`
	Provider          string            `json:"provider"`
	Peer              string            `json:"peer,omitempty"`
	MediaRoles        []string          `json:"mediaRoles,omitempty"`
}

type routingData struct {
	Queue    entity         `json:"queue"`
	Language map[string]any `json:"language"`
	Priority int            `json:"priority"`
}

func (c *call) callView(rest bool) callView {
	v := callView{ID: c.id, Address: c.address, OtherMediaURIs: []string{}, SecurePause: c.securePause}
	v.RecordingState = c.recordingState
	if rest {
		v.RecordingState = strings.ToUpper(c.recordingState)
		v.SelfURI = "/api/v2/conversations/calls/" + c.id
	}
	for _, p := range c.participants {
		v.Participants = append(v.Participants, c.callParticipant(p, rest))
	}
	return v
}

func (c *call) callParticipant(p *participant, rest bool) callParticipant {
	v := callParticipant{
		ID: p.id, Name: p.name, Address: p.address, Purpose: p.purpose,
		StartTime: stamp(p.started), ConnectedTime: stamp(p.connected), EndTime: stamp(p.ended), StartHoldTime: stamp(p.holdStarted),
		State: p.state, InitialState: p.initial, Direction: p.direction, DisconnectType: p.disconnect,
		Held: p.held, Muted: p.muted, Confined: p.confined,
		Recording: p.recording, RecordingState: p.recordingState, SecurePause: c.securePause && p.farEnd(),
		WrapupRequired: p.wrapupRequired, WrapupPrompt: p.wrapupPrompt(), Wrapup: p.wrapup,
		StartAcwTime: stamp(p.acwStart), EndAcwTime: stamp(p.acwEnd), AlertingTimeoutMS: p.alertingTimeoutMS,
		Attributes: p.attributes, ANI: p.ani, DNIS: p.dnis, ConsultID: p.consult,
		TransferSource: p.source, Provider: "Edge",
	}
	if !p.farEnd() {
		v.Peer = p.peer
	}
	if p.farEnd() || p.isAgent() {
		v.MediaRoles = []string{"full"}
	}
	if p.user != nil {
		v.User = p.user.entity(rest)
	}
	if p.queue != nil {
		v.Queue = &entity{ID: p.queue.ID}
		if p.purpose == purposeACD {
			v.RoutingData = &routingData{Queue: *v.Queue, Language: map[string]any{}}
		}
	}
	return v
}

func (p *participant) wrapupPrompt() string {
	if p.wrapupRequired {
		return "optional"
	}
	return ""
}
