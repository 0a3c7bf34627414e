package session

import (
	"context"
	"sync"
	"time"
)

// owner is the goroutine that owns the state of one call or visit. Everybody else posts closures
// to it. It runs from start until close, and its last act is the given finish.
type owner struct {
	ctx    context.Context // ends with close; what async starts runs under it
	cancel context.CancelFunc
	tasks  chan func()
	work   sync.WaitGroup // goroutines of async and detached
	done   chan struct{}  // closed when all of it has ended
}

func newOwner(ctx context.Context) owner {
	ctx, cancel := context.WithCancel(ctx)
	return owner{ctx: ctx, cancel: cancel, tasks: make(chan func()), done: make(chan struct{})}
}

// start runs the loop. finish is called in the owner's goroutine after the last closure; then the
// goroutines that async and detached started are waited for.
func (o *owner) start(finish func()) {
	go func() {
		defer close(o.done)
		defer o.work.Wait()
		defer finish()
		for {
			select {
			case f := <-o.tasks:
				f()
			case <-o.ctx.Done():
				return
			}
		}
	}()
}

// post runs f in the owner's goroutine and does not wait for it to end. It reports whether f will
// run. The owner itself must not call it.
func (o *owner) post(f func()) bool {
	select {
	case o.tasks <- f:
		return true
	case <-o.ctx.Done():
		return false
	}
}

// async runs work in a goroutine of its own, and what work returned in the owner's. Only the owner
// calls it. work ends when its context does.
func (o *owner) async(work func(ctx context.Context) func()) {
	o.work.Go(func() {
		if then := work(o.ctx); then != nil {
			o.post(then)
		}
	})
}

// later runs f in the owner's goroutine after a while.
func (o *owner) later(wait time.Duration, f func()) {
	o.async(func(ctx context.Context) func() {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
			return f
		}
	})
}

// detached runs work that must be done even if the call is closed meanwhile, such as releasing a
// participant. It has limit to do so.
func (o *owner) detached(limit time.Duration, work func(ctx context.Context)) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(o.ctx), limit)
	o.work.Go(func() {
		defer cancel()
		work(ctx)
	})
}

// close ends the owner; wait for done to know that it has.
func (o *owner) close() { o.cancel() }

// timer is one moment in the future that an owner waits for; setting it anew forgets the old one.
// The zero value is ready. Only the owner uses it.
type timer struct {
	at      time.Time
	pending *time.Timer
	round   int // tells the firing of this setting from one that was on its way when it was reset
}

// set lets f run in the owner's goroutine at the given time. A zero time only stops the timer.
func (t *timer) set(o *owner, at time.Time, f func()) {
	if !at.IsZero() && at.Equal(t.at) {
		return
	}
	t.stop()
	if at.IsZero() {
		return
	}
	t.at = at
	round := t.round
	t.pending = time.AfterFunc(time.Until(at), func() {
		o.post(func() {
			if t.round == round {
				t.at = time.Time{}
				f()
			}
		})
	})
}

func (t *timer) stop() {
	t.round++
	t.at = time.Time{}
	if t.pending != nil {
		t.pending.Stop()
		t.pending = nil
	}
}
