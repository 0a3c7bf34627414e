package pexrtctest

import (
	"net/http"
	"slices"
	"time"
)

// Reasons that a node gives for an end.
const (
	reasonNobodyKeeps = "No participants can keep conference alive"
	reasonHostsGone   = "All conference hosts departed hosted conference"
	reasonEndedByHost = "Conference terminated by another participant"
	reasonKicked      = "Disconnected by another participant"
	reasonNoHost      = "Timeout waiting for conference host"
	reasonAdmin       = "Conference terminated by an administrator"
)

// conference is a running room. s.mu guards it.
type conference struct {
	service      Service
	opened       time.Time
	participants []*participant // in the order of joining
	started      bool
	locked       bool
	guestsMuted  bool
	hostsPresent bool   // guests may not
	stage        string // the last stage event
	presenter    *participant
	hostsGone    *time.Timer // runs while only guests are left
	timers       []*time.Timer
}

// join puts p into the service's room, which opens if it is not there yet; s.mu is held. A reply
// with a status is a refusal.
func (s *Server) join(service Service, p *participant) reply {
	c := s.conferences[service.Name]
	if len(s.participants) >= maxOnNode || c != nil && len(c.participants) >= limit(c.service) {
		return answer(http.StatusForbidden, "Participant limit reached")
	}
	if c == nil {
		c = s.open(service)
	}
	p.uuid = newUUID()
	p.conference = c
	p.joined = time.Now()
	p.streams = map[*stream]struct{}{}
	p.muted = c.guestsMuted && !p.host()
	s.participants[p.uuid] = p
	c.participants = append(c.participants, p)
	p.waiting = c.mustWait(p)
	if p.waiting {
		p.waitTimer = s.later(s.opts.WaitTimeout, func() { s.dismiss(p) })
	}
	s.opts.Log.Info("participant joined", "conference", service.Name, "participant", p.uuid, "role", p.role)
	s.announce("participant_create", p)
	s.tellOf("participant_connected", p, "")
	s.settle(c)
	return reply{}
}

func limit(service Service) int {
	if service.ParticipantLimit > 0 {
		return service.ParticipantLimit
	}
	return maxInRoom
}

// open makes a room and has its automatic participants called.
func (s *Server) open(service Service) *conference {
	c := &conference{service: service, opened: time.Now()}
	s.conferences[service.Name] = c
	s.tellRoom("conference_started", c)
	after := func(d time.Duration, f func()) {
		if d > 0 {
			c.timers = append(c.timers, s.later(d, f))
		}
	}
	after(service.StartAfter, func() { s.start(c) })
	after(service.EndAfter, func() { s.end(c, reasonAdmin) })
	if len(service.AutomaticParticipants) > 0 {
		c.timers = append(c.timers, s.later(s.opts.DialDelay, func() { s.dialAutomatic(c) }))
	}
	return c
}

// mustWait: guests wait for the start where hosts have a PIN, and for each one's admission when the
// room is locked.
func (c *conference) mustWait(p *participant) bool {
	unstarted := !c.started && c.service.HostPIN != ""
	return !p.host() && !p.admitted && (unstarted || c.locked)
}

// dismiss removes a guest for whom no host came.
func (s *Server) dismiss(p *participant) {
	if p.waiting {
		s.remove(p, reasonNoHost)
	}
}

// remove takes p out of its room; s.mu is held. An empty reason means that it left by itself and
// needs no telling.
func (s *Server) remove(p *participant, reason string) {
	c := p.conference
	if s.participants[p.uuid] != p {
		return
	}
	s.opts.Log.Info("participant left", "conference", c.service.Name, "participant", p.uuid, "reason", reason)
	delete(s.participants, p.uuid)
	delete(s.tokens, p.token)
	p.stopTimers()
	if reason != "" {
		p.send("disconnect", map[string]string{"reason": reason})
	}
	p.closeStreams(true)
	s.endCall(p)
	if p.hangup != nil {
		p.hangup(reason)
	}
	c.participants = slices.DeleteFunc(c.participants, func(o *participant) bool { return o == p })
	if c.presenter == p {
		s.stopPresentation(c)
	}
	setDefault(&reason, "Call disconnected")
	s.tellOf("participant_disconnected", p, reason)
	for _, o := range c.participants {
		if o.sees(p) {
			o.send("participant_delete", map[string]string{"uuid": p.uuid})
		}
	}
	s.settle(c)
}

