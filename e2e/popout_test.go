package e2e

import (
	"testing"

	"github.com/videoleg/videoleg/e2e/browser"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

// TestPopOut takes the customer's picture out of the page and back, in both ways that browsers have.
func TestPopOut(t *testing.T) {
	c := start(t, options{})
	b := browser.Start(t)
	desktop, _, widget := c.call(b)
	out := `document.pictureInPictureElement?.id === "customer"`

	widget.Button("Pop out video").Click() // in the desktop's frame: the picture alone
	widget.AwaitTrue(out)
	widget.AwaitText("The video is in a window of its own")
	widget.Video("Customer video").AwaitFrames(5)
	widget.Button("Return video").Click()
	widget.AwaitTrue("!document.pictureInPictureElement")
	widget.Button("Pop out video").Click()
	desktop.Button("Hang up").Await()
	var done bool
	widget.Eval(`document.exitPictureInPicture().then(() => true)`, &done) // the window's own button
	widget.Button("Pop out video").Await()
	widget.Video("Customer video").AwaitMoving()

	tab := desktop.Tab(c.agent + "/?conversationid=" + c.conversation().ID()) // in a page of its own: with the controls
	tab.AwaitStatus("In call")
	tab.Video("Customer video").AwaitMoving()
	tab.Button("Pop out video").Click()
	in := `documentPictureInPicture.window?.document`
	tab.AwaitTrue(in + `.querySelector("video").getVideoPlaybackQuality().totalVideoFrames > 5`)
	tab.AwaitTrue(`[...` + in + `.querySelectorAll("footer button")].map(b => b.innerText.trim()).join() === "Turn camera off,Return video"`)
	tab.Eval(`(`+in+`.querySelector("footer button").click(), true)`, &done)
	c.awaitAgent("has the camera off", func(p pexrtctest.Participant) bool { return p.VideoMuted })
	tab.AwaitTrue(in + `.querySelector("footer button").innerText.trim() === "Turn camera on"`)
	tab.Eval(`(`+in+`.querySelectorAll("footer button")[1].click(), true)`, &done)
	tab.AwaitTrue("!documentPictureInPicture.window")
	tab.Button("Pop out video").Await()
	tab.Video("Customer video").AwaitMoving()

	tab.Button("Pop out video").Click()
	live := in + `.querySelector("video").srcObject?.getTracks()[0].readyState === "live"`
	tab.AwaitTrue(live)
	tab.Eval(`window.shown = `+in+`.querySelector("video").srcObject.id`, nil)
	c.node.ExpireToken(c.agents()[0].UUID) // another leg
	tab.AwaitTrue(in + `.querySelector("video").srcObject?.id !== window.shown && ` + live)
	desktop.Button("Hang up").Click() // the call's end
	tab.AwaitStatus("Call ended")
	tab.AwaitTrue("!documentPictureInPicture.window")
	desktop.NoProblems()
}
