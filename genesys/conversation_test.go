package genesys

import (
	"encoding/json"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	sdk "github.com/mypurecloud/platform-client-sdk-go/v129/platformclientv2"
)

func at(clock string) time.Time {
	t, err := time.Parse(time.DateTime, "2026-09-01 "+clock)
	if err != nil {
		panic(err)
	}
	return t
}

func TestRESTShape(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got, err := newPlatform(t).agent().Conversation(t.Context(), conversationID)
		if err != nil {
			t.Fatal(err)
		}
		want := &Conversation{
			ID: conversationID, Source: SourceREST, RecordingState: "active",
			Participants: []Participant{
				{ID: "p-cust", Purpose: "customer", Name: "4711abcd", State: "connected", Direction: "inbound",
					ConnectedTime: at("09:00:01"), ANIName: "4711abcd", ANI: "sip:4711abcd@video.example", DNIS: "tel:+15551234567",
					SelfAddress: "sip:4711abcd@video.example", Recording: true, RecordingState: "active", Attributes: map[string]string{}},
				{ID: "p-ivr", Purpose: "ivr", State: "terminated", DisconnectType: "transfer", Direction: "inbound", EndTime: at("09:00:09")},
				{ID: "p-acd", Purpose: "acd", State: "terminated", DisconnectType: "transfer", Direction: "inbound", EndTime: at("09:00:12")},
				{ID: "p-ag1", Purpose: "agent", UserID: "u-ada", State: "connected", Direction: "inbound",
					ConnectedTime: at("09:00:12"), Attributes: map[string]string{}},
			},
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	})
}

func TestEventShape(t *testing.T) {
	m, err := decode([]byte(eventConnected), callsTopic("u-ada"))
	if err != nil {
		t.Fatal(err)
	}
	want := &Conversation{
		ID: conversationID, Source: SourceEvent, RecordingState: "active",
		Participants: []Participant{
			{ID: "p-cust", Purpose: "customer", Name: "4711abcd", State: "connected", Direction: "inbound",
				ConnectedTime: at("09:00:01"), Address: "sip:4711abcd@video.example",
				Recording: true, RecordingState: "active", Attributes: map[string]string{}},
			{ID: "p-ivr", Purpose: "ivr", Name: "Main flow", State: "terminated", DisconnectType: "transfer", Direction: "inbound",
				ConnectedTime: at("09:00:01"), EndTime: at("09:00:09"), Attributes: map[string]string{}},
			{ID: "p-acd", Purpose: "acd", Name: "Video queue", State: "terminated", DisconnectType: "transfer", Direction: "inbound",
				EndTime: at("09:00:12"), Attributes: map[string]string{}},
			{ID: "p-ag1", Purpose: "agent", UserID: "u-ada", State: "connected", Direction: "inbound", ConnectedTime: at("09:00:12"),
				Address: "sip:ada@station.example", RecordingState: "none", Attributes: map[string]string{}},
		},
	}
	if m.kind != event || !reflect.DeepEqual(m.conversation, want) {
		t.Errorf("got  %+v\nwant %+v", m.conversation, want)
	}
}

