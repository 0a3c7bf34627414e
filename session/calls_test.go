package session

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/videoleg/videoleg/genesys"
	"github.com/videoleg/videoleg/genesys/genesystest"
	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
	"github.com/videoleg/videoleg/session/rules"
)

func TestOpenRefuses(t *testing.T) {
	for _, tc := range []struct {
		name string
		call genesystest.InboundCall
		do   func(*testing.T, *genesystest.Conversation)
		user string
		want error
		code string
	}{
		{"another agent's call", genesystest.InboundCall{ANIName: roomID}, nil, genesystest.BobID, ErrNotOnCall, "not-on-call"},
		{"no ANI name", genesystest.InboundCall{ANI: "tel:+15557654321"}, nil, genesystest.AdaID, genesys.ErrNoAlias, "no-alias"},
		{"call over", genesystest.InboundCall{ANIName: roomID}, func(t *testing.T, v *genesystest.Conversation) {
			if err := v.CustomerHangup(); err != nil {
				t.Fatal(err)
			}
			<-v.Done()
		}, genesystest.AdaID, ErrCallEnded, "call-ended"},
		{"transferred away", genesystest.InboundCall{ANIName: roomID}, func(t *testing.T, v *genesystest.Conversation) {
			if err := errors.Join(v.Transfer(genesystest.AdaID, genesystest.BobID), v.Answer(genesystest.BobID)); err != nil {
				t.Fatal(err)
			}
		}, genesystest.AdaID, ErrNotOnCall, "not-on-call"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, c *centre) {
				call, err := c.cloud.Call(t.Context(), tc.call)
				if err == nil {
					err = call.Answer(genesystest.AdaID)
				}
				if err != nil {
					t.Fatal(err)
				}
				if tc.do != nil {
					tc.do(t, call)
				}
				_, err = c.calls.Open(t.Context(), c.agent(tc.user), call.ID())
				if !errors.Is(err, tc.want) || FaultOf(err).Code != tc.code {
					t.Errorf("Open = %v (%s), want %v (%s)", err, FaultOf(err).Code, tc.want, tc.code)
				}
				if got := c.tagged(rules.AgentTag); len(got) != 0 {
					t.Errorf("on the node: %+v, want nobody", got)
				}
			})
		})
	}
}

func TestOpenUnknownConversation(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		_, err := c.calls.Open(t.Context(), c.agent(genesystest.AdaID), "c0ffee00-0000-4000-8000-00000000dead")
		if !errors.Is(err, genesys.ErrNotFound) {
			t.Errorf("Open = %v, want ErrNotFound", err)
		}
	})
}

// TestPagesComeAndGo: the participant stays for as long as a page may come back, and not longer.
func TestPagesComeAndGo(t *testing.T) {
	for _, tc := range []struct {
		name  string
		leave func(*tab)
		stays time.Duration
	}{
		{"unloaded", (*tab).unload, unloadGrace},
		{"cut off", (*tab).cut, lostGrace},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, c *centre) {
				ada, call := c.agent(genesystest.AdaID), c.ring()
				tab := c.open(ada, call.ID())
				tab.awaitConnect()
				before := c.tagged(rules.AgentTag)
				if len(before) != 1 || before[0].Role != "chair" || before[0].Conference != roomID {
					t.Fatalf("on the node: %+v, want one host in %s", before, roomID)
				}
				tc.leave(tab)
				time.Sleep(tc.stays - time.Second)
				again := c.open(ada, call.ID())
				again.awaitConnect()
				if after := c.tagged(rules.AgentTag); len(after) != 1 || after[0].UUID != before[0].UUID {
					t.Errorf("after coming back: %+v, want the participant of before", after)
				}
				tc.leave(again)
				time.Sleep(tc.stays + time.Second)
				if left := c.tagged(rules.AgentTag); len(left) != 0 {
					t.Errorf("after %v without a page: %+v, want nobody", tc.stays, left)
				}
			})
		})
	}
}

