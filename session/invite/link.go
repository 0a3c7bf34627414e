package invite

import (
	"context"
	"fmt"
	"time"
)

// LinkLife is how long one more link into a session is good for.
const LinkLife = 15 * time.Minute

// Link makes one more link into an open session and returns its token: for a customer who lost his
// page, or goes on with another device. A session for single use may be entered once more with it.
// Errors: ErrNotFound; ErrUsed when the session is not open.
func (ss *Sessions) Link(ctx context.Context, id string) (token string, err error) {
	now := time.Now()
	open := true
	err = ss.change(ctx, id, func(s *Session) bool {
		if open = s.State == Open; !open {
			return false
		}
		if until := now.Add(Stay); s.Expires.Before(until) {
			s.Expires = until
		}
		s.Redeemed, s.Visitor = time.Time{}, ""
		return true
	})
	switch {
	case err != nil:
		return "", fmt.Errorf("invite: link: %w", err)
	case !open:
		return "", fmt.Errorf("invite: link: %w", ErrUsed)
	}
	return ss.links.Seal(link{id}, LinkLife)
}
