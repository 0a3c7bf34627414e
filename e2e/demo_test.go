package e2e

import (
	"testing"

	"github.com/videoleg/videoleg/e2e/browser"
)

// TestDemo is a newcomer with the printed addresses.
func TestDemo(t *testing.T) {
	ports := freePorts(t, 4)
	p := run(t, []string{"demo", "-port-base", ports[0]}, nil)
	p.await("Stop with Ctrl-C")
	desktopURL, customerURL := local(ports[2]), local(ports[1])

	b := browser.Start(t)
	desktop := b.Open(desktopURL + "/?agent=ada")
	customer := b.Open(customerURL, browser.Size(390, 800))
	customer.Field("Your name").Type("Grace")
	customer.Find("checkbox", agreement).Press(" ")
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
	desktop.Button("Done").Click()

	desktop.Field("Dial").Type("sip:branch7@video.example")
	desktop.Button("Call").Click()
	desktop.Frame("Video").Video("Customer video").AwaitMoving()
	desktop.Button("Hang up").Click()
	desktop.Frame("Video").AwaitStatus("Call ended")
	desktop.NoProblems()
	customer.NoProblems()
	if err := p.stop(); err != nil {
		t.Errorf("exit after SIGTERM: %v, want 0", err)
	}
}
