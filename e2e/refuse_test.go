package e2e

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/videoleg/videoleg/e2e/browser"
	"github.com/videoleg/videoleg/genesys/genesystest"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

// TestRefusals: what goes wrong before or while joining has a sentence of its own, a next step, and
// leaves nobody on the node.
func TestRefusals(t *testing.T) {
	conversations := func(f genesystest.Fault) func(*genesystest.Options) {
		return func(o *genesystest.Options) {
			o.OnRequest = func(r *http.Request) *genesystest.Fault {
				if strings.HasPrefix(r.URL.Path, "/api/v2/conversations/") {
					return &f
				}
				return nil
			}
		}
	}
	joins := func(f pexrtctest.Fault) func(*pexrtctest.Options) {
		return func(o *pexrtctest.Options) {
			o.Faults.OnRequestToken = func(j pexrtctest.Join) *pexrtctest.Fault {
				if strings.HasPrefix(j.Alias, "agt") {
					return &f
				}
				return nil
			}
		}
	}
	for _, tc := range []struct {
		name   string
		opts   options
		status string
		says   string
	}{
		{"Genesys refuses the token", options{cloud: conversations(genesystest.Fault{Status: 401})}, "No active call", "sign-in has expired"},
		{"Genesys forbids", options{cloud: conversations(genesystest.Fault{Status: 403})}, "No active call", "does not let you read this call"},
		{"Genesys does not know the call", options{cloud: conversations(genesystest.Fault{Status: 404})}, "No active call", "does not know this call"},
		{"Genesys is busy", options{cloud: conversations(genesystest.Fault{Status: 429, RetryAfter: 60 * time.Second})}, "No active call", "slow down"},
		{"Genesys fails", options{cloud: conversations(genesystest.Fault{Status: 500})}, "No active call", "Genesys Cloud did not answer"},
		{"Genesys is silent", options{cloud: conversations(genesystest.Fault{Delay: time.Minute, Drop: true})}, "No active call", "Genesys Cloud did not answer"},
		{"PIN refused", options{env: map[string]string{"PEXIP_HOST_PIN": "000111"}}, "No active call", "refused the PIN"},
		{"unknown alias", options{env: map[string]string{"PEXIP_AGENT_PREFIX": "nobody-"}}, "No active call", "no video room for this call"},
		{"room full", options{node: joins(pexrtctest.Fault{Status: 403, Body: `{"status":"failed","result":"Participant limit reached"}`})}, "No active call", "no room for another participant"},
		{"node fails", options{node: joins(pexrtctest.Fault{Status: 503})}, "No active call", "video system did not answer"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := start(t, tc.opts)
			b := browser.Start(t)
			desktop := b.Open(c.cloud.URL + "/?agent=ada")
			c.enter(b)
			desktop.Button("Answer").Click()
			widget := desktop.Frame("Video").Within(25 * time.Second)
			widget.AwaitAlert(tc.says)
			widget.Button("Settings").Await()
			widget.Button("Copy support report").Await()
			if got := c.agents(); len(got) != 0 {
				t.Errorf("left on the node: %+v", got)
			}
		})
	}
}

// refuseOnce makes a page refuse the next answer that it gets.
const refuseOnce = `((take) => {
	RTCPeerConnection.prototype.setRemoteDescription = async () => {
		RTCPeerConnection.prototype.setRemoteDescription = take;
		throw new DOMException("refused once", "OperationError");
	};
	return true;
})(RTCPeerConnection.prototype.setRemoteDescription)`

// failOnce makes a page fail to make its next peer connection.
const failOnce = `((Connection) => {
	RTCPeerConnection = class {
		constructor() {
			RTCPeerConnection = Connection;
			throw new DOMException("failed once", "InvalidAccessError");
		}
	};
	return true;
})(RTCPeerConnection)`

// TestTryAgain: the button does what it says once the cause is gone, wherever that was.
func TestTryAgain(t *testing.T) {
	inBothModes(t, func(t *testing.T, env map[string]string) {
		var well atomic.Bool
		c := start(t, options{env: env, node: func(o *pexrtctest.Options) {
			o.Faults.OnRequestToken = func(j pexrtctest.Join) *pexrtctest.Fault {
				if strings.HasPrefix(j.Alias, "agt") && !well.Load() {
					return &pexrtctest.Fault{Status: 503}
				}
				return nil
			}
		}})
		b := browser.Start(t)
		desktop, customer := b.Open(c.cloud.URL+"/?agent=ada"), c.enter(b)
		desktop.Button("Answer").Click()
		widget := desktop.Frame("Video")
		widget.AwaitAlert("video system did not answer")
		well.Store(true)
		widget.Eval(refuseOnce, nil)
		widget.Button("Try again").Click()
		widget.AwaitAlert("could not set up the video")
		widget.Button("Try again").Click()
		widget.AwaitStatus("In call")
		widget.Video("Customer video").AwaitMoving()
		widget.Button("People").Click()
		widget.AwaitText("Grace")

		customer.OnEachDocument(`sessionStorage.failed ??= ` + failOnce)
		customer.Reload()
		customer.AwaitAlert("could not set up the call")
		customer.Button("Try again").Click()
		customer.Video("Agent video").AwaitMoving()
	})
}

