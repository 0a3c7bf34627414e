package pexrtctest

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"
)

// call is a participant's WebRTC call.
type call struct {
	uuid  string
	peer  *webrtc.PeerConnection
	path  path           // to the client
	tasks sync.WaitGroup // reads RTP and RTCP; done when peer is closed

	negotiation sync.Mutex        // one offer at a time; ssrcs
	ssrcs       map[string]string // by mid, as announced once

	// Server.mu guards the rest.
	offer      *offer // last agreed
	sinks      map[string]*sink
	candidates int // trickled
	acked      bool
	up         bool // it has been connected: what is sent before is lost
	closing    bool
	dropTimer  *time.Timer
}

// callBody is the body of calls and update.
type callBody struct {
	CallType string `json:"call_type"`
	SDP      string `json:"sdp"`
}

// placeCall answers a participant's offer (client API, calls). A call that it had before ends.
func (s *Server) placeCall(r *request) reply {
	p, refused := s.caller(r)
	if p == nil {
		return refused
	}
	var body callBody
	if r.decode(&body) != nil || body.CallType != "" && body.CallType != "WEBRTC" {
		return badRequest
	}
	o, err := parseOffer(body.SDP, s.preferred(p))
	if err != nil {
		return s.badOffer(err)
	}
	if refused := s.standard(r.Context(), p); refused.status != 0 {
		return refused
	}
	c := &call{uuid: newUUID(), ssrcs: map[string]string{}, sinks: map[string]*sink{}}
	if c.peer, err = s.newPeer(p, c, o); err != nil {
		return s.badOffer(err)
	}
	answerSDP, err := s.negotiate(r, p, c, o)
	if err != nil {
		s.abandon(c)
		return s.badOffer(err)
	}
	if !s.install(p, c, o, body.SDP) {
		s.abandon(c)
		return invalidToken
	}
	result := map[string]any{"call_uuid": c.uuid, "sdp": answerSDP}
	if len(s.opts.CallTURN) > 0 {
		result["turn"] = s.opts.CallTURN
	}
	return answer(http.StatusOK, result)
}

// caller is the actor, who may only place calls for itself.
func (s *Server) caller(r *request) (*participant, reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.holder(r.Request)
	switch {
	case p == nil:
		return nil, invalidToken
	case p.uuid != r.PathValue("uuid"):
		return nil, invalidRole
	}
	return p, reply{}
}

// preferred puts the codec that the others in the room use first, as nothing is transcoded here.
func (s *Server) preferred(p *participant) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, other := range p.conference.participants {
		if other == p || other.call == nil {
			continue
		}
		for _, k := range other.call.sinks {
			if k.kind == video && s.offers(k.codec) {
				return append([]string{k.codec}, s.opts.Codecs...)
			}
		}
	}
	return s.opts.Codecs
}

func (s *Server) badOffer(err error) reply {
	s.opts.Log.Info("offer refused", "err", err)
	return answer(http.StatusBadRequest, "Invalid SDP")
}

// install makes c the participant's call, unless the participant has left meanwhile.
func (s *Server) install(p *participant, c *call, o *offer, sdp string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.participants[p.uuid] != p {
		return false
	}
	s.endCall(p)
	p.call = c
	p.protocol = protocolWebRTC
	s.agree(p, o, sdp)
	return true
}

// agree notes what an offer has changed; s.mu is held.
func (s *Server) agree(p *participant, o *offer, sdp string) {
	p.call.offer = o
	p.lastOffer = sdp
	p.hasAudio, p.hasVideo = false, false
	for _, line := range o.lines {
		p.hasAudio = p.hasAudio || line.kind == audio && line.codec != nil
		p.hasVideo = p.hasVideo || line.kind == video && line.codec != nil
	}
	s.update(p)
}

// receives reports whether the client wants anything on the line of k.
func (c *call) receives(k *sink) bool {
	for _, line := range c.offer.lines {
		if c.sinks[line.mid] == k {
			return line.receives && line.codec != nil
		}
	}
	return false
}

