package e2e

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/videoleg/videoleg/e2e/browser"
	"github.com/videoleg/videoleg/genesys/genesystest"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

// TestSignallingBreaks takes from one call, one after the other, all that is not media. The picture does not stop for it, or
// comes back by itself; the room never shows two of the agent, and none of him while the call is held.
func TestSignallingBreaks(t *testing.T) {
	inBothModes(t, func(t *testing.T, env map[string]string) {
		refresh := new(refreshes)
		c := start(t, options{env: env, node: refresh.of})
		desktop, customer, widget := c.call(browser.Start(t))
		l := &line{c, desktop, customer, widget, env["MEDIA_MODE"] == "bypass"}
		widget.Eval(keepSilence, nil)

		step(t, "the node's events")
		before := c.awaitAgent("sends video", sendsVideo)
		c.node.DropEventStreams()
		c.awaitAgent("listens again", func(p pexrtctest.Participant) bool { return p.Streams == 1 })
		l.flows()
		c.same(before)

		step(t, "the page's socket")
		l.away()
		l.deaf()
		desktop.Offline(false)
		widget.AwaitStatus("In call")
		l.flows()
		c.same(before)

		step(t, "the page's socket, without a word")
		l.stalled()
		c.same(before)

		step(t, "held meanwhile")
		l.heldWhile("Reconnecting", desktop.Offline, before)
		if l.bypass { // nobody but the page can stop its camera
			l.heldWhile("In call", desktop.Stalled, l.awaitAgent("is back", sendsVideo))
		}

		step(t, "the token is refused")
		l.refused(refresh)
		step(t, "the token cannot be refreshed")
		l.unanswered(refresh)
		step(t, "end")
	})
}

// TestAnswerLost: a page's socket goes just when its offer is answered. The page offers anew.
func TestAnswerLost(t *testing.T) {
	const loseAnswer = `WebSocket = class extends WebSocket {
		set onmessage(hear) {
			super.onmessage = hear && ((event) => {
				if (window.answerLost || !event.data.includes('"type":"answer"')) return hear(event);
				window.answerLost = true;
				this.close();
			});
		}
	}`
	inBothModes(t, func(t *testing.T, env map[string]string) {
		c, b := start(t, options{env: env}), browser.Start(t)
		ada, customer := b.Open(c.cloud.URL+"/?agent=ada"), c.enter(b)
		ada.Button("Answer").Await()
		if err := c.conversation().Answer(genesystest.AdaID); err != nil {
			t.Fatal(err)
		}
		ada.OnEachDocument(loseAnswer)
		ada.Go(c.agent + "/?conversationid=" + c.conversation().ID())
		customer.OnEachDocument(loseAnswer)
		customer.Reload()
		began := time.Now()
		ada.AwaitStatus("In call")
		ada.Video("Customer video").AwaitMoving()
		customer.Video("Agent video").AwaitMoving()
		t.Logf("the pictures were there %v after", time.Since(began).Round(100*time.Millisecond))
		ada.AwaitTrue("answerLost")
		customer.AwaitTrue("answerLost")
	})
}

// line is a call as both people see it.
type line struct {
	*centre
	desktop, customer *browser.Page
	widget            *browser.Document
	bypass            bool
}

// flows waits for pictures both ways.
func (l *line) flows() {
	l.t.Helper()
	l.widget.Video("Customer video").AwaitFrames(10)
	l.customer.Video("Agent video").AwaitFrames(10)
}

// deaf waits for what passes while the page hears nothing: its camera only where we can stop it.
func (l *line) deaf() {
	l.t.Helper()
	l.widget.Video("Customer video").AwaitFrames(10)
	if l.bypass {
		l.silent()
		return
	}
	l.customer.Video("Agent video").AwaitFrames(10)
}

// away takes the network from the agent's browser, but for its media.
func (l *line) away() {
	l.t.Helper()
	l.desktop.Offline(true)
	l.widget.AwaitStatus("Reconnecting")
}

// keepSilence keeps the page's patience with a server that says nothing, so that it can be lost at once.
const keepSilence = `(() => {
	const later = window.setTimeout;
	window.setTimeout = (f, ms, ...rest) => {
		if (ms === 6000) window.losePatience = f;
		return later(f, ms, ...rest);
	};
})()`

// stalled: the agent's network drops all but media, and neither end of the socket is told.
func (l *line) stalled() {
	l.t.Helper()
	l.widget.AwaitTrue("window.losePatience")
	l.desktop.Stalled(true)
	l.widget.Eval("losePatience()", nil)
	l.widget.AwaitStatus("Reconnecting")
	l.deaf()
	l.desktop.Stalled(false)
	l.widget.AwaitStatus("In call")
	l.flows()
}

