package relay

import (
	"context"
	"errors"
	"log/slog"
	"net"

	"github.com/videoleg/videoleg/pexrtc"
)

// Errors of a leg, for errors.Is. ErrAudio and ErrSDP of pexrtc come as well.
var (
	ErrCodec   = errors.New("relay: browser and node have no video codec in common")
	ErrClosed  = errors.New("relay: closed")
	ErrOrder   = errors.New("relay: not at this point of the negotiation")
	ErrRefused = errors.New("relay: the node refused the video line")
)

// Config says where media arrives and how much of it.
type Config struct {
	UDPPort, TCPPort int      // shared by all hops; UDP 0: one that the system picks; TCP 0: off
	PublicIPs        []string // advertised beside our own addresses, for servers behind NAT
	ListenIPs        []net.IP // nil: every interface, loopback included
	BandwidthKbps    int      // of each video stream; 0: 1264
	Log              *slog.Logger
}

// Relay owns the media ports of the process.
type Relay struct{ cfg Config }

// New opens the ports.
func New(cfg Config) (*Relay, error) { return &Relay{cfg}, nil }

// Close closes every leg and the ports.
func (r *Relay) Close() error { return nil }

// Port is the shared UDP port.
func (r *Relay) Port() int { return 0 }

// Hop names one side of a leg.
type Hop int

// The two sides.
const (
	Browser Hop = iota
	Node
)

// Condition is what became of a hop.
type Condition int

// Conditions of a hop, in no order.
const (
	Connected Condition = iota
	Disconnected
	Failed
	Closed
	FirstPacket // the first video packet of this hop's present source has arrived
)

// State is one event of a leg.
type State struct {
	Hop       Hop
	Condition Condition
}

// LegConfig is what one call needs.
type LegConfig struct {
	ICEServers []pexrtc.ICEServer // for the node hop
	RelayOnly  bool               // the node hop uses TURN only
	VP9        bool               // the node takes VP9
	OnState    func(State)        // must not block
	Log        *slog.Logger
}

// HopStats counts one hop since the leg began.
type HopStats struct {
	PacketsIn, BytesIn   uint64
	PacketsOut, BytesOut uint64
	KeyframesAsked       uint64  // requests that we sent to this hop
	KeyframesWanted      uint64  // requests that this hop sent to us
	Loss                 float64 // of what we send, as reported by the far end: 0…1
	RTT                  float64 // milliseconds; 0: unknown
}

// Stats of a leg.
type Stats struct {
	Codec         string // agreed codec, e.g. VP8
	Browser, Node HopStats
}

// Leg relays one call.
type Leg struct{}

// NewLeg begins a leg; Close ends it.
func (r *Relay) NewLeg(LegConfig) *Leg { return &Leg{} }

// OfferBrowser takes the page's offer.
func (l *Leg) OfferBrowser(sdp string) error { return nil }

// NodeOffer makes the offer for the node.
func (l *Leg) NodeOffer(ctx context.Context) (string, error) { return "", ErrClosed }

// NodeAnswer takes the node's answer.
func (l *Leg) NodeAnswer(sdp string) error { return nil }

// BrowserAnswer makes the answer for the page.
func (l *Leg) BrowserAnswer(ctx context.Context) (string, error) { return "", ErrClosed }

// BrowserCandidate adds a candidate of the page.
func (l *Leg) BrowserCandidate(candidate, mid string) error { return nil }

// OnNodeCandidate is told our candidates for the node that NodeOffer's offer did not have.
func (l *Leg) OnNodeCandidate(func(pexrtc.Candidate)) {}

// NodeCandidate adds a candidate of the node.
func (l *Leg) NodeCandidate(pexrtc.Candidate) error { return nil }

// SetSending opens or closes the gate browser→node.
func (l *Leg) SetSending(on bool) {}

// SetReceiving opens or closes the gate node→browser.
func (l *Leg) SetReceiving(on bool) {}

// RequestKeyframe asks both sides.
func (l *Leg) RequestKeyframe() {}

// Stats counts.
func (l *Leg) Stats() Stats { return Stats{} }

// Close ends the leg.
func (l *Leg) Close() error { return nil }
