package main

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

// left joins a participant through a server and lets the server go without a release, as one that is killed does. It returns
// what was left in the room.
func left(t *testing.T, node *pexrtctest.Server, place map[string]string) pexrtc.Membership {
	t.Helper()
	s, stop := runServer(t, place)
	defer stop()
	pexip, err := pexrtc.New(pexrtc.Config{Nodes: []string{node.URL}, HTTP: node.Client()})
	if err != nil {
		t.Fatal(err)
	}
	p, err := pexip.Join(t.Context(), pexrtc.JoinRequest{Alias: "4711", DisplayName: "Ada"})
	if err != nil {
		t.Fatal(err)
	}
	s.members.Keep("call", p.Membership())
	return p.Membership()
}

// awaitLeft waits until the participant is in the room no more.
func awaitLeft(t *testing.T, node *pexrtctest.Server, m pexrtc.Membership) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := node.AwaitGone(ctx, func(p pexrtctest.Participant) bool { return p.UUID == m.UUID }); err != nil {
		t.Errorf("%s is still there: %v", m, err)
	}
}

// What a process leaves in a room is released by the next one on its directory; the token does not lie there to be read.
func TestLeftInDirectory(t *testing.T) {
	node := pexrtctest.New(pexrtctest.Options{})
	defer node.Close()
	place := map[string]string{"PEXIP_NODES": node.URL, "STATE_DIR": t.TempDir()}
	m := left(t, node, place)
	files := 0
	err := filepath.WalkDir(place["STATE_DIR"], func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if files++; bytes.Contains(text, []byte(m.Token)) || bytes.Contains(text, []byte(m.UUID)) {
			t.Errorf("%s holds the participant's secrets", path)
		}
		return err
	})
	if err != nil || files == 0 {
		t.Errorf("%d files of the state, %v", files, err)
	}
	_, stop := runServer(t, place)
	defer stop()
	awaitLeft(t, node, m)
}

// On a shared NATS, a process leaves alone what another one has in the rooms, and releases what it has left itself.
func TestLeftInNATS(t *testing.T) {
	node := pexrtctest.New(pexrtctest.Options{})
	defer node.Close()
	place := map[string]string{"PEXIP_NODES": node.URL, "NATS_URL": outsideNATS(t), "AGENT_ADDR": "127.0.0.1:0"}
	m := left(t, node, place)
	place["AGENT_ADDR"] = "localhost:0"
	_, stop := runServer(t, place)
	stop()
	if got := node.Participants(""); len(got) != 1 {
		t.Errorf("after the start of another process: %+v, want one", got)
	}
	place["AGENT_ADDR"] = "127.0.0.1:0"
	_, stop = runServer(t, place)
	defer stop()
	awaitLeft(t, node, m)
}
