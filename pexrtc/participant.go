package pexrtc

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Role is what a participant may do.
type Role string

// Roles. Requests marked "hosts" in control.go fail with ErrRole for guests.
const (
	Host  Role = "host"
	Guest Role = "guest"
)

// roleOf reads HOST, chair, GUEST, guest; the unknown are guests.
func roleOf(s string) Role {
	switch strings.ToLower(s) {
	case "host", "chair":
		return Host
	}
	return Guest
}

// Participant is our entry in one conference, on one node. All methods may be called from any goroutine.
type Participant struct {
	c           *Client
	node, alias string
	info        tokenAnswer
	ice         []ICEServer
	log         *slog.Logger
	token       *tokenKeeper
	running     atomic.Bool
	leaving     chan struct{} // closed when Release begins

	mu     sync.Mutex
	role   Role             // guarded by mu, as the rest
	calls  map[string]*Call // placed and not yet ended
	newest *Call            // the last one placed; nil: none was
	left   bool             // the node has our token back
}

func newParticipant(c *Client, node, alias string, t tokenAnswer, sent time.Time) *Participant {
	return &Participant{
		c: c, node: node, alias: alias, info: t,
		ice:     iceServers(t.STUN, t.TURN),
		log:     c.log.With("alias", alias, "participant", t.ParticipantUUID),
		token:   newTokenKeeper(t.Token, sent, t.Expires.life()),
		leaving: make(chan struct{}),
		role:    roleOf(string(t.Role)),
		calls:   map[string]*Call{},
	}
}

// UUID is our key in the roster.
func (p *Participant) UUID() string { return p.info.ParticipantUUID }

// Node is the base URL of the node that has us; it stays the same for life.
func (p *Participant) Node() string { return p.node }

// DisplayName is our name as the node shows it; policy may have changed it.
func (p *Participant) DisplayName() string { return string(p.info.DisplayName) }

// Role is ours at this moment; a host may change it.
func (p *Participant) Role() Role {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.role
}

// ICEServers are for the media leg towards the node.
func (p *Participant) ICEServers() []ICEServer { return p.ice }

// RelayOnly: the media leg must use TURN candidates only.
func (p *Participant) RelayOnly() bool { return bool(p.info.RelayOnly) }

// TrickleICE: the node takes candidates after the offer. Without it the offer must be complete.
func (p *Participant) TrickleICE() bool { return bool(p.info.TrickleICE) }

// VP9: the conference may use VP9.
func (p *Participant) VP9() bool { return bool(p.info.VP9) }

// ChatEnabled: the conference carries messages.
func (p *Participant) ChatEnabled() bool { return bool(p.info.ChatEnabled) }

// GuestsCanPresent: guests may take the floor.
func (p *Participant) GuestsCanPresent() bool { return bool(p.info.GuestsCanPresent) }

// version is the major version of the node's software; 0 when it did not say.
func (p *Participant) version() int {
	major, _, _ := strings.Cut(string(p.info.Version.ID), ".")
	n, err := strconv.Atoi(major)
	if err != nil {
		return 0
	}
	return n
}

// noteSelf keeps what our own roster entry says about us.
func (p *Participant) noteSelf(e RosterEntry) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.role = e.Role
}

// ask is one request below the conference.
type ask struct {
	step, path string
	body       any
	timeout    time.Duration // 0: controlTimeout
	repeat     bool
}

// post sends a with the token of the moment. If the node refuses a token that a refresh has just replaced, it is sent
// once more with the new one.
func (p *Participant) post(ctx context.Context, a ask) (json.RawMessage, error) {
	if a.timeout == 0 {
		a.timeout = controlTimeout
	}
	r := request{
		step: a.step, alias: p.alias, node: p.node, method: http.MethodPost,
		url: conferenceURL(p.node, p.alias) + "/" + a.path, body: a.body, timeout: a.timeout, repeat: a.repeat,
	}
	for again := true; ; again = false {
		if p.hasLeft() {
			return nil, &Error{Step: a.step, Alias: p.alias, Node: p.node, Reason: "the participant has left", Kind: ErrTokenLost}
		}
		token, err := p.token.get(ctx)
		if err != nil {
			return nil, r.failed(nil, err)
		}
		r.token = token
		result, err := p.c.do(ctx, r)
		if again && refusesToken(err) && p.token.replaced(token) {
			continue
		}
		return result, err
	}
}

func (p *Participant) hasLeft() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.left
}

// isLeaving says that Release has begun.
func (p *Participant) isLeaving() bool {
	select {
	case <-p.leaving:
		return true
	default:
		return false
	}
}

// refusesToken: the status with which nodes answer to a token that is not theirs.
func refusesToken(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Status == http.StatusForbidden || e.Status == http.StatusUnauthorized)
}

// self is the path of a request about ourselves.
func (p *Participant) self(what string) string { return participantPath(p.UUID(), what) }

func participantPath(uuid, what string) string { return "participants/" + segment(uuid) + "/" + what }

// Release leaves the conference: it ends our calls, hands the token back and makes Run return nil. reason is for the
// node's records. It may be called more than once and from several goroutines; once the node has the token back, and
// when the node had forgotten us already, it does nothing and returns nil.
func (p *Participant) Release(ctx context.Context, reason string) error {
	calls, todo := p.leave()
	if !todo {
		return nil
	}
	for _, c := range calls {
		if err := c.Disconnect(ctx); err != nil {
			p.log.Debug("call not ended before release", "err", err)
		}
	}
	_, err := p.post(ctx, ask{
		step: "release_token", path: "release_token", repeat: true, body: leaving(reason),
	})
	if err := unlessGone(err); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left = true
	return nil
}

// leave stops Run and lists the calls to end; todo is false when all is done already.
func (p *Participant) leave() (calls []*Call, todo bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.isLeaving() {
		close(p.leaving)
	}
	for _, c := range p.calls {
		calls = append(calls, c)
	}
	return calls, !p.left
}

// forgotten: the node knows neither us nor the conference any more.
func forgotten(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusNotFound && e.Kind != ErrNode
}
