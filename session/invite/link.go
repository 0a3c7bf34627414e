package invite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/videoleg/videoleg/session/seal"
)

// LinkLife is how long one more link into a session is good for.
const LinkLife = 15 * time.Minute

// maxLinks bounds the links of one session.
const maxLinks = 100

// Link makes one more link into an open session and returns its token: for a customer who lost his
// page, or goes on with another device. What the session's other links are good for does not change;
// if it is for single use, so is this link. Errors: ErrNotFound; ErrUsed when the session is not open,
// or has had too many links.
func (ss *Sessions) Link(ctx context.Context, id string) (token string, err error) {
	l := link{Session: id}
	err = ss.change(ctx, id, func(s *Session) bool {
		if s.State != Open || s.Links >= maxLinks {
			l.Number = invitation
			return false
		}
		s.Links++
		s.Linked = time.Now().Add(LinkLife)
		l.Number = s.Links
		return true
	})
	switch {
	case err != nil:
		return "", fmt.Errorf("invite: link: %w", err)
	case l.Number == invitation:
		return "", fmt.Errorf("invite: link: %w", ErrUsed)
	}
	return ss.links.Seal(l, LinkLife)
}

// link is what a link's token holds.
type link struct {
	Session string `json:"s"`
	Number  int    `json:"n,omitempty"`
}

// find returns the session that a token leads to, with its revision and the link's number, and whether
// a visitor may redeem it now.
func (ss *Sessions) find(ctx context.Context, token, visitor string) (s Session, number int, revision uint64, err error) {
	var l link
	if err := ss.links.Open(token, &l); errors.Is(err, seal.ErrExpired) {
		return Session{}, 0, 0, ErrExpired
	} else if err != nil {
		return Session{}, 0, 0, ErrForged
	}
	s, revision, err = ss.get(ctx, l.Session)
	if errors.Is(err, ErrNotFound) {
		return Session{}, 0, 0, ErrExpired // we made the link: its session is forgotten by now
	}
	if err != nil {
		return Session{}, 0, 0, err
	}
	return s, l.Number, revision, s.admits(l.Number, visitor, time.Now())
}
