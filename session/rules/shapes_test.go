package rules

import (
	"encoding/json"
	"testing"
	"time"
)

// wire is as much of a call event as the rules read, in the platform's JSON.
type wire struct {
	EventBody struct {
		ID             string
		RecordingState string
		SecurePause    bool
		Participants   []struct {
			ID, Purpose, State, DisconnectType string
			User                               struct{ ID string }
			Held, Muted, Confined              *bool
			ConsultParticipantID               string
			Attributes                         map[string]string
			RecordingState                     string
			ConnectedTime, EndTime             time.Time
			StartHoldTime                      time.Time
		}
	}
}

func snapshotOf(t *testing.T, event string) Snapshot {
	t.Helper()
	var w wire
	if err := json.Unmarshal([]byte(event), &w); err != nil {
		t.Fatalf("event %s: %v", event, err)
	}
	b := w.EventBody
	s := Snapshot{ConversationID: b.ID, RecordingState: b.RecordingState, SecurePause: b.SecurePause}
	for _, p := range b.Participants {
		s.Participants = append(s.Participants, Participant{
			ID: p.ID, Purpose: p.Purpose, UserID: p.User.ID, State: p.State, DisconnectType: p.DisconnectType,
			Held: FlagOf(p.Held), Muted: FlagOf(p.Muted), Confined: FlagOf(p.Confined),
			ConsultParticipantID: p.ConsultParticipantID, ConsultInitiator: p.Attributes["consultInitiator"] == "true",
			RecordingState: p.RecordingState, ConnectedTime: p.ConnectedTime, EndTime: p.EndTime, StartHoldTime: p.StartHoldTime,
		})
	}
	return s
}

func event(participants string) string {
	return `{"eventBody":{"id":"` + conversation + `","recordingState":"active","participants":[` + participants + `]}}`
}

const (
	wireCustomer = `{"id":"p-cust","purpose":"customer","state":"connected","direction":"inbound","held":false,"muted":false,"confined":false,"recordingState":"active","connectedTime":"2026-09-01T09:00:01.000Z"}`
	wireIVR      = `{"id":"p-ivr","purpose":"ivr","state":"terminated","disconnectType":"transfer","held":false,"endTime":"2026-09-01T09:00:09.000Z"}`
	wireQueued   = `{"id":"p-acd","purpose":"acd","state":"connected","held":false,"connectedTime":"2026-09-01T09:00:09.000Z"}`
	wireAnswered = `{"id":"p-acd","purpose":"acd","state":"terminated","disconnectType":"transfer","held":false,"endTime":"2026-09-01T09:00:12.000Z"}`
	wireRinging  = `{"id":"p-ag1","purpose":"agent","state":"alerting","user":{"id":"u-ada"},"held":false,"muted":false,"confined":false}`
	wireAda      = `{"id":"p-ag1","purpose":"agent","state":"connected","user":{"id":"u-ada"},"held":false,"muted":false,"confined":false,"recordingState":"none","wrapupRequired":true,"connectedTime":"2026-09-01T09:00:12.000Z"}`
	wireAside    = `{"id":"p-cust","purpose":"customer","state":"connected","held":false,"confined":true,"muted":false}`
	wireHeld     = `{"id":"p-ag1","purpose":"agent","user":{"id":"u-ada"},"state":"connected","held":true,"startHoldTime":"2026-09-01T09:03:00.000Z","confined":false,"muted":false}`
	wireGone     = `{"id":"p-cust","purpose":"customer","state":"disconnected","disconnectType":"peer","held":false,"endTime":"2026-09-01T09:09:00.000Z"}`

	wireAdaTransferred = `{"id":"p-ag1","purpose":"agent","user":{"id":"u-ada"},"state":"disconnected","disconnectType":"transfer","endTime":"2026-09-01T09:05:00.000Z","held":false}`
	wireAdaPeer        = `{"id":"p-ag1","purpose":"agent","user":{"id":"u-ada"},"state":"terminated","disconnectType":"peer","endTime":"2026-09-01T09:05:00.200Z","held":false,"wrapupRequired":true}`
	wireBobRinging     = `{"id":"p-ag2","purpose":"agent","user":{"id":"u-bob"},"state":"alerting","held":false}`
	wireBob            = `{"id":"p-ag2","purpose":"agent","user":{"id":"u-bob"},"state":"connected","held":false,"transferSource":"Agent","connectedTime":"2026-09-01T09:05:04.000Z"}`
	wireBobGone        = `{"id":"p-ag2","purpose":"agent","user":{"id":"u-bob"},"state":"terminated","disconnectType":"transfer","held":false,"endTime":"2026-09-01T09:07:00.000Z"}`
	wireAdaAgain       = `{"id":"p-ag3","purpose":"agent","user":{"id":"u-ada"},"state":"connected","held":false,"muted":false,"connectedTime":"2026-09-01T09:07:04.000Z"}`

	wireAsked      = `{"id":"p-cust","purpose":"customer","state":"connected","held":false,"confined":true,"consultParticipantId":"p-cust","attributes":{}}`
	wireTalking    = `{"id":"p-cust","purpose":"customer","state":"connected","held":false,"confined":false,"consultParticipantId":"p-cust","attributes":{}}`
	wireInitiator  = `{"id":"p-ag1","purpose":"agent","user":{"id":"u-ada"},"state":"connected","held":false,"confined":false,"consultParticipantId":"p-cust","attributes":{"consultInitiator":"true"}}`
	wireBobAsked   = `{"id":"p-ag2","purpose":"agent","user":{"id":"u-bob"},"state":"alerting","held":false,"confined":false,"consultParticipantId":"p-cust","attributes":{}}`
	wireBobConsult = `{"id":"p-ag2","purpose":"agent","user":{"id":"u-bob"},"state":"connected","held":false,"confined":false,"consultParticipantId":"p-cust","attributes":{}}`
	wireBobAside   = `{"id":"p-ag2","purpose":"agent","user":{"id":"u-bob"},"state":"connected","held":false,"confined":true,"consultParticipantId":"p-cust","attributes":{}}`
	wireBobLeft    = `{"id":"p-ag2","purpose":"agent","user":{"id":"u-bob"},"state":"disconnected","disconnectType":"client","held":false,"confined":false,"endTime":"2026-09-01T09:06:00.000Z"}`
)

