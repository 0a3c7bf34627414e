package customerapp

import (
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/videoleg/videoleg/session/invite"
)

// sessionState is a session in an answer: what was handed over with it, what has become of it, and its
// calls.
type sessionState struct {
	ID          string            `json:"id"`
	State       string            `json:"state"` // open, expired, withdrawn or ended
	DisplayName string            `json:"display_name,omitempty"`
	Locale      string            `json:"locale,omitempty"`
	Attributes  map[string]string `json:"attributes,omitempty"`
	Call        *call             `json:"call,omitempty"` // that goes on now
	Calls       []*call           `json:"calls"`          // that are over, the latest first
}

// call is one call of a session in an answer.
type call struct {
	BeganAt      *time.Time    `json:"began_at,omitempty"`
	EndedAt      *time.Time    `json:"ended_at,omitempty"`
	Answered     bool          `json:"answered"`
	Participants []participant `json:"participants"`
}

// participant is one in a call.
type participant struct {
	ID       string     `json:"id"`
	Kind     string     `json:"kind"`
	Protocol string     `json:"protocol,omitempty"`
	Role     string     `json:"role,omitempty"`
	JoinedAt *time.Time `json:"joined_at,omitempty"`
	LeftAt   *time.Time `json:"left_at,omitempty"`
	Reason   string     `json:"reason,omitempty"`
	Quality  string     `json:"quality,omitempty"`
}

// getSession tells of any session, whether it began with an invitation or without.
func (a *App) getSession(c echo.Context) error {
	s, err := a.cfg.Sessions.Lookup(c.Request().Context(), c.Param("id"))
	if err != nil {
		return err
	}
	answer := sessionState{
		ID: s.ID, State: string(s.State), DisplayName: s.DisplayName, Locale: s.Locale, Attributes: s.Attributes, Calls: []*call{},
	}
	if now, runs := a.cfg.Running(s.ID); runs {
		answer.Call = callOf(now)
	}
	for _, one := range slices.Backward(s.Calls) {
		answer.Calls = append(answer.Calls, callOf(one))
	}
	return c.JSON(http.StatusOK, answer)
}

func callOf(c invite.Call) *call {
	answer := &call{BeganAt: moment(c.Began), EndedAt: moment(c.Ended), Answered: c.Answered, Participants: []participant{}}
	for _, p := range c.Parties {
		answer.Participants = append(answer.Participants, participant{
			ID: p.ID, Kind: p.Kind, Protocol: p.Protocol, Role: p.Role,
			JoinedAt: moment(p.Joined), LeftAt: moment(p.Left), Reason: p.Reason, Quality: p.Quality,
		})
	}
	return answer
}

// moment is a time in an answer; none is left out.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Millisecond)
	return &t
}
