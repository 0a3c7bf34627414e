package e2e

import (
	"errors"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/videoleg/videoleg/e2e/browser"
	"github.com/videoleg/videoleg/genesys/genesystest"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

// TestDarkUntilAgreed: where media goes past us, no packet of the agent's leaves while he may not be seen, and the node
// hears that he is seen only once it has agreed to the media of the page that shows the call.
func TestDarkUntilAgreed(t *testing.T) {
	c := start(t, options{env: map[string]string{"MEDIA_MODE": "bypass"}})
	b := browser.Start(t)
	desktop := b.Open(c.cloud.URL + "/?agent=ada")
	customer := c.enter(b)

	step(t, "answered and held before the widget is there")
	desktop.Button("Answer").Await()
	if err := errors.Join(c.conversation().Answer(genesystest.AdaID), c.conversation().Hold(genesystest.AdaID)); err != nil {
		t.Fatal(err)
	}
	widget := desktop.Frame("Video")
	widget.AwaitStatus("On hold")
	widget.Video("Customer video").AwaitMoving()
	if p := c.agents()[0]; p.VideoIn.Packets != 0 || !p.VideoMuted {
		t.Errorf("held from the beginning: %d packets reached the node, muted: %v", p.VideoIn.Packets, p.VideoMuted)
	}
	c.heard(t, "video_muted", "ack")
	desktop.Button("Resume").Click()
	customer.Video("Agent video").AwaitMoving()
	c.heard(t, "video_muted", "ack", "video_unmuted")

	step(t, "reloaded")
	desktop.Button("Reload widget").Click()
	widget.AwaitTrue("performance.now() < 60000")
	widget.Video("Customer video").AwaitMoving()
	c.awaitAgent("is seen again", func(p pexrtctest.Participant) bool { return p.Acked && !p.VideoMuted && p.VideoIn.Packets > 0 })
	c.heard(t, "video_muted", "ack", "video_unmuted", "video_muted", "ack", "video_unmuted")

	step(t, "a second tab")
	other := desktop.Tab(c.agent + "/?conversationid=" + c.conversation().ID())
	other.Video("Customer video").AwaitMoving()
	c.awaitAgent("is seen again", func(p pexrtctest.Participant) bool { return p.Acked && !p.VideoMuted && p.VideoIn.Packets > 0 })
	c.heard(t, "video_muted", "ack", "video_unmuted", "video_muted", "ack", "video_unmuted", "video_muted", "ack", "video_unmuted")

	step(t, "the notification socket is lost")
	dropped := time.Now()
	if err := c.cloud.DropSockets(genesystest.AdaID); err != nil {
		t.Fatal(err)
	}
	p := c.awaitAgent("is muted", func(p pexrtctest.Participant) bool { return p.VideoMuted })
	t.Logf("muted %v after the loss, %d packets", time.Since(dropped).Round(time.Millisecond), p.VideoIn.Packets)
	customer.Video("Agent video").AwaitMoving() // back by itself
}

// heard compares what the node was told of the agent's media so far, in order: his flag, and that it is agreed.
func (c *centre) heard(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for _, r := range c.node.Requests() {
		name := path.Base(r.Path)
		if strings.Contains(r.Path, "/agt") && (name == "ack" || strings.HasPrefix(name, "video_")) {
			got = append(got, name)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("the node was told %v, want %v", got, want)
	}
}
