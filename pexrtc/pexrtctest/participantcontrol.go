package pexrtctest

import "time"

// participantAction is a request about one participant; whoever may make it about itself as a
// guest has self.
type participantAction struct {
	self   bool
	others bool // guests may make it about others too
	do     func(*Server, *request, *participant) reply
}

// flag makes a request that sets something and tells everybody.
func flag(self bool, set func(*participant)) participantAction {
	return participantAction{self: self, do: func(s *Server, _ *request, p *participant) reply {
		set(p)
		s.update(p)
		return done
	}}
}

var accepted = participantAction{self: true, do: func(*Server, *request, *participant) reply { return done }}

var participantRequests = map[string]participantAction{
	"disconnect":             {self: true, do: (*Server).disconnectParticipant},
	"mute":                   flag(true, func(p *participant) { p.muted = true }),
	"unmute":                 flag(true, func(p *participant) { p.muted = false }),
	"client_mute":            flag(true, func(p *participant) { p.clientMuted = true }),
	"client_unmute":          flag(true, func(p *participant) { p.clientMuted = false }),
	"tx_mute":                flag(false, func(p *participant) { p.txMuted = true }),
	"tx_unmute":              flag(false, func(p *participant) { p.txMuted = false }),
	"video_muted":            flag(true, func(p *participant) { p.videoMuted = true }),
	"video_unmuted":          flag(true, func(p *participant) { p.videoMuted = false }),
	"spotlighton":            flag(false, func(p *participant) { p.spotlight = epoch(time.Now()) }),
	"spotlightoff":           flag(false, func(p *participant) { p.spotlight = 0 }),
	"buzz":                   flag(true, func(p *participant) { p.buzz = epoch(time.Now()) }),
	"clearbuzz":              flag(true, func(p *participant) { p.buzz = 0 }),
	"allowrxpresentation":    flag(false, func(p *participant) { p.deniesPresentation = false }),
	"denyrxpresentation":     flag(false, func(p *participant) { p.deniesPresentation = true }),
	"hold":                   {self: true, do: func(s *Server, _ *request, p *participant) reply { return s.setHold(p, true) }},
	"resume":                 {self: true, do: func(s *Server, _ *request, p *participant) reply { return s.setHold(p, false) }},
	"unlock":                 {do: (*Server).unlockParticipant},
	"role":                   {do: (*Server).changeRole},
	"overlaytext":            {do: (*Server).setOverlayText},
	"transfer":               {do: (*Server).transfer},
	"message":                {self: true, others: true, do: (*Server).messageOne},
	"take_floor":             {self: true, do: (*Server).takeFloor},
	"release_floor":          {self: true, do: (*Server).releaseFloor},
	"dtmf":                   {do: accepted.do},
	"fecc":                   {do: accepted.do},
	"layout_group":           {do: accepted.do},
	"send_to_audio_mixes":    {do: accepted.do},
	"receive_from_audio_mix": {do: accepted.do},
	"pres_in_mix":            accepted,
	"preferred_aspect_ratio": accepted,
	"notify_not_afk":         accepted,
	"statistics":             accepted,
}

// participantRequest dispatches POST …/participants/UUID/REQUEST.
func (s *Server) participantRequest(r *request) reply {
	action, known := participantRequests[r.PathValue("request")]
	p := s.participants[r.PathValue("uuid")]
	if !known || p == nil || p.conference != r.actor.conference {
		return notFound
	}
	allowed := r.actor.host() || action.others || action.self && p == r.actor
	if !allowed {
		return invalidRole
	}
	return action.do(s, r, p)
}

// disconnectParticipant removes a participant; who removes itself needs no telling.
func (s *Server) disconnectParticipant(r *request, p *participant) reply {
	reason := reasonKicked
	if p == r.actor {
		reason = ""
	}
	s.remove(p, reason)
	return done
}

func (s *Server) setHold(p *participant, on bool) reply {
	p.onHold = on
	p.send("on_hold", map[string]bool{"setting": on})
	s.update(p)
	return done
}

// unlockParticipant lets one guest into a locked room.
func (s *Server) unlockParticipant(_ *request, p *participant) reply {
	if p.waiting {
		p.admitted = true
		s.admit(p)
		s.settle(p.conference)
	}
	return done
}

func (s *Server) changeRole(r *request, p *participant) reply {
	var body struct {
		Role string `json:"role"`
	}
	role := ""
	if r.decode(&body) == nil {
		role = roleFrom(body.Role)
	}
	if role == "" {
		return badRequest
	}
	p.role = role
	if p.waiting && p.host() {
		s.admit(p)
	}
	s.update(p)
	p.send("refresh_token", nil)
	return done
}

func (s *Server) setOverlayText(r *request, p *participant) reply {
	var body struct {
		Text string `json:"text"`
	}
	if r.decode(&body) != nil || len(body.Text) > maxName {
		return badRequest
	}
	p.overlayText = body.Text
	s.update(p)
	return done
}

// transfer sends a participant to another room with a one-time token.
func (s *Server) transfer(r *request, p *participant) reply {
	var body struct {
		Alias string `json:"conference_alias"`
		Role  string `json:"role"`
	}
	if r.decode(&body) != nil || len(body.Alias) > maxName {
		return badRequest
	}
	role := roleFrom(body.Role)
	if role == "" {
		role = roleGuest
	}
	oneTime := newToken()
	s.tickets[oneTime] = ticket{alias: body.Alias, role: role}
	s.later(s.opts.TokenLife, func() { delete(s.tickets, oneTime) })
	p.send("refer", map[string]string{"alias": body.Alias, "token": oneTime})
	return done
}

func (s *Server) messageOne(r *request, p *participant) reply {
	return s.deliver(r, true, p)
}
