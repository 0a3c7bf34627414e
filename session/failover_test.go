package session

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/videoleg/videoleg/genesys/genesystest"
	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
	"github.com/videoleg/videoleg/pexrtc/relay"
	"github.com/videoleg/videoleg/session/page"
	"github.com/videoleg/videoleg/session/rules"
)

// TestBudget: recoveries end where nothing comes of them, and never where media flows in between.
func TestBudget(t *testing.T) {
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name  string
		flows time.Duration // after each recovery; 0: it comes to nothing
		want  int           // recoveries, of twenty
	}{
		{"in vain", 0, maxRecoveries},
		{"for a moment each", renewedAfter - time.Second, maxRecoveries},
		{"for a while each", renewedAfter, 20},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var b budget
			got, at := 0, now
			for range 20 {
				if !b.spend(at) {
					break
				}
				got++
				if tc.flows > 0 {
					b.since = at
				}
				at = at.Add(tc.flows)
			}
			if got != tc.want {
				t.Errorf("%d recoveries, want %d", got, tc.want)
			}
		})
	}
}

// TestTokenLost: the node forgot us, the call is still on: one more participant, and only one.
func TestTokenLost(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		tab := c.open(c.agent(genesystest.AdaID), c.ring().ID())
		tab.awaitConnect()
		before := c.tagged(rules.AgentTag)[0].UUID
		c.node.ExpireToken(before)
		tab.awaitConnect()
		if got := c.tagged(rules.AgentTag); len(got) != 1 || got[0].UUID == before {
			t.Errorf("on the node: %+v, want one new participant", got)
		}
	})
}

// TestTokenLostAgainAndAgain: a node that never keeps us is given up, and the page can say so.
func TestTokenLostAgainAndAgain(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		tab := c.open(c.agent(genesystest.AdaID), c.ring().ID())
		lost := 0
		for {
			m := tab.await("asks for an offer, or gives up", func(m message) bool { return m.Type == "connect" || m.Error != nil })
			if m.Error != nil {
				if m.Error.Code != "room-lost" || m.Status != StatusNoCall {
					t.Errorf("the page is told %s with status %s, want room-lost and %s", m.Error.Code, m.Status, StatusNoCall)
				}
				break
			}
			c.node.ExpireToken(c.tagged(rules.AgentTag)[0].UUID)
			lost++
		}
		if most := maxRecoveries + 2; lost != most { // the last but one is the rules' own way back
			t.Errorf("given up after %d losses, want %d", lost, most)
		}
		if got := c.tagged(rules.AgentTag); len(got) != 0 {
			t.Errorf("on the node: %+v, want nobody", got)
		}
	})
}

// TestAnotherLegWhileAway: a page that comes back with its peer connection is told that the leg is another one.
func TestAnotherLegWhileAway(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		ada, conversation := c.agent(genesystest.AdaID), c.ring()
		first := c.open(ada, conversation.ID())
		first.awaitConnect()
		first.cut()
		c.node.ExpireToken(c.tagged(rules.AgentTag)[0].UUID)
		synctest.Wait()
		call, err := c.calls.Open(t.Context(), ada, conversation.ID())
		if err != nil {
			t.Fatal(err)
		}
		back := newTab(t, func(conn *page.Conn) bool { return call.Attach(conn, true) }, call.Handle, call.Detach)
		back.awaitConnect()
	})
}