// end removes everybody; s.mu is held.
func (s *Server) end(c *conference, reason string) {
	if s.conferences[c.service.Name] != c {
		return
	}
	s.close(c)
	for _, p := range slices.Clone(c.participants) {
		s.remove(p, reason)
	}
	s.tellRoom("conference_ended", c)
}

// close forgets a room.
func (s *Server) close(c *conference) {
	delete(s.conferences, c.service.Name)
	for _, t := range append(c.timers, c.hostsGone) {
		if t != nil {
			t.Stop()
		}
	}
}

// settle draws the conclusions after any change in a room: it starts, goes on or ends, guests are
// admitted, and media is routed anew; s.mu is held.
func (s *Server) settle(c *conference) {
	defer s.touch()
	if s.conferences[c.service.Name] != c {
		return
	}
	if len(c.participants) == 0 {
		s.close(c)
		s.tellRoom("conference_ended", c)
		return
	}
	if !c.keptAlive() {
		s.end(c, reasonNobodyKeeps)
		return
	}
	if !c.started && c.service.StartAfter == 0 && slices.ContainsFunc(c.participants, (*participant).starts) {
		s.start(c)
		return
	}
	s.watchHosts(c)
	s.route(c)
}

// starts: a host with media, a called one included, starts the conference.
func (p *participant) starts() bool {
	return p.host() && p.hasMedia() && !p.connecting
}

// keptAlive: a dialled leg counts as its keep_conference_alive says, everybody else always.
func (c *conference) keptAlive() bool {
	return slices.ContainsFunc(c.participants, func(p *participant) bool {
		switch p.keepAlive {
		case "keep_conference_alive_never":
			return false
		case "keep_conference_alive_if_multiple":
			return len(c.participants) > 1
		}
		return true
	})
}

// watchHosts gives guests without a host a last minute.
func (s *Server) watchHosts(c *conference) {
	hosted := slices.ContainsFunc(c.participants, func(p *participant) bool { return p.host() && !p.connecting })
	switch {
	case (hosted || !c.started) && c.hostsGone != nil:
		c.hostsGone.Stop()
		c.hostsGone = nil
	case !hosted && c.started && c.hostsGone == nil:
		c.hostsGone = s.later(s.opts.HostGoneTimeout, func() { s.end(c, reasonHostsGone) })
	}
}

// start begins the conference and lets the guests in.
func (s *Server) start(c *conference) {
	c.started = true
	s.tellConference(c)
	s.admitGuests(c)
}

// admitGuests lets in everybody who need not wait any more.
func (s *Server) admitGuests(c *conference) {
	for _, p := range c.participants {
		if p.waiting && !c.mustWait(p) {
			s.admit(p)
		}
	}
	s.settle(c)
}

// admit moves p from the waiting room into the conference, whose roster it then sees.
func (s *Server) admit(p *participant) {
	p.waiting = false
	if p.waitTimer != nil {
		p.waitTimer.Stop()
	}
	s.announce("participant_update", p)
	s.tellOf("participant_updated", p, "")
	for _, o := range p.conference.participants {
		if o != p {
			p.send("participant_create", o.wire(p))
		}
	}
	p.send("conference_update", p.conference.wire())
	if presenter := p.conference.presenter; presenter != nil {
		p.send("presentation_start", presentationStart(presenter))
	}
}

// announce tells everybody who can see p about it.
func (s *Server) announce(event string, p *participant) {
	for _, o := range p.conference.participants {
		if o.sees(p) {
			o.send(event, p.wire(o))
		}
	}
}

// update announces a change of p and settles its room.
func (s *Server) update(p *participant) {
	s.announce("participant_update", p)
	s.tellOf("participant_updated", p, "")
	s.settle(p.conference)
}

// tellConference sends conference_update to all.
func (s *Server) tellConference(c *conference) {
	for _, p := range c.participants {
		p.send("conference_update", c.wire())
	}
	s.tellRoom("conference_updated", c)
}

// wire is the object of conference_status and conference_update.
func (c *conference) wire() map[string]any {
	return map[string]any{
		"locked":                  c.locked,
		"guests_muted":            c.guestsMuted,
		"all_muted":               false,
		"started":                 c.started,
		"presentation_allowed":    true,
		"guests_can_present":      !c.hostsPresent,
		"guests_can_unmute":       true,
		"direct_media":            false,
		"live_captions_available": false,
		"breakout_rooms":          false,
		"message_text":            "",
		"classification":          map[string]any{"levels": map[string]string{}, "current": nil},
		"pinning_config":          "",
	}
}
