package session

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/videoleg/videoleg/genesys/genesystest"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

// called is the node's Dial.
func (c *centre) called(_ context.Context, r pexrtctest.DialRequest) (pexrtctest.FarEnd, error) {
	if c.dial == nil {
		return nil, errors.New("nobody is called here")
	}
	return c.dial(r)
}

// device is a room system that has answered; it hangs up with the test.
type videoDevice struct{ done chan struct{} }

func (d videoDevice) Done() <-chan struct{} { return d.done }
func (d videoDevice) Hangup(string)         {}
func (d videoDevice) Video()                {}

const deviceAlias = "30123"

// dials lets Ada dial the device, and the voice call come to the room.
func (c *centre) dials() (*genesystest.Conversation, *pexrtctest.IncomingLeg) {
	c.t.Helper()
	conversation, err := c.cloud.Dial(c.t.Context(), genesystest.OutboundCall{User: "ada", Address: "sip:" + deviceAlias + "@video.example"})
	if err != nil {
		c.t.Fatal(err)
	}
	voice, err := c.node.Ring(c.t.Context(), pexrtctest.IncomingCall{Alias: deviceAlias, DisplayName: "Ada"})
	if err != nil {
		c.t.Fatal(err)
	}
	if err := conversation.CustomerAnswers(); err != nil {
		c.t.Fatal(err)
	}
	return conversation, voice
}

// The device is called once if it is not in the room, and not at all if it is; either way it has come.
func TestOutboundDevice(t *testing.T) {
	for _, tt := range []struct {
		name, uri string
		there     bool
		called    []string
	}{
		{"not there", "", false, []string{"sip:30123@video.example"}},
		{"not there, called by another address", "sip:{alias}@devices.example", false, []string{"sip:30123@devices.example"}},
		{"there already", "", true, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, c *centre) {
				var called []string
				c.dial = func(r pexrtctest.DialRequest) (pexrtctest.FarEnd, error) {
					called = append(called, r.Destination)
					return videoDevice{make(chan struct{})}, nil
				}
				c.calls.cfg.Outbound = Outbound{URI: tt.uri, Aliases: regexp.MustCompile("^30[0-9]{3}$")}
				if tt.there {
					if _, err := c.node.SimulateCustomer(deviceAlias, "Branch"); err != nil {
						t.Fatal(err)
					}
				}
				agent := c.agent("ada")
				conversation, voice := c.dials()
				tab := c.open(agent, conversation.ID())
				tab.awaitStatus(StatusConnecting)
				time.Sleep(2 * deviceTime)
				mine := c.tagged("videoleg:agent:")
				if len(mine) != 1 || mine[0].Alias != "agt"+deviceAlias || mine[0].Conference != deviceAlias {
					t.Fatalf("on the node: %+v", mine)
				}
				if !slices.Equal(called, tt.called) {
					t.Errorf("called %q, want %q", called, tt.called)
				}
				select {
				case <-voice.Done():
					t.Error("the voice call has ended")
				default:
				}
			})
		})
	}
}

// A device that does not answer is given up after 15 s: our leg goes, the voice call stays. The agent may
// try again.
func TestOutboundWithoutAnswer(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		rings := 0
		c.dial = func(pexrtctest.DialRequest) (pexrtctest.FarEnd, error) {
			rings++
			return nil, errors.New("no answer")
		}
		agent := c.agent("ada")
		conversation, voice := c.dials()
		tab := c.open(agent, conversation.ID())
		began := time.Now()
		for try := 1; try <= 2; try++ {
			if m := tab.await("says so", func(m message) bool { return m.Error != nil }); m.Error.Code != "device-no-answer" {
				t.Errorf("told as %+v", m.Error)
			}
			if took := time.Since(began); took < deviceTime || took > deviceTime+2*time.Second {
				t.Errorf("given up after %v", took)
			}
			synctest.Wait()
			if mine := c.tagged("videoleg:agent:"); len(mine) != 0 || rings != try {
				t.Errorf("try %d: called %d times, on the node: %+v", try, rings, mine)
			}
			if all := c.node.Participants(deviceAlias); len(all) != 1 || all[0].UUID != voice.UUID {
				t.Errorf("in the room: %+v", all)
			}
			began = time.Now()
			tab.say(map[string]any{"type": "retry"})
			tab.await("joins again", func(m message) bool { return m.Status == StatusConnecting })
		}
	})
}

// As long as the other side has not answered, the page says so: no step of ours is slow.
func TestOutboundRings(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		agent := c.agent("ada")
		conversation, err := c.cloud.Dial(t.Context(), genesystest.OutboundCall{User: "ada", Address: "sip:" + deviceAlias + "@video.example"})
		if err != nil {
			t.Fatal(err)
		}
		tab := c.open(agent, conversation.ID())
		tab.await("says that it rings", func(m message) bool { return m.Status == StatusConnecting && m.Pane == paneDialling })
		if err := conversation.CustomerAnswers(); err != nil {
			t.Fatal(err)
		}
		tab.await("joins", func(m message) bool { return m.Status == StatusConnecting && m.Pane == "" })
	})
}

// What is no device has no video, and says so before anything is asked of the node.
func TestOutboundToNoDevice(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		c.calls.cfg.Outbound.Aliases = regexp.MustCompile("^40[0-9]{3}$")
		agent := c.agent("ada")
		conversation, _ := c.dials()
		if _, err := c.calls.Open(t.Context(), agent, conversation.ID()); !errors.Is(err, ErrNoDevice) || FaultOf(err).Code != "no-device" {
			t.Errorf("Open = %v", err)
		}
		if mine := c.tagged("videoleg:agent:"); len(mine) != 0 {
			t.Errorf("on the node: %+v", mine)
		}
	})
}

// A node that knows no room for what was dialled is not asked again and again: it would block us.
func TestOutboundInVain(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		asked := 0
		c.node.SetFaults(pexrtctest.Faults{OnRequestToken: func(pexrtctest.Join) *pexrtctest.Fault {
			asked++
			return &pexrtctest.Fault{Status: 404, Body: `{"status":"failed","result":"Neither conference nor gateway found"}`}
		}})
		agent := c.agent("ada")
		for range maxVain + 3 {
			conversation, err := c.cloud.Dial(t.Context(), genesystest.OutboundCall{User: "ada", Address: "tel:+15551234567"})
			if err != nil {
				t.Fatal(err)
			}
			if err := conversation.CustomerAnswers(); err != nil {
				t.Fatal(err)
			}
			if _, err := c.calls.Open(t.Context(), agent, conversation.ID()); err == nil {
				call, _ := c.calls.find(agent, conversation.ID())
				synctest.Wait()
				told := make(chan string, 1)
				call.post(func() { told <- call.problem.Code })
				if code := <-told; code != "no-device" {
					t.Errorf("told as %s", code)
				}
			} else if !errors.Is(err, ErrNoDevice) {
				t.Error(err)
			}
			if err := conversation.HangUp(genesystest.AdaID); err != nil {
				t.Fatal(err)
			}
		}
		if asked != maxVain {
			t.Errorf("the node was asked %d times, want %d", asked, maxVain)
		}
	})
}
