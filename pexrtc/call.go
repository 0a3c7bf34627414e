package pexrtc

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
)

// maxSDP bounds a session description in either direction, in bytes.
const maxSDP = 64 << 10

// Call is one media call of a participant.
type Call struct {
	p      *Participant
	uuid   string
	answer string
	turn   []ICEServer
	ended  atomic.Bool
}

// callAnswer is the result of calls, and in part of calls/C/update.
type callAnswer struct {
	UUID    text     `json:"call_uuid"`
	SDP     text     `json:"sdp"`
	Ignored flag     `json:"offer_ignored"`
	TURN    []server `json:"turn"`
}

// Call places a media call with a complete or trickling offer. No media flows before [Call.Ack].
// Errors: ErrMedia when the node refuses the offer or wants direct media, ErrCapacity, ErrNode, ErrTokenLost.
func (p *Participant) Call(ctx context.Context, offer string) (*Call, error) {
	result, err := p.post(ctx, ask{
		step: "calls", path: p.self("calls"), timeout: offerTimeout,
		body: struct {
			CallType  string `json:"call_type"`
			MediaType string `json:"media_type"`
			FECC      bool   `json:"fecc_supported"`
			SDP       string `json:"sdp"`
		}{"WEBRTC", "video", false, offer},
	})
	if err != nil {
		return nil, mediaError(err)
	}
	var a callAnswer
	if err := json.Unmarshal(result, &a); err != nil || a.UUID == "" || checkText("call", string(a.UUID), 128) != nil {
		return nil, p.mediaRefused("calls", "unusable answer")
	}
	c := &Call{p: p, uuid: string(a.UUID), answer: string(a.SDP), turn: iceServers(a.TURN)}
	if !p.rememberCall(c) {
		return nil, errors.Join(p.mediaRefused("calls", "the participant has left"), c.Disconnect(ctx))
	}
	if a.SDP == "" || bool(a.Ignored) || len(a.SDP) > maxSDP {
		return nil, errors.Join(p.mediaRefused("calls", "the node gave no usable answer to the offer"), c.Disconnect(ctx))
	}
	return c, nil
}

// mediaError gives an error without a kind the kind ErrMedia: the node looked at the offer and did not like it.
func mediaError(err error) error {
	var e *Error
	if errors.As(err, &e) && e.Kind == nil && e.Status != 0 {
		e.Kind = ErrMedia
	}
	return err
}

func (p *Participant) mediaRefused(step, reason string) error {
	return &Error{Step: step, Alias: p.alias, Node: p.node, Reason: reason, Kind: ErrMedia}
}

// rememberCall lets Release end the call; false when the participant is leaving already.
func (p *Participant) rememberCall(c *Call) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.isLeaving() {
		return false
	}
	p.calls[c.uuid] = c
	p.newest = c
	return true
}

// forgetCall is for calls that the far end, or we, have ended. It reports whether that was the newest one.
func (p *Participant) forgetCall(uuid string) (newest bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.calls[uuid]
	if c == nil {
		return false
	}
	delete(p.calls, uuid)
	c.ended.Store(true)
	return c == p.newest
}

// UUID names the call, as in [CallDisconnected].
func (c *Call) UUID() string { return c.uuid }

// Answer is the node's session description, as it came.
func (c *Call) Answer() string { return c.answer }

// TURN are servers the node wants added for a second attempt (media over TCP 443), usually none.
func (c *Call) TURN() []ICEServer { return c.turn }

func (c *Call) path(what string) string { return c.p.self("calls/" + segment(c.uuid) + "/" + what) }

// Ack starts the media. It may take many seconds; give ctx no short deadline.
func (c *Call) Ack(ctx context.Context) error {
	_, err := c.p.post(ctx, ask{step: "ack", path: c.path("ack"), body: struct{}{}, timeout: ackTimeout})
	return mediaError(err)
}

// Update sends a new offer for the same call (ICE restart, slides) and returns the answer; Ack must follow.
func (c *Call) Update(ctx context.Context, offer string) (answer string, err error) {
	result, err := c.p.post(ctx, ask{
		step: "update", path: c.path("update"), timeout: offerTimeout,
		body: struct {
			SDP  string `json:"sdp"`
			FECC bool   `json:"fecc_supported"`
		}{offer, false},
	})
	if err != nil {
		return "", mediaError(err)
	}
	if json.Unmarshal(result, &answer) != nil {
		var a callAnswer
		_ = json.Unmarshal(result, &a) // no object either: the answer stays empty
		answer = string(a.SDP)
	}
	if answer == "" || len(answer) > maxSDP {
		return "", c.p.mediaRefused("update", "the node gave no usable answer to the offer")
	}
	return answer, nil
}

// Candidate tells the node one of our ICE candidates; one with an empty Candidate field ends the list of its MID.
func (c *Call) Candidate(ctx context.Context, k Candidate) error {
	_, err := c.p.post(ctx, ask{
		step: "new_candidate", path: c.path("new_candidate"), repeat: true,
		body: struct {
			Candidate string `json:"candidate"`
			MID       string `json:"mid"`
			Ufrag     string `json:"ufrag,omitempty"`
			Pwd       string `json:"pwd,omitempty"`
		}{k.Candidate, k.MID, k.Ufrag, k.Pwd},
	})
	return err
}

// Disconnect ends the media; the participant stays in the roster. Doing it again, or after the node has ended the call,
// does nothing.
func (c *Call) Disconnect(ctx context.Context) error {
	if !c.ended.CompareAndSwap(false, true) {
		return nil
	}
	c.p.forgetCall(c.uuid)
	_, err := c.p.post(ctx, ask{step: "calls/disconnect", path: c.path("disconnect"), body: struct{}{}, repeat: true})
	if forgotten(err) {
		return nil
	}
	return err
}
