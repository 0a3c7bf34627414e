package session

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/videoleg/videoleg/genesys/genesystest"
	"github.com/videoleg/videoleg/session/rules"
)

// followed opens and ends a call of Ada's, so that her notifications flow.
func (c *centre) followed() {
	c.t.Helper()
	call := c.ring()
	tab := c.open(c.agent(genesystest.AdaID), call.ID())
	tab.awaitConnect()
	err := c.cloud.AwaitSubscribed(c.t.Context(), genesystest.AdaID)
	if err == nil {
		err = call.CustomerHangup()
	}
	if err != nil {
		c.t.Fatal(err)
	}
	tab.awaitStatus(StatusEnded)
	<-call.Done()
	time.Sleep(time.Second)
}

// known is what is foreseen of one of Ada's calls.
func (c *centre) known(conversation string) *foreseen {
	time.Sleep(time.Second) // events come in two, with a pause
	synctest.Wait()
	c.calls.mu.Lock()
	defer c.calls.mu.Unlock()
	return c.calls.followers[genesystest.AdaID].foreseen[conversation]
}

// TestForeseen: of the next call of an agent who is followed all is known before his page opens, and nobody sees him.
func TestForeseen(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		c.followed()
		const room = "4711abcd4711abce"
		call, err := c.cloud.Call(t.Context(), genesystest.InboundCall{ANIName: room})
		if err != nil {
			t.Fatal(err)
		}
		if k := c.known(call.ID()); k == nil || k.session != room {
			t.Fatalf("while it rings: %+v, want the session", k)
		}
		if err := call.Answer(genesystest.AdaID); err != nil {
			t.Fatal(err)
		}
		mine, _ := c.known(call.ID()).conv.Mine(genesystest.AdaID)
		if !mine.Connected() {
			t.Errorf("after the answer he is %q, want connected", mine.State)
		}
		if got := c.tagged(rules.AgentTag); len(got) != 0 {
			t.Errorf("on the node: %+v, want nobody", got)
		}
		ada := c.agent(genesystest.AdaID)
		opened, err := c.calls.Open(t.Context(), ada, call.ID())
		if err != nil || opened.first == nil {
			t.Fatalf("Open = %v, with what was known: %v", err, opened != nil && opened.first != nil)
		}
		tab := c.open(ada, call.ID())
		tab.awaitConnect()
		if k := c.known(call.ID()); k != nil {
			t.Errorf("%+v is kept of a call that has begun", k)
		}
	})
}

func TestForeseenIsForgotten(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(*centre, *genesystest.Conversation) error
	}{
		{"missed alert", func(_ *centre, v *genesystest.Conversation) error { return v.NoAnswer(genesystest.AdaID) }},
		{"notifications lost", func(c *centre, _ *genesystest.Conversation) error { return c.cloud.DropSockets(genesystest.AdaID) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, c *centre) {
				c.followed()
				call, err := c.cloud.Call(t.Context(), genesystest.InboundCall{ANIName: "4711abcd4711abce"})
				if err != nil {
					t.Fatal(err)
				}
				if c.known(call.ID()) == nil {
					t.Fatal("not foreseen while it rings")
				}
				if err := tt.do(c, call); err != nil {
					t.Fatal(err)
				}
				if k := c.known(call.ID()); k != nil {
					t.Errorf("%+v is kept", k)
				}
			})
		})
	}
}