// heldWhile holds the call while the agent's page, which says status, cannot hear of it.
func (l *line) heldWhile(status string, deaf func(bool), before pexrtctest.Participant) {
	t, call := l.t, l.conversation()
	t.Helper()
	deaf(true)
	l.widget.AwaitStatus(status)
	if err := call.Hold(genesystest.AdaID); err != nil {
		t.Fatal(err)
	}
	l.awaitAgent("is muted", func(p pexrtctest.Participant) bool { return p.VideoMuted })
	held := l.silent()
	deaf(false)
	l.widget.AwaitStatus("On hold")
	l.widget.Video("Customer video").AwaitMoving()
	after := l.agents()
	if len(after) != 1 || after[0].UUID != before.UUID || after[0].VideoIn.Packets != held {
		t.Errorf("agents of the held call: %+v, want the one of before, %s, and %d packets of his", after, before.UUID, held)
	}
	if err := call.Resume(genesystest.AdaID); err != nil {
		t.Fatal(err)
	}
	l.widget.AwaitStatus("In call")
	l.flows()
}

// keepStatus keeps all that the status says from now on, as it may change faster than we look.
const keepStatus = `(() => {
	const status = document.querySelector("[role=status]"), said = window.said = [];
	new MutationObserver(() => said.push(status.innerText.trim())).observe(status, {subtree: true, childList: true, characterData: true});
})()`

// silent waits until no packet of the agent's reaches the node any more, and counts those that have.
func (l *line) silent() int {
	l.t.Helper()
	const most = 4 * time.Second // a page that does not hear is given some time to say so
	for began, last := time.Now(), -1; ; {
		l.customer.Video("Agent video").AwaitStill(400 * time.Millisecond)
		now := l.agents()[0].VideoIn.Packets
		if now == last {
			return now
		}
		if time.Since(began) > most {
			l.t.Fatalf("packets of the agent still reach the node %v after the hold", most)
		}
		last = now
	}
}

// refused: the node does not prolong the agent's token.
func (l *line) refused(r *refreshes) {
	l.t.Helper()
	before := l.awaitAgent("sends video", sendsVideo)
	l.widget.Eval(keepStatus, nil)
	r.spoil(&pexrtctest.Fault{Status: http.StatusForbidden, Body: `{"status":"success","result":"Invalid token"}`})
	l.node.SendEvent(before.UUID, "refresh_token", nil)
	r.await(l.t, 1)
	l.anew(r, before)
}

// unanswered: it does not answer, until the token has run out.
func (l *line) unanswered(r *refreshes) {
	l.t.Helper()
	before := l.awaitAgent("sends video", sendsVideo)
	l.widget.Eval(keepStatus, nil)
	r.spoil(&pexrtctest.Fault{Status: http.StatusInternalServerError})
	l.node.SendEvent(before.UUID, "refresh_token", nil)
	r.await(l.t, 2)
	l.flows()
	l.node.ExpireToken(before.UUID)
	l.anew(r, before)
}

// anew waits until the agent is back, as another participant.
func (l *line) anew(r *refreshes, before pexrtctest.Participant) {
	l.t.Helper()
	r.spoil(nil)
	l.awaitAgent("is another participant", func(p pexrtctest.Participant) bool { return p.UUID != before.UUID && sendsVideo(p) })
	l.widget.AwaitTrue(`said.includes("Reconnecting")`)
	l.widget.AwaitStatus("In call")
	l.flows()
	if all := l.agents(); len(all) != 1 {
		l.t.Errorf("agents in the room: %+v, want one", all)
	}
}

// refreshes spoils the agents' refresh_token requests.
type refreshes struct {
	fault   atomic.Pointer[pexrtctest.Fault] // nil: they are answered as usual
	spoiled chan struct{}
}

// of is an options.node.
func (r *refreshes) of(o *pexrtctest.Options) {
	r.spoiled = make(chan struct{}, 100)
	usual := o.Faults.OnRequest
	o.Faults.OnRequest = func(q *http.Request) *pexrtctest.Fault {
		fault := r.fault.Load()
		if fault == nil || !strings.Contains(q.URL.Path, "/agt") || !strings.HasSuffix(q.URL.Path, "/refresh_token") {
			return usual(q)
		}
		r.spoiled <- struct{}{}
		return fault
	}
}

// spoil lets refreshes fail from now on; nil: no longer.
func (r *refreshes) spoil(f *pexrtctest.Fault) { r.fault.Store(f) }

// await waits for that many that have failed.
func (r *refreshes) await(t testing.TB, n int) {
	t.Helper()
	late := time.After(browser.Patience)
	for range n {
		select {
		case <-r.spoiled:
		case <-late:
			t.Fatal("the token is not refreshed")
		}
	}
}
