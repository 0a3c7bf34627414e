package membership

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/videoleg/videoleg/pexrtc"
)

// farewell is a participant that is to leave its room and is still there.
type farewell struct {
	member pexrtc.Membership
	left   chan struct{}
	heard  func() // closes left
}

const (
	maxFarewells = 32              // requests at once
	tryTime      = 2 * time.Second // for each
	firstPause   = time.Second     // between two; doubled each time
	longestPause = 10 * time.Second
	lateness     = 10 * time.Second // of the node's clock, after which it has dropped the participant
)

// reasonLeft is what the node's records say of a participant that we took out.
const reasonLeft = "User initiated disconnect"

// part lets a participant leave, and tries until it has. After Close has begun the record alone remains.
func (r *Registry) part(call string, m pexrtc.Membership) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx.Err() != nil {
		return
	}
	f := &farewell{member: m, left: make(chan struct{})}
	f.heard = sync.OnceFunc(func() { close(f.left) })
	r.farewells[call] = append(r.farewells[call], f)
	r.leaving.Go(func() {
		if r.sayUntilHeard(f) {
			r.note(call, change{member: m, gone: true})
		}
		r.parted(call, f)
	})
}

// sayUntilHeard reports whether the participant has left: the node says so, or its token has surely run out. Close ends it
// after a last try.
func (r *Registry) sayUntilHeard(f *farewell) bool {
	for n := 0; time.Now().Before(f.member.Ends.Add(lateness)); n++ {
		err := r.say(f)
		if err == nil {
			return true
		}
		r.cfg.Log.Warn("participant still not released", "participant", f.member.UUID, "err", err)
		if r.ctx.Err() != nil {
			return false
		}
		pause := min(firstPause<<min(n, 10), longestPause)
		select {
		case <-time.After(pause + rand.N(pause/2)):
		case <-f.left:
			return true
		case <-r.ctx.Done():
		}
	}
	return true
}

func (r *Registry) say(f *farewell) error {
	r.free <- struct{}{}
	defer func() { <-r.free }()
	ctx, cancel := context.WithTimeout(context.Background(), tryTime)
	defer cancel()
	return r.cfg.Pexip.Release(ctx, f.member, reasonLeft)
}

func (r *Registry) parted(call string, f *farewell) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.farewells[call] = slices.DeleteFunc(r.farewells[call], func(o *farewell) bool { return o == f })
	if len(r.farewells[call]) == 0 {
		delete(r.farewells, call)
	}
}

// present are the farewells of a call.
func (r *Registry) present(call string) []*farewell {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.farewells[call])
}
