package relay

import "sync/atomic"

// content tells the two video lines of a leg apart (RFC 4796).
type content int

// The camera's picture, and a shared screen.
const (
	mainVideo content = iota
	slides
	contents
)

// stream is what one end has of one video line for the leg's whole life. Safe for concurrent use.
type stream struct {
	end       *end
	source    atomic.Pointer[source] // the video that arrives from there
	keyframes asker                  // asks this far end for keyframes
}

// sendKeyframeRequest asks for a full picture of the stream of the moment. A stream that has not begun will begin with one.
func (s *stream) sendKeyframeRequest() bool {
	from := s.source.Load()
	h := s.end.hop.Load()
	if from == nil || h == nil || from.hop != h {
		return false
	}
	s.end.keyframesAsked.Add(1)
	h.control(h.keyframeRequest(from.ssrc))
	return true
}
