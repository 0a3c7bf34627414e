package rules

import "time"

// Delays of the table.
const (
	// Settle is how long the call must be unchanged before the customer sees the agent (again): a
	// consult begins with a moment that looks like a resume.
	Settle = 750 * time.Millisecond
	// PeerReread is how long after an end "by peer" the call is read again.
	PeerReread = 5 * time.Second
	// RejoinAfter is how long after our leg was dropped the call is read and, if it is on, joined again.
	RejoinAfter = 1500 * time.Millisecond
	// RejoinRenewed is how long a leg must have lived for another rejoin to be allowed.
	RejoinRenewed = time.Minute
	// sameMoment is how far two sources may differ in writing one time.
	sameMoment = 2 * time.Second
	// AloneGrace is how long a customer may be out of the conference, reloading his page.
	AloneGrace = 30 * time.Second
)

// Options are the policies of the deployment.
type Options struct {
	RequireRecording  bool // no video to the customer unless the call is being recorded
	HoldMutesCustomer bool // the agent does not see a customer on hold either
}

// Call is what is known of one agent's part in one conversation, and what has been ordered. It is
// a value: every method leaves its receiver as it was and returns what is known afterwards.
type Call struct {
	conversation, user string
	opts               Options

	known     map[string]leg // by participant id; never written in place
	facts     facts
	row       Code // of the lifecycle table
	said      Code // the row last given as a reason
	recording Recording
	changedAt time.Time // last snapshot that said something new

	deaf     Code      // why events do not reach us; "" if they do
	asked    time.Time // when the pending Reread was ordered; zero: none pending
	rereadAt time.Time // when to order one; zero: not planned
	sighted  bool      // we could see at least once
	calmFrom time.Time // last change of the call, its recording or our sight

	leg       LegState
	liveSince time.Time
	camera    bool
	told      told

	closed   bool   // EndForAll was ordered, and nothing joined since
	out      Code   // why we stay out of a call that is ours
	outOf    string // the participant entry of mine that it holds for
	rejoined bool   // the one rejoin is used up

	roster     roster
	aloneSince time.Time // when the customer left the conference; zero: he did not
}

// told is what the live leg was last told.
type told struct {
	video, muted, hidden, present bool
	fresh                         bool   // a new leg, not told anything
	dark                          []Code // why not video; never written in place
}

// New follows one conversation for one user. It is blind until [Call.OnLive] and the Reread which
// that orders; a first snapshot may come before, and may join, dark.
func New(conversationID, userID string, o Options) Call {
	return Call{conversation: conversationID, user: userID, opts: o, row: NotRead, said: NotRead, deaf: NotListening}
}

// OnSnapshot takes a notification or a REST read, of whatever conversation.
func (c Call) OnSnapshot(s Snapshot, now time.Time) (Call, Decision) {
	var d Decision
	switch {
	case s.ConversationID != c.conversation:
		d.because(OtherConversation)
	case s.Source == Resync:
		c.read(s, now, &d)
	default:
		c.learn(s, now, &d)
	}
	return c.act(now, d)
}

// OnBlind says that events no longer reach us: [SocketDown] or [SignInEnded].
func (c Call) OnBlind(why Code, now time.Time) (Call, Decision) {
	c.deaf = why
	return c.act(now, Decision{})
}

// OnLive says that events reach us (again): the channel is subscribed and connected.
func (c Call) OnLive(now time.Time) (Call, Decision) {
	var d Decision
	if c.deaf != "" {
		c.deaf = ""
		c.reread(now, &d)
	}
	return c.act(now, d)
}

// OnCamera says whether the agent's own camera is on; it is off until said.
func (c Call) OnCamera(on bool, now time.Time) (Call, Decision) {
	c.camera = on
	return c.act(now, Decision{})
}

// OnJoined says that our leg is live on the node, as ordered by Join or because the owner moved it
// to another node by himself. A new leg is told everything anew, but for the customer's picture: it
// begins as [View] says.
func (c Call) OnJoined(now time.Time) (Call, Decision) {
	c.leg, c.liveSince, c.told = LegLive, now, told{fresh: true, hidden: c.told.hidden}
	return c.act(now, Decision{})
}

// OnJoinFailed says that a Join has come to nothing, or that the leg could not be kept and has been left. We stay out until [Call.OnRetry] or until a
// new leg of the agent's connects.
func (c Call) OnJoinFailed(now time.Time) (Call, Decision) {
	var d Decision
	if c.leg == LegJoining || c.leg == LegLive {
		c.stayOut(JoinFailed, &d)
	}
	return c.act(now, d)
}

