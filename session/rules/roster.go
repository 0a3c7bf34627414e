package rules

import (
	"slices"
	"strings"
	"time"
)

// AgentTag begins the call_tag of every leg of ours that stands for an agent.
const AgentTag = "videoleg:agent:"

// Member is one participant of the conference, as the node's roster has it.
type Member struct {
	UUID, CallTag string
	AudioOnly     bool // is_audio_only_call: the contact centre's leg, a phone
	Playback      bool // a recorded announcement of the trunk
}

// roster is what we know of the conference.
type roster struct {
	synced    bool
	customers int      // video and api participants that are not agents' legs
	met       bool     // there was a customer at some time
	playback  []string // UUIDs asked to be removed; never written in place
	goodbye   bool     // a customer said that he leaves: nobody to wait for
}

// OnRoster takes the conference's participants after each change. synced is false until the event
// stream's first full list has come, and after the stream was lost.
func (c Call) OnRoster(members []Member, synced bool, now time.Time) (Call, Decision) {
	var d Decision
	if c.leg != LegLive {
		return c.act(now, d)
	}
	seen := roster{synced: synced, met: c.roster.met, goodbye: c.roster.goodbye}
	for _, m := range members {
		switch {
		case m.Playback:
			seen.playback = append(seen.playback, m.UUID)
			if !slices.Contains(c.roster.playback, m.UUID) {
				d.do(RemovePlayback{UUID: m.UUID})
				d.because(Playback)
			}
		case !m.AudioOnly && !strings.HasPrefix(m.CallTag, AgentTag):
			seen.customers++
		}
	}
	seen.met = seen.met || seen.customers > 0
	if seen.customers > 0 && seen.customers != c.roster.customers {
		seen.goodbye = false // whoever said so has gone, and another is there
	}
	c.roster = seen
	return c.act(now, d)
}

// OnGoodbye says that a customer has left by his own wish, not by a reload: once the conference is
// without one, nobody is waited for.
func (c Call) OnGoodbye(now time.Time) (Call, Decision) {
	c.roster.goodbye = true
	return c.act(now, Decision{})
}

// alone watches for a customer who left the conference: Genesys sends no event for it. Nothing is
// counted before the roster is synced, nor for a customer who has never been in.
func (c *Call) alone(now time.Time, d *Decision) {
	left := c.leg == LegLive && c.roster.synced && c.roster.met && c.roster.customers == 0
	switch {
	case left && c.aloneSince.IsZero():
		c.aloneSince = now
		d.because(CustomerGone)
	case !left && !c.aloneSince.IsZero():
		c.aloneSince = time.Time{}
		if c.roster.customers > 0 {
			d.because(CustomerBack)
		}
	}
	if c.mayEndAlone() && !now.Before(c.aloneUntil()) {
		c.end(LeftAlone, d)
		d.because(LeftAlone)
	}
}

// mayEndAlone tells that the customer is out of a conference which is ours to end.
func (c *Call) mayEndAlone() bool {
	return !c.aloneSince.IsZero() && c.row == Ours && c.blind() == ""
}

// aloneUntil is when waiting for the customer ends.
func (c *Call) aloneUntil() time.Time {
	if c.roster.goodbye {
		return c.aloneSince
	}
	return c.aloneSince.Add(AloneGrace)
}
