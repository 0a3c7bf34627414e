package genesystest

import (
	"net/http"
	"strings"
)

// mountConversations mounts what works on a conversation of any medium.
func (s *Server) mountConversations(mux *http.ServeMux) {
	const one = "/api/v2/conversations/{conversation}"
	s.api(mux, "GET "+one, s.getConversation)
	s.api(mux, "POST "+one+"/disconnect", s.disconnectConversation)
	s.api(mux, "PATCH "+one+"/participants/{participant}/attributes", s.patchAttributes)
	s.api(mux, "POST "+one+"/participants/{participant}/replace", s.replaceParticipant)
	s.api(mux, "GET "+one+"/recordingmetadata", s.getRecordings)
	s.api(mux, "GET "+one+"/recordingmetadata/{recording}", s.getRecording)
}

// mountCalls mounts the view of calls.
func (s *Server) mountCalls(mux *http.ServeMux) {
	const all = "/api/v2/conversations/calls"
	const leg = all + "/{conversation}/participants/{participant}"
	s.api(mux, "GET "+all, s.getCalls)
	s.api(mux, "POST "+all, s.postCall)
	s.api(mux, "GET "+all+"/{conversation}", s.getCall)
	s.api(mux, "PATCH "+all+"/{conversation}", s.patchCall)
	s.api(mux, "PATCH "+leg, s.patchParticipant)
	s.api(mux, "PATCH "+leg+"/attributes", s.patchAttributes)
	s.api(mux, "POST "+leg+"/replace", s.replaceParticipant)
	s.api(mux, "POST "+leg+"/consult", s.postConsult)
	s.api(mux, "PATCH "+leg+"/consult", s.patchConsult)
	s.api(mux, "DELETE "+leg+"/consult", s.deleteConsult)
}

func (s *Server) callOf(r *http.Request) (*call, error) {
	return s.centre.call(r.PathValue("conversation"))
}

// participantOf finds the entry in the path.
func (s *Server) participantOf(r *http.Request) (*call, *participant, error) {
	x, err := s.callOf(r)
	if err != nil {
		return nil, nil, err
	}
	if p := x.byID(r.PathValue("participant")); p != nil {
		return x, p, nil
	}
	return nil, nil, refuse(http.StatusNotFound, "not.found", "participant %.40q not found", r.PathValue("participant"))
}

// ownLeg is participantOf for what a user may do on his own leg only; client credentials may on any agent's.
func (s *Server) ownLeg(c caller, r *http.Request) (*call, *participant, error) {
	x, p, err := s.participantOf(r)
	switch {
	case err != nil:
		return nil, nil, err
	case !p.isAgent(), c.user != nil && p.user != c.user:
		return nil, nil, refuse(http.StatusForbidden, "missing.any.permissions", "Unable to perform the requested action. The participant is not yours.")
	}
	return x, p, nil
}

func (s *Server) getConversation(_ caller, r *http.Request) (int, any, error) {
	x, err := s.callOf(r)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, x.mediaView(true), nil
}

func (s *Server) getCall(_ caller, r *http.Request) (int, any, error) {
	x, err := s.callOf(r)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, x.callView(true), nil
}

// getCalls lists the user's live calls.
func (s *Server) getCalls(c caller, _ *http.Request) (int, any, error) {
	if err := needsUser(c); err != nil {
		return 0, nil, err
	}
	var out []callView
	for _, x := range s.centre.order {
		if p := x.legOf(c.user); p != nil && p.live() {
			out = append(out, x.callView(true))
		}
	}
	return http.StatusOK, listing(out), nil
}

// postCall dials for the user.
func (s *Server) postCall(c caller, r *http.Request) (int, any, error) {
	if err := needsUser(c); err != nil {
		return 0, nil, err
	}
	var body struct {
		PhoneNumber     string `json:"phoneNumber"`
		CallFromQueueID string `json:"callFromQueueId"`
	}
	if err := decode(r, &body); err != nil {
		return 0, nil, err
	}
	if body.PhoneNumber == "" {
		return 0, nil, refuse(http.StatusBadRequest, "bad.request", "phoneNumber is missing")
	}
	x, err := s.dial(OutboundCall{User: c.user.ID, Address: body.PhoneNumber, Queue: body.CallFromQueueID})
	if err != nil {
		return 0, nil, err
	}
	return http.StatusCreated, entity{ID: x.id, SelfURI: "/api/v2/conversations/calls/" + x.id}, nil
}

