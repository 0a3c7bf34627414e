package genesystest

import (
	"context"
	"strings"
	"unicode"
)

// Conversation is a handle on one call. Its methods are what people and the platform do to it: what an agent does in
// the desktop (each takes the agent, by ID or login), what the customer does, and what goes wrong. They fail with
// the API's error if the platform would refuse.
type Conversation struct {
	srv *Server
	c   *call
}

// InboundCall is a call that a SIP trunk brings.
type InboundCall struct {
	ANIName string // display name of the SIP From, what the product makes the alias of; "" = the trunk gives none
	ANI     string // "" = sip:<ANIName>@video.example
	DNIS    string // "" = tel:+15551234567
	Queue   string // ID or name; "" = the first queue
	User    string // ID or login: straight to this user, past all queues; the far end's purpose is then external
}

// OutboundCall is a call that an agent dials.
type OutboundCall struct {
	User    string // ID or login
	Address string // the dialled SIP URI or tel URI
	Name    string // of the far end, in place of a caller's display name
	Queue   string // on behalf of this queue; "" = none: the agent's purpose is then user

	Colleague string // ID or login: a call to this user, in place of Address, Name and Queue
}

// Call brings an inbound call: flow, queue, and the alert of the first idle agent on queue. ctx bounds the setting-up only.
func (s *Server) Call(ctx context.Context, in InboundCall) (*Conversation, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	setDefault(&in.ANI, "sip:"+strings.ReplaceAll(in.ANIName, " ", ".")+"@video.example")
	setDefault(&in.DNIS, "tel:+15551234567")
	if err := checkAddresses(in.ANIName, in.ANI, in.DNIS); err != nil {
		return nil, err
	}
	x := newCall()
	err := s.locked(func() error {
		if err := s.centre.receive(x, in); err != nil {
			return err
		}
		s.centre.settle()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &Conversation{s, x}, nil
}

// receive takes a call from the trunk, for a queue or straight for a user.
func (c *centre) receive(x *call, in InboundCall) error {
	if in.User != "" {
		a, err := c.agent(in.User)
		if err != nil {
			return err
		}
		x.arrive(in)
		x.customer().purpose = purposeExternal
		if _, err := x.alert(a, "", c.alertMS()); err != nil {
			return err
		}
		x.snap()
		return c.open(x)
	}
	setDefault(&in.Queue, c.queues[0].ID)
	q, err := c.queue(in.Queue)
	if err != nil {
		return err
	}
	x.arrive(in)
	if err := x.enqueue(q); err != nil {
		return err
	}
	return c.open(x)
}

// arrive adds the caller and the flow that has already passed him on.
func (c *call) arrive(in InboundCall) {
	c.address = in.ANI
	cust := newParticipant(purposeCustomer, stateOffering)
	cust.name, cust.aniName, cust.ani, cust.dnis, cust.address = in.ANIName, in.ANIName, in.ANI, in.DNIS, in.ANI
	cust.connect()
	flow := newParticipant(purposeIVR, stateOffering)
	flow.name, flow.peer = "Main flow", cust.callID
	flow.connect()
	flow.terminateAs("transfer")
	c.participants = append(c.participants, cust, flow)
}

// Dial starts an outbound call; the far end is dialling until CustomerAnswers, a colleague rings until he answers.
// Another call of the agent's goes on hold.
func (s *Server) Dial(ctx context.Context, out OutboundCall) (*Conversation, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var x *call
	err := s.locked(func() (err error) {
		x, err = s.dial(out)
		s.centre.settle()
		return err
	})
	if err != nil {
		return nil, err
	}
	return &Conversation{s, x}, nil
}

// dial is Dial with the lock held.
func (s *Server) dial(out OutboundCall) (*call, error) {
	if err := checkAddresses(out.Address, out.Name); err != nil {
		return nil, err
	}
	a, err := s.centre.agent(out.User)
	if err != nil {
		return nil, err
	}
	x := newCall()
	if out.Colleague != "" {
		if err := s.centre.ringColleague(x, a, out.Colleague); err != nil {
			return nil, err
		}
		return x, nil
	}
	if out.Queue != "" {
		if x.queue, err = s.centre.queue(out.Queue); err != nil {
			return nil, err
		}
	}
	if err := s.centre.open(x); err != nil {
		return nil, err
	}
	x.dial(a, out)
	s.centre.holdOthers(x, a)
	if s.opts.Trunk != nil && !s.closed {
		s.work.Go(func() { s.opts.Trunk(s.ctx, out, &Conversation{s, x}) })
	}
	return x, nil
}

// ringColleague begins a call from one user to another: both have the purpose user, and there is no customer.
func (c *centre) ringColleague(x *call, from *agent, key string) error {
	to, err := c.agent(key)
	switch {
	case err != nil:
		return err
	case to == from:
		return refuse(400, "bad.request", "the target is the agent himself")
	}
	if err := c.open(x); err != nil {
		return err
	}
	x.address = "sip:" + to.Login + "@station.example"
	p, _ := x.alert(from, "", 0) // an empty conversation has room
	p.initial, p.direction, p.name = stateContacting, "outbound", from.Name
	p.connect()
	q, _ := x.alert(to, sourceAgent, c.alertMS())
	q.called, q.name = true, to.Name
	x.snap()
	c.holdOthers(x, from)
	return nil
}

func (c *call) dial(a *agent, out OutboundCall) {
	c.address = out.Address
	far := newParticipant(purposeExternal, stateDialing)
	if c.queue != nil {
		far.purpose = purposeCustomer
	}
	far.direction, far.address, far.dnis, far.name = "outbound", out.Address, out.Address, out.Name
	p, _ := c.alert(a, "", 0) // an empty conversation has room
	p.initial, p.direction = stateContacting, "outbound"
	p.connect()
	c.participants = append(c.participants, far)
	c.snap()
}

// checkAddresses bounds what a trunk may say of a caller.
func checkAddresses(values ...string) error {
	for _, v := range values {
		if len(v) > 256 {
			return refuse(400, "bad.request", "an address or name is longer than 256 bytes")
		}
		if strings.ContainsFunc(v, unicode.IsControl) || strings.ToValidUTF8(v, "") != v {
			return refuse(400, "bad.request", "an address or name has control characters or is no UTF-8")
		}
	}
	return nil
}

// Conversation returns a handle on a conversation that began by any way.
func (s *Server) Conversation(id string) (*Conversation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, err := s.centre.call(id)
	if err != nil {
		return nil, err
	}
	return &Conversation{s, x}, nil
}

// Conversations returns all conversations, oldest first.
func (s *Server) Conversations() []*Conversation {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*Conversation
	for _, x := range s.centre.order {
		out = append(out, &Conversation{s, x})
	}
	return out
}

// ID returns the conversation's id.
func (v *Conversation) ID() string { return v.c.id }

// Done is closed when the customer's leg has ended, by whomever, or the server closes: what a trunk ties its SIP leg to.
func (v *Conversation) Done() <-chan struct{} { return v.c.done }

// Participants returns the present entries, oldest first.
func (v *Conversation) Participants() []Participant {
	v.srv.mu.Lock()
	defer v.srv.mu.Unlock()
	return v.c.public()
}

func (c *call) public() []Participant {
	var out []Participant
	for _, p := range c.participants {
		out = append(out, p.public())
	}
	return out
}

// Await returns nil as soon as the participants satisfy ok.
func (v *Conversation) Await(ctx context.Context, what string, ok func([]Participant) bool) error {
	return v.srv.await(ctx, what, func() bool { return ok(v.c.public()) })
}

// AwaitState waits until the user's latest leg is in the state (alerting, connected, disconnected, terminated).
func (v *Conversation) AwaitState(ctx context.Context, user, state string) error {
	return v.srv.await(ctx, user+" "+state, func() bool {
		_, p, err := v.srv.centre.leg(v.c.id, user)
		return err == nil && p.state == state
	})
}

// do runs an action and publishes what it changed.
func (v *Conversation) do(f func(c *centre) error) error {
	return v.srv.locked(func() error {
		err := f(&v.srv.centre)
		v.srv.centre.settle()
		return err
	})
}

// on runs an action on a user's leg.
func (v *Conversation) on(user string, f func(c *centre, p *participant) error) error {
	return v.do(func(c *centre) error {
		_, p, err := c.leg(v.c.id, user)
		if err != nil {
			return err
		}
		return f(c, p)
	})
}
