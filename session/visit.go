package session

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/session/page"
)

// What a customer's page is told (page.View.Status).
const (
	visitJoining      = "joining"      // entering the room
	visitCalling      = "calling"      // the room dials the contact centre
	visitQueue        = "queue"        // the contact centre has answered: waiting for an agent
	visitInCall       = "incall"       // an agent is in
	visitReconnecting = "reconnecting" // the room was lost; we are on our way back
	visitEnded        = "ended"
)

// Visit is one customer's stay in a session: a guest with audio and video, whose media flows
// between his browser and the node. It outlives his page for a while, so that a reload comes back
// to the same participant.
type Visit struct {
	owner
	visits *Visits
	id     string // session ID: the conference's name and the conversation's ANI name
	name   string // display name
	log    *slog.Logger

	// The owner's goroutine alone uses the rest.
	window      window
	status      string
	problem     *page.Problem
	participant *pexrtc.Participant // nil until joined
	leg         *bypassLeg
	shared      *presentation // nil until joined
	muted, dark mirror        // his microphone and camera are off
	connecting  bool          // leg.connect runs
	roster      pexrtc.Roster
	centre      string // UUID of the contact centre's leg, once events say that it was answered
	dialled     bool   // events say that it was called
	patience    timer  // ends waiting for that call
	chat        chat
	recoveries  budget // of the way to the room
	ended       bool
	left        bool // by the customer's own Leave
}

// ID is the session ID.
func (v *Visit) ID() string { return v.id }

// Attach makes conn the page that shows the visit, as Call.Attach does.
func (v *Visit) Attach(conn *page.Conn, live bool) bool {
	return v.post(func() {
		if old := v.window.open(conn, live); old != nil {
			old.Send(page.Out{Type: page.State, View: &page.View{Status: visitEnded, Pane: paneElsewhere}})
			old.Close()
		}
		v.update()
		v.window.chat(v.chat.lines...)
		if !live {
			v.present(false) // what it shared went with the page before
			v.connectPage()
		} else if v.leg != nil && !v.leg.placed() && !v.connecting {
			v.connectPage() // its peer connection is of an earlier leg
		}
	})
}

// Detach says that conn is gone, and why. The visit waits a while for the page to come back.
func (v *Visit) Detach(conn *page.Conn, why error) {
	v.visits.cfg.Metrics.pageGone(why)
	v.post(func() { v.window.leave(&v.owner, conn, why, v.close) })
}

// Handle takes a message of the page.
func (v *Visit) Handle(conn *page.Conn, in page.In) {
	v.post(func() {
		if v.window.conn != conn {
			return
		}
		switch in.Type {
		case page.Offer:
			v.window.offer = offer{in.SDP, in.ID}
			v.negotiate()
		case page.Candidate:
			v.candidate(pexrtc.Candidate{Candidate: in.Candidate, MID: in.Mid})
		case page.Mute:
			v.tell(&v.muted, in.On, (*pexrtc.Participant).SetMuted)
		case page.Camera:
			v.tell(&v.dark, !in.On, (*pexrtc.Participant).SetVideoMuted)
		case page.Present:
			v.present(in.On)
		case page.Chat:
			v.say(in.Text)
		case page.Unreached:
			if v.leg != nil {
				v.end(errBypassPath) // nobody hears this customer
			}
		case page.Retry:
			v.retry()
		case page.Leave:
			v.left = true
			v.end(nil)
		}
	})
}

// begin enters the room, and ends the visit if no page comes to show it.
func (v *Visit) begin() {
	v.window.grace.set(&v.owner, time.Now().Add(openGrace), v.close)
	v.join()
}

// join enters the room as a guest.
func (v *Visit) join() {
	v.work.Go(func() {
		ctx, cancel := context.WithTimeout(v.ctx, joinTime)
		defer cancel()
		p, err := v.visits.cfg.Pexip.Join(ctx, pexrtc.JoinRequest{
			Alias:       v.visits.cfg.CustomerPrefix + v.id,
			DisplayName: v.name,
			PIN:         v.visits.cfg.GuestPIN,
			CallTag:     customerTag + v.id,
		})
		if !v.post(func() { v.joined(p, err) }) && p != nil {
			v.visits.cfg.Members.Release(ctx, v.id, p)
		}
	})
}

// joined goes on with the participant, or says why there is none.
func (v *Visit) joined(p *pexrtc.Participant, err error) {
	switch {
	case v.ended: // he has left meanwhile
		v.release(p)
		return
	case err != nil:
		v.end(err)
		return
	}
	v.participant = p
	v.visits.remember(servers(p))
	v.leg = &bypassLeg{participant: p, audio: true, kbps: v.visits.cfg.Kbps}
	v.shared = v.newPresentation(p)
	v.tellAnew(p)
	v.log.Info("customer joined", "node", p.Node(), "participant", p.UUID())
	v.async(func(ctx context.Context) func() {
		err := p.Run(ctx, func(e pexrtc.Event) {
			v.post(func() {
				if v.participant == p {
					v.event(e)
				}
			})
		})
		return func() {
			if v.participant == p {
				v.lost(err)
			}
		}
	})
	v.update()
	v.connectPage()
}

