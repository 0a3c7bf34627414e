package session

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/videoleg/videoleg/genesys/genesystest"
	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
	"github.com/videoleg/videoleg/session/membership"
	"github.com/videoleg/videoleg/session/rules"
)

// bystander is another host in the room. The result is the most agents that he has seen at once.
func (c *centre) bystander() *atomic.Int32 {
	c.t.Helper()
	p, err := c.calls.cfg.Pexip.Join(c.t.Context(), pexrtc.JoinRequest{Alias: "agt" + roomID, DisplayName: "Bystander", PIN: hostPIN})
	if err != nil {
		c.t.Fatal(err)
	}
	var most atomic.Int32
	over := make(chan error)
	go func() {
		over <- p.Run(context.Background(), func(e pexrtc.Event) {
			agents := 0
			if r, ok := e.(pexrtc.Roster); ok {
				for _, one := range r.Participants {
					if isAgent(one) {
						agents++
					}
				}
			}
			most.Store(max(most.Load(), int32(agents)))
		})
	}()
	c.t.Cleanup(func() {
		if err := p.Release(context.Background(), ""); err != nil {
			c.t.Error(err)
		}
		<-over
	})
	return &most
}

// alone checks that one agent is in the room, and that the bystander has never seen two.
func (c *centre) alone(most *atomic.Int32) {
	c.t.Helper()
	if got := c.tagged(rules.AgentTag); len(got) != 1 || most.Load() != 1 {
		c.t.Errorf("on the node: %+v, at once %d, want one", got, most.Load())
	}
}

// killed is what a process leaves of Ada's call when it is killed: her participant, and the record of it.
func (c *centre) killed(conversation string) {
	c.t.Helper()
	id := callID(genesystest.AdaID, conversation)
	p, err := c.calls.cfg.Pexip.Join(c.t.Context(), pexrtc.JoinRequest{
		Alias: "agt" + roomID, DisplayName: "Ada", PIN: hostPIN, CallTag: rules.AgentTag + id,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.members.Keep(id, p.Membership())
	synctest.Wait()
}

// process is what another process knows, that comes after or lives beside the centre's own.
func (c *centre) process(holder string) *membership.Registry {
	c.t.Helper()
	members, err := membership.New(c.t.Context(), membership.Config{
		Pexip: c.calls.cfg.Pexip, Records: c.records, Secret: make([]byte, 32), Holder: holder, Log: c.calls.cfg.Log,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		if err := members.Close(context.Background()); err != nil {
			c.t.Error(err)
		}
	})
	return members
}

// slowRelease lets the node take its time to let somebody go, and yet less of it than a join waits for.
func (c *centre) slowRelease() {
	c.node.SetFaults(pexrtctest.Faults{OnRequest: pexrtctest.On("/release_token", &pexrtctest.Fault{Delay: 900 * time.Millisecond})})
}

// TestKilledProcess: what it leaves in the room is gone before its agent is there again, and also if nobody comes back.
func TestKilledProcess(t *testing.T) {
	for _, tc := range []struct {
		name, holder string
		back         bool
	}{
		{"the page comes back", "", true},
		{"the page comes back to another process", "another", true},
		{"nobody comes back", "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, c *centre) {
				most := c.bystander()
				conversation := c.ring()
				c.killed(conversation.ID())
				c.slowRelease()
				c.calls.cfg.Members = c.process(tc.holder)
				want := 0
				if tc.back {
					c.open(c.agent(genesystest.AdaID), conversation.ID()).awaitConnect()
					want = 1
				}
				time.Sleep(2 * time.Second)
				if got := c.tagged(rules.AgentTag); len(got) != want {
					t.Errorf("on the node: %+v, want %d", got, want)
				}
				if most.Load() != 1 {
					t.Errorf("%d agents in the roster at once, want never more than one", most.Load())
				}
			})
		})
	}
}

