package session

import (
	"testing"
	"time"

	"github.com/videoleg/videoleg/pexrtc/events"
)

// sipLeg is the room's call to the contact centre as events tell of it.
func sipLeg(what events.What, answered bool, reason string) events.Change {
	return events.Change{What: what, Room: events.Room{Name: roomID}, Leg: events.Leg{
		UUID: "sip", Alias: roomID + "@video.example", Protocol: "sip", Out: true, Answered: answered, Reason: reason,
	}}
}

// A customer in the waiting room sees nobody; events tell him how the call to the contact centre goes.
func TestVisitHearsOfTheCentre(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		v, err := c.visits.Join(roomID, "Grace")
		if err != nil {
			t.Fatal(err)
		}
		news := News{Calls: c.calls, Visits: c.visits}
		tab := c.visit(v)
		tab.awaitStatus(visitCalling)
		news.Take(sipLeg(events.Joined, false, ""))
		news.Take(sipLeg(events.Left, false, "Busy here"))
		if m := tab.awaitStatus(visitEnded); m.Error == nil || m.Error.Code != "centre-busy" {
			t.Fatalf("a busy contact centre is told as %+v", m.Error)
		}
		tab.say(map[string]any{"type": "retry"})
		tab.awaitStatus(visitCalling)
		news.Take(sipLeg(events.Updated, true, ""))
		tab.awaitStatus(visitQueue)
		news.Take(sipLeg(events.Left, true, "Call disconnected"))
		if m := tab.awaitStatus(visitEnded); m.Error != nil {
			t.Errorf("a contact centre that hangs up is told as the error %s", m.Error.Code)
		}
	})
}

// Where nodes tell nothing, the customer does not wait for ever.
func TestVisitDoesNotWaitForEver(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		c.visits.cfg.CentreTime = 40 * time.Second
		v, err := c.visits.Join(roomID, "Grace")
		if err != nil {
			t.Fatal(err)
		}
		tab := c.visit(v)
		tab.awaitStatus(visitCalling)
		began := time.Now()
		if m := tab.awaitStatus(visitEnded); m.Error == nil || m.Error.Code != "centre-no-answer" {
			t.Errorf("told as %+v", m.Error)
		}
		if took := time.Since(began); took < 39*time.Second {
			t.Errorf("after %v", took)
		}
	})
}

// Where nodes tell, a contact centre that was never called is told of soon; one that rings has its time.
func TestVisitHearsThatNobodyWasCalled(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		c.visits.cfg.CentreTime = 50 * time.Second
		v, err := c.visits.Join(roomID, "Grace")
		if err != nil {
			t.Fatal(err)
		}
		news := News{Calls: c.calls, Visits: c.visits}
		arrival := events.Change{What: events.Joined, Room: events.Room{Name: roomID}, Leg: events.Leg{UUID: "grace", CallTag: customerTag + roomID}}
		tab := c.visit(v)
		for _, tt := range []struct {
			called bool
			code   string
			within time.Duration
		}{{false, "centre-unreachable", dialTime}, {true, "centre-no-answer", 50 * time.Second}} {
			tab.awaitStatus(visitCalling)
			began := time.Now()
			news.Take(arrival)
			if tt.called {
				news.Take(sipLeg(events.Joined, false, ""))
				news.Take(arrival)
			}
			m := tab.await("ends", func(m message) bool { return m.Status == visitEnded })
			if took := time.Since(began); m.Error == nil || m.Error.Code != tt.code || took < tt.within-time.Second || took > tt.within+time.Second {
				t.Errorf("called %t: told as %+v after %v", tt.called, m.Error, took)
			}
			tab.say(map[string]any{"type": "retry"})
		}
	})
}

func TestCentreErrorsArePlain(t *testing.T) {
	for reason, code := range map[string]string{
		"Busy": "centre-busy", "486 Busy Here": "centre-busy", "No answer": "centre-no-answer", "Timeout waiting for answer": "centre-no-answer",
		"Call rejected": "centre-declined", "603 Declined": "centre-declined", "Gateway dial out failed": "centre-unreachable", "": "centre-unreachable",
	} {
		p := CustomerProblem(&centreError{reason})
		if p.Code != code || p.Message == "" || p.Next == "" || !p.Retry {
			t.Errorf("%q is told as %+v, want %s", reason, p, code)
		}
	}
}

func TestGoodbye(t *testing.T) {
	for _, tt := range []struct {
		name string
		leg  events.Leg
		want bool
	}{
		{"left Pexip's page", events.Leg{Role: "guest", HasMedia: true, Reason: "User initiated disconnect"}, true},
		{"closed Pexip's page", events.Leg{Role: "guest", HasMedia: true, Reason: "Browser closed"}, false},
		{"network lost", events.Leg{Role: "guest", HasMedia: true, Reason: "Timer expired awaiting token refresh"}, false},
		{"a visit of ours", events.Leg{Role: "guest", HasMedia: true, CallTag: customerTag + roomID, Reason: "User initiated disconnect"}, false},
		{"a host", events.Leg{Role: "chair", HasMedia: true, Reason: "User initiated disconnect"}, false},
		{"control only", events.Leg{Role: "guest", Reason: "User initiated disconnect"}, false},
	} {
		if got := saidGoodbye(tt.leg); got != tt.want {
			t.Errorf("%s: %t, want %t", tt.name, got, tt.want)
		}
	}
}
