package pexrtctest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

const (
	streamBuffer    = 512              // events a slow reader may be behind before it is cut off
	eventWriteLimit = 10 * time.Second // for one event to go out
)

// event is one server-sent event.
type event struct {
	id   int
	name string
	data []byte
}

// stream is one reader of a participant's events. The events are sent under s.mu, so they come in
// the order of what happened.
type stream struct {
	events chan event
	lastID int
	cancel context.CancelFunc // cuts the connection
}

// events serves a participant's event stream (client API, events): first the roster between
// participant_sync_begin and _end, then what happens.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	p, st := s.subscribe(r, cancel)
	if st == nil {
		write(w, invalidToken)
		return
	}
	defer s.unsubscribe(p, st)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(http.StatusOK)
	out := http.NewResponseController(w)
	if out.Flush() != nil {
		return
	}
	for {
		select {
		case e, more := <-st.events:
			if !more {
				return
			}
			_ = out.SetWriteDeadline(time.Now().Add(eventWriteLimit))
			if _, err := fmt.Fprintf(w, "id: %d\nevent: %s\ndata: %s\n\n", e.id, e.name, e.data); err != nil {
				return
			}
			if out.Flush() != nil {
				return
			}
		case <-ctx.Done():
			panic(http.ErrAbortHandler)
		case <-s.ctx.Done():
			return
		}
	}
}

// subscribe adds a stream to the participant whose token r bears and puts the roster on it.
func (s *Server) subscribe(r *http.Request, cancel context.CancelFunc) (*participant, *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.holder(r)
	if p == nil || s.ctx.Err() != nil {
		return nil, nil
	}
	st := &stream{events: make(chan event, streamBuffer), cancel: cancel}
	p.streams[st] = struct{}{}
	st.put("participant_sync_begin", nil)
	for _, o := range p.conference.participants {
		if p.sees(o) {
			st.put("participant_create", o.wire(p))
		}
	}
	st.put("participant_sync_end", nil)
	st.put("conference_update", p.conference.wire())
	if presenter := p.conference.presenter; presenter != nil && presenter != p && !p.waiting {
		st.put("presentation_start", presentationStart(presenter))
	}
	s.touch()
	return p, st
}

func (s *Server) unsubscribe(p *participant, st *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(p.streams, st)
	s.touch()
}

// send puts an event on all streams of p; s.mu is held.
func (p *participant) send(name string, data any) {
	for st := range p.streams {
		st.put(name, data)
	}
}

// closeStreams ends all streams of p, with a bye or as if the network broke; s.mu is held.
func (p *participant) closeStreams(politely bool) {
	for st := range p.streams {
		delete(p.streams, st)
		if politely {
			st.put("bye", nil)
			close(st.events)
		} else {
			st.cancel()
		}
	}
}

// put queues an event; a reader that is too slow loses its connection.
func (st *stream) put(name string, data any) {
	st.lastID++
	select {
	case st.events <- event{st.lastID, name, raw(data)}:
	default:
		st.cancel()
	}
}

// raw marshals v; text that is meant to be no JSON stays as it is.
func raw(v any) json.RawMessage {
	switch v := v.(type) {
	case json.RawMessage:
		return v
	case nil:
		return json.RawMessage("null")
	}
	b, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("null")
	}
	return b
}
