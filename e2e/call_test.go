package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/videoleg/videoleg/e2e/browser"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

// inBothModes runs a test with media through us and past us.
func inBothModes(t *testing.T, test func(t *testing.T, env map[string]string)) {
	for _, mode := range []string{"relay", "bypass"} {
		t.Run(mode, func(t *testing.T) { test(t, map[string]string{"MEDIA_MODE": mode}) })
	}
}

func TestCall(t *testing.T) {
	inBothModes(t, func(t *testing.T, env map[string]string) {
		c := start(t, options{env: env})
		b := browser.Start(t)
		desktop, customer, widget := c.call(b)

		agent := c.awaitAgent("is in with video", func(p pexrtctest.Participant) bool { return p.VideoIn.Packets > 20 && !p.VideoMuted })
		if agent.Role != "chair" || agent.HasAudio || agent.AudioIn.Packets != 0 || agent.AudioOut.Packets != 0 {
			t.Errorf("the agent's leg is %+v, want a host without audio", agent)
		}
		if strings.Contains(agent.LastOffer, "m=audio") || !strings.Contains(agent.LastOffer, "a=content:main") {
			t.Errorf("the agent's offer to the node:\n%s", agent.LastOffer)
		}
		if got := c.customers(); len(got) != 1 || got[0].Role != "guest" || got[0].AudioIn.Packets == 0 {
			t.Errorf("customers on the node: %+v, want one guest with audio", got)
		}
		for _, s := range widget.Streams() {
			if s.Kind != "video" {
				t.Errorf("the widget has a stream of %s", s.Kind)
			}
		}
		desktop.NeverReceived(c.allSecrets()...)
		customer.NeverReceived(c.allSecrets()...)

		desktop.Button("Hang up").Click()
		widget.AwaitStatus("Call ended")
		customer.AwaitText("The call has ended.")
		c.awaitEmpty(5 * time.Second)
		desktop.NoProblems()
		customer.NoProblems()
	})
}

func TestCustomerLeaves(t *testing.T) {
	c := start(t, options{})
	b := browser.Start(t)
	_, customer, widget := c.call(b)
	customer.Button("Leave").Click()
	widget.AwaitStatus("Call ended")
	customer.AwaitText("You have left the call")
	c.awaitEmpty(5 * time.Second)
	<-c.conversation().Done()
}

// TestHold looks at what counts: the customer's screen.
func TestHold(t *testing.T) {
	inBothModes(t, func(t *testing.T, env map[string]string) {
		c := start(t, options{env: env})
		b := browser.Start(t)
		desktop, customer, widget := c.call(b)

		desktop.Button("Hold").Click()
		widget.AwaitStatus("On hold")
		c.awaitAgent("is muted", func(p pexrtctest.Participant) bool { return p.VideoMuted })
		customer.Video("Agent video").AwaitStill(time.Second)
		before := c.agents()[0].VideoIn.Packets
		widget.Video("Customer video").AwaitFrames(10)
		if after := c.agents()[0].VideoIn.Packets; after != before {
			t.Errorf("%d packets reached the node during hold", after-before)
		}

		desktop.Button("Resume").Click()
		widget.AwaitStatus("In call")
		customer.Video("Agent video").AwaitMoving()
	})
}

// TestCameraOffAndOn: what the agent has turned off stays so, whoever reloads the widget.
func TestCameraOffAndOn(t *testing.T) {
	c := start(t, options{})
	b := browser.Start(t)
	desktop, customer, widget := c.call(b)
	widget.Button("Turn camera off").Click()
	c.awaitAgent("is muted", func(p pexrtctest.Participant) bool { return p.VideoMuted })
	customer.Video("Agent video").AwaitStill(time.Second)
	desktop.Button("Reload widget").Click()
	widget.AwaitTrue("performance.now() < 60000")
	widget.AwaitStatus("In call")
	widget.Video("Customer video").AwaitMoving()
	customer.Video("Agent video").AwaitStill(time.Second)
	widget.Button("Turn camera on").Click()
	customer.Video("Agent video").AwaitMoving()
}

// TestReload brings the widget back to the same participant.
func TestReload(t *testing.T) {
	inBothModes(t, func(t *testing.T, env map[string]string) {
		c := start(t, options{env: env})
		b := browser.Start(t)
		desktop, customer, widget := c.call(b)
		before := c.agents()
		desktop.Button("Reload widget").Click()
		widget.AwaitTrue("performance.now() < 60000")
		widget.AwaitStatus("In call")
		widget.Video("Customer video").AwaitMoving()
		customer.Video("Agent video").AwaitMoving()
		if after := c.agents(); len(after) != 1 || after[0].UUID != before[0].UUID {
			t.Errorf("agents after the reload: %+v, want the one of before, %s", after, before[0].UUID)
		}
	})
}

func TestCustomerReloads(t *testing.T) {
	c := start(t, options{})
	b := browser.Start(t)
	_, customer, widget := c.call(b)
	before := c.customers()
	customer.Reload()
	customer.Video("Agent video").AwaitMoving()
	widget.Video("Customer video").AwaitMoving()
	if after := c.customers(); len(after) != 1 || after[0].UUID != before[0].UUID {
		t.Errorf("customers after the reload: %+v, want the one of before, %s", after, before[0].UUID)
	}
}

