package genesys

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// maxMessage bounds one message of the socket, in bytes. A participant takes about one KiB.
const maxMessage = 1 << 20

// kind sorts the messages of the notification socket.
type kind int

const (
	otherMessage kind = iota // of a topic that we did not ask for, or the answer to a request
	heartbeat
	pong
	closing // the server will close the socket in about a minute
	event   // a snapshot of a call
)

// message is one decoded message; conversation is set for an event.
type message struct {
	kind         kind
	conversation *Conversation
}

// callsTopic is the topic of all calls of a user.
func callsTopic(userID string) string { return "v2.users." + userID + ".conversations.calls" }

// decode reads one message of the socket. Unknown fields and topics are no errors; known fields of the wrong
// type are, because a hold that reads as none would show the agent to the customer.
func decode(text []byte, topic string) (message, error) {
	var envelope struct {
		TopicName string
		EventBody json.RawMessage
	}
	if err := json.Unmarshal(text, &envelope); err != nil {
		return message{}, fmt.Errorf("message of the socket: %w", err)
	}
	switch envelope.TopicName {
	case "channel.metadata":
		return message{kind: metadata(envelope.EventBody)}, nil
	case "v2.system.socket_closing":
		return message{kind: closing}, nil
	case topic:
		conversation, err := fromEvent(envelope.EventBody)
		if err != nil {
			return message{}, fmt.Errorf("call event: %w", err)
		}
		return message{kind: event, conversation: conversation}, nil
	}
	return message{}, nil
}

func metadata(body []byte) kind {
	var told struct{ Message string }
	if json.Unmarshal(body, &told) == nil && strings.EqualFold(told.Message, "pong") {
		return pong
	}
	return heartbeat
}

// fromEvent reads the event shape: the fields of a leg stand in the participant.
func fromEvent(body []byte) (*Conversation, error) {
	var told struct {
		ID             string
		RecordingState string
		SecurePause    bool
		Participants   []eventParticipant
	}
	if err := json.Unmarshal(body, &told); err != nil {
		return nil, err
	}
	if !idForm.MatchString(told.ID) {
		return nil, errNoID
	}
	if len(told.Participants) > maxParticipants {
		return nil, errTooMany
	}
	c := &Conversation{
		ID:             told.ID,
		Source:         SourceEvent,
		RecordingState: strings.ToLower(told.RecordingState),
		SecurePause:    told.SecurePause,
		Participants:   make([]Participant, 0, len(told.Participants)),
	}
	for _, p := range told.Participants {
		c.Participants = append(c.Participants, p.participant())
	}
	return c, nil
}

// eventParticipant is the part of a participant's wire form that we use.
type eventParticipant struct {
	ID, Purpose, Name                string
	User                             struct{ ID string }
	State, DisconnectType, Direction string
	Held, Muted, Confined            *bool
	ConsultParticipantID             string
	ConnectedTime, EndTime           instant
	StartHoldTime                    instant
	ANI, Address                     string
	Recording                        bool
	RecordingState                   string
	SecurePause                      bool
	Attributes                       attributes
}

func (e eventParticipant) participant() Participant {
	p := Participant{
		ID:                   e.ID,
		Purpose:              strings.ToLower(e.Purpose),
		UserID:               e.User.ID,
		Name:                 e.Name,
		State:                strings.ToLower(e.State),
		DisconnectType:       strings.ToLower(e.DisconnectType),
		Direction:            strings.ToLower(e.Direction),
		Held:                 value(e.Held),
		Muted:                value(e.Muted),
		Confined:             value(e.Confined),
		ConsultParticipantID: e.ConsultParticipantID,
		ConsultInitiator:     consultInitiator(e.Attributes),
		ConnectedTime:        time.Time(e.ConnectedTime),
		EndTime:              time.Time(e.EndTime),
		StartHoldTime:        time.Time(e.StartHoldTime),
		ANI:                  e.ANI,
		Address:              e.Address,
		Recording:            e.Recording,
		RecordingState:       strings.ToLower(e.RecordingState),
		SecurePause:          e.SecurePause,
		Attributes:           e.Attributes,
	}
	p.Unsaid.Held, p.Unsaid.Muted, p.Unsaid.Confined = e.Held == nil, e.Muted == nil, e.Confined == nil
	return p
}

// instant is a time whose unreadable values are zero.
type instant time.Time

func (t *instant) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) == nil {
		parsed, _ := time.Parse(time.RFC3339Nano, text)
		*t = instant(parsed)
	}
	return nil
}

// attributes are the string values of a participant's attributes; flows put all sorts of things there.
type attributes map[string]string

func (a *attributes) UnmarshalJSON(b []byte) error {
	var all map[string]any
	if json.Unmarshal(b, &all) != nil {
		return nil
	}
	*a = make(attributes, len(all))
	for name, v := range all {
		if text, ok := v.(string); ok {
			(*a)[name] = text
		}
	}
	return nil
}
