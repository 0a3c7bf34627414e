package e2e

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/videoleg/videoleg/e2e/browser"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

// TestServerDies without a word, in a call, and is there again. An agent whom nobody can put on hold is not seen, even
// where the media goes past the server; then both pages come back by themselves, and what is left in the room is taken out:
// the agent before he joins again, so that nobody ever sees him twice.
func TestServerDies(t *testing.T) {
	inBothModes(t, func(t *testing.T, env map[string]string) {
		env["STATE_DIR"] = t.TempDir()
		var diary diary
		c := start(t, options{env: env, node: func(o *pexrtctest.Options) { o.Log = slog.New(slog.NewTextHandler(&diary, nil)) }})
		_, customer, widget := c.call(browser.Start(t))
		before := c.awaitAgent("sends video", sendsVideo)
		guest := c.customers()[0]
		c.process.kill()
		widget.AwaitStatus("Reconnecting")
		customer.Video("Agent video").AwaitStill(time.Second)
		c.again()
		after := c.awaitAgent("is another participant", func(p pexrtctest.Participant) bool { return p.UUID != before.UUID && sendsVideo(p) })
		if left, joined := diary.line("participant left", before), diary.line("participant joined", after); left < 0 || left > joined {
			t.Errorf("the agent of before left at line %d of the node's log, the next one joined at %d", left, joined)
		}
		widget.AwaitStatus("In call")
		widget.Video("Customer video").AwaitMoving()
		customer.Video("Agent video").AwaitMoving()
		c.two(guest)
	})
}

// shutSocket keeps a page's socket from the server for as long as the tab says so.
const shutSocket = `window.WebSocket = class extends WebSocket {
	constructor(url, ...more) { super(sessionStorage.shut ? url + "/shut" : url, ...more) }
}`

// TestServerDiesBeforeItIsHeard by a page of an agent who has signed in before: the page signs in anew by itself.
func TestServerDiesBeforeItIsHeard(t *testing.T) {
	s := &scene{centre: start(t, options{env: map[string]string{"STATE_DIR": t.TempDir()}, node: func(o *pexrtctest.Options) { o.Resolve = nil }}), browser: browser.Start(t)}
	tab := s.adasTab()
	tab.OnEachDocument(shutSocket)
	widget := s.agent + "/?conversationid=" + s.answered(false).ID()
	tab.Go(widget)
	tab.AwaitStatus("In call")
	tab.Eval(`sessionStorage.shut = 1`, nil)
	tab.Go("about:blank")
	tab.Go(widget)
	tab.AwaitStatus("Connecting")
	s.process.kill()
	s.again()
	tab.Eval(`delete sessionStorage.shut`, nil)
	tab.AwaitStatus("In call")
	tab.Video("Customer video").AwaitMoving()
}

// diary is what a node logs.
type diary struct {
	mu   sync.Mutex
	text strings.Builder // guarded by mu
}

func (d *diary) Write(line []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.Write(line)
}

// line is where something is told of a participant; -1: nowhere.
func (d *diary) line(what string, p pexrtctest.Participant) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.IndexFunc(strings.Split(d.text.String(), "\n"), func(line string) bool {
		return strings.Contains(line, what) && strings.Contains(line, p.UUID)
	})
}

// TestServerStops as for a new version: it exits 0 and leaves no agent in the room. The customer stays, whose media does not
// pass the server, and both pages come back by themselves.
func TestServerStops(t *testing.T) {
	c := start(t, options{env: map[string]string{"STATE_DIR": t.TempDir()}})
	_, customer, widget := c.call(browser.Start(t))
	write(widget, "Before")
	customer.AwaitTrue(`document.querySelector("#chat-mark").innerText === "1"`)
	if err := c.process.stop(); err != nil {
		t.Errorf("exit after SIGTERM: %v, want 0", err)
	}
	if all := c.agents(); len(all) != 0 {
		t.Errorf("agents in the room: %+v, want none", all)
	}
	before := c.customers()[0]
	c.awaitCustomer("is heard all the time", func(p pexrtctest.Participant) bool {
		return p.UUID == before.UUID && p.AudioIn.Packets > before.AudioIn.Packets+20
	})
	c.again()
	widget.AwaitStatus("In call")
	widget.Video("Customer video").AwaitMoving()
	customer.Video("Agent video").AwaitMoving()
	c.two(before)
	write(widget, "After")
	customer.AwaitTrue(`document.querySelector("#chat-mark").innerText === "2"`)
}

// write says something in the chat, from a page that does not show it yet.
func write(page *browser.Document, text string) {
	page.Button("Chat").Click()
	page.Field("Message to everybody").Type(text)
	page.Button("Send").Click()
}

// two waits until there are one agent and one customer, another participant than before.
func (c *centre) two(before pexrtctest.Participant) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), browser.Patience)
	defer cancel()
	if err := c.node.AwaitGone(ctx, func(p pexrtctest.Participant) bool { return p.UUID == before.UUID }); err != nil {
		c.t.Errorf("the customer of before is still in the room: %v", err)
	}
	if agents, customers := c.agents(), c.customers(); len(agents) != 1 || len(customers) != 1 {
		c.t.Errorf("in the room: %+v and %+v, want one each", agents, customers)
	}
}
