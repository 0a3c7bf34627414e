package session

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/videoleg/videoleg/genesys"
	"github.com/videoleg/videoleg/pexrtc"
)

// Outbound says which of the addresses that agents dial have video. The zero value lets the room
// decide, and calls what was dialled.
type Outbound struct {
	Aliases *regexp.Regexp // of whole aliases; nil takes any
	URI     string         // what a node calls, {alias} in it standing for the alias
}

// What can stop the video of a call that the agent has dialled; its audio goes on.
var (
	// ErrNoDevice: what was dialled is no video device.
	ErrNoDevice = errors.New("session: the dialled address is no video device")
	// ErrNoAnswer: the device did not come into the conference.
	ErrNoAnswer = errors.New("session: the video device did not answer")
)

const (
	deviceTime = 15 * time.Second // for a device to come in
	// A node blocks us altogether if it is asked for too many rooms that it does not have: no more than
	// so many outbound calls are tried in vain within so long.
	maxVain   = 12
	vainSpace = 10 * time.Minute
)

// device is the far end of an outbound call: watched for in the roster, called once if it is not there,
// and given up if it does not come. Only the call's owner uses it.
type device struct {
	address  string // as dialled; empty where the call is inbound
	stay     int    // the stay that the rest is about
	called   bool
	came     bool
	patience timer
}

// dialled notes the far end of an outbound call, and whether it may have video.
func (c *Call) dialled(conv *genesys.Conversation, alias string) error {
	address, outbound := conv.Dialled()
	if !outbound {
		return nil
	}
	c.device.address = address
	if known := c.calls.cfg.Outbound.Aliases; known != nil && !known.MatchString(strings.ToLower(alias)) {
		return fmt.Errorf("%w: not of the configured pattern", ErrNoDevice)
	}
	return c.calls.mayTry(c.now())
}

// watchDevice looks for the device of an outbound call; it is called whenever anything changes.
func (c *Call) watchDevice() {
	d, s := &c.device, &c.stay
	if d.stay != s.round {
		d.patience.stop()
		d.stay, d.called, d.came = s.round, false, false
	}
	if d.address == "" || s.participant == nil || !s.roster.Synced || d.came {
		return
	}
	coming, in := deviceIn(s.roster)
	switch {
	case in:
		d.came = true
		d.patience.stop()
		c.note("device", "came", "")
	case !d.called:
		d.called = true
		d.patience.set(&c.owner, c.now().Add(deviceTime), c.giveUp)
		if !coming {
			c.callDevice()
		}
	}
}

// deviceIn tells a device that is in the room, and one that is being called already. The agent's voice
// call is neither: it came by itself and has no video.
func deviceIn(r pexrtc.Roster) (coming, in bool) {
	for _, e := range r.Participants {
		switch {
		case e.Self, isAgent(e), e.IsPlayback():
		case e.Video && e.HasMedia && e.ServiceType != "connecting":
			in = true
		case e.Direction == "out" && !e.AudioOnly:
			coming = true
		}
	}
	return coming, in
}

// callDevice has the node call the device. Whether it was to any avail, the roster will show.
func (c *Call) callDevice() {
	p, to := c.stay.participant, c.calls.cfg.Outbound.destination(c.session, c.device.address)
	c.note("device", "called", "")
	c.async(func(ctx context.Context) func() {
		ctx, cancel := context.WithTimeout(ctx, deviceTime)
		defer cancel()
		_, err := p.Dial(ctx, pexrtc.DialRequest{
			Destination: to, Role: pexrtc.Host, DisplayName: c.session, KeepAlive: "keep_conference_alive_never",
		})
		return func() {
			if err != nil {
				c.log.Warn("video device not called", "err", err)
				c.note("device", "not-called", FaultOf(err).Code)
			}
		}
	})
}

// destination is what the node calls for a dialled address.
func (o Outbound) destination(alias, address string) string {
	switch scheme, rest, _ := strings.Cut(address, ":"); {
	case o.URI != "":
		return strings.ReplaceAll(o.URI, "{alias}", alias)
	case strings.EqualFold(scheme, "tel"):
		return rest
	}
	return address
}

// giveUp leaves the room to the voice call.
func (c *Call) giveUp() {
	if c.device.stay != c.stay.round {
		return
	}
	c.note("device", "given-up", "")
	c.log.Warn("video device did not come")
	c.fail(ErrNoAnswer)
	c.leave(false)
	c.apply(c.rules.OnNoAnswer(c.now()))
}

// noRoom words a room that is not there for the agent who dialled, and remembers it.
func (c *Call) noRoom(err error) error {
	if c.device.address == "" || !errors.Is(err, pexrtc.ErrNoConference) {
		return err
	}
	c.calls.triedInVain(c.now())
	return fmt.Errorf("%w: %w", ErrNoDevice, err)
}

// mayTry says whether one more outbound call may ask the node for a room.
func (cs *Calls) mayTry(now time.Time) error {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if n := len(cs.vain); n >= maxVain && now.Sub(cs.vain[n-maxVain]) < vainSpace {
		return fmt.Errorf("%w: too many dialled addresses had no room", ErrNoDevice)
	}
	return nil
}

func (cs *Calls) triedInVain(now time.Time) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.vain = append(cs.vain[max(0, len(cs.vain)+1-maxVain):], now)
}
