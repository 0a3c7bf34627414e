package session

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
	"github.com/videoleg/videoleg/session/page"
)

// TestVisit follows a customer from the room's door to his goodbye.
func TestVisit(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		_, tab := c.grace()
		asked, calling := false, false
		tab.await("asks for an offer and one that says calling", func(m message) bool {
			asked, calling = asked || m.Type == "connect", calling || m.Status == visitCalling
			return asked && calling
		})
		got := c.tagged(customerTag)
		if len(got) != 1 || got[0].Role != "guest" || got[0].DisplayName != "Grace" || got[0].Alias != "cus"+roomID {
			t.Fatalf("on the node: %+v, want Grace as guest of cus%s", got, roomID)
		}
		tab.say(map[string]any{"type": "leave"})
		tab.awaitStatus(visitEnded)
		if left := c.tagged(customerTag); len(left) != 0 {
			t.Errorf("after leaving: %+v, want nobody", left)
		}
	})
}

// TestLeaveWhileJoining: who has left is not in the room when the node has let him in.
func TestLeaveWhileJoining(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		c.node.SetFaults(pexrtctest.Faults{OnRequestToken: func(pexrtctest.Join) *pexrtctest.Fault {
			return &pexrtctest.Fault{Delay: 2500 * time.Millisecond}
		}})
		_, tab := c.grace()
		tab.awaitStatus(visitJoining)
		tab.say(map[string]any{"type": "leave"})
		tab.awaitStatus(visitEnded)
		time.Sleep(8 * time.Second) // the node is asked twice
		if left := c.tagged(customerTag); len(left) != 0 {
			t.Errorf("after leaving: %+v, want nobody", left)
		}
	})
}

// placesCalls lets the node take offers without any media, which is not for a bubble. Its calls are call-1, call-2, ….
func (c *centre) placesCalls() {
	var placed atomic.Int32
	c.node.SetFaults(pexrtctest.Faults{OnRequest: func(r *http.Request) *pexrtctest.Fault {
		switch {
		case strings.HasSuffix(r.URL.Path, "/calls"):
			call := fmt.Sprintf(`{"call_uuid":"call-%d","sdp":%q}`, placed.Add(1), bareSDP)
			return &pexrtctest.Fault{Status: http.StatusOK, Body: `{"status":"success","result":` + call + `}`}
		case strings.Contains(r.URL.Path, "/calls/"):
			return &pexrtctest.Fault{Status: http.StatusOK, Body: `{"status":"success","result":true}`}
		}
		return nil
	}})
}

const bareSDP = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\n"

// TestVisitLosesItsCall: the page makes another, unless that comes to nothing each time.
func TestVisitLosesItsCall(t *testing.T) {
	for _, tc := range []struct {
		name   string
		talk   time.Duration // before a call is lost
		rounds int           // of ten, until the visit gives up
	}{
		{"at once", 1100 * time.Millisecond, maxRecoveries + 1},
		{"after a while", 31700 * time.Millisecond, 10},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, c *centre) {
				_, tab := c.grace()
				tab.awaitConnect()
				grace := c.tagged(customerTag)[0].UUID
				c.placesCalls()
				rounds := 0
				for ended := false; !ended && rounds < 10; rounds++ {
					tab.say(map[string]any{"type": "offer", "sdp": bareSDP, "id": rounds + 1})
					tab.await("is answered", func(m message) bool { return m.Type == "answer" && m.ID == rounds+1 })
					time.Sleep(tc.talk)
					c.node.SendEvent(grace, "call_disconnected", map[string]string{"call_uuid": fmt.Sprintf("call-%d", rounds+1)})
					ended = tab.await("asks for an offer, or gives up", func(m message) bool {
						return m.Type == "connect" || m.Error != nil && m.Error.Code == callFailed.Code
					}).Error != nil
				}
				if rounds != tc.rounds {
					t.Errorf("gave up after %d lost calls, want %d", rounds, tc.rounds)
				}
			})
		})
	}
}

// TestVisitComesBackWithoutItsCall: a page that was away when its media call ended makes another.
func TestVisitComesBackWithoutItsCall(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		v, tab := c.grace()
		tab.awaitConnect()
		grace := c.tagged(customerTag)[0].UUID
		c.placesCalls()
		tab.say(map[string]any{"type": "offer", "sdp": bareSDP, "id": 1})
		tab.await("is answered", func(m message) bool { return m.Type == "answer" })
		synctest.Wait()
		tab.cut()
		synctest.Wait()
		c.node.SendEvent(grace, "call_disconnected", map[string]string{"call_uuid": "call-1"})
		synctest.Wait()
		newTab(t, func(conn *page.Conn) bool { return v.Attach(conn, true) }, v.Handle, v.Detach).awaitConnect()
	})
}

