package pexrtctest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// Limits of what a client may say.
const (
	maxBody     = 256 << 10
	maxName     = 250  // display_name, in bytes
	maxCallTag  = 1000 // in bytes
	maxText     = 8 << 10
	maxRequests = 10_000 // kept for Server.Requests
	maxInRoom   = 100    // participants of one conference
	maxOnNode   = 1000   // participants of all
)

// request is one call of the client API; actor is who holds its token.
type request struct {
	*http.Request
	alias string
	body  []byte
	actor *participant
}

// reply is an HTTP status and the result of the envelope, or the whole body instead.
type reply struct {
	status int
	result any
	body   []byte
}

func answer(status int, result any) reply { return reply{status: status, result: result} }

type handler func(*request) reply

var (
	done         = answer(http.StatusOK, true)
	doneNull     = answer(http.StatusOK, nil) // what some requests answer instead
	invalidToken = answer(http.StatusForbidden, "Invalid token")
	invalidRole  = answer(http.StatusForbidden, "Invalid role")
	notFound     = answer(http.StatusNotFound, "Not found")
	badRequest   = answer(http.StatusBadRequest, "Invalid request")
)

func (s *Server) routes() http.Handler {
	const room = "/api/client/v2/conferences/{alias}"
	mux := http.NewServeMux()
	handle := func(pattern string, h handler) { mux.Handle(pattern, s.serve(h)) }

	handle("GET /api/client/v2/status", s.status)
	handle("POST "+room+"/request_token", s.requestToken)
	handle("POST "+room+"/refresh_token", s.locked(s.refreshToken))
	handle("POST "+room+"/release_token", s.locked(s.releaseToken))
	mux.HandleFunc("GET "+room+"/events", s.events)
	handle("GET "+room+"/theme/", s.locked(func(*request) reply { return answer(http.StatusNoContent, nil) }))
	handle("GET "+room+"/{request}", s.locked(s.conferenceRead))
	handle("POST "+room+"/{request}", s.locked(s.conferenceRequest))
	handle("POST "+room+"/participants/{uuid}/calls", s.placeCall)
	handle("POST "+room+"/participants/{uuid}/calls/{call}/{request}", s.callRequest)
	handle("POST "+room+"/participants/{uuid}/{request}", s.locked(s.participantRequest))
	handle("/", func(*request) reply { return notFound })
	return s.record(s.spoil(allowAnyOrigin(mux)))
}

// serve reads the body, runs h and writes the envelope.
func (s *Server) serve(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			tooLarge := new(http.MaxBytesError)
			if errors.As(err, &tooLarge) {
				write(w, answer(http.StatusRequestEntityTooLarge, "Request too large"))
			}
			return
		}
		write(w, h(&request{Request: r, alias: r.PathValue("alias"), body: body}))
	})
}

// locked runs h with s.mu held and the actor known.
func (s *Server) locked(h handler) handler {
	return func(r *request) reply {
		s.mu.Lock()
		defer s.mu.Unlock()
		if r.actor = s.holder(r.Request); r.actor == nil {
			return invalidToken
		}
		return h(r)
	}
}

// holder finds the participant whose token the request bears, in the header or, for those who
// cannot set one, in the URL; s.mu is held.
func (s *Server) holder(r *http.Request) *participant {
	token := r.Header.Get("token")
	if token == "" {
		token = r.URL.Query().Get("token")
	}
	p := s.tokens[token]
	if p == nil || p.alias != r.PathValue("alias") || s.participants[p.uuid] != p {
		return nil
	}
	return p
}

// decode reads the JSON body into v; no body and null change nothing.
func (r *request) decode(v any) error {
	if len(bytes.TrimSpace(r.body)) == 0 {
		return nil
	}
	return json.Unmarshal(r.body, v)
}

func write(w http.ResponseWriter, a reply) {
	if a.status == http.StatusNoContent {
		w.WriteHeader(a.status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(a.status)
	if a.body == nil {
		a.body = envelope(a.status, a.result)
	}
	_, _ = w.Write(a.body)
}

// envelope wraps a result. As on real nodes, 403 says success too: only the HTTP status tells.
func envelope(status int, result any) []byte {
	word := "failed"
	if status == http.StatusOK || status == http.StatusForbidden {
		word = "success"
	}
	body, err := json.Marshal(map[string]any{"status": word, "result": result})
	if err != nil {
		return []byte(`{"status":"failed","result":null}`)
	}
	return body
}

// allowAnyOrigin is the CORS of a real node. The origin is named rather than starred, as a beacon's
// release_token comes with credentials.
func allowAnyOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		h.Add("Vary", "Origin")
		if origin := r.Header.Get("Origin"); origin != "" {
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Allow-Credentials", "true")
		}
		if r.Method != http.MethodOptions {
			next.ServeHTTP(w, r)
			return
		}
		h.Set("Access-Control-Allow-Methods", "GET, POST, OPTIONS")
		h.Set("Access-Control-Allow-Headers", "token, pin, content-type, authorization")
		h.Set("Access-Control-Max-Age", "600")
		if r.Header.Get("Access-Control-Request-Private-Network") != "" {
			h.Set("Access-Control-Allow-Private-Network", "true")
		}
		w.WriteHeader(http.StatusOK)
	})
}

// spoil runs the hooks around a request.
func (s *Server) spoil(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hooks := s.faults.Load()
		if hooks.OnRequest != nil {
			if a, spoiled := hooks.OnRequest(r).reply(r); spoiled {
				write(w, a)
				return
			}
		}
		if hooks.AfterRequest == nil || strings.HasSuffix(r.URL.Path, "/events") {
			next.ServeHTTP(w, r)
			return
		}
		kept := &keptResponse{header: http.Header{}}
		next.ServeHTTP(kept, r)
		if a, spoiled := hooks.AfterRequest(r).reply(r); spoiled {
			write(w, a)
			return
		}
		kept.copyTo(w)
	})
}

// reply waits, drops the connection or says what to answer; false means to go on as usual.
func (f *Fault) reply(r *http.Request) (reply, bool) {
	if f == nil {
		return reply{}, false
	}
	if f.Delay > 0 {
		select {
		case <-time.After(f.Delay):
		case <-r.Context().Done():
		}
	}
	if f.Drop {
		panic(http.ErrAbortHandler)
	}
	if f.Status == 0 {
		return reply{}, false
	}
	a := answer(f.Status, http.StatusText(f.Status))
	if f.Body != "" {
		a.body = []byte(f.Body)
	}
	return a, true
}

// keptResponse holds an answer back until a hook has decided about it.
type keptResponse struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *keptResponse) Header() http.Header         { return k.header }
func (k *keptResponse) WriteHeader(status int)      { k.status = status }
func (k *keptResponse) Write(b []byte) (int, error) { return k.body.Write(b) }

func (k *keptResponse) copyTo(w http.ResponseWriter) {
	for name, values := range k.header {
		w.Header()[name] = values
	}
	w.WriteHeader(k.status)
	_, _ = w.Write(k.body.Bytes())
}
