package invite

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/videoleg/videoleg/session/seal"
)

// Records keeps values by key. Each value has a revision, which changes with it.
type Records interface {
	// Get returns a key's value and revision. Revision 0 says that there is none.
	Get(ctx context.Context, key string) (value []byte, revision uint64, err error)
	// Put writes the value if the key's revision still is the given one, 0 for a new key, and
	// reports whether it did. When it returns, the value is kept for good.
	Put(ctx context.Context, key string, value []byte, revision uint64) (bool, error)
}

// Order keeps keys in the order in which they came.
type Order interface {
	// Append adds a key at the end, unless it is there already.
	Append(ctx context.Context, key string) error
	// Page returns up to n keys, the newest first: all those before a position, or from the newest
	// on if that is 0. next is the position for the page after, 0 if there is none.
	Page(ctx context.Context, before uint64, n int) (keys []string, next uint64, err error)
}

// Config is what Sessions need.
type Config struct {
	Secret   []byte  // seals links; at least 32 bytes
	Sessions Records // by session ID
	Requests Records // what Invite was asked for, by idempotency key
	Order    Order   // of invitations
}

// Sessions are all sessions of the installation, whichever replica began them. They are safe for
// concurrent use. Errors of the storage name the step.
type Sessions struct {
	cfg   Config
	links *seal.Sealer
}

// New returns the sessions that are in the given storage.
func New(cfg Config) (*Sessions, error) {
	links, err := seal.New(cfg.Secret, "invitation")
	if err != nil {
		return nil, fmt.Errorf("invite: %w", err)
	}
	return &Sessions{cfg: cfg, links: links}, nil
}

// idLength is the length of a session ID: 16 characters are 82 bits, beyond guessing.
const idLength = 16

// Begin opens a session without an invitation, for a customer who is coming in right now.
func (ss *Sessions) Begin(ctx context.Context, name, locale string) (Session, error) {
	now := time.Now()
	s := Session{
		ID: seal.RandomText(idLength), DisplayName: name, Locale: locale,
		Created: now, Expires: now.Add(Stay), SingleUse: true, Redeemed: now,
	}
	if _, err := ss.put(ctx, s, 0); err != nil {
		return Session{}, fmt.Errorf("invite: begin: %w", err)
	}
	s.State = Open
	return s, nil
}

// Lookup returns the session of an ID, whatever its State. The error is ErrNotFound, or the
// storage's: then nothing is known about the session.
func (ss *Sessions) Lookup(ctx context.Context, id string) (Session, error) {
	s, _, err := ss.get(ctx, id)
	return s, err
}

// Find returns the session that a link's token leads to, if that visitor may redeem it now. Of a link
// that no longer opens it returns the session along with the error.
func (ss *Sessions) Find(ctx context.Context, token, visitor string) (Session, error) {
	s, _, _, err := ss.find(ctx, token, hash(visitor))
	return s, err
}

// Redeem lets a visitor in with a link's token. The visitor is what his browser is known by, empty
// if by nothing: one for whom a single-use link was redeemed may come back with it, nobody else. The
// name is the one that he gives himself; empty leaves that of the invitation.
func (ss *Sessions) Redeem(ctx context.Context, token, visitor, name string) (Session, error) {
	visitor = hash(visitor)
	for {
		s, number, revision, err := ss.find(ctx, token, visitor)
		if err != nil {
			return Session{}, err
		}
		if s.SingleUse && visitor != "" && s.Entered[number] == visitor {
			return s, nil
		}
		if s.Entered == nil {
			s.Entered = map[int]string{}
		}
		s.Redeemed, s.Entered[number] = time.Now(), visitor
		if name != "" {
			s.DisplayName = name
		}
		if done, err := ss.put(ctx, s, revision); err != nil {
			return Session{}, fmt.Errorf("invite: redeem: %w", err)
		} else if done {
			return s, nil
		}
	}
}

// Withdraw takes a session back: nobody gets in any more. Who is in stays. Withdrawing again
// changes nothing.
func (ss *Sessions) Withdraw(ctx context.Context, id string) error {
	return ss.change(ctx, id, func(s *Session) bool {
		first := s.Withdrawn.IsZero()
		if first {
			s.Withdrawn = time.Now()
		}
		return first
	})
}

// End says that the call of a session is over. An invitation for many uses stays open for the next.
func (ss *Sessions) End(ctx context.Context, id string) error {
	return ss.change(ctx, id, func(s *Session) bool {
		if !s.SingleUse || !s.Ended.IsZero() {
			return false
		}
		s.Ended = time.Now()
		return true
	})
}

// change lets edit alter a session, again if somebody else was faster. edit reports whether it did.
func (ss *Sessions) change(ctx context.Context, id string, edit func(*Session) bool) error {
	for {
		s, revision, err := ss.get(ctx, id)
		if err != nil {
			return err
		}
		if !edit(&s) {
			return nil
		}
		if done, err := ss.put(ctx, s, revision); err != nil || done {
			return err
		}
	}
}

func (ss *Sessions) get(ctx context.Context, id string) (Session, uint64, error) {
	if !validID(id) {
		return Session{}, 0, ErrNotFound
	}
	value, revision, err := ss.cfg.Sessions.Get(ctx, id)
	if err != nil {
		return Session{}, 0, fmt.Errorf("invite: read session: %w", err)
	}
	if revision == 0 {
		return Session{}, 0, ErrNotFound
	}
	var s Session
	if err := json.Unmarshal(value, &s); err != nil {
		return Session{}, 0, fmt.Errorf("invite: session %s is damaged: %w", id, err)
	}
	s.State = s.stateAt(time.Now())
	return s, revision, nil
}

func (ss *Sessions) put(ctx context.Context, s Session, revision uint64) (bool, error) {
	value, err := json.Marshal(s)
	if err != nil {
		return false, fmt.Errorf("encode session: %w", err)
	}
	return ss.cfg.Sessions.Put(ctx, s.ID, value, revision)
}

// validID reports whether an ID is of the form that we give: others need not be looked for.
func validID(id string) bool {
	if len(id) != idLength {
		return false
	}
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// hash is what is kept of a visitor's or a request's key; nothing stays nothing.
func hash(s string) string {
	if s == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
