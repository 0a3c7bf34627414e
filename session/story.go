package session

import (
	"fmt"
	"strings"
	"time"

	"github.com/videoleg/videoleg/session/page"
)

// maxStory bounds the entries of a story; older ones are forgotten.
const maxStory = 400

// story is what happened in a call, in order, for whoever has to find out why. There is no token,
// PIN, address or name in it: what may be noted is fixed words, codes and identifiers.
type story struct {
	entries []entry
	dropped int
	told    string // the last state noted
}

type entry struct {
	at              time.Time
	what, code, why string
}

// note adds an entry: its category, what happened, and why.
func (c *Call) note(what, code, why string) {
	s := &c.story
	if len(s.entries) == maxStory {
		s.entries = s.entries[1:]
		s.dropped++
	}
	s.entries = append(s.entries, entry{c.now(), what, code, why})
}

// noteState adds the page's state, when it is another than before.
func (c *Call) noteState(v page.View) {
	code := v.Status
	for _, more := range []string{v.Pane, v.Step, v.Notice} {
		if more != "" {
			code += "/" + more
		}
	}
	if v.Error != nil {
		code += " error=" + v.Error.Code
	}
	why := fmt.Sprintf("sending=%t confirmed=%t", v.Sending, v.Confirmed)
	for _, more := range [][2]string{{"dark", v.Why}, {"recording", v.Recording}} {
		if more[1] != "" {
			why += " " + more[0] + "=" + more[1]
		}
	}
	if told := code + why; told != c.story.told {
		c.story.told = told
		c.note("state", code, why)
	}
}

// tellStory is the story as text, one entry a line, with the identifiers that the server's log has too.
func (c *Call) tellStory() string {
	var b strings.Builder
	fmt.Fprintf(&b, "call %s\nconversation %s\nsession %s\nmedia %s\n", c.id, c.conversation, c.session, c.calls.cfg.Mode)
	if p := c.stay.participant; p != nil {
		fmt.Fprintf(&b, "participant %s\n", p.UUID())
	}
	if c.story.dropped > 0 {
		fmt.Fprintf(&b, "(%d earlier entries are forgotten)\n", c.story.dropped)
	}
	for _, e := range c.story.entries {
		line := e.at.UTC().Format("2006-01-02T15:04:05.000Z") + "  " + e.what + "  " + e.code
		if e.why != "" {
			line += "  " + e.why
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}
