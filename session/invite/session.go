package invite

import (
	"errors"
	"time"
)

// What can be wrong with a session or with the link to it.
var (
	// ErrNotFound: no session has that ID.
	ErrNotFound = errors.New("invite: no such session")
	// ErrForged: the link is not one of ours, or was cut or changed on its way.
	ErrForged = errors.New("invite: not a link of ours")
	// ErrExpired: the invitation's time is over.
	ErrExpired = errors.New("invite: expired")
	// ErrUsed: the invitation was for one use, and somebody has used it.
	ErrUsed = errors.New("invite: used already")
	// ErrWithdrawn: who invited has taken the invitation back.
	ErrWithdrawn = errors.New("invite: withdrawn")
	// ErrKeyReused: the idempotency key came before, with another request.
	ErrKeyReused = errors.New("invite: idempotency key used for another request")
)

// Stay is how long a session is open from the moment at which its customer has come in, even if the
// invitation expires meanwhile: a call in the queue must not lose its room.
const Stay = 4 * time.Hour

// State is what has become of a session.
type State string

// Only an open session may be entered, by customers and agents alike.
const (
	Open      State = "open"
	Expired   State = "expired"
	Withdrawn State = "withdrawn"
	Ended     State = "ended" // the call is over, and nobody may come back
)

// Session is a customer's session. Values returned by Sessions are copies.
type Session struct {
	ID          string            `json:"id"`   // 16 characters of 0-9a-z: names the conference
	DisplayName string            `json:"name"` // as invited, or as the customer gave it; may be empty
	Locale      string            `json:"locale,omitempty"`
	Attributes  map[string]string `json:"attributes,omitempty"` // handed over by who invited
	ReturnURL   string            `json:"return,omitempty"`     // where the customer goes after the call; may be empty
	Created     time.Time         `json:"created"`
	Expires     time.Time         `json:"expires"` // until when the link can be redeemed

	// State is that at the moment of asking.
	State State `json:"-"`

	SingleUse bool           `json:"singleUse,omitempty"`
	Token     string         `json:"token,omitempty"`   // of the link, sealed; empty without an invitation
	Redeemed  time.Time      `json:"redeemed,omitzero"` // when a customer came in last
	Entered   map[int]string `json:"entered,omitempty"` // hash of who that was, by the number of his link
	Links     int            `json:"links,omitempty"`   // more links that were made, numbered from 1
	Linked    time.Time      `json:"linked,omitzero"`   // when the last of those ends
	Withdrawn time.Time      `json:"withdrawn,omitzero"`
	Ended     time.Time      `json:"ended,omitzero"`
	Calls     []Call         `json:"calls,omitempty"` // that are over, the latest last
}

// stateAt is the session's state at a moment.
func (s *Session) stateAt(now time.Time) State {
	switch {
	case !s.Withdrawn.IsZero():
		return Withdrawn
	case !s.Ended.IsZero():
		return Ended
	case now.Before(s.Expires), now.Before(s.Linked), now.Before(s.Redeemed.Add(Stay)):
		return Open
	}
	return Expired
}

// Usable says whether the invitation's link can be redeemed now by somebody new: nil, ErrExpired,
// ErrUsed or ErrWithdrawn.
func (s *Session) Usable() error { return s.admits(invitation, "", time.Now()) }

// invitation is the number of the link that the invitation itself has.
const invitation = 0

// admits says whether a visitor may redeem the link of that number now: nil or why not.
func (s *Session) admits(number int, visitor string, now time.Time) error {
	by, used := s.Entered[number]
	open := s.stateAt(now) == Open
	switch {
	case !s.Withdrawn.IsZero():
		return ErrWithdrawn
	case visitor != "" && visitor == by && open:
		return nil // he comes back
	case s.SingleUse && used, !s.Ended.IsZero():
		return ErrUsed
	case number == invitation && !now.Before(s.Expires), !open:
		return ErrExpired
	}
	return nil
}
