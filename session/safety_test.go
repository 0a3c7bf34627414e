package session

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/videoleg/videoleg/genesys/genesystest"
	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/session/rules"
)

const (
	toldIn  = 300 * time.Millisecond                  // all snapshots of one action are told within this
	heardIn = watchInterval + 2*toldIn + rules.Settle // what a deaf channel did not tell is read within this
)

// gate is a leg without media: all that counts is whether a picture would pass.
type gate struct {
	w *witness

	mu     sync.Mutex // guards the rest
	open   bool       // for the camera
	shares bool       // the same for the screen
	shut   bool       // for the customer's camera
	line   string     // direction of the slides
}

func (g *gate) connect(_ context.Context, _ string, answer func(string)) error {
	answer("v=0\r\n")
	return nil
}

func (g *gate) show(on bool) {
	g.mu.Lock()
	g.open = on
	g.mu.Unlock()
	if on {
		g.w.check("the gate opens")
	}
}

func (g *gate) present(on bool) {
	g.mu.Lock()
	g.shares = on
	g.mu.Unlock()
	if on {
		g.w.check("the screen's gate opens")
	}
}

func (g *gate) hide(on bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = on
}

func (g *gate) hides() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.shut
}

func (g *gate) slides() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.line
}

func (g *gate) turn(_ context.Context, direction string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.line = direction
	return nil
}

func (g *gate) close(context.Context) {
	g.show(false)
	g.present(false)
}

func (g *gate) keeps(string) bool                                 { return true }
func (g *gate) candidate(context.Context, pexrtc.Candidate) error { return nil }

// witness compares what the customer could see with what is true at the contact centre.
type witness struct {
	t     *testing.T
	c     *centre
	call  *genesystest.Conversation
	story []string

	wishes chan bool // of the agent: camera on or off
	shares chan bool // of the agent: to share a screen, or no more

	mu       sync.Mutex // guards what follows
	gates    []*gate
	acted    time.Time // the last change of the call
	wrong    time.Time // since when he sees what he may not; zero: he does not
	unheard  time.Time // until then a deaf channel excuses us
	deaf     bool
	shown    int
	accusals []string
}

// check is called whenever something may have changed.
func (w *witness) check(when string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	open := false
	for _, g := range w.gates {
		g.mu.Lock()
		open = open || g.open || g.shares
		g.mu.Unlock()
	}
	now, why := time.Now(), w.hidden()
	if !open || why == "" {
		w.wrong = time.Time{}
	} else if w.wrong.IsZero() {
		w.wrong = now
	}
	if !open {
		return
	}
	w.shown++
	ended, cancel := context.WithCancel(w.t.Context())
	cancel()
	switch {
	case w.c.cloud.AwaitSubscribed(ended, genesystest.AdaID) != nil:
		w.accuse(when, "seen while nobody listens to the call")
	case why != "" && now.Sub(w.acted) > toldIn && !w.deaf && now.After(w.unheard):
		w.accuse(when, "seen while "+why)
	case why != "" && now.Sub(w.wrong) > heardIn:
		w.accuse(when, "seen for long while "+why+", unheard")
	}
}

func (w *witness) accuse(when, why string) {
	w.accusals = append(w.accusals, when+": "+why)
}

// hidden says why the customer may not see Ada now.
func (w *witness) hidden() string {
	var ada, customer genesystest.Participant
	for _, p := range w.call.Participants() {
		switch {
		case p.Purpose == "customer":
			customer = p
		case p.UserID == genesystest.AdaID && (p.State == "connected" || ada.State != "connected"):
			ada = p
		}
	}
	switch {
	case customer.State != "connected":
		return "he has hung up"
	case ada.State != "connected":
		return "her leg is " + ada.State
	case ada.Held:
		return "the call is on hold"
	case customer.Confined:
		return "he hears music"
	case ada.Confined:
		return "she is put aside"
	default:
		return ""
	}
}

