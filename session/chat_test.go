package session

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestChatKeepsTheNewest(t *testing.T) {
	var h chat
	for range maxChatLines + 5 {
		h.add("Grace", "hello", false, time.Now())
	}
	if len(h.lines) != maxChatLines || h.lines[0].N != 6 || h.lines[maxChatLines-1].N != maxChatLines+5 {
		t.Errorf("%d lines from %d to %d, want the last %d", len(h.lines), h.lines[0].N, h.lines[len(h.lines)-1].N, maxChatLines)
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
