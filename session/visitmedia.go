package session

import (
	"context"
	"errors"
	"time"

	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/session/page"
)

// The media call of a visit: what passes between the customer's page and the node, as negotiation.go has it for a call.

// connectPage asks the page for a new peer connection, once both it and the participant are there.
func (v *Visit) connectPage() {
	if v.participant == nil || v.ended {
		return
	}
	v.window.offer = offer{}
	v.window.send(page.Out{Type: page.Connect, Servers: servers(v.participant)})
}

// negotiate carries the page's newest offer to the node, one at a time.
func (v *Visit) negotiate() {
	if v.window.offer.sdp == "" || v.leg == nil || v.connecting || v.ended {
		return
	}
	o, conn, leg := v.window.offer, v.window.conn, v.leg
	v.window.offer, v.connecting = offer{}, true
	v.async(func(ctx context.Context) func() {
		err := leg.connect(ctx, o.sdp, func(sdp string) { conn.Send(page.Out{Type: page.Answer, SDP: sdp, ID: o.id}) })
		return func() {
			v.connecting = false
			if v.leg == leg && !v.ended {
				v.connected(err)
			}
			v.negotiate()
		}
	})
}

// connected is the end of a negotiation.
func (v *Visit) connected(err error) {
	switch {
	case errors.Is(err, pexrtc.ErrNode), errors.Is(err, pexrtc.ErrTokenLost):
		v.lost(err)
	case errors.Is(err, errUpdate):
		v.renew(err)
	case err != nil:
		v.end(err)
	default:
		v.flowing()
	}
}

// flowing goes on with a call whose media may flow.
func (v *Visit) flowing() {
	v.recoveries.flow(time.Now())
	if v.shared.leg != nil {
		v.shared.settle()
		return
	}
	v.shared.begin(v.leg)
	v.window.addServers(v.leg.handedOver())
}

// renew has the page make its media call anew, unless that comes to nothing each time.
func (v *Visit) renew(why error) {
	if !v.recoveries.spend(time.Now()) {
		v.end(why)
		return
	}
	v.log.Warn("media call lost, asking for another", "time", v.recoveries.spent, "err", why)
	v.shared.suspend()
	v.connectPage()
}

func (v *Visit) candidate(c pexrtc.Candidate) {
	leg := v.leg
	if leg == nil {
		return
	}
	v.async(func(ctx context.Context) func() {
		if err := leg.candidate(ctx, c); err != nil {
			v.log.Debug("candidate not taken", "err", err)
		}
		return nil
	})
}