// TestNodeFailsAtTheEnd of a call, and for longer than the call lives on: nobody stays in the room.
func TestNodeFailsAtTheEnd(t *testing.T) {
	for _, tc := range []struct {
		name, tag string
		join      func(*centre) (leave func())
	}{
		{"agent", rules.AgentTag, func(c *centre) func() {
			conversation := c.ring()
			tab := c.open(c.agent(genesystest.AdaID), conversation.ID())
			tab.awaitConnect()
			return func() {
				if err := conversation.HangUp(genesystest.AdaID); err != nil {
					c.t.Fatal(err)
				}
				tab.awaitStatus(StatusEnded)
				tab.unload()
			}
		}},
		{"customer", customerTag, func(c *centre) func() {
			_, tab := c.grace()
			tab.awaitConnect()
			return func() {
				tab.say(map[string]any{"type": "leave"})
				tab.awaitStatus(visitEnded)
			}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, c *centre) {
				leave := tc.join(c)
				c.node.SetFaults(pexrtctest.Faults{OnRequest: func(*http.Request) *pexrtctest.Fault { return &pexrtctest.Fault{Status: 500} }})
				leave()
				time.Sleep(30 * time.Second)
				if got := c.tagged(tc.tag); len(got) != 1 {
					t.Errorf("while the node fails: %+v, want one", got)
				}
				c.node.SetFaults(pexrtctest.Faults{})
				time.Sleep(20 * time.Second)
				if got := c.tagged(tc.tag); len(got) != 0 {
					t.Errorf("on the node: %+v, want nobody", got)
				}
			})
		})
	}
}

// talking is a leg that the node does not end.
type talking struct{ *gate }

func (talking) close(ctx context.Context) { <-ctx.Done() }

// TestStopWhileTheNodeHangs: nobody waits for longer than a stop may take.
func TestStopWhileTheNodeHangs(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		c.calls.newLeg = func(*Call, *pexrtc.Participant) leg { return talking{&gate{w: &witness{t: t, c: c}}} }
		tab := c.open(c.agent(genesystest.AdaID), c.ring().ID())
		tab.awaitConnect()
		_, customer := c.grace()
		customer.awaitConnect()
		c.node.SetFaults(pexrtctest.Faults{OnRequest: func(*http.Request) *pexrtctest.Fault { return &pexrtctest.Fault{Delay: time.Hour} }})
		ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
		defer cancel()
		visits := make(chan error)
		go func() { visits <- c.visits.Close(ctx) }()
		if err := errors.Join(c.calls.Close(ctx), <-visits); err != nil {
			t.Error(err)
		}
	})
}

// TestOpenedElsewhere: an agent whose page comes to another process is alone in the roster, and the process before does not
// fight for its place.
func TestOpenedElsewhere(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		most := c.bystander()
		ada, conversation := c.agent(genesystest.AdaID), c.ring()
		before := c.open(ada, conversation.ID())
		before.awaitConnect()
		synctest.Wait() // for the record
		cfg := c.calls.cfg
		cfg.Members = c.process("another")
		first, second := c.calls, NewCalls(cfg)
		c.calls = second
		c.open(ada, conversation.ID()).awaitConnect()
		m := before.await("is told", func(m message) bool { return m.Error != nil })
		if m.Error.Code != "removed" {
			t.Errorf("the page before is told %s, want removed", m.Error.Code)
		}
		time.Sleep(5 * time.Minute)
		c.alone(most)
		for _, calls := range []*Calls{first, second} {
			if err := calls.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestOpenedAgainAtOnce: a widget that is opened while its call of before still leaves the room waits for that.
func TestOpenedAgainAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		most := c.bystander()
		ada, conversation := c.agent(genesystest.AdaID), c.ring()
		tab := c.open(ada, conversation.ID())
		tab.awaitConnect()
		c.slowRelease()
		call, err := c.calls.Open(t.Context(), ada, conversation.ID())
		if err != nil {
			t.Fatal(err)
		}
		call.close()
		synctest.Wait()
		c.open(ada, conversation.ID()).awaitConnect()
		time.Sleep(2 * time.Second)
		c.alone(most)
	})
}