// What the platform shows of each situation, and what we make of it.
func TestSituations(t *testing.T) {
	tests := []struct {
		name, participants string
		user               string
		me, customer       Participant // ID, State, DisconnectType, Held, Confined, ConsultParticipantID, ConsultInitiator
	}{
		{"ringing", eventRinging, "u-ada", Participant{ID: "p-ag1", State: "alerting"}, Participant{ID: "p-cust", State: "connected"}},
		{"hold", eventHold, "u-ada", Participant{ID: "p-ag1", State: "connected", Held: true},
			Participant{ID: "p-cust", State: "connected", Confined: true}},
		{"transfer, who gave", eventTransfer, "u-ada", Participant{ID: "p-ag1", State: "terminated", DisconnectType: "transfer"},
			Participant{ID: "p-cust", State: "connected"}},
		{"transfer, who got", eventTransfer, "u-bob", Participant{ID: "p-ag2", State: "connected"}, Participant{ID: "p-cust", State: "connected"}},
		{"transfer back", eventBack, "u-ada", Participant{ID: "p-ag3", State: "connected"}, Participant{ID: "p-cust", State: "connected"}},
		{"consult, who asks", eventConsult, "u-ada",
			Participant{ID: "p-ag1", State: "connected", ConsultParticipantID: "p-cust", ConsultInitiator: true},
			Participant{ID: "p-cust", State: "connected", Confined: true, ConsultParticipantID: "p-cust"}},
		{"consult, who is asked", eventConsult, "u-bob", Participant{ID: "p-ag2", State: "alerting", ConsultParticipantID: "p-cust"},
			Participant{ID: "p-cust", State: "connected", Confined: true, ConsultParticipantID: "p-cust"}},
		{"conference", eventConference, "u-bob", Participant{ID: "p-ag2", State: "connected"},
			Participant{ID: "p-cust", State: "connected", ConsultParticipantID: "p-cust"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := decode([]byte(callEvent(tt.participants)), callsTopic("u-ada"))
			if err != nil {
				t.Fatal(err)
			}
			me, _ := m.conversation.Mine(tt.user)
			customer, _ := m.conversation.Customer()
			for got, want := range map[*Participant]Participant{&me: tt.me, &customer: tt.customer} {
				brief := Participant{ID: got.ID, State: got.State, DisconnectType: got.DisconnectType, Held: got.Held, Confined: got.Confined,
					ConsultParticipantID: got.ConsultParticipantID, ConsultInitiator: got.ConsultInitiator}
				if !reflect.DeepEqual(brief, want) {
					t.Errorf("got %+v, want %+v", brief, want)
				}
			}
		})
	}
}

func TestUnsaid(t *testing.T) {
	m, err := decode([]byte(callEvent(`{"id":"1"},{"id":"2","held":false,"muted":false,"confined":false}`)), callsTopic("u-ada"))
	if err != nil {
		t.Fatal(err)
	}
	all := struct{ Held, Muted, Confined bool }{true, true, true}
	if got := m.conversation.Participants[0].Unsaid; got != all {
		t.Errorf("nothing said: %+v", got)
	}
	all.Held, all.Muted, all.Confined = false, false, false
	if got := m.conversation.Participants[1].Unsaid; got != all {
		t.Errorf("all said: %+v", got)
	}
}

func TestMine(t *testing.T) {
	leg := func(id, purpose, state string) Participant {
		return Participant{ID: id, Purpose: purpose, UserID: "u-ada", State: state}
	}
	tests := []struct {
		name string
		legs []Participant
		want string // empty: none
	}{
		{"nothing", nil, ""},
		{"only others", []Participant{{ID: "1", Purpose: "agent", UserID: "u-bob", State: "connected"}}, ""},
		{"not as an agent", []Participant{leg("1", "voicemail", "connected")}, ""},
		{"last connected", []Participant{leg("1", "agent", "connected"), leg("2", "agent", "connected"), leg("3", "agent", "alerting")}, "2"},
		{"connected before missed alerts", []Participant{leg("1", "agent", "connected"), leg("2", "agent", "terminated")}, "1"},
		{"alerting after an old leg", []Participant{leg("1", "agent", "terminated"), leg("2", "agent", "alerting"), leg("3", "agent", "disconnected")}, "2"},
		{"all ended", []Participant{leg("1", "agent", "terminated"), leg("2", "agent", "disconnected")}, "2"},
		{"agent without a queue", []Participant{leg("1", "user", "connected")}, "1"},
		{"unknown state is not an end", []Participant{leg("1", "agent", "parked"), leg("2", "agent", "terminated")}, "1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &Conversation{Participants: tt.legs}
			got, ok := c.Mine("u-ada")
			if got.ID != tt.want || ok != (tt.want != "") {
				t.Errorf("got %q %v, want %q", got.ID, ok, tt.want)
			}
		})
	}
	if p, ok := (&Conversation{Participants: []Participant{{Purpose: "agent"}}}).Mine(""); ok {
		t.Errorf("nobody's leg is %+v", p)
	}
}

