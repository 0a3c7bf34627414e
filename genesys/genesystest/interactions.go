package genesystest

import (
	"net/url"
	"regexp"
)

// deskState is what one agent's desktop shows. It is sent whole on every change.
type deskState struct {
	Agent         deskAgent     `json:"agent"`
	SignedIn      bool          `json:"signedIn"` // this browser is signed in as this agent
	OnQueue       bool          `json:"onQueue"`
	NotResponding bool          `json:"notResponding"`
	Colleagues    []deskAgent   `json:"colleagues"`
	Queues        []entity      `json:"queues"`
	Simulate      bool          `json:"simulate"`
	Deaf          bool          `json:"deaf"`    // no event reaches this agent
	DelayMS       int64         `json:"delayMs"` // from a change to its event
	Widget        deskWidget    `json:"widget"`
	Interactions  []interaction `json:"interactions"`
}

type deskAgent struct {
	Login  string `json:"login"`
	Name   string `json:"name"`
	Status string `json:"status"` // Available, Off queue, On a call, Not responding
}

type deskWidget struct {
	Sandbox     string `json:"sandbox"`
	Permissions string `json:"permissions"`
	Hooks       Hooks  `json:"hooks"`
}

// interaction is a conversation as one agent sees it.
type interaction struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Address    string   `json:"address"`
	Queue      string   `json:"queue,omitempty"`
	Direction  string   `json:"direction"`
	State      string   `json:"state"`    // of the agent's leg
	Customer   string   `json:"customer"` // state of the far end
	Ending     string   `json:"ending,omitempty"`
	Held       bool     `json:"held"`
	Muted      bool     `json:"muted"`
	Recording  string   `json:"recording"`
	Secure     bool     `json:"securePause"`
	Internal   bool     `json:"internal"` // a call between users: nobody to hand over
	Started    stamp    `json:"started,omitzero"`
	Ended      stamp    `json:"ended,omitzero"`
	WrapupOwed bool     `json:"wrapupOwed"`
	Consult    *consult `json:"consult,omitempty"`
	WidgetURL  string   `json:"widgetUrl,omitempty"`
}

type consult struct {
	Initiator bool   `json:"initiator"`
	With      string `json:"with"`
	State     string `json:"state"`
	SpeaksTo  string `json:"speaksTo"` // DESTINATION, OBJECT or CONFERENCE
}

// deskState describes an agent's desktop. The lock is held.
func (s *Server) deskState(a *agent, session string) deskState {
	d := deskState{
		Agent: s.deskAgent(a), SignedIn: s.oauth.logins[session] == a,
		OnQueue: a.onQueue, NotResponding: a.notResponding, Colleagues: []deskAgent{},
		Simulate: s.opts.SimulateCustomer != nil, Deaf: a.deaf, DelayMS: s.eventDelay.Milliseconds(),
		Widget:       deskWidget{s.opts.WidgetSandbox, s.opts.WidgetPermissions, *s.opts.WidgetHooks},
		Interactions: []interaction{},
	}
	for _, o := range s.centre.agents {
		if o != a {
			d.Colleagues = append(d.Colleagues, s.deskAgent(o))
		}
	}
	for _, q := range s.centre.queues {
		d.Queues = append(d.Queues, entity{ID: q.ID, Name: q.Name})
	}
	for _, x := range s.centre.order {
		if p := x.legOf(a); p != nil && (p.live() || !p.connected.IsZero() && !a.dismissed[p.id]) {
			d.Interactions = append(d.Interactions, s.interaction(x, p))
		}
	}
	return d
}

func (s *Server) deskAgent(a *agent) deskAgent {
	status := "Available"
	switch {
	case s.centre.busy(a):
		status = "On a call"
	case !a.onQueue:
		status = "Off queue"
	case a.notResponding:
		status = "Not responding"
	}
	return deskAgent{Login: a.Login, Name: a.Name, Status: status}
}

func (s *Server) interaction(x *call, p *participant) interaction {
	cust := x.otherEnd(p)
	i := interaction{
		ID: x.id, Name: cust.name, Address: cust.address, Direction: p.direction,
		State: p.state, Customer: cust.state, Ending: p.disconnect, Held: p.held, Muted: p.muted,
		Recording: x.recordingState, Secure: x.securePause, Internal: x.internal(),
		Started: stamp(p.connected), Ended: stamp(p.ended),
		WrapupOwed: !p.live() && p.wrapupRequired && p.wrapup == nil,
		WidgetURL:  s.widgetURL(x.id),
	}
	if p.queue != nil {
		i.Queue = p.queue.Name
	}
	if target := x.consultTarget(); target != nil && (p == target || p == x.initiator) {
		i.Consult = consultFor(x, p, target)
	}
	return i
}

func consultFor(x *call, p, target *participant) *consult {
	c := &consult{Initiator: p == x.initiator, With: x.initiator.user.Name, State: target.state, SpeaksTo: speakToTarget}
	if c.Initiator {
		c.With = target.user.Name
	}
	switch {
	case target.confined:
		c.SpeaksTo = speakToCustomer
	case x.conference():
		c.SpeaksTo = speakToConference
	}
	return c
}

var urlVariable = regexp.MustCompile(`\{\{\w+\}\}`)

// widgetURL fills in the integration's address for a conversation; variables that nobody knows stay.
func (s *Server) widgetURL(conversation string) string {
	values := map[string]string{
		"{{pcConversationId}}": conversation, "{{pcEnvironment}}": s.opts.Environment,
		"{{pcLangTag}}": s.opts.Language, "{{pcUsePopupAuth}}": "false",
		"{{gcConversationId}}": conversation, "{{gcInteractionId}}": conversation, "{{gcInteractionType}}": "call",
		"{{gcHostOrigin}}": s.URL, "{{gcTargetEnv}}": s.opts.TargetEnv,
		"{{gcLangTag}}": s.opts.Language, "{{gcUsePopupAuth}}": "false", "{{gcWorkitemId}}": "",
	}
	return urlVariable.ReplaceAllStringFunc(s.opts.WidgetURL, func(name string) string {
		if v, ok := values[name]; ok {
			return url.QueryEscape(v)
		}
		return name
	})
}