func join(ps ...string) (all string) {
	for i, p := range ps {
		if i > 0 {
			all += ","
		}
		all += p
	}
	return all
}

// moment is one event and what it leads to, a settling time later.
type moment struct {
	event   string // its participants
	ordered []Action
	phase   Phase
	sending bool
}

var (
	on    = SetVideo{true}
	off   = SetVideo{false}
	share = StopPresentation{}
)

// Whole calls as the platform tells them, on each agent's own topic.
func TestShapes(t *testing.T) {
	begun := moment{join(wireCustomer, wireIVR, wireAnswered, wireAda), []Action{Join{}, on}, PhaseActive, true}
	tests := []struct {
		name string
		user string
		play []moment
	}{
		{"ring, answer, customer hangs up", ada, []moment{
			{join(wireCustomer, wireIVR, wireQueued), nil, PhaseNone, false},
			{join(wireCustomer, wireIVR, wireQueued, wireRinging), nil, PhaseIncoming, false},
			begun,
			{join(wireGone, wireIVR, wireAnswered, wireAda), []Action{EndForAll{}}, PhaseEnded, false},
			{join(wireGone, wireIVR, wireAnswered, wireAdaPeer), nil, PhaseEnded, false},
		}},
		{"hold and resume, each told twice", ada, []moment{
			begun,
			{join(wireAside, wireHeld), []Action{off, share}, PhaseHeld, false},
			{join(wireAside, wireHeld), nil, PhaseHeld, false},
			{join(wireCustomer, wireAda), []Action{on}, PhaseActive, true},
			{join(wireCustomer, wireAda), nil, PhaseActive, true},
		}},
		{"blind transfer, and back to a new entry", ada, []moment{
			begun,
			{join(wireCustomer, wireAda, wireBobRinging), nil, PhaseActive, true},
			{join(wireCustomer, wireAdaTransferred, wireBobRinging), []Action{Leave{}}, PhaseEnded, false},
			{join(wireCustomer, wireAdaPeer, wireBobRinging), nil, PhaseEnded, false},
			{join(wireCustomer, wireAdaPeer, wireBob), nil, PhaseEnded, false},
			{join(wireCustomer, wireAdaPeer, wireBobGone, wireAdaAgain), []Action{Join{}, on}, PhaseActive, true},
		}},
		{"blind transfer to Bob, on his topic", bob, []moment{
			{join(wireCustomer, wireAda, wireBobRinging), nil, PhaseIncoming, false},
			{join(wireAside, wireAdaTransferred, wireBobRinging), nil, PhaseIncoming, false},
			{join(wireCustomer, wireAdaPeer, wireBob), []Action{Join{}, on}, PhaseActive, true},
		}},
		{"consult, toggled, completed", ada, []moment{
			begun,
			{join(wireAsked, wireInitiator, wireBobAsked), []Action{off, share}, PhaseConsulting, false},
			{join(wireAsked, wireInitiator, wireBobConsult), nil, PhaseConsulting, false},
			{join(wireTalking, wireInitiator, wireBobAside), []Action{on}, PhaseActive, true},
			{join(wireAsked, wireInitiator, wireBobConsult), []Action{off, share}, PhaseConsulting, false},
			{join(wireCustomer, wireAdaPeer, wireBob), []Action{Leave{}}, PhaseEnded, false},
		}},
		{"consult cancelled", ada, []moment{
			begun,
			{join(wireAsked, wireInitiator, wireBobAsked), []Action{off, share}, PhaseConsulting, false},
			{join(wireCustomer, wireAda, wireBobLeft), []Action{on}, PhaseActive, true},
		}},
		{"consult joined as a conference", ada, []moment{
			begun,
			{join(wireAsked, wireInitiator, wireBobConsult), []Action{off, share}, PhaseConsulting, false},
			{join(wireTalking, wireInitiator, wireBob), []Action{on}, PhaseActive, true},
		}},
		{"customer drops during a consult", ada, []moment{
			begun,
			{join(wireAsked, wireInitiator, wireBobConsult), []Action{off, share}, PhaseConsulting, false},
			{join(wireGone, wireAda, wireBob), []Action{EndForAll{}}, PhaseEnded, false},
		}},
		{"consulted, put aside, then given the call", bob, []moment{
			{join(wireAsked, wireInitiator, wireBobAsked), nil, PhaseIncoming, false},
			{join(wireAsked, wireInitiator, wireBobConsult), nil, PhaseConsulted, false},
			{join(wireTalking, wireInitiator, wireBobAside), nil, PhaseConsulted, false},
			{join(wireAsked, wireAdaPeer, wireBobConsult), nil, PhaseConsulted, false},
			{join(wireCustomer, wireAdaPeer, wireBobConsult), []Action{Join{}, on}, PhaseActive, true}, // the field may stay
			{join(wireCustomer, wireAdaPeer, wireBob), nil, PhaseActive, true},
		}},
		{"consulted, and joined as a conference", bob, []moment{
			{join(wireAsked, wireInitiator, wireBobConsult), nil, PhaseConsulted, false},
			{join(wireTalking, wireInitiator, wireBobConsult), []Action{Join{}, on}, PhaseActive, true},
		}},
		{"consulted, and dismissed", bob, []moment{
			{join(wireAsked, wireInitiator, wireBobConsult), nil, PhaseConsulted, false},
			{join(wireCustomer, wireAda, wireBobLeft), nil, PhaseEnded, false},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := play(t, Options{RequireRecording: true})
			p.call = New(conversation, tt.user, p.call.opts)
			p.live()
			p.camera(true)
			p.read()
			p.wants(Reread{})
			for i, m := range tt.play {
				p.take(p.call.OnSnapshot(snapshotOf(t, event(m.event)), p.now))
				p.pass(time.Second)
				if p.call.View().Leg == LegJoining {
					p.joined()
				}
				p.wants(m.ordered...)
				p.phase(m.phase)
				if got := p.call.View().Sending; got != m.sending {
					t.Fatalf("moment %d: got sending %v, want %v", i, got, m.sending)
				}
			}
		})
	}
}
