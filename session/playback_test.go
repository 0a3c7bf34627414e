package session

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/videoleg/videoleg/genesys/genesystest"
	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

// announcement is a recording that the trunk plays into the room until it is thrown out.
type announcement struct{ done, out chan struct{} }

func (a announcement) Done() <-chan struct{} { return a.done }
func (a announcement) Hangup(string)         { close(a.out) }

// TestPlaybackIsThrownOut: each time that the trunk's announcement comes into the room it goes at once; a phone stays.
func TestPlaybackIsThrownOut(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		call := c.ring()
		w := &witness{t: t, c: c, call: call}
		c.calls.cfg.Mode = Relay
		c.calls.newLeg = func(*Call, *pexrtc.Participant) leg { return &gate{w: w} }
		tab := c.open(c.agent(genesystest.AdaID), call.ID())
		tab.say(map[string]any{"type": "offer", "sdp": "v=0\r\n", "id": 1})
		tab.awaitStatus(StatusInCall)

		trunk, err := c.calls.cfg.Pexip.Join(t.Context(), pexrtc.JoinRequest{Alias: "agt" + roomID, DisplayName: "Trunk", PIN: hostPIN})
		if err != nil {
			t.Fatal(err)
		}
		defer trunk.Release(t.Context(), "over")
		dial := func(uri string) announcement {
			end := announcement{make(chan struct{}), make(chan struct{})}
			c.dial = func(pexrtctest.DialRequest) (pexrtctest.FarEnd, error) { return end, nil }
			if _, err := trunk.Dial(t.Context(), pexrtc.DialRequest{Destination: uri, Protocol: "sip", AudioOnly: true}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			return end
		}
		phone := dial("sip:+15551234567@trunk.example")
		for range 2 {
			select {
			case <-dial("sip:welcome.playback@trunk.example").out:
			case <-time.After(time.Second):
				t.Fatal("the announcement still plays")
			}
		}
		select {
		case <-phone.out:
			t.Error("the phone was thrown out as well")
		case <-time.After(time.Second):
		}
	})
}
