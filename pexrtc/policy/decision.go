package policy

import (
	"context"
	"errors"
	"strings"
	"time"
)

// Session is what the answers need to know of an open session.
type Session struct {
	// Customer is the name that the customer's participant gets; empty leaves him his own.
	Customer string
}

// What an Open function may say instead. Every other error means that it could not find out, and
// refuses as well.
var (
	ErrUnknown = errors.New("policy: no such session")
	ErrExpired = errors.New("policy: the session's invitation has expired")
	ErrClosed  = errors.New("policy: the session is over")
)

// Verdict is the kind of an answer.
type Verdict string

const (
	Room     Verdict = "room"     // the service configuration of a session
	Admit    Verdict = "admit"    // a participant may join
	Refuse   Verdict = "refuse"   // explicitly not
	NotOurs  Verdict = "not-ours" // Pexip's own configuration decides
	Continue Verdict = "continue" // of the requests that we have no say in
)

// Decision is one answer and why it was given.
type Decision struct {
	Request string // service, participant, location, avatar, directory, registration or unknown
	Verdict Verdict
	Reason  string // a short code
	Session string // ID; empty where there is none
	Took    time.Duration

	why    string // Reason in words, for the node's support log
	result any    // of the answer
}

// reasons words the codes. A refused participant reads his on the screen.
var reasons = map[string]string{
	"customer":      "the customer's alias of an open session",
	"agent":         "the agent's alias of an open session",
	"dial-out":      "a call of one of our rooms",
	"device":        "a device that an agent calls",
	"not-ours":      "not an alias of ours",
	"no-say":        "we have no say in this",
	"malformed":     "This address is not complete. Please use the link that you were given.",
	"unknown":       "There is no such video call. Please use the newest link that you were given.",
	"expired":       "The invitation to this video call has expired. Please ask for a new one.",
	"closed":        "This video call is over. Please ask for a new invitation.",
	"unavailable":   "It cannot be checked right now whether this video call is open. Please try again in a minute.",
	"other-room":    "This address belongs to another video call.",
	"host-pin":      "The agent's address needs the host PIN.",
	"not-invited":   "This video call is for invited people only.",
	"not-our-dial":  "not a call of our rooms",
	"not-our-label": "not one of our rooms",
}

func decide(verdict Verdict, reason, session string, result any) Decision {
	if result == nil {
		result = struct{}{}
	}
	return Decision{Verdict: verdict, Reason: reason, Session: session, why: reasons[reason], result: result}
}

// openTime bounds the look-up of a session. The node gives up after 5 s.
const openTime = 3 * time.Second

// open looks a session up; a reason says why it is not open.
func (p *Policy) open(ctx context.Context, id string) (s Session, reason string) {
	ctx, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	s, err := p.cfg.Open(ctx, id)
	switch {
	case err == nil:
		return s, ""
	case errors.Is(err, ErrUnknown):
		return s, "unknown"
	case errors.Is(err, ErrExpired):
		return s, "expired"
	case errors.Is(err, ErrClosed):
		return s, "closed"
	}
	p.cfg.Log.Error("session not looked up", "session", id, "err", err)
	return s, "unavailable"
}

// service decides what an alias is.
func (p *Policy) service(ctx context.Context, q question) Decision {
	if q.direction == dialOut {
		return p.dialOut(q)
	}
	whose, id := p.cfg.whose(q.alias)
	switch {
	case whose == foreign:
		return decide(NotOurs, "not-ours", "", nil)
	case id == "":
		return decide(Refuse, "malformed", "", nil)
	case whose == device && !q.byTrunk():
		return decide(Refuse, "not-invited", id, nil)
	case whose == device:
		return decide(Room, "device", id, p.cfg.room(id, device))
	case whose == agent && p.cfg.isDevice(id):
		return decide(Room, "agent", id, p.cfg.room(id, agent))
	}
	if _, reason := p.open(ctx, id); reason != "" {
		return decide(Refuse, reason, id, nil)
	}
	reason := "agent"
	if whose == customer {
		reason = "customer"
	}
	return decide(Room, reason, id, p.cfg.room(id, whose))
}

// byTrunk tells what may be a voice call of the contact centre: nothing else gets to a device, for the
// room calls it at our cost.
func (q question) byTrunk() bool {
	return strings.EqualFold(q.protocol, bySIP) || q.direction == nonDial
}

// dialOut describes a running room anew, which its own calls ask for: the answer must be the
// service that runs, or the call is not made. Whether its session is still open does not matter.
func (p *Policy) dialOut(q question) Decision {
	switch {
	case q.serviceTag != p.cfg.ServiceTag:
		return decide(NotOurs, "not-our-dial", "", nil)
	case !idForm.MatchString(q.serviceName) && !p.cfg.isDevice(q.serviceName):
		return decide(Refuse, "malformed", "", nil)
	}
	return decide(Room, "dial-out", q.serviceName, p.cfg.room(q.serviceName, agent))
}

// properties are what we change in a participant.
type properties struct {
	Role   string `json:"preauthenticated_role,omitempty"`
	Name   string `json:"remote_display_name,omitempty"`
	Reject string `json:"reject_reason,omitempty"`
}

// participant decides who may join, and as what.
func (p *Policy) participant(ctx context.Context, q question) Decision {
	whose, id := p.cfg.whose(q.alias)
	tagged := q.serviceTag == p.cfg.ServiceTag
	switch {
	case q.direction == dialOut && tagged:
		return decide(Admit, "dial-out", "", nil)
	case q.direction == dialOut, whose == foreign && !tagged:
		return decide(NotOurs, "not-our-label", "", nil)
	case whose == foreign:
		return refuseParticipant("not-invited", "")
	case id == "":
		return refuseParticipant("malformed", "")
	case q.serviceName != "" && q.serviceName != id:
		return refuseParticipant("other-room", id)
	case whose == device && !q.byTrunk():
		return refuseParticipant("not-invited", id)
	case whose == device:
		return decide(Admit, "device", id, properties{Role: roleGuest}) // a trunk enters no PIN
	}
	s, reason := Session{}, ""
	if whose == customer || !p.cfg.isDevice(id) {
		s, reason = p.open(ctx, id)
	}
	switch {
	case reason != "":
		return refuseParticipant(reason, id)
	case whose == customer:
		return decide(Admit, "customer", id, properties{Role: p.cfg.guestRole(q.role), Name: shortened(s.Customer)})
	case q.role == roleGuest:
		return refuseParticipant("host-pin", id)
	}
	return decide(Admit, "agent", id, properties{Role: q.role})
}

func refuseParticipant(reason, id string) Decision {
	return decide(Refuse, reason, id, properties{Reject: reasons[reason]})
}

// guestRole is a customer's: never host, whatever PIN he knows, and no way around the guest PIN
// for a protocol that asks us before it asks for it.
func (r Rooms) guestRole(known string) string {
	if known == "" && r.GuestPIN != "" {
		return ""
	}
	return roleGuest
}

// shortened cuts a name to what a node takes.
func shortened(name string) string {
	if runes := []rune(name); len(runes) > maxText {
		return string(runes[:maxText])
	}
	return name
}
