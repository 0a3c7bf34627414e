package relay

import (
	"slices"
	"testing"
	"time"

	"github.com/pion/rtp"
)

// A VP8 descriptor (RFC 7741, 4.2) and the frame's first byte: a keyframe's, and another one's.
const (
	keyFrame   = "\x10\x00"
	deltaFrame = "\x10\x01"
)

// script sends frames of one packet each to a forwarder.
type script struct {
	f   *forwarder
	s   *source
	seq uint16
}

func (p *script) say(payloads ...string) {
	for _, payload := range payloads {
		p.seq++
		raw, _ := (&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 120, SequenceNumber: p.seq, Timestamp: uint32(p.seq) * 3000, SSRC: 5},
			Payload: []byte(payload)}).Marshal()
		pass(p.f, p.s, raw, time.Now())
	}
}

// TestPrelude: a far end that connects late begins with the last keyframe.
func TestPrelude(t *testing.T) {
	many := func(n int) []string { return slices.Repeat([]string{deltaFrame + "x"}, n) }
	for _, tt := range []struct {
		name   string
		before func(*script)
		want   []string // on connecting
	}{
		{"nothing came", func(*script) {}, nil},
		{"no keyframe came", func(p *script) { p.say(deltaFrame + "1") }, nil},
		{"from the keyframe on", func(p *script) { p.say(deltaFrame+"1", keyFrame+"2", deltaFrame+"3") }, []string{keyFrame + "2", deltaFrame + "3"}},
		{"the last keyframe", func(p *script) { p.say(keyFrame+"1", deltaFrame+"2", keyFrame+"3") }, []string{keyFrame + "3"}},
		{"too much of it", func(p *script) { p.say(append([]string{keyFrame}, many(maxPrelude)...)...) }, nil},
		{"another after too much", func(p *script) { p.say(append([]string{keyFrame}, many(maxPrelude)...)...); p.say(keyFrame + "2") }, []string{keyFrame + "2"}},
		{"gate closed since", func(p *script) { p.say(keyFrame + "1"); p.f.setOpen(false); p.f.setOpen(true) }, nil},
		{"of a stream that was replaced", func(p *script) { p.say(keyFrame + "1"); p.f.follow(&source{ssrc: 6}) }, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, s, w := newTestForwarder(t, nil)
			out := f.out
			f.clearOut(out)
			p := &script{f: f, s: s}
			tt.before(p)
			if begun := f.setOut(out); begun != (len(tt.want) > 0) || !slices.Equal(w.all, tt.want) {
				t.Errorf("connecting sends %q (%v), want %q", w.all, begun, tt.want)
			}
			last := w.last.SequenceNumber
			f.current = s
			p.say(deltaFrame + "live")
			if len(tt.want) > 0 && w.last.SequenceNumber != last+1 {
				t.Errorf("the next packet is %d after %d: the receiver would ask for what is not missing", w.last.SequenceNumber, last)
			}
		})
	}
}

// TestPacketsBeforeTheKeys: a far end that is done with DTLS first may send at once; a flood is bounded.
func TestPacketsBeforeTheKeys(t *testing.T) {
	f, _, w := newTestForwarder(t, nil)
	h := &hop{end: f.from.end, out: streams(func(b []byte) (int, error) { return len(b), nil })}
	h.end.hop.Store(h)
	var in inbound
	in.init(h, [contents]*forwarder{f, f})
	far := testKeys(t)
	for n := range uint16(2 * maxSealed) {
		raw, err := (&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 120, SequenceNumber: n, SSRC: 5}, Payload: []byte(keyFrame)}).Marshal()
		must(t, err)
		sealed, err := far.EncryptRTP(nil, raw, nil)
		must(t, err)
		in.packet(sealed, time.Now())
	}
	in.connect(testKeys(t), extensions{})
	f.flush()
	if len(w.all) != maxSealed {
		t.Errorf("%d packets came through, want the first %d", len(w.all), maxSealed)
	}
	in.stop()
	in.packet(make([]byte, 100), time.Now())
	if in.sealed != nil {
		t.Error("a stopped hop keeps packets")
	}
}
