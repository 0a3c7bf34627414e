package session

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/session/rules"
)

// Times and counts of joining and leaving a room.
const (
	joinTime    = 20 * time.Second
	hangUpTime  = 2 * time.Second // of a leg; where that fails it ends with its participant
	releaseTime = 5 * time.Second
)

// customerTag begins the call tag of every customer's participant, as rules.AgentTag does that of
// every agent's: it is how we know our own legs, whichever replica made them.
const customerTag = "videoleg:customer:"

func isAgent(e pexrtc.RosterEntry) bool { return strings.HasPrefix(e.CallTag, rules.AgentTag) }

// room is what a customer needs to know of who else is in his conference.
type room struct {
	phone      bool // the contact centre's audio
	agent      bool
	agentVideo bool
}

func inRoom(r pexrtc.Roster) (in room) {
	for _, e := range r.Participants {
		switch {
		case e.Self:
		case e.AudioOnly && !e.Video:
			in.phone = true
		case e.Video && (isAgent(e) || e.Role == pexrtc.Host):
			in.agent = true
			in.agentVideo = in.agentVideo || !e.VideoMuted
		}
	}
	return in
}

// awaitDone waits for all to end, or for ctx.
func awaitDone[T any](ctx context.Context, all []T, done func(T) <-chan struct{}) error {
	for i, one := range all {
		select {
		case <-done(one):
		case <-ctx.Done():
			return fmt.Errorf("session: %d not ended in time: %w", len(all)-i, ctx.Err())
		}
	}
	return nil
}
