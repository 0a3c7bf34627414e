package relay

import (
	"sync"
	"time"
)

// keyframeGap is the least time between two keyframe requests to the same far end: a keyframe costs it several times
// the bandwidth of an ordinary frame.
const keyframeGap = 300 * time.Millisecond

// resortGap is the least time between two keyframes that are asked for because repair has failed: a path that is full is not
// helped by many of them.
const resortGap = 2 * time.Second

// resort is the last one when a packet does not come: a receiver waits for seconds before it asks for a keyframe by itself.
type resort struct{ last time.Time } // with a rest before it: when that ends

// due says that it is time for it.
func (r *resort) due(now time.Time) bool {
	if now.Sub(r.last) < resortGap {
		return false
	}
	r.last = now
	return true
}

// asker passes on keyframe requests, at most one per keyframeGap; requests in between become one at the end of it.
type asker struct {
	send func() bool // asks the far end, if there is anything to ask for; must not block

	mu      sync.Mutex
	last    time.Time   // guarded by mu, as the rest
	pending *time.Timer // the request at the end of the gap
	stopped bool
}

// ask requests a keyframe now or soon.
func (a *asker) ask() { a.askIn(0) }

// askIn requests one after a while; who asks meanwhile gets that one, too.
func (a *asker) askIn(wait time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stopped || a.pending != nil {
		return
	}
	if !a.last.IsZero() {
		wait = max(wait, keyframeGap-time.Since(a.last))
	}
	if wait > 0 {
		a.pending = time.AfterFunc(wait, a.late)
		return
	}
	a.fire()
}

func (a *asker) late() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stopped {
		return
	}
	a.pending = nil
	a.fire()
}

func (a *asker) fire() {
	if a.send() {
		a.last = time.Now()
	}
}

// stop ends the asker; nothing is sent after it has returned.
func (a *asker) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stopped = true
	if a.pending != nil {
		a.pending.Stop()
	}
}