// TestKilledTab leaves nothing behind although nobody says goodbye.
func TestKilledTab(t *testing.T) {
	c := start(t, options{})
	b := browser.Start(t)
	desktop, customer, _ := c.call(b)
	desktop.Close()
	customer.Close()
	c.awaitEmpty(45 * time.Second)
}

// TestNotificationsLost: a customer must not see an agent whose call we cannot follow.
func TestNotificationsLost(t *testing.T) {
	c := start(t, options{})
	b := browser.Start(t)
	desktop, customer, widget := c.call(b)
	desktop.Button("Drop the socket").Click()
	c.awaitAgent("is muted", func(p pexrtctest.Participant) bool { return p.VideoMuted })
	customer.Video("Agent video").AwaitMoving() // back by itself
	widget.AwaitText("Video restored: the customer can see you")
}

func TestSecondWindowTakesOver(t *testing.T) {
	c := start(t, options{})
	b := browser.Start(t)
	desktop, _, widget := c.call(b)
	other := desktop.Tab(c.agent + "/?conversationid=" + c.conversation().ID())
	other.AwaitStatus("In call")
	other.Video("Customer video").AwaitMoving()
	widget.AwaitText("Video is running in another window")
	if got := c.agents(); len(got) != 1 {
		t.Errorf("%d agents on the node, want one", len(got))
	}
	widget.Button("Use this window for video").Click()
	widget.Video("Customer video").AwaitMoving()
	other.AwaitText("Video is running in another window")
}

// TestWidgetRemoved: the desktop says stop, and waits for our word before it removes the frame.
func TestWidgetRemoved(t *testing.T) {
	c := start(t, options{})
	b := browser.Start(t)
	desktop, _, widget := c.call(b)
	var done bool
	for _, foreign := range []string{"window", "parent.frames[0]"} { // not from the desktop: nobody listens
		widget.Eval(`(`+foreign+`.postMessage({purecloudEventType: "appLifecycleHook", hook: "stop"}, "*"), true)`, &done)
	}
	widget.Video("Customer video").AwaitFrames(5)
	widget.AwaitStatus("In call")
	desktop.Button("Hang up").Click()
	widget.AwaitStatus("Call ended")
	desktop.Button("Done").Click()
	desktop.AwaitTrue(`document.querySelector("iframe") === null`)
	c.awaitEmpty(5 * time.Second)
}

func TestRingingThenAnswer(t *testing.T) {
	c := start(t, options{})
	b := browser.Start(t)
	desktop := b.Open(c.cloud.URL + "/?agent=ada&preview=1")
	customer := c.enter(b)
	widget := desktop.Frame("Video")
	widget.AwaitStatus("No active call")
	widget.AwaitText("Incoming call")
	if got := c.agents(); len(got) != 0 {
		t.Errorf("the agent is in the room while it rings: %+v", got)
	}
	desktop.Button("Answer").Click()
	widget.AwaitStatus("In call")
	widget.Video("Customer video").AwaitMoving()
	customer.Video("Agent video").AwaitMoving()
}

// TestAgentWithoutCamera: who has none, or refuses it, sees the customer all the same, and is told what to do.
func TestAgentWithoutCamera(t *testing.T) {
	for _, tc := range []struct {
		name    string
		option  browser.Option
		caption string
		help    string
	}{
		{"none", browser.NoCamera(), "No camera", "no camera was found"},
		{"refused", browser.RefuseCamera(), "Camera blocked", "the browser blocks your camera"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := start(t, options{})
			b := browser.Start(t, tc.option)
			desktop := b.Open(c.cloud.URL + "/?agent=ada")
			if _, err := c.node.SimulateCustomer("cus0000simulated0", "Simulated customer"); err != nil {
				t.Fatal(err)
			}
			desktop.Button("Answer").Click()
			widget := desktop.Frame("Video")
			widget.AwaitStatus("In call")
			widget.Video("Customer video").AwaitMoving()
			widget.AwaitText(tc.caption)
			widget.AwaitText(tc.help)
			c.awaitAgent("is muted", func(p pexrtctest.Participant) bool { return p.VideoMuted })
		})
	}
}

func TestCodecs(t *testing.T) {
	for _, codec := range []string{pexrtctest.VP8, pexrtctest.H264, pexrtctest.VP9} {
		t.Run(codec, func(t *testing.T) {
			c := start(t, options{node: func(o *pexrtctest.Options) { o.Codecs = []string{codec} }})
			b := browser.Start(t)
			_, _, widget := c.call(b)
			for _, s := range widget.Streams() {
				if !strings.EqualFold(s.Codec, "video/"+codec) {
					t.Errorf("the widget's stream is %s, the node takes %s alone", s.Codec, codec)
				}
			}
		})
	}
}

// TestDeadNodeFirst: the next node in the list is as good.
func TestDeadNodeFirst(t *testing.T) {
	dead := local(freePorts(t, 1)[0])
	c := start(t, options{env: map[string]string{"PEXIP_NODES": dead + ",NODE"}})
	b := browser.Start(t)
	c.call(b)
}