// callRequests are those below calls/C; update negotiates and is apart.
var callRequests = map[string]func(*Server, *request, *participant) reply{
	"ack":           (*Server).ack,
	"disconnect":    (*Server).disconnectCall,
	"new_candidate": (*Server).newCandidate,
	"dtmf":          func(*Server, *request, *participant) reply { return done },
	"fecc":          func(*Server, *request, *participant) reply { return done },
	"statistics":    func(*Server, *request, *participant) reply { return doneNull },
}

// callRequest dispatches POST …/participants/P/calls/C/REQUEST.
func (s *Server) callRequest(r *request) reply {
	p, refused := s.caller(r)
	if p == nil {
		return refused
	}
	name := r.PathValue("request")
	if name == "update" {
		return s.updateCall(r, p)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	do, known := callRequests[name]
	if !known || p.call == nil || p.call.uuid != r.PathValue("call") {
		return notFound
	}
	return do(s, r, p)
}

// ack lets media flow.
func (s *Server) ack(_ *request, p *participant) reply {
	c := p.call
	if !c.acked {
		c.acked = true
		if d := p.conference.service.DropMediaAfter; d > 0 {
			c.dropTimer = s.later(d, func() { s.closePeer(c) })
		}
		s.rate(p, qualityGood)
		s.settle(p.conference)
	}
	return done
}

func (s *Server) disconnectCall(_ *request, p *participant) reply {
	s.endCall(p)
	s.update(p)
	return doneNull
}

// newCandidate takes one of the client's addresses; unusable ones and those beyond the limit are
// ignored, as the others may do.
func (s *Server) newCandidate(r *request, p *participant) reply {
	var body struct {
		Candidate string `json:"candidate"`
		MID       string `json:"mid"`
		UFrag     string `json:"ufrag"`
	}
	if r.decode(&body) != nil || len(body.Candidate) > 1000 {
		return badRequest
	}
	c := p.call
	candidate := strings.TrimPrefix(body.Candidate, "a=")
	if candidate != "" && !c.closing && c.candidates < maxCandidates {
		c.candidates++
		_ = c.peer.AddICECandidate(webrtc.ICECandidateInit{Candidate: candidate})
	}
	return doneNull
}

// updateCall renegotiates: slides, ICE restart. The result is the bare answer.
func (s *Server) updateCall(r *request, p *participant) reply {
	s.mu.Lock()
	c := p.call
	s.mu.Unlock()
	if c == nil || c.uuid != r.PathValue("call") {
		return notFound
	}
	var body callBody
	if json.Unmarshal(r.body, &body) != nil {
		return badRequest
	}
	o, err := parseOffer(body.SDP, s.agreedFirst(c))
	if err != nil {
		return s.badOffer(err)
	}
	answerSDP, err := s.negotiate(r, p, c, o)
	if err != nil {
		return s.badOffer(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.call != c {
		return notFound
	}
	s.agree(p, o, body.SDP)
	return answer(http.StatusOK, answerSDP)
}

// agreedFirst keeps a call at its codec.
func (s *Server) agreedFirst(c *call) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range c.offer.lines {
		if line.kind != audio && line.codec != nil {
			return []string{line.codec.name}
		}
	}
	return s.opts.Codecs
}

// endCall takes a participant's media away; the token stays. s.mu is held.
func (s *Server) endCall(p *participant) {
	c := p.call
	if c == nil {
		return
	}
	s.tellStreams(p, c)
	p.call = nil
	p.sources = nil
	p.hasAudio, p.hasVideo = false, false
	for _, k := range c.sinks {
		k.attach(nil)
	}
	s.closePeer(c)
}

// closePeer stops a call's connection in the background, as its callbacks may be waiting for s.mu;
// s.mu is held.
func (s *Server) closePeer(c *call) {
	if c.closing {
		return
	}
	c.closing = true
	if c.dropTimer != nil {
		c.dropTimer.Stop()
	}
	s.tasks.Go(func() {
		_ = c.peer.GracefulClose()
		c.tasks.Wait()
	})
}

// abandon closes a call that never became a participant's.
func (s *Server) abandon(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closePeer(c)
}

func (c *call) connected() bool {
	return c.peer.ConnectionState() == webrtc.PeerConnectionStateConnected
}

// videoCodec is the name of the main video's codec, or empty.
func (c *call) videoCodec() string {
	for _, line := range c.offer.lines {
		if line.kind == video && line.codec != nil {
			return line.codec.name
		}
	}
	return ""
}
