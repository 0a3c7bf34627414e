package genesystest_test

import (
	"testing"
	"time"

	"github.com/videoleg/videoleg/genesys/genesystest"
)

// TestInternal plays a call between two users: two entries of purpose user, no customer, no recording.
func TestInternal(t *testing.T) {
	t.Parallel()
	srv := start(t, genesystest.Options{SnapshotGap: time.Millisecond})
	l := listen(t, asUser(t, srv, ada))
	v, err := srv.Dial(within(t), genesystest.OutboundCall{User: "ada", Colleague: "bob"})
	must(t, err)
	steps := []struct {
		do   func() error
		want []string // Ada's entry | Bob's
	}{
		{func() error { return nil }, []string{"connected | alerting"}},
		{func() error { return v.Answer(bob) }, []string{"connected | connected"}},
		{func() error { return v.Hold(ada) }, []string{"connected held | connected confined", "connected held | connected confined"}},
		{func() error { return v.Resume(ada) }, []string{"connected | connected", "connected | connected"}},
		{func() error { return v.Hold(bob) }, []string{"connected confined | connected held", "connected confined | connected held"}},
		{func() error { return v.Resume(bob) }, []string{"connected | connected", "connected | connected"}},
		{func() error { return v.HangUp(bob) }, []string{"connected | disconnected client", "disconnected peer | terminated client", "terminated peer | terminated client"}},
	}
	for i, s := range steps {
		must(t, s.do())
		for _, want := range s.want {
			e := l.next()
			if got := brief(e.last(ada)) + " | " + brief(e.last(bob)); got != want {
				t.Errorf("step %d:\n got  %s\n want %s", i, got, want)
			}
			for _, p := range e.EventBody.Participants {
				if p.Purpose != "user" || p.Recording {
					t.Errorf("step %d: an entry %+v in a call between users", i, p)
				}
			}
		}
	}
	if v.Transfer(ada, bob) == nil {
		t.Error("an internal call was transferred")
	}
}

// TestTwoCalls: an agent talks in one call at a time; the other goes on hold by itself.
func TestTwoCalls(t *testing.T) {
	t.Parallel()
	srv := start(t, genesystest.Options{})
	first := ring(t, srv, queue)
	must(t, first.Answer(ada))
	second, err := srv.Dial(within(t), genesystest.OutboundCall{User: "ada", Address: "sip:branch7@video.example"})
	must(t, err, second.CustomerAnswers())
	holds := func(v *genesystest.Conversation) (on bool) {
		for _, p := range v.Participants() {
			on = on || p.UserID == ada && p.Held
		}
		return on
	}
	if !holds(first) || holds(second) {
		t.Errorf("after dialling: %+v and %+v, want the first call on hold", first.Participants(), second.Participants())
	}
	must(t, first.Resume(ada))
	if holds(first) || !holds(second) {
		t.Errorf("after resuming the first: %+v and %+v, want the second on hold", first.Participants(), second.Participants())
	}
}

// TestEventDelay checks that an event comes as late as it is told to, while REST knows at once.
func TestEventDelay(t *testing.T) {
	t.Parallel()
	srv := start(t, genesystest.Options{})
	l := listen(t, asUser(t, srv, ada))
	must(t, srv.SetEventDelay(450*time.Millisecond))
	before := time.Now()
	v := ring(t, srv, queue)
	if err := v.AwaitState(within(t), ada, "alerting"); err != nil || time.Since(before) > 400*time.Millisecond {
		t.Errorf("the call itself is late too: %v", err)
	}
	l.next()
	if late := time.Since(before); late < 440*time.Millisecond {
		t.Errorf("the event came after %v, want 450 ms", late)
	}
}

// TestDirect plays a call past all queues: the far end is external, the agent a user who owes no wrap-up.
func TestDirect(t *testing.T) {
	t.Parallel()
	srv := start(t, genesystest.Options{})
	l := listen(t, asUser(t, srv, ada))
	v, err := srv.Call(within(t), genesystest.InboundCall{ANIName: "4711abcd", User: "ada"})
	must(t, err)
	e := l.next()
	if far, me := e.last("external"), e.last(ada); far.State != "connected" || far.Direction != "inbound" || me.Purpose != "user" || me.State != "alerting" || me.WrapupRequired {
		t.Errorf("ringing: far end %+v, mine %+v", far, me)
	}
	must(t, v.Answer(ada), v.Hold(ada))
	l.next()
	if e := l.next(); !e.last(ada).Held || !e.last("external").Confined {
		t.Errorf("held: %+v", e.EventBody.Participants)
	}
	if _, err := srv.Call(within(t), genesystest.InboundCall{ANIName: "x", User: "mallory"}); err == nil {
		t.Error("a call for a stranger was taken")
	}
}
