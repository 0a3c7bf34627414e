package genesystest

import (
	"slices"
	"time"
)

const maxConversations = 500 // beyond it the oldest ended ones are forgotten

// agent is a user with what he is doing now.
type agent struct {
	User
	onQueue       bool
	notResponding bool            // refused or missed an alert; nothing alerts until he goes on queue again
	dismissed     map[string]bool // ended legs that he has put away, by participant
	deaf          bool            // his channels deliver nothing
}

func (a *agent) entity(rest bool) *entity {
	e := &entity{ID: a.ID}
	if rest {
		e.Name, e.SelfURI = a.Name, "/api/v2/users/"+a.ID
	}
	return e
}

func (a *agent) memberOf(q *Queue) bool { return a.Queues == nil || slices.Contains(a.Queues, q.ID) }

// centre holds the organization's people, queues and conversations and routes waiting calls to agents.
type centre struct {
	agents       []*agent
	queues       []*Queue
	calls        map[string]*call
	order        []*call // as they began
	record       bool
	alertTimeout time.Duration
	alarms       map[*participant]*time.Timer // of ringing legs
	expired      func(*call, *participant)    // called by an alarm, without the lock
	publish      func(*call)
}

func newCentre(o Options, publish func(*call)) centre {
	c := centre{
		calls: map[string]*call{}, record: !o.NoRecording, alertTimeout: o.AlertTimeout,
		alarms: map[*participant]*time.Timer{}, publish: publish,
	}
	for _, u := range o.Users {
		c.agents = append(c.agents, &agent{User: u, onQueue: !u.OffQueue, dismissed: map[string]bool{}})
	}
	for _, q := range o.Queues {
		c.queues = append(c.queues, &q)
	}
	return c
}

// agent finds a user by ID or login.
func (c *centre) agent(key string) (*agent, error) {
	for _, a := range c.agents {
		if key != "" && (a.ID == key || a.Login == key) {
			return a, nil
		}
	}
	return nil, refuse(404, "not.found", "no user %.40q", key)
}

// queue finds a queue by ID or name.
func (c *centre) queue(key string) (*Queue, error) {
	for _, q := range c.queues {
		if key != "" && (q.ID == key || q.Name == key) {
			return q, nil
		}
	}
	return nil, refuse(404, "not.found", "no queue %.40q", key)
}

func (c *centre) call(id string) (*call, error) {
	if x := c.calls[id]; x != nil {
		return x, nil
	}
	return nil, refuse(404, "not.found", "conversation %.40q not found", id)
}

// leg finds a user's leg of a conversation.
func (c *centre) leg(conversation, user string) (*call, *participant, error) {
	x, err := c.call(conversation)
	if err != nil {
		return nil, nil, err
	}
	a, err := c.agent(user)
	if err != nil {
		return nil, nil, err
	}
	p := x.legOf(a)
	if p == nil {
		return nil, nil, refuse(404, "not.found", "%s takes no part in the conversation", a.Login)
	}
	return x, p, nil
}

func (c *centre) open(x *call) error {
	if len(c.calls) >= maxConversations {
		i := slices.IndexFunc(c.order, func(x *call) bool { return !x.live() })
		if i < 0 {
			return refuse(429, "too.many.conversations", "%d conversations are live", maxConversations)
		}
		delete(c.calls, c.order[i].id)
		c.order = slices.Delete(c.order, i, i+1)
	}
	c.calls[x.id] = x
	c.order = append(c.order, x)
	return nil
}

// settle ends what every change ends: it routes waiting calls, publishes snapshots, marks ended calls.
func (c *centre) settle() {
	c.route()
	for _, x := range c.order {
		if x.over() {
			c.publish(x)
			continue
		}
		if !x.live() {
			x.ended = time.Now()
		}
		if !x.customer().live() && !x.doneClosed {
			x.doneClosed = true
			close(x.done)
		}
		c.setAlarms(x)
		c.publish(x)
	}
}

// route alerts an idle agent for each waiting call, oldest first.
func (c *centre) route() {
	for _, x := range c.order {
		if x.over() {
			continue
		}
		acd := x.waiting()
		if acd == nil || len(x.liveAgents(nil)) > 0 {
			continue
		}
		a := c.choose(x, acd.queue)
		if a == nil {
			continue
		}
		if _, err := x.alert(a, sourceACD, c.alertMS()); err == nil {
			x.snap()
		}
	}
}

// choose returns the first available agent, rather one who has not had the call yet, or nil.
func (c *centre) choose(x *call, q *Queue) *agent {
	var known *agent
	for _, a := range c.agents {
		switch {
		case !c.available(a, q):
		case x.legOf(a) == nil:
			return a
		case known == nil:
			known = a
		}
	}
	return known
}

func (c *centre) available(a *agent, q *Queue) bool {
	return a.onQueue && !a.notResponding && a.memberOf(q) && !c.busy(a)
}

func (c *centre) busy(a *agent) bool {
	return slices.ContainsFunc(c.order, func(x *call) bool {
		return !x.over() && slices.ContainsFunc(x.participants, func(p *participant) bool { return p.user == a && p.live() })
	})
}

// holdOthers puts every other call of a user on hold: he talks in one at a time.
func (c *centre) holdOthers(x *call, a *agent) {
	for _, other := range c.order {
		if other == x || other.over() {
			continue
		}
		if p := other.legOf(a); p != nil && p.isConnected() {
			_ = other.hold(p, true) // a connected leg can be held
		}
	}
}

// answer connects a ringing leg; the user's other calls go on hold.
func (c *centre) answer(x *call, p *participant) error {
	err := x.answer(p, c.record)
	if err == nil && p.user != nil {
		c.holdOthers(x, p.user)
	}
	return err
}

// hold presses the user's hold button, which in one call is that of the others: one is active.
func (c *centre) hold(x *call, p *participant, on bool) error {
	err := x.hold(p, on)
	if err == nil && !on {
		c.holdOthers(x, p.user)
	}
	return err
}

func (c *centre) alertMS() int64 {
	if c.alertTimeout > 0 {
		return c.alertTimeout.Milliseconds()
	}
	return 8000
}

// setAlarms starts an alarm for each newly ringing leg and stops those that rang in vain or were answered.
func (c *centre) setAlarms(x *call) {
	for _, p := range x.participants {
		timer, set := c.alarms[p]
		switch rings := p.isAgent() && p.state == stateAlerting; {
		case rings && !set && c.alertTimeout > 0:
			c.alarms[p] = time.AfterFunc(c.alertTimeout, func() { c.expired(x, p) })
		case !rings && set:
			timer.Stop()
			delete(c.alarms, p)
		}
	}
}

// missed ends a ringing leg and takes the agent out of routing.
func (c *centre) missed(x *call, p *participant, kind string) error {
	err := x.refuseAlert(p, kind)
	if err == nil {
		p.user.notResponding = true
	}
	return err
}

func (c *centre) close() {
	for p, timer := range c.alarms {
		timer.Stop()
		delete(c.alarms, p)
	}
	for _, x := range c.order {
		if !x.doneClosed {
			x.doneClosed = true
			close(x.done)
		}
	}
}
