package relay

import (
	"net"
	"net/netip"
	"sync"
)

// socket is a media socket. RTP from the settled address of a hop is handled where it is read, in the goroutine that
// reads it; all else goes to the ICE stack: STUN, DTLS, media on a path that is not settled yet, and RTCP, by which the
// stack sees that the path is alive.
type socket struct {
	*net.UDPConn
	routes *routes
}

// ReadFromAddrPort and WriteToAddrPort are how the ICE stack reads and writes without allocating.
func (s *socket) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	for {
		n, from, err := s.ReadFromUDPAddrPort(b)
		if err != nil || n < headerSize || !isMedia(b[0]) || isControl(b[1]) {
			return n, from, err
		}
		t := s.routes.find(from)
		if t == nil {
			return n, from, nil
		}
		t.media(b[:n])
	}
}

func (s *socket) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	return s.WriteToUDPAddrPort(b, to)
}

// isMedia tells RTP and RTCP from the rest by the first byte (RFC 7983).
func isMedia(b byte) bool { return b >= 128 && b <= 191 }

// isControl tells RTCP from RTP by the second byte (RFC 5761).
func isControl(b byte) bool { return b >= 192 && b <= 223 }

// isDTLS tells DTLS records.
func isDTLS(b byte) bool { return b >= 20 && b <= 63 }

// routes knows whose media comes from which address. Safe for concurrent use.
type routes struct {
	mu sync.RWMutex
	to map[netip.AddrPort]*transport // guarded by mu
}

func newRoutes() *routes { return &routes{to: map[netip.AddrPort]*transport{}} }

func (r *routes) find(from netip.AddrPort) *transport {
	from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.to[from]
}

// move makes addr the one address of t; an invalid one: none. An address that another had before is t's from now on.
func (r *routes) move(t *transport, addr netip.AddrPort) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.to[t.route] == t {
		delete(r.to, t.route)
	}
	t.route = addr
	if addr.IsValid() {
		r.to[addr] = t
	}
}
