package genesystest

import (
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Recording states as events write them; REST writes them in capitals at the conversation.
const (
	recordingNone   = "none"
	recordingActive = "active"
	recordingPaused = "paused"
)

const (
	maxParticipants = 100 // of a conversation that is transferred for ever
	maxAttributes   = 200 // of a participant
)

// call is one conversation. Its methods are what can happen to it: they change the participants and take the
// snapshots that the platform would send, in order. It knows no network and no routing; the lock is the server's.
type call struct {
	id             string
	started, ended time.Time
	address        string
	participants   []*participant
	queue          *Queue
	initiator      *participant // of the running consult; nil = none
	recordingState string
	securePause    bool
	recorded       []recording
	snapshots      []snapshot    // not yet published
	done           chan struct{} // closed when the far end's leg is over
	doneClosed     bool
}

// recording is one stretch of stored audio.
type recording struct {
	id         string
	start, end time.Time
}

func newCall() *call {
	return &call{id: uuid.NewString(), started: time.Now(), recordingState: recordingNone, done: make(chan struct{})}
}

func (c *call) add(p *participant) error {
	if len(c.participants) >= maxParticipants {
		return refuse(400, "too.many.participants", "the conversation has %d participants", maxParticipants)
	}
	c.participants = append(c.participants, p)
	return nil
}

// last returns the latest entry for which ok holds, or nil.
func (c *call) last(ok func(*participant) bool) *participant {
	for _, p := range slices.Backward(c.participants) {
		if ok(p) {
			return p
		}
	}
	return nil
}

func (c *call) byID(id string) *participant {
	return c.last(func(p *participant) bool { return p.id == id })
}

func (c *call) customer() *participant { return c.last((*participant).farEnd) }

// internal tells a call between two users of the organization: no customer, no queue.
func (c *call) internal() bool { return c.customer().called }

// otherEnd is whom p talks to: the customer, or in an internal call the other user.
func (c *call) otherEnd(p *participant) *participant {
	if p.called {
		return c.participants[0]
	}
	return c.customer()
}

// legOf returns the user's live leg, else his last one, else nil.
func (c *call) legOf(u *agent) *participant {
	mine := func(p *participant) bool { return p.user == u }
	if p := c.last(func(p *participant) bool { return mine(p) && p.live() }); p != nil {
		return p
	}
	return c.last(mine)
}

// waiting returns the live queue entry that has not found an agent yet, or nil.
func (c *call) waiting() *participant {
	return c.last(func(p *participant) bool { return p.purpose == purposeACD && p.live() })
}

func (c *call) liveAgents(except *participant) []*participant {
	var out []*participant
	for _, p := range c.participants {
		if p.isAgent() && p.live() && p != except {
			out = append(out, p)
		}
	}
	return out
}

// over tells whether the call's end has been noted; nothing but attributes and wrap-up changes after it.
func (c *call) over() bool { return !c.ended.IsZero() }

func (c *call) live() bool { return slices.ContainsFunc(c.participants, (*participant).live) }

// answer connects a ringing leg.
func (c *call) answer(p *participant, record bool) error {
	if p.isConnected() {
		return nil
	}
	if !p.pending() {
		return refuse(400, "bad.request", "the leg is %s", p.state)
	}
	p.connect()
	if acd := c.waiting(); acd != nil {
		acd.terminateAs("transfer")
	}
	if cust := c.customer(); cust.isConnected() && p.consult == "" {
		cust.confined = false
	}
	if record && c.recordingState == recordingNone && !c.internal() {
		c.setRecording(recordingActive)
	}
	c.snap()
	return nil
}

// hold sets what the agent's hold button sets: he hears silence, the far end music. Sent twice.
func (c *call) hold(p *participant, on bool) error {
	if !p.isConnected() {
		return refuse(400, "bad.request", "the leg is %s", p.state)
	}
	if p.held == on {
		return nil
	}
	p.setHeld(on)
	if far := c.otherEnd(p); far.isConnected() && c.consultInitiator() == nil {
		far.confined = on
	}
	c.snap()
	c.snap()
	return nil
}

// mute sets the microphone. Sent twice.
func (c *call) mute(p *participant, on bool) error {
	if !p.isConnected() {
		return refuse(400, "bad.request", "the leg is %s", p.state)
	}
	if p.muted == on {
		return nil
	}
	p.muted = on
	c.snap()
	c.snap()
	return nil
}

// hangUp ends an agent's connected leg; the call goes on while another agent or a queue has it.
func (c *call) hangUp(p *participant, kind string) error {
	switch {
	case !p.live():
		return refuse(400, "bad.request", "the leg is %s", p.state)
	case !c.customer().live(), c.internal():
		c.endAll(p, kind)
	case p == c.consultInitiator() && !c.conference():
		c.completeConsult("transfer.consult")
	case p == c.consultTarget():
		c.endConsult(p, kind)
	case len(c.liveAgents(p)) > 0 || c.waiting() != nil:
		c.clearConsult()
		c.leave(p, kind)
	default:
		c.endAll(p, kind)
	}
	return nil
}

// leave ends one leg and nothing else.
func (c *call) leave(p *participant, kind string) {
	p.disconnectAs(kind)
	c.snap()
	p.terminateAs(kind)
	c.snap()
}

// endAll ends every leg: the first with the given type, then the others as its peers.
func (c *call) endAll(first *participant, kind string) {
	c.stopRecording()
	first.disconnectAs(kind)
	c.clearConsult()
	c.snap()
	var others []*participant
	for _, p := range c.participants {
		if p.live() {
			p.disconnectAs("peer")
			others = append(others, p)
		}
	}
	first.terminateAs(kind)
	c.snap()
	for _, p := range others {
		p.terminateAs("peer")
	}
	c.snap()
}

// customerHangUp ends the SIP leg. Two agents in a consult stay connected to each other.
func (c *call) customerHangUp(kind string) error {
	cust := c.customer()
	if !cust.live() {
		return refuse(400, "bad.request", "the customer's leg is %s", cust.state)
	}
	initiator, target := c.consultInitiator(), c.consultTarget()
	if initiator == nil || target == nil || !target.isConnected() {
		c.endAll(cust, kind)
		return nil
	}
	c.stopRecording()
	cust.disconnectAs(kind)
	c.clearConsult()
	initiator.confined, target.confined = false, false
	c.snap()
	cust.terminateAs(kind)
	c.snap()
	return nil
}

// setAttributes merges attributes into an entry's, within limits.
func (c *call) setAttributes(p *participant, values map[string]string) error {
	if len(p.attributes)+len(values) > maxAttributes {
		return refuse(400, "bad.request", "a participant has at most %d attributes", maxAttributes)
	}
	for k, v := range values {
		if len(k) > 256 || len(v) > 4096 {
			return refuse(400, "bad.request", "attribute %.40q is too long", k)
		}
	}
	maps.Copy(p.attributes, values)
	c.snap()
	return nil
}

func (c *call) finishWrapup(p *participant, w wrapup) error {
	if p.live() {
		return refuse(400, "bad.request", "the leg is still %s", p.state)
	}
	w.EndTime = stamp(time.Now())
	p.wrapup = &w
	if !p.acwStart.IsZero() {
		p.acwEnd = time.Now()
	}
	c.snap()
	return nil
}
