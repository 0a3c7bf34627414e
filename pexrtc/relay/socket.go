package relay

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
)

// socket is a media socket. RTP and RTCP from the settled address of a hop are handled where they are read, in the goroutine
// that reads them; all else goes to the ICE stack: STUN, DTLS, and media on a path that is not settled yet.
//
// What has arrived together is read together, and what becomes of it leaves together: a camera sends its pictures in
// bursts, and the system's work for each packet is most of what forwarding costs. Nothing waits for more to arrive.
type socket struct {
	*net.UDPConn
	routes *routes

	arrived batch        // its reader's
	holding []*transport // that got packets of this batch; its reader's
}

// ReadFromAddrPort and WriteToAddrPort are how the ICE stack reads and writes without allocating. One goroutine reads.
func (s *socket) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	for {
		raw, from, any := s.arrived.next()
		if !any {
			s.drained()
			if err := s.arrived.read(s.UDPConn); err != nil {
				return 0, netip.AddrPort{}, err
			}
			continue
		}
		switch {
		case len(raw) >= headerSize && isMedia(raw[0]):
			if r := s.routes.find(from); r != nil {
				s.hand(raw, from, r)
				continue
			}
			s.routes.strays.Add(1)
		case len(raw) < headerSize, !isSTUN(raw[0]) && !isDTLS(raw[0]):
			s.routes.strays.Add(1)
			continue
		}
		s.drained()
		return copy(b, raw), from, nil
	}
}

// hand passes a packet to the transport that it is for.
func (s *socket) hand(raw []byte, from netip.AddrPort, r *route) {
	if back := r.back.Load(); back == nil || back.socket != s {
		r.back.Store(&way{socket: s, to: from})
		s.arrived.grow()
	}
	r.transport.media(raw)
	if !slices.Contains(s.holding, r.transport) {
		s.holding = append(s.holding, r.transport)
	}
}

// drained lets go what the packets of this batch have become.
func (s *socket) drained() {
	for _, t := range s.holding {
		t.drained()
	}
	clear(s.holding)
	s.holding = s.holding[:0]
}

func (s *socket) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	return s.WriteToUDPAddrPort(b, to)
}

// isMedia tells RTP and RTCP from the rest by the first byte (RFC 7983).
func isMedia(b byte) bool { return b >= 128 && b <= 191 }

// isSTUN tells STUN.
func isSTUN(b byte) bool { return b <= 3 }

// isControl tells RTCP from RTP by the second byte (RFC 5761).
func isControl(b byte) bool { return b >= 192 && b <= 223 }

// isDTLS tells DTLS records.
func isDTLS(b byte) bool { return b >= 20 && b <= 63 }

// route leads from the settled address of a far end to its transport.
type route struct {
	from      netip.AddrPort
	transport *transport
	back      atomic.Pointer[way] // nil: no media has come yet
}

// way is where the far end's media comes in, and so the way to it. Safe for concurrent use.
type way struct {
	socket *socket
	to     netip.AddrPort
	single atomic.Bool // the system takes no trains here
}

// send writes a train, in one system call where that is possible: neither every system can cut it into packets, nor every
// network card, nor is there room for every size on every path.
func (w *way) send(t *train) error {
	if len(t.packets) > t.size && !w.single.Load() {
		if w.socket.sendWhole(t, w.to) == nil {
			return nil
		}
		w.single.Store(true)
	}
	return t.each(func(b []byte) error {
		_, err := w.socket.WriteToUDPAddrPort(b, w.to)
		return err
	})
}

// routes knows whose media comes from which address. Safe for concurrent use.
type routes struct {
	strays *atomic.Uint64 // packets that are for nobody

	mu sync.RWMutex
	to map[netip.AddrPort]*route // guarded by mu
}

func newRoutes(strays *atomic.Uint64) *routes {
	return &routes{strays: strays, to: map[netip.AddrPort]*route{}}
}

func (r *routes) find(from netip.AddrPort) *route {
	from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.to[from]
}

// move makes addr the one address of t; an invalid one: none. An address that another had before is t's from now on.
func (r *routes) move(t *transport, addr netip.AddrPort) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := t.route.Load()
	if old != nil && r.to[old.from] == old {
		delete(r.to, old.from)
	}
	if !addr.IsValid() {
		t.route.Store(nil)
		return
	}
	now := &route{from: addr, transport: t}
	t.route.Store(now)
	r.to[addr] = now
}
