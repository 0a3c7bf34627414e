package genesystest

// Transfer sources; the platform's own values besides ACD are not documented.
const (
	sourceACD   = "ACD"
	sourceAgent = "Agent"
)

// alert makes a user's leg ring as a new entry.
func (c *call) alert(u *agent, source string, timeoutMS int64) (*participant, error) {
	p := newParticipant(purposeAgent, stateAlerting)
	p.user, p.address, p.source = u, "sip:"+u.Login+"@station.example", source
	p.queue, p.alertingTimeoutMS = c.queue, timeoutMS
	if c.queue == nil {
		p.purpose = purposeUser
	} else {
		p.wrapupRequired = !c.queue.NoWrapup
	}
	return p, c.add(p)
}

// transferTo is a blind transfer from a connected agent to a colleague.
func (c *call) transferTo(from *participant, to *agent, timeoutMS int64) error {
	if err := c.mayTransfer(from, to); err != nil {
		return err
	}
	if _, err := c.alert(to, sourceAgent, timeoutMS); err != nil {
		return err
	}
	c.customer().confined = true
	c.snap()
	c.depart(from)
	return nil
}

// transferToQueue is a blind transfer to a queue; routing finds the agent.
func (c *call) transferToQueue(from *participant, q *Queue) error {
	if err := c.mayTransfer(from, nil); err != nil {
		return err
	}
	if err := c.enqueue(q); err != nil {
		return err
	}
	c.snap()
	c.depart(from)
	return nil
}

func (c *call) mayTransfer(from *participant, to *agent) error {
	switch {
	case from.user == to:
		return refuse(400, "bad.request", "the target is the agent himself")
	case !from.isConnected():
		return refuse(400, "bad.request", "the leg is %s", from.state)
	case !c.customer().isConnected():
		return refuse(400, "bad.request", "the customer's leg is %s", c.customer().state)
	case c.internal():
		return refuse(400, "bad.request", "the call is between two users")
	case c.consultInitiator() != nil:
		return refuse(400, "bad.request", "a consult is running")
	}
	return nil
}

// depart ends a leg because of a transfer. Agents who owe wrap-up go straight to terminated; else the type
// changes on the way, all within about 200 ms.
func (c *call) depart(p *participant) {
	if p.wrapupRequired {
		p.terminateAs("transfer")
		c.snap()
		return
	}
	p.disconnectAs("transfer")
	c.snap()
	p.disconnectAs("peer")
	c.snap()
	p.terminateAs("peer")
	c.snap()
}

// enqueue puts the call into a queue, as a new entry.
func (c *call) enqueue(q *Queue) error {
	acd := newParticipant(purposeACD, stateConnected)
	acd.initial, acd.connected = stateOffering, acd.started
	acd.name, acd.queue = q.Name, q
	if cust := c.customer(); cust != nil {
		acd.peer, cust.queue, cust.confined = cust.callID, q, false
	}
	c.queue = q
	return c.add(acd)
}

// refuseAlert ends a ringing leg: declined (client), not answered (timeout, transfer.noanswer) or failed.
// A waiting queue tries again; a transfer's call goes to voicemail; a consult is over.
func (c *call) refuseAlert(p *participant, kind string) error {
	if !p.pending() {
		return refuse(400, "bad.request", "the leg is %s", p.state)
	}
	switch {
	case c.internal():
		c.endAll(p, kind)
	case p == c.consultTarget():
		c.endConsult(p, kind)
	case c.waiting() != nil || len(c.liveAgents(p)) > 0:
		c.leave(p, kind)
	case p.source == sourceAgent:
		p.terminateAs(kind)
		return c.toVoicemail()
	default:
		c.endAll(p, kind)
	}
	return nil
}

func (c *call) toVoicemail() error {
	vm := newParticipant(purposeVoicemail, stateConnected)
	vm.connected = vm.started
	if err := c.add(vm); err != nil {
		return err
	}
	c.customer().confined = false
	c.snap()
	return nil
}

// requeue takes a connected leg away for a reason of the platform (system, transport.failure, error, …):
// the customer waits in the queue again.
func (c *call) requeue(p *participant, kind string) error {
	if !p.isConnected() {
		return refuse(400, "bad.request", "the leg is %s", p.state)
	}
	switch p {
	case c.consultInitiator():
		c.completeConsult(kind)
	case c.consultTarget():
		c.endConsult(p, kind)
	default:
		c.leave(p, kind)
	}
	if c.queue == nil || len(c.liveAgents(p)) > 0 {
		return nil
	}
	if err := c.enqueue(c.queue); err != nil {
		return err
	}
	c.snap()
	return nil
}