// OnNoAnswer says that the far end of an outbound call has not come into the conference, and that our leg
// has left it: the voice call goes on there. We stay out as after [Call.OnJoinFailed].
func (c Call) OnNoAnswer(now time.Time) (Call, Decision) {
	var d Decision
	if c.leg == LegJoining || c.leg == LegLive {
		c.stayOut(NoAnswer, &d)
	}
	return c.act(now, d)
}

// OnRemoved says that the node ended our leg, with the node's own words. Who was removed by
// someone stays out (two copies of a widget would fight); anything else is joined again, once.
func (c Call) OnRemoved(words string, now time.Time) (Call, Decision) {
	var d Decision
	if c.leg != LegLive && c.leg != LegJoining {
		return c.act(now, d)
	}
	if c.leg == LegLive && now.Sub(c.liveSince) >= RejoinRenewed {
		c.rejoined = false
	}
	switch {
	case removedBySomeone(words):
		c.stayOut(Removed, &d)
	case c.rejoined:
		c.stayOut(DroppedAgain, &d)
	default:
		c.stayOut(Dropped, &d)
		c.rejoined, c.rereadAt = true, now.Add(RejoinAfter)
	}
	return c.act(now, d)
}

// OnRetry says that the agent asked to try again after we stayed out.
func (c Call) OnRetry(now time.Time) (Call, Decision) {
	var d Decision
	if c.staysOut() != "" && !c.closed {
		d.because(Retry)
		c.out, c.rereadAt = "", time.Time{}
	}
	return c.act(now, d)
}

// OnTimer is due at the last Decision's Wake; earlier or later does no harm.
func (c Call) OnTimer(now time.Time) (Call, Decision) {
	var d Decision
	if !c.rereadAt.IsZero() && !now.Before(c.rereadAt) {
		c.rereadAt = time.Time{}
		c.reread(now, &d)
	}
	return c.act(now, d)
}

// read takes a REST read. One that an event overtook says nothing; if it was the one we wait for,
// another is ordered.
func (c *Call) read(s Snapshot, now time.Time, d *Decision) {
	if s.AsOf.IsZero() {
		s.AsOf = now
	}
	awaited := !c.asked.IsZero() && !s.AsOf.Before(c.asked)
	if s.AsOf.Before(c.changedAt) {
		d.because(OldRead)
		if awaited {
			c.reread(now, d)
		}
		return
	}
	if awaited {
		c.asked, c.calmFrom = time.Time{}, now
	}
	if awaited && c.out == Dropped && c.rereadAt.IsZero() {
		c.out = ""
	}
	c.learn(s, now, d)
	c.sighted = c.sighted || c.blind() == ""
}

// learn takes what s says, unless it is older than what is known.
func (c *Call) learn(s Snapshot, now time.Time, d *Decision) {
	known, unsaid, old := learn(c.known, s)
	if old {
		d.because(OldSnapshot)
		if !c.closed {
			c.reread(now, d)
		}
		return
	}
	if unsaid {
		d.because(LeftUnsaid)
		c.reread(now, d)
	}
	facts, recording := draw(c.user, s, known), s.recording()
	if recording == RecordingUnknown {
		recording = c.recording
	}
	if c.row != NotRead && facts.sameAs(c.facts) && recording == c.recording {
		d.because(Duplicate)
	} else {
		c.changedAt, c.calmFrom = now, now
	}
	c.known, c.facts, c.recording = known, facts, recording
	c.enter(facts.lifecycle(), now)
}

// enter takes a row of the table; leaving one cancels what it had planned.
func (c *Call) enter(row Code, now time.Time) {
	if row == c.row {
		return
	}
	c.row = row
	if c.out != Dropped {
		c.rereadAt = time.Time{}
	}
	if row == PeerEnded {
		c.rereadAt = now.Add(PeerReread)
	}
}

func (c *Call) reread(now time.Time, d *Decision) {
	c.asked = now
	d.do(Reread{})
}

// blind says why the call's state is unknown to us; "" if we see.
func (c *Call) blind() Code {
	switch {
	case c.deaf != "":
		return c.deaf
	case !c.asked.IsZero():
		return RereadPending
	default:
		return ""
	}
}
