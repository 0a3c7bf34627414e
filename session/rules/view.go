package rules

// Phase is where the agent stands with the call.
type Phase string

const (
	PhaseUnknown    Phase = ""           // no snapshot yet
	PhaseNone       Phase = "none"       // no part in this call, or an alert missed
	PhaseIncoming   Phase = "incoming"   // ringing: answer in Genesys to start video
	PhaseWaiting    Phase = "waiting"    // connected, the far end not (yet): no leg
	PhaseActive     Phase = "active"     // ours
	PhaseHeld       Phase = "held"       // ours, on hold
	PhaseConsulting Phase = "consulting" // ours, customer on hold, talking to another agent
	PhaseConsulted  Phase = "consulted"  // the customer is still the other agent's
	PhaseEnded      Phase = "ended"      // over for this agent, until a new leg of his connects
)

// LegState is what the rules believe of our leg on the node.
type LegState int

const (
	LegNone LegState = iota
	LegJoining
	LegLive
	LegLeft
)

// View is what a page shows of a [Call].
type View struct {
	Phase Phase
	Row   Code // the lifecycle row in force
	Leg   LegState
	// Sending: the customer can see the agent now.
	Sending bool
	// Dark says why he cannot, the weightiest first; empty while the picture settles and while
	// Sending.
	Dark []Code
	// Blind: we were following the call and are not now.
	Blind bool
	// MayPresent: a screen share may be started.
	MayPresent     bool
	CustomerHidden bool
	Muted          bool
	Recording      Recording
	// Out says why we stay out of a call that is ours ([JoinFailed], [Removed], [Dropped],
	// [DroppedAgain], [LeftAlone], [NoAnswer]); only Dropped ends by itself. See [Call.OnRetry].
	Out Code
	// CustomerAway: he left the conference and has some seconds to come back.
	CustomerAway bool
}

// View is what a page shows now.
func (c Call) View() View {
	dark := c.dark()
	return View{
		Phase:          c.phase(),
		Row:            c.row,
		Leg:            c.leg,
		Sending:        c.told.video,
		Dark:           dark,
		Blind:          c.sighted && c.blind() != "",
		MayPresent:     c.told.present,
		CustomerHidden: c.told.hidden,
		Muted:          c.facts.me.muted,
		Recording:      c.recording,
		Out:            c.shutOut(),
		CustomerAway:   !c.aloneSince.IsZero(),
	}
}

// shutOut is why we stay out, where there is something to stay out of.
func (c Call) shutOut() Code {
	switch c.row {
	case Ours, Unclear, ConsultTarget:
		return c.staysOut()
	default:
		return ""
	}
}

func (c Call) phase() Phase {
	if c.closed {
		return PhaseEnded
	}
	switch c.row {
	case NotRead:
		return PhaseUnknown
	case AlertMissed, NotMine:
		return PhaseNone
	case Ringing:
		return PhaseIncoming
	case ConsultTarget:
		return PhaseConsulted
	case Unclear, Ours:
		return c.connectedPhase()
	default:
		return PhaseEnded
	}
}

func (c Call) connectedPhase() Phase {
	switch held := c.facts.held(); {
	case held == Consulting:
		return PhaseConsulting
	case held != "":
		return PhaseHeld
	case c.row == Unclear && c.leg != LegLive && c.leg != LegJoining:
		return PhaseWaiting
	default:
		return PhaseActive
	}
}
