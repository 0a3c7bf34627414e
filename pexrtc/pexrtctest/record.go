package pexrtctest

import (
	"net/http"
	"slices"
	"time"
)

// Request is one HTTP request that the node got, without its secrets.
type Request struct {
	Method   string
	Path     string // without the query
	Origin   string // of a page elsewhere
	HasToken bool   // in the header or the URL
	HasPIN   bool
	Status   int // of the answer; 0 while it runs, or when the connection was cut
	At       time.Time
}

// Requests lists what the node was asked, in order of arrival; the oldest are forgotten after some
// thousands.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Request, len(s.requests))
	for i, r := range s.requests {
		list[i] = *r
	}
	return list
}

// record notes each request and keeps Close waiting for it. After Close there are no answers.
func (s *Server) record(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		noted := s.note(r)
		if noted == nil {
			panic(http.ErrAbortHandler)
		}
		defer s.tasks.Done()
		seen := &statusWriter{ResponseWriter: w}
		defer func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			noted.Status = seen.status
		}()
		next.ServeHTTP(seen, r)
	})
}

func (s *Server) note(r *http.Request) *Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return nil
	}
	s.tasks.Add(1)
	noted := &Request{
		Method: r.Method, Path: r.URL.Path, Origin: r.Header.Get("Origin"),
		HasToken: r.Header.Get("token") != "" || r.URL.Query().Has("token"),
		HasPIN:   r.Header.Get("pin") != "",
		At:       time.Now(),
	}
	if len(s.requests) >= maxRequests {
		s.requests = slices.Delete(s.requests, 0, maxRequests/2)
	}
	s.requests = append(s.requests, noted)
	return noted
}

// statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController flush.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
