package pexrtc

import (
	"context"
	"encoding/json"
	"errors"
)

// maxChat bounds a chat message, in bytes.
const maxChat = 16 << 10

// command is a request that may be repeated and answers with nothing of interest.
func (p *Participant) command(ctx context.Context, step, path string, body any) error {
	_, err := p.post(ctx, ask{step: step, path: path, body: body, repeat: true})
	var e *Error
	if errors.As(err, &e) && e.Status == 403 && e.Kind == nil && p.Role() == Guest {
		e.Kind = ErrRole
	}
	return err
}

// onOff picks the request of a switch.
func onOff(on bool, yes, no string) string {
	if on {
		return yes
	}
	return no
}

// SetVideoMuted sets our video mute flag, which takes our picture out of the layout. It does not stop the packets:
// that is the media leg's business.
func (p *Participant) SetVideoMuted(ctx context.Context, muted bool) error {
	step := onOff(muted, "video_muted", "video_unmuted")
	return p.command(ctx, step, p.self(step), nil)
}

// SetMuted sets our own microphone flag in the roster (client_mute; mute on nodes before version 36).
func (p *Participant) SetMuted(ctx context.Context, muted bool) error {
	step := onOff(muted, "client_mute", "client_unmute")
	if v := p.version(); v > 0 && v < 36 {
		step = onOff(muted, "mute", "unmute")
	}
	return p.command(ctx, step, p.self(step), nil)
}

// EndConference ends the conference for everybody. Hosts.
func (p *Participant) EndConference(ctx context.Context) error {
	return p.command(ctx, "disconnect", "disconnect", nil)
}

// Remove throws a participant out. Hosts.
func (p *Participant) Remove(ctx context.Context, uuid string) error {
	return p.about(ctx, uuid, "disconnect")
}

// Admit lets a participant in from the waiting room. Hosts.
func (p *Participant) Admit(ctx context.Context, uuid string) error {
	return p.about(ctx, uuid, "unlock")
}

// Mute takes the microphone of another participant from the mix, or gives it back. Hosts.
func (p *Participant) Mute(ctx context.Context, uuid string, muted bool) error {
	return p.about(ctx, uuid, onOff(muted, "mute", "unmute"))
}

func (p *Participant) about(ctx context.Context, uuid, what string) error {
	if err := checkText("participant", uuid, 128); err != nil || uuid == "" || uuid == "." || uuid == ".." {
		return errors.New("pexrtc: no such participant identifier")
	}
	return p.command(ctx, "participants/"+what, participantPath(uuid, what), nil)
}

// SetLocked makes newcomers wait, or lets them in again. Hosts.
func (p *Participant) SetLocked(ctx context.Context, locked bool) error {
	step := onOff(locked, "lock", "unlock")
	return p.command(ctx, step, step, nil)
}

// Message sends a chat message to everybody.
func (p *Participant) Message(ctx context.Context, text string) error {
	if text == "" || len(text) > maxChat {
		return errors.New("pexrtc: a message has 1 to 16384 bytes")
	}
	_, err := p.post(ctx, ask{step: "message", path: "message", body: map[string]string{"type": "text/plain", "payload": text}})
	return err
}

// TakeFloor says that our slides are now the presentation. 403 without a kind: someone does not allow it.
func (p *Participant) TakeFloor(ctx context.Context) error {
	return p.command(ctx, "take_floor", p.self("take_floor"), nil)
}

// ReleaseFloor ends our presentation; harmless without one.
func (p *Participant) ReleaseFloor(ctx context.Context) error {
	return p.command(ctx, "release_floor", p.self("release_floor"), nil)
}

// DialRequest says whom the node calls into the conference.
type DialRequest struct {
	Destination string // e.g. sip:+15551234567@trunk.example
	Protocol    string // sip, h323, rtmp, mssip, auto; empty: auto
	Role        Role   // empty: guest
	AudioOnly   bool
	SourceName  string // shown to the far end as the caller
	DisplayName string // shown in our roster
	KeepAlive   string // keep_conference_alive, keep_conference_alive_if_multiple, keep_conference_alive_never; empty: the node's choice
}

// Dial calls someone in and returns the new participants' UUIDs. It is not repeated on failure. Hosts.
// Errors: ErrMedia when there is no route.
func (p *Participant) Dial(ctx context.Context, d DialRequest) ([]string, error) {
	if d.Destination == "" {
		return nil, errors.New("pexrtc: dial without a destination")
	}
	body := map[string]string{
		"destination": d.Destination, "protocol": d.Protocol, "role": onOff(d.Role == Host, "HOST", "GUEST"),
		"call_type": onOff(d.AudioOnly, "audio", "video"), "source_display_name": d.SourceName,
		"remote_display_name": d.DisplayName, "keep_conference_alive": d.KeepAlive,
	}
	if d.Protocol == "" {
		body["protocol"] = "auto"
	}
	for k, v := range body {
		if v == "" {
			delete(body, k)
		}
	}
	result, err := p.post(ctx, ask{step: "dial", path: "dial", body: body, timeout: offerTimeout})
	if err != nil {
		return nil, err
	}
	var uuids []string
	if json.Unmarshal(result, &uuids) != nil || len(uuids) == 0 {
		return nil, p.mediaRefused("dial", "no route to the destination")
	}
	return uuids, nil
}
