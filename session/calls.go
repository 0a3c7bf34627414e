package session

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/videoleg/videoleg/genesys"
	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/pexrtc/relay"
	"github.com/videoleg/videoleg/session/membership"
	"github.com/videoleg/videoleg/session/rules"
)

// CallConfig is what every call needs.
type CallConfig struct {
	Pexip       *pexrtc.Client
	Relay       *relay.Relay // used in Relay mode
	Mode        MediaMode
	Kbps        int // video bandwidth each way
	AgentPrefix string
	HostPIN     string
	Alias       genesys.AliasSource
	Members     *membership.Registry // whose owner closes it after Calls
	Outbound    Outbound
	Rules       rules.Options
	// Invite makes a link into a session; nil: there are none.
	Invite  func(ctx context.Context, session string) (string, error)
	Log     *slog.Logger
	Metrics *Metrics
}

// maxCalls bounds the legs of one process.
const maxCalls = 2000

// Calls are the agents' calls that this process holds, and who listens for them.
type Calls struct {
	cfg  CallConfig
	ctx  context.Context
	stop context.CancelFunc
	work sync.WaitGroup // followers

	newLeg func(*Call, *pexrtc.Participant) leg

	mu        sync.Mutex // guards what follows, and the followers' fields that say so
	byKey     map[callKey]*Call
	followers map[string]*follower // by agent ID
	vain      []time.Time          // when dialled addresses turned out to have no room
}

// callKey is what a call is one of: whatever windows show it, an agent has one leg in a
// conversation.
type callKey struct{ agent, conversation string }

// NewCalls returns an empty set; Close ends it.
func NewCalls(cfg CallConfig) *Calls {
	ctx, stop := context.WithCancel(context.Background())
	return &Calls{
		cfg: cfg, ctx: ctx, stop: stop, newLeg: (*Call).newMediaLeg,
		byKey: map[callKey]*Call{}, followers: map[string]*follower{},
	}
}

// Open returns the agent's call in a conversation, which lives already or begins now. It waits
// until Genesys Cloud has said that the agent is on it; joining goes on after that. The call ends by
// itself if no page attaches. Errors are those of FaultOf.
func (cs *Calls) Open(ctx context.Context, agent *genesys.Agent, conversation string) (*Call, error) {
	c, err := cs.find(agent, conversation)
	if err != nil {
		return nil, err
	}
	select {
	case <-c.opened:
		if c.openErr != nil {
			return nil, c.openErr
		}
		return c, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// find returns the call that lives, or a new one that looks its conversation up.
func (cs *Calls) find(agent *genesys.Agent, conversation string) (*Call, error) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	key := callKey{agent.ID(), conversation}
	if c := cs.byKey[key]; c != nil && c.ctx.Err() == nil {
		go c.post(func() { c.signedIn(agent) })
		return c, nil
	}
	switch {
	case cs.ctx.Err() != nil:
		return nil, ErrStopping
	case len(cs.byKey) >= maxCalls:
		return nil, ErrTooMany
	}
	id := callID(agent.ID(), conversation)
	c := &Call{
		owner: newOwner(cs.ctx), calls: cs, agent: agent, conversation: conversation, id: id,
		log:    cs.cfg.Log.With("call", id, "conversation", conversation),
		opened: make(chan struct{}),
		rules:  rules.New(conversation, agent.ID(), cs.cfg.Rules),
	}
	c.session, c.first = cs.takeForeseen(key)
	cs.byKey[key] = c
	cs.cfg.Metrics.calls.Inc()
	c.start(c.finish)
	c.lookUp()
	return c, nil
}

// callID is the same whichever process holds the call, so that a participant that a dead one has left behind is known.
func callID(agent, conversation string) string {
	sum := sha256.Sum256([]byte(agent + " " + conversation))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:10]))
}

// forget takes an ended call out; its owner calls it.
func (cs *Calls) forget(c *Call) {
	cs.unwatch(c)
	cs.mu.Lock()
	defer cs.mu.Unlock()
	key := callKey{c.agent.ID(), c.conversation}
	if cs.byKey[key] == c {
		delete(cs.byKey, key)
	}
	cs.cfg.Metrics.calls.Dec()
}

// CustomerLeft says that the customer of a session has left by his own wish: its calls need not
// wait for him to come back.
func (cs *Calls) CustomerLeft(session string) {
	cs.tell(session, func(c *Call) { c.apply(c.rules.OnGoodbye(c.now())) })
}

// tell lets the calls of a session hear something.
func (cs *Calls) tell(session string, hear func(*Call)) {
	for _, c := range cs.all() {
		c.post(func() {
			if c.session == session {
				hear(c)
			}
		})
	}
}

func (cs *Calls) all() []*Call {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return slices.Collect(maps.Values(cs.byKey))
}

// Close releases every call and stops listening. It returns when that is done, or ctx ends.
func (cs *Calls) Close(ctx context.Context) error {
	cs.mu.Lock()
	cs.stop() // under the lock: none begins that is not waited for
	all := slices.Collect(maps.Values(cs.byKey))
	cs.mu.Unlock()
	if err := awaitDone(ctx, all, func(c *Call) <-chan struct{} { return c.done }); err != nil {
		return err
	}
	listening := make(chan struct{})
	go func() {
		cs.work.Wait()
		close(listening)
	}()
	return awaitDone(ctx, []chan struct{}{listening}, func(c chan struct{}) <-chan struct{} { return c })
}
