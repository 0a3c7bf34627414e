package e2e

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/videoleg/videoleg/e2e/browser"
	"github.com/videoleg/videoleg/genesys/genesystest"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

// stage is one contact centre in which call after call is played, through the agents' desktops. What
// counts is the node's log and the customer's screen.
type stage struct {
	*centre
	t        testing.TB // of the call that is played
	b        *browser.Browser
	ada, bob desk
	customer *browser.Page
	began    time.Time
	direct   *atomic.Bool // calls go straight to Ada, past all queues
}

// desk is an agent at his desktop.
type desk struct {
	*browser.Page
	name string // as the node's roster has it
}

func (d desk) press(buttons ...string) {
	for _, name := range buttons {
		d.Button(name).Click()
	}
}

func (d desk) widget() *browser.Document { return d.Frame("Video") }

func newStage(t *testing.T) *stage {
	s := &stage{t: t, direct: new(atomic.Bool), b: browser.Start(t)}
	s.centre = start(t, options{env: map[string]string{"REQUIRE_RECORDING": "true"}, node: func(o *pexrtctest.Options) {
		queue := o.Dial
		o.Dial = func(ctx context.Context, r pexrtctest.DialRequest) (pexrtctest.FarEnd, error) {
			if !s.direct.Load() {
				return queue(ctx, r)
			}
			call, err := s.cloud.Call(ctx, genesystest.InboundCall{ANIName: r.LocalDisplayName, User: "ada"})
			return sipLeg{call}, err
		}
	}})
	s.ada = desk{s.b.Open(s.cloud.URL + "/?agent=ada"), "Ada Lovelace"}
	s.bob = desk{s.b.Open(s.cloud.URL + "/?agent=bob"), "Bob Martin"}
	return s
}

// on lets the stage speak for a subtest.
func (s *stage) on(t *testing.T) *stage {
	other := *s
	other.t = t
	return &other
}

// begin lets a customer come.
func (s *stage) begin() {
	s.began = time.Now()
	s.customer = s.enter(s.b)
}

// answered is a call that Ada has taken.
func (s *stage) answered() desk {
	s.t.Helper()
	s.ada.press("Answer")
	s.shown(s.ada)
	return s.ada
}

// end takes what is left of the last call away.
func (s *stage) end() {
	if leave := s.customer.Button("Leave"); leave.Exists() {
		leave.Click()
	}
	for _, v := range s.cloud.Conversations() {
		_ = v.CustomerHangup() // it may be over
	}
	s.awaitEmpty(5 * time.Second)
	s.customer.Close()
	for _, agent := range []string{"ada", "bob"} {
		for _, v := range s.cloud.Conversations() {
			s.order("done", agent, v.ID())
		}
		s.order("on-queue", agent, "")
	}
}

// order is a button that need not be there.
func (s *stage) order(verb, agent, conversation string) {
	body := fmt.Sprintf(`{"agent":%q,"conversation":%q}`, agent, conversation)
	answer, err := http.Post(s.cloud.URL+"/desktop/api/"+verb, "application/json", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	answer.Body.Close()
}

// legs are an agent's participants on the node.
func (s *stage) legs(d desk) (all []pexrtctest.Participant) {
	for _, p := range s.agents() {
		if p.DisplayName == d.name {
			all = append(all, p)
		}
	}
	return all
}

// await waits for the agent's leg to be as ok wants it.
func (s *stage) await(d desk, what string, ok func(pexrtctest.Participant) bool) pexrtctest.Participant {
	s.t.Helper()
	return s.awaitAgent(d.name+": "+what, func(p pexrtctest.Participant) bool { return p.DisplayName == d.name && ok(p) })
}

// shown: the node knows it, and the customer's screen moves.
func (s *stage) shown(d desk) {
	s.t.Helper()
	s.await(d, "is shown", func(p pexrtctest.Participant) bool { return !p.VideoMuted && p.VideoIn.Packets > 0 })
	s.customer.Video("Agent video").AwaitMoving()
	d.widget().AwaitStatus("In call")
	d.widget().AwaitText("Customer can see you")
}

// dark: the node knows it, gets no more packets, and the customer's screen stands still.
func (s *stage) dark(d desk) {
	s.t.Helper()
	uuid := s.await(d, "is muted", func(p pexrtctest.Participant) bool { return p.VideoMuted }).UUID
	s.customer.Video("Agent video").AwaitStill(200 * time.Millisecond)
	before := s.leg(uuid)
	s.customer.Video("Agent video").AwaitStill(200 * time.Millisecond)
	if after := s.leg(uuid); after.VideoIn.Packets != before.VideoIn.Packets || !after.VideoMuted {
		s.t.Errorf("%s: %d packets reached the node in the dark", d.name, after.VideoIn.Packets-before.VideoIn.Packets)
	}
}

func (s *stage) leg(uuid string) pexrtctest.Participant {
	for _, p := range s.agents() {
		if p.UUID == uuid {
			return p
		}
	}
	s.t.Fatalf("the agent's leg %s is gone", uuid)
	return pexrtctest.Participant{}
}

// out: the agent has left, and the customer has not.
func (s *stage) out(d desk) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
	defer cancel()
	err := s.node.AwaitGone(ctx, func(p pexrtctest.Participant) bool {
		return strings.HasPrefix(p.CallTag, "videoleg:agent:") && p.DisplayName == d.name
	})
	if err != nil || len(s.customers()) == 0 || s.endings() != 0 {
		s.t.Errorf("%s should be out and the customer in: %v, %d endings, %+v", d.name, err, s.endings(), s.node.Participants(""))
	}
}

// over: the room was ended for everybody by our word, and the widget says so.
func (s *stage) over(d desk) {
	s.t.Helper()
	d.widget().AwaitStatus("Call ended")
	s.awaitEmpty(5 * time.Second)
	s.customer.AwaitText("The call has ended.")
	if s.endings() == 0 {
		s.t.Error("the room was left to end by itself")
	}
}

var endForAll = regexp.MustCompile(`^/api/client/v2/conferences/[^/]+/disconnect$`)

// endings is how often the node was told to end a room for everybody, since the call began.
func (s *stage) endings() (n int) {
	for _, r := range s.node.Requests() {
		if r.At.After(s.began) && endForAll.MatchString(r.Path) {
			n++
		}
	}
	return n
}
