package pexrtctest

import (
	"context"
	"fmt"
	"time"
)

// Simulated is a participant inside the node that sends a moving test picture in every codec: a
// customer for whoever has no second browser at hand.
type Simulated struct {
	UUID string

	server      *Server
	participant *participant
	stop        context.CancelFunc
	done        chan struct{}
}

// SimulateCustomer joins the room of an alias as a guest whom no PIN stops. It stays until Leave,
// or until the node removes it. Frames are sent only while somebody receives them.
func (s *Server) SimulateCustomer(alias, displayName string) (*Simulated, error) {
	ctx, stop := context.WithCancel(s.ctx)
	p := &participant{
		alias: alias, displayName: displayName, role: roleGuest,
		protocol: protocolWebRTC, direction: "in", hasVideo: true,
		hangup: func(string) { stop() },
	}
	service, err := s.resolve(ctx, p)
	if err != nil {
		stop()
		return nil, fmt.Errorf("pexrtctest: simulate a customer at %s: %w", alias, err)
	}
	if refused := s.properties(ctx, service, p, "standard"); refused.status != 0 {
		stop()
		return nil, fmt.Errorf("pexrtctest: simulate a customer at %s: %v", alias, refused.result)
	}
	players := s.testPicture(p)
	sim := &Simulated{server: s, participant: p, stop: stop, done: make(chan struct{})}

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		stop()
		return nil, fmt.Errorf("pexrtctest: simulate a customer at %s: node is closed", alias)
	}
	if refused := s.join(service, p); refused.status != 0 {
		stop()
		return nil, fmt.Errorf("pexrtctest: simulate a customer at %s: %v", alias, refused.result)
	}
	sim.UUID = p.uuid
	s.tasks.Go(func() {
		defer close(sim.done)
		play(ctx, players)
	})
	return sim, nil
}

// testPicture gives p a moving picture in every codec of the node; play shows it.
func (s *Server) testPicture(p *participant) (players []*player) {
	for _, name := range s.opts.Codecs {
		if clip, known := clips[name]; known {
			player := newPlayer(clip(), &source{kind: video, codec: name, received: p.counts.in(video)}, &p.counts)
			players = append(players, player)
			p.sources = append(p.sources, player.source)
		}
	}
	return players
}

// Leave takes the participant out of its room and waits until it has stopped.
func (sim *Simulated) Leave() {
	sim.server.drop(sim.participant, "")
	sim.stop()
	<-sim.done
}

// Done is closed when the participant has left or was removed.
func (sim *Simulated) Done() <-chan struct{} { return sim.done }

// play shows all clips in step until ctx ends.
func play(ctx context.Context, players []*player) {
	tick := time.NewTicker(time.Second / clipRate)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			for _, p := range players {
				p.next()
			}
		}
	}
}
