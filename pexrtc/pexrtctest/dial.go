package pexrtctest

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
)

const dialLimit = 60 * time.Second // for a far end to answer

// dialAutomatic calls the room's automatic participants, each once; s.mu is held.
func (s *Server) dialAutomatic(c *conference) {
	if s.opts.Dial == nil || s.conferences[c.service.Name] != c {
		return
	}
	for _, a := range c.service.AutomaticParticipants {
		present := func(p *participant) bool { return p.uri == a.RemoteAlias }
		if slices.ContainsFunc(c.participants, present) {
			continue
		}
		keep, role := a.KeepConferenceAlive, roleFrom(a.Role)
		setDefault(&role, roleGuest)
		setDefault(&keep, "keep_conference_alive_if_multiple")
		setDefault(&a.Protocol, protocolSIP)
		setDefault(&a.CallType, "video")
		s.dial(c, keep, DialRequest{
			Automatic: true, Destination: a.RemoteAlias, Protocol: a.Protocol,
			Role: role, CallType: a.CallType,
			LocalAlias: a.LocalAlias, LocalDisplayName: a.LocalDisplayName,
			RemoteDisplayName: a.RemoteDisplayName, DTMFSequence: a.DTMFSequence,
		})
	}
}

// dialRequest calls somebody on a host's behalf; the result lists the new legs, none when there is
// no way to the destination (client API, dial).
func (s *Server) dialRequest(r *request, c *conference) reply {
	var body struct {
		Destination         string            `json:"destination"`
		Protocol            string            `json:"protocol"`
		Role                string            `json:"role"`
		CallType            string            `json:"call_type"`
		Source              string            `json:"source"`
		SourceDisplayName   string            `json:"source_display_name"`
		RemoteDisplayName   string            `json:"remote_display_name"`
		KeepConferenceAlive string            `json:"keep_conference_alive"`
		DTMFSequence        string            `json:"dtmf_sequence"`
		CustomSIPHeaders    map[string]string `json:"custom_sip_headers"`
	}
	if r.decode(&body) != nil || body.Destination == "" || len(body.Destination) > maxName || len(body.RemoteDisplayName) > maxName {
		return badRequest
	}
	if s.opts.Dial == nil {
		return answer(http.StatusOK, []string{})
	}
	if body.Protocol == "" || body.Protocol == "auto" {
		body.Protocol = protocolSIP
	}
	role := roleFrom(body.Role)
	setDefault(&role, roleGuest)
	setDefault(&body.CallType, "video")
	p := s.dial(c, body.KeepConferenceAlive, DialRequest{
		Destination: body.Destination, Protocol: body.Protocol, Role: role, CallType: body.CallType,
		LocalAlias: body.Source, LocalDisplayName: body.SourceDisplayName,
		RemoteDisplayName: body.RemoteDisplayName, DTMFSequence: body.DTMFSequence,
		CustomSIPHeaders: body.CustomSIPHeaders,
	})
	if p == nil {
		return answer(http.StatusOK, []string{})
	}
	return answer(http.StatusOK, []string{p.uuid})
}

// dial adds a leg to the room and calls its far end in the background; s.mu is held. The leg is
// audio only, whatever was asked for, unless a [VideoEnd] answers. A full room gets none.
func (s *Server) dial(c *conference, keepAlive string, req DialRequest) *participant {
	req.Conference, req.ServiceTag = c.service.Name, c.service.Tag
	name := req.RemoteDisplayName
	setDefault(&name, strings.TrimPrefix(req.Destination, "sip:"))
	p := &participant{
		alias: req.LocalAlias, displayName: name, uri: req.Destination, role: req.Role,
		protocol: req.Protocol, direction: "out", connecting: true, keepAlive: keepAlive,
	}
	ctx, cancel := context.WithCancel(s.ctx)
	hungUp := make(chan string, 1)
	p.hangup = func(reason string) {
		hungUp <- reason
		cancel()
	}
	if s.join(c.service, p).status != 0 {
		cancel()
		return nil
	}
	s.tasks.Go(func() {
		defer cancel()
		s.runLeg(ctx, p, req, hungUp)
	})
	return p
}

// runLeg calls the far end and keeps the leg until one side hangs up. remove stops it.
func (s *Server) runLeg(ctx context.Context, p *participant, req DialRequest, hungUp <-chan string) {
	far, err := s.callOut(ctx, p, req)
	if err != nil {
		s.opts.Log.Info("dial failed", "conference", req.Conference, "err", err)
		s.drop(p, "Gateway dial out failed")
		return
	}
	s.answered(ctx, p, far)
	select {
	case <-far.Done():
		s.drop(p, "Call disconnected")
	case <-ctx.Done():
		far.Hangup(reasonOf(hungUp))
	}
}

// callOut makes the call, if the policy confirms the room that it is made from.
func (s *Server) callOut(ctx context.Context, p *participant, req DialRequest) (FarEnd, error) {
	if err := s.confirm(ctx, p, req); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	return s.opts.Dial(ctx, req)
}

// answered connects a leg. Whoever has a camera shows the test picture.
func (s *Server) answered(ctx context.Context, p *participant, far FarEnd) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.participants[p.uuid] != p {
		return
	}
	p.connecting = false
	p.hasAudio = true
	if _, sees := far.(VideoEnd); sees {
		p.hasVideo = true
		players := s.testPicture(p)
		s.tasks.Go(func() { play(ctx, players) })
	}
	s.update(p)
}

// drop removes p from outside the lock.
func (s *Server) drop(p *participant, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(p, reason)
}

func reasonOf(hungUp <-chan string) string {
	select {
	case reason := <-hungUp:
		return reason
	default:
		return "Signaling node disconnected"
	}
}
