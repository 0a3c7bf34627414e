package e2e

import (
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pion/turn/v5"

	"github.com/videoleg/videoleg/e2e/browser"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

// TestTURN: the node is in a network of its own, and its TURN server is the only way in. It is announced with the token,
// or handed over with the answer to the call.
func TestTURN(t *testing.T) {
	b := browser.Start(t)
	for _, tc := range []struct {
		name, mode string
		node       func(*pexrtctest.Options, []pexrtctest.TURNServer)
		hides      bool // no other address is told to the node
	}{
		{"with the token, relayed", "relay", announced, true},
		{"with the token, past us", "bypass", announced, true},
		{"with the answer, relayed", "relay", handedOver, false},
		{"with the answer, past us", "bypass", handedOver, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l, w := listen(t, "127.0.0.1:0"), newWall(t)
			node := beforeNode(t, "http://"+l.Addr().String(), w.offer, w.answer, w.relayed)
			c := start(t, options{env: map[string]string{"MEDIA_MODE": tc.mode, "PEXIP_NODES": node}, node: func(o *pexrtctest.Options) {
				o.Listener = l
				tc.node(o, w.servers)
			}})
			_, _, widget := c.call(b)
			if tc.mode == "bypass" {
				goesBy(t, widget, "relay")
			}
			if in, out := w.in.Load(), w.out.Load(); in < 20 || out < 20 {
				t.Errorf("%d packets to the node and %d back went by TURN", in, out)
			}
			if tc.hides && w.told.Load() {
				t.Error("the node was told other addresses than those of its TURN server")
			}
		})
	}
}

func announced(o *pexrtctest.Options, servers []pexrtctest.TURNServer) {
	o.TURN, o.RelayOnly = servers, true
}

func handedOver(o *pexrtctest.Options, servers []pexrtctest.TURNServer) { o.CallTURN = servers }

// wall is around the network of a node. There it has the address inside, which nobody else can reach: the agent's
// signalling is changed on its way so that each side knows the other by what TURN makes of it.
type wall struct {
	servers []pexrtctest.TURNServer
	in, out atomic.Int64 // packets
	told    atomic.Bool  // an offer had addresses that TURN has not made
}

var (
	inside = netip.MustParseAddr("127.0.0.9") // nobody listens there
	here   = netip.MustParseAddr("127.0.0.1")
)

// newWall opens its TURN server.
func newWall(t *testing.T) *wall {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wall{servers: []pexrtctest.TURNServer{{
		URLs: []string{"turn:" + conn.LocalAddr().String() + "?transport=udp"}, Username: "e2e", Credential: "turn-credential-83",
	}}}
	srv, err := turn.NewServer(turn.ServerConfig{
		Realm: "e2e",
		AuthHandler: func(a *turn.RequestAttributes) (string, []byte, bool) {
			return a.Username, turn.GenerateAuthKey(a.Username, a.Realm, w.servers[0].Credential), a.Username == w.servers[0].Username
		},
		PacketConnConfigs: []turn.PacketConnConfig{{
			PacketConn:            conn,
			RelayAddressGenerator: gate{&turn.RelayAddressGeneratorStatic{RelayAddress: here.AsSlice(), Address: here.String()}, w},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Close() }) // browsers leave their allocations
	return w
}

// offer is an offer without addresses that TURN has not made.
func (w *wall) offer(sdp string) string {
	return candidates.ReplaceAllStringFunc(sdp, func(line string) string {
		if strings.HasPrefix(line, "a=candidate:") && !w.relayed(line) {
			return ""
		}
		return line
	})
}

// relayed says that a candidate is one of TURN.
func (w *wall) relayed(candidate string) bool {
	is := strings.Contains(candidate, " typ relay")
	if candidate != "" && !is {
		w.told.Store(true)
	}
	return is || candidate == ""
}

// answer is an answer with the node's address inside.
func (w *wall) answer(sdp string) string {
	return candidates.ReplaceAllStringFunc(sdp, func(line string) string {
		if strings.HasPrefix(line, "a=candidate:") && !reachable.MatchString(line) {
			return ""
		}
		return strings.Replace(line, " "+here.String()+" ", " "+inside.String()+" ", 1)
	})
}

// gate makes TURN's sockets into the network.
type gate struct {
	turn.RelayAddressGenerator
	w *wall
}

// AllocatePacketConn is of turn.RelayAddressGenerator.
func (g gate) AllocatePacketConn(cfg turn.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	conn, addr, err := g.RelayAddressGenerator.AllocatePacketConn(cfg)
	return &passage{PacketConn: conn, w: g.w}, addr, err
}

// passage is one of them. The customer, who is on the node's side of the wall, may have one that leads nowhere.
type passage struct {
	net.PacketConn
	w     *wall
	leads atomic.Bool // inside
}

// ReadFrom is of net.PacketConn.
func (p *passage) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := p.PacketConn.ReadFrom(b)
	if p.leads.Load() {
		p.w.out.Add(1)
		from = at(from, inside)
	}
	return n, from, err
}

// WriteTo is of net.PacketConn.
func (p *passage) WriteTo(b []byte, to net.Addr) (int, error) {
	if u, ok := to.(*net.UDPAddr); ok && u.AddrPort().Addr().Unmap() == inside {
		p.leads.Store(true)
		p.w.in.Add(1)
		to = at(to, here)
	}
	return p.PacketConn.WriteTo(b, to)
}

// at is the same port of another address.
func at(a net.Addr, ip netip.Addr) net.Addr {
	u, ok := a.(*net.UDPAddr)
	if !ok {
		return a
	}
	return net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, uint16(u.Port)))
}