// TestCandidateFlood: each candidate is a request to the node, and no browser has many.
func TestCandidateFlood(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		v, tab := c.grace()
		tab.awaitConnect()
		leg := v.leg
		for range 3 * maxTaken {
			tab.say(map[string]any{"type": "candidate", "candidate": "candidate:1 1 udp 1 192.0.2.1 9 typ host", "mid": "0"})
		}
		synctest.Wait()
		if leg.taken != 3*maxTaken || len(leg.pending) != maxTaken {
			t.Errorf("%d candidates came and %d wait for the node, want %d and %d", leg.taken, len(leg.pending), 3*maxTaken, maxTaken)
		}
	})
}

func TestVisitComesBack(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		v, tab := c.grace()
		tab.awaitStatus(visitCalling)
		before := c.tagged(customerTag)[0].UUID
		tab.unload()
		time.Sleep(unloadGrace - time.Second)
		same, err := c.visits.Join(roomID, "Grace")
		if err != nil || same != v {
			t.Fatalf("Join again = %p, %v; want the visit of before, %p", same, err, v)
		}
		again := c.visit(same)
		again.awaitConnect()
		if got := c.tagged(customerTag); len(got) != 1 || got[0].UUID != before {
			t.Errorf("after a reload: %+v, want the participant of before", got)
		}
		again.cut()
		time.Sleep(lostGrace + time.Second)
		if left := c.tagged(customerTag); len(left) != 0 {
			t.Errorf("after the grace: %+v, want nobody", left)
		}
	})
}

// TestVisitComesBackToAnotherRoom: what the page had while it was away was another participant's.
func TestVisitComesBackToAnotherRoom(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		v, tab := c.grace()
		tab.awaitStatus(visitCalling)
		tab.cut()
		c.node.ExpireToken(c.tagged(customerTag)[0].UUID)
		synctest.Wait()
		back := newTab(t, func(conn *page.Conn) bool { return v.Attach(conn, true) }, v.Handle, v.Detach)
		back.awaitConnect()
	})
}

func TestVisitWordsItsProblems(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		c.node.SetFaults(pexrtctest.Faults{OnRequestToken: func(pexrtctest.Join) *pexrtctest.Fault {
			return &pexrtctest.Fault{Status: 403, Body: `{"status":"failed","result":"Participant limit reached"}`}
		}})
		_, tab := c.grace()
		if m := tab.await("tells the failure", func(m message) bool { return m.Error != nil }); m.Error.Code != "lines-busy" {
			t.Errorf("the page is told %s, want lines-busy", m.Error.Code)
		}
		c.node.SetFaults(pexrtctest.Faults{})
		tab.say(map[string]any{"type": "retry"})
		tab.awaitStatus(visitCalling)
	})
}

// TestVisitUnreached: a customer whom no media reaches is told so and leaves the room, in which nobody hears him.
func TestVisitUnreached(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		_, tab := c.grace()
		tab.awaitConnect()
		tab.say(map[string]any{"type": "unreached"})
		if m := tab.await("tells the failure", func(m message) bool { return m.Error != nil }); m.Error.Code != "media-blocked" {
			t.Errorf("the page is told %s, want media-blocked", m.Error.Code)
		}
		if left := c.tagged(customerTag); len(left) != 0 {
			t.Errorf("on the node: %+v, want nobody", left)
		}
		tab.say(map[string]any{"type": "retry"})
		tab.awaitConnect()
	})
}

// TestVisitRetryOfThePage: the error was the page's own, and the customer is in the room as before.
func TestVisitRetryOfThePage(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		_, tab := c.grace()
		tab.awaitStatus(visitCalling)
		before := c.tagged(customerTag)
		tab.quiet()
		tab.say(map[string]any{"type": "retry"})
		tab.awaitStatus(visitCalling)
		tab.awaitConnect()
		if after := c.tagged(customerTag); len(after) != 1 || after[0].UUID != before[0].UUID {
			t.Errorf("after Try again: %+v, want the participant of before", after)
		}
	})
}

func TestVisitEndsWithItsRoom(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		_, tab := c.grace()
		tab.awaitStatus(visitCalling)
		c.node.EndConference(roomID, "Conference terminated by another participant")
		if m := tab.awaitStatus(visitEnded); m.Error != nil {
			t.Errorf("a call that ends as calls do is told as the error %s", m.Error.Code)
		}
	})
}

func TestVisitsAreBounded(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		for n := range maxVisits {
			c.visits.byID[string(rune('a'+n%26))+time.Duration(n).String()] = &Visit{}
		}
		if _, err := c.visits.Start("Grace"); !errors.Is(err, ErrTooMany) {
			t.Errorf("Start = %v, want ErrTooMany", err)
		}
		clear(c.visits.byID)
	})
}

// TestServersAreRemembered: for a page that checks its network, and not for longer than they are good.
func TestServersAreRemembered(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		if got := c.visits.Servers(); got != nil {
			t.Errorf("before anybody came: %+v", got)
		}
		_, tab := c.grace()
		tab.awaitStatus(visitCalling)
		if c.visits.Servers() == nil {
			t.Error("a customer has joined, and no servers are known")
		}
		time.Sleep(serversLife + time.Second)
		if got := c.visits.Servers(); got != nil {
			t.Errorf("an hour later: %+v", got)
		}
	})
}
