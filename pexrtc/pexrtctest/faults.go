package pexrtctest

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Fault is a wrong answer. Delay comes first, then Drop or Status; with neither the request goes on
// as usual, only late.
type Fault struct {
	Status int           // HTTP status to answer with
	Body   string        // the whole body; empty means an envelope that says failed
	Delay  time.Duration // wait before anything else
	Drop   bool          // cut the connection without an answer
}

// Error makes a Fault usable as the error of [Options.Resolve].
func (f *Fault) Error() string { return fmt.Sprintf("pexrtctest: fault %d", f.Status) }

// Faults are hooks that spoil requests; nil hooks, and hooks that return nil, change nothing. They
// run on the request's goroutine, several at once, and must not call the [Server] that runs them.
type Faults struct {
	// OnRequest sees every request of the client API.
	OnRequest func(r *http.Request) *Fault
	// OnRequestToken sees each join after its body is read, before it takes effect.
	OnRequestToken func(join Join) *Fault
	// AfterRequest sees a request that has taken effect: with Drop its answer is lost. Event
	// streams are spared.
	AfterRequest func(r *http.Request) *Fault
}

// On is a hook that spoils each request whose path ends so, e.g. "/refresh_token".
func On(end string, f *Fault) func(*http.Request) *Fault {
	return func(r *http.Request) *Fault {
		if strings.HasSuffix(r.URL.Path, end) {
			return f
		}
		return nil
	}
}

// Join is what a client said in request_token.
type Join struct {
	Alias       string
	DisplayName string
	CallTag     string
	PIN         string
	DirectMedia bool
}

// SetFaults replaces the hooks; the zero value makes the node well again.
func (s *Server) SetFaults(f Faults) { s.faults.Store(&f) }

// SetMaintenance puts the node into maintenance mode: running calls go on, status and new joins
// answer 503.
func (s *Server) SetMaintenance(on bool) { s.maintenance.Store(on) }

// DropEventStreams cuts all event streams without a bye, as a broken network does. Clients may
// come back at once.
func (s *Server) DropEventStreams() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.participants {
		p.closeStreams(false)
	}
}

// ExpireToken lets a participant's token run out now: the participant is removed. It reports
// whether there was one.
func (s *Server) ExpireToken(uuid string) bool {
	return s.KickParticipant(uuid, reasonTokenExpired)
}

// KickParticipant removes a participant with a reason of the caller's choice. It reports whether
// there was one.
func (s *Server) KickParticipant(uuid, reason string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.participants[uuid]
	if p != nil {
		s.remove(p, reason)
	}
	return p != nil
}

// CloseMedia cuts a participant's media without telling anybody, as a dead media node does. The
// token stays good. It reports whether there was media.
func (s *Server) CloseMedia(uuid string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.participants[uuid]
	if p == nil || p.call == nil {
		return false
	}
	s.closePeer(p.call)
	return true
}

// DisconnectCall ends a participant's media call with a call_disconnected event; the token stays
// good. It reports whether there was a call.
func (s *Server) DisconnectCall(uuid, reason string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.participants[uuid]
	if p == nil || p.call == nil {
		return false
	}
	p.send("call_disconnected", map[string]string{"call_uuid": p.call.uuid, "reason": reason})
	s.endCall(p)
	return true
}

// EndConference ends a room for everybody, as an administrator does. It reports whether it ran.
func (s *Server) EndConference(name, reason string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.conferences[name]
	if c != nil {
		s.end(c, reason)
	}
	return c != nil
}

// SendEvent puts an event of the caller's choice on a participant's event streams; data is
// marshalled to JSON, and a [json.RawMessage] that is no JSON is sent as it stands. It reports
// whether there was such a participant.
func (s *Server) SendEvent(uuid, name string, data any) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.participants[uuid]
	if p != nil {
		p.send(name, data)
	}
	return p != nil
}

func refusal(status int, reason string) *Fault {
	return &Fault{Status: status, Body: string(envelope(status, reason))}
}