// TestPageUnreached: where no media gets through to the page, the room is left, and Try again joins anew.
func TestPageUnreached(t *testing.T) {
	byPage := func(tab *tab, _ *Call) { tab.say(map[string]any{"type": "unreached"}) }
	byRelay := func(_ *tab, call *Call) {
		call.post(func() { call.legState(call.stay.leg, relay.State{Hop: relay.Browser, Condition: relay.Failed}) })
	}
	for _, tc := range []struct {
		name string
		live bool // by the signalling
		tell func(*tab, *Call)
	}{{"at first", false, byPage}, {"live", true, byPage}, {"seen by the relay", true, byRelay}} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, c *centre) {
				c.calls.newLeg = func(*Call, *pexrtc.Participant) leg { return &gate{w: &witness{t: t, c: c}} }
				ada, conversation := c.agent(genesystest.AdaID), c.ring()
				tab := c.open(ada, conversation.ID())
				tab.awaitConnect()
				if tc.live {
					tab.say(map[string]any{"type": "offer", "sdp": "v=0\r\n", "id": 1})
					tab.awaitStatus(StatusInCall)
				}
				call, err := c.calls.Open(t.Context(), ada, conversation.ID())
				if err != nil {
					t.Fatal(err)
				}
				tc.tell(tab, call)
				m := tab.await("tells the failure", func(m message) bool { return m.Error != nil })
				if m.Error.Code != "media-bypass" || m.Status != StatusNoCall {
					t.Errorf("the page is told %s with status %s, want media-bypass and %s", m.Error.Code, m.Status, StatusNoCall)
				}
				if got := c.tagged(rules.AgentTag); len(got) != 0 {
					t.Errorf("on the node: %+v, want nobody", got)
				}
				tab.say(map[string]any{"type": "retry"})
				tab.awaitConnect()
			})
		})
	}
}

// hopGate is a gate with a hop to the node, which may have no path.
type hopGate struct {
	gate
	look func() error
}

func (g *hopGate) connect(ctx context.Context, offer string, answer func(string)) error {
	if err := g.look(); err != nil {
		return err
	}
	return g.gate.connect(ctx, offer, answer)
}

// TestNodeUnreached: where no media has ever flowed to the node the agent is told soon, after a second try, and was connecting
// until then. Once it has flowed there is more patience.
func TestNodeUnreached(t *testing.T) {
	for _, tc := range []struct {
		name   string
		flowed bool
		status string // while it is tried
		tries  int
		within time.Duration
		err    error // of a negotiation without a path
	}{
		{"never", false, StatusConnecting, 1 + firstRecoveries, 20 * time.Second, nil},
		{"never, and no address", false, StatusConnecting, 1 + firstRecoveries, time.Second, relay.ErrNoPath},
		{"not any more", true, StatusReconnecting, 1 + maxRecoveries, 2 * time.Minute, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, c *centre) {
				c.calls.cfg.Mode = Relay
				var path atomic.Bool
				path.Store(tc.flowed)
				tries := 0
				c.calls.newLeg = func(call *Call, _ *pexrtc.Participant) leg {
					tries++
					return &hopGate{gate{w: &witness{t: t, c: c}}, func() error {
						call.post(func() { call.stay.reached = path.Load() })
						if path.Load() {
							return nil
						}
						return tc.err
					}}
				}
				ada, conversation := c.agent(genesystest.AdaID), c.ring()
				tab := c.open(ada, conversation.ID())
				tab.say(map[string]any{"type": "offer", "sdp": "v=0\r\n", "id": 1})
				began := time.Now()
				if tc.flowed {
					tab.awaitStatus(StatusInCall)
					path.Store(false)
					call, err := c.calls.Open(t.Context(), ada, conversation.ID())
					if err != nil {
						t.Fatal(err)
					}
					call.post(func() { call.rebuild(relay.ErrNoPath) })
				}
				for {
					m := tab.await("asks for an offer, or gives up", func(m message) bool {
						return m.Type == "restart" || m.Type == "state" && m.Status != StatusInCall
					})
					if m.Error != nil {
						if m.Error.Code != "media-node" || m.Status != StatusNoCall {
							t.Errorf("the page is told %s with status %s, want media-node and %s", m.Error.Code, m.Status, StatusNoCall)
						}
						break
					}
					if m.Type == "state" && m.Status != tc.status {
						t.Errorf("the status is %q while another path is looked for, want %q", m.Status, tc.status)
					}
					if m.Type == "restart" {
						tab.say(map[string]any{"type": "offer", "sdp": "v=0\r\n", "id": 2})
					}
				}
				took := time.Since(began)
				synctest.Wait()
				if tries != tc.tries || took > tc.within {
					t.Errorf("given up after %d tries and %v, want %d within %v", tries, took, tc.tries, tc.within)
				}
				if got := c.tagged(rules.AgentTag); len(got) != 0 {
					t.Errorf("on the node: %+v, want nobody", got)
				}
				path.Store(true)
				tab.say(map[string]any{"type": "retry"})
				tab.say(map[string]any{"type": "offer", "sdp": "v=0\r\n", "id": 3})
				tab.awaitStatus(StatusInCall)
			})
		})
	}
}