// patchCall ends the call for everybody or switches the recording.
func (s *Server) patchCall(c caller, r *http.Request) (int, any, error) {
	x, err := s.callOf(r)
	if err != nil {
		return 0, nil, err
	}
	var body struct {
		State          string `json:"state"`
		RecordingState string `json:"recordingState"`
		SecurePause    *bool  `json:"securePause"`
	}
	if err := decode(r, &body); err != nil {
		return 0, nil, err
	}
	switch {
	case body.State == stateDisconnected:
		err = x.disconnect(c)
	case body.State != "":
		err = refuse(http.StatusBadRequest, "bad.request", "state %.40q cannot be set", body.State)
	case body.SecurePause != nil:
		err = x.pauseSecurely(*body.SecurePause)
	case body.RecordingState != "":
		err = x.record(strings.ToLower(body.RecordingState))
	}
	return http.StatusOK, x.callView(true), err
}

func (s *Server) disconnectConversation(c caller, r *http.Request) (int, any, error) {
	x, err := s.callOf(r)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, "", x.disconnect(c)
}

// disconnect ends every leg, the caller's own first if he has one.
func (c *call) disconnect(by caller) error {
	if !c.live() {
		return refuse(http.StatusBadRequest, "bad.request", "the conversation is over")
	}
	first, kind := c.customer(), "system"
	if by.user != nil {
		if p := c.legOf(by.user); p != nil && p.live() {
			first, kind = p, "client"
		}
	}
	c.endAll(first, kind)
	return nil
}

// patchParticipant is how a client answers, hangs up, holds, mutes and wraps up.
func (s *Server) patchParticipant(c caller, r *http.Request) (int, any, error) {
	x, p, err := s.ownLeg(c, r)
	if err != nil {
		return 0, nil, err
	}
	var body struct {
		State         string  `json:"state"`
		Held          *bool   `json:"held"`
		Muted         *bool   `json:"muted"`
		Wrapup        *wrapup `json:"wrapup"`
		WrapupSkipped bool    `json:"wrapupSkipped"`
	}
	if err := decode(r, &body); err != nil {
		return 0, nil, err
	}
	switch {
	case body.State == stateConnected:
		err = s.centre.answer(x, p)
	case body.State == stateDisconnected && p.pending():
		err = s.centre.missed(x, p, "client")
	case body.State == stateDisconnected:
		err = x.hangUp(p, "client")
	case body.State != "":
		err = refuse(http.StatusBadRequest, "bad.request", "state %.40q cannot be set", body.State)
	}
	if err == nil && body.Held != nil {
		err = s.centre.hold(x, p, *body.Held)
	}
	if err == nil && body.Muted != nil {
		err = x.mute(p, *body.Muted)
	}
	if err == nil && (body.Wrapup != nil || body.WrapupSkipped) {
		err = x.finishWrapup(p, orZero(body.Wrapup))
	}
	return http.StatusAccepted, nil, err
}

func orZero[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

func (s *Server) patchAttributes(_ caller, r *http.Request) (int, any, error) {
	x, p, err := s.participantOf(r)
	if err != nil {
		return 0, nil, err
	}
	var body struct {
		Attributes map[string]string `json:"attributes"`
	}
	if err := decode(r, &body); err != nil {
		return 0, nil, err
	}
	if err := x.setAttributes(p, body.Attributes); err != nil {
		return 0, nil, err
	}
	return http.StatusOK, map[string]any{"attributes": p.attributes}, nil
}

// getRecordings lists what is stored: nothing before the call is over.
func (s *Server) getRecordings(_ caller, r *http.Request) (int, any, error) {
	x, err := s.callOf(r)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, x.stored(), nil
}

func (s *Server) getRecording(_ caller, r *http.Request) (int, any, error) {
	x, err := s.callOf(r)
	if err != nil {
		return 0, nil, err
	}
	for _, m := range x.stored() {
		if m.ID == r.PathValue("recording") {
			return http.StatusOK, m, nil
		}
	}
	return 0, nil, refuse(http.StatusNotFound, "not.found", "recording %.40q not found", r.PathValue("recording"))
}
