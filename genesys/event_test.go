package genesys

import (
	"strings"
	"testing"
)

func TestDecode(t *testing.T) {
	tests := []struct {
		name, text string
		want       kind
		fails      bool
	}{
		{"heartbeat", `{"topicName":"channel.metadata","eventBody":{"message":"WebSocket Heartbeat"}}`, heartbeat, false},
		{"pong", `{"topicName":"channel.metadata","eventBody":{"message":"pong"}}`, pong, false},
		{"metadata of another kind", `{"topicName":"channel.metadata","eventBody":[1]}`, heartbeat, false},
		{"metadata of nothing", `{"topicName":"channel.metadata"}`, heartbeat, false},
		{"closing", `{"topicName":"v2.system.socket_closing","eventBody":{"message":"soon"}}`, closing, false},
		{"answer to a request", `{"result":"200","status":"subscribed","correlationId":"x"}`, otherMessage, false},
		{"topic of another user", `{"topicName":"v2.users.u-bob.conversations.calls","eventBody":7}`, otherMessage, false},
		{"event", eventConnected, event, false},
		{"unknown fields", callEvent(`{"id":"p","new":{"a":[1,2]},"held":true}`), event, false},
		{"nulls", callEvent(`{"id":"p","user":null,"held":null,"attributes":null,"endTime":null},null`), event, false},
		{"times of another form", callEvent(`{"connectedTime":"yesterday","endTime":12}`), event, false},
		{"attributes of all sorts", callEvent(`{"attributes":{"a":1,"b":{"c":2},"d":"e"}}`), event, false},
		{"attributes of a wrong type", callEvent(`{"attributes":[1]}`), event, false},
		{"no JSON", `hello`, otherMessage, true},
		{"nothing", ``, otherMessage, true},
		{"half", eventConnected[:200], otherMessage, true},
		{"held of a wrong type", callEvent(`{"held":"true"}`), otherMessage, true},
		{"state of a wrong type", callEvent(`{"state":7}`), otherMessage, true},
		{"participants of a wrong type", `{"topicName":"v2.users.u-ada.conversations.calls","eventBody":{"id":"c","participants":{}}}`, otherMessage, true},
		{"no body", `{"topicName":"v2.users.u-ada.conversations.calls"}`, otherMessage, true},
		{"null body", `{"topicName":"v2.users.u-ada.conversations.calls","eventBody":null}`, otherMessage, true},
		{"no id", `{"topicName":"v2.users.u-ada.conversations.calls","eventBody":{"participants":[]}}`, otherMessage, true},
		{"hostile id", `{"topicName":"v2.users.u-ada.conversations.calls","eventBody":{"id":"../x"}}`, otherMessage, true},
		{"too many participants", callEvent(`{}` + strings.Repeat(`,{}`, maxParticipants)), otherMessage, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := decode([]byte(tt.text), callsTopic("u-ada"))
			if (err != nil) != tt.fails || m.kind != tt.want {
				t.Errorf("got kind %d, error %v; want %d, failure %v", m.kind, err, tt.want, tt.fails)
			}
			if (m.conversation != nil) != (m.kind == event) {
				t.Errorf("conversation %v with kind %d", m.conversation, m.kind)
			}
		})
	}
}

func TestAttributesKeepTexts(t *testing.T) {
	m, err := decode([]byte(callEvent(`{"attributes":{"session":"4711","n":1,"consultInitiator":"TRUE"}}`)), callsTopic("u-ada"))
	if err != nil {
		t.Fatal(err)
	}
	p := m.conversation.Participants[0]
	if len(p.Attributes) != 2 || p.Attributes["session"] != "4711" || !p.ConsultInitiator {
		t.Errorf("got %+v", p)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(eventConnected))
	for _, participants := range []string{eventRinging, eventHold, eventTransfer, eventBack, eventConsult, eventConference} {
		f.Add([]byte(callEvent(participants)))
	}
	f.Add([]byte(`{"topicName":"channel.metadata","eventBody":{"message":"pong"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := decode(text, callsTopic("u-ada"))
		if (m.kind == event) != (m.conversation != nil) || err != nil && m.conversation != nil {
			t.Fatalf("kind %d, conversation %v, error %v", m.kind, m.conversation, err)
		}
		if m.conversation != nil {
			check(t, m.conversation)
		}
	})
}
