package rules

import (
	"maps"
	"time"
)

// leg is what we know of one participant from all the snapshots so far.
type leg struct {
	id, purpose, user         string
	state, kind               string
	held, muted, confined     bool
	consult, initiator        bool
	everConnected             bool
	connectedTime, endTime    time.Time
	startHoldTime, releasedAt time.Time // start of the present hold; start of the last one that ended
}

func (l leg) ended() bool     { return ended(l.state) }
func (l leg) connected() bool { return connected(l.state) }
func (l leg) pending() bool   { return !l.ended() && !l.connected() }
func (l leg) isAgent() bool   { return l.purpose == "agent" || l.purpose == "user" }

// timeless is the leg without its times: they tell order, not a change.
func (l leg) timeless() leg {
	l.connectedTime, l.endTime, l.startHoldTime, l.releasedAt = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	return l
}

// overtakes tells that p is older than what we know: its state or its times run backwards.
func (l leg) overtakes(p Participant) bool {
	return l.ended() && p.State != "" && !ended(p.State) ||
		l.connected() && beginning(p.State) ||
		before(p.ConnectedTime, l.connectedTime) ||
		before(p.EndTime, l.endTime) ||
		p.Held == Yes && !p.StartHoldTime.IsZero() && !p.StartHoldTime.After(l.releasedAt)
}

// before tells that t is clearly earlier than what is known: REST and events may write the same
// moment a little differently.
func before(t, known time.Time) bool { return !t.IsZero() && t.Before(known.Add(-sameMoment)) }

// next is the leg after p. unsaid reports that an event left open whether a hold is over.
func (l leg) next(p Participant, src Source) (n leg, unsaid bool) {
	n = leg{
		id: p.ID, purpose: p.Purpose, user: or(p.UserID, l.user),
		state:   or(p.State, l.state),
		consult: p.ConsultParticipantID != "", initiator: p.ConsultInitiator,
		connectedTime: orTime(p.ConnectedTime, l.connectedTime),
		releasedAt:    l.releasedAt,
	}
	n.held = carry(p.Held, l.held, src)
	n.muted = carry(p.Muted, l.muted, src)
	n.confined = carry(p.Confined, l.confined, src)
	n.everConnected = l.everConnected || n.connected() || !n.connectedTime.IsZero()
	if n.ended() {
		n.kind = or(l.kind, kind(p.DisconnectType)) // the first one said; "" is none
		n.endTime = orTime(p.EndTime, l.endTime)
	}
	switch {
	case n.held:
		n.startHoldTime = orTime(p.StartHoldTime, l.startHoldTime)
	case l.held:
		n.releasedAt = l.startHoldTime
	}
	open := p.Held == Unsaid && n.held || p.Confined == Unsaid && n.confined
	return n, open && !n.ended()
}

// carry is a flag's value after f: an event that leaves it unsaid changes nothing.
func carry(f Flag, known bool, src Source) bool {
	return f == Yes || f == Unsaid && known && src == Event
}

func or(s, known string) string {
	if s == "" {
		return known
	}
	return s
}

func orTime(t, known time.Time) time.Time {
	if t.IsZero() {
		return known
	}
	return t
}

// learn merges a snapshot into what is known. old reports that an event is older than that, and
// then nothing is learnt; unsaid, that it leaves open whether a hold is over.
func learn(known map[string]leg, s Snapshot) (now map[string]leg, unsaid, old bool) {
	now = maps.Clone(known)
	if now == nil {
		now = make(map[string]leg)
	}
	for _, p := range s.Participants {
		was, seen := known[p.ID]
		if s.Source == Event && seen && was.overtakes(p) {
			return known, false, true
		}
		next, open := was.next(p, s.Source)
		now[p.ID] = next
		unsaid = unsaid || open
	}
	return now, unsaid, false
}
