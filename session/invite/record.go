package invite

import (
	"context"
	"fmt"
	"time"
)

// Call is what is known of one call of a session, from the opening of its room to the closing.
type Call struct {
	Began    time.Time `json:"began,omitzero"`
	Ended    time.Time `json:"ended,omitzero"`
	Answered bool      `json:"answered,omitempty"` // the contact centre or an agent was in
	Parties  []Party   `json:"parties,omitempty"`
}

// Party is one participant of a call. His name is not kept.
type Party struct {
	ID       string    `json:"id"`   // at Pexip
	Kind     string    `json:"kind"` // customer, agent, phone or guest
	Protocol string    `json:"protocol,omitempty"`
	Role     string    `json:"role,omitempty"`
	Joined   time.Time `json:"joined,omitzero"`
	Left     time.Time `json:"left,omitzero"`
	Reason   string    `json:"reason,omitempty"`  // why he left, in the node's words
	Quality  string    `json:"quality,omitempty"` // the worst of his media, in the node's words
}

// Of each session so many calls are kept, and of each call so many parties, the latest.
const (
	maxCalls   = 20
	maxParties = 50
)

// Record keeps what a call was, and ends the session if that was its call: see End. A call that is
// kept already, by another replica for instance, is left as it is. Errors: ErrNotFound, or the
// storage's.
func (ss *Sessions) Record(ctx context.Context, id string, c Call, over bool) error {
	c.Parties = c.Parties[max(0, len(c.Parties)-maxParties):]
	err := ss.change(ctx, id, func(s *Session) bool {
		known := s.knows(c)
		if !known {
			s.Calls = append(s.Calls, c)
			s.Calls = s.Calls[max(0, len(s.Calls)-maxCalls):]
		}
		ends := over && s.SingleUse && s.Ended.IsZero()
		if ends {
			s.Ended = time.Now()
		}
		return !known || ends
	})
	if err != nil {
		return fmt.Errorf("invite: record: %w", err)
	}
	return nil
}

// knows reports whether a call is kept already. A session has one call at a time, so one that
// overlaps is the same, seen from its beginning or from later on.
func (s *Session) knows(c Call) bool {
	for _, kept := range s.Calls {
		if c.Ended.Equal(kept.Ended) || c.Began.Before(kept.Ended) && kept.Began.Before(c.Ended) {
			return true
		}
	}
	return false
}
