package e2e

import (
	"context"
	"errors"
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

// TestCallCases plays the calls of a real contact centre.
func TestCallCases(t *testing.T) {
	all := newStage(t)
	for _, play := range []struct {
		name string
		play func(t *testing.T, s *stage)
	}{
		{"hold and recording", playHold},
		{"consult", playConsult},
		{"transfer", playTransfer},
		{"two calls", playTwoCalls},
		{"without a queue", playDirect},
	} {
		t.Run(play.name, func(t *testing.T) {
			s := all.on(t)
			s.direct.Store(play.name == "without a queue")
			s.begin()
			defer s.end()
			play.play(t, s)
		})
	}
}

// step is one thing that happens in a call, and what follows.
func step(t *testing.T, name string) { t.Log(name, time.Now().Format("05.000")) }

func playHold(t *testing.T, s *stage) {
	step(t, "answered and held before the widget is there")
	s.ada.Button("Answer").Await()
	if err := errors.Join(s.conversation().Answer(genesystest.AdaID), s.conversation().Hold(genesystest.AdaID)); err != nil {
		t.Fatal(err)
	}
	ada := s.ada
	ada.widget().AwaitStatus("On hold")
	ada.widget().Video("Customer video").AwaitMoving()
	s.dark(ada)
	if got := s.legs(ada)[0].VideoIn.Packets; got != 0 {
		t.Errorf("%d packets of a call that is held from the beginning reached the node", got)
	}
	ada.press("Resume")
	s.shown(ada)

	step(t, "held three times fast")
	for range 3 {
		ada.press("Hold", "Resume")
	}
	s.shown(ada)
	ada.press("Hold")
	s.dark(ada)
	ada.widget().AwaitStatus("On hold")

	step(t, "the microphone, during hold and after")
	ada.press("Mute")
	s.await(ada, "has the microphone's flag", func(p pexrtctest.Participant) bool { return p.Muted || p.ClientMuted })
	ada.press("Resume")
	s.shown(ada)
	ada.press("Unmute")
	s.await(ada, "has no flag of the microphone", func(p pexrtctest.Participant) bool { return !p.Muted && !p.ClientMuted })
	s.shown(ada)

	step(t, "hold while the camera is off")
	ada.widget().Button("Turn camera off").Click()
	s.dark(ada)
	ada.press("Hold")
	ada.widget().AwaitStatus("On hold")
	ada.press("Resume")
	ada.widget().AwaitStatus("In call")
	ada.widget().AwaitText("Camera off")
	s.dark(ada)
	ada.widget().Button("Turn camera on").Click()
	s.shown(ada)

	step(t, "recording paused, gone on, stopped, started")
	ada.press("Secure pause")
	s.dark(ada)
	ada.widget().AwaitText("Recording paused")
	ada.press("Resume recording")
	s.shown(ada)
	ada.press("Stop recording")
	s.dark(ada)
	ada.widget().AwaitText("Waiting for the recording")
	ada.press("Start recording")
	s.shown(ada)

	step(t, "reload while held: the same leg, still dark")
	before := s.legs(ada)
	ada.press("Hold")
	s.dark(ada)
	ada.press("Reload widget")
	ada.widget().AwaitTrue("performance.now() < 60000")
	ada.widget().AwaitStatus("On hold")
	ada.widget().Video("Customer video").AwaitMoving()
	s.dark(ada)
	if after := s.legs(ada); len(after) != 1 || after[0].UUID != before[0].UUID {
		t.Errorf("after a reload on hold: %+v, want the leg of before", after)
	}

	step(t, "the customer hangs up while held")
	ada.press("Customer hangs up")
	s.over(ada)
}

func playConsult(t *testing.T, s *stage) {
	ada, bob := s.answered(), s.bob
	step(t, "started")
	ada.press("Consult Bob Martin")
	s.dark(ada)
	ada.widget().AwaitText("Consulting: customer on hold")

	step(t, "declined")
	bob.press("Decline")
	s.shown(ada)

	step(t, "the colleague answers, and sees nothing of himself go out")
	bob.Find("switch", "On queue").Click() // back from Not responding
	ada.press("Consult Bob Martin")
	bob.press("Answer")
	bob.widget().AwaitText("The customer is with the other agent")
	s.dark(ada)
	if legs := s.legs(bob); len(legs) != 0 {
		t.Errorf("the consulted agent is in the room: %+v", legs)
	}

	step(t, "toggled")
	ada.press("Speak to customer")
	s.shown(ada)
	ada.press("Speak to colleague")
	s.dark(ada)

	step(t, "joined as a conference")
	ada.press("Conference")
	s.shown(ada)
	s.shown(bob)

	step(t, "back to the colleague alone")
	ada.press("Speak to colleague")
	s.dark(ada)
	s.dark(bob)

	step(t, "cancelled")
	ada.press("Cancel consult")
	bob.widget().AwaitStatus("Call ended")
	s.out(bob)
	s.shown(ada)
	bob.press("Done")

	step(t, "completed")
	ada.press("Consult Bob Martin")
	bob.press("Answer")
	bob.widget().AwaitText("The customer is with the other agent")
	ada.press("Complete transfer")
	ada.widget().AwaitStatus("Call ended")
	s.out(ada)
	s.shown(bob)

	step(t, "hung up at the phone")
	bob.press("Hang up at the phone")
	s.over(bob)
}

func playTransfer(t *testing.T, s *stage) {
	ada, bob := s.answered(), s.bob
	step(t, "blind")
	ada.press("Transfer to Bob Martin")
	ada.widget().AwaitStatus("Call ended")
	s.out(ada)
	bob.press("Answer")
	s.shown(bob)

	step(t, "directly back")
	bob.press("Transfer to Ada Lovelace")
	bob.widget().AwaitStatus("Call ended")
	s.out(bob)
	ada.press("Answer")
	s.shown(ada)

	step(t, "reload right after")
	ada.press("Reload widget")
	ada.widget().AwaitTrue("performance.now() < 60000")
	s.shown(ada)

	step(t, "back through the queue")
	ada.press("Transfer to Bob Martin")
	bob.press("Answer")
	s.shown(bob)
	bob.press("Transfer to queue Back office")
	s.out(bob)
	ada.press("Answer")
	s.shown(ada)

	step(t, "the leg is lost by the platform, and the queue brings the call again")
	ada.press("Lose the leg")
	s.out(ada)
	ada.press("Answer")
	s.shown(ada)

	step(t, "no answer")
	ada.press("Transfer to Bob Martin")
	s.out(ada)
	bob.press("No answer")
	ada.widget().AwaitStatus("Call ended")
	if len(s.customers()) != 1 || len(s.agents()) != 0 || s.endings() != 0 {
		t.Errorf("the customer should be alone with the voicemail: %+v", s.node.Participants(""))
	}
}

// playTwoCalls: an agent talks in one of two calls, and is seen in that one only.
func playTwoCalls(t *testing.T, s *stage) {
	ada, first := s.answered(), s.conversation()
	step(t, "a second call")
	if _, err := s.node.SimulateCustomer("cus00000000second00", "Simulated customer"); err != nil {
		t.Fatal(err)
	}
	s.bob.press("Answer", "Transfer to Ada Lovelace")
	ada.press("Answer")
	inSecond := func(p pexrtctest.Participant) bool { return p.Conference == "00000000second00" }
	s.await(ada, "is shown in the second room", func(p pexrtctest.Participant) bool { return inSecond(p) && !p.VideoMuted })
	s.await(ada, "is dark in the first room", func(p pexrtctest.Participant) bool { return !inSecond(p) && p.VideoMuted })
	s.customer.Video("Agent video").AwaitStill(200 * time.Millisecond)

	step(t, "back to the first")
	s.order("resume", "ada", first.ID())
	s.await(ada, "is dark in the second room", func(p pexrtctest.Participant) bool { return inSecond(p) && p.VideoMuted })
	s.await(ada, "is shown in the first room", func(p pexrtctest.Participant) bool { return !inSecond(p) && !p.VideoMuted })
	s.customer.Video("Agent video").AwaitMoving()

	step(t, "the first ends, the second does not")
	s.order("customer-hangup", "ada", first.ID())
	s.customer.AwaitText("The call has ended.")
	if legs := s.legs(ada); len(legs) != 1 || !inSecond(legs[0]) || !legs[0].VideoMuted {
		t.Errorf("after the first call: %+v, want the second, still dark", legs)
	}
}

// playDirect: the far end of a call past all queues is external, the agent a user; in a call between two
// users there is no customer, and no video.
func playDirect(t *testing.T, s *stage) {
	ada := s.answered()
	step(t, "held and resumed")
	ada.press("Hold")
	s.dark(ada)
	ada.press("Resume")
	s.shown(ada)

	s.ada.NoProblems() // the next call has no video, and its page a status that says so
	s.bob.NoProblems()

	step(t, "a colleague is called meanwhile")
	ada.Field("Dial").Type("bob")
	ada.press("Call")
	s.dark(ada)
	ada.widget().AwaitText("Video is unavailable for this call")
	s.bob.press("Answer")
	s.bob.widget().AwaitText("Video is unavailable for this call")
	s.bob.press("Hang up")

	step(t, "and the customer again")
	s.order("resume", "ada", s.cloud.Conversations()[len(s.cloud.Conversations())-2].ID())
	s.await(ada, "is shown", func(p pexrtctest.Participant) bool { return !p.VideoMuted })
	s.customer.Video("Agent video").AwaitMoving()
	if s.endings() != 0 || len(s.agents()) != 1 {
		t.Errorf("after a call between users: %d endings, %+v", s.endings(), s.node.Participants(""))
	}
}
