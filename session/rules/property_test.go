package rules

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// judge knows only what was put in and what was ordered, and checks the two rules.
type judge struct {
	t       *testing.T
	w       *world
	call    Call
	wake    time.Time
	last    Snapshot               // the newest that was taken
	seen    map[string]Participant // every participant as last taken
	kinds   map[string]string
	ever    map[string]bool // was connected
	deaf    bool
	asked   time.Time
	video   bool
	live    bool
	leftAt  time.Time // a synced roster without the customer who had been there
	met     bool
	camera  bool
	joining bool
}

func newJudge(t *testing.T, w *world) *judge {
	return &judge{t: t, w: w, call: New(conversation, ada, Options{}), deaf: true,
		seen: map[string]Participant{}, kinds: map[string]string{}, ever: map[string]bool{}}
}

func (j *judge) step() {
	w := j.w
	w.now = w.now.Add(time.Duration(w.pick(1200)) * time.Millisecond)
	switch w.pick(16) {
	case 0, 1, 2, 3, 4:
		w.happen()
	case 5, 6, 7, 8, 9:
		if s, ok := w.deliver(); ok {
			j.snapshot(s)
		}
	case 10:
		s := w.tell(Resync)
		s.AsOf = s.AsOf.Add(-time.Duration(w.pick(3)) * 100 * time.Millisecond)
		j.snapshot(s)
	case 11:
		j.legChanges()
	case 12:
		j.socketChanges()
	case 13:
		j.camera = w.pick(4) != 0
		j.take("camera", func() (Call, Decision) { return j.call.OnCamera(j.camera, w.now) })
	case 14:
		j.rosterChanges()
	case 15:
		w.now = w.now.Add(time.Duration(w.pick(40)) * time.Second)
	}
	if !j.wake.IsZero() && !w.now.Before(j.wake) {
		j.take("timer", func() (Call, Decision) { return j.call.OnTimer(w.now) })
	}
}

func (j *judge) snapshot(s Snapshot) {
	j.w.log = append(j.w.log, s)
	call, d := j.call.OnSnapshot(s, j.w.now)
	refused := slices.ContainsFunc(d.Reasons, func(r Reason) bool {
		return r.Code == OtherConversation || r.Code == OldSnapshot || r.Code == OldRead
	})
	if refused && s.ConversationID == conversation {
		j.mustBeOld(s)
	}
	if !refused {
		j.accept(s)
	}
	j.take("snapshot", func() (Call, Decision) { return call, d })
}

// mustBeOld checks that nothing newer than what was taken is refused.
func (j *judge) mustBeOld(s Snapshot) {
	if s.Source == Event && !s.AsOf.Before(j.last.AsOf) && s.AsOf.Equal(j.w.now) {
		j.fail("a snapshot of now was refused")
	}
}

func (j *judge) accept(s Snapshot) {
	j.last = s
	for _, p := range s.Participants {
		j.ever[p.ID] = j.ever[p.ID] || connected(p.State) || !p.ConnectedTime.IsZero()
		if ended(p.State) && j.kinds[p.ID] == "" {
			j.kinds[p.ID] = kind(p.DisconnectType)
		}
		if p.Held == Unsaid && s.Source == Event {
			p.Held = j.seen[p.ID].Held
		}
		j.seen[p.ID] = p
	}
	if s.Source == Resync && !s.AsOf.Before(j.asked) {
		j.asked = time.Time{}
	}
}

func (j *judge) legChanges() {
	switch n := j.w.pick(6); {
	case n == 5 && j.live:
		j.live, j.video, j.leftAt = false, false, time.Time{}
		j.take("no answer", func() (Call, Decision) { return j.call.OnNoAnswer(j.w.now) })
	case n < 3 && j.joining, n == 3 && j.live:
		j.live, j.joining, j.video = true, false, false
		j.take("joined", func() (Call, Decision) { return j.call.OnJoined(j.w.now) })
	case n == 3 && j.joining:
		j.joining = false
		j.take("join failed", func() (Call, Decision) { return j.call.OnJoinFailed(j.w.now) })
	case n == 4 && j.live:
		j.live, j.video, j.leftAt = false, false, time.Time{}
		words := []string{"Ice failure", "Disconnected by another participant"}[j.w.pick(2)]
		j.take("removed", func() (Call, Decision) { return j.call.OnRemoved(words, j.w.now) })
	default:
		j.take("retry", func() (Call, Decision) { return j.call.OnRetry(j.w.now) })
	}
}

func (j *judge) socketChanges() {
	if j.w.pick(3) == 0 {
		j.deaf = true
		j.take("blind", func() (Call, Decision) { return j.call.OnBlind(SocketDown, j.w.now) })
		return
	}
	j.deaf = false
	j.take("live", func() (Call, Decision) { return j.call.OnLive(j.w.now) })
}

