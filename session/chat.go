package session

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/session/page"
)

// Limits of the chat. Older lines are forgotten.
const (
	maxChatLines = 100
	maxChatText  = 4 << 10 // bytes of one line
	maxChatName  = 100
)

// chat is what was said in writing since we joined: the room itself keeps nothing.
type chat struct {
	lines []page.Message
	last  int64 // number of the newest
}

// add keeps a line and returns it with its number. A page may have lines of an earlier call or visit, even of another
// server's: the time puts the number above theirs.
func (h *chat) add(from, text string, own bool, at time.Time) page.Message {
	h.last = max(h.last+1, at.UnixMilli())
	line := page.Message{N: h.last, From: cut(from, maxChatName), Own: own, Text: cut(text, maxChatText), At: at.UTC()}
	h.lines = append(h.lines, line)
	if len(h.lines) > maxChatLines {
		h.lines = h.lines[len(h.lines)-maxChatLines:]
	}
	return line
}

// cut shortens s to n bytes of whole characters, without control characters but line ends.
func cut(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' || r == 0x7f {
			return -1
		}
		return r
	}, s)
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "")
}

// take keeps a message of the room and returns its line, or nothing. Programs talk in other types
// than text.
func (h *chat) take(m pexrtc.MessageReceived, at time.Time) []page.Message {
	if (m.Type != "" && m.Type != "text/plain") || strings.TrimSpace(m.Payload) == "" {
		return nil
	}
	return []page.Message{h.add(m.Origin, m.Payload, false, at)}
}

var errNoChat = errors.New("session: the room carries no messages")

// sendText says something in the room.
func sendText(ctx context.Context, p *pexrtc.Participant, text string) error {
	if p == nil || !p.ChatEnabled() {
		return errNoChat
	}
	ctx, cancel := context.WithTimeout(ctx, flagTime)
	defer cancel()
	return p.Message(ctx, text)
}

// say sends what the agent wrote, and shows it to him once the room has taken it.
func (c *Call) say(text string) {
	if text = strings.TrimSpace(cut(text, maxChatText)); text == "" {
		return
	}
	p := c.stay.participant
	c.async(func(ctx context.Context) func() {
		err := sendText(ctx, p, text)
		return func() {
			if err != nil {
				c.refuse(page.Chat, err)
				return
			}
			c.window.chat(c.chat.add("", text, true, c.now()))
		}
	})
}

// say does the same for the customer.
func (v *Visit) say(text string) {
	if text = strings.TrimSpace(cut(text, maxChatText)); text == "" {
		return
	}
	p := v.participant
	v.async(func(ctx context.Context) func() {
		err := sendText(ctx, p, text)
		return func() {
			if err != nil {
				v.log.Warn("message not sent", "err", err)
				v.window.send(page.Out{Type: page.Refused, What: page.Chat})
				return
			}
			v.window.chat(v.chat.add("", text, true, time.Now()))
		}
	})
}

// chat tells the page lines of the chat.
func (w *window) chat(lines ...page.Message) {
	if len(lines) > 0 {
		w.send(page.Out{Type: page.Chat, Messages: lines})
	}
}
