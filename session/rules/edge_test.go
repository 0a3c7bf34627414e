package rules

import (
	"testing"
	"time"
)

// The cases that the sources get wrong or leave open (each name says the wanted behaviour).
func TestEdges(t *testing.T) {
	tests := []struct {
		name string
		play func(t *testing.T)
	}{
		{"another conversation of the same agent is dropped", func(t *testing.T) {
			p := ready(t, Options{})
			before := p.call.View()
			for _, ps := range [][]Participant{
				{customer(endedBy("peer")), agent("p-ag1", ada, endedBy("client"))},
				{customer(confined), agent("p-ag1", ada, held, muted)},
				nil,
			} {
				p.take(p.call.OnSnapshot(Snapshot{ConversationID: "another", Participants: ps}, p.now))
				p.wants()
				p.because(OtherConversation)
			}
			if after := p.call.View(); after.Phase != before.Phase || !after.Sending {
				t.Errorf("got view %+v, want %+v", after, before)
			}
		}},
		{"an agent with two calls: each has its own hold", func(t *testing.T) {
			one, two := ready(t, Options{}), play(t, Options{})
			two.call = New("two", ada, Options{})
			hold := Snapshot{ConversationID: conversation, Participants: []Participant{customer(confined), agent("p-ag1", ada, held)}}
			answer := Snapshot{ConversationID: "two", Participants: []Participant{customer(id("p-c2")), agent("p-a2", ada)}}
			for _, p := range []*player{one, two} {
				p.take(p.call.OnSnapshot(hold, p.now))
				p.take(p.call.OnSnapshot(answer, p.now))
			}
			one.wants(SetVideo{false}, StopPresentation{})
			two.wants(Join{})
		}},
		{"duplicates order nothing", func(t *testing.T) {
			p := play(t, Options{})
			for range 3 {
				p.event(customer(), agent("p-ag1", ada))
			}
			p.wants(Join{})
			p.because(Duplicate)
			p.joined()
			p.event(customer(), agent("p-ag1", ada))
			p.wants(SetVideo{false})
		}},
		{"an event with a participant gone backwards is dropped and the call read again", func(t *testing.T) {
			older := map[string][]Participant{
				"agent connected after his end": {customer(), agent("p-ag1", ada), agent("p-ag2", bob)},
				"an earlier connectedTime":      {customer(), agent("p-ag1", ada, connectedAt(start.Add(-3*time.Second))), agent("p-ag2", bob, endedBy("client"))},
				"a customer who rings again":    {customer(in("offering")), agent("p-ag1", ada), agent("p-ag2", bob, endedBy("client"))},
			}
			for name, ps := range older {
				t.Run(name, func(t *testing.T) {
					p := ready(t, Options{})
					now := []Participant{customer(), agent("p-ag1", ada), agent("p-ag2", bob, endedBy("client"))}
					p.event(now...)
					p.wants()
					p.event(ps...)
					p.because(OldSnapshot, RereadPending)
					p.wants(Reread{}, SetVideo{false}, StopPresentation{})
					p.read(now...)
					p.pass(Settle)
					p.wants(SetVideo{true})
				})
			}
		}},
		{"the second snapshot of a hold, late, after its resume", func(t *testing.T) {
			p := ready(t, Options{})
			hold := []Participant{customer(confined), agent("p-ag1", ada, holdFrom(start.Add(time.Minute)))}
			p.event(hold...)
			p.event(customer(), agent("p-ag1", ada))
			p.event(hold...)
			p.because(OldSnapshot, RereadPending)
			p.phase(PhaseActive)
			p.wants(SetVideo{false}, StopPresentation{}, Reread{})
			p.event(customer(confined), agent("p-ag1", ada, holdFrom(start.Add(2*time.Minute))))
			p.phase(PhaseHeld)
		}},
		{"a read that an event overtook is asked for again", func(t *testing.T) {
			p := ready(t, Options{})
			p.blind(SocketDown)
			p.live()
			asked := p.now
			p.pass(100 * time.Millisecond)
			p.event(customer(confined), agent("p-ag1", ada, held))
			p.take(p.call.OnSnapshot(Snapshot{ConversationID: conversation, Source: Resync, AsOf: asked,
				Participants: []Participant{customer(), agent("p-ag1", ada)}}, p.now.Add(time.Millisecond)))
			p.because(OldRead)
			p.phase(PhaseHeld)
			p.wants(SetVideo{false}, StopPresentation{}, Reread{}, Reread{})
		}},
		{"a watch-dog's read that an event overtook is dropped", func(t *testing.T) {
			p := ready(t, Options{})
			asked := p.now
			p.pass(100 * time.Millisecond)
			p.event(customer(confined), agent("p-ag1", ada, held))
			p.take(p.call.OnSnapshot(Snapshot{ConversationID: conversation, Source: Resync, AsOf: asked,
				Participants: []Participant{customer(), agent("p-ag1", ada)}}, p.now))
			p.wants(SetVideo{false}, StopPresentation{})
			p.phase(PhaseHeld)
		}},
		{"a watch-dog's read hears what a deaf channel did not say", func(t *testing.T) {
			p := ready(t, Options{})
			p.pass(20 * time.Second)
			p.read(customer(confined), agent("p-ag1", ada, held))
			p.wants(SetVideo{false}, StopPresentation{})
		}},
		{"a read asked for before the socket was back does not end the blindness", func(t *testing.T) {
			p := ready(t, Options{})
			p.blind(SocketDown)
			asked := p.now
			p.pass(time.Second)
			p.live()
			p.take(p.call.OnSnapshot(Snapshot{ConversationID: conversation, Source: Resync, AsOf: asked,
				Participants: []Participant{customer(), agent("p-ag1", ada)}}, p.now))
			p.dark(RereadPending)
			p.pass(time.Minute)
			p.wants(SetVideo{false}, StopPresentation{}, Reread{})
		}},
		{"a timer that fires after the end does nothing", func(t *testing.T) {
			p := ready(t, Options{})
			p.event(customer(confined), agent("p-ag1", ada, held))
			p.event(customer(), agent("p-ag1", ada)) // settling
			p.event(customer(endedBy("peer")), agent("p-ag1", ada))
			p.wants(SetVideo{false}, StopPresentation{}, EndForAll{})
			p.take(p.call.OnTimer(p.now.Add(Settle)))
			p.wants()
		}},
		{"a customer missing in one snapshot changes nothing", func(t *testing.T) {
			p := ready(t, Options{})
			p.event(agent("p-ag1", ada))
			p.wants()
			p.phase(PhaseActive)
			p.event(customer(), agent("p-ag1", ada))
			p.wants()
		}},
		{"a hold is over only when it is said so", func(t *testing.T) {
			p := ready(t, Options{})
			p.event(customer(confined), agent("p-ag1", ada, held))
			silent := func(p *Participant) { p.Held, p.Confined = Unsaid, Unsaid }
			p.event(customer(silent), agent("p-ag1", ada, silent))
			p.because(LeftUnsaid, Duplicate, RereadPending)
			p.phase(PhaseHeld)
			p.wants(SetVideo{false}, StopPresentation{}, Reread{})
			p.read(customer(silent), agent("p-ag1", ada, silent)) // what REST leaves out is off
			p.pass(Settle)
			p.wants(SetVideo{true})
		}},
		{"a hold with the customer missing stays dark when he is still aside", func(t *testing.T) {
			p := ready(t, Options{})
			p.event(customer(confined, consult), agent("p-ag1", ada, initiator), agent("p-ag2", bob, consult))
			p.event(agent("p-ag1", ada, initiator), agent("p-ag2", bob, consult))
			p.pass(time.Minute)
			p.wants(SetVideo{false}, StopPresentation{})
			p.phase(PhaseConsulting)
		}},
		{"one far end of several missing is not gone", func(t *testing.T) {
			p := ready(t, Options{})
			p.event(customer(), agent("p-ag1", ada), customer(id("p-ext"), purpose("external"), endedBy("peer")))
			p.event(agent("p-ag1", ada), customer(id("p-ext"), purpose("external"), endedBy("peer")))
			p.wants()
		}},
		{"a colleague missing from the snapshot of my hang-up keeps the room", func(t *testing.T) {
			p := ready(t, Options{})
			p.event(customer(), agent("p-ag1", ada), agent("p-ag2", bob))
			p.event(customer(), agent("p-ag1", ada, endedBy("client")))
			p.wants(Leave{})
		}},
		{"outbound: no join while the far end is dialed", func(t *testing.T) {
			p := play(t, Options{})
			p.event(agent("p-ag1", ada), customer(purpose("external"), in("dialing")))
			p.wants()
			p.phase(PhaseWaiting)
			p.event(agent("p-ag1", ada), customer(purpose("external")))
			p.wants(Join{})
		}},
		{"customer hangs up on hold: one end, no timer left", func(t *testing.T) {
			p := ready(t, Options{})
			p.event(customer(confined), agent("p-ag1", ada, held))
			p.event(customer(endedBy("peer")), agent("p-ag1", ada, held))
			p.event(customer(terminatedBy("peer")), agent("p-ag1", ada, endedBy("peer")))
			p.pass(time.Hour)
			p.wants(SetVideo{false}, StopPresentation{}, EndForAll{})
			p.phase(PhaseEnded)
		}},
		{"customer drops during a consult", func(t *testing.T) {
			p := ready(t, Options{})
			p.event(customer(confined, consult), agent("p-ag1", ada, initiator), agent("p-ag2", bob, consult))
			p.event(customer(endedBy("peer")), agent("p-ag1", ada), agent("p-ag2", bob))
			p.wants(SetVideo{false}, StopPresentation{}, EndForAll{})
		}},
		{"no entry of mine is no change of the microphone", func(t *testing.T) {
			p := ready(t, Options{})
			p.event(customer(), agent("p-ag1", ada, muted))
			p.event(customer(endedBy("peer")))
			p.wants(SetMuted{true}, EndForAll{})
		}},
		{"events before the join has finished", func(t *testing.T) {
			p := play(t, Options{})
			p.event(customer(), agent("p-ag1", ada))
			p.event(customer(confined), agent("p-ag1", ada, held, muted))
			p.wants(Join{})
			p.joined()
			p.wants(SetVideo{false}, SetMuted{true})
		}},
		{"the end before the join has finished", func(t *testing.T) {
			p := play(t, Options{})
			p.event(customer(), agent("p-ag1", ada))
			p.event(customer(endedBy("peer")), agent("p-ag1", ada))
			p.wants(Join{}, EndForAll{})
			p.joined() // it came through all the same
			p.wants(EndForAll{})
		}},
		{"a leave before the join has finished", func(t *testing.T) {
			p := play(t, Options{})
			p.event(customer(), agent("p-ag1", ada))
			p.event(customer(), agent("p-ag1", ada, endedBy("transfer")))
			p.wants(Join{}, Leave{})
			p.joined()
			p.wants(Leave{})
		}},
		{"events after the end", func(t *testing.T) {
			p := ready(t, Options{})
			p.event(customer(endedBy("peer")), agent("p-ag1", ada))
			p.event(customer(), agent("p-ag1", ada)) // an old one
			p.event(customer(terminatedBy("peer")), agent("p-ag1", ada, terminatedBy("peer")))
			p.event(customer(terminatedBy("peer")))
			p.pass(time.Hour)
			p.wants(EndForAll{})
		}},
		{"wrap-up stays ended until a new leg connects", func(t *testing.T) {
			p := ready(t, Options{})
			p.event(customer(), agent("p-ag1", ada, endedBy("client")))
			p.phase(PhaseEnded)
			p.event(customer(), agent("p-ag1", ada, terminatedBy("client")))
			p.phase(PhaseEnded)
			p.wants(EndForAll{})
			p.event(customer(), agent("p-ag1", ada, terminatedBy("client")), agent("p-ag3", ada, in("alerting")))
			p.wants()
			p.event(customer(), agent("p-ag1", ada, terminatedBy("client")), agent("p-ag3", ada))
			p.wants(Join{})
			p.phase(PhaseActive)
		}},
		{"a join that failed is not tried on every snapshot", func(t *testing.T) {
			p := play(t, Options{})
			p.event(customer(), agent("p-ag1", ada))
			p.joinFailed()
			p.event(customer(), agent("p-ag1", ada, muted))
			p.wants(Join{})
			if got := p.call.View().Out; got != JoinFailed {
				t.Errorf("got out %q, want %q", got, JoinFailed)
			}
			p.retry()
			p.wants(Join{})
		}},
		{"whom the agent called does not come: we stay out, the voice call and the room go on", func(t *testing.T) {
			p := ready(t, Options{})
			p.take(p.call.OnNoAnswer(p.now))
			p.pass(time.Hour)
			p.event(customer(), agent("p-ag1", ada, muted))
			if got := p.call.View().Out; got != NoAnswer {
				t.Errorf("got out %q, want %q", got, NoAnswer)
			}
			p.wants()
			p.retry()
			p.wants(Join{})
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, tt.play)
	}
}
