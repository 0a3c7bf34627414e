package genesystest_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/videoleg/videoleg/genesys/genesystest"
)

const (
	ada, bob = genesystest.AdaID, genesystest.BobID
	queue    = genesystest.VideoQueueID
	plain    = genesystest.BackOfficeID
)

// brief writes an entry in one line: state, and what of hold, mute, confinement, consult and ending is set.
func brief(m member) string {
	if m.State == "" {
		return "-"
	}
	words := []string{m.State}
	for _, f := range []struct {
		word string
		on   bool
	}{
		{"held", m.Held}, {"muted", m.Muted}, {"confined", m.Confined},
		{"consult", m.ConsultParticipantID != ""}, {"initiator", m.Attributes["consultInitiator"] == "true"},
	} {
		if f.on {
			words = append(words, f.word)
		}
	}
	if m.DisconnectType != "" {
		words = append(words, m.DisconnectType)
	}
	return strings.Join(words, " ")
}

// TestSnapshots compares what Ada's socket gets for each action with what the platform sends.
func TestSnapshots(t *testing.T) {
	type step struct {
		what string
		do   func(*genesystest.Conversation) error
		want []string // customer | Ada's latest | Bob's latest
	}
	answer := func(user string) func(*genesystest.Conversation) error {
		return func(v *genesystest.Conversation) error { return v.Answer(user) }
	}
	answered := step{"answer", answer(ada), []string{"connected | connected | -"}}
	consulting := []step{
		answered,
		{"consult", func(v *genesystest.Conversation) error { return v.Consult(ada, bob) }, []string{
			"connected confined consult | connected consult initiator | alerting consult",
			"connected confined consult | connected held consult initiator | alerting consult",
			"connected confined consult | connected consult initiator | alerting consult",
		}},
		{"colleague answers", answer(bob), []string{"connected confined consult | connected consult initiator | connected consult"}},
	}
	with := func(first []step, more ...step) []step { return append(append([]step{}, first...), more...) }
	tests := []struct {
		name, queue string
		steps       []step
	}{
		{"agent hangs up", queue, []step{answered,
			{"hang up", func(v *genesystest.Conversation) error { return v.HangUp(ada) }, []string{
				"connected | disconnected client | -", "disconnected peer | terminated client | -", "terminated peer | terminated client | -",
			}}}},
		{"agent hangs up at the phone", queue, []step{answered,
			{"hang up", func(v *genesystest.Conversation) error { return v.PhoneHangUp(ada) }, []string{
				"connected | disconnected endpoint | -", "disconnected peer | terminated endpoint | -", "terminated peer | terminated endpoint | -",
			}}}},
		{"customer hangs up", queue, []step{answered,
			{"hang up", func(v *genesystest.Conversation) error { return v.CustomerHangup() }, []string{
				"disconnected peer | connected | -", "terminated peer | disconnected peer | -", "terminated peer | terminated peer | -",
			}}}},
		{"customer hangs up while it rings", queue, []step{
			{"hang up", func(v *genesystest.Conversation) error { return v.CustomerHangup() }, []string{
				"disconnected peer | alerting | -", "terminated peer | disconnected peer | -", "terminated peer | terminated peer | -",
			}}}},
		{"hold and mute, twice each", queue, []step{answered,
			{"hold", func(v *genesystest.Conversation) error { return v.Hold(ada) }, []string{"connected confined | connected held | -", "connected confined | connected held | -"}},
			{"mute", func(v *genesystest.Conversation) error { return v.Mute(ada) }, []string{"connected confined | connected held muted | -", "connected confined | connected held muted | -"}},
			{"resume", func(v *genesystest.Conversation) error { return v.Resume(ada) }, []string{"connected | connected muted | -", "connected | connected muted | -"}},
			{"unmute", func(v *genesystest.Conversation) error { return v.Unmute(ada) }, []string{"connected | connected | -", "connected | connected | -"}},
		}},
		{"declined, then the next agent", queue, []step{
			{"decline", func(v *genesystest.Conversation) error { return v.Decline(ada) }, []string{
				"connected | disconnected client | -", "connected | terminated client | -", "connected | terminated client | alerting",
			}}}},
		{"leg lost", queue, []step{answered,
			{"lose", func(v *genesystest.Conversation) error { return v.LoseLeg(ada, "transport.failure") }, []string{
				"connected | disconnected transport.failure | -", "connected | terminated transport.failure | -",
				"connected | terminated transport.failure | -", "connected | terminated transport.failure | alerting",
			}}}},
		{"blind transfer, wrap-up owed, and back", queue, []step{answered,
			{"transfer", func(v *genesystest.Conversation) error { return v.Transfer(ada, bob) }, []string{
				"connected confined | connected | alerting", "connected confined | terminated transfer | alerting",
			}},
			{"colleague answers", answer(bob), []string{"connected | terminated transfer | connected"}},
			{"back", func(v *genesystest.Conversation) error { return v.Transfer(bob, ada) }, []string{
				"connected confined | alerting | connected", "connected confined | alerting | terminated transfer",
			}},
			{"answer again", answer(ada), []string{"connected | connected | terminated transfer"}},
		}},
		{"blind transfer without wrap-up", plain, []step{answered,
			{"transfer", func(v *genesystest.Conversation) error { return v.Transfer(ada, bob) }, []string{
				"connected confined | connected | alerting", "connected confined | disconnected transfer | alerting",
				"connected confined | disconnected peer | alerting", "connected confined | terminated peer | alerting",
			}},
			{"no answer", func(v *genesystest.Conversation) error { return v.NoAnswer(bob) }, []string{
				"connected | terminated peer | terminated transfer.noanswer",
			}},
		}},
		{"transfer to a queue", queue, []step{answered,
			{"transfer", func(v *genesystest.Conversation) error { return v.Transfer(ada, plain) }, []string{
				"connected | connected | -", "connected | terminated transfer | -", "connected | terminated transfer | alerting",
			}},
		}},
		{"consult completed", queue, with(consulting,
			step{"complete", func(v *genesystest.Conversation) error { return v.HangUp(ada) }, []string{
				"connected consult | disconnected consult initiator transfer.consult | connected consult",
				"connected | terminated transfer.consult | connected",
			}})},
		{"consult cancelled", queue, with(consulting,
			step{"cancel", func(v *genesystest.Conversation) error { return v.ConsultCancel() }, []string{
				"connected | connected | disconnected client", "connected | connected | terminated client",
			}})},
		{"consult declined", queue, with(consulting[:2],
			step{"decline", func(v *genesystest.Conversation) error { return v.Decline(bob) }, []string{
				"connected | connected | disconnected client", "connected | connected | terminated client",
			}})},
		{"consult toggled, joined, left", queue, with(consulting,
			step{"to the customer", func(v *genesystest.Conversation) error { return v.ConsultSpeakTo("OBJECT") }, []string{
				"connected consult | connected consult initiator | connected confined consult"}},
			step{"to the colleague", func(v *genesystest.Conversation) error { return v.ConsultSpeakTo("DESTINATION") }, []string{
				"connected confined consult | connected consult initiator | connected consult"}},
			step{"conference", func(v *genesystest.Conversation) error { return v.ConsultSpeakTo("CONFERENCE") }, []string{
				"connected consult | connected consult initiator | connected"}},
			step{"initiator leaves", func(v *genesystest.Conversation) error { return v.HangUp(ada) }, []string{
				"connected | disconnected client | connected", "connected | terminated client | connected"}})},
		{"customer drops in a consult", queue, with(consulting,
			step{"drop", func(v *genesystest.Conversation) error { return v.CustomerHangup() }, []string{
				"disconnected peer | connected | connected", "terminated peer | connected | connected"}},
			step{"agents end", func(v *genesystest.Conversation) error { return v.HangUp(bob) }, []string{
				"terminated peer | connected | disconnected client", "terminated peer | disconnected peer | terminated client",
				"terminated peer | terminated peer | terminated client"}})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := start(t, genesystest.Options{SnapshotGap: time.Millisecond})
			l := listen(t, asUser(t, srv, ada))
			v := ring(t, srv, tt.queue)
			if got := line(l.next()); got != "connected | alerting | -" {
				t.Fatalf("ringing: got %q", got)
			}
			for _, s := range tt.steps {
				must(t, s.do(v))
				for i, want := range s.want {
					if got := line(l.next()); got != want {
						t.Errorf("%s, snapshot %d:\n got  %s\n want %s", s.what, i, got, want)
					}
				}
			}
		})
	}
}

