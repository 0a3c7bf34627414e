package membership

import (
	"context"
	"errors"
	"time"

	"github.com/videoleg/videoleg/pexrtc"
)

// Life is how long a record may be of use: no token lives longer without a refresh, which writes it anew.
const Life = time.Hour + time.Minute

// Records keeps values by key. Each value has a revision, which changes with it.
type Records interface {
	// Get returns a key's value and revision. Revision 0 says that there is none.
	Get(ctx context.Context, key string) (value []byte, revision uint64, err error)
	// Put writes the value if the key's revision still is the given one, 0 for a new key, and
	// reports whether it did.
	Put(ctx context.Context, key string, value []byte, revision uint64) (bool, error)
	// Delete takes a key out if its revision still is the given one, and reports whether it did.
	Delete(ctx context.Context, key string, revision uint64) (bool, error)
	// All hands over every key that there is now.
	All(ctx context.Context, take func(key string, value []byte, revision uint64)) error
}

// record is what is kept of a call's participant, sealed, as the token is in it.
type record struct {
	Holder string `json:"holder"`
	pexrtc.Membership
}

// over: the node has dropped the participant by itself, or there never was one.
func (r record) over() bool { return !time.Now().Before(r.Ends.Add(lateness)) }

// change is one that waits to be written.
type change struct {
	member pexrtc.Membership
	gone   bool
}

// note lets a change be written soon. What is said of an earlier participant does not touch a later one.
func (r *Registry) note(call string, c change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if next, waits := r.changes[call]; waits && c.gone && next.member.UUID != c.member.UUID {
		return
	}
	r.changes[call] = c
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// write writes the changes as they come, until Close.
func (r *Registry) write() {
	defer close(r.written)
	for more := true; more; {
		select {
		case <-r.wake:
		case <-r.last:
			more = false
		}
		r.mu.Lock()
		changes := r.changes
		r.changes = map[string]change{}
		r.mu.Unlock()
		for call, c := range changes {
			if r.apply(call, c) != nil {
				break // a refresh brings those who stay again; the others are released once more at the next start
			}
		}
	}
}

// apply writes one change, unless another holder has the call now.
func (r *Registry) apply(call string, c change) error {
	ctx := context.Background() // each step has the deadline of Records
	kept, revision, err := r.read(ctx, call)
	if err != nil || revision != 0 && kept.Holder != r.cfg.Holder && !kept.over() {
		return err
	}
	if !c.gone {
		_, err = r.put(ctx, call, c.member, revision)
	} else if revision != 0 && kept.UUID == c.member.UUID {
		_, err = r.cfg.Records.Delete(ctx, call, revision)
	}
	return r.reached(err)
}

func (r *Registry) put(ctx context.Context, call string, m pexrtc.Membership, revision uint64) (bool, error) {
	sealed, err := r.records.Seal(record{r.cfg.Holder, m}, Life)
	if err != nil {
		return false, err
	}
	return r.cfg.Records.Put(ctx, call, []byte(sealed), revision)
}

// read returns a call's record and its revision; one that says nothing (any more) is empty.
func (r *Registry) read(ctx context.Context, call string) (record, uint64, error) {
	value, revision, err := r.cfg.Records.Get(ctx, call)
	if r.reached(err) != nil || revision == 0 {
		return record{}, 0, err
	}
	return r.open(call, value), revision, nil
}

func (r *Registry) open(call string, value []byte) (kept record) {
	if err := r.records.Open(string(value), &kept); err != nil {
		r.cfg.Log.Warn("record of a participant is of no use", "call", call, "err", err)
		return record{}
	}
	return kept
}

// leftBehind reads what the holder's earlier process has left, and deletes what says nothing.
func (r *Registry) leftBehind(ctx context.Context) (map[string]pexrtc.Membership, error) {
	left := map[string]pexrtc.Membership{}
	useless := map[string]uint64{}
	err := r.cfg.Records.All(ctx, func(call string, value []byte, revision uint64) {
		switch kept := r.open(call, value); {
		case kept.over():
			useless[call] = revision
		case kept.Holder == r.cfg.Holder:
			left[call] = kept.Membership
		}
	})
	if err != nil {
		return nil, err
	}
	for call, revision := range useless {
		if _, err := r.cfg.Records.Delete(ctx, call, revision); err != nil {
			return nil, err
		}
	}
	return left, nil
}

// reached notes whether the state could be reached, and returns err. A change is logged once. Who gave up himself knows
// nothing of it.
func (r *Registry) reached(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if away := err != nil; away != r.away {
		r.away = away
		if away {
			r.cfg.Log.Warn("participants are not recorded: a killed process would leave them in their rooms", "err", err)
		} else {
			r.cfg.Log.Info("participants are recorded again")
		}
	}
	return err
}

func (r *Registry) unreachable() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.away
}
