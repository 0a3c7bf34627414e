package store

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// childDir is set in the process that TestKilledProcess kills: its state directory.
var childDir = os.Getenv("STORE_TEST_CHILD_DIR")

// child writes for ever, and says what was acknowledged.
func child() {
	fail := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	s, err := Open(context.Background(), Config{Dir: childDir, Log: slog.New(slog.DiscardHandler)})
	fail(err)
	b, err := s.Bucket(context.Background(), "sessions", life)
	fail(err)
	for i := 0; ; i++ {
		done, err := b.Put(context.Background(), fmt.Sprintf("k%d", i), fmt.Append(nil, i), 0)
		fail(err)
		if !done {
			fail(fmt.Errorf("k%d was there", i))
		}
		fmt.Println(i)
	}
}

// TestKilledProcess kills a process while it writes: the next one finds all that was acknowledged,
// and the directory is free for it.
func TestKilledProcess(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "STORE_TEST_CHILD_DIR="+dir)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if acknowledged++; acknowledged == 50 {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || acknowledged < 50 {
		t.Fatalf("the writer ended by itself: %v, %s", err, complaint.String())
	}
	b := bucket(t, open(t, Config{Dir: dir}), "sessions")
	for i := range acknowledged {
		if value, _, err := b.Get(t.Context(), fmt.Sprintf("k%d", i)); err != nil || string(value) != fmt.Sprint(i) {
			t.Fatalf("k%d = %q, %v after the kill; %d were acknowledged", i, value, err, acknowledged)
		}
	}
}
