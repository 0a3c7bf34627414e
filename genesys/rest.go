package genesys

import (
	"strings"

	sdk "github.com/mypurecloud/platform-client-sdk-go/v129/platformclientv2"
)

// maxParticipants bounds the legs of one conversation.
const maxParticipants = 500

// fromREST reads the REST shape: the fields of a leg stand in its calls.
func fromREST(answer *sdk.Conversation) (*Conversation, error) {
	if answer == nil || !idForm.MatchString(value(answer.Id)) {
		return nil, errNoID
	}
	participants := value(answer.Participants)
	if len(participants) > maxParticipants {
		return nil, errTooMany
	}
	c := &Conversation{
		ID:             value(answer.Id),
		Source:         SourceREST,
		RecordingState: word(answer.RecordingState),
		SecurePause:    value(answer.SecurePause),
		Participants:   make([]Participant, 0, len(participants)),
	}
	for _, p := range participants {
		c.Participants = append(c.Participants, restParticipant(p))
	}
	return c, nil
}

func restParticipant(from sdk.Participant) Participant {
	p := Participant{
		ID:                   value(from.Id),
		Purpose:              word(from.Purpose),
		UserID:               value(from.UserId),
		Name:                 value(from.Name),
		ConsultParticipantID: value(from.ConsultParticipantId),
		ConnectedTime:        value(from.ConnectedTime),
		EndTime:              value(from.EndTime),
		ANIName:              value(from.AniName),
		ANI:                  value(from.Ani),
		DNIS:                 value(from.Dnis),
		Address:              value(from.Address),
		Attributes:           value(from.Attributes),
	}
	p.ConsultInitiator = consultInitiator(p.Attributes)
	if call, ok := restCall(value(from.Calls)); ok {
		p.take(call)
	} else if !p.EndTime.IsZero() {
		p.State = stateTerminated
	}
	return p
}

// take adds what stands in the call.
func (p *Participant) take(call sdk.Call) {
	p.State = word(call.State)
	p.DisconnectType = word(call.DisconnectType)
	p.Direction = word(call.Direction)
	p.Held = value(call.Held)
	p.Muted = value(call.Muted)
	p.Confined = value(call.Confined)
	p.Recording = value(call.Recording)
	p.RecordingState = word(call.RecordingState)
	p.SecurePause = value(call.SecurePause)
	p.StartHoldTime = value(call.StartHoldTime)
	if call.ConnectedTime != nil {
		p.ConnectedTime = *call.ConnectedTime
	}
	if p.EndTime.IsZero() {
		p.EndTime = value(call.DisconnectedTime)
	}
	if call.Self != nil {
		p.SelfAddress = value(call.Self.AddressRaw)
		if p.SelfAddress == "" {
			p.SelfAddress = value(call.Self.AddressNormalized)
		}
	}
}

// restCall chooses among the calls of a participant as Conversation.Mine does among legs.
func restCall(calls []sdk.Call) (best sdk.Call, found bool) {
	rank := func(c sdk.Call) int { return Participant{State: word(c.State)}.rank() }
	for _, c := range calls {
		if !found || rank(c) >= rank(best) {
			best, found = c, true
		}
	}
	return best, found
}

// consultInitiator reads the mark that a consult leaves on the agent who began it.
func consultInitiator(attributes map[string]string) bool {
	return strings.EqualFold(attributes["consultInitiator"], "true")
}

// value is what a pointer of the SDK points to, or zero.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// word is a value from a fixed set, which REST and events write in different cases.
func word(p *string) string { return strings.ToLower(value(p)) }
