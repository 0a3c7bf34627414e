package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Bucket keeps values by key. Keys are made of letters, digits and - / _ = . and do not begin or
// end with a dot. Each value has a revision, which changes with it.
type Bucket struct {
	name string
	kv   jetstream.KeyValue
}

// Bucket returns the bucket of that name, which it makes if there is none yet. A value lives for
// the given time after its last change.
func (s *Store) Bucket(ctx context.Context, name string, life time.Duration) (*Bucket, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	full := "videoleg_" + name
	kv, err := made(s, jetstream.ErrBucketNotFound,
		func() (jetstream.KeyValue, error) { return s.js.KeyValue(ctx, full) },
		func(replicas int) (jetstream.KeyValue, error) {
			return s.js.CreateKeyValue(ctx, jetstream.KeyValueConfig{
				Bucket: full, History: 1, TTL: life, Storage: s.storage, Replicas: replicas,
			})
		})
	if err != nil {
		return nil, fmt.Errorf("store: bucket %s: %w", name, err)
	}
	return &Bucket{name: name, kv: kv}, nil
}

// Get returns a key's value and revision. Revision 0 says that there is none.
func (b *Bucket) Get(ctx context.Context, key string) ([]byte, uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	entry, err := b.kv.Get(ctx, key)
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound):
		return nil, 0, nil
	case err != nil:
		return nil, 0, fmt.Errorf("store: read from %s: %w", b.name, err)
	}
	return entry.Value(), entry.Revision(), nil
}

// Put writes the value if the key's revision still is the given one, 0 for a new key, and reports
// whether it did. When it returns, the value is kept for good.
func (b *Bucket) Put(ctx context.Context, key string, value []byte, revision uint64) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	var err error
	if revision == 0 {
		_, err = b.kv.Create(ctx, key, value)
	} else {
		_, err = b.kv.Update(ctx, key, value, revision)
	}
	switch {
	case isConflict(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("store: write to %s: %w", b.name, err)
	}
	return true, nil
}

// Delete takes a key out if its revision still is the given one, and reports whether it did.
func (b *Bucket) Delete(ctx context.Context, key string, revision uint64) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	err := b.kv.Delete(ctx, key, jetstream.LastRevision(revision))
	switch {
	case isConflict(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("store: delete from %s: %w", b.name, err)
	}
	return true, nil
}

// All hands over every key that there is now, with its value and revision.
func (b *Bucket) All(ctx context.Context, take func(key string, value []byte, revision uint64)) error {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	watcher, err := b.kv.WatchAll(ctx, jetstream.IgnoreDeletes())
	if err != nil {
		return fmt.Errorf("store: read all of %s: %w", b.name, err)
	}
	defer watcher.Stop()
	for {
		select {
		case entry, open := <-watcher.Updates():
			switch {
			case !open:
				return fmt.Errorf("store: read all of %s: %w", b.name, context.Cause(ctx))
			case entry == nil: // all have come
				return nil
			}
			take(entry.Key(), entry.Value(), entry.Revision())
		case <-ctx.Done():
			return fmt.Errorf("store: read all of %s: %w", b.name, ctx.Err())
		}
	}
}
