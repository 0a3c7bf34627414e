package genesys

import (
	"errors"
	"strings"
	"testing"
)

func TestSessionID(t *testing.T) {
	customer := func(p Participant) *Conversation {
		p.Purpose, p.State = "customer", "connected"
		return &Conversation{ID: conversationID, Participants: []Participant{p}}
	}
	tests := []struct {
		name, source string
		conversation *Conversation
		want         string // empty: ErrNoAlias
	}{
		{"ANI name", "ani-name", customer(Participant{ANIName: "4711abcd"}), "4711abcd"},
		{"default", "", customer(Participant{ANIName: " 4711abcd "}), "4711abcd"},
		{"name is not the ANI name", "ani-name", customer(Participant{Name: "4711abcd"}), ""},
		{"a person", "ani-name", customer(Participant{ANIName: "Grace Hopper"}), ""},
		{"nobody", "ani-name", customer(Participant{ANIName: "Anonymous"}), ""},
		{"path", "ani-name", customer(Participant{ANIName: "../admin"}), ""},
		{"dots", "ani-name", customer(Participant{ANIName: ".."}), ""},
		{"slash", "ani-name", customer(Participant{ANIName: "a/b"}), ""},
		{"query", "ani-name", customer(Participant{ANIName: "a?b"}), ""},
		{"line break", "ani-name", customer(Participant{ANIName: "a\nb"}), ""},
		{"not ASCII", "ani-name", customer(Participant{ANIName: "ä"}), ""},
		{"64", "ani-name", customer(Participant{ANIName: strings.Repeat("a", 64)}), strings.Repeat("a", 64)},
		{"65", "ani-name", customer(Participant{ANIName: strings.Repeat("a", 65)}), ""},
		{"ANI, SIP", "ani", customer(Participant{ANI: "sip:4711abcd@video.example;transport=tls"}), "4711abcd"},
		{"ANI, user parameters", "ani", customer(Participant{ANI: "sip:4711abcd;phone-context=x@video.example"}), "4711abcd"},
		{"ANI, telephone", "ani", customer(Participant{ANI: "tel:+15551234567"}), "+15551234567"},
		{"ANI, bare", "ani", customer(Participant{ANI: "4711"}), "4711"},
		{"ANI, other scheme", "ani", customer(Participant{ANI: "https://4711"}), ""},
		{"ANI, without user", "ani", customer(Participant{ANI: "sip:@video.example"}), ""},
		{"SIP user of the leg", "sip-user", customer(Participant{SelfAddress: "sips:4711abcd@video.example", ANI: "sip:other@x"}), "4711abcd"},
		{"SIP user of the address", "sip-user", customer(Participant{SelfAddress: "tel:+1555", Address: "SIP:4711abcd@video.example"}), "4711abcd"},
		{"SIP user of a telephone", "sip-user", customer(Participant{SelfAddress: "tel:+1555"}), ""},
		{"attribute", "attribute:video.session", customer(Participant{Attributes: map[string]string{"video.session": "4711abcd"}}), "4711abcd"},
		{"attribute of another name", "attribute:session", customer(Participant{Attributes: map[string]string{"Session": "4711abcd"}}), ""},
		{"dialled, SIP", "ani-name", customer(Participant{Direction: "outbound", SelfAddress: "sip:30123@video.example", ANIName: "4711abcd"}), "30123"},
		{"dialled, telephone", "ani-name", customer(Participant{Direction: "outbound", Address: "tel:+15551234567"}), "+15551234567"},
		{"dialled, bare", "attribute:x", customer(Participant{Direction: "outbound", DNIS: "30123", Attributes: map[string]string{"x": "4711abcd"}}), "30123"},
		{"dialled, no address", "ani-name", customer(Participant{Direction: "outbound", ANIName: "4711abcd"}), ""},
		{"dialled, hostile", "ani-name", customer(Participant{Direction: "outbound", Address: "sip:..%2f@video.example"}), ""},
		{"inbound from an address like a device's", "ani-name", customer(Participant{Direction: "inbound", ANIName: "4711abcd", SelfAddress: "sip:30123@video.example"}), "4711abcd"},
		{"somebody called in", "ani-name", &Conversation{Participants: []Participant{
			{Purpose: "customer", State: "connected", Direction: "inbound", ANIName: "4711abcd"},
			{Purpose: "external", State: "connected", Direction: "outbound", Address: "tel:+1555"}}}, "4711abcd"},
		{"external far end", "ani-name", &Conversation{Participants: []Participant{
			{Purpose: "agent", State: "connected", Direction: "outbound", Address: "sip:ada@x"},
			{Purpose: "external", State: "dialing", Direction: "outbound", Address: "sip:branch7@video.example"}}}, "branch7"},
		{"nobody there", "ani-name", &Conversation{Participants: []Participant{{Purpose: "agent", ANIName: "4711abcd"}}}, ""},
		{"connected customer first", "ani-name", &Conversation{Participants: []Participant{
			{Purpose: "customer", State: "connected", ANIName: "new"}, {Purpose: "customer", State: "terminated", ANIName: "old"}}}, "new"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			source, err := ParseAliasSource(tt.source)
			if err != nil {
				t.Fatal(err)
			}
			got, err := source.SessionID(tt.conversation)
			if got != tt.want || errors.Is(err, ErrNoAlias) != (tt.want == "") {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "Grace") {
				t.Errorf("%q names a person", err)
			}
		})
	}
}

func TestParseAliasSource(t *testing.T) {
	for setting, want := range map[string]string{"": "ani-name", "ani-name": "ani-name", "ani": "ani", "sip-user": "sip-user",
		"attribute:video session": "attribute:video session"} {
		if got, err := ParseAliasSource(setting); err != nil || got.String() != want {
			t.Errorf("%q: got %q, %v; want %q", setting, got, err, want)
		}
	}
	for _, setting := range []string{"ANI", "name", "attribute", "attribute:", "attribute: x", "attribute:a\nb", "attribute:" + strings.Repeat("a", 129)} {
		if got, err := ParseAliasSource(setting); err == nil {
			t.Errorf("%q: got %q, want an error", setting, got)
		}
	}
}

func FuzzSessionID(f *testing.F) {
	for _, seed := range []string{"4711abcd", "sip:4711abcd@video.example;a=b", "tel:+1555", "..", "sip:;@", "Grace Hopper"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		c := &Conversation{Participants: []Participant{{Purpose: "customer", ANIName: value, ANI: value, SelfAddress: value,
			Attributes: map[string]string{"x": value}}}}
		for _, setting := range []string{"ani-name", "ani", "sip-user", "attribute:x"} {
			source, err := ParseAliasSource(setting)
			if err != nil {
				t.Fatal(err)
			}
			id, err := source.SessionID(c)
			if err == nil && (!sessionIDForm.MatchString(id) || !strings.Contains(value, id)) {
				t.Errorf("%s of %q is %q", setting, value, id)
			}
		}
	})
}
