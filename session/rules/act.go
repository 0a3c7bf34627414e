package rules

import (
	"slices"
	"strings"
	"time"
)

// act brings the leg in line with what is known. Every action compares what should be with what
// was ordered before, so an input that changes nothing orders nothing.
func (c Call) act(now time.Time, d Decision) (Call, Decision) {
	c.lifecycle(&d)
	c.alone(now, &d)
	if c.leg == LegLive {
		c.media(now, &d)
	}
	if c.leg == LegLive || c.leg == LegJoining {
		c.hide(now, &d)
	}
	d.Wake = c.wake(now)
	return c, d
}

// lifecycle carries out the row in force.
func (c *Call) lifecycle(d *Decision) {
	acted := true
	switch c.row {
	case CallOver, HungUp:
		acted = c.end(c.row, d)
	case AlertMissed, GoesOn, Transferred, PeerEnded, Trouble, NotMine, Ringing:
		acted = c.leave(d)
	case Ours:
		acted = c.join(d)
	default:
		acted = false
	}
	if acted || c.row != c.said {
		c.said = c.row
		d.because(c.row)
	}
}

func (c *Call) join(d *Decision) bool {
	if c.leg == LegJoining || c.leg == LegLive || c.staysOut() != "" {
		return false
	}
	c.lose(LegJoining)
	c.closed, c.out = false, ""
	d.do(Join{})
	return true
}

func (c *Call) leave(d *Decision) bool {
	if c.leg != LegJoining && c.leg != LegLive {
		return false
	}
	c.lose(LegLeft)
	d.do(Leave{})
	return true
}

// end ends the conference for everybody, once; only a new entry of the agent's opens it again.
func (c *Call) end(why Code, d *Decision) bool {
	if c.closed && c.leg != LegLive {
		return false
	}
	c.lose(LegLeft)
	c.closed, c.out, c.outOf = true, why, c.facts.me.id
	c.rereadAt, c.asked = time.Time{}, time.Time{}
	d.do(EndForAll{})
	return true
}

func (c *Call) stayOut(why Code, d *Decision) {
	c.lose(LegNone)
	c.out, c.outOf = why, c.facts.me.id
	d.because(why)
}

// staysOut says why we stay out of a call that is ours; "" if we do not.
func (c Call) staysOut() Code {
	if c.outOf != c.facts.me.id {
		return ""
	}
	return c.out
}

// lose forgets the leg that was, and all that was seen and said on it.
func (c *Call) lose(now LegState) {
	c.leg, c.told, c.aloneSince = now, told{}, time.Time{}
	c.roster = roster{met: c.roster.met}
}

// media carries out the video rule and the further outputs, on a live leg.
func (c *Call) media(now time.Time, d *Decision) {
	dark := c.dark()
	calm := c.calm(now)
	t := told{
		dark:    dark,
		video:   len(dark) == 0 && (c.told.video || calm),
		muted:   c.facts.me.muted,
		hidden:  c.told.hidden,
		present: onlyCamera(dark) && (c.told.present || calm),
	}
	if t.video != c.told.video || c.told.fresh {
		d.do(SetVideo{On: t.video})
	}
	if t.video && !c.told.video {
		d.because(Shown)
	}
	for _, why := range dark {
		if !slices.Contains(c.told.dark, why) {
			d.because(why)
		}
	}
	if c.told.present && !t.present {
		d.do(StopPresentation{})
	}
	if c.facts.me.id == "" {
		t.muted = c.told.muted
	}
	if t.muted != c.told.muted {
		d.do(SetMuted{On: t.muted})
	}
	c.told = t
}

// hide keeps the customer's picture from the agent, or gives it back: also while joining, so that a leg begins as it goes on.
func (c *Call) hide(now time.Time, d *Decision) {
	hidden := c.hides() || c.told.hidden && !c.calm(now)
	if hidden != c.told.hidden {
		c.told.hidden = hidden
		d.do(HideCustomer{On: hidden})
	}
}

// dark says why the customer may not see the agent, the weightiest first.
func (c *Call) dark() []Code {
	var why []Code
	add := func(when bool, code Code) {
		if when {
			why = append(why, code)
		}
	}
	held, blind := c.facts.held(), c.blind()
	add(c.row != Ours && (c.row != Unclear || !c.told.video), c.row)
	add(held != "", held)
	add(blind != "", blind)
	add(c.opts.RequireRecording && c.recording == RecordingPaused, RecordPaused)
	add(c.opts.RequireRecording && c.recording != RecordingPaused && c.recording != RecordingActive, NotRecorded)
	add(!c.camera, CameraOff)
	return why
}

func onlyCamera(dark []Code) bool {
	return len(dark) == 0 || len(dark) == 1 && dark[0] == CameraOff
}

// hides tells that the customer's picture is not for the agent now.
func (c *Call) hides() bool {
	return c.opts.HoldMutesCustomer && (c.facts.held() != "" || c.row == ConsultTarget)
}

func (c *Call) calm(now time.Time) bool { return !now.Before(c.calmFrom.Add(Settle)) }

// wake is the next moment at which time alone changes something.
func (c *Call) wake(now time.Time) time.Time {
	var at time.Time
	consider := func(when bool, t time.Time) {
		if when && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	unsettled := !c.calm(now)
	settling := c.leg == LegLive && unsettled
	consider(!c.rereadAt.IsZero(), c.rereadAt)
	consider(c.mayEndAlone(), c.aloneUntil())
	consider(settling && !c.told.video && len(c.dark()) == 0, c.calmFrom.Add(Settle))
	consider(settling && !c.told.present && onlyCamera(c.dark()), c.calmFrom.Add(Settle))
	consider(unsettled && c.told.hidden && !c.hides(), c.calmFrom.Add(Settle))
	return at
}

// removedBySomeone tells the node's words for a removal by a person or a program.
func removedBySomeone(words string) bool {
	w := strings.ToLower(words)
	return strings.Contains(w, "by another participant") ||
		strings.Contains(w, "by an administrator") ||
		strings.HasPrefix(w, "api initiated")
}
