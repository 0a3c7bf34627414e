package e2e

import (
	"net"
	"strconv"
	"testing"

	"github.com/videoleg/videoleg/e2e/browser"
)

// TestDemo is a newcomer with the printed addresses.
func TestDemo(t *testing.T) {
	base := portsInARow(t, 4)
	p := run(t, []string{"demo", "-port-base", strconv.Itoa(base)}, nil)
	p.await("Stop with Ctrl-C")
	desktopURL, customerURL := local(strconv.Itoa(base+2)), local(strconv.Itoa(base+1))

	b := browser.Start(t)
	desktop := b.Open(desktopURL + "/?agent=ada")
	customer := b.Open(customerURL, browser.Size(390, 800))
	customer.Field("Your name").Type("Grace")
	customer.Find("checkbox", agreement).Click()
	customer.Button("Start video call").Click()
	desktop.Button("Answer").Click()
	widget := desktop.Frame("Video")
	widget.Video("Customer video").AwaitMoving()
	customer.Video("Agent video").AwaitMoving()
	customer.Button("Leave").Click()
	widget.AwaitStatus("Call ended")
	desktop.Button("Done").Click()

	desktop.Button("Simulate a customer call").Click()
	desktop.Button("Answer").Click()
	desktop.Frame("Video").Video("Customer video").AwaitMoving()
	desktop.Button("Hang up").Click()
	desktop.Frame("Video").AwaitStatus("Call ended")
	desktop.NoProblems()
	customer.NoProblems()
	if err := p.stop(); err != nil {
		t.Errorf("exit after SIGTERM: %v, want 0", err)
	}
}

// portsInARow finds n free ports that follow each other.
func portsInARow(t *testing.T, n int) int {
	t.Helper()
	for base := 20100; base < 60000; base += 137 {
		free := true
		for i := range n {
			l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(base+i))
			if err != nil {
				free = false
				break
			}
			l.Close()
		}
		if free {
			return base
		}
	}
	t.Fatal("no free ports in a row")
	return 0
}
