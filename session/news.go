package session

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/videoleg/videoleg/pexrtc/events"
	"github.com/videoleg/videoleg/session/page"
)

// News passes on what Pexip's events tell about a room to whom it concerns. They are late, so that
// what a participant's own stream shows comes first; but a guest in the waiting room sees nobody
// else, and of customers on Pexip's own page there is no stream of ours.
type News struct {
	Calls  *Calls
	Visits *Visits
}

// Take is the Changed of an event sink.
func (n News) Take(c events.Change) {
	switch {
	case c.Leg.Out:
		n.Visits.tell(c.Room.Name, func(v *Visit) { v.hearOfCentre(c.Leg, c.What == events.Left) })
	case c.What == events.Left && saidGoodbye(c.Leg):
		n.Calls.CustomerLeft(c.Room.Name)
	}
}

// saidGoodbye tells a customer on somebody else's page who left because he wished to: closing or
// reloading that page has another reason. Customers on our page say so themselves.
func saidGoodbye(l events.Leg) bool {
	return l.Role == "guest" && l.HasMedia && l.CallTag == "" && strings.HasPrefix(l.Reason, "User initiated")
}

// tell lets the visit of a session hear something, if it is here.
func (vs *Visits) tell(id string, hear func(*Visit)) {
	vs.mu.Lock()
	v := vs.byID[id]
	vs.mu.Unlock()
	if v != nil {
		v.post(func() { hear(v) })
	}
}

// hearOfCentre follows the room's call to the contact centre until an agent is there.
func (v *Visit) hearOfCentre(l events.Leg, left bool) {
	if v.ended || v.participant == nil || inRoom(v.roster).agent {
		return
	}
	switch {
	case !left && l.Answered:
		v.centre = l.UUID
		v.update()
	case left && l.UUID == v.centre:
		v.end(nil) // they have hung up
	case left && !l.Answered && v.centre == "":
		v.end(&centreError{l.Reason})
	}
}

// awaitCentre gives the call to the contact centre its time while the customer waits for it, for
// sites whose nodes tell us nothing.
func (v *Visit) awaitCentre() {
	if v.status != visitCalling || v.visits.cfg.CentreTime == 0 {
		v.patience.stop()
		return
	}
	v.patience.set(&v.owner, time.Now().Add(v.visits.cfg.CentreTime), func() { v.end(&centreError{"no answer in time"}) })
}

// centreError is a call to the contact centre that was not answered.
type centreError struct{ reason string } // the node's words

func (e *centreError) Error() string {
	return fmt.Sprintf("session: the contact centre was not reached: %s", e.reason)
}

// centreProblems are what nodes and SIP say of such a call, and what the customer is told. The first
// row with one of the words counts.
var centreProblems = []struct {
	words   []string
	problem page.Problem
}{
	{[]string{"busy", "486", "600"}, again("centre-busy", "All our lines are busy.", "Please try again in a few minutes.")},
	{[]string{"no answer", "not answer", "timeout", "timed out", "408", "480"},
		again("centre-no-answer", "Our contact centre did not answer.", "Please try again in a moment. If it keeps happening, call us by phone.")},
	{[]string{"reject", "declin", "forbidden", "403", "603"},
		again("centre-declined", "Our contact centre did not take the call.", "Please try again in a moment. If it keeps happening, call us by phone.")},
}

var centreUnreachable = again("centre-unreachable", "We could not reach our contact centre.", "Please try again in a moment. If it keeps happening, call us by phone.")

// problem words it for the customer.
func (e *centreError) problem() page.Problem {
	reason := strings.ToLower(e.reason)
	for _, row := range centreProblems {
		if slices.ContainsFunc(row.words, func(word string) bool { return strings.Contains(reason, word) }) {
			return row.problem
		}
	}
	return centreUnreachable
}
