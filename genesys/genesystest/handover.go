package genesystest

import "net/http"

// replaceParticipant is a blind transfer: posted on the agent's own leg.
func (s *Server) replaceParticipant(c caller, r *http.Request) (int, any, error) {
	x, p, err := s.ownLeg(c, r)
	if err != nil {
		return 0, nil, err
	}
	var body struct {
		UserID  string `json:"userId"`
		QueueID string `json:"queueId"`
	}
	if err := decode(r, &body); err != nil {
		return 0, nil, err
	}
	target := body.UserID
	if target == "" {
		target = body.QueueID
	}
	return http.StatusAccepted, nil, s.centre.transfer(x, p, target)
}

// consultOf finds the call and the initiating user of a consult request, which is posted on the customer's entry.
func (s *Server) consultOf(c caller, r *http.Request, consultingUser string) (*call, *participant, error) {
	x, p, err := s.participantOf(r)
	if err != nil {
		return nil, nil, err
	}
	if !p.farEnd() {
		return nil, nil, refuse(http.StatusBadRequest, "bad.request", "a consult belongs on the customer's participant")
	}
	user := c.user
	if user == nil {
		if user, err = s.centre.agent(consultingUser); err != nil {
			return nil, nil, err
		}
	}
	leg := x.legOf(user)
	if leg == nil {
		return nil, nil, refuse(http.StatusForbidden, "missing.any.permissions", "the user takes no part in the conversation")
	}
	return x, leg, nil
}

func (s *Server) postConsult(c caller, r *http.Request) (int, any, error) {
	var body struct {
		SpeakTo          string `json:"speakTo"`
		ConsultingUserID string `json:"consultingUserId"`
		Destination      struct {
			UserID string `json:"userId"`
		} `json:"destination"`
	}
	if err := decode(r, &body); err != nil {
		return 0, nil, err
	}
	x, leg, err := s.consultOf(c, r, body.ConsultingUserID)
	if err != nil {
		return 0, nil, err
	}
	to, err := s.centre.agent(body.Destination.UserID)
	if err != nil {
		return 0, nil, err
	}
	target, err := x.startConsult(leg, to, s.centre.alertMS())
	if err != nil {
		return 0, nil, err
	}
	return http.StatusAccepted, map[string]string{"destinationParticipantId": target.id}, nil
}

func (s *Server) patchConsult(c caller, r *http.Request) (int, any, error) {
	var body struct {
		SpeakTo          string `json:"speakTo"`
		ConsultingUserID string `json:"consultingUserId"`
	}
	if err := decode(r, &body); err != nil {
		return 0, nil, err
	}
	x, leg, err := s.consultOf(c, r, body.ConsultingUserID)
	if err != nil {
		return 0, nil, err
	}
	if leg != x.consultInitiator() {
		return 0, nil, refuse(http.StatusForbidden, "missing.any.permissions", "the consult is not yours")
	}
	if err := x.speakTo(body.SpeakTo); err != nil {
		return 0, nil, err
	}
	return http.StatusAccepted, map[string]string{"destinationParticipantId": x.consultTarget().id}, nil
}

func (s *Server) deleteConsult(c caller, r *http.Request) (int, any, error) {
	x, leg, err := s.consultOf(c, r, "")
	if err != nil {
		return 0, nil, err
	}
	target := x.consultTarget()
	if target == nil || leg != x.consultInitiator() {
		return 0, nil, refuse(http.StatusBadRequest, "bad.request", "no consult of yours is running")
	}
	x.endConsult(target, "client")
	return http.StatusAccepted, nil, nil
}
