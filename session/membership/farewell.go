package membership

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/videoleg/videoleg/pexrtc"
)

// farewell is a participant that is to leave its room and may still be there.
type farewell struct {
	call   string
	member pexrtc.Membership
	say    func(ctx context.Context, reason string) error
	first  bool          // guarded by Registry.mu: it is said for the first time
	hurry  chan struct{} // the node hears again
}

const (
	releaseTime  = 3 * time.Second // for the first try
	tryTime      = 2 * time.Second // for each later one
	maxTries     = 32              // of those at once
	firstPause   = time.Second     // between two; doubled each time
	longestPause = 10 * time.Second
	lateness     = 10 * time.Second // of the node's clock, after which it has dropped the participant
)

// reasonLeft is what the node's records say of a participant that we took out.
const reasonLeft = "User initiated disconnect"

// Release hands a participant back to its node. It returns after the first try, which ctx does not cut
// short; if that fails, more follow.
func (r *Registry) Release(ctx context.Context, call string, p *pexrtc.Participant) {
	f := &farewell{call: call, member: p.Membership(), say: p.Release, first: true, hurry: make(chan struct{}, 1)}
	begun := r.begin(f)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
	defer cancel()
	err := f.say(ctx, reasonLeft)
	if err != nil {
		r.cfg.Log.Warn("participant not released", "call", call, "participant", p.UUID(), "try on", begun, "err", err)
	}
	switch {
	case !begun:
	case err == nil:
		r.end(f, true)
	default:
		go r.insist(f)
	}
}

// releaseLeft hands back a participant of another process.
func (r *Registry) releaseLeft(call string, m pexrtc.Membership) {
	f := &farewell{call: call, member: m, hurry: make(chan struct{}, 1)}
	f.say = func(ctx context.Context, reason string) error { return r.cfg.Pexip.Release(ctx, m, reason) }
	if r.begin(f) {
		go r.insist(f)
	}
}

// begin adds a farewell to those that Close waits for. After that has begun the record alone remains.
func (r *Registry) begin(f *farewell) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx.Err() != nil {
		return false
	}
	r.farewells[f.call] = append(r.farewells[f.call], f)
	r.leaving.Add(1)
	return true
}

func (r *Registry) end(f *farewell, left bool) {
	if left {
		r.note(f.call, change{member: f.member, gone: true})
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.farewells[f.call] = slices.DeleteFunc(r.farewells[f.call], func(o *farewell) bool { return o == f })
	if len(r.farewells[f.call]) == 0 {
		delete(r.farewells, f.call)
	}
	r.leaving.Done()
}

// insist repeats a farewell until the node has heard it, or must have dropped the participant by itself. Close ends it after a
// last try.
func (r *Registry) insist(f *farewell) {
	r.mu.Lock()
	f.first = false
	r.mu.Unlock()
	for n := 0; time.Now().Before(f.member.Ends.Add(lateness)); n++ {
		err := r.try(f)
		if err == nil {
			break
		}
		r.cfg.Log.Debug("participant still not released", "call", f.call, "participant", f.member.UUID, "err", err)
		if r.ctx.Err() != nil {
			r.end(f, false)
			return
		}
		pause := min(firstPause<<min(n, 10), longestPause)
		select {
		case <-time.After(pause + rand.N(pause/2)):
		case <-f.hurry:
		case <-r.ctx.Done():
		}
	}
	r.cfg.Log.Info("participant has left", "call", f.call, "participant", f.member.UUID)
	r.end(f, true)
}

func (r *Registry) try(f *farewell) error {
	select {
	case r.free <- struct{}{}:
	case <-r.tries.Done():
		return r.tries.Err()
	}
	defer func() { <-r.free }()
	ctx, cancel := context.WithTimeout(r.tries, tryTime)
	defer cancel()
	return f.say(ctx, reasonLeft)
}

// present are the farewells of a call, without those whose first try its call waits for itself.
func (r *Registry) present(call string, itself bool) (all []*farewell) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.farewells[call] {
		if !f.first || !itself {
			all = append(all, f)
		}
	}
	return all
}
