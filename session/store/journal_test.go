package store

import (
	"fmt"
	"slices"
	"testing"
)

// follower collects what it gets.
type follower struct {
	entries chan string
	stop    func()
}

func follow(t *testing.T, s *Store) *follower {
	t.Helper()
	f := &follower{entries: make(chan string, 100)}
	var err error
	f.stop, err = journal(t, s).Follow(t.Context(), func(entry []byte) { f.entries <- string(entry) })
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func journal(t *testing.T, s *Store) *Journal {
	t.Helper()
	j, err := s.Journal(t.Context(), "events", life)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// await returns the next n entries.
func (f *follower) await(n int) (all []string) {
	for range n {
		all = append(all, <-f.entries)
	}
	return all
}

// Every replica gets every entry in one order, and one that starts later gets those of before.
func TestJournal(t *testing.T) {
	url := outside(t)
	one, other := open(t, Config{URL: url}), open(t, Config{URL: url})
	first, second := follow(t, one), follow(t, other)
	defer first.stop()
	defer second.stop()
	for i, s := range []*Store{one, other, one, other} {
		if err := journal(t, s).Append(t.Context(), fmt.Append(nil, i)); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"0", "1", "2", "3"}
	if got := first.await(4); !slices.Equal(got, want) {
		t.Errorf("the first follower got %q", got)
	}
	if got := second.await(4); !slices.Equal(got, want) {
		t.Errorf("the second follower got %q", got)
	}
	late := follow(t, open(t, Config{URL: url}))
	late.stop()
	if got := len(late.entries); got != len(want) {
		t.Errorf("Follow returned with %d entries taken, want those %d that there were", got, len(want))
	}
}

func TestJournalAfterRestart(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Config{Dir: dir})
	if err := journal(t, s).Append(t.Context(), []byte("told")); err != nil {
		t.Fatal(err)
	}
	s.Close()
	f := follow(t, open(t, Config{Dir: dir}))
	f.stop()
	if got := f.await(1); got[0] != "told" {
		t.Errorf("after the restart: %q", got)
	}
}