func (v *Visit) event(e pexrtc.Event) {
	switch e := e.(type) {
	case pexrtc.Roster:
		if e.Synced {
			if !v.roster.Synced {
				v.shared.reconcile(e)
			}
			v.roster = e
		}
	case pexrtc.Candidate:
		v.window.send(page.Out{Type: page.Candidate, Candidate: e.Candidate, Mid: e.MID})
	case pexrtc.EventsBack:
		v.shared.reconcile(v.roster)
	case pexrtc.Presentation:
		v.shared.hear(e)
	case pexrtc.MessageReceived:
		v.window.chat(v.chat.take(e, time.Now())...)
	case pexrtc.CallDisconnected:
		v.leg.swap(nil, "")
		v.renew(pexrtc.ErrMedia)
	}
	v.update()
}

// lost ends the visit, or goes on with a new participant where the node lost the old one.
func (v *Visit) lost(err error) {
	v.leave()
	again := errors.Is(err, pexrtc.ErrTokenLost) || errors.Is(err, pexrtc.ErrNode)
	if !again || v.ended || !v.recoveries.spend(time.Now()) {
		if errors.Is(err, pexrtc.ErrEnded) || errors.Is(err, pexrtc.ErrRemoved) {
			err = nil // how calls end: the page says so kindly
		}
		v.end(err)
		return
	}
	v.log.Warn("room lost, joining again", "err", err)
	v.roster = pexrtc.Roster{}
	v.update()
	v.join()
}

// retry starts over after an error. Where it was the page's own the visit goes on, with a new peer connection.
func (v *Visit) retry() {
	v.window.forget()
	if !v.ended || v.problem == nil {
		v.update()
		v.connectPage()
		return
	}
	v.ended, v.problem, v.recoveries, v.roster, v.centre = false, nil, budget{}, pexrtc.Roster{}, ""
	v.dialled = false
	v.update()
	v.join()
}

// end leaves the room. err is what went wrong; nil is a call that ended as calls do.
func (v *Visit) end(err error) {
	if v.ended {
		return
	}
	v.ended = true
	if err != nil {
		problem := CustomerProblem(err)
		v.problem = &problem
		v.log.Warn("visit failed", "err", err)
	}
	v.leave()
	v.update()
	if v.left {
		v.visits.customerLeft(v.id)
	}
}

// leave takes the participant out of the room, if there is one.
func (v *Visit) leave() {
	p := v.participant
	v.participant, v.leg, v.shared, v.muted.of, v.dark.of = nil, nil, nil, nil, nil
	v.release(p)
}

func (v *Visit) release(p *pexrtc.Participant) {
	if p != nil {
		v.detached(releaseTime, func(ctx context.Context) { v.visits.cfg.Members.Release(ctx, v.id, p) })
	}
}

// update tells the page where the visit stands.
func (v *Visit) update() {
	before := v.status
	switch room := inRoom(v.roster); {
	case v.ended:
		v.status = visitEnded
	case v.participant == nil && v.recoveries.spent > 0:
		v.status = visitReconnecting
	case v.participant == nil || !v.roster.Synced:
		v.status = visitJoining
	case room.agent:
		v.status = visitInCall
	case room.phone, v.centre != "":
		v.status = visitQueue
	default:
		v.status = visitCalling
	}
	if v.status != before {
		v.awaitCentre()
	}
	view := page.View{Status: v.status, AgentVideo: inRoom(v.roster).agentVideo && !v.ended, Error: v.problem}
	if v.participant != nil {
		view.Room = &page.Room{Chat: v.participant.ChatEnabled()}
		view.Presentation, view.MayPresent = v.shared.view(), v.mayPresent()
	}
	v.window.show(view)
}

// finish is the owner's last act. A server that stops leaves a customer whose page is there in the room: his media does not
// pass here, and the page comes back, to the next server.
func (v *Visit) finish() {
	v.window.grace.stop()
	v.patience.stop()
	if v.visits.ctx.Err() == nil || v.window.conn == nil {
		v.release(v.participant)
		v.window.send(page.Out{Type: page.State, View: &page.View{Status: visitEnded, Error: v.problem}})
	}
	v.participant = nil
	if v.window.conn != nil {
		v.window.conn.Close()
	}
	v.visits.forget(v)
	v.log.Info("visit over")
}
