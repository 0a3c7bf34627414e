package session

import (
	"strings"
	"testing"

	"github.com/videoleg/videoleg/session/page"
)

func newStory() *Call {
	return &Call{calls: &Calls{cfg: CallConfig{Mode: Relay, HostPIN: "731904"}}, id: "call1", conversation: "conv1", session: "sess1"}
}

func TestStory(t *testing.T) {
	c := newStory()
	c.note("rule", "on-hold", "the call is on hold")
	held := page.View{Status: StatusOnHold, Pane: paneHeld, Why: "on-hold", Recording: "paused"}
	c.noteState(held)
	c.noteState(held)
	c.noteState(page.View{Status: StatusNoCall, Error: &page.Problem{Code: "room-full", Message: "No room."}})
	got := c.tellStory()
	for _, want := range []string{
		"call call1\n", "conversation conv1\n", "session sess1\n", "media relay\n",
		"  rule  on-hold  the call is on hold\n",
		"  state  On hold/held  sending=false confirmed=false dark=on-hold recording=paused\n",
		"  state  No active call error=room-full  sending=false confirmed=false\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the story lacks %q:\n%s", want, got)
		}
	}
	if n := strings.Count(got, "On hold/held"); n != 1 {
		t.Errorf("an unchanged state is told %d times:\n%s", n, got)
	}
	if strings.Contains(got, "731904") {
		t.Errorf("the story has the PIN in it:\n%s", got)
	}
}

func TestStoryForgetsTheOldest(t *testing.T) {
	c := newStory()
	c.note("rule", "first", "")
	for range maxStory {
		c.note("rule", "later", "")
	}
	got := c.tellStory()
	if strings.Contains(got, "first") || !strings.Contains(got, "(1 earlier entries") {
		t.Errorf("a story of %d entries too many:\n%.300s", 1, got)
	}
}
