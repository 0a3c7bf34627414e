package relay

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
)

// DefaultBandwidth of a video stream, in kbit/s.
const DefaultBandwidth = 1264

// Errors of a leg, for errors.Is. ErrAudio and ErrSDP of pexrtc come as well.
var (
	ErrCodec   = errors.New("relay: browser and node have no video codec in common")
	ErrRefused = errors.New("relay: the node refused the video line")
	ErrNoPath  = errors.New("relay: no media path to the node")
	ErrOrder   = errors.New("relay: not at this point of the negotiation")
	ErrClosed  = errors.New("relay: closed")
)

// Config says where media arrives and how much of it.
type Config struct {
	UDPPort, TCPPort int      // shared by all hops of all legs; UDP 0: one that the system picks; TCP 0: off
	PublicIPs        []string // advertised beside our own addresses, for servers behind NAT
	ListenIPs        []net.IP // of this machine, some of LocalIPs; at least one
	BandwidthKbps    int      // ceiling of each video stream; 0: DefaultBandwidth
	Log              *slog.Logger
}

// Relay owns the media ports of the process and makes legs. It is safe for concurrent use.
type Relay struct {
	kbps      int
	log       *slog.Logger
	ports     *ports
	publicIPs []string

	mu     sync.Mutex
	legs   map[*Leg]struct{} // guarded by mu, as the rest
	ended  Totals            // of legs that are closed
	closed bool
}

// New opens the ports. Close them with Close.
func New(cfg Config) (*Relay, error) {
	r := &Relay{kbps: cfg.BandwidthKbps, log: cfg.Log, publicIPs: cfg.PublicIPs, legs: map[*Leg]struct{}{}}
	if r.kbps <= 0 {
		r.kbps = DefaultBandwidth
	}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	for _, ip := range cfg.PublicIPs {
		if net.ParseIP(ip) == nil {
			return nil, fmt.Errorf("relay: public address %q is not an IP address", ip)
		}
	}
	var err error
	if r.ports, err = openPorts(cfg, stackLog{r.log}); err != nil {
		return nil, err
	}
	return r, nil
}

// Port is the UDP port that all legs share.
func (r *Relay) Port() int { return r.ports.port }

// NewLeg begins a leg. Whoever made it closes it; the relay's Close does so for the rest.
func (r *Relay) NewLeg(cfg LegConfig) *Leg {
	l := newLeg(r, cfg)
	if !r.remember(l) {
		_ = l.Close() // nothing is open yet that could fail
	}
	return l
}

// remember lets Close end the leg; false when the relay is closed already.
func (r *Relay) remember(l *Leg) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.legs[l] = struct{}{}
	}
	return !r.closed
}

func (r *Relay) forget(l *Leg) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.legs[l]; known {
		s := l.Stats()
		r.ended.Browser.add(s.Browser)
		r.ended.Node.add(s.Node)
		delete(r.legs, l)
	}
}

// Close ends every leg and shuts the ports.
func (r *Relay) Close() error {
	r.mu.Lock()
	already := r.closed
	r.closed = true
	legs := make([]*Leg, 0, len(r.legs))
	for l := range r.legs {
		legs = append(legs, l)
	}
	r.mu.Unlock()
	if already {
		return nil
	}
	var err error
	for _, l := range legs {
		err = errors.Join(err, l.Close())
	}
	return errors.Join(err, r.ports.close())
}
