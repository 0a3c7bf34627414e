package genesystest

import (
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"slices"
	"time"
)

// order is the body of a control request; see the package comment.
type order struct {
	Agent        string `json:"agent"`
	Conversation string `json:"conversation"` // "" = the agent's latest
	Target       string `json:"target"`
	State        string `json:"state"`
	On           *bool  `json:"on"`
	Name         string `json:"name"`
	Address      string `json:"address"`
	Queue        string `json:"queue"`
	Kind         string `json:"kind"`
	Code         string `json:"code"`
	MS           int    `json:"ms"`
}

func (o order) on() bool { return o.On == nil || *o.On }

// control carries out a button or a script's wish.
func (s *Server) control(w http.ResponseWriter, r *http.Request) {
	if t, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); t != "application/json" { // also keeps foreign pages out
		fail(w, refuse(http.StatusUnsupportedMediaType, "unsupported.media.type", "send application/json"))
		return
	}
	var o order
	if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
		fail(w, refuse(http.StatusBadRequest, "bad.request", "the body is not the expected JSON"))
		return
	}
	answer, err := s.carryOut(r.Context(), r.PathValue("verb"), o)
	if err != nil {
		fail(w, err)
		return
	}
	reply(w, http.StatusOK, answer)
}

// carryOut runs a verb of the contact centre, or else one of a conversation.
func (s *Server) carryOut(ctx context.Context, verb string, o order) (any, error) {
	if f, ok := centreVerbs[verb]; ok {
		v, err := f(ctx, s, o)
		if err != nil || v == nil {
			return struct{}{}, err
		}
		return entity{ID: v.ID()}, nil
	}
	f, ok := callVerbs[verb]
	if !ok {
		return nil, refuse(http.StatusNotFound, "not.found", "no verb %.40q", verb)
	}
	v, err := s.meant(o)
	if err != nil {
		return nil, err
	}
	return entity{ID: v.ID()}, f(v, o)
}

// meant finds the conversation of an order.
func (s *Server) meant(o order) (*Conversation, error) {
	if o.Conversation != "" {
		return s.Conversation(o.Conversation)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.centre.agent(o.Agent)
	if err != nil {
		return nil, err
	}
	for _, x := range slices.Backward(s.centre.order) {
		if x.legOf(a) != nil {
			return &Conversation{s, x}, nil
		}
	}
	return nil, refuse(http.StatusNotFound, "not.found", "%s has no conversation", a.Login)
}

// centreVerbs do not need a conversation; those that make one return it.
var centreVerbs = map[string]func(context.Context, *Server, order) (*Conversation, error){
	"call": func(ctx context.Context, s *Server, o order) (*Conversation, error) {
		return s.Call(ctx, InboundCall{ANIName: o.Name, ANI: o.Address, Queue: o.Queue, User: o.Target})
	},
	"dial": func(ctx context.Context, s *Server, o order) (*Conversation, error) {
		return s.Dial(ctx, OutboundCall{User: o.Agent, Address: o.Address, Name: o.Name, Queue: o.Queue, Colleague: o.Target})
	},
	"simulate": func(ctx context.Context, s *Server, _ order) (*Conversation, error) { return nil, s.simulate(ctx) },
	"on-queue": func(_ context.Context, s *Server, o order) (*Conversation, error) {
		return nil, s.SetOnQueue(o.Agent, o.on())
	},
	"drop-socket": func(_ context.Context, s *Server, o order) (*Conversation, error) {
		return nil, s.DropSockets(o.Agent)
	},
	"close-soon": func(_ context.Context, s *Server, o order) (*Conversation, error) {
		return nil, s.CloseSoon(o.Agent, time.Minute)
	},
	"deaf": func(_ context.Context, s *Server, o order) (*Conversation, error) {
		return nil, s.Deaf(o.Agent, o.on())
	},
	"delay": func(_ context.Context, s *Server, o order) (*Conversation, error) {
		return nil, s.SetEventDelay(time.Duration(o.MS) * time.Millisecond)
	},
	"expire-token": func(_ context.Context, s *Server, o order) (*Conversation, error) {
		return nil, s.ExpireTokens(o.Agent)
	},
}

// callVerbs act on a conversation.
var callVerbs = map[string]func(*Conversation, order) error{
	"answer":           func(v *Conversation, o order) error { return v.Answer(o.Agent) },
	"decline":          func(v *Conversation, o order) error { return v.Decline(o.Agent) },
	"no-answer":        func(v *Conversation, o order) error { return v.NoAnswer(o.Agent) },
	"hold":             func(v *Conversation, o order) error { return v.Hold(o.Agent) },
	"resume":           func(v *Conversation, o order) error { return v.Resume(o.Agent) },
	"mute":             func(v *Conversation, o order) error { return v.Mute(o.Agent) },
	"unmute":           func(v *Conversation, o order) error { return v.Unmute(o.Agent) },
	"hangup":           func(v *Conversation, o order) error { return v.HangUp(o.Agent) },
	"phone-hangup":     func(v *Conversation, o order) error { return v.PhoneHangUp(o.Agent) },
	"lose":             func(v *Conversation, o order) error { return v.LoseLeg(o.Agent, o.Kind) },
	"transfer":         func(v *Conversation, o order) error { return v.Transfer(o.Agent, o.Target) },
	"consult":          func(v *Conversation, o order) error { return v.Consult(o.Agent, o.Target) },
	"consult-speak":    func(v *Conversation, o order) error { return v.ConsultSpeakTo(o.State) },
	"consult-complete": func(v *Conversation, o order) error { return v.ConsultComplete() },
	"consult-cancel":   func(v *Conversation, o order) error { return v.ConsultCancel() },
	"customer-hangup":  func(v *Conversation, o order) error { return v.CustomerHangup() },
	"customer-answer":  func(v *Conversation, o order) error { return v.CustomerAnswers() },
	"record":           func(v *Conversation, o order) error { return v.Record(o.State) },
	"pause":            func(v *Conversation, o order) error { return v.SecurePause(o.on()) },
	"resend":           func(v *Conversation, o order) error { return v.Resend() },
	"wrapup":           func(v *Conversation, o order) error { return v.Wrapup(o.Agent, o.Code) },
	"done":             func(v *Conversation, o order) error { return v.dismiss(o.Agent) },
}

// simulate lets a customer call, within a minute.
func (s *Server) simulate(ctx context.Context) error {
	if s.opts.SimulateCustomer == nil {
		return refuse(http.StatusNotFound, "not.found", "nobody simulates customers here")
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := s.opts.SimulateCustomer(ctx); err != nil {
		var r *refusal
		if errors.As(err, &r) {
			return err
		}
		return refuse(http.StatusBadGateway, "simulation.failed", "the customer did not get through: %v", err)
	}
	return nil
}

// dismiss takes the ended interaction off the agent's desktop and finishes wrap-up if it is still owed.
func (v *Conversation) dismiss(user string) error {
	return v.on(user, func(_ *centre, p *participant) error {
		if p.live() {
			return refuse(http.StatusBadRequest, "bad.request", "the leg is still %s", p.state)
		}
		p.user.dismissed[p.id] = true
		if p.wrapup == nil && p.wrapupRequired {
			return v.c.finishWrapup(p, wrapup{Code: "default", Name: "Default Wrap-up Code"})
		}
		return nil
	})
}
