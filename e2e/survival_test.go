package e2e

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/videoleg/videoleg/e2e/browser"
	"github.com/videoleg/videoleg/genesys/genesystest"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

// nodeRoom is set in the environment of a process that is a Conferencing Node with a customer in this room, and can be
// killed.
const nodeRoom = "VIDEOLEG_E2E_NODE_ROOM"

func serveNode(room string) {
	node := pexrtctest.New(pexrtctest.Options{HostPIN: hostPIN})
	if _, err := node.SimulateCustomer("cus"+room, "Grace"); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(node.URL)
	select {} // until it is killed
}

// mortalNode is a node in a process of its own.
func mortalNode(t *testing.T, room string) (url string, kill func()) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), nodeRoom+"="+room)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() {
		_ = cmd.Process.Kill() // it may be dead
		_ = cmd.Wait()
	}
	t.Cleanup(kill)
	lines := bufio.NewScanner(out)
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), "http://") {
		t.Fatalf("the node's first words are %q", lines.Text())
	}
	return lines.Text(), kill
}

// TestNodeDies: killed without a word, a node takes sockets and media along. The call goes on at the next one.
func TestNodeDies(t *testing.T) {
	const room = "4711abcd4711abcd"
	inBothModes(t, func(t *testing.T, env map[string]string) {
		first, kill := mortalNode(t, room)
		env["PEXIP_NODES"] = first + ",NODE"
		c := start(t, options{env: env})
		if _, err := c.node.SimulateCustomer("cus"+room, "Grace"); err != nil {
			t.Fatal(err)
		}
		if _, err := c.cloud.Call(t.Context(), genesystest.InboundCall{ANIName: room}); err != nil {
			t.Fatal(err)
		}
		b := browser.Start(t)
		desktop := b.Open(c.cloud.URL + "/?agent=ada")
		desktop.Button("Answer").Click()
		widget := desktop.Frame("Video")
		widget.AwaitStatus("In call")
		widget.Video("Customer video").AwaitMoving()
		if got := c.agents(); len(got) != 0 {
			t.Fatalf("on the second node before the first has died: %+v", got)
		}

		widget.Eval(keepStatus, nil)
		kill()
		began := time.Now()
		c.awaitAgent("sends video", func(p pexrtctest.Participant) bool { return p.VideoIn.Packets > 20 && !p.VideoMuted })
		widget.AwaitTrue(`window.said.some((words) => words.startsWith("Reconnecting"))`)
		widget.AwaitStatus("In call")
		widget.Video("Customer video").AwaitMoving()
		t.Logf("the picture was back %v after the node had died", time.Since(began).Round(100*time.Millisecond))
		if got := c.agents(); len(got) != 1 {
			t.Errorf("agents on the second node: %+v, want one", got)
		}
		desktop.Button("Hang up").Click()
		widget.AwaitStatus("Call ended")
	})
}
