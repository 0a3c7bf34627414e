package pexrtctest

import (
	"context"
	"fmt"
)

// IncomingCall is a voice call that a SIP trunk brings to the node.
type IncomingCall struct {
	Alias       string // that was dialled, such as sip:30123@video.example
	DisplayName string // of the caller
}

// IncomingLeg is the node's end of such a call.
type IncomingLeg struct {
	UUID string
	done chan struct{}
	hang func()
}

// Done is closed when the node has ended the call.
func (l *IncomingLeg) Done() <-chan struct{} { return l.done }

// Hangup ends it from the caller's side; it may be called more than once.
func (l *IncomingLeg) Hangup() { l.hang() }

// Ring brings a voice call to a room, as a guest whom no PIN stops. The policy is asked as of any other
// participant. It returns when the node has answered.
func (s *Server) Ring(ctx context.Context, in IncomingCall) (*IncomingLeg, error) {
	leg := &IncomingLeg{done: make(chan struct{})}
	p := &participant{
		alias: in.Alias, displayName: in.DisplayName, uri: in.Alias, role: roleGuest, protocol: protocolSIP, direction: "in", hasAudio: true,
		hangup: func(string) { close(leg.done) },
	}
	leg.hang = func() { s.drop(p, "Call disconnected") }
	failed := func(why any) (*IncomingLeg, error) {
		return nil, fmt.Errorf("pexrtctest: a call to %s: %v", in.Alias, why)
	}
	service, err := s.resolve(ctx, p)
	if err != nil {
		return failed(err)
	}
	if refused := s.properties(ctx, service, p, "standard"); refused.status != 0 {
		return failed(refused.result)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if refused := s.join(service, p); refused.status != 0 {
		return failed(refused.result)
	}
	leg.UUID = p.uuid
	return leg, nil
}
