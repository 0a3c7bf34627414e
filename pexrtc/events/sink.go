package events

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// Config is what a sink needs.
type Config struct {
	// ServiceTag marks our rooms; what happens in others is not kept.
	ServiceTag string
	// Changed gets each change, in the order in which the events came, from the goroutine of the
	// post that brought it. It must be quick and must not call the sink; nil does nothing.
	Changed func(Change)
	// Share hands events over to every sink of the installation, this one among them, which Take
	// them. When it returns they are kept; an error lets the node post them again. Nil keeps them in
	// this sink alone.
	Share func(ctx context.Context, piece []byte) error
	// Observe gets the outcome of each event: taken, repeat, ignored or malformed; nil does nothing. The event
	// is its name if the platform documents it, else other.
	Observe func(event, outcome string)
	Log     *slog.Logger
}

// Sink takes events. All methods may be called from any goroutine.
type Sink struct {
	cfg Config

	mu    sync.Mutex // guards runs and rooms, and keeps Changed in order
	runs  runs
	rooms *rooms
}

// New returns a sink that has heard nothing yet.
func New(cfg Config) *Sink {
	if cfg.Changed == nil {
		cfg.Changed = func(Change) {}
	}
	if cfg.Observe == nil {
		cfg.Observe = func(string, string) {}
	}
	return &Sink{cfg: cfg, runs: runs{}, rooms: newRooms(cfg.ServiceTag)}
}

// ServeHTTP takes a post of a node. Who may post is for the caller to check. Everything that is JSON
// is answered with success, because a node sends again whatever is not, and its news wait behind.
func (s *Sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		refuse(w, http.StatusMethodNotAllowed, "method_not_allowed", "Events are posted.")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		refuse(w, http.StatusRequestEntityTooLarge, "too_large", "The post is too large.")
		return
	}
	if err != nil {
		return // the node has gone, and will post again
	}
	messages, malformed, err := parse(body)
	if err != nil {
		s.cfg.Log.Warn("events refused", "err", err)
		refuse(w, http.StatusBadRequest, "invalid_request", "The body is not JSON.")
		return
	}
	if malformed > 0 {
		s.cfg.Log.Warn("malformed events ignored", "events", malformed)
		for range malformed {
			s.cfg.Observe(known(""), "malformed")
		}
	}
	if s.cfg.Share == nil {
		for _, m := range messages {
			s.take(m)
		}
	} else if err := s.share(r.Context(), messages); err != nil {
		s.cfg.Log.Error("events not taken, the node will post them again", "err", err)
		refuse(w, http.StatusServiceUnavailable, "unavailable", "The events cannot be kept right now.")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, "{}")
}

// refuse answers with an error; code and message are constants of this file.
func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"error":{"code":%q,"message":%q}}`, code, message)
}

// Room returns a room as it is now; ok is false if it does not run.
func (s *Sink) Room(name string) (r Room, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.rooms.byID[name]
	if found == nil {
		return Room{}, false
	}
	return found.public(), true
}

// take applies one message and passes on what it changes.
func (s *Sink) take(m message) {
	if tooLong(m.Node, m.Event) || m.Seq < 0 {
		s.malformed("", m.Event)
		return
	}
	if m.Version != 0 && m.Version != 2 {
		s.cfg.Log.Warn("event of another version: set the event sink to version 2", "node", m.Node, "version", m.Version)
		s.cfg.Observe(known(m.Event), "ignored")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.runs.take(m)
	if a.repeat {
		s.cfg.Observe(known(m.Event), "repeat")
		return
	}
	if a.restarted || m.Event == "eventsink_started" {
		s.cfg.Log.Info("event sink started", "node", m.Node)
	}
	if a.lost > 0 {
		s.cfg.Log.Warn("events lost", "node", m.Node, "events", a.lost)
	}
	now := time.Now()
	changes, ok := s.rooms.take(m, now)
	if !ok {
		s.malformed(m.Node, m.Event)
		return
	}
	s.cfg.Observe(known(m.Event), "taken")
	for _, c := range append(changes, s.rooms.sweep(now)...) {
		s.cfg.Changed(c)
	}
}

func (s *Sink) malformed(node, event string) {
	s.cfg.Observe(known(event), "malformed")
	s.cfg.Log.Warn("malformed event ignored", "node", node, "event", known(event))
}

// known is the name of an event that the platform documents, so that nobody can make up names
// without end.
func known(event string) string {
	switch event {
	case "eventsink_started", "eventsink_updated", "eventsink_stopped", "eventsink_ended",
		"conference_started", "conference_updated", "conference_ended",
		"participant_connected", "participant_updated", "participant_disconnected",
		"participant_media_stream_window", "participant_media_streams_destroyed":
		return event
	}
	return "other"
}
