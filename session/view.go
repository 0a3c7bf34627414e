package session

import (
	"errors"

	"github.com/videoleg/videoleg/session/page"
	"github.com/videoleg/videoleg/session/rules"
)

// What the agent's role=status says; outside tests rely on the words.
const (
	StatusSigningIn    = "Signing in"
	StatusConnecting   = "Connecting"
	StatusInCall       = "In call"
	StatusOnHold       = "On hold"
	StatusReconnecting = "Reconnecting"
	StatusEnded        = "Call ended"
	StatusNoCall       = "No active call"
)

// What stands in the agent's page where there is no picture; the page has the words.
const (
	paneRinging    = "ringing"    // answer in Genesys to start video
	paneDialling   = "dialling"   // the other side of an outbound call has not answered
	paneWaiting    = "waiting"    // in the room, and the customer shows no picture
	paneHeld       = "held"       // on hold
	paneConsulting = "consulting" // the customer is on hold while the agents talk
	paneConsulted  = "consulted"  // the customer is the other agent's
	paneBlind      = "blind"      // the call's state is unknown
	paneElsewhere  = "elsewhere"  // another window shows the call
	paneEnded      = "ended"
	paneNone       = "none" // no part in this call
	paneAway       = "away" // the customer has left the room and may come back
)

// noticeUnsure: the room does not confirm what the customer sees.
const noticeUnsure = "room-unsure"

// Steps of joining, as the page shows them.
const (
	stepCall    = "call"    // reading the conversation
	stepRoom    = "room"    // asking the node for a place
	stepJoining = "joining" // negotiating the media
)

// StatusOf is what the status says beside an error of Open.
func StatusOf(err error) string {
	if errors.Is(err, ErrCallEnded) {
		return StatusEnded
	}
	return StatusNoCall
}

// update shows the page where the call stands. A page that shows no call drops its peer
// connection, and offers a new one by itself when there is a call again.
func (c *Call) update() {
	v := c.view()
	if v.Status == StatusEnded || v.Status == StatusNoCall {
		c.window.live = false
	}
	c.noteState(v)
	c.window.show(v)
	c.watchDevice()
}

func (c *Call) view() page.View {
	r := c.rules.View()
	sending := r.Sending && c.stay.agreed
	v := page.View{
		Sending: sending, Confirmed: sending && c.stay.video.says(false), Hidden: r.CustomerHidden,
		Recording: string(r.Recording), Room: c.room(), SignIn: c.signIn(), Error: c.problem,
	}
	if s := c.stay.presentation; s != nil {
		v.MayPresent, v.Presentation = r.MayPresent && c.stay.live, s.view()
	}
	if len(r.Dark) > 0 {
		v.Why = string(r.Dark[0])
	}
	v.Status, v.Pane, v.Step = c.status(r)
	switch {
	case r.Blind && r.Phase != rules.PhaseEnded:
		v.Notice = paneBlind
	case c.stay.video.failed:
		v.Notice = noticeUnsure
	}
	return v
}

// status is the status, the pane, and the step of joining.
func (c *Call) status(r rules.View) (status, pane, step string) {
	switch r.Phase {
	case rules.PhaseUnknown:
		return StatusConnecting, "", stepCall
	case rules.PhaseNone:
		return StatusNoCall, paneNone, ""
	case rules.PhaseIncoming:
		return StatusNoCall, paneRinging, ""
	case rules.PhaseEnded:
		return StatusEnded, paneEnded, ""
	case rules.PhaseConsulted:
		return StatusOnHold, paneConsulted, ""
	}
	if c.problem != nil {
		return StatusNoCall, "", ""
	}
	if r.Phase == rules.PhaseWaiting && c.device.address != "" {
		return StatusConnecting, paneDialling, ""
	}
	switch status, step = c.mediaStatus(r); {
	case status != StatusInCall:
		return status, "", step
	case r.Phase == rules.PhaseHeld:
		return StatusOnHold, paneHeld, ""
	case r.Phase == rules.PhaseConsulting:
		return StatusOnHold, paneConsulting, ""
	case r.CustomerAway:
		return StatusInCall, paneAway, ""
	default:
		return StatusInCall, paneWaiting, ""
	}
}

// mediaStatus says how far the leg is.
func (c *Call) mediaStatus(r rules.View) (status, step string) {
	s := &c.stay
	switch {
	case r.Out == rules.LeftAlone:
		return StatusEnded, ""
	case r.Out == rules.Dropped || !s.moving.IsZero() || s.again && c.recoveries.flowed && (!s.live || !s.reached):
		return StatusReconnecting, ""
	case s.participant == nil:
		return StatusConnecting, stepRoom
	case !s.live || !s.reached:
		return StatusConnecting, stepJoining
	}
	if s.quiet {
		return StatusReconnecting, ""
	}
	for _, broken := range s.broken {
		if broken {
			return StatusReconnecting, ""
		}
	}
	return StatusInCall, ""
}
