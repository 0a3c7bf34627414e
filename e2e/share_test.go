package e2e

import (
	"testing"
	"time"

	"github.com/videoleg/videoleg/e2e/browser"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

// pressTwice presses the button once more while the browser lets choose what to share.
const pressTwice = `((choose) => {
	window.choosers = 0;
	navigator.mediaDevices.getDisplayMedia = (wish) => {
		if (window.choosers++ === 0) document.querySelector("#share").click();
		return choose.call(navigator.mediaDevices, wish);
	};
})(navigator.mediaDevices.getDisplayMedia)`

// TestShare follows a screen from the agent to the customer and back, in both media modes.
func TestShare(t *testing.T) {
	inBothModes(t, func(t *testing.T, env map[string]string) {
		env["SHARE_ENTIRE_SCREEN"] = "false" // what is chosen here is a tab
		c := start(t, options{env: env})
		b := browser.Start(t)
		desktop, customer, widget := c.call(b)

		widget.Eval(pressTwice, nil)
		widget.Button("Share screen").Click()
		widget.Button("Stop sharing").Await()
		widget.AwaitTrue(`window.choosers === 1`)
		customer.Video("Presentation").AwaitMoving()
		c.awaitAgent("presents", func(p pexrtctest.Participant) bool { return p.Presenting && p.SlidesIn.Packets > 0 })
		customer.Video("Agent video").AwaitFrames(5)
		customer.Button("Show the agent large").Click()
		customer.AwaitTrue("document.querySelector('#agent').clientWidth > document.querySelector('#presentation').clientWidth")
		customer.Button("Show the presentation large").Click()
		customer.AwaitTrue("document.querySelector('#agent').clientWidth < document.querySelector('#presentation').clientWidth")

		// A camera that is off ends no share.
		widget.Button("Turn camera off").Click()
		customer.Video("Agent video").AwaitStill(500 * time.Millisecond)
		customer.Video("Presentation").AwaitFrames(5)
		widget.Button("Turn camera on").Click()

		// A hold does, and its end does not begin it again.
		desktop.Button("Hold").Click()
		widget.Button("Share screen").Await()
		c.awaitAgent("presents no more", func(p pexrtctest.Participant) bool { return !p.Presenting })
		customer.Video("Presentation").AwaitGone()
		dark := c.agents()[0].SlidesIn.Packets
		desktop.Button("Resume").Click()
		widget.AwaitTrue("!document.querySelector('#share').disabled")
		if p := c.agents()[0]; p.Presenting || p.SlidesIn.Packets != dark {
			t.Errorf("after the hold the agent presents: %v, and %d packets more came", p.Presenting, p.SlidesIn.Packets-dark)
		}

		// The customer's screen comes to the agent, large, and a click swaps the pictures.
		customer.Button("Share screen").Click()
		widget.Video("Presentation").AwaitMoving()
		widget.Button("Show the customer large").Click()
		widget.Button("Show the presentation large").Click()
		widget.Button("Show the customer large").Await()

		// Who shares last wins.
		widget.Button("Share screen").Click()
		customer.Button("Share screen").Await()
		customer.AwaitText("Ada Lovelace presents now.")
		customer.Video("Presentation").AwaitMoving()
		customer.Button("Share screen").Click()
		widget.Button("Share screen").Await()
		widget.AwaitText("Grace presents now.")
		widget.Video("Presentation").AwaitMoving()
		customer.Button("Stop sharing").Click()
		widget.Video("Presentation").AwaitGone()
		widget.Video("Customer video").AwaitMoving()
		desktop.NoProblems()
		customer.NoProblems()
	})
}
