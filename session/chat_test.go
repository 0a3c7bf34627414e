package session

import (
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestChatKeepsTheNewest(t *testing.T) {
	var h chat
	for n := range maxChatLines + 5 {
		h.add("Grace", strconv.Itoa(n), false, time.Now())
	}
	if len(h.lines) != maxChatLines || h.lines[0].Text != "5" {
		t.Errorf("%d lines from %s, want the last %d", len(h.lines), h.lines[0].Text, maxChatLines)
	}
}

// TestChatGrows: no line has a number that the page may know already, whoever counted before and whatever the clock does.
func TestChatGrows(t *testing.T) {
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	var last int64
	var h chat
	for _, at := range []time.Duration{0, 0, time.Second, -time.Minute, 0} {
		n := h.add("Grace", "hello", false, now.Add(at)).N
		if n <= last {
			t.Errorf("number %d after %d", n, last)
		}
		last = n
	}
	if n := new(chat).add("Grace", "hello", false, now.Add(2*time.Second)).N; n <= last {
		t.Errorf("a new call begins with %d, and the page has had %d", n, last)
	}
}

func TestChatCutsHostileText(t *testing.T) {
	tests := []struct {
		name, text, want string
	}{
		{"plain", "Good morning", "Good morning"},
		{"lines", "one\ntwo", "one\ntwo"},
		{"control characters", "a\x00b\x1b[31mc\x7f", "ab[31mc"},
		{"broken encoding", "a\xffb", "a\uFFFDb"},
		{"longer than is kept", strings.Repeat("x", maxChatText+1), strings.Repeat("x", maxChatText)},
		{"cut within a character", strings.Repeat("x", maxChatText-1) + "ß", strings.Repeat("x", maxChatText-1)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var h chat
			if got := h.add("", tt.text, false, time.Now()).Text; got != tt.want || !utf8.ValidString(got) {
				t.Errorf("add(%.40q) kept %.40q (%d bytes), want %.40q", tt.text, got, len(got), tt.want)
			}
		})
	}
}
