package pexrtc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// JoinRequest says which conference to join, and as whom.
type JoinRequest struct {
	Alias       string // as dialled; ≤ 250 bytes
	DisplayName string // shown in the roster; ≤ 250 bytes
	PIN         string // empty: none. Guests of a conference that asks hosts only are let in without
	CallTag     string // comes back in every roster: the one safe way to know our own participants; ≤ 1000 bytes
}

// joinGrace is how long Join still waits for the node's answer after its context has ended: a participant that the
// node has made meanwhile must be released.
const joinGrace = 3 * time.Second

// noPIN is the header value that means "as a guest, without PIN".
const noPIN = "none"

// check refuses a request before any node sees it.
func (r JoinRequest) check() error {
	if r.Alias == "" || r.Alias == "." || r.Alias == ".." {
		return fmt.Errorf("pexrtc: %q cannot be an alias", r.Alias)
	}
	return errors.Join(checkText("alias", r.Alias, maxAlias), checkText("display name", r.DisplayName, maxDisplayName),
		checkText("PIN", r.PIN, maxPIN), checkText("call tag", r.CallTag, maxCallTag))
}

// Join makes a participant (client API: request_token). It asks the nodes in order of preference and goes on to the
// next only if one is unreachable, hangs for six seconds, or cannot serve; an unknown alias or a refused PIN is never
// asked twice. A guest without a PIN is let in where the conference allows it. The participant lives about two minutes
// unless [Participant.Run] is called. When ctx ends, nobody is left behind in the conference; Join then returns ctx's error
// within a few seconds. Errors: *Error.
func (c *Client) Join(ctx context.Context, r JoinRequest) (*Participant, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	var last error
	nodes := c.inOrder(time.Now())
	for i, node := range nodes {
		if ctx.Err() != nil {
			return nil, &Error{Step: "request_token", Alias: r.Alias, Node: node, Err: context.Cause(ctx)}
		}
		patience := joinTimeout
		if i < len(nodes)-1 {
			patience = joinElsewhere
		}
		p, err := c.joinAt(ctx, node, r, patience)
		if err == nil || !errors.Is(err, ErrNode) {
			if ctx.Err() == nil { // else the node may not have answered at all
				c.mark(node, false)
			}
			return p, err
		}
		c.mark(node, true)
		c.log.Warn("node does not serve", "node", node, "err", err)
		last = err
	}
	return nil, last
}

func (c *Client) joinAt(ctx context.Context, node string, r JoinRequest, patience time.Duration) (*Participant, error) {
	p, err := c.requestToken(ctx, node, r, r.PIN, patience)
	if err != nil && r.PIN == "" && errors.Is(err, errGuestsNeedNone) {
		p, err = c.requestToken(ctx, node, r, noPIN, patience)
	}
	return p, err
}

// errGuestsNeedNone marks the answer "hosts need a PIN, guests do not".
var errGuestsNeedNone = errors.New("guests need no PIN")

// requestToken is one request_token. Each success makes one more participant, so it is not repeated here, and its
// answer is awaited even when the caller has gone.
func (c *Client) requestToken(ctx context.Context, node string, r JoinRequest, pin string, patience time.Duration) (*Participant, error) {
	inner, cancel := linger(ctx, joinGrace)
	defer cancel()
	req := request{
		step: "request_token", alias: r.Alias, node: node, method: http.MethodPost,
		url: conferenceURL(node, r.Alias) + "/request_token", pin: pin, timeout: patience,
		body: joinBody{DisplayName: r.DisplayName, CallTag: r.CallTag},
	}
	sent := time.Now()
	a, err := c.exchange(inner, req)
	if err != nil {
		return nil, withCause(err, ctx)
	}
	t, err := req.readToken(a)
	if err != nil {
		return nil, err
	}
	p := newParticipant(c, node, r.Alias, t, sent)
	if ctx.Err() == nil {
		return p, nil
	}
	bye, done := context.WithTimeout(context.WithoutCancel(ctx), joinGrace)
	defer done()
	if err := p.Release(bye, "Join cancelled"); err != nil {
		c.log.Warn("a cancelled join leaves its participant to the node's timer", "err", err)
	}
	return nil, req.failed(nil, context.Cause(ctx))
}

// linger is a context that outlives ctx by so much.
func linger(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		pause(inner, by)
		cancel()
	})
	return inner, func() {
		stop()
		cancel()
	}
}

// withCause replaces the error of a cancelled wait by the caller's own reason.
func withCause(err error, ctx context.Context) error {
	var e *Error
	if ctx.Err() != nil && errors.As(err, &e) {
		e.Kind, e.Err = nil, context.Cause(ctx)
	}
	return err
}

type joinBody struct {
	DisplayName string `json:"display_name"`
	CallTag     string `json:"call_tag,omitempty"`
	DirectMedia bool   `json:"direct_media"` // always false: our leg is relayed, never peer to peer
}

func conferenceURL(node, alias string) string {
	return node + ClientPath + "/conferences/" + segment(alias)
}

// readToken accepts a token, whatever the status, or says which further step the node wants and we cannot take.
func (r request) readToken(a answer) (tokenAnswer, error) {
	var t tokenAnswer
	bad := json.Unmarshal(a.result, &t)
	if a.status == http.StatusOK && bad == nil && t.Token != "" && t.ParticipantUUID != "" {
		return t, t.check()
	}
	e := r.refused(a)
	var s stepAnswer
	if json.Unmarshal(a.result, &s) == nil {
		e.Kind, e.Reason, e.Err = s.verdict(r.pin, e)
	}
	if e.Kind == nil && a.status == http.StatusOK {
		e.Kind, e.Reason = ErrNode, "not a Conferencing Node's answer"
	}
	return t, e
}

// stepAnswer is the answer that asks for one more value (facts: seen with 403, and with 200).
type stepAnswer struct {
	PIN         string          `json:"pin"`
	GuestPIN    string          `json:"guest_pin"`
	IDP         json.RawMessage `json:"idp"`
	RedirectURL string          `json:"redirect_url"`
	Extension   json.RawMessage `json:"conference_extension"`
	DisplayName string          `json:"display_name"`
}

func (s stepAnswer) verdict(sent string, e *Error) (kind error, reason string, err error) {
	switch {
	case s.IDP != nil || s.RedirectURL != "":
		return ErrSignIn, "the conference wants an identity provider", nil
	case s.PIN == "required" && s.GuestPIN == "none" && sent == "":
		return ErrPIN, "PIN required for hosts", errGuestsNeedNone
	case s.PIN == "required" || s.GuestPIN == "required":
		if sent != "" {
			return ErrPIN, "PIN not accepted", nil
		}
		return ErrPIN, "PIN required", nil
	case s.Extension != nil:
		return ErrSignIn, "the conference wants an extension", nil
	case s.DisplayName == "required":
		return ErrSignIn, "the conference wants a display name", nil
	}
	return e.Kind, e.Reason, e.Err
}
