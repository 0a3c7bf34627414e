package rules

import (
	"testing"
	"time"
)

// Each condition of the video table makes the picture dark at once and, when it is over, gives it
// back after the call has been calm.
func TestVideo(t *testing.T) {
	me := func(ws ...with) []Participant { return recorded(customer(), agent("p-ag1", ada, ws...)) }
	tests := []struct {
		name    string
		opts    Options
		off, on func(*player)
		why     []Code
		wantOff []Action
		wantOn  []Action
		after   time.Duration
	}{
		{
			name: "hold", why: []Code{OnHold},
			off:     func(p *player) { p.event(customer(confined), agent("p-ag1", ada, held)) },
			on:      func(p *player) { p.event(me()...) },
			wantOff: []Action{SetVideo{false}, StopPresentation{}}, wantOn: []Action{SetVideo{true}}, after: Settle,
		},
		{
			name: "socket down", why: []Code{SocketDown},
			off:     func(p *player) { p.blind(SocketDown) },
			on:      func(p *player) { p.live(); p.read(me()...) },
			wantOff: []Action{SetVideo{false}, StopPresentation{}}, wantOn: []Action{Reread{}, SetVideo{true}}, after: Settle,
		},
		{
			name: "sign-in ended", why: []Code{SignInEnded},
			off:     func(p *player) { p.blind(SignInEnded) },
			on:      func(p *player) { p.live(); p.read(me()...) },
			wantOff: []Action{SetVideo{false}, StopPresentation{}}, wantOn: []Action{Reread{}, SetVideo{true}}, after: Settle,
		},
		{
			name: "recording required and stopped", opts: Options{RequireRecording: true}, why: []Code{NotRecorded},
			off: func(p *player) {
				ps := me()
				ps[0].RecordingState = "none"
				p.event(ps...)
			},
			on:      func(p *player) { p.event(me()...) },
			wantOff: []Action{SetVideo{false}, StopPresentation{}}, wantOn: []Action{SetVideo{true}}, after: Settle,
		},
		{
			name: "recording required and paused", opts: Options{RequireRecording: true}, why: []Code{RecordPaused},
			off: func(p *player) {
				p.take(p.call.OnSnapshot(Snapshot{ConversationID: conversation, RecordingState: "PAUSED", Participants: me()}, p.now))
			},
			on:      func(p *player) { p.event(me()...) },
			wantOff: []Action{SetVideo{false}, StopPresentation{}}, wantOn: []Action{SetVideo{true}}, after: Settle,
		},
		{
			name: "own camera off", why: []Code{CameraOff},
			off:     func(p *player) { p.camera(false) },
			on:      func(p *player) { p.camera(true) },
			wantOff: []Action{SetVideo{false}}, wantOn: []Action{SetVideo{true}},
		},
		{
			name: "consulting", why: []Code{Consulting},
			off: func(p *player) {
				p.event(customer(confined, consult), agent("p-ag1", ada, initiator), agent("p-ag2", bob, consult, in("alerting")))
			},
			on:      func(p *player) { p.event(customer(), agent("p-ag1", ada), agent("p-ag2", bob, endedBy("client"))) },
			wantOff: []Action{SetVideo{false}, StopPresentation{}}, wantOn: []Action{SetVideo{true}}, after: Settle,
		},
		{
			name: "customer put on hold by a transfer that begins", why: []Code{CustomerAside},
			off: func(p *player) { p.event(customer(confined), agent("p-ag1", ada), agent("p-ag2", bob, in("alerting"))) },
			on: func(p *player) {
				p.event(customer(), agent("p-ag1", ada), agent("p-ag2", bob, endedBy("transfer.noanswer")))
			},
			wantOff: []Action{SetVideo{false}, StopPresentation{}}, wantOn: []Action{SetVideo{true}}, after: Settle,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := ready(t, tt.opts)
			tt.off(p)
			p.wants(tt.wantOff...)
			p.dark(tt.why...)
			if p.call.View().Sending {
				t.Fatal("the view says that the customer sees the agent")
			}
			p.pass(time.Minute)
			p.wants()
			tt.on(p)
			if tt.after > 0 {
				p.pass(tt.after - 1)
				if p.call.View().Sending {
					t.Fatal("shown before it was calm")
				}
				p.pass(1)
			}
			p.wants(tt.wantOn...)
			p.dark()
			if !p.call.View().Sending {
				t.Fatal("the view says that the customer does not see the agent")
			}
		})
	}
}

