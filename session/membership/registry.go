package membership

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/session/seal"
)

// Config is what a Registry needs.
type Config struct {
	Pexip   *pexrtc.Client
	Records Records
	Secret  []byte // seals the records; at least 32 bytes
	// Holder tells this process from all others that live and share the records. It is the same after
	// a restart.
	Holder string
	Log    *slog.Logger
}

// Registry knows the participants of one process. It is safe for concurrent use.
type Registry struct {
	cfg     Config
	records *seal.Sealer
	ctx     context.Context // ends when Close begins
	stop    context.CancelFunc
	tries   context.Context // ends when Close gives up
	giveUp  context.CancelFunc
	leaving sync.WaitGroup // farewells
	free    chan struct{}  // holds those that are at the node right now
	wake    chan struct{}  // there are changes
	last    chan struct{}  // closed when no more will come
	written chan struct{}  // closed when those are written

	mu        sync.Mutex // guards the rest
	farewells map[string][]*farewell
	changes   map[string]change // to be written, by key
	away      bool              // the state cannot be reached
}

const (
	wayTime   = time.Second            // for which a join waits
	stateTime = 500 * time.Millisecond // of that, for the state
)

// New begins to release what the holder's earlier process has left. Close ends it.
func New(ctx context.Context, cfg Config) (*Registry, error) {
	records, err := seal.New(cfg.Secret, "membership")
	if err != nil {
		return nil, fmt.Errorf("membership: %w", err)
	}
	r := &Registry{
		cfg: cfg, records: records, free: make(chan struct{}, maxTries),
		wake: make(chan struct{}, 1), last: make(chan struct{}), written: make(chan struct{}),
		farewells: map[string][]*farewell{}, changes: map[string]change{},
	}
	left, err := r.leftBehind(ctx)
	if err != nil {
		return nil, fmt.Errorf("membership: %w", err)
	}
	r.ctx, r.stop = context.WithCancel(context.Background())
	r.tries, r.giveUp = context.WithCancel(context.Background())
	go r.write()
	for key, m := range left {
		cfg.Log.Info("releasing what an earlier process has left", "call", key, "participant", m.UUID)
		r.releaseLeft(key, m)
	}
	return r, nil
}

// Keep records the participant that a call has in its room, and its token of the moment.
func (r *Registry) Keep(call string, m pexrtc.Membership) { r.note(call, change{member: m}) }

// MakeWay lets a call join: it tries to take out of the room whoever is still there for it, though not for
// long. again says that this very Call has been in the room. It waits by itself for what it releases,
// or has its reasons not to; and should another process have taken it over since, the error is a
// pexrtc.ErrRemoved.
func (r *Registry) MakeWay(ctx context.Context, call string, again bool) error {
	ctx, cancel := context.WithTimeout(ctx, wayTime)
	defer cancel()
	if err := r.takeOver(ctx, call, again); err != nil {
		return err
	}
	for _, f := range r.present(call, again) {
		if f.say(ctx, reasonLeft) == nil {
			select {
			case f.hurry <- struct{}{}:
			default:
			}
		}
	}
	return nil
}

// takeOver makes the call ours where another holder has it.
func (r *Registry) takeOver(ctx context.Context, call string, again bool) error {
	if r.unreachable() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, stateTime)
	defer cancel()
	theirs, revision, err := r.read(ctx, call)
	if err != nil || theirs.Holder == r.cfg.Holder || theirs.over() {
		return nil
	}
	if again {
		return fmt.Errorf("membership: another process has the call: %w", pexrtc.ErrRemoved)
	}
	if taken, err := r.put(ctx, call, theirs.Membership, revision); r.reached(err) == nil && taken {
		r.cfg.Log.Info("taking the call over from another process", "call", call, "participant", theirs.UUID)
		r.releaseLeft(call, theirs.Membership)
	}
	return nil
}

// Close gives every farewell one more chance and writes what there is to write. It returns when that
// is done, or ctx ends. It is called once, when no call is left. The records of those who are still there
// remain for the next process.
func (r *Registry) Close(ctx context.Context) error {
	r.mu.Lock()
	r.stop()
	r.mu.Unlock()
	patience := time.AfterFunc(tryTime, r.giveUp)
	go func() {
		r.leaving.Wait()
		patience.Stop()
		close(r.last)
	}()
	select {
	case <-r.written:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("membership: not closed in time: %w", ctx.Err())
	}
}