// TestSlowedDown: where Genesys Cloud asks for patience, the page comes back by itself when it may.
func TestSlowedDown(t *testing.T) {
	var asked atomic.Bool
	c := start(t, options{cloud: func(o *genesystest.Options) {
		o.OnRequest = func(r *http.Request) *genesystest.Fault {
			if strings.HasPrefix(r.URL.Path, "/api/v2/conversations/") && !asked.Swap(true) {
				return &genesystest.Fault{Status: 429, RetryAfter: time.Second}
			}
			return nil
		}
	}})
	b := browser.Start(t)
	desktop := b.Open(c.cloud.URL + "/?agent=ada")
	c.enter(b)
	desktop.Button("Answer").Click()
	widget := desktop.Frame("Video")
	widget.AwaitAlert("We try again by ourselves")
	widget.AwaitStatus("In call")
	widget.Video("Customer video").AwaitMoving()
}

// TestNotOnTheCall: Bob may open the address of Ada's call; he sees none of it.
func TestNotOnTheCall(t *testing.T) {
	c := start(t, options{})
	b := browser.Start(t)
	c.call(b)
	bob := b.Open(c.cloud.URL + "/?agent=bob")
	bob.Go(c.agent + "/?conversationid=" + c.conversation().ID())
	bob.AwaitAlert("You are not on this call.")
	bob.AwaitStatus("No active call")
	keepCopies(&bob.Document)
	bob.Button("Copy support report").Click()
	if report := copied(&bob.Document); !strings.Contains(report, "refused error=not-on-call") || !strings.Contains(report, c.conversation().ID()) {
		t.Errorf("the report of a refusal lacks its code or the conversation:\n%s", report)
	}
	bob.Button("Settings").Click()
	bob.Find("combobox", "Camera").Await()
	if !answered(bob, http.StatusForbidden) {
		t.Error("no answer to Bob had status 403")
	}
	if got := c.agents(); len(got) != 1 {
		t.Errorf("%d agents on the node, want Ada alone", len(got))
	}
}

func answered(p *browser.Page, status int) bool {
	for _, e := range p.Received() {
		if e.Status == status {
			return true
		}
	}
	return false
}

func TestCallsWithoutVideo(t *testing.T) {
	for _, tc := range []struct {
		name string
		call genesystest.InboundCall
		end  bool
		says string
		code int
	}{
		{"no ANI name", genesystest.InboundCall{ANI: "tel:+15557654321"}, false, "Video is unavailable for this call", 422},
		{"ended", genesystest.InboundCall{ANIName: "4711abcd4711abcd"}, true, "This call has ended.", 410},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := start(t, options{})
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			call, err := c.cloud.Call(ctx, tc.call)
			if err != nil {
				t.Fatal(err)
			}
			if err := call.Answer(genesystest.AdaID); err != nil {
				t.Fatal(err)
			}
			if tc.end {
				if err := call.CustomerHangup(); err != nil {
					t.Fatal(err)
				}
				<-call.Done()
			}
			ada := browser.Start(t).Open(c.cloud.URL + "/?agent=ada")
			ada.Go(c.agent + "/?conversationid=" + call.ID())
			ada.AwaitAlert(tc.says)
			if !answered(ada, tc.code) {
				t.Errorf("no answer had status %d", tc.code)
			}
		})
	}
}

// TestCustomerRefusesCamera: clear help instead of a dead end.
func TestCustomerRefusesCamera(t *testing.T) {
	c := start(t, options{})
	p := browser.Start(t, browser.RefuseCamera()).Open(c.customer, browser.Size(390, 800))
	p.AwaitText("does not let us use your camera and microphone")
}

func TestCustomerWithoutInvitation(t *testing.T) {
	c := start(t, options{env: map[string]string{"ADHOC_SESSIONS": "false"}})
	p := browser.Start(t).Open(c.customer, browser.Size(390, 800))
	p.AwaitText("personal link")
}

// TestAStepThatHangs: the page says which step takes long, and offers a way out that works.
func TestAStepThatHangs(t *testing.T) {
	room, calls := make(chan struct{}), make(chan struct{})
	wait := func(until <-chan struct{}) {
		select {
		case <-until:
		case <-t.Context().Done():
		}
	}
	c := start(t, options{node: func(o *pexrtctest.Options) {
		o.Faults.OnRequestToken = func(j pexrtctest.Join) *pexrtctest.Fault {
			if strings.HasPrefix(j.Alias, "agt") {
				wait(room)
			}
			return nil
		}
		o.Faults.OnRequest = func(r *http.Request) *pexrtctest.Fault {
			if strings.Contains(r.URL.Path, "/conferences/agt") && strings.HasSuffix(r.URL.Path, "/calls") {
				wait(calls)
			}
			return nil
		}
	}})
	b := browser.Start(t)
	desktop := b.Open(c.cloud.URL + "/?agent=ada")
	c.enter(b)
	desktop.Button("Answer").Click()
	widget := desktop.Frame("Video")
	widget.AwaitText("Finding the room")
	var done bool
	widget.Eval(`((late) => Boolean(window.setTimeout = (f, ms, ...rest) => late(f, ms === 20000 ? 400 : ms, ...rest)))(window.setTimeout)`, &done) // less patience
	close(room)
	widget.AwaitText("Joining")
	widget.AwaitText("This takes longer than usual.")
	widget.Button("Reload").Click()
	close(calls)
	widget.AwaitTrue("performance.now() < 60000")
	widget.AwaitStatus("In call")
	widget.Video("Customer video").AwaitMoving()
}
