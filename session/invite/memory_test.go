package invite

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is Records and Order in their plainest form. With fail set, everything fails.
type memory struct {
	mu       sync.Mutex // guards the rest
	values   map[string][]byte
	revision map[string]uint64
	order    []string
	fail     error
}

var errStorage = errors.New("storage is down")

func newMemory() *memory {
	return &memory{values: map[string][]byte{}, revision: map[string]uint64{}}
}

func (m *memory) Get(_ context.Context, key string) ([]byte, uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.values[key], m.revision[key], m.fail
}

func (m *memory) Put(_ context.Context, key string, value []byte, revision uint64) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil || m.revision[key] != revision {
		return false, m.fail
	}
	m.values[key] = value
	m.revision[key]++
	return true, nil
}

func (m *memory) Append(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail == nil && !slices.Contains(m.order, key) {
		m.order = append(m.order, key)
	}
	return m.fail
}

func (m *memory) Page(_ context.Context, before uint64, n int) (keys []string, next uint64, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := uint64(len(m.order))
	if before != 0 {
		at = min(at, before-1)
	}
	for ; at > 0 && len(keys) < n; at-- {
		keys = append(keys, m.order[at-1])
	}
	if at > 0 {
		next = at + 1
	}
	return keys, next, m.fail
}

// storage is all that Sessions keep, so that a test can break or share it.
type storage struct{ sessions, requests, order *memory }

func newStorage() storage { return storage{newMemory(), newMemory(), newMemory()} }

func (s storage) open(t testing.TB, secret string) *Sessions {
	t.Helper()
	ss, err := New(Config{Secret: []byte(strings.Repeat(secret, 32)), Sessions: s.sessions, Requests: s.requests, Order: s.order})
	if err != nil {
		t.Fatal(err)
	}
	return ss
}

func invited(t testing.TB, ss *Sessions, inv Invitation) Session {
	t.Helper()
	s, _, err := ss.Invite(t.Context(), inv, "")
	if err != nil {
		t.Fatal(err)
	}
	return s
}
