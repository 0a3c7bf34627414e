package genesystest

import "maps"

// Answer picks up the user's ringing leg. Other calls of his go on hold.
func (v *Conversation) Answer(user string) error {
	return v.on(user, func(c *centre, p *participant) error { return c.answer(v.c, p) })
}

// Decline refuses the user's ringing leg; he gets no more alerts until he goes on queue again.
func (v *Conversation) Decline(user string) error { return v.Miss(user, "client") }

// NoAnswer lets the user's ringing leg time out.
func (v *Conversation) NoAnswer(user string) error { return v.Miss(user, "transfer.noanswer") }

// Miss ends the user's ringing leg with any disconnect type.
func (v *Conversation) Miss(user, disconnectType string) error {
	return v.on(user, func(c *centre, p *participant) error { return c.missed(v.c, p, disconnectType) })
}

// Hold puts the far end on hold.
func (v *Conversation) Hold(user string) error {
	return v.on(user, func(c *centre, p *participant) error { return c.hold(v.c, p, true) })
}

// Resume takes the far end off hold. Other calls of the user go on hold.
func (v *Conversation) Resume(user string) error {
	return v.on(user, func(c *centre, p *participant) error { return c.hold(v.c, p, false) })
}

// Mute closes the user's microphone.
func (v *Conversation) Mute(user string) error {
	return v.on(user, func(_ *centre, p *participant) error { return v.c.mute(p, true) })
}

// Unmute opens the user's microphone.
func (v *Conversation) Unmute(user string) error {
	return v.on(user, func(_ *centre, p *participant) error { return v.c.mute(p, false) })
}

// HangUp ends the user's leg in the desktop. In a consult of his own it completes the transfer.
func (v *Conversation) HangUp(user string) error { return v.end(user, "client") }

// PhoneHangUp ends the user's leg at his phone.
func (v *Conversation) PhoneHangUp(user string) error { return v.end(user, "endpoint") }

func (v *Conversation) end(user, kind string) error {
	return v.on(user, func(c *centre, p *participant) error {
		if p.pending() {
			return c.missed(v.c, p, kind)
		}
		return v.c.hangUp(p, kind)
	})
}

// LoseLeg ends the user's connected leg for a reason of the platform (system, timeout, error, transport.failure, …);
// the customer waits in the queue again.
func (v *Conversation) LoseLeg(user, disconnectType string) error {
	return v.on(user, func(_ *centre, p *participant) error { return v.c.requeue(p, disconnectType) })
}

// CustomerHangup ends the customer's leg as the trunk does it.
func (v *Conversation) CustomerHangup() error {
	return v.do(func(*centre) error { return v.c.customerHangUp("peer") })
}

// CustomerAnswers connects the far end of an outbound call.
func (v *Conversation) CustomerAnswers() error {
	return v.do(func(c *centre) error { return c.answer(v.c, v.c.customer()) })
}

// Transfer hands the call to a user or a queue without asking.
func (v *Conversation) Transfer(user, target string) error {
	return v.on(user, func(c *centre, p *participant) error { return c.transfer(v.c, p, target) })
}

func (c *centre) transfer(x *call, from *participant, target string) error {
	if to, err := c.agent(target); err == nil {
		return x.transferTo(from, to, c.alertMS())
	}
	q, err := c.queue(target)
	if err != nil {
		return refuse(404, "not.found", "no user and no queue %.40q", target)
	}
	return x.transferToQueue(from, q)
}

// Consult parks the customer and rings a colleague. It ends with HangUp of the user (completed), ConsultCancel,
// or the colleague's HangUp or Decline.
func (v *Conversation) Consult(user, target string) error {
	return v.on(user, func(c *centre, p *participant) error {
		to, err := c.agent(target)
		if err != nil {
			return err
		}
		_, err = v.c.startConsult(p, to, c.alertMS())
		return err
	})
}

// ConsultSpeakTo chooses whom the consult's initiator talks to: DESTINATION, OBJECT (the customer), BOTH or CONFERENCE.
func (v *Conversation) ConsultSpeakTo(to string) error {
	return v.do(func(*centre) error { return v.c.speakTo(to) })
}

// ConsultComplete hands the customer to the colleague; the initiator's leg ends.
func (v *Conversation) ConsultComplete() error {
	return v.do(func(*centre) error {
		if v.c.consultTarget() == nil {
			return refuse(400, "bad.request", "no consult is running")
		}
		v.c.completeConsult("transfer.consult")
		return nil
	})
}

// ConsultCancel drops the colleague and gives the customer back to the initiator.
func (v *Conversation) ConsultCancel() error {
	return v.do(func(*centre) error {
		target := v.c.consultTarget()
		if target == nil {
			return refuse(400, "bad.request", "no consult is running")
		}
		v.c.endConsult(target, "client")
		return nil
	})
}

// Record sets the recording state: none, active or paused.
func (v *Conversation) Record(state string) error {
	return v.do(func(*centre) error { return v.c.record(state) })
}

// SecurePause pauses the recording for card data, or resumes it.
func (v *Conversation) SecurePause(on bool) error {
	return v.do(func(*centre) error { return v.c.pauseSecurely(on) })
}

// Wrapup ends the user's after-call work with a code.
func (v *Conversation) Wrapup(user, code string) error {
	return v.on(user, func(_ *centre, p *participant) error { return v.c.finishWrapup(p, wrapup{Code: code}) })
}

// SetAttributes sets attributes of the customer's entry, as a flow does.
func (v *Conversation) SetAttributes(values map[string]string) error {
	values = maps.Clone(values)
	return v.do(func(*centre) error { return v.c.setAttributes(v.c.customer(), values) })
}

// Resend publishes the present snapshot once more.
func (v *Conversation) Resend() error {
	return v.do(func(*centre) error {
		v.c.snap()
		return nil
	})
}

// SetOnQueue switches a user's availability for queue calls; on also ends Not Responding.
func (s *Server) SetOnQueue(user string, on bool) error {
	return s.locked(func() error {
		a, err := s.centre.agent(user)
		if err != nil {
			return err
		}
		a.onQueue, a.notResponding = on, false
		s.centre.settle()
		return nil
	})
}

// alertExpired ends a leg that rang for too long.
func (s *Server) alertExpired(x *call, p *participant) {
	_ = s.locked(func() error {
		if s.closed || !p.pending() {
			return nil
		}
		err := s.centre.missed(x, p, "transfer.noanswer")
		s.centre.settle()
		return err
	})
}
