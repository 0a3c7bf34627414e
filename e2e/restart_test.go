package e2e

import (
	"testing"
	"time"

	"github.com/videoleg/videoleg/e2e/browser"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

// TestServerDies without a word, in a call, and is there again. An agent whom nobody can put on hold is not seen, even
// where the media goes past the server; then both pages come back by themselves, and what is left in the room is taken out.
func TestServerDies(t *testing.T) {
	inBothModes(t, func(t *testing.T, env map[string]string) {
		env["STATE_DIR"] = t.TempDir()
		c := start(t, options{env: env})
		_, customer, widget := c.call(browser.Start(t))
		before := c.awaitAgent("sends video", sendsVideo)
		c.process.kill()
		widget.AwaitStatus("Reconnecting")
		customer.Video("Agent video").AwaitStill(time.Second)
		c.again()
		c.awaitAgent("is another participant", func(p pexrtctest.Participant) bool { return p.UUID != before.UUID && sendsVideo(p) })
		widget.AwaitStatus("In call")
		widget.Video("Customer video").AwaitMoving()
		customer.Video("Agent video").AwaitMoving()
		if all := c.agents(); len(all) != 1 {
			t.Errorf("agents in the room: %+v, want one", all)
		}
	})
}