// cutNode fails what goes to one host, and what is under way there, once it is cut.
type cutNode struct {
	http.RoundTripper
	host  string
	alive context.Context
}

func (n *cutNode) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != n.host {
		return n.RoundTripper.RoundTrip(r)
	}
	if n.alive.Err() != nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	ctx, cancel := context.WithCancel(r.Context())
	context.AfterFunc(n.alive, cancel)
	return n.RoundTripper.RoundTrip(r.WithContext(ctx))
}

// TestNodesAway for a while: whoever was in the room is there again when a node is, without anybody's doing.
func TestNodesAway(t *testing.T) {
	for _, tc := range []struct {
		away time.Duration
		back bool
	}{{40 * time.Second, true}, {2 * moveTime, false}} {
		t.Run(tc.away.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T, c *centre) {
				tab := c.open(c.agent(genesystest.AdaID), c.ring().ID())
				tab.awaitConnect()
				joined := c.tagged(rules.AgentTag)[0].UUID
				c.node.SetFaults(pexrtctest.Faults{OnRequest: func(*http.Request) *pexrtctest.Fault { return &pexrtctest.Fault{Status: 503} }})
				c.node.ExpireToken(joined)
				tab.awaitStatus(StatusReconnecting)
				time.Sleep(tc.away)
				c.node.SetFaults(pexrtctest.Faults{})
				if tc.back {
					tab.awaitConnect()
				} else if m := tab.await("gives up", func(m message) bool { return m.Error != nil }); m.Status != StatusNoCall {
					t.Errorf("status %s, want %s", m.Status, StatusNoCall)
				}
			})
		})
	}
}

// TestNodeOutOfReach: the media of a node that takes no requests may flow on, but an agent who was put on hold there cannot be
// shown again. Then another node is.
func TestNodeOutOfReach(t *testing.T) {
	for _, another := range []bool{true, false} {
		t.Run(fmt.Sprintf("another node %v", another), func(t *testing.T) {
			bubble(t, func(t *testing.T, c *centre) {
				alive, cut := context.WithCancel(context.Background())
				defer cut()
				nodes := []string{"http://first.test"}
				if another {
					nodes = append(nodes, c.node.URL)
				}
				var err error
				c.calls.cfg.Pexip, err = pexrtc.New(pexrtc.Config{Nodes: nodes, HTTP: &http.Client{
					Transport: &cutNode{c.node.Client().Transport, "first.test", alive},
				}})
				if err != nil {
					t.Fatal(err)
				}
				ada, conversation := c.agent(genesystest.AdaID), c.ring()
				c.calls.newLeg = func(*Call, *pexrtc.Participant) leg { return &gate{w: &witness{t: t, c: c, call: conversation}} }
				tab := c.open(ada, conversation.ID())
				tab.awaitConnect()
				tab.say(map[string]any{"type": "camera", "on": true, "available": true})
				tab.say(map[string]any{"type": "offer", "sdp": "v=0\r\n", "id": 1})
				tab.awaitStatus(StatusInCall)
				before := c.tagged(rules.AgentTag)[0].UUID
				for _, do := range []func(string) error{conversation.Hold, conversation.Resume} {
					cut() // after the first it is no news
					if err := do(genesystest.AdaID); err != nil {
						t.Fatal(err)
					}
					time.Sleep(10 * time.Second)
				}
				got := c.tagged(rules.AgentTag)
				switch {
				case another && (len(got) != 1 || got[0].UUID == before):
					t.Errorf("on the nodes: %+v, want one agent, newly joined", got)
				case !another && (len(got) != 1 || got[0].UUID != before):
					t.Errorf("on the one node that there is: %+v, want the agent of before", got)
				}
			})
		})
	}
}
