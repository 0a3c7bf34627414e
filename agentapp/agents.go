package agentapp

import (
	"crypto/rand"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/videoleg/videoleg/genesys"
)

const (
	sessionCookie = "videoleg_session"
	sessionLife   = 12 * time.Hour // a working day; the Genesys token may end earlier
	maxSessions   = 20000
)

// agents are the browsers that are signed in, by the session ID that each of them holds.
type agents struct {
	mu   sync.Mutex // guards byID
	byID map[string]signedIn
}

type signedIn struct {
	agent *genesys.Agent
	ends  time.Time
}

func newAgents() *agents { return &agents{byID: map[string]signedIn{}} }

// add returns a new session ID for the agent's browser. Where there are too many, ended ones and,
// if need be, any others make room: those browsers sign in again without a click.
func (s *agents) add(agent *genesys.Agent, now time.Time) string {
	id := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.byID) >= maxSessions {
		s.prune(now)
	}
	s.byID[id] = signedIn{agent: agent, ends: now.Add(sessionLife)}
	return id
}

func (s *agents) prune(now time.Time) {
	for id, in := range s.byID {
		if !now.Before(in.ends) || !in.agent.Valid(now) {
			delete(s.byID, id)
		}
	}
	for id := range s.byID {
		if len(s.byID) < maxSessions {
			break
		}
		delete(s.byID, id)
	}
}

// holder returns the agent of a session ID, whose sign-in may have ended; nil if there is none.
func (s *agents) holder(id string, now time.Time) *genesys.Agent {
	s.mu.Lock()
	defer s.mu.Unlock()
	in, ok := s.byID[id]
	if !ok || !now.Before(in.ends) {
		delete(s.byID, id)
		return nil
	}
	return in.agent
}

// renew puts a new sign-in of an agent in the place of his earlier ones.
func (s *agents) renew(agent *genesys.Agent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, in := range s.byID {
		if in.agent.ID() == agent.ID() {
			s.byID[id] = signedIn{agent: agent, ends: in.ends}
		}
	}
}

// forget ends every session of an agent whose token Genesys Cloud no longer takes.
func (s *agents) forget(agent *genesys.Agent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, in := range s.byID {
		if in.agent == agent {
			delete(s.byID, id)
		}
	}
}

// signedIn is the agent of the request's cookie while he is signed in.
func (a *App) signedIn(c echo.Context) (*genesys.Agent, bool) {
	agent := a.agents.holder(sessionID(c), time.Now())
	return agent, agent != nil && agent.Valid(time.Now())
}

// sessionID is what the request's cookie holds, if it has one.
func sessionID(c echo.Context) string {
	cookie, err := c.Cookie(sessionCookie)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// setCookie sets a cookie that works inside the desktop's frame: a third party's, so that it must
// be Secure and is kept apart for each site above it (CHIPS). An empty value takes it away.
func setCookie(c echo.Context, name, value string, life time.Duration) {
	cookie := &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(life.Seconds()),
		HttpOnly: true, Secure: true, SameSite: http.SameSiteNoneMode, Partitioned: true,
	}
	if value == "" {
		cookie.MaxAge = -1
	}
	c.SetCookie(cookie)
}
