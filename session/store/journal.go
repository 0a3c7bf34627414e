package store

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Journal is what was told to one replica and concerns them all: each follows it, in one order.
type Journal struct {
	name, subject string
	js            jetstream.JetStream
	stream        jetstream.Stream
}

// maxJournal bounds a journal, in bytes: the oldest entries go first.
const maxJournal = 64 << 20

// Journal returns the journal of that name, which it makes if there is none yet. It forgets entries
// that are older than the given time.
func (s *Store) Journal(ctx context.Context, name string, life time.Duration) (*Journal, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	full, subject := "videoleg_"+name, "videoleg."+name
	stream, err := made(s, jetstream.ErrStreamNotFound,
		func() (jetstream.Stream, error) { return s.js.Stream(ctx, full) },
		func(replicas int) (jetstream.Stream, error) {
			return s.js.CreateStream(ctx, jetstream.StreamConfig{
				Name: full, Subjects: []string{subject}, MaxAge: life, MaxBytes: maxJournal,
				Storage: s.storage, Replicas: replicas,
			})
		})
	if err != nil {
		return nil, fmt.Errorf("store: journal %s: %w", name, err)
	}
	return &Journal{name: name, subject: subject, js: s.js, stream: stream}, nil
}

// Append adds an entry. When it returns, the entry is kept, and every follower will get it.
func (j *Journal) Append(ctx context.Context, entry []byte) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	if _, err := j.js.Publish(ctx, j.subject, entry); err != nil {
		return fmt.Errorf("store: append to %s: %w", j.name, err)
	}
	return nil
}

// Follow hands over each entry, from the oldest that is kept, one after the other. It returns when
// all those have been taken that there were when it was called; stop ends the rest. A lost connection
// is taken up again where it broke.
func (j *Journal) Follow(ctx context.Context, take func(entry []byte)) (stop func(), err error) {
	info, err := j.stream.Info(ctx)
	if err != nil {
		return nil, fmt.Errorf("store: journal %s: %w", j.name, err)
	}
	consumer, err := j.stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{})
	if err != nil {
		return nil, fmt.Errorf("store: follow %s: %w", j.name, err)
	}
	last, caughtUp := info.State.LastSeq, make(chan struct{})
	if info.State.Msgs == 0 {
		close(caughtUp)
		last = 0
	}
	following, err := consumer.Consume(func(m jetstream.Msg) {
		take(m.Data())
		if about, err := m.Metadata(); err == nil && last != 0 && about.Sequence.Stream >= last {
			close(caughtUp)
			last = 0
		}
	})
	if err != nil {
		return nil, fmt.Errorf("store: follow %s: %w", j.name, err)
	}
	stop = func() {
		following.Stop()
		<-following.Closed()
	}
	select {
	case <-caughtUp:
		return stop, nil
	case <-ctx.Done():
		stop()
		return nil, fmt.Errorf("store: follow %s: %w", j.name, ctx.Err())
	}
}
