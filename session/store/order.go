package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Order keeps keys in the order in which they came. Keys are made of letters, digits, - and _.
type Order struct {
	name   string
	prefix string // of the keys' subjects
	js     jetstream.JetStream
	stream jetstream.Stream
}

// Order returns the order of that name, which it makes if there is none yet. It forgets a key that
// came longer ago than the given time.
func (s *Store) Order(ctx context.Context, name string, life time.Duration) (*Order, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	full, prefix := "videoleg_"+name, "videoleg."+name+"."
	stream, err := made(s, jetstream.ErrStreamNotFound,
		func() (jetstream.Stream, error) { return s.js.Stream(ctx, full) },
		func(replicas int) (jetstream.Stream, error) {
			return s.js.CreateStream(ctx, jetstream.StreamConfig{
				Name: full, Subjects: []string{prefix + "*"}, MaxAge: life, Storage: s.storage, Replicas: replicas,
			})
		})
	if err != nil {
		return nil, fmt.Errorf("store: order %s: %w", name, err)
	}
	return &Order{name: name, prefix: prefix, js: s.js, stream: stream}, nil
}

// Append adds a key at the end, unless it is there already.
func (o *Order) Append(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	_, err := o.js.Publish(ctx, o.prefix+key, nil, jetstream.WithExpectLastSequencePerSubject(0))
	if err != nil && !isConflict(err) {
		return fmt.Errorf("store: append to %s: %w", o.name, err)
	}
	return nil
}

// Page returns up to n keys, the newest first: all those before a position, or from the newest on
// if that is 0. next is the position for the page after, 0 if there is none.
func (o *Order) Page(ctx context.Context, before uint64, n int) (keys []string, next uint64, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	info, err := o.stream.Info(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("store: order %s: %w", o.name, err)
	}
	first, at := info.State.FirstSeq, info.State.LastSeq
	if before != 0 {
		at = min(at, before-1)
	}
	for ; at >= max(first, 1) && len(keys) < n; at-- {
		message, err := o.stream.GetMsg(ctx, at)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue // its time has come meanwhile
		}
		if err != nil {
			return nil, 0, fmt.Errorf("store: read order %s: %w", o.name, err)
		}
		keys = append(keys, strings.TrimPrefix(message.Subject, o.prefix))
	}
	if at >= max(first, 1) {
		next = at + 1
	}
	return keys, next, nil
}
