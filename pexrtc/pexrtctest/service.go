package pexrtctest

import (
	"errors"
	"regexp"
	"strings"
	"time"
)

// Service is what an alias stands for: a virtual meeting room.
type Service struct {
	Name string // identity of the room: aliases with the same name meet in it
	Tag  string // service_tag

	// HostPIN makes its holder a host. Without it everybody is one.
	HostPIN string
	// AllowGuests lets people in who do not know the HostPIN, with GuestPIN if there is one.
	AllowGuests bool
	GuestPIN    string

	// ParticipantLimit is the size of the room; 0 means the node's own limit.
	ParticipantLimit int

	// AutomaticParticipants are called when the room opens, once.
	AutomaticParticipants []AutomaticParticipant

	// StartAfter keeps guests waiting that long after the room opened, even with a host in it: a
	// host who is late. 0 means that the first host with media starts the conference.
	StartAfter time.Duration
	// DropMediaAfter cuts the media of each call that long after its ack, without a word.
	DropMediaAfter time.Duration
	// EndAfter ends the conference for everybody that long after it opened.
	EndAfter time.Duration
}

// AutomaticParticipant is called by the node when a room opens. The field names are those of the
// service policy's automatic_participants.
type AutomaticParticipant struct {
	RemoteAlias         string // whom to call
	LocalAlias          string // calling address
	LocalDisplayName    string // calling name
	RemoteDisplayName   string // name in the roster
	Protocol            string // default sip
	Role                string // chair or guest
	CallType            string // default video
	KeepConferenceAlive string // default keep_conference_alive_if_multiple
	DTMFSequence        string
}

var (
	errUnknownAlias = errors.New("pexrtctest: unknown alias")
	sessionID       = regexp.MustCompile(`^[0-9a-z]{4,40}$`)
)

// ResolveID is the default of [Options.Resolve]: the aliases agtID, cusID and ID, where ID is 4 to
// 40 characters of 0-9a-z, are the room ID. A few magic names, alone or with agt or cus before
// them, show a failure each; doc.go lists them.
func (o Options) ResolveID(alias string) (Service, error) {
	alias = strings.ToLower(alias)
	name := strings.TrimPrefix(strings.TrimPrefix(alias, "agt"), "cus")
	room := Service{Name: name, HostPIN: o.HostPIN, GuestPIN: o.GuestPIN, AllowGuests: true}
	if spoil, known := magicNames[name]; known {
		return room, spoil(&room)
	}
	if sessionID.MatchString(name) {
		return room, nil
	}
	if sessionID.MatchString(alias) {
		room.Name = alias
		return room, nil
	}
	return Service{}, errUnknownAlias
}

var magicNames = map[string]func(*Service) error{
	"pin.wrong":        func(*Service) error { return refusal(403, "Invalid PIN") },
	"room.full":        func(*Service) error { return refusal(403, "Participant limit reached") },
	"room.ends":        func(s *Service) error { s.EndAfter = 10 * time.Second; return nil },
	"host.late":        func(s *Service) error { s.StartAfter = 10 * time.Second; return nil },
	"media.drop":       func(s *Service) error { s.DropMediaAfter = 5 * time.Second; return nil },
	"node.busy":        func(*Service) error { return refusal(503, "Out of transcoding resource") },
	"node.maintenance": func(*Service) error { return refusal(503, "Maintenance mode") },
}

// admit decides the role that a PIN gives; valid is false for a wrong PIN. An empty role means that
// a PIN has to be asked for; "none" is a guest's way to say that there is none (client API,
// request_token).
func (s Service) admit(pin string) (role string, valid bool) {
	switch {
	case s.HostPIN == "" || pin == s.HostPIN:
		return roleChair, true
	case s.AllowGuests && s.GuestPIN != "" && pin == s.GuestPIN:
		return roleGuest, true
	case s.AllowGuests && s.GuestPIN == "" && pin == "none":
		return roleGuest, true
	}
	return "", pin == "" || pin == "none"
}

// guestPIN tells a client without a PIN whether a guest needs one.
func (s Service) guestPIN() string {
	if s.AllowGuests && s.GuestPIN == "" {
		return "none"
	}
	return "required"
}
