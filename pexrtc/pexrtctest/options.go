package pexrtctest

import (
	"context"
	"log/slog"
	"net"
	"time"
)

// Options shape a node. The zero value is a node on a free loopback port whose rooms have no PINs.
type Options struct {
	// Listener takes the HTTP connections; nil means a free port of 127.0.0.1. A listener that
	// also has a DialContext method, such as [PipeListener], is dialled by [Server.Client].
	Listener net.Listener

	// Log gets one line for each thing that happens; nil means silence.
	Log *slog.Logger

	// HostPIN and GuestPIN protect the rooms that the default Resolve makes. Without a HostPIN
	// everybody is a host; with one but no GuestPIN, guests join by the PIN "none".
	HostPIN, GuestPIN string

	// Resolve says what an alias stands for, as a service policy does. An error means an unknown
	// alias; an error that is a [*Fault] is answered as it says. nil means [Options.ResolveID].
	Resolve func(alias string) (Service, error)

	// PolicyURL is an external policy server, such as http://user:password@policy.example: the node
	// asks it about each alias, participant and call of its own, and Resolve only where it has
	// nothing to say. Empty asks nobody.
	PolicyURL string

	// EventSinkURL is where the node posts its events, version 2, such as
	// http://user:password@events.example/events. Empty posts nothing.
	EventSinkURL string

	// EventBulk posts events that wait for their turn together; single ones come as well.
	EventBulk bool

	// Dial calls a far end for an automatic participant or a dial request, and returns when it has
	// answered. ctx ends when the leg or the node goes away. nil means that nobody can be reached.
	Dial func(ctx context.Context, req DialRequest) (FarEnd, error)

	// DialDelay passes between the first join and the calls to the automatic participants.
	// Real nodes take 10 s or more; default 0.
	DialDelay time.Duration

	// TokenLife is how long a token is good for without a refresh. Default 120 s.
	TokenLife time.Duration

	// TokenGrace is how long a token that a refresh has replaced is still taken. 0 is strict, for
	// tests; official web clients overlap their requests and want a few seconds.
	TokenGrace time.Duration

	// HostGoneTimeout ends a conference that only guests are left in. Default 60 s.
	HostGoneTimeout time.Duration

	// WaitTimeout removes a guest who has waited for a host that long. Default 900 s.
	WaitTimeout time.Duration

	// MediaIPs are the local addresses that media is offered on. nil means the loopback ones:
	// nothing outside this machine can then send media here.
	MediaIPs []net.IP

	// Codecs are the video codecs in order of preference; nil means VP8, H264, VP9.
	Codecs []string

	// Bandwidth is the video bandwidth each way that the node announces, in kbit/s. Default 1264.
	Bandwidth int

	// Version is the announced version_id. Default "37".
	Version string

	// STUN are announced as {"url":…} entries; TURN as they stand.
	STUN []string
	TURN []TURNServer

	// CallTURN are handed over with the answer to a call, for another attempt by them.
	CallTURN []TURNServer

	// RelayOnly announces use_relay_candidates_only.
	RelayOnly bool

	// DirectMedia announces direct_media to clients that can do it. The node itself still carries
	// the media: this is only for looking at how a client reacts.
	DirectMedia bool

	// Faults are the hooks at the start; see [Server.SetFaults].
	Faults Faults
}

// TURNServer is one entry of a turn list.
type TURNServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

// DialRequest is one outgoing call of the node.
type DialRequest struct {
	Conference        string            // name of the room
	ServiceTag        string            // tag of the room
	Automatic         bool              // an automatic participant, not a dial request
	Destination       string            // whom to call, such as sip:contact@trunk.example
	Protocol          string            // sip, h323, …
	Role              string            // chair or guest
	CallType          string            // audio, video, video-only
	LocalAlias        string            // calling address
	LocalDisplayName  string            // calling name: the ANI name at a contact centre
	RemoteDisplayName string            // name of the leg in our roster
	DTMFSequence      string            // digits to send after the answer
	CustomSIPHeaders  map[string]string // dial requests only
}

// FarEnd is the other side of an answered outgoing call.
type FarEnd interface {
	// Done is closed when the far end has hung up.
	Done() <-chan struct{}
	// Hangup ends the call from our side; it may be called after Done.
	Hangup(reason string)
}

// VideoEnd is a far end with a camera: a room system, a telephone with a screen.
type VideoEnd interface {
	FarEnd
	Video()
}

func (o Options) withDefaults() Options {
	setDefault(&o.Log, slog.New(slog.DiscardHandler))
	setDefault(&o.TokenLife, 120*time.Second)
	setDefault(&o.HostGoneTimeout, time.Minute)
	setDefault(&o.WaitTimeout, 15*time.Minute)
	setDefault(&o.Bandwidth, 1264)
	setDefault(&o.Version, "37")
	if o.Codecs == nil {
		o.Codecs = []string{VP8, H264, VP9}
	}
	if o.Resolve == nil {
		o.Resolve = o.ResolveID
	}
	return o
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
