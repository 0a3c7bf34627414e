package rules

import (
	"fmt"
	"slices"
	"time"
)

// world is a platform that tells what happens in one conversation badly: late, twice, in the
// wrong order, or not at all.
type world struct {
	pick  func(n int) int // 0..n-1
	now   time.Time
	ps    []Participant
	queue []Snapshot // told and not delivered
	log   []any
}

func newWorld(pick func(int) int) *world {
	return &world{pick: pick, now: start, ps: []Participant{
		customer(), agent("p-1", ada, in("alerting")), queue(),
	}}
}

// happen changes something, as it may really change, and tells it.
func (w *world) happen() {
	p := &w.ps[w.pick(len(w.ps))]
	switch w.pick(9) {
	case 0, 1:
		w.answer(p)
	case 2:
		if !ended(p.State) {
			p.State, p.EndTime = "disconnected", w.now
			p.DisconnectType = []string{"client", "endpoint", "peer", "transfer", "system", "", "transfer.noanswer"}[w.pick(7)]
		}
	case 3:
		w.hold(p)
	case 4:
		p.Muted = Said(p.Muted != Yes)
	case 5:
		p.Confined = Said(p.Confined != Yes)
	case 6:
		p.ConsultInitiator = !p.ConsultInitiator && p.Purpose == "agent"
		p.ConsultParticipantID = []string{"", "p-cust"}[w.pick(2)]
	default:
		user := []string{ada, bob}[w.pick(2)]
		if len(w.ps) < 7 {
			w.ps = append(w.ps, agent(fmt.Sprint("p-", len(w.ps)), user, in("alerting")))
		}
	}
	for range w.pick(3) {
		w.queue = append(w.queue, w.tell(Event))
	}
}

func (w *world) answer(p *Participant) {
	if beginning(p.State) {
		p.State, p.ConnectedTime = "connected", w.now
	}
}

func (w *world) hold(p *Participant) {
	if p.Held == Yes {
		p.Held, p.StartHoldTime = No, time.Time{}
	} else {
		p.Held, p.StartHoldTime = Yes, w.now
	}
}

// tell is a snapshot of now; an event may leave out a participant or a flag.
func (w *world) tell(src Source) Snapshot {
	s := Snapshot{ConversationID: conversation, Source: src, AsOf: w.now, Participants: slices.Clone(w.ps)}
	if src == Event && w.pick(8) == 0 {
		i := w.pick(len(s.Participants))
		s.Participants = slices.Delete(s.Participants, i, i+1)
	}
	if src == Event && w.pick(8) == 0 && len(s.Participants) > 0 {
		s.Participants[w.pick(len(s.Participants))].Held = Unsaid
	}
	if w.pick(10) == 0 {
		s.ConversationID = "another"
	}
	return s
}

// deliver takes any of the told snapshots, mostly the next.
func (w *world) deliver() (Snapshot, bool) {
	if len(w.queue) == 0 {
		return Snapshot{}, false
	}
	i := 0
	if w.pick(3) == 0 {
		i = w.pick(len(w.queue))
	}
	s := w.queue[i]
	if w.pick(6) != 0 { // else it comes again
		w.queue = slices.Delete(w.queue, i, i+1)
	}
	return s, true
}
