package session

import (
	"time"

	"github.com/videoleg/videoleg/genesys"
)

// renewAhead is how long before its end a sign-in that cannot be refreshed is renewed by the page.
const renewAhead = 2 * time.Minute

// How the agent's sign-in stands, as the page is told; the page renews it, silently if it can.
const (
	signInEnding = "ending"
	signInEnded  = "ended"
)

// SignedIn goes on with a new sign-in of an agent in all his calls.
func (cs *Calls) SignedIn(agent *genesys.Agent) {
	for _, c := range cs.all() {
		c.post(func() {
			if c.agent.ID() == agent.ID() {
				c.signedIn(agent)
			}
		})
	}
}

// signedIn goes on with a newer sign-in of the same agent, if the present one needs it.
func (c *Call) signedIn(agent *genesys.Agent) {
	if !supersedes(agent, c.agent, c.now()) {
		return
	}
	c.agent = agent
	c.note("sign-in", "renewed", "")
	c.watchSignIn()
	if c.calls.watch(c) {
		c.apply(c.rules.OnLive(c.now()))
	}
	c.update()
}

// supersedes says that a sign-in is to be used instead of an earlier one of the same agent: that one has ended, or is
// about to. A good one is kept, since each costs a notification channel.
func supersedes(agent, old *genesys.Agent, now time.Time) bool {
	switch {
	case agent == old || !agent.Valid(now):
		return false
	case !old.Valid(now):
		return true
	}
	return !old.Refreshable() && !now.Before(old.Expiry().Add(-renewAhead)) && agent.Expiry().After(old.Expiry())
}

// watchSignIn lets the page renew the sign-in before it ends.
func (c *Call) watchSignIn() {
	c.ending = false
	var at time.Time
	if !c.agent.Refreshable() {
		end := c.agent.Expiry()
		at = end.Add(-ahead(end.Sub(c.agent.Since())))
	}
	c.renewal.set(&c.owner, at, func() {
		c.ending = true
		c.update()
	})
}

// ahead is how long before its end a sign-in of that life is renewed: a short one is to be used for most of it.
func ahead(life time.Duration) time.Duration { return min(renewAhead, life/4) }

// signIn is how the agent's sign-in stands; empty: good.
func (c *Call) signIn() string {
	switch {
	case !c.agent.Valid(c.now()):
		return signInEnded
	case c.ending:
		return signInEnding
	}
	return ""
}