func line(e event) string {
	cust := e.last("customer")
	return fmt.Sprintf("%s | %s | %s", brief(cust), brief(e.last(ada)), brief(e.last(bob)))
}

// TestConnectedEvent checks the shape of a full event, field by field where clients stumble.
func TestConnectedEvent(t *testing.T) {
	t.Parallel()
	srv := start(t, genesystest.Options{})
	l := listen(t, asUser(t, srv, ada))
	v := ring(t, srv, queue)
	ringing := l.next()
	if acd := ringing.last("acd"); acd.State != "connected" {
		t.Errorf("acd while it rings: got %q, want connected", acd.State)
	}
	if a := ringing.last(ada); a.ConnectedTime != "" || a.InitialState != "alerting" || a.TransferSource != "ACD" {
		t.Errorf("ringing leg: got %+v", a)
	}
	must(t, v.Answer(ada))
	e := l.next()
	if e.Version != "2" || e.TopicName != "v2.users."+ada+".conversations.calls" || e.Metadata["CorrelationId"] == "" {
		t.Errorf("envelope: got %+v", e)
	}
	if e.EventBody.ID != v.ID() || e.EventBody.RecordingState != "active" {
		t.Errorf("body: got id %q recording %q", e.EventBody.ID, e.EventBody.RecordingState)
	}
	var order []string
	for _, p := range e.EventBody.Participants {
		order = append(order, p.Purpose)
		if p.ANIName != nil {
			t.Errorf("%s: an event has no aniName, got %q", p.Purpose, *p.ANIName)
		}
	}
	if got := strings.Join(order, " "); got != "customer ivr acd agent" {
		t.Errorf("participants: got %s", got)
	}
	cust, acd, agent := e.last("customer"), e.last("acd"), e.last(ada)
	if !cust.Recording || cust.RecordingState != "active" || agent.Recording || agent.RecordingState != "none" {
		t.Errorf("recording: customer %v %s, agent %v %s", cust.Recording, cust.RecordingState, agent.Recording, agent.RecordingState)
	}
	if acd.State != "terminated" || acd.DisconnectType != "transfer" || acd.EndTime == "" {
		t.Errorf("acd: got %+v", acd)
	}
	if _, err := time.Parse("2006-01-02T15:04:05.000Z", agent.ConnectedTime); err != nil {
		t.Errorf("connectedTime: %v", err)
	}
	if !agent.WrapupRequired || agent.Queue.ID != queue {
		t.Errorf("agent: got %+v", agent)
	}
}

