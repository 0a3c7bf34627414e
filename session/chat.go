package session

import (
	"context"
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
	count int
}

// add keeps a line and returns it with its number.
func (h *chat) add(from, text string, own bool, at time.Time) page.Message {
	h.count++
	line := page.Message{N: h.count, From: cut(from, maxChatName), Own: own, Text: cut(text, maxChatText), At: at.UTC()}
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

// chatted takes a message of the room. Programs talk in other types than text.
func (c *Call) chatted(m pexrtc.MessageReceived) {
	if (m.Type != "" && m.Type != "text/plain") || strings.TrimSpace(m.Payload) == "" {
		return
	}
	c.tellChat(c.chat.add(m.Origin, m.Payload, false, c.now()))
}

// say sends what the agent wrote, and shows it to him once the room has taken it.
func (c *Call) say(text string) {
	p := c.stay.participant
	if text = strings.TrimSpace(cut(text, maxChatText)); text == "" {
		return
	}
	if p == nil || !p.ChatEnabled() {
		c.refuse(page.Chat, nil)
		return
	}
	c.async(func(ctx context.Context) func() {
		ctx, cancel := context.WithTimeout(ctx, flagTime)
		defer cancel()
		err := p.Message(ctx, text)
		return func() {
			if err != nil {
				c.refuse(page.Chat, err)
				return
			}
			c.tellChat(c.chat.add("", text, true, c.now()))
		}
	})
}

func (c *Call) tellChat(lines ...page.Message) {
	if len(lines) > 0 {
		c.window.send(page.Out{Type: page.Chat, Messages: lines})
	}
}
