package pexrtc

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Membership is what it takes to let a participant leave, whether or not the process that joined still lives.
type Membership struct {
	Node  string    `json:"node"` // base URL
	Alias string    `json:"alias"`
	UUID  string    `json:"uuid"`
	Token string    `json:"token"` // secret: who has it can do whatever the participant can
	Ends  time.Time `json:"ends"`  // when the node drops the participant by itself, unless the token is refreshed
}

// String leaves the token out.
func (m Membership) String() string { return m.UUID + " in " + m.Alias + "@" + m.Node }

// Membership is ours with the token of the moment; [Refreshed] tells of each later one.
func (p *Participant) Membership() Membership {
	token, ends := p.token.now()
	return Membership{Node: p.node, Alias: p.alias, UUID: p.UUID(), Token: token, Ends: ends}
}

// Release takes a participant out of its conference by its membership alone (client API: release_token). For one of this
// process use [Participant.Release], whose token is always the newest. It returns nil when the node does not know the
// participant any more. Errors: *Error.
func (c *Client) Release(ctx context.Context, m Membership, reason string) error {
	_, err := c.do(ctx, request{
		step: "release_token", alias: m.Alias, node: m.Node, method: http.MethodPost,
		url: conferenceURL(m.Node, m.Alias) + "/release_token", token: m.Token, timeout: controlTimeout, repeat: true,
		body: leaving(reason),
	})
	return unlessGone(err)
}

func leaving(reason string) any { return map[string]string{"reason": cleanReason(reason)} }

// unlessGone is nil where a release was refused because there is nothing left to release.
func unlessGone(err error) error {
	if refusesToken(err) || errors.Is(err, ErrTokenLost) || forgotten(err) {
		return nil
	}
	return err
}
