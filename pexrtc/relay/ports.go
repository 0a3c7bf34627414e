package relay

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/pion/ice/v4"
	"github.com/pion/logging"
	"github.com/pion/transport/v4/stdnet"
)

// Buffers asked of the system for each media socket, in bytes: on a shared one a keyframe of every leg may arrive at once.
const (
	socketBuffer  = 4 << 20
	privateBuffer = 512 << 10
)

// ports are media sockets: one per local address.
type ports struct {
	port   int // of the first
	ips    []net.IP
	udp    *ice.MultiUDPMuxDefault
	tcp    *ice.MultiTCPMuxDefault // nil: off
	routes *routes
}

// openPorts opens the shared sockets, all with one number. With port 0 the system picks it for the first address and
// the others follow.
func openPorts(cfg Config, log logging.LoggerFactory) (*ports, error) {
	conns, port, err := listenUDP(cfg.ListenIPs, cfg.UDPPort)
	if err != nil {
		return nil, err
	}
	p, err := newPorts(cfg.ListenIPs, conns, newRoutes(new(atomic.Uint64)), log)
	if err != nil {
		return nil, err
	}
	p.port = port
	if cfg.TCPPort != 0 {
		if p.tcp, err = listenTCP(cfg.ListenIPs, cfg.TCPPort, log); err != nil {
			return nil, errors.Join(err, p.udp.Close())
		}
	}
	return p, nil
}

// private opens sockets for one hop on the addresses of p: a node may send several calls from one address, so that on a
// shared socket nothing would tell their packets apart.
func (p *ports) private(log logging.LoggerFactory) (*ports, error) {
	var conns []*net.UDPConn
	for _, ip := range p.ips {
		c, err := listenAt(ip, 0, privateBuffer)
		if err != nil {
			return nil, errors.Join(err, closeAll(conns))
		}
		conns = append(conns, c)
	}
	return newPorts(p.ips, conns, newRoutes(p.routes.strays), log)
}

// newPorts takes over conns.
func newPorts(ips []net.IP, conns []*net.UDPConn, routes *routes, log logging.LoggerFactory) (*ports, error) {
	vnet, err := stdnet.NewNet()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("relay: network: %w", err), closeAll(conns))
	}
	p := &ports{ips: ips, routes: routes}
	muxes := make([]ice.UDPMux, 0, len(conns))
	for _, c := range conns {
		s := &socket{UDPConn: c, routes: p.routes}
		muxes = append(muxes, ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: s, Net: vnet, Logger: log.NewLogger("udp")}))
	}
	p.udp = ice.NewMultiUDPMuxDefault(muxes...)
	return p, nil
}

func (p *ports) close() error {
	err := p.udp.Close()
	if p.tcp != nil {
		err = errors.Join(err, p.tcp.Close())
	}
	return err
}

// listenUDP opens one socket per address. A number that the system picked may be taken at another address: then it
// picks again.
func listenUDP(ips []net.IP, port int) ([]*net.UDPConn, int, error) {
	for try := 0; ; try++ {
		conns, got, err := listenOn(ips, port)
		if err == nil {
			return conns, got, nil
		}
		if port != 0 || try == 10 {
			return nil, 0, err
		}
	}
}

func listenOn(ips []net.IP, port int) ([]*net.UDPConn, int, error) {
	var conns []*net.UDPConn
	for _, ip := range ips {
		c, err := listenAt(ip, port, socketBuffer)
		if err != nil {
			return nil, 0, errors.Join(err, closeAll(conns))
		}
		conns = append(conns, c)
		port = c.LocalAddr().(*net.UDPAddr).Port
	}
	if len(conns) == 0 {
		return nil, 0, errors.New("relay: listen for media: no address")
	}
	return conns, port, nil
}

func listenAt(ip net.IP, port, buffer int) (*net.UDPConn, error) {
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: ip, Port: port})
	if err != nil {
		return nil, fmt.Errorf("relay: listen for media: %w", err)
	}
	_ = c.SetReadBuffer(buffer) // the system may grant less
	_ = c.SetWriteBuffer(buffer)
	return c, nil
}

func listenTCP(ips []net.IP, port int, log logging.LoggerFactory) (*ice.MultiTCPMuxDefault, error) {
	var muxes []ice.TCPMux
	for _, ip := range ips {
		l, err := net.Listen("tcp", net.JoinHostPort(ip.String(), strconv.Itoa(port)))
		if err != nil {
			err = fmt.Errorf("relay: listen for media: %w", err)
			for _, m := range muxes {
				err = errors.Join(err, m.Close())
			}
			return nil, err
		}
		muxes = append(muxes, ice.NewTCPMuxDefault(ice.TCPMuxParams{
			Listener: l, Logger: log.NewLogger("tcp"), ReadBufferSize: 32, WriteBufferSize: 1 << 20,
		}))
	}
	return ice.NewMultiTCPMuxDefault(muxes...), nil
}

// LocalIPs lists the addresses of all interfaces that are up, loopback last: the first ones stand for the public
// address, if there is one.
func LocalIPs() ([]net.IP, error) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("relay: list addresses: %w", err)
	}
	var ips []net.IP
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && (n.IP.IsLoopback() || n.IP.IsGlobalUnicast()) {
			ips = append(ips, n.IP)
		}
	}
	slices.SortStableFunc(ips, func(a, b net.IP) int { return rank(a) - rank(b) })
	return ips, nil
}

// rank puts IPv4 before IPv6 and loopback last.
func rank(ip net.IP) int {
	r := 0
	if ip.To4() == nil {
		r = 1
	}
	if ip.IsLoopback() {
		r += 2
	}
	return r
}

func closeAll(conns []*net.UDPConn) error {
	var err error
	for _, c := range conns {
		err = errors.Join(err, c.Close())
	}
	return err
}
