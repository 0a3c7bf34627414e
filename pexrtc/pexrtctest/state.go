package pexrtctest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Participant is what the node knows about a leg at one moment.
type Participant struct {
	UUID        string
	Conference  string
	Alias       string // that it joined by
	DisplayName string
	OverlayText string
	CallTag     string
	Role        string // chair or guest
	Protocol    string // api, webrtc, sip, …
	Direction   string // in or out
	URI         string // dialled legs: whom
	ServiceType string // conference, waiting_room, connecting
	CallUUID    string // empty without a call
	Acked       bool   // media may flow
	Connected   bool   // the call's ICE and DTLS are up
	HasAudio    bool   // an audio line was agreed
	HasVideo    bool   // a main video line was agreed
	VideoCodec  string // of the main video, as in SDP; empty without
	Muted       bool
	ClientMuted bool
	VideoMuted  bool
	OnHold      bool
	Presenting  bool
	Spotlight   bool
	HandRaised  bool
	Streams     int // open event streams
	LastOffer   string

	// Media that the node has received from it and sent to it.
	AudioIn, AudioOut   Traffic
	VideoIn, VideoOut   Traffic
	SlidesIn, SlidesOut Traffic

	// KeyframesAsked counts the PLI and FIR that it sent, KeyframesWanted those sent to it.
	KeyframesAsked, KeyframesWanted int
}

// Traffic counts RTP packets and their payload bytes.
type Traffic struct{ Packets, Bytes int }

// Conference is a running room.
type Conference struct {
	Name        string
	Started     bool
	Locked      bool
	GuestsMuted bool
	Presenter   string // UUID, or empty
}

// Conferences lists the running rooms by name.
func (s *Server) Conferences() []Conference {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Conference
	for _, name := range slices.Sorted(maps.Keys(s.conferences)) {
		c := s.conferences[name]
		public := Conference{Name: name, Started: c.started, Locked: c.locked, GuestsMuted: c.guestsMuted}
		if c.presenter != nil {
			public.Presenter = c.presenter.uuid
		}
		list = append(list, public)
	}
	return list
}

// Participants lists a room's legs in the order of joining; an empty name means those of all
// rooms, by the rooms' names.
func (s *Server) Participants(conference string) []Participant {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Participant
	for _, name := range slices.Sorted(maps.Keys(s.conferences)) {
		if conference != "" && conference != name {
			continue
		}
		for _, p := range s.conferences[name].participants {
			list = append(list, p.public())
		}
	}
	return list
}

// AwaitParticipant waits until some participant of any room matches, and returns it. match may
// look at counters too: it is asked again every few milliseconds.
func (s *Server) AwaitParticipant(ctx context.Context, match func(Participant) bool) (Participant, error) {
	var found Participant
	err := s.await(ctx, func() bool {
		list := s.Participants("")
		i := slices.IndexFunc(list, match)
		if i >= 0 {
			found = list[i]
		}
		return i >= 0
	})
	if err != nil {
		err = fmt.Errorf("pexrtctest: no such participant among %d: %w", len(s.Participants("")), err)
	}
	return found, err
}

// AwaitGone waits until no participant matches.
func (s *Server) AwaitGone(ctx context.Context, match func(Participant) bool) error {
	err := s.await(ctx, func() bool { return !slices.ContainsFunc(s.Participants(""), match) })
	if err != nil {
		err = fmt.Errorf("pexrtctest: participant still there: %w", err)
	}
	return err
}

// AwaitNoParticipants waits until the room is over; an empty name means all rooms.
func (s *Server) AwaitNoParticipants(ctx context.Context, conference string) error {
	return s.AwaitGone(ctx, func(p Participant) bool { return conference == "" || p.Conference == conference })
}

// await asks done after each change, and now and then for what only counters show.
func (s *Server) await(ctx context.Context, done func() bool) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if done() {
			return nil
		}
		select {
		case <-changed:
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// public copies what tests may see; Server.mu is held.
func (p *participant) public() Participant {
	public := Participant{
		UUID: p.uuid, Conference: p.conference.service.Name, Alias: p.alias,
		DisplayName: p.displayName, OverlayText: p.overlayText, CallTag: p.callTag,
		Role: p.role, Protocol: p.protocol, Direction: p.direction, URI: p.uri,
		ServiceType: p.serviceType(), HasAudio: p.hasAudio, HasVideo: p.hasVideo,
		Muted: p.muted, ClientMuted: p.clientMuted, VideoMuted: p.videoMuted, OnHold: p.onHold,
		Presenting: p.conference.presenter == p, Spotlight: p.spotlight > 0, HandRaised: p.buzz > 0,
		Streams: len(p.streams), LastOffer: p.lastOffer,
		AudioIn: p.counts.audioIn.public(), AudioOut: p.counts.audioOut.public(),
		VideoIn: p.counts.videoIn.public(), VideoOut: p.counts.videoOut.public(),
		SlidesIn: p.counts.slidesIn.public(), SlidesOut: p.counts.slidesOut.public(),
		KeyframesAsked:  int(p.counts.keyframesFrom.Load()),
		KeyframesWanted: int(p.counts.keyframesTo.Load()),
	}
	if c := p.call; c != nil {
		public.CallUUID, public.Acked = c.uuid, c.acked
		public.Connected = c.connected()
		public.VideoCodec = c.videoCodec()
	}
	return public
}

func (t *traffic) public() Traffic {
	return Traffic{Packets: int(t.packets.Load()), Bytes: int(t.bytes.Load())}
}