// TestBothHear checks that both agents of a transfer get events, the first one after his leg too, and the queue's topic.
func TestBothHear(t *testing.T) {
	t.Parallel()
	srv := start(t, genesystest.Options{SnapshotGap: time.Millisecond})
	first, second := listen(t, asUser(t, srv, ada)), listen(t, asUser(t, srv, bob))
	ofQueue := listen(t, asUser(t, srv, bob), "v2.routing.queues."+queue+".conversations.calls")
	media := listen(t, asUser(t, srv, ada), "v2.users."+ada+".conversations")
	v := ring(t, srv, queue)
	must(t, v.Answer(ada), v.Transfer(ada, bob), v.Answer(bob), v.Hold(bob))
	for _, tt := range []struct {
		who string
		l   *listener
		n   int
	}{{"ada", first, 7}, {"bob", second, 5}, {"queue", ofQueue, 7}, {"all media", media, 7}} {
		var e event
		for range tt.n {
			e = tt.l.next()
		}
		if got := e.EventBody.ID; got != v.ID() {
			t.Errorf("%s: event of %q, want %q", tt.who, got, v.ID())
		}
		if tt.l != media && !e.last(bob).Held {
			t.Errorf("%s: the last of %d events does not show the hold: %+v", tt.who, tt.n, e.last(bob))
		}
	}
}

// TestTrunk lets a trunk answer what an agent dials, and hang up.
func TestTrunk(t *testing.T) {
	t.Parallel()
	hangUp := make(chan struct{})
	srv := start(t, genesystest.Options{Trunk: func(_ context.Context, out genesystest.OutboundCall, call *genesystest.Conversation) {
		if out.Address != "sip:branch7@video.example" || call.CustomerAnswers() != nil {
			t.Errorf("dialled %+v", out)
		}
		<-hangUp
		_ = call.CustomerHangup()
	}})
	v, err := srv.Dial(within(t), genesystest.OutboundCall{User: "ada", Address: "sip:branch7@video.example"})
	must(t, err)
	must(t, v.Await(within(t), "answered", func(all []genesystest.Participant) bool {
		return slices.ContainsFunc(all, func(p genesystest.Participant) bool { return p.Purpose == "external" && p.State == "connected" })
	}))
	close(hangUp)
	select {
	case <-v.Done():
	case <-within(t).Done():
		t.Error("the trunk's end does not end the call")
	}
}

// TestOutbound checks purposes and states of a dialled call.
func TestOutbound(t *testing.T) {
	t.Parallel()
	srv := start(t, genesystest.Options{})
	l := listen(t, asUser(t, srv, ada))
	v, err := srv.Dial(within(t), genesystest.OutboundCall{User: "ada", Address: "sip:branch7@video.example", Name: "Branch 7"})
	must(t, err)
	e := l.next()
	if far, me := e.last("external"), e.last(ada); far.State != "dialing" || far.Direction != "outbound" || me.Purpose != "user" || me.State != "connected" {
		t.Errorf("dialling: far end %+v, mine %+v", far, me)
	}
	must(t, v.CustomerAnswers())
	if far := l.next().last("external"); far.State != "connected" {
		t.Errorf("answered: got %q", far.State)
	}
	must(t, v.HangUp(ada))
	select {
	case <-v.Done():
	case <-within(t).Done():
		t.Error("Done is not closed after the call")
	}
}
