package invite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/videoleg/videoleg/session/seal"
)

const (
	// MinLife, DefaultLife and MaxLife are how long a link can be redeemed.
	MinLife     = time.Minute
	DefaultLife = 24 * time.Hour
	MaxLife     = 30 * 24 * time.Hour

	// Keep is how long Records and Order must keep a session after its last change: customers with
	// an old link shall learn what became of it.
	Keep = MaxLife + 7*24*time.Hour
	// KeepRequests is how long Records must keep a request: an idempotency key works that long.
	KeepRequests = 24 * time.Hour
)

// Invitation is what somebody asks Invite for. The zero value is a good one.
type Invitation struct {
	DisplayName string            `json:"name"`       // fills in the customer's name; may be empty
	Locale      string            `json:"locale"`     // of the customer's page, BCP 47; empty: as his browser prefers
	Attributes  map[string]string `json:"attributes"` // handed over with the session
	ReturnURL   string            `json:"return"`     // http or https: where the customer goes after the call
	SingleUse   bool              `json:"singleUse"`  // the link opens for one browser, for one call

	// When the link ends: at a moment, or after a time. Neither is DefaultLife; both are wrong.
	Until time.Time     `json:"until,omitzero"`
	Life  time.Duration `json:"life,omitzero"`
}

// Invite makes a session with a link to it. With the same idempotency key, whoever asks again for
// the same within KeepRequests gets the same session, and again is true. An empty key is none.
// Errors are *Invalid, ErrKeyReused, or the storage's.
func (ss *Sessions) Invite(ctx context.Context, inv Invitation, key string) (s Session, again bool, err error) {
	if err := inv.check(time.Now()); err != nil {
		return Session{}, false, err
	}
	if s, err = ss.mint(inv); err != nil {
		return Session{}, false, err
	}
	if key != "" {
		if s, again, err = ss.reserve(ctx, hash(key), inv, s); err != nil {
			return Session{}, false, err
		}
	}
	// A request that came before may have been cut off at any of these steps: all of them are
	// taken again, and change nothing where they were taken.
	if _, err := ss.put(ctx, s, 0); err != nil {
		return Session{}, false, fmt.Errorf("invite: keep session: %w", err)
	}
	if err := ss.cfg.Order.Append(ctx, s.ID); err != nil {
		return Session{}, false, fmt.Errorf("invite: list session: %w", err)
	}
	s, err = ss.Lookup(ctx, s.ID)
	return s, again, err
}

// mint is the session of an invitation, kept nowhere yet.
func (ss *Sessions) mint(inv Invitation) (Session, error) {
	now := time.Now()
	name, _ := DisplayName(inv.DisplayName)
	s := Session{
		ID: seal.RandomText(idLength), DisplayName: name, Locale: inv.Locale, Attributes: inv.Attributes, ReturnURL: inv.ReturnURL,
		Created: now, Expires: inv.ends(now).Truncate(time.Second), SingleUse: inv.SingleUse,
	}
	var err error
	s.Token, err = ss.links.Seal(link{Session: s.ID}, s.Expires.Sub(now)+Keep)
	if err != nil {
		return Session{}, fmt.Errorf("invite: %w", err)
	}
	return s, nil
}

func (inv *Invitation) ends(now time.Time) time.Time {
	switch {
	case !inv.Until.IsZero():
		return inv.Until
	case inv.Life != 0:
		return now.Add(inv.Life)
	}
	return now.Add(DefaultLife)
}

// request is what is kept of a request with an idempotency key: what was asked for, and the session
// that it was to give.
type request struct {
	Asked   string  `json:"asked"`
	Session Session `json:"session"`
}

// reserve returns the session of a request that came before with the same key, or keeps s as the
// one that later requests get.
func (ss *Sessions) reserve(ctx context.Context, key string, inv Invitation, s Session) (Session, bool, error) {
	asked, err := json.Marshal(inv)
	if err != nil {
		return Session{}, false, fmt.Errorf("invite: encode request: %w", err)
	}
	mine := request{Asked: hash(string(asked)), Session: s}
	value, err := json.Marshal(mine)
	if err != nil {
		return Session{}, false, fmt.Errorf("invite: encode request: %w", err)
	}
	for {
		if done, err := ss.cfg.Requests.Put(ctx, key, value, 0); err != nil {
			return Session{}, false, fmt.Errorf("invite: keep request: %w", err)
		} else if done {
			return s, false, nil
		}
		before, revision, err := ss.cfg.Requests.Get(ctx, key)
		if err != nil {
			return Session{}, false, fmt.Errorf("invite: read request: %w", err)
		}
		if revision == 0 {
			continue // forgotten this very moment
		}
		var theirs request
		if err := json.Unmarshal(before, &theirs); err != nil {
			return Session{}, false, fmt.Errorf("invite: request is damaged: %w", err)
		}
		if theirs.Asked != mine.Asked {
			return Session{}, false, ErrKeyReused
		}
		return theirs.Session, true, nil
	}
}

// List returns up to n invited sessions, the newest first: all those before a position, or from the
// newest on if that is 0. next is the position for the page after, 0 if there is none.
func (ss *Sessions) List(ctx context.Context, before uint64, n int) (all []Session, next uint64, err error) {
	ids, next, err := ss.cfg.Order.Page(ctx, before, n)
	if err != nil {
		return nil, 0, fmt.Errorf("invite: list: %w", err)
	}
	for _, id := range ids {
		s, err := ss.Lookup(ctx, id)
		if errors.Is(err, ErrNotFound) {
			continue // forgotten by now
		}
		if err != nil {
			return nil, 0, err
		}
		all = append(all, s)
	}
	return all, next, nil
}
