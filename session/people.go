package session

import (
	"context"
	"reflect"
	"strings"

	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/session/page"
)

// Kinds of people, as the page tells them apart.
const (
	kindAgent    = "agent"
	kindCustomer = "customer"
	kindGuest    = "guest"
	kindPhone    = "phone"    // the contact centre's audio
	kindPlayback = "playback" // a recorded announcement
)

func kindOf(e pexrtc.RosterEntry) string {
	switch {
	case isAgent(e):
		return kindAgent
	case strings.HasPrefix(e.CallTag, customerTag):
		return kindCustomer
	case e.IsPlayback():
		return kindPlayback
	case e.AudioOnly && !e.Video:
		return kindPhone
	default:
		return kindGuest
	}
}

// people lists a roster for the page. The phone's leg is the call itself: it can be neither muted
// nor removed from here.
func people(r pexrtc.Roster) []page.Person {
	all := make([]page.Person, 0, len(r.Participants))
	for _, e := range r.Participants {
		kind := kindOf(e)
		others := !e.Self && kind != kindPhone
		all = append(all, page.Person{
			ID: e.UUID, Name: e.DisplayName, Kind: kind, Host: e.Role == pexrtc.Host, Self: e.Self,
			Waiting: e.Waiting, Muted: e.Muted || e.ClientMuted, Silenced: e.Muted,
			CameraOff: kind != kindPhone && kind != kindPlayback && (e.VideoMuted || !e.Video), Sharing: e.Presenting,
			Mutable: others && !e.Waiting && kind != kindAgent, Removable: others,
		})
	}
	return all
}

// showPeople tells the page who is in the room, if it does not know.
func (c *Call) showPeople() {
	all := people(c.stay.roster)
	if c.window.conn == nil || reflect.DeepEqual(all, c.window.people) {
		return
	}
	c.window.people = all
	c.window.send(page.Out{Type: page.People, People: all})
}

// control does what the agent asks of the room. Whom it is about must be in the room, and one of
// those whom the page may offer it for.
func (c *Call) control(in page.In) {
	p := c.stay.participant
	if p == nil {
		c.refuse(in.Type, nil)
		return
	}
	do := func(ctx context.Context) error { return p.SetLocked(ctx, in.On) }
	if in.Type != page.Lock {
		who, ok := c.person(in.Who)
		switch {
		case ok && in.Type == page.Admit && who.Waiting:
			do = func(ctx context.Context) error { return p.Admit(ctx, who.ID) }
		case ok && in.Type == page.Mute && who.Mutable:
			do = func(ctx context.Context) error { return p.Mute(ctx, who.ID, in.On) }
		case ok && in.Type == page.Remove && who.Removable:
			do = func(ctx context.Context) error { return p.Remove(ctx, who.ID) }
		default:
			c.refuse(in.Type, nil)
			return
		}
	}
	c.note("agent", string(in.Type), onOff(in.On))
	c.async(func(ctx context.Context) func() {
		err := persist(ctx, do)
		return func() {
			if err != nil {
				c.refuse(in.Type, err)
			}
		}
	})
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func (c *Call) person(id string) (page.Person, bool) {
	for _, p := range people(c.stay.roster) {
		if p.ID == id {
			return p, true
		}
	}
	return page.Person{}, false
}

// refuse tells the page that its wish did not come to pass.
func (c *Call) refuse(what page.Type, err error) {
	c.log.Warn("not done in the room", "what", what, "err", err)
	c.window.send(page.Out{Type: page.Refused, What: what})
}

// room is the room's state for the page; nil while we are in none.
func (c *Call) room() *page.Room {
	p := c.stay.participant
	if p == nil {
		return nil
	}
	return &page.Room{Locked: c.stay.locked, Chat: p.ChatEnabled(), Invite: c.calls.cfg.Invite != nil && c.device.address == ""}
}

// invite makes a link with which the customer comes into this session.
func (c *Call) invite() {
	if c.calls.cfg.Invite == nil || c.session == "" {
		c.refuse(page.Invite, nil)
		return
	}
	c.async(func(ctx context.Context) func() {
		ctx, cancel := context.WithTimeout(ctx, flagTime)
		defer cancel()
		link, err := c.calls.cfg.Invite(ctx, c.session)
		return func() {
			if err != nil {
				c.refuse(page.Invite, err)
				return
			}
			c.note("agent", "invite", "")
			c.window.send(page.Out{Type: page.Invitation, Link: link})
		}
	})
}
