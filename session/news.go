package session

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/videoleg/videoleg/pexrtc/events"
	"github.com/videoleg/videoleg/session/invite"
	"github.com/videoleg/videoleg/session/page"
)

// News passes on what Pexip's events tell about a room to whom it concerns. They are late, so that
// what a participant's own stream shows comes first; but a guest in the waiting room sees nobody
// else, and of customers on Pexip's own page there is no stream of ours.
type News struct {
	Calls  *Calls
	Visits *Visits
	// Closed gets each call whose room has closed, and whether its session is over with it; nil does
	// nothing. It must be quick.
	Closed func(session string, c invite.Call, over bool)
}

// Take is the Changed of an event sink.
func (n News) Take(c events.Change) {
	switch {
	case c.What == events.Closed:
		if call := n.Call(c.Room); n.Closed != nil {
			n.Closed(c.Room.Name, call, settled(call))
		}
	case c.What == events.Rated:
		n.rated(c)
	case c.What == events.Counted:
		n.counted(c)
	case c.What == events.Joined && n.kindOf(c.Leg) == kindCustomer:
		n.Visits.tell(c.Room.Name, (*Visit).hearOfArrival)
	case c.Leg.Out:
		n.Visits.tell(c.Room.Name, func(v *Visit) { v.hearOfCentre(c.Leg, c.What == events.Left) })
	case c.What == events.Left && saidGoodbye(c.Leg):
		n.Calls.CustomerLeft(c.Room.Name)
	}
}

// rated tells how good a participant's media is: the log, the metrics and the story of each call.
func (n News) rated(c events.Change) {
	windows := c.Leg.Quality
	now, kind := windows[len(windows)-1], n.kindOf(c.Leg)
	level := slog.LevelInfo
	if strings.HasPrefix(now.Now, "3") || strings.HasPrefix(now.Now, "4") {
		level = slog.LevelWarn
	}
	n.Calls.cfg.Log.Log(context.Background(), level, "media quality", "session", c.Room.Name, "participant", c.Leg.UUID,
		"kind", kind, "was", now.Was, "now", now.Now)
	n.Calls.cfg.Metrics.quality.WithLabelValues(kind, qualityClass(now.Now)).Inc()
	n.Calls.tell(c.Room.Name, func(call *Call) { call.note("quality", kind+" "+qualityClass(now.Now), "was "+qualityClass(now.Was)) })
}

// qualityClass is one of those that the platform documents, so that nobody can make up others.
func qualityClass(class string) string {
	if slices.Contains([]string{"0_unknown", "1_good", "2_ok", "3_bad", "4_terrible"}, class) {
		return class
	}
	return "other"
}

// counted tells what a participant's media carried, when it has ended.
func (n News) counted(c events.Change) {
	for _, s := range c.Leg.Streams {
		n.Calls.cfg.Log.Info("media ended", "session", c.Room.Name, "participant", c.Leg.UUID, "kind", n.kindOf(c.Leg), "stream", s.Kind,
			"codec_in", s.In, "codec_out", s.Out, "kbps_in", s.InKbps, "kbps_out", s.OutKbps, "loss_in", s.InLoss, "loss_out", s.OutLoss)
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
	case !left:
		v.dialled = true
		v.awaitCentre()
	case left && l.UUID == v.centre:
		v.end(nil) // they have hung up
	case left && !l.Answered && v.centre == "":
		v.end(&centreError{l.Reason})
	}
}

// dialTime is how long after the customer's arrival a node that tells us what happens may take until it
// calls the contact centre. Nodes wait for 10 s, and their news are late.
const dialTime = 30 * time.Second

// hearOfArrival knows from the customer's own leg that this node tells: the call to the contact centre
// would be heard of as well.
func (v *Visit) hearOfArrival() {
	if v.status == visitCalling && !v.dialled && v.visits.cfg.CentreTime > dialTime {
		v.patience.set(&v.owner, time.Now().Add(dialTime), func() { v.end(&centreError{"not dialled"}) })
	}
}

// awaitCentre gives the call to the contact centre its time while the customer waits for it, for
// sites whose nodes tell us nothing, and for calls that ring and ring.
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