// deeds are what may happen, to whoever can do it; the platform refuses what makes no sense.
func (w *witness) deeds() map[string]func() error {
	const ada, bob = genesystest.AdaID, genesystest.BobID
	v, cloud := w.call, w.c.cloud
	camera := func(on bool) error { w.wishes <- on; return nil }
	share := func(on bool) error { w.shares <- on; return nil }
	return map[string]func() error{
		"hold": func() error { return v.Hold(ada) }, "resume": func() error { return v.Resume(ada) },
		"hold again": func() error { return v.Hold(ada) }, "resume again": func() error { return v.Resume(ada) },
		"mute": func() error { return v.Mute(ada) }, "unmute": func() error { return v.Unmute(ada) },
		"answer": func() error { return v.Answer(ada) }, "bob answers": func() error { return v.Answer(bob) },
		"answer again": func() error { return v.Answer(ada) }, "bob answers again": func() error { return v.Answer(bob) },
		"consult": func() error { return v.Consult(ada, bob) }, "bob consults": func() error { return v.Consult(bob, ada) },
		"to the customer":    func() error { return v.ConsultSpeakTo("OBJECT") },
		"to the colleague":   func() error { return v.ConsultSpeakTo("DESTINATION") },
		"conference":         func() error { return v.ConsultSpeakTo("CONFERENCE") },
		"cancel":             v.ConsultCancel,
		"complete":           v.ConsultComplete,
		"transfer":           func() error { return v.Transfer(ada, bob) },
		"bob transfers":      func() error { return v.Transfer(bob, ada) },
		"to the queue":       func() error { return v.Transfer(bob, genesystest.BackOfficeID) },
		"bob misses":         func() error { return v.NoAnswer(bob) },
		"bob holds":          func() error { return v.Hold(bob) },
		"bob resumes":        func() error { return v.Resume(bob) },
		"the leg is lost":    func() error { return v.LoseLeg(ada, "transport.failure") },
		"told again":         v.Resend,
		"time passes":        func() error { time.Sleep(heardIn); return nil },
		"the socket breaks":  func() error { return cloud.DropSockets(ada) },
		"the channel closes": func() error { return cloud.CloseSoon(ada, time.Second) },
		"deaf":               func() error { w.hear(false); return cloud.Deaf(ada, true) },
		"hears":              func() error { w.hear(true); return cloud.Deaf(ada, false) },
		"camera off":         func() error { return camera(false) },
		"camera on":          func() error { return camera(true) },
		"shares":             func() error { return share(true) },
		"stops sharing":      func() error { return share(false) },
	}
}

func (w *witness) hear(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.deaf && on {
		w.unheard = time.Now().Add(heardIn)
	}
	w.deaf = !on
}

// page answers the server as a page does: it offers when it is asked, and when there is a call again.
func (w *witness) page(tab *tab) {
	camera := func(on bool) { _ = tab.ws.WriteJSON(map[string]any{"type": "camera", "on": on, "available": on}) }
	offer := func() { _ = tab.ws.WriteJSON(map[string]any{"type": "offer", "sdp": "v=0\r\n", "id": 1}) }
	camera(true)
	offer()
	over := false
	for {
		select {
		case on := <-w.wishes:
			camera(on)
		case on := <-w.shares:
			_ = tab.ws.WriteJSON(map[string]any{"type": "present", "on": on})
		case m, open := <-tab.messages:
			if !open {
				return
			}
			ended := m.Status == StatusEnded || m.Status == StatusNoCall
			if m.Type == "restart" || m.Type == "state" && over && !ended {
				offer()
			}
			over = over && m.Type != "state" || m.Type == "state" && ended
		}
	}
}

// ended tells whether the room was ended for everybody.
func (w *witness) ended() bool {
	for _, r := range w.c.node.Requests() {
		if strings.HasSuffix(r.Path, "agt"+roomID+"/disconnect") {
			return true
		}
	}
	return false
}

// TestSafety plays random calls to the running session: no picture passes while the call is held, ringing, somebody
// else's, or while nobody listens to it; and no room ends while the customer's call goes on.
func TestSafety(t *testing.T) {
	shown := 0
	for seed := range uint64(50) {
		t.Run(fmt.Sprint("story ", seed), func(t *testing.T) {
			bubble(t, func(t *testing.T, c *centre) { shown += playSafely(t, c, rand.New(rand.NewPCG(seed, 7))) })
		})
	}
	if shown < 300 {
		t.Errorf("the stories are too poor: shown in %d moments", shown)
	}
}

func playSafely(t *testing.T, c *centre, r *rand.Rand) int {
	w := &witness{t: t, c: c, call: c.ring(), wishes: make(chan bool), shares: make(chan bool)}
	c.calls.cfg.Mode = Relay
	c.calls.newLeg = func(*Call, *pexrtc.Participant) leg {
		g := &gate{w: w}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.gates = append(w.gates, g)
		return g
	}
	go w.page(c.open(c.agent(genesystest.AdaID), w.call.ID()))
	deeds := w.deeds()
	names := slices.Sorted(maps.Keys(deeds))
	for range 60 {
		name := w.happen(deeds, names, r)
		time.Sleep(time.Duration(r.IntN(12)) * time.Duration(r.IntN(250)) * time.Millisecond)
		synctest.Wait()
		w.check("after " + name)
		if w.hidden() != "he has hung up" && w.ended() {
			w.accuse("after "+name, "the room was ended while the customer's call goes on")
		}
		if len(w.accusals) > 0 {
			t.Fatalf("%s\nparticipants %+v\nstory: %s", strings.Join(w.accusals, "\n"), w.call.Participants(), strings.Join(w.story, ", "))
		}
	}
	return w.shown
}

// happen lets one thing happen that the platform does not refuse.
func (w *witness) happen(deeds map[string]func() error, names []string, r *rand.Rand) string {
	for {
		name := names[r.IntN(len(names))]
		w.mu.Lock()
		before := w.acted
		w.acted = time.Now()
		w.mu.Unlock()
		if deeds[name]() == nil {
			w.story = append(w.story, name)
			return name
		}
		w.mu.Lock()
		w.acted = before
		w.mu.Unlock()
	}
}
