package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if childDir != "" {
		child()
	}
	goleak.VerifyTestMain(m)
}

const life = time.Hour

func open(t *testing.T, cfg Config) *Store {
	t.Helper()
	cfg.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	s, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func bucket(t *testing.T, s *Store, name string) *Bucket {
	t.Helper()
	b, err := s.Bucket(t.Context(), name, life)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func order(t *testing.T, s *Store, name string) *Order {
	t.Helper()
	o, err := s.Order(t.Context(), name, life)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// outside is a NATS server on a port, as an administrator runs it.
func outside(t *testing.T) string {
	t.Helper()
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true, JetStream: true, StoreDir: t.TempDir(),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(5 * time.Second) {
		t.Fatal("the outside server did not start")
	}
	return s.ClientURL()
}

// TestStore is one suite for the three places where state can be.
func TestStore(t *testing.T) {
	for _, tc := range []struct {
		name string
		cfg  func(t *testing.T) Config
	}{
		{"memory", func(*testing.T) Config { return Config{} }},
		{"disk", func(t *testing.T) Config { return Config{Dir: t.TempDir()} }},
		{"outside", func(t *testing.T) Config { return Config{URL: outside(t)} }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := open(t, tc.cfg(t))
			if err := s.Healthy(); err != nil {
				t.Errorf("Healthy = %v", err)
			}
			t.Run("revisions", func(t *testing.T) { testRevisions(t, bucket(t, s, "revisions")) })
			t.Run("delete", func(t *testing.T) { testDelete(t, bucket(t, s, "delete")) })
			t.Run("race", func(t *testing.T) { testRace(t, bucket(t, s, "race")) })
			t.Run("order", func(t *testing.T) { testOrder(t, order(t, s, "order")) })
		})
	}
}

func testRevisions(t *testing.T, b *Bucket) {
	if _, revision, err := b.Get(t.Context(), "k"); err != nil || revision != 0 {
		t.Fatalf("Get of nothing = revision %d, %v; want 0 and no error", revision, err)
	}
	put := func(value string, revision uint64, want bool) {
		t.Helper()
		if done, err := b.Put(t.Context(), "k", []byte(value), revision); err != nil || done != want {
			t.Errorf("Put(%q, revision %d) = %t, %v; want %t", value, revision, done, err, want)
		}
	}
	get := func(want string) uint64 {
		t.Helper()
		value, revision, err := b.Get(t.Context(), "k")
		if err != nil || string(value) != want {
			t.Errorf("Get = %q, %v; want %q", value, err, want)
		}
		return revision
	}
	put("first", 0, true)
	put("again", 0, false)
	revision := get("first")
	put("second", revision, true)
	put("too late", revision, false)
	get("second")
	if _, err := b.Put(t.Context(), "no key > *", nil, 0); err == nil {
		t.Error("a malformed key was taken")
	}
}

func testDelete(t *testing.T, b *Bucket) {
	all := func() map[string]string {
		t.Helper()
		found := map[string]string{}
		err := b.All(t.Context(), func(key string, value []byte, revision uint64) {
			if _, now, err := b.Get(t.Context(), key); err != nil || now != revision {
				t.Errorf("%s has revision %d, %v; All says %d", key, now, err, revision)
			}
			found[key] = string(value)
		})
		if err != nil {
			t.Errorf("All: %v", err)
		}
		return found
	}
	if got := all(); len(got) != 0 {
		t.Errorf("All of an empty bucket = %v", got)
	}
	for _, key := range []string{"one", "two"} {
		if done, err := b.Put(t.Context(), key, []byte(key+"!"), 0); err != nil || !done {
			t.Fatalf("Put(%s) = %t, %v", key, done, err)
		}
	}
	_, revision, err := b.Get(t.Context(), "one")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		revision uint64
		want     bool
	}{{revision + 1, false}, {revision, true}, {revision, false}} {
		if done, err := b.Delete(t.Context(), "one", tc.revision); err != nil || done != tc.want {
			t.Errorf("Delete at revision %d = %t, %v; want %t", tc.revision, done, err, tc.want)
		}
	}
	if got := all(); len(got) != 1 || got["two"] != "two!" {
		t.Errorf("All = %v, want two alone", got)
	}
	if done, err := b.Put(t.Context(), "one", []byte("anew"), 0); err != nil || !done {
		t.Errorf("Put after Delete = %t, %v", done, err)
	}
}

// testRace lets many create one key, and add to one counter.
func testRace(t *testing.T, b *Bucket) {
	const racers = 8
	var won sync.Map
	var all sync.WaitGroup
	for i := range racers {
		all.Go(func() {
			if done, err := b.Put(t.Context(), "prize", fmt.Append(nil, i), 0); err != nil {
				t.Errorf("racer %d: %v", i, err)
			} else if done {
				won.Store(i, true)
			}
		})
		all.Go(func() {
			for {
				value, revision, err := b.Get(t.Context(), "count")
				if err != nil {
					t.Errorf("read: %v", err)
					return
				}
				if done, err := b.Put(t.Context(), "count", append(value, 'x'), revision); err != nil {
					t.Errorf("write: %v", err)
					return
				} else if done {
					return
				}
			}
		})
	}
	all.Wait()
	winners := 0
	won.Range(func(any, any) bool { winners++; return true })
	if winners != 1 {
		t.Errorf("%d racers made the same key, want 1", winners)
	}
	if value, _, err := b.Get(t.Context(), "count"); err != nil || len(value) != racers {
		t.Errorf("the counter has %d marks, %v; want %d", len(value), err, racers)
	}
}

func testOrder(t *testing.T, o *Order) {
	if keys, next, err := o.Page(t.Context(), 0, 10); err != nil || len(keys) != 0 || next != 0 {
		t.Fatalf("Page of an empty order = %q, %d, %v", keys, next, err)
	}
	for _, key := range []string{"a", "b", "c", "b", "d", "a", "e"} {
		if err := o.Append(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	var pages []string
	var before uint64
	for {
		keys, next, err := o.Page(t.Context(), before, 2)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, strings.Join(keys, ""))
		if before = next; next == 0 {
			break
		}
	}
	if want := []string{"ed", "cb", "a"}; !slices.Equal(pages, want) {
		t.Errorf("pages = %q, want %q", pages, want)
	}
}

// The server inside says nothing while all is well, whatever the log's level, and nowhere else.
func TestServerIsQuiet(t *testing.T) {
	var logged strings.Builder
	s, err := Open(t.Context(), Config{Dir: t.TempDir(), Log: slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	bucket(t, s, "quiet")
	s.Close()
	if logged.Len() > 0 {
		t.Errorf("it says:\n%s", &logged)
	}
}

func TestTwoReplicas(t *testing.T) {
	url := outside(t)
	one, other := open(t, Config{URL: url}), open(t, Config{URL: url})
	if done, err := bucket(t, one, "shared").Put(t.Context(), "k", []byte("v"), 0); err != nil || !done {
		t.Fatal(done, err)
	}
	if value, _, err := bucket(t, other, "shared").Get(t.Context(), "k"); err != nil || string(value) != "v" {
		t.Errorf("the other replica reads %q, %v", value, err)
	}
	if err := order(t, other, "shared_order").Append(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
	if keys, _, err := order(t, one, "shared_order").Page(t.Context(), 0, 1); err != nil || len(keys) != 1 {
		t.Errorf("the first replica reads the order %q, %v", keys, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	taken := t.TempDir()
	open(t, Config{Dir: taken})
	for _, tc := range []struct {
		name string
		cfg  Config
		want string
	}{
		{"a directory in use", Config{Dir: taken}, "in use by another process"},
		{"no directory", Config{Dir: "/dev/null/state"}, "not a directory"},
		{"nobody there", Config{URL: "nats://admin:hunter2@127.0.0.1:1"}, "connect to NATS"},
		{"no URL", Config{URL: "nats://admin:hunter2@127.0.0.1:port"}, "connect to NATS"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.cfg.Log = slog.New(slog.DiscardHandler)
			_, err := Open(t.Context(), tc.cfg)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("Open = %v, want %q", err, tc.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error %q tells the password", err)
			}
		})
	}
}

func TestCallerGivesUp(t *testing.T) {
	b := bucket(t, open(t, Config{}), "b")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := b.Get(ctx, "k"); !errors.Is(err, context.Canceled) {
		t.Errorf("Get of a cancelled caller = %v", err)
	}
	if _, err := b.Put(ctx, "k", nil, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("Put of a cancelled caller = %v", err)
	}
}

func BenchmarkGet(b *testing.B) {
	s, err := Open(b.Context(), Config{Dir: b.TempDir(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	sessions, err := s.Bucket(b.Context(), "sessions", life)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := sessions.Put(b.Context(), "k", []byte(strings.Repeat("v", 500)), 0); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, _, err := sessions.Get(b.Context(), "k"); err != nil {
			b.Fatal(err)
		}
	}
}
