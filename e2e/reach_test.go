package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/videoleg/videoleg/e2e/browser"
	"github.com/videoleg/videoleg/genesys/genesystest"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

// TestUDPBlocked: an agent whose network lets no UDP out sees and is seen all the same.
func TestUDPBlocked(t *testing.T) {
	port := freePorts(t, 1)[0]
	c := start(t, options{env: map[string]string{"MEDIA_TCP_PORT": port}})
	desktop, _, widget := c.meet(browser.Start(t, browser.NoUDP()), browser.Start(t))
	goesBy(t, widget, "tcp")
	through := false // the proxy, as from a company's network
	for _, e := range desktop.Received() {
		through = through || strings.HasSuffix(e.URL, ":"+port)
	}
	if !through {
		t.Errorf("nothing went to TCP port %s", port)
	}
}

// TestNoPath: as long as no media reaches the node, the agent is neither in the call nor seen, whatever the node has agreed to.
// Soon he is told so, as is a customer in this plight, and each can try again.
func TestNoPath(t *testing.T) {
	const withoutAddresses = `RTCPeerConnection = class extends RTCPeerConnection {
		constructor(servers) { super({...servers, iceTransportPolicy: "relay"}); }
	}`
	b := browser.Start(t)
	var told []func()
	for mode, where := range map[string]string{
		"relay": "between the video server and the video room", "bypass": "between your browser and the video room",
	} {
		l, w := listen(t, "127.0.0.1:0"), newWall(t)
		env := map[string]string{"MEDIA_MODE": mode, "PEXIP_NODES": beforeNode(t, "http://"+l.Addr().String(), w.offer, w.answer, w.relayed)}
		c := start(t, options{env: env, node: func(o *pexrtctest.Options) { o.Listener = l }})
		desktop, customer := b.Open(c.cloud.URL+"/?agent=ada"), c.enter(b)
		desktop.Button("Answer").Click()
		began := time.Now()
		widget := desktop.Frame("Video")
		widget.Video("Your camera").AwaitMoving()
		c.awaitAgent("is agreed", func(p pexrtctest.Participant) bool { return p.Acked && !p.VideoMuted })
		customer.Video("Your camera").AwaitFrames(10)
		widget.AwaitText("Customer can't see you yet")
		if got := widget.Status(); got != "Connecting" {
			t.Errorf("%s: the status is %q, want Connecting", mode, got)
		}
		widget.Eval(keepStatus, nil)
		told = append(told, func() {
			widget.AwaitAlert(where)
			t.Logf("%s: the agent was told after %v at most", mode, time.Since(began).Round(100*time.Millisecond))
			widget.AwaitTrue(`window.said.every((words) => !words.startsWith("Reconnecting"))`)
			widget.Button("Try again").Click()
			widget.AwaitStatus("Connecting")
			c.awaitAgent("is there again", func(p pexrtctest.Participant) bool { return p.Acked })
		})
		if mode == "bypass" {
			customer.OnEachDocument(withoutAddresses)
			customer.Reload()
			again := time.Now()
			told = append(told, func() {
				customer.AwaitAlert("Your network seems to block video and sound.")
				t.Logf("the customer was told after %v at most", time.Since(again).Round(100*time.Millisecond))
				customer.Button("Try again").Click()
				c.awaitCustomer("is there again", func(pexrtctest.Participant) bool { return true })
			})
		}
	}
	for _, one := range told {
		one()
	}
}

// TestNothingInCommon: browser and node have no codec that both can do. The page says so, and nobody is left on the node.
func TestNothingInCommon(t *testing.T) {
	const onlyAV1 = `RTCPeerConnection.prototype.addTransceiver = ((add) => function(kind, init) {
		const line = add.call(this, kind, init);
		line.setCodecPreferences(RTCRtpReceiver.getCapabilities("video").codecs.filter((c) => c.mimeType === "video/AV1"));
		return line;
	})(RTCPeerConnection.prototype.addTransceiver)`
	b := browser.Start(t)
	for _, tc := range []struct {
		name, mode string
		node       []string
		script     string // of the agent's page
		says       string
	}{
		{"a page with others", "relay", nil, onlyAV1, "no video format in common"},
		{"a node with others", "bypass", []string{"H263"}, "", "refused the video"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := start(t, options{env: map[string]string{"MEDIA_MODE": tc.mode}, node: func(o *pexrtctest.Options) { o.Codecs = tc.node }})
			ada := b.Open(c.cloud.URL + "/?agent=ada")
			c.enter(b)
			ada.Button("Answer").Await()
			if err := c.conversation().Answer(genesystest.AdaID); err != nil {
				t.Fatal(err)
			}
			ada.OnEachDocument(tc.script)
			ada.Go(c.agent + "/?conversationid=" + c.conversation().ID())
			ada.AwaitAlert(tc.says)
			ada.AwaitStatus("No active call")
			ada.Button("Try again").Await()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			if c.node.AwaitGone(ctx, func(p pexrtctest.Participant) bool { return strings.HasPrefix(p.CallTag, "videoleg:agent:") }) != nil {
				t.Errorf("left on the node: %+v", c.agents())
			}
		})
	}
}

// goesBy fails if any stream of a page's video goes by another path than wanted: see [browser.Stream].
func goesBy(t *testing.T, page *browser.Document, path string) {
	t.Helper()
	seen := 0
	for _, s := range page.Streams() {
		if s.Packets == 0 {
			continue
		}
		seen++
		if !strings.Contains(s.Path, path) {
			t.Errorf("a stream of %s goes by %q, want %q", s.Kind, s.Path, path)
		}
	}
	if seen < 2 {
		t.Errorf("%d streams flow, want one each way", seen)
	}
}
