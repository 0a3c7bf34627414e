package e2e

import (
	"errors"
	"testing"
	"time"

	"github.com/videoleg/videoleg/genesys/genesystest"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

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