func TestChangesRestartTheSettling(t *testing.T) {
	p := ready(t, Options{})
	for range 3 { // three times fast
		p.event(customer(confined), agent("p-ag1", ada, held))
		p.pass(Settle / 2)
		p.event(customer(), agent("p-ag1", ada))
		p.pass(Settle / 2)
	}
	p.wants(SetVideo{false}, StopPresentation{})
	p.event(customer(), agent("p-ag1", ada)) // the second of two equal snapshots
	p.because(Duplicate)
	p.pass(Settle / 2)
	p.wants(SetVideo{true})
}

func TestTheConsultFlapShowsNothing(t *testing.T) {
	p := ready(t, Options{})
	p.event(customer(confined), agent("p-ag1", ada, held))
	p.pass(100 * time.Millisecond)
	p.event(customer(), agent("p-ag1", ada)) // held false, no marks yet
	p.pass(300 * time.Millisecond)
	p.event(customer(confined, consult), agent("p-ag1", ada, initiator), agent("p-ag2", bob, consult, in("alerting")))
	p.pass(time.Minute)
	p.wants(SetVideo{false}, StopPresentation{})
	p.phase(PhaseConsulting)
}

func TestHoldWhileTheCameraIsOff(t *testing.T) {
	p := ready(t, Options{})
	p.camera(false)
	p.event(customer(confined), agent("p-ag1", ada, held))
	p.dark(OnHold, CameraOff)
	p.event(customer(), agent("p-ag1", ada))
	p.pass(time.Minute)
	p.wants(SetVideo{false}, StopPresentation{}) // the camera stays off afterwards
	p.camera(true)
	p.wants(SetVideo{true})
}

func TestJoinIntoAHeldCall(t *testing.T) {
	p := play(t, Options{})
	p.live()
	p.read(customer(confined), agent("p-ag1", ada, held))
	p.camera(true)
	p.pass(time.Minute)
	p.joined()
	p.wants(Reread{}, Join{}, SetVideo{false})
	p.because(OnHold)
	p.phase(PhaseHeld)
}

func TestJoinBeforeTheSocketIsThere(t *testing.T) {
	p := play(t, Options{})
	p.read(customer(), agent("p-ag1", ada))
	p.camera(true)
	p.joined()
	p.pass(time.Minute)
	p.wants(Join{}, SetVideo{false})
	p.dark(NotListening)
	p.live()
	p.read(customer(), agent("p-ag1", ada))
	p.pass(Settle)
	p.wants(Reread{}, SetVideo{true})
}

func TestASettledCallIsShownWhenTheLegIsLive(t *testing.T) {
	p := play(t, Options{})
	p.live()
	p.read(customer(), agent("p-ag1", ada, muted))
	p.camera(true)
	p.pass(Settle)
	p.joined()
	p.wants(Reread{}, Join{}, SetVideo{true}, SetMuted{true})
}

func TestAMovedLegIsToldEverythingAnew(t *testing.T) {
	p := ready(t, Options{})
	p.event(customer(confined), agent("p-ag1", ada, held, muted))
	p.wants(SetVideo{false}, StopPresentation{}, SetMuted{true})
	p.joined()
	p.wants(SetVideo{false}, SetMuted{true})
}

