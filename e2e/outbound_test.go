package e2e

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/videoleg/videoleg/e2e/browser"
	"github.com/videoleg/videoleg/genesys/genesystest"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

// roomSystem is a video device that has answered.
type roomSystem struct{ done chan struct{} }

func (r roomSystem) Done() <-chan struct{} { return r.done }
func (r roomSystem) Hangup(string)         {}
func (r roomSystem) Video()                {}

// An agent dials a branch's video device from Genesys Cloud. Our policy makes the room when the voice call
// comes, and has the device called; that fails here, so the widget's leg has it called once more. Both see
// each other, and the voice call is left alone until the agent hangs up.
func TestOutbound(t *testing.T) {
	var mu sync.Mutex // guards called
	var called []string
	c := start(t, options{
		env: map[string]string{
			"POLICY_USERNAME": "pexip", "POLICY_PASSWORD": "s3cret",
			"OUTBOUND_ALIASES": "30[0-9]{3}", "OUTBOUND_URI": "sip:{alias}@devices.example",
		},
		node: func(o *pexrtctest.Options) {
			o.PolicyURL = "http://pexip:s3cret@CUSTOMER"
			o.Resolve = func(string) (pexrtctest.Service, error) { return pexrtctest.Service{}, errors.New("no such room") }
			o.Dial = func(_ context.Context, r pexrtctest.DialRequest) (pexrtctest.FarEnd, error) {
				mu.Lock()
				defer mu.Unlock()
				if r.Automatic {
					called = append(called, "automatic "+r.Destination)
					return nil, errors.New("busy")
				}
				called = append(called, r.Destination)
				return roomSystem{make(chan struct{})}, nil
			}
		},
	})
	b := browser.Start(t)
	desktop := b.Open(c.cloud.URL + "/?agent=ada")
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	if _, err := c.cloud.Dial(ctx, genesystest.OutboundCall{User: "ada", Address: "sip:30123@video.example", Name: "Branch 30123"}); err != nil {
		t.Fatal(err)
	}
	voice, err := c.node.Ring(ctx, pexrtctest.IncomingCall{Alias: "sip:30123@video.example", DisplayName: "Ada"})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.conversation().CustomerAnswers(); err != nil {
		t.Fatal(err)
	}
	widget := desktop.Frame("Video")
	widget.AwaitStatus("In call")
	widget.Video("Customer video").AwaitMoving()
	agent := c.awaitAgent("sends video", func(p pexrtctest.Participant) bool { return p.VideoIn.Packets > 10 && !p.VideoMuted })
	if agent.Alias != "agt30123" || agent.Conference != "30123" || agent.Role != "chair" || agent.HasAudio {
		t.Errorf("the agent's leg is %+v", agent)
	}
	mu.Lock()
	if want := []string{"automatic sip:30123@devices.example", "sip:30123@devices.example"}; !slices.Equal(called, want) {
		t.Errorf("called %q, want %q", called, want)
	}
	mu.Unlock()
	select {
	case <-voice.Done():
		t.Error("the voice call was ended")
	default:
	}
	desktop.Button("Hang up").Click()
	widget.AwaitStatus("Call ended")
	c.awaitEmpty(5 * time.Second)
	desktop.NoProblems()
}