func TestCustomer(t *testing.T) {
	c := &Conversation{Participants: []Participant{
		{ID: "1", Purpose: "customer", State: "connected"}, {ID: "2", Purpose: "external", State: "disconnected"}, {ID: "3", Purpose: "ivr", State: "connected"},
	}}
	if got, ok := c.Customer(); !ok || got.ID != "1" {
		t.Errorf("got %q, want the connected customer", got.ID)
	}
	if got, ok := (&Conversation{}).Customer(); ok {
		t.Errorf("got %+v of nobody", got)
	}
}

func TestRecorded(t *testing.T) {
	customer := Participant{Purpose: "customer", State: "connected", Recording: true, RecordingState: "active"}
	tests := []struct {
		name   string
		change func(*Conversation)
		want   bool
	}{
		{"active", func(*Conversation) {}, true},
		{"state not told on the leg", func(c *Conversation) { c.Participants[0].RecordingState = "" }, true},
		{"call is not recorded", func(c *Conversation) { c.RecordingState = "none" }, false},
		{"call is paused", func(c *Conversation) { c.RecordingState = "paused" }, false},
		{"secure pause", func(c *Conversation) { c.SecurePause = true }, false},
		{"leg is paused", func(c *Conversation) { c.Participants[0].RecordingState = "paused" }, false},
		{"secure pause of the leg", func(c *Conversation) { c.Participants[0].SecurePause = true }, false},
		{"customer has left", func(c *Conversation) { c.Participants[0].State = "disconnected" }, false},
		{"only the agent's leg", func(c *Conversation) { c.Participants[0].Purpose = "agent" }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &Conversation{RecordingState: "active", Participants: []Participant{customer}}
			tt.change(c)
			if got := c.Recorded(); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestRESTCall(t *testing.T) {
	tests := []struct{ name, participant, state, disconnect string }{
		{"connected before ended", `{"calls":[{"state":"connected"},{"state":"terminated","disconnectType":"TRANSFER"}]}`, "connected", ""},
		{"last of two ended", `{"calls":[{"state":"terminated","disconnectType":"client"},{"state":"DISCONNECTED","disconnectType":"Transfer"}]}`, "disconnected", "transfer"},
		{"no call, ended", `{"endTime":"2026-09-01T09:00:09.000Z"}`, "terminated", ""},
		{"no call", `{"calls":[]}`, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var p sdk.Participant
			if err := json.Unmarshal([]byte(tt.participant), &p); err != nil {
				t.Fatal(err)
			}
			if got := restParticipant(p); got.State != tt.state || got.DisconnectType != tt.disconnect {
				t.Errorf("got %q %q, want %q %q", got.State, got.DisconnectType, tt.state, tt.disconnect)
			}
		})
	}
}

func FuzzREST(f *testing.F) {
	f.Add([]byte(restConnected))
	f.Add([]byte(`{"id":"x","participants":[{"calls":[null,{"self":null}]},null]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var answer *sdk.Conversation
		if json.Unmarshal(body, &answer) != nil {
			return
		}
		c, err := fromREST(answer)
		if err == nil {
			check(t, c)
		}
	})
}

// check what holds for every conversation that we let in.
func check(t *testing.T, c *Conversation) {
	t.Helper()
	if !idForm.MatchString(c.ID) || len(c.Participants) > maxParticipants {
		t.Errorf("let in: id %q, %d participants", c.ID, len(c.Participants))
	}
	c.Mine("u-ada")
	c.Recorded()
	if id, err := (AliasSource{field: "ani-name"}).SessionID(c); err == nil && !sessionIDForm.MatchString(id) {
		t.Errorf("session ID %q", id)
	}
}