func TestMuteIsMirroredAlways(t *testing.T) {
	p := ready(t, Options{})
	p.event(customer(), agent("p-ag1", ada, muted))
	p.wants(SetMuted{true}) // and nothing about video
	p.event(customer(), agent("p-ag1", ada, muted))
	p.event(customer(confined), agent("p-ag1", ada, muted, held))
	p.wants(SetVideo{false}, StopPresentation{})
	p.event(customer(confined), agent("p-ag1", ada, held))
	p.wants(SetMuted{false})
	p.event(customer(confined), agent("p-ag1", ada, held, muted))
	p.wants(SetMuted{true})
	p.event(customer(), agent("p-ag1", ada, muted))
	p.pass(Settle)
	p.wants(SetVideo{true})
}

// TestHoldMutesCustomerWhileJoining: the leg begins as the call is then.
func TestHoldMutesCustomerWhileJoining(t *testing.T) {
	p := play(t, Options{HoldMutesCustomer: true})
	p.live()
	p.read(customer(confined), agent("p-ag1", ada, held))
	p.camera(true)
	p.wants(Reread{}, Join{}, HideCustomer{true})
	p.event(customer(), agent("p-ag1", ada))
	p.pass(Settle - 1)
	p.wants()
	p.pass(1)
	p.wants(HideCustomer{false})
	p.event(customer(confined), agent("p-ag1", ada, held))
	p.wants(HideCustomer{true})
	p.joined()
	p.wants(SetVideo{false})
	if !p.call.View().CustomerHidden {
		t.Error("the customer is not hidden on the leg")
	}
	p.joined() // on another node
	p.event(customer(), agent("p-ag1", ada))
	p.pass(Settle)
	p.wants(SetVideo{false}, SetVideo{true}, HideCustomer{false})
}

func TestHoldMutesCustomer(t *testing.T) {
	p := ready(t, Options{HoldMutesCustomer: true})
	p.event(customer(confined), agent("p-ag1", ada, held))
	p.wants(SetVideo{false}, StopPresentation{}, HideCustomer{true})
	p.event(customer(), agent("p-ag1", ada))
	p.pass(Settle - 1)
	p.wants()
	p.pass(1)
	p.wants(SetVideo{true}, HideCustomer{false})
	p.blind(SocketDown) // blind, the agent keeps seeing the customer
	p.wants(SetVideo{false}, StopPresentation{})
}

func TestPresentationIsAllowedWithoutACamera(t *testing.T) {
	p := ready(t, Options{})
	p.camera(false)
	if !p.call.View().MayPresent {
		t.Error("camera off: no screen share")
	}
	p.blind(SocketDown)
	if p.call.View().MayPresent {
		t.Error("blind: a screen share may start")
	}
	p.wants(SetVideo{false}, StopPresentation{})
}

func TestRecording(t *testing.T) {
	ps := func(state string) []Participant {
		c := customer()
		c.RecordingState = state
		return []Participant{c, agent("p-ag1", ada)}
	}
	tests := []struct {
		name string
		in   Snapshot
		want Recording
	}{
		{"REST's capitals", Snapshot{RecordingState: "ACTIVE"}, RecordingActive},
		{"an event's small letters", Snapshot{RecordingState: "paused"}, RecordingPaused},
		{"none", Snapshot{RecordingState: "NONE", Participants: ps("active")}, NotRecording},
		{"secure pause", Snapshot{RecordingState: "active", SecurePause: true}, RecordingPaused},
		{"by the customer's leg", Snapshot{Participants: ps("active")}, RecordingActive},
		{"a leg that is paused", Snapshot{Participants: ps("paused")}, RecordingPaused},
		{"an ended leg says nothing", Snapshot{Participants: []Participant{
			{ID: "p-ivr", Purpose: "ivr", State: "terminated", RecordingState: "active"}}}, RecordingUnknown},
		{"a word never heard", Snapshot{RecordingState: "perhaps"}, RecordingUnknown},
		{"unsaid", Snapshot{Participants: ps("")}, RecordingUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.in.ConversationID = conversation
			c, _ := play(t, Options{}).call.OnSnapshot(tt.in, start)
			if got := c.View().Recording; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	t.Run("unsaid keeps what is known", func(t *testing.T) {
		p := ready(t, Options{RequireRecording: true})
		p.event(customer(), agent("p-ag1", ada, muted))
		p.wants(SetMuted{true})
	})
}
