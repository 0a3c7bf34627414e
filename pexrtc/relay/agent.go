package relay

import (
	"errors"
	"fmt"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"

	"github.com/videoleg/videoleg/pexrtc"
)

// newTransport makes the transport of a hop: browsers share the relay's sockets, each node hop has its own.
func (l *Leg) newTransport(side Hop) (*transport, error) {
	r := l.relay
	var own *ports
	var t *transport
	opts := append(r.iceOptions(), ice.WithBindingRequestHandler(func(_ *stun.Message, _, remote ice.Candidate, _ *ice.CandidatePair) bool {
		return t.follows(remote)
	}))
	routes := r.ports.routes
	if side == Node {
		opts = append(opts, ice.WithUrls(servers(l.cfg.ICEServers)))
		if l.cfg.RelayOnly {
			opts = append(opts, ice.WithCandidateTypes([]ice.CandidateType{ice.CandidateTypeRelay}))
		}
		var err error
		if own, err = r.ports.private(stackLog{l.log}); err != nil {
			return nil, err
		}
		routes = own.routes
		opts = append(opts, ice.WithUDPMux(own.udp))
	} else {
		opts = append(opts, ice.WithUDPMux(r.ports.udp))
	}
	agent, err := ice.NewAgentWithOptions(opts...)
	if err != nil {
		err = fmt.Errorf("relay: ICE: %w", err)
		if own != nil {
			err = errors.Join(err, own.close())
		}
		return nil, err
	}
	t, err = newTransport(agent, own, routes, l.log)
	return t, err
}

// iceOptions are those that all hops share.
func (r *Relay) iceOptions() []ice.AgentOption {
	networks := []ice.NetworkType{ice.NetworkTypeUDP4, ice.NetworkTypeUDP6}
	opts := []ice.AgentOption{
		ice.WithLoggerFactory(stackLog{r.log}),
		ice.WithIncludeLoopback(),
		// A browser's name on its own network is of no use here: it finds us by our address.
		ice.WithMulticastDNSMode(ice.MulticastDNSModeDisabled),
		ice.WithDisconnectedTimeout(5 * time.Second),
		ice.WithFailedTimeout(20 * time.Second),
		ice.WithKeepaliveInterval(time.Second),
		ice.WithSrflxAcceptanceMinWait(100 * time.Millisecond),
		ice.WithPrflxAcceptanceMinWait(0),
		ice.WithRelayAcceptanceMinWait(500 * time.Millisecond),
		ice.WithSTUNGatherTimeout(3 * time.Second),
	}
	if r.ports.tcp != nil {
		opts = append(opts, ice.WithTCPMux(r.ports.tcp))
		networks = append(networks, ice.NetworkTypeTCP4, ice.NetworkTypeTCP6)
	}
	if len(r.publicIPs) > 0 {
		opts = append(opts, ice.WithAddressRewriteRules(ice.AddressRewriteRule{
			External: r.publicIPs, AsCandidateType: ice.CandidateTypeHost, Mode: ice.AddressRewriteAppend,
		}))
	}
	return append(opts, ice.WithNetworkTypes(networks))
}

// servers are the addresses as the ICE stack wants them; package pexrtc has left out what is of no use.
func servers(list []pexrtc.ICEServer) []*stun.URI {
	var all []*stun.URI
	for _, s := range list {
		for _, u := range s.URLs {
			uri, err := stun.ParseURI(u)
			if err != nil {
				continue
			}
			uri.Username, uri.Password = s.Username, s.Credential
			all = append(all, uri)
		}
	}
	return all
}
