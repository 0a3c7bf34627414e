package genesystest

const consultMark = "consultInitiator"

// speakTo values of a consult, as the API writes them.
const (
	speakToTarget     = "DESTINATION"
	speakToCustomer   = "OBJECT"
	speakToBoth       = "BOTH"
	speakToConference = "CONFERENCE"
)

// consultInitiator returns the leg that asked a colleague, or nil. The attribute only shows it: clients may write it.
func (c *call) consultInitiator() *participant { return c.initiator }

// consultTarget returns the colleague's live leg of a running consult, or nil.
func (c *call) consultTarget() *participant {
	initiator := c.consultInitiator()
	if initiator == nil {
		return nil
	}
	return c.last(func(p *participant) bool { return p.isAgent() && p.live() && p != initiator })
}

// conference tells whether initiator, colleague and customer all talk.
func (c *call) conference() bool {
	t := c.consultTarget()
	return t != nil && t.isConnected() && !t.confined && !c.customer().confined
}

// startConsult parks the customer and rings the colleague. During it all three entries name the customer's.
func (c *call) startConsult(from *participant, to *agent, timeoutMS int64) (*participant, error) {
	if err := c.mayTransfer(from, to); err != nil {
		return nil, err
	}
	target, err := c.alert(to, sourceAgent, timeoutMS)
	if err != nil {
		return nil, err
	}
	cust := c.customer()
	c.initiator = from
	from.attributes[consultMark] = "true"
	cust.consult, from.consult, target.consult = cust.id, cust.id, cust.id
	cust.confined = true
	from.setHeld(false)
	c.snap()
	from.setHeld(true) // the flap of a consult's start
	c.snap()
	from.setHeld(false)
	c.snap()
	return target, nil
}

// speakTo chooses whom the initiator talks to.
func (c *call) speakTo(to string) error {
	target, cust := c.consultTarget(), c.customer()
	if target == nil {
		return refuse(400, "bad.request", "no consult is running")
	}
	switch to {
	case speakToTarget:
		cust.confined, target.confined, target.consult = true, false, cust.id
	case speakToCustomer:
		if !target.isConnected() {
			return refuse(400, "bad.request", "the colleague has not answered")
		}
		cust.confined, target.confined, target.consult = false, true, cust.id
	case speakToBoth, speakToConference:
		if !target.isConnected() {
			return refuse(400, "bad.request", "the colleague has not answered")
		}
		cust.confined, target.confined, target.consult = false, false, ""
	default:
		return refuse(400, "bad.request", "speakTo %.40q is none of DESTINATION, OBJECT, BOTH, CONFERENCE", to)
	}
	c.snap()
	return nil
}

// completeConsult hands the customer to the colleague; the marks go a snapshot after the initiator.
func (c *call) completeConsult(kind string) {
	initiator, target := c.initiator, c.consultTarget()
	initiator.disconnectAs(kind)
	target.confined = false
	c.customer().confined = !target.isConnected()
	c.snap()
	initiator.terminateAs(kind)
	c.clearConsult()
	c.snap()
}

// endConsult drops the colleague and gives the customer back to the initiator.
func (c *call) endConsult(target *participant, kind string) {
	target.disconnectAs(kind)
	c.clearConsult()
	c.customer().confined = false
	c.snap()
	target.terminateAs(kind)
	c.snap()
}

// clearConsult removes the marks from all entries.
func (c *call) clearConsult() {
	if c.initiator != nil {
		delete(c.initiator.attributes, consultMark)
		c.initiator = nil
	}
	for _, p := range c.participants {
		p.consult = ""
	}
}