// TestNoPageAtAll: what was begun for a page that never connects ends by itself.
func TestNoPageAtAll(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		call := c.ring()
		if _, err := c.calls.Open(t.Context(), c.agent(genesystest.AdaID), call.ID()); err != nil {
			t.Fatal(err)
		}
		if got := c.tagged(rules.AgentTag); len(got) != 1 {
			t.Errorf("before the page: %+v, want the join under way", got)
		}
		time.Sleep(openGrace + time.Second)
		if got := c.tagged(rules.AgentTag); len(got) != 0 {
			t.Errorf("without a page: %+v, want nobody", got)
		}
	})
}

func TestSecondWindow(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		ada, call := c.agent(genesystest.AdaID), c.ring()
		first := c.open(ada, call.ID())
		first.awaitStatus(StatusConnecting)
		second := c.open(ada, call.ID())
		first.await("says another window shows the call", func(m message) bool { return m.Pane == paneElsewhere })
		second.awaitStatus(StatusConnecting)
		if got := c.tagged(rules.AgentTag); len(got) != 1 {
			t.Errorf("%d participants, want one", len(got))
		}
	})
}

func TestHangUpEndsForAll(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		ada, call := c.agent(genesystest.AdaID), c.ring()
		customer, err := c.node.SimulateCustomer("cus"+roomID, "Grace")
		if err != nil {
			t.Fatal(err)
		}
		tab := c.open(ada, call.ID())
		tab.awaitStatus(StatusConnecting)
		if err := c.cloud.AwaitSubscribed(t.Context(), genesystest.AdaID); err != nil {
			t.Fatal(err)
		}
		if err := call.HangUp(genesystest.AdaID); err != nil {
			t.Fatal(err)
		}
		tab.awaitStatus(StatusEnded)
		<-customer.Done()
		if got := c.node.Conferences(); len(got) != 0 {
			t.Errorf("conferences: %+v, want none", got)
		}
	})
}

func TestRetryAfterFailure(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		c.node.SetFaults(pexrtctest.Faults{OnRequestToken: func(pexrtctest.Join) *pexrtctest.Fault { return &pexrtctest.Fault{Status: 503} }})
		tab := c.open(c.agent(genesystest.AdaID), c.ring().ID())
		m := tab.await("tells the failure", func(m message) bool { return m.Error != nil })
		if m.Error.Code != "node-down" || m.Status != StatusNoCall {
			t.Errorf("the page is told %s with status %s, want node-down and %s", m.Error.Code, m.Status, StatusNoCall)
		}
		c.node.SetFaults(pexrtctest.Faults{})
		tab.say(map[string]any{"type": "retry"})
		tab.awaitConnect()
		if got := c.tagged(rules.AgentTag); len(got) != 1 {
			t.Errorf("%d participants after Try again, want one", len(got))
		}
	})
}

// TestRetryOfThePage: after an error of the page's own the call is what it was. The page has dropped its leg and all that it was
// told, and gets both anew.
func TestRetryOfThePage(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		c.calls.newLeg = func(*Call, *pexrtc.Participant) leg { return &gate{w: &witness{t: t, c: c}} }
		tab := c.open(c.agent(genesystest.AdaID), c.ring().ID())
		tab.awaitConnect()
		tab.say(map[string]any{"type": "offer", "sdp": "v=0\r\n", "id": 1})
		tab.awaitStatus(StatusInCall)
		before := c.tagged(rules.AgentTag)
		tab.quiet()
		tab.say(map[string]any{"type": "retry"})
		told := map[string]bool{}
		tab.await("completes what the page needs", func(m message) bool {
			told[m.Type] = m.Type != "state" || m.Status == StatusInCall
			return told["connect"] && told["state"] && told["people"]
		})
		if after := c.tagged(rules.AgentTag); len(after) != 1 || after[0].UUID != before[0].UUID {
			t.Errorf("after Try again: %+v, want the participant of before", after)
		}
	})
}

// TestGuestPIN: a PIN that makes us a guest is the wrong one, and is not used.
func TestJoinedAsGuest(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		c.calls.cfg.HostPIN = ""
		tab := c.open(c.agent(genesystest.AdaID), c.ring().ID())
		m := tab.await("tells the failure", func(m message) bool { return m.Error != nil })
		if m.Error.Code != "host-pin" && m.Error.Code != "pin" {
			t.Errorf("the page is told %s, want that the PIN is wrong", m.Error.Code)
		}
		if got := c.tagged(rules.AgentTag); len(got) != 0 {
			t.Errorf("on the node: %+v, want nobody", got)
		}
	})
}

