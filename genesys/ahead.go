package genesys

import (
	"context"
	"time"
)

// aheadLife is how long an answer that was read ahead counts as one of now.
const aheadLife = 5 * time.Second

// ahead is a conversation that is read before it is asked for.
type ahead struct {
	id    string
	began time.Time
	done  chan struct{} // closed when the rest is set
	conv  *Conversation
	err   error
}

// readAhead begins to read a conversation, if there is one, for the next call of Conversation. The reading
// outlives ctx, and ends by its own deadlines.
func (a *Agent) readAhead(ctx context.Context, id string) {
	if id == "" {
		return
	}
	early := &ahead{id: id, began: time.Now(), done: make(chan struct{})}
	a.mu.Lock()
	a.ahead = early
	a.mu.Unlock()
	go func() {
		defer close(early.done)
		early.conv, early.err = a.conversation(context.WithoutCancel(ctx), id)
	}()
}

// takeAhead is what was read ahead of this conversation, once and while it is fresh; else nil.
func (a *Agent) takeAhead(id string) *ahead {
	a.mu.Lock()
	defer a.mu.Unlock()
	early := a.ahead
	if early == nil || early.id != id {
		return nil
	}
	a.ahead = nil
	if time.Since(early.began) > aheadLife {
		return nil
	}
	return early
}

// awaitAhead waits for what is being read ahead.
func (a *Agent) awaitAhead(ctx context.Context, early *ahead) (*Conversation, error) {
	select {
	case <-early.done:
		return early.conv, early.err
	case <-ctx.Done():
		return nil, &Error{Step: "conversation " + early.id, Host: a.cloud.api.Host, Err: ctx.Err()}
	}
}
