package genesystest

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// caller is the token behind an API request.
type caller = *token

// endpoint is an API handler: it returns the status and body of success. It runs with the lock held, and whatever
// it changed in the conversations is published when it returns.
type endpoint func(c caller, r *http.Request) (int, any, error)

func (s *Server) mountAPI(mux *http.ServeMux) {
	s.api(mux, "GET /api/v2/users/me", s.getMe)
	s.api(mux, "GET /api/v2/users/{user}", s.getUser)
	s.api(mux, "GET /api/v2/organizations/me", s.getOrganization)
	s.api(mux, "GET /api/v2/tokens/me", s.getToken)
	s.api(mux, "DELETE /api/v2/tokens/me", s.deleteToken)
	s.api(mux, "GET /api/v2/routing/queues", s.getQueues)
	// A conversation may not be called "calls", so that prefix has a mux of its own.
	calls, conversations := http.NewServeMux(), http.NewServeMux()
	s.mountCalls(calls)
	s.mountConversations(conversations)
	mux.HandleFunc("/api/v2/conversations/", func(w http.ResponseWriter, r *http.Request) {
		if rest := strings.TrimPrefix(r.URL.Path, "/api/v2/conversations/"); rest == "calls" || strings.HasPrefix(rest, "calls/") {
			calls.ServeHTTP(w, r)
			return
		}
		conversations.ServeHTTP(w, r)
	})
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		fail(w, refuse(http.StatusNotFound, "not.found", "HTTP 404 Not Found"))
	})
}

// api mounts an endpoint behind the token check and the rate limit.
func (s *Server) api(mux *http.ServeMux, pattern string, f endpoint) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		t := s.oauth.token(bearer(r))
		s.mu.Unlock()
		if t == nil {
			fail(w, refuse(http.StatusUnauthorized, "bad.credentials", "Invalid login credentials."))
			return
		}
		if !s.spend(w, t.value) {
			return
		}
		body, err := io.ReadAll(r.Body) // before the lock: a slow sender must not stop the centre
		if err != nil {
			fail(w, refuse(http.StatusRequestEntityTooLarge, "request.too.large", "the body is unreadable or over %d bytes", maxBody))
			return
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		var status int
		var answer any
		err = s.locked(func() (err error) {
			status, answer, err = f(t, r)
			s.centre.settle()
			if err == nil && answer != nil {
				answer = encode(answer)
			}
			return err
		})
		if err != nil {
			fail(w, err)
			return
		}
		reply(w, status, answer)
	})
}

// decode reads a JSON body whose unknown fields do not matter.
func decode(r *http.Request, v any) error {
	if err := json.NewDecoder(r.Body).Decode(v); err != nil {
		return refuse(http.StatusBadRequest, "bad.request", "the body is not the expected JSON")
	}
	return nil
}

// fault is the body of a refused API request.
type fault struct {
	Message       string            `json:"message"`
	Code          string            `json:"code"`
	Status        int               `json:"status"`
	MessageParams map[string]string `json:"messageParams"`
	ContextID     string            `json:"contextId"`
	Details       []string          `json:"details"`
	Errors        []string          `json:"errors"`
}

func fail(w http.ResponseWriter, err error) {
	r := &refusal{http.StatusInternalServerError, "internal.server.error", "internal error"}
	errors.As(err, &r)
	reply(w, r.status, fault{
		Message: r.message, Code: r.code, Status: r.status, MessageParams: map[string]string{},
		ContextID: w.Header().Get("ININ-Correlation-Id"), Details: []string{}, Errors: []string{},
	})
}

func reply(w http.ResponseWriter, status int, body any) {
	if body == nil {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(encode(body))
}

// profile is a user as /users answers.
type profile struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Email    string `json:"email,omitempty"`
	Username string `json:"username,omitempty"`
	State    string `json:"state"`
	Version  int    `json:"version"`
	Division entity `json:"division"`
	SelfURI  string `json:"selfUri"`
}

func profileOf(a *agent) profile {
	return profile{
		ID: a.ID, Name: a.Name, Email: a.Email, Username: a.Email, State: "active", Version: 1,
		Division: entity{ID: OrganizationID, Name: "Home"}, SelfURI: "/api/v2/users/" + a.ID,
	}
}

// needsUser refuses tokens of client credentials where the platform wants a person.
func needsUser(c caller) error {
	if c.user == nil {
		return refuse(http.StatusBadRequest, "bad.request", "This request requires a user context. Client credentials cannot be used for requests to this resource.")
	}
	return nil
}

func (s *Server) getMe(c caller, _ *http.Request) (int, any, error) {
	if err := needsUser(c); err != nil {
		return 0, nil, err
	}
	return http.StatusOK, profileOf(c.user), nil
}

func (s *Server) getUser(_ caller, r *http.Request) (int, any, error) {
	id := r.PathValue("user")
	for _, a := range s.centre.agents {
		if a.ID == id {
			return http.StatusOK, profileOf(a), nil
		}
	}
	return 0, nil, refuse(http.StatusNotFound, "not.found", "user %.40q not found", id)
}

func (s *Server) getOrganization(caller, *http.Request) (int, any, error) {
	return http.StatusOK, map[string]any{
		"id": OrganizationID, "name": "Example Contact Centre", "thirdPartyOrgName": "example",
		"defaultLanguage": s.opts.Language, "state": "active", "version": 1, "selfUri": "/api/v2/organizations/me",
	}, nil
}

func (s *Server) getToken(c caller, _ *http.Request) (int, any, error) {
	return http.StatusOK, map[string]any{
		"organization": entity{ID: OrganizationID}, "homeOrganization": entity{ID: OrganizationID},
		"OAuthClient": map[string]any{"id": c.client, "organization": entity{ID: OrganizationID}},
		"expiresIn":   int(time.Until(c.expires).Seconds()),
	}, nil
}

func (s *Server) deleteToken(c caller, _ *http.Request) (int, any, error) {
	s.revoke(c)
	return http.StatusOK, nil, nil
}

func (s *Server) getQueues(caller, *http.Request) (int, any, error) {
	var out []entity
	for _, q := range s.centre.queues {
		out = append(out, entity{ID: q.ID, Name: q.Name, SelfURI: "/api/v2/routing/queues/" + q.ID})
	}
	return http.StatusOK, listing(out), nil
}

// listing wraps a whole list as one page.
func listing[T any](entities []T) map[string]any {
	if entities == nil {
		entities = []T{}
	}
	return map[string]any{"entities": entities, "pageSize": 25, "pageNumber": 1, "total": len(entities), "pageCount": 1}
}
