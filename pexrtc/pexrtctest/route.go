package pexrtctest

import "slices"

// route decides anew who receives what in a room: each participant gets the main video and the
// audio of one other, the newest that has any in its codec, and the slides of the presenter;
// s.mu is held.
func (s *Server) route(c *conference) {
	for _, p := range c.participants {
		if p.call == nil {
			continue
		}
		for _, k := range p.call.sinks {
			k.attach(c.sourceFor(p, k))
		}
	}
	c.tellStage()
}

// sourceFor finds what p receives on k; nil is nothing.
func (c *conference) sourceFor(p *participant, k *sink) *source {
	if !p.flows() || !p.arrives() || !p.call.receives(k) || p.refuses(k.kind) {
		return nil
	}
	for _, other := range slices.Backward(c.participants) {
		if other == p || !other.shows(k.kind) {
			continue
		}
		for _, src := range other.sources {
			if src.kind == k.kind && src.codec == k.codec {
				return src
			}
		}
	}
	return nil
}

// flows reports whether media may go to and from p at all: not in the waiting room, not on hold,
// and not before ack.
func (p *participant) flows() bool {
	return !p.waiting && !p.connecting && !p.onHold && (p.call == nil || p.call.acked)
}

// arrives reports whether p gets what is sent to it: a stream that begins earlier loses the keyframe
// that it begins with.
func (p *participant) arrives() bool { return p.call == nil || p.call.up }

func (p *participant) refuses(k kind) bool {
	return k == audio && p.txMuted || k == slides && p.deniesPresentation
}

// shows reports whether others may receive that kind from p.
func (p *participant) shows(k kind) bool {
	switch {
	case !p.flows():
		return false
	case k == audio:
		return !p.muted
	case k == video:
		return !p.videoMuted
	}
	return p.conference.presenter == p
}

// tellStage sends the stage event when the order of those with media has changed, newest first.
// Nobody's voice is measured here.
func (c *conference) tellStage() {
	type place struct {
		Participant string `json:"participant_uuid"`
		Index       int    `json:"stage_index"`
		VAD         int    `json:"vad"`
	}
	stage := []place{}
	for _, p := range slices.Backward(c.participants) {
		if p.hasMedia() && p.flows() {
			stage = append(stage, place{p.uuid, len(stage), 0})
		}
	}
	text := string(raw(stage))
	if text == c.stage {
		return
	}
	c.stage = text
	for _, p := range c.participants {
		if !p.waiting {
			p.send("stage", stage)
		}
	}
}
