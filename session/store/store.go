package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Config says where the state is. With neither URL nor Dir it is in memory.
type Config struct {
	URL string // of NATS servers outside, with commas between them; may hold credentials
	Dir string // of the state on disk, made where it is missing; no other process may use it
	Log *slog.Logger
}

// Store is the connection to the state. It is safe for concurrent use.
type Store struct {
	server   *embedded // nil where NATS is outside
	conn     *nats.Conn
	js       jetstream.JetStream
	storage  jetstream.StorageType
	replicas int // wished for; what there is counts
}

const (
	// connectTime bounds the first connection, and each later attempt.
	connectTime = 5 * time.Second
	// callTime bounds each question to JetStream: less than the 5 s that a node waits for a policy
	// answer.
	callTime = 3 * time.Second
)

// Open starts the server inside, or connects to those outside. Close the store when nobody uses it
// any more.
func Open(ctx context.Context, cfg Config) (s *Store, err error) {
	s = &Store{storage: jetstream.FileStorage, replicas: 1}
	defer func() {
		if err != nil {
			s.Close()
			s = nil
		}
	}()
	options := []nats.Option{
		nats.Name("videoleg"), nats.Timeout(connectTime), nats.MaxReconnects(-1),
		nats.ReconnectWait(500 * time.Millisecond), nats.NoCallbacksAfterClientClose(),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { cfg.Log.Warn("state lost, connecting again", "err", err) }),
		nats.ReconnectHandler(func(*nats.Conn) { cfg.Log.Info("state is back") }),
	}
	if cfg.URL == "" {
		if s.server, err = startServer(cfg); err != nil {
			return s, fmt.Errorf("store: %w", err)
		}
		options = append(options, nats.InProcessServer(s.server.nats))
		if cfg.Dir == "" {
			s.storage = jetstream.MemoryStorage
		}
	}
	if s.conn, err = nats.Connect(cfg.URL, options...); err != nil {
		if malformed := new(url.Error); errors.As(err, &malformed) {
			err = malformed.Err // without the URL, which may hold a password
		}
		return s, fmt.Errorf("store: connect to NATS: %w", err)
	}
	if s.conn.ConnectedClusterName() != "" {
		s.replicas = 3
	}
	if s.js, err = jetstream.New(s.conn); err != nil {
		return s, fmt.Errorf("store: JetStream: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	if _, err = s.js.AccountInfo(ctx); err != nil {
		return s, fmt.Errorf("store: JetStream does not answer: %w", err)
	}
	return s, nil
}

// Healthy says whether the state can be reached now: nil, or what is wrong.
func (s *Store) Healthy() error {
	if status := s.conn.Status(); status != nats.CONNECTED {
		return fmt.Errorf("store: connection to NATS is %s", status)
	}
	return nil
}

// Close ends the connection and stops the server inside. What was acknowledged is kept.
func (s *Store) Close() {
	if s.conn != nil {
		s.conn.Close()
	}
	if s.server != nil {
		s.server.stop()
	}
}

// made opens what is there already, and else makes it: with the wished number of replicas, or with
// one where the cluster has too few servers. An administrator may so make it in his own way.
func made[T any](s *Store, missing error, open func() (T, error), create func(replicas int) (T, error)) (T, error) {
	found, err := open()
	if !errors.Is(err, missing) {
		return found, err
	}
	found, err = create(s.replicas)
	if err != nil && s.replicas > 1 {
		found, err = create(1)
	}
	return found, err
}

// isConflict reports whether somebody else has changed the key meanwhile.
func isConflict(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
		api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}
