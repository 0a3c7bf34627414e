package pexrtc

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestMessageReader(t *testing.T) {
	tests := []struct {
		name, in string
		want     []message
	}{
		{"name and data", "event: a\ndata: {}\n\n", []message{{name: "a", data: []byte("{}")}}},
		{"no space after the colon", "event:a\ndata:1\n\n", []message{{name: "a", data: []byte("1")}}},
		{"one space only is taken off", "data:  x\n\n", []message{{data: []byte(" x")}}},
		{"several data lines", "data: a\ndata: b\n\n", []message{{data: []byte("a\nb")}}},
		{"CR LF", "event: a\r\ndata: 1\r\n\r\nevent: b\r\n\r\n", []message{{name: "a", data: []byte("1")}, {name: "b"}}},
		{"CR alone", "event: a\rdata: 1\r\revent: b\r\r", []message{{name: "a", data: []byte("1")}, {name: "b"}}},
		{"comment", ": hello\n\nevent: a\n\n", []message{{name: "a"}}},
		{"name without data", "event: participant_sync_begin\n\n", []message{{name: "participant_sync_begin"}}},
		{"id", "id: 7\nevent: presentation_frame\n\n", []message{{name: "presentation_frame", id: "7"}}},
		{"unknown field", "retry: 5\nfoo\ndata: 1\n\n", []message{{data: []byte("1")}}},
		{"byte order mark", "\xef\xbb\xbfevent: a\n\n", []message{{name: "a"}}},
		{"unfinished event", "event: a\n\nevent: b\ndata: 1\n", []message{{name: "a"}}},
		{"nothing", "", nil},
		{"blank lines", "\n\n\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newMessageReader(iotest.OneByteReader(strings.NewReader(tt.in)))
			for i, want := range tt.want {
				got, err := r.next()
				if err != nil || got.name != want.name || got.id != want.id || string(got.data) != string(want.data) {
					t.Fatalf("message %d of %q = %q %q %q, %v; want %q %q %q", i, tt.in, got.name, got.id, got.data, err, want.name, want.id, want.data)
				}
			}
			if got, err := r.next(); !errors.Is(err, io.EOF) {
				t.Errorf("after the last message of %q: %q, %v; want EOF", tt.in, got.name, err)
			}
		})
	}
}

func TestMessageReaderRefusesTooMuch(t *testing.T) {
	endless := map[string]io.Reader{
		"line":  io.MultiReader(strings.NewReader("data: "), endlessly("x")),
		"event": endlessly("data: x\n"),
	}
	for name, in := range endless {
		t.Run(name, func(t *testing.T) {
			if _, err := newMessageReader(in).next(); !errors.Is(err, errMessageTooLarge) {
				t.Errorf("next = %v, want errMessageTooLarge", err)
			}
		})
	}
}

// endlessly repeats s for ever.
func endlessly(s string) io.Reader { return &repeater{s: s} }

type repeater struct {
	s  string
	at int
}

func (r *repeater) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = r.s[r.at]
		r.at = (r.at + 1) % len(r.s)
	}
	return len(b), nil
}

func FuzzMessageReader(f *testing.F) {
	f.Add("event: participant_create\ndata: {\"uuid\":\"1\"}\n\n")
	f.Add("\r\r\n\n:\n\ndata\n\n")
	f.Fuzz(func(t *testing.T, in string) {
		r := newMessageReader(strings.NewReader(in))
		room := newRoom("self")
		for total := 0; ; {
			m, err := r.next()
			if err != nil {
				return
			}
			if total += len(m.name) + len(m.data); total > len(in) {
				t.Fatalf("%d bytes of messages from %d bytes of stream", total, len(in))
			}
			room.apply(m)
		}
	})
}
