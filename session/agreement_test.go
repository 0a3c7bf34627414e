package session

import (
	"context"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/videoleg/videoleg/genesys/genesystest"
	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/pexrtc/relay"
	"github.com/videoleg/videoleg/session/rules"
)

// apart is a leg whose every page has a connection of its own with the node, which agrees when it is let.
type apart struct {
	*gate
	agree chan struct{}
}

func (a *apart) keeps(string) bool { return false }

func (a *apart) connect(ctx context.Context, offer string, answer func(string)) error {
	select {
	case <-a.agree:
		return a.gate.connect(ctx, offer, answer)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// told are the video flags that the node was told, in order.
func (c *centre) told() (flags []string) {
	synctest.Wait()
	for _, r := range c.node.Requests() {
		if name := path.Base(r.Path); strings.HasPrefix(name, "video_") {
			flags = append(flags, name)
		}
	}
	return flags
}

// TestSeenOnceAgreed: until the node has acknowledged the media of the page that shows the call, the agent is dark, and
// the node and the page know.
func TestSeenOnceAgreed(t *testing.T) {
	const muted, unmuted = "video_muted", "video_unmuted"
	bubble(t, func(t *testing.T, c *centre) {
		call := c.ring()
		l := &apart{gate: &gate{w: &witness{t: t, c: c, call: call}}, agree: make(chan struct{})}
		c.calls.newLeg = func(*Call, *pexrtc.Participant) leg { return l }
		ada := c.agent(genesystest.AdaID)
		var want []string
		for _, name := range []string{"the first page", "a reload", "a second tab"} {
			tab := c.open(ada, call.ID())
			tab.say(map[string]any{"type": "camera", "on": true, "available": true})
			tab.await(name+" is asked for an offer", func(m message) bool { return m.Type == "connect" })
			tab.say(map[string]any{"type": "offer", "sdp": "v=0\r\n", "id": 1})
			want = append(want, muted)
			time.Sleep(5 * time.Second)
			if got := c.told(); !slices.Equal(got, want) || l.open {
				t.Fatalf("%s, not agreed: the node was told %v, want %v; the gate is open: %v", name, got, want, l.open)
			}
			l.agree <- struct{}{}
			want = append(want, unmuted)
			tab.await(name+" may show him", func(m message) bool { return m.Sending })
			if got := c.told(); !slices.Equal(got, want) || !l.open {
				t.Errorf("%s, agreed: the node was told %v, want %v; the gate is open: %v", name, got, want, l.open)
			}
		}

		if err := call.Hold(genesystest.AdaID); err != nil {
			t.Fatal(err)
		}
		want = append(want, muted)
		if got := c.told(); !slices.Equal(got, want) || l.open {
			t.Errorf("put on hold: the node was told %v, want %v; the gate is open: %v", got, want, l.open)
		}
		tab := c.open(ada, call.ID())
		tab.say(map[string]any{"type": "camera", "on": true, "available": true})
		tab.say(map[string]any{"type": "offer", "sdp": "v=0\r\n", "id": 1})
		l.agree <- struct{}{}
		time.Sleep(5 * time.Second)
		if got := c.told(); !slices.Equal(got, want) || l.open {
			t.Errorf("held, another page: the node was told %v, want %v; the gate is open: %v", got, want, l.open)
		}
	})
}

// TestHiddenFromTheBeginning: where hold is to hide the customer, no leg that is made then lets the picture through, not even
// before its media is agreed.
func TestHiddenFromTheBeginning(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		c.calls.cfg.Rules.HoldMutesCustomer = true
		conversation := c.ring()
		if err := conversation.Hold(genesystest.AdaID); err != nil {
			t.Fatal(err)
		}
		agree, made := make(chan struct{}), make(chan *apart, 9)
		c.calls.newLeg = func(*Call, *pexrtc.Participant) leg {
			l := &apart{gate: &gate{w: &witness{t: t, c: c, call: conversation}}, agree: agree}
			made <- l
			return l
		}
		ada := c.agent(genesystest.AdaID)
		tab := c.open(ada, conversation.ID())
		call, err := c.calls.Open(t.Context(), ada, conversation.ID())
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"the first leg", "a rebuilt one"} {
			tab.say(map[string]any{"type": "offer", "sdp": "v=0\r\n", "id": 1})
			l := <-made
			synctest.Wait()
			if !l.hides() {
				t.Errorf("%s: open before it is agreed", name)
			}
			agree <- struct{}{}
			tab.awaitStatus(StatusOnHold)
			if synctest.Wait(); !l.hides() {
				t.Errorf("%s: open afterwards", name)
			}
			call.post(func() { call.rebuild(relay.ErrNoPath) })
		}
		last := <-made
		if err := conversation.Resume(genesystest.AdaID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * rules.Settle)
		if synctest.Wait(); last.hides() {
			t.Error("the call goes on, and the customer is still hidden")
		}
	})
}

// TestHeldFromTheBeginning: the node knows that the agent is dark before the media is agreed.
func TestHeldFromTheBeginning(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		call := c.ring()
		if err := call.Hold(genesystest.AdaID); err != nil {
			t.Fatal(err)
		}
		l := &apart{gate: &gate{w: &witness{t: t, c: c, call: call}}, agree: make(chan struct{})}
		c.calls.newLeg = func(*Call, *pexrtc.Participant) leg { return l }
		tab := c.open(c.agent(genesystest.AdaID), call.ID())
		tab.say(map[string]any{"type": "camera", "on": true, "available": true})
		tab.say(map[string]any{"type": "offer", "sdp": "v=0\r\n", "id": 1})
		if got := c.told(); !slices.Equal(got, []string{"video_muted"}) {
			t.Errorf("before the ack the node was told %v, want video_muted", got)
		}
		l.agree <- struct{}{}
		tab.awaitStatus(StatusOnHold)
		time.Sleep(5 * time.Second)
		if got := c.told(); len(got) != 1 || l.open {
			t.Errorf("afterwards the node was told %v, want nothing more; the gate is open: %v", got, l.open)
		}
	})
}
