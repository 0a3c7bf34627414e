package pexrtctest

import (
	"net/http"
)

// message is the body of a chat message.
type message struct {
	Type    string `json:"type"`
	Payload string `json:"payload"`
}

// conferenceRequests are the requests about a whole room. Those that guests may make too are in
// guestRequests.
var conferenceRequests = map[string]func(*Server, *request, *conference) reply{
	"disconnect":             (*Server).disconnectAll,
	"lock":                   (*Server).lock,
	"unlock":                 (*Server).unlock,
	"start_conference":       (*Server).startConference,
	"muteguests":             (*Server).muteGuests,
	"unmuteguests":           (*Server).unmuteGuests,
	"dial":                   (*Server).dialRequest,
	"message":                (*Server).messageAll,
	"clearallbuzz":           (*Server).clearAllBuzz,
	"clearspotlights":        (*Server).clearSpotlights,
	"transform_layout":       acceptConference,
	"set_message_text":       acceptConference,
	"set_guests_can_unmute":  acceptConference,
	"set_guests_can_present": (*Server).letGuestsPresent,
	"silent_video_detection": acceptConference,
}

// acceptConference is for what changes nothing here.
func acceptConference(*Server, *request, *conference) reply { return done }

var guestRequests = map[string]bool{"message": true}

// conferenceRequest dispatches POST …/ALIAS/REQUEST.
func (s *Server) conferenceRequest(r *request) reply {
	name := r.PathValue("request")
	do, known := conferenceRequests[name]
	if !known {
		return notFound
	}
	if !r.actor.host() && !guestRequests[name] {
		return invalidRole
	}
	return do(s, r, r.actor.conference)
}

// conferenceRead dispatches GET …/ALIAS/REQUEST.
func (s *Server) conferenceRead(r *request) reply {
	c := r.actor.conference
	switch r.PathValue("request") {
	case "conference_status":
		return answer(http.StatusOK, c.wire())
	case "participants":
		return answer(http.StatusOK, c.roster(r.actor))
	case "available_layouts":
		return answer(http.StatusOK, []string{"1:0", "1:7", "2:21", "4:0"})
	case "get_message_text":
		return answer(http.StatusOK, "")
	}
	return notFound
}

func (c *conference) roster(viewer *participant) []wireParticipant {
	list := []wireParticipant{}
	for _, p := range c.participants {
		if viewer.sees(p) {
			list = append(list, p.wire(viewer))
		}
	}
	return list
}

func (s *Server) disconnectAll(_ *request, c *conference) reply {
	s.end(c, reasonEndedByHost)
	return done
}

func (s *Server) lock(_ *request, c *conference) reply {
	c.locked = true
	for _, p := range c.participants {
		p.admitted = p.admitted || !p.waiting
	}
	s.tellConference(c)
	s.touch()
	return done
}

func (s *Server) unlock(_ *request, c *conference) reply {
	c.locked = false
	s.tellConference(c)
	s.admitGuests(c)
	return done
}

func (s *Server) startConference(_ *request, c *conference) reply {
	s.start(c)
	return done
}

func (s *Server) muteGuests(_ *request, c *conference) reply   { return s.setGuestsMuted(c, true) }
func (s *Server) unmuteGuests(_ *request, c *conference) reply { return s.setGuestsMuted(c, false) }

func (s *Server) setGuestsMuted(c *conference, muted bool) reply {
	c.guestsMuted = muted
	for _, p := range c.participants {
		if !p.host() && p.muted != muted {
			p.muted = muted
			s.announce("participant_update", p)
		}
	}
	s.tellConference(c)
	s.settle(c)
	return done
}

func (s *Server) clearAllBuzz(_ *request, c *conference) reply {
	for _, p := range c.participants {
		p.buzz = 0
		s.announce("participant_update", p)
	}
	s.touch()
	return done
}

func (s *Server) clearSpotlights(_ *request, c *conference) reply {
	for _, p := range c.participants {
		p.spotlight = 0
		s.announce("participant_update", p)
	}
	s.touch()
	return done
}

// messageAll is chat to everybody else.
func (s *Server) messageAll(r *request, c *conference) reply {
	return s.deliver(r, false, c.participants...)
}

// deliver sends the message in r to those who are there to read it.
func (s *Server) deliver(r *request, direct bool, to ...*participant) reply {
	m := message{Type: "text/plain"}
	if r.decode(&m) != nil || len(m.Payload) > maxText || len(m.Type) > maxName {
		return badRequest
	}
	for _, p := range to {
		if p == r.actor || p.waiting {
			continue
		}
		p.send("message_received", map[string]any{
			"origin": r.actor.displayName, "uuid": r.actor.uuid,
			"type": m.Type, "payload": m.Payload, "direct": direct,
		})
	}
	return done
}
