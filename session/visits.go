package session

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/session/membership"
	"github.com/videoleg/videoleg/session/page"
	"github.com/videoleg/videoleg/session/seal"
)

// VisitConfig is what every visit needs.
type VisitConfig struct {
	Pexip          *pexrtc.Client
	CustomerPrefix string // of the customer's alias
	GuestPIN       string // empty where guests need none
	Kbps           int    // video bandwidth each way
	// CentreTime is how long the room's call to the contact centre may take before the customer is
	// told that it failed. 0 waits for as long as the room does.
	CentreTime time.Duration
	Members    *membership.Registry // releases; its owner closes it after Visits
	Log        *slog.Logger
	Metrics    *Metrics
	// Left is called with the session ID when a customer leaves by his own wish; nil does nothing.
	Left func(id string)
}

// maxVisits bounds the customers of one process. Their media does not pass here, so that it is
// memory and event streams that count.
const maxVisits = 5000

// Visits are the customers who are in a session through this process.
type Visits struct {
	cfg  VisitConfig
	ctx  context.Context
	stop context.CancelFunc

	mu        sync.Mutex // guards what follows
	byID      map[string]*Visit
	announced map[string]time.Time // sessions without a visit, and until when they are open
	servers   *page.Servers        // that the node gave the customer who joined last
	learnt    time.Time            // when it did
}

// NewVisits returns an empty set; Close ends it.
func NewVisits(cfg VisitConfig) *Visits {
	ctx, stop := context.WithCancel(context.Background())
	return &Visits{cfg: cfg, ctx: ctx, stop: stop, byID: map[string]*Visit{}, announced: map[string]time.Time{}}
}

// Start begins a new session for a customer of that display name and joins its room.
func (vs *Visits) Start(name string) (*Visit, error) { return vs.Join(seal.RandomText(idLength), name) }

// idLength is the length of a session ID: 16 characters are 82 bits, beyond guessing.
const idLength = 16

// Join brings a customer into the session of that ID. A visit that lives already is returned as
// it is: the customer has come back.
func (vs *Visits) Join(id, name string) (*Visit, error) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	if v := vs.byID[id]; v != nil && v.ctx.Err() == nil {
		return v, nil
	}
	switch {
	case vs.ctx.Err() != nil:
		return nil, ErrStopping
	case len(vs.byID) >= maxVisits:
		return nil, ErrTooMany
	}
	v := &Visit{owner: newOwner(vs.ctx), visits: vs, id: id, name: name, log: vs.cfg.Log.With("session", id)}
	vs.byID[id] = v
	vs.cfg.Metrics.visits.Inc()
	v.start(v.finish)
	v.post(v.begin)
	return v, nil
}

// Announce opens a session whose customer comes to the room by another way than a visit.
func (vs *Visits) Announce(id string, life time.Duration) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	now := time.Now()
	maps.DeleteFunc(vs.announced, func(_ string, end time.Time) bool { return end.Before(now) })
	vs.announced[id] = now.Add(life)
}

// Known reports whether a session is open: a customer of this process is in it, or it was
// announced.
func (vs *Visits) Known(id string) bool {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	return vs.byID[id] != nil || time.Now().Before(vs.announced[id])
}

// forget takes an ended visit out; its owner calls it.
func (vs *Visits) forget(v *Visit) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	if vs.byID[v.id] == v {
		delete(vs.byID, v.id)
	}
	vs.cfg.Metrics.visits.Dec()
}

// serversLife is how long servers are good for a check. Their credentials may be good for hours.
const serversLife = time.Hour

func (vs *Visits) remember(s *page.Servers) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	vs.servers, vs.learnt = s, time.Now()
}

// Servers are those that a customer's media will probably use: what the node gave the last one. For
// whoever may start a visit, to check the way to them before; nil while nothing is known.
func (vs *Visits) Servers() *page.Servers {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	if vs.servers == nil || time.Since(vs.learnt) > serversLife {
		return nil
	}
	return vs.servers
}

func (vs *Visits) customerLeft(id string) {
	if vs.cfg.Left != nil {
		vs.cfg.Left(id)
	}
}

// Close ends every visit and returns when all have, or ctx ends. Customers whose pages are there stay in their rooms.
func (vs *Visits) Close(ctx context.Context) error {
	vs.mu.Lock()
	vs.stop()
	all := slices.Collect(maps.Values(vs.byID))
	vs.mu.Unlock()
	return awaitDone(ctx, all, func(v *Visit) <-chan struct{} { return v.done })
}
