package pexrtctest

// letGuestsPresent is set_guests_can_present. A guest who presents already goes on.
func (s *Server) letGuestsPresent(r *request, c *conference) reply {
	var body struct {
		Setting *bool `json:"setting"`
	}
	if r.decode(&body) != nil || body.Setting == nil {
		return badRequest
	}
	c.hostsPresent = !*body.Setting
	s.tellConference(c)
	return done
}

// takeFloor makes p the presenter; whoever was it has lost the floor and sees the new one's start
// (client API, presentation).
func (s *Server) takeFloor(_ *request, p *participant) reply {
	c := p.conference
	if p.waiting || c.hostsPresent && !p.host() {
		return invalidRole
	}
	previous := c.presenter
	c.presenter = p
	if previous != nil && previous != p {
		s.announce("participant_update", previous)
	}
	for _, o := range c.participants {
		if o != p && !o.waiting {
			o.send("presentation_start", presentationStart(p))
		}
	}
	s.update(p)
	return doneNull
}

func (s *Server) releaseFloor(_ *request, p *participant) reply {
	if p.conference.presenter == p {
		s.stopPresentation(p.conference)
		s.update(p)
	}
	return doneNull
}

// stopPresentation takes the floor from whoever has it and tells the others.
func (s *Server) stopPresentation(c *conference) {
	presenter := c.presenter
	c.presenter = nil
	for _, o := range c.participants {
		if o != presenter && !o.waiting {
			o.send("presentation_stop", map[string]string{})
		}
	}
}

func presentationStart(p *participant) map[string]string {
	return map[string]string{
		"presenter_name": p.displayName, "presenter_uri": p.uri, "presenter_uuid": p.uuid,
		"presenter_source": "video",
	}
}