func (j *judge) rosterChanges() {
	synced, in := j.w.pick(4) != 0, j.w.pick(2) == 0
	members := []Member{contactCentre, anAgent}
	if in {
		members = append(members, theCustomer)
	}
	if j.live {
		j.met = j.met || in
		switch {
		case in || !synced:
			j.leftAt = time.Time{}
		case j.met && j.leftAt.IsZero():
			j.leftAt = j.w.now
		}
	}
	j.take("roster", func() (Call, Decision) { return j.call.OnRoster(members, synced, j.w.now) })
}

func (j *judge) take(what string, do func() (Call, Decision)) {
	j.w.log = append(j.w.log, what)
	call, d := do()
	j.call, j.wake = call, d.Wake
	for _, a := range d.Actions {
		j.w.log = append(j.w.log, a)
		switch a := a.(type) {
		case Reread:
			j.asked = j.w.now
		case Join:
			if j.live || j.joining {
				j.fail("two joins")
			}
			j.joining = true
		case Leave, EndForAll:
			if _, end := a.(EndForAll); end {
				j.mayEnd()
			}
			j.live, j.joining, j.video, j.leftAt = false, false, false, time.Time{}
		case SetVideo:
			if !j.live {
				j.fail("video ordered without a leg")
			}
			j.video = a.On
		}
	}
	if j.video {
		j.mayShow()
	}
}

// mayShow is the first rule, by what the newest snapshot says.
func (j *judge) mayShow() {
	var me Participant
	for _, p := range j.last.Participants {
		if p.UserID == ada && connected(p.State) {
			me = p
		}
	}
	c := j.seen["p-cust"]
	switch {
	case j.deaf || !j.asked.IsZero():
		j.fail("seen while blind")
	case me.ID == "":
		j.fail("seen while not ours")
	case j.seen[me.ID].Held == Yes || connected(c.State) && c.Confined == Yes:
		j.fail("seen while held")
	case !j.camera:
		j.fail("seen with the camera off")
	}
}

// mayEnd is the second rule: the customer's end, the agent's own hang-up, or the grace.
func (j *judge) mayEnd() {
	if c := j.seen["p-cust"]; ended(c.State) {
		return
	}
	if !j.leftAt.IsZero() && !j.w.now.Before(j.leftAt.Add(AloneGrace)) && !j.deaf && j.asked.IsZero() {
		return
	}
	hungUp := false
	for _, p := range j.last.Participants {
		switch {
		case p.UserID == ada && !ended(p.State), p.Purpose == "acd" && connected(p.State):
			j.fail("a room ended while the call is somebody's")
		case p.UserID == ada && j.ever[p.ID]:
			hungUp = j.kinds[p.ID] == "client" || j.kinds[p.ID] == "endpoint"
		}
	}
	for _, p := range j.seen {
		if p.UserID == bob && !ended(p.State) {
			j.fail("a room ended while another agent may have the call")
		}
	}
	if !hungUp {
		j.fail("a room ended on an ambiguous snapshot")
	}
}

// settles brings the truth to the rules and checks that they come to see it.
func (j *judge) settles() {
	w := j.w
	w.now = w.now.Add(time.Second)
	w.queue = nil
	j.deaf = false
	j.take("live", func() (Call, Decision) { return j.call.OnLive(w.now) })
	s := Snapshot{ConversationID: conversation, Source: Resync, AsOf: w.now, Participants: w.ps}
	j.snapshot(s)
	if j.joining {
		j.live, j.joining = true, false
		j.take("joined", func() (Call, Decision) { return j.call.OnJoined(w.now) })
	}
	j.camera = true
	j.take("camera", func() (Call, Decision) { return j.call.OnCamera(true, w.now) })
	w.now = w.now.Add(Settle)
	j.take("timer", func() (Call, Decision) { return j.call.OnTimer(w.now) })
	v := j.call.View()
	if want := v.Row == Ours && v.Phase == PhaseActive && v.Out == ""; j.video != want {
		j.fail(fmt.Sprintf("got video %v at last, want %v (view %+v)", j.video, want, v))
	}
}

func (j *judge) fail(why string) {
	j.t.Helper()
	var story strings.Builder
	for _, what := range j.w.log {
		fmt.Fprintf(&story, "%T %+v\n", what, what)
	}
	j.t.Fatalf("%s\nview %+v\nlast taken %+v\nstory:\n%s", why, j.call.View(), j.last, &story)
}

func TestTheTwoRules(t *testing.T) {
	shown, ends := 0, 0
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		j := newJudge(t, newWorld(r.IntN))
		for range 120 {
			j.step()
			if j.video {
				shown++
			}
		}
		j.settles()
		if j.call.closed {
			ends++
		}
	}
	if shown < 1000 || ends < 100 {
		t.Errorf("the stories are too poor: shown in %d moments, %d rooms ended", shown, ends)
	}
}

func FuzzTheTwoRules(f *testing.F) {
	f.Add([]byte("ring, answer, hold, resume, hang up"))
	f.Fuzz(func(t *testing.T, story []byte) {
		next := func(n int) int {
			if len(story) == 0 {
				return 0
			}
			b := int(story[0])
			story = story[1:]
			return b % n
		}
		j := newJudge(t, newWorld(next))
		for len(story) > 0 {
			j.step()
		}
		j.settles()
	})
}
