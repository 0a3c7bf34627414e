package customerapp

import (
	"testing"
	"time"

	"github.com/videoleg/videoleg/session/invite"
)

// A session tells who is in now and who was, the latest call first.
func TestSessionCalls(t *testing.T) {
	began := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	runs := false
	c := newCustomers(t, func(cfg *Config) {
		cfg.Running = func(string) (invite.Call, bool) {
			return invite.Call{Began: began.Add(2 * time.Hour), Parties: []invite.Party{{ID: "ada", Kind: "customer"}}}, runs
		}
	})
	adhoc, err := c.sessions.Begin(t.Context(), "Ada", "")
	if err != nil {
		t.Fatal(err)
	}
	get := func() sessionState {
		return decoded[sessionState](t, c.api("GET", "/api/v1/sessions/"+adhoc.ID, ""), 200)
	}
	if s := get(); s.State != "open" || s.Call != nil || s.Calls == nil || len(s.Calls) != 0 {
		t.Errorf("before: %+v", s)
	}
	for i, over := range []bool{false, true} {
		at := began.Add(time.Duration(i) * time.Hour)
		if err := c.sessions.Record(t.Context(), adhoc.ID, invite.Call{Began: at, Ended: at.Add(time.Minute), Answered: over}, over); err != nil {
			t.Fatal(err)
		}
		runs = !over
		if s := get(); (s.Call != nil) != runs || len(s.Calls) != i+1 || !s.Calls[0].BeganAt.Equal(at) || s.Calls[0].Answered != over ||
			runs && (s.Call.Participants[0].ID != "ada" || s.Call.EndedAt != nil) || over && s.State != "ended" {
			t.Errorf("call %d: %+v", i, s)
		}
	}
}

// What was handed over with an invitation is there for whoever routes the call, by the ID that is the
// caller's name.
func TestSessionAttributes(t *testing.T) {
	c := newCustomers(t, nil)
	made := c.invited(`{"display_name":"Ada","locale":"de","attributes":{"queue":"billing"}}`)
	s := decoded[sessionState](t, c.api("GET", "/api/v1/sessions/"+made.ID, ""), 200)
	if s.DisplayName != "Ada" || s.Locale != "de" || s.Attributes["queue"] != "billing" {
		t.Errorf("%+v", s)
	}
}
