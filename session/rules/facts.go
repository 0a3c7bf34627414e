package rules

// farEnd is where the customer's side of the call stands.
type farEnd int

const (
	unclear farEnd = iota // neither of the others: missing, dialing, ...
	present               // one is connected
	gone                  // at least one is known, and all have ended
)

// facts are the values that the tables speak of, drawn from a snapshot and what was known.
type facts struct {
	me      leg // zero id: no entry of mine
	farEnd  farEnd
	agents  int  // connected agents, me included
	goesOn  bool // another agent is connected or pending, or a queue has the call
	parked  bool // a connected far end hears music
	agentBy bool // a connected agent has been put aside by another
}

func (f facts) sameAs(o facts) bool {
	f.me, o.me = f.me.timeless(), o.me.timeless()
	return f == o
}

// draw reads the facts out of the participants of s, in its order, and of those that were known
// before and are missing in s: a missing far end or agent may still be there.
func draw(user string, s Snapshot, known map[string]leg) facts {
	var f facts
	in := make(map[string]bool, len(s.Participants))
	for _, p := range s.Participants {
		l := known[p.ID]
		in[p.ID] = true
		if l.isAgent() && l.user == user && outranks(l, f.me) {
			f.me = l
		}
		if l.isAgent() && l.connected() {
			f.agents++
			f.agentBy = f.agentBy || l.confined
		}
		f.goesOn = f.goesOn || l.purpose == "acd" && l.connected()
	}
	for _, l := range known {
		f.goesOn = f.goesOn || l.isAgent() && l.user != user && !l.ended()
	}
	f.farEnd, f.parked = side(known, in)
	if f.farEnd == unclear && internal(known) {
		f.farEnd = colleague(known, in, user)
	}
	return f
}

// outranks tells that a later entry of mine is the better "me": the last connected one, else the
// last that has not ended, else the last.
func outranks(l, best leg) bool {
	rank := func(l leg) int {
		switch {
		case l.connected():
			return 2
		case !l.ended():
			return 1
		default:
			return 0
		}
	}
	return best.id == "" || rank(l) >= rank(best)
}

// side finds the customer's side: purposes customer and external. Where there is a customer, only
// he can be parked: an external party may be the one consulted.
func side(known map[string]leg, in map[string]bool) (state farEnd, parked bool) {
	purpose := "external"
	for _, l := range known {
		if l.purpose == "customer" {
			purpose = "customer"
		}
	}
	some, left := false, false
	for _, l := range known {
		if l.purpose != "customer" && l.purpose != "external" {
			continue
		}
		some = true
		left = left || !l.ended()
		if l.connected() && in[l.id] {
			state = present
		}
		parked = parked || l.purpose == purpose && l.connected() && l.confined
	}
	if some && !left {
		state = gone
	}
	return state, parked
}

// internal tells a call between users: nobody in it is anything else.
func internal(known map[string]leg) bool {
	for _, l := range known {
		if l.purpose != "user" {
			return false
		}
	}
	return len(known) > 1
}

// colleague is the far end of an internal call. It is never gone: a colleague who hangs up ends
// our leg too, and that is the surer sign.
func colleague(known map[string]leg, in map[string]bool, user string) farEnd {
	for _, l := range known {
		if l.user != user && l.connected() && in[l.id] {
			return present
		}
	}
	return unclear
}

// held says why the customer hears music or silence instead of this agent; "" if he does not.
func (f facts) held() Code {
	consulting := f.me.initiator || f.me.consult && f.agents > 1
	switch {
	case f.parked && consulting:
		return Consulting
	case f.me.held:
		return OnHold
	case f.parked:
		return CustomerAside
	default:
		return ""
	}
}

// lifecycle picks the row of the table; together the rows cover every case.
func (f facts) lifecycle() Code {
	switch me := f.me; {
	case f.farEnd == gone:
		return CallOver
	case me.id == "":
		return NotMine
	case me.ended():
		return f.afterEnd()
	case me.pending():
		return Ringing
	case f.farEnd == unclear:
		return Unclear
	case me.consult && !me.initiator && (f.parked || f.agentBy):
		return ConsultTarget
	default:
		return Ours
	}
}

func (f facts) afterEnd() Code {
	if !f.me.everConnected {
		return AlertMissed
	}
	switch f.me.kind {
	case "client", "endpoint":
		if f.goesOn {
			return GoesOn
		}
		return HungUp
	case "transfer":
		return Transferred
	case "peer":
		return PeerEnded
	default:
		return Trouble
	}
}
