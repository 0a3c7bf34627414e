package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/pexrtc/policy"
	"github.com/videoleg/videoleg/session/invite"
	"github.com/videoleg/videoleg/session/membership"
	"github.com/videoleg/videoleg/session/store"
)

// stateTime bounds opening the state, and what is written when a customer leaves.
const stateTime = 15 * time.Second

// newsLife is how long what Pexip told is kept for replicas that start: longer than calls last.
const newsLife = 12 * time.Hour

// noState says of an error which settings it is about.
func noState(err error) error {
	return fmt.Errorf("%w; check %s_NATS_URL, or %s_STATE_DIR, which wants 100 MB of free disk", err, prefix, prefix)
}

// openState opens the state that outlives the process, and the sessions in it.
func (s *server) openState() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), stateTime)
	defer cancel()
	s.store, err = store.Open(ctx, store.Config{URL: string(s.cfg.NATSURL), Dir: s.cfg.StateDir, Log: s.log})
	if err != nil {
		return err
	}
	sessions, err := s.store.Bucket(ctx, "sessions", invite.Keep)
	if err != nil {
		return err
	}
	requests, err := s.store.Bucket(ctx, "requests", invite.KeepRequests)
	if err != nil {
		return err
	}
	order, err := s.store.Order(ctx, "invitations", invite.Keep)
	if err != nil {
		return err
	}
	if s.news, err = s.store.Journal(ctx, "news", newsLife); err != nil {
		return err
	}
	s.sessions, err = invite.New(invite.Config{Secret: s.cfg.SessionSecret, Sessions: sessions, Requests: requests, Order: order})
	return err
}

// openMembers opens the record of our participants, and begins to release those that a killed process has left.
func (s *server) openMembers(pexip *pexrtc.Client) error {
	ctx, cancel := context.WithTimeout(context.Background(), stateTime)
	defer cancel()
	records, err := s.store.Bucket(ctx, "participants", membership.Life)
	if err != nil {
		return err
	}
	s.members, err = membership.New(ctx, membership.Config{
		Pexip: pexip, Records: records, Secret: s.cfg.SessionSecret, Holder: s.cfg.holder(), Log: s.log,
	})
	return err
}

// holder tells this process from the others on its state: nobody else uses a directory, and no two that share a NATS
// listen on the same address of the same host.
func (c *Config) holder() string {
	if c.NATSURL == "" {
		return "directory"
	}
	host, _ := os.Hostname() // without a name, the address alone
	return host + " " + c.AgentAddr
}

// openSession tells the policy whether a session is open.
func (s *server) openSession(ctx context.Context, id string) (policy.Session, error) {
	found, err := s.sessions.Lookup(ctx, id)
	switch {
	case errors.Is(err, invite.ErrNotFound) && s.visits.Known(id):
		return policy.Session{}, nil
	case errors.Is(err, invite.ErrNotFound):
		return policy.Session{}, policy.ErrUnknown
	case err != nil:
		return policy.Session{}, err
	case found.State == invite.Open:
		return policy.Session{Customer: found.DisplayName}, nil
	case found.State == invite.Expired:
		return policy.Session{}, policy.ErrExpired
	}
	return policy.Session{}, policy.ErrClosed
}

// inviteAgain makes a link with which the customer of a call comes back into its session.
func (s *server) inviteAgain(ctx context.Context, id string) (string, error) {
	token, err := s.sessions.Link(ctx, id)
	if err != nil {
		return "", err
	}
	return string(s.cfg.CustomerURL) + "/i/" + token, nil
}

// customerLeft is told when a customer leaves by his own wish: his session is over for all.
func (s *server) customerLeft(id string) {
	s.calls.CustomerLeft(id)
	ctx, cancel := context.WithTimeout(context.Background(), stateTime)
	defer cancel()
	if err := s.sessions.End(ctx, id); err != nil && !errors.Is(err, invite.ErrNotFound) {
		s.log.Error("session stays open until it expires", "session", id, "err", err)
	}
}

// webApp is the address of Pexip's own customer page up to the alias; empty where customers get ours.
func (c *Config) webApp() string {
	if c.CustomerExperience != "webapp" || len(c.PexipNodes) == 0 {
		return ""
	}
	return c.PexipNodes[0] + c.PexipWebappPath
}

// texts are secrets as those who need them take them.
func texts(secrets []secret) []string {
	var all []string
	for _, one := range secrets {
		all = append(all, string(one))
	}
	return all
}