// TestRemoved: who was thrown out does not come back by himself.
func TestRemoved(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		tab := c.open(c.agent(genesystest.AdaID), c.ring().ID())
		tab.awaitConnect()
		c.node.KickParticipant(c.tagged(rules.AgentTag)[0].UUID, "Disconnected by another participant")
		tab.await("says so", func(m message) bool { return m.Error != nil && m.Error.Code == "removed" })
		time.Sleep(time.Minute)
		if got := c.tagged(rules.AgentTag); len(got) != 0 {
			t.Errorf("back in the room: %+v", got)
		}
	})
}

// TestStop: the desktop removes the widget, which waits for no more than there is to release.
func TestStop(t *testing.T) {
	for _, tc := range []struct {
		name string
		open func(*centre) *tab
	}{
		{"in the room", func(c *centre) *tab {
			tab := c.open(c.agent(genesystest.AdaID), c.ring().ID())
			tab.awaitConnect()
			return tab
		}},
		{"while it rings", func(c *centre) *tab {
			call, err := c.cloud.Call(c.t.Context(), genesystest.InboundCall{ANIName: roomID})
			if err != nil {
				c.t.Fatal(err)
			}
			tab := c.open(c.agent(genesystest.AdaID), call.ID())
			tab.await("says it rings", func(m message) bool { return m.Pane == paneRinging })
			return tab
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, c *centre) {
				tab := tc.open(c)
				before := time.Now()
				tab.say(map[string]any{"type": "stop"})
				tab.await("says that all is released", func(m message) bool { return m.Type == "stopped" })
				if took := time.Since(before); took > time.Second {
					t.Errorf("took %v", took)
				}
				if got := c.tagged(rules.AgentTag); len(got) != 0 {
					t.Errorf("on the node: %+v, want nobody", got)
				}
			})
		})
	}
}

func TestCloseReleasesAll(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		ada, call := c.agent(genesystest.AdaID), c.ring()
		tab := c.open(ada, call.ID())
		tab.awaitConnect()
		if err := c.calls.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if got := c.tagged(rules.AgentTag); len(got) != 0 {
			t.Errorf("on the node: %+v, want nobody", got)
		}
		if _, err := c.calls.Open(t.Context(), ada, call.ID()); !errors.Is(err, ErrStopping) {
			t.Errorf("Open after Close = %v, want ErrStopping", err)
		}
	})
}

// TestCloseWhileOneOpens: a call begun at the last moment is closed with the others.
func TestCloseWhileOneOpens(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		ada, conversation := c.agent(genesystest.AdaID), c.ring()
		c.slowRelease()
		var late *Call
		stop := c.calls.stop
		c.calls.stop = func() {
			c.calls.stop = stop
			defer stop()
			if !c.calls.mu.TryLock() {
				return // nobody can begin one now
			}
			c.calls.mu.Unlock()
			var err error
			if late, err = c.calls.Open(t.Context(), ada, conversation.ID()); err != nil {
				t.Error(err)
			}
			synctest.Wait()
		}
		if err := c.calls.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if late == nil {
			return
		}
		select {
		case <-late.done:
		default:
			t.Error("all is closed, and a call is not")
		}
	})
}

func TestRingingDoesNotJoin(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		call, err := c.cloud.Call(t.Context(), genesystest.InboundCall{ANIName: roomID})
		if err != nil {
			t.Fatal(err)
		}
		tab := c.open(c.agent(genesystest.AdaID), call.ID())
		tab.await("says it rings", func(m message) bool { return m.Status == StatusNoCall && m.Pane == paneRinging })
		if got := c.tagged(rules.AgentTag); len(got) != 0 {
			t.Errorf("in the room while it rings: %+v", got)
		}
		synctest.Wait()
		if err := call.Answer(genesystest.AdaID); err != nil {
			t.Fatal(err)
		}
		tab.awaitConnect()
	})
}
