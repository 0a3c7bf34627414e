package relay

import (
	"errors"
	"net"
	"regexp"
	"strings"
	"testing"

	"github.com/pion/ice/v4"
	"github.com/pion/turn/v5"
	"github.com/pion/webrtc/v4"

	"github.com/videoleg/videoleg/pexrtc"
)

// reach negotiates a call at a relay so configured, with these peers, and sees pictures through both ways.
func reach(t *testing.T, cfg Config, leg LegConfig, browser, node *peer) *call {
	t.Helper()
	r, err := New(cfg)
	must(t, err)
	t.Cleanup(func() { must(t, r.Close()) })
	c := &call{T: t, browser: browser, node: node, states: make(chan State, 64)}
	leg.OnState = func(s State) { c.states <- s }
	c.leg = r.NewLeg(leg)
	must(t, c.leg.OfferBrowser(browser.offer()))
	offer, err := c.leg.NodeOffer(testContext(t))
	must(t, err)
	must(t, c.leg.NodeAnswer(node.answer(offer)))
	answer, err := c.leg.BrowserAnswer(testContext(t))
	must(t, err)
	browser.accept(answer)
	c.await(Browser, Connected)
	c.await(Node, Connected)
	c.leg.SetSending(true)
	browser.sendUntil("there", node, payload("there"))
	node.sendUntil("back", browser, payload("back"))
	return c
}

// freeTCP is a port that was free a moment ago.
func freeTCP(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// TestTCPPort: where UDP is blocked, pictures come by TCP, all legs on one port.
func TestTCPPort(t *testing.T) {
	port := freeTCP(t)
	onlyTCP := func(s *webrtc.SettingEngine) { s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4}) }
	browser, node := newPeerWith(t, onlyTCP, webrtc.MimeTypeVP8, nil), newPeer(t, webrtc.MimeTypeVP8, nil)
	c := reach(t, Config{ListenIPs: loopback, TCPPort: port}, LegConfig{}, browser, node)
	pair, err := c.leg.browser.hop.Load().transport.agent.GetSelectedCandidatePair()
	must(t, err)
	if pair.Local.NetworkType().IsUDP() || pair.Local.Port() != port {
		t.Errorf("the path is %v, want TCP to port %d", pair, port)
	}
	again := newPeerWith(t, onlyTCP, webrtc.MimeTypeVP8, nil)
	must(t, c.leg.OfferBrowser(again.offer()))
	answer, err := c.leg.BrowserAnswer(testContext(t))
	must(t, err)
	again.accept(answer)
	again.sendUntil("after a reload", node, payload("after a reload"))
}

func TestIPv6(t *testing.T) {
	six := func(s *webrtc.SettingEngine) {
		conn, err := net.ListenUDP("udp6", &net.UDPAddr{IP: net.IPv6loopback})
		if err != nil {
			t.Skip("no IPv6 here: ", err)
		}
		mux := ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: conn, Logger: stackLog{discard}.NewLogger("udp")})
		t.Cleanup(func() { must(t, mux.Close()) })
		s.SetICEUDPMux(mux)
		s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP6})
	}
	browser, node := newPeerWith(t, six, webrtc.MimeTypeVP8, nil), newPeerWith(t, six, webrtc.MimeTypeVP8, nil)
	c := reach(t, Config{ListenIPs: []net.IP{net.IPv6loopback}}, LegConfig{}, browser, node)
	for name, e := range map[string]*end{"browser": c.leg.browser, "node": c.leg.node} {
		pair, err := e.hop.Load().transport.agent.GetSelectedCandidatePair()
		must(t, err)
		if pair.Local.Address() != "::1" {
			t.Errorf("the %s's path is %v", name, pair)
		}
	}
}

// TestNamedCandidates: a browser hides its addresses behind names that only its own network can look up. It finds us.
func TestNamedCandidates(t *testing.T) {
	browser, node := newPeer(t, webrtc.MimeTypeVP8, nil), newPeer(t, webrtc.MimeTypeVP8, nil)
	r := newTestRelay(t)
	c := &call{T: t, browser: browser, node: node, states: make(chan State, 64)}
	c.leg = r.NewLeg(LegConfig{OnState: func(s State) { c.states <- s }})
	named := regexp.MustCompile(` 127\.0\.0\.1 (\d+) typ host`).ReplaceAllString(browser.offer(), " 0f1e2d3c-4b5a-4678-8765-a4b3c2d1e0f9.local $1 typ host")
	if !strings.Contains(named, ".local ") {
		t.Fatalf("the offer has no candidate to rename:\n%s", named)
	}
	must(t, c.leg.OfferBrowser(named))
	offer, err := c.leg.NodeOffer(testContext(t))
	must(t, err)
	must(t, c.leg.NodeAnswer(node.answer(offer)))
	answer, err := c.leg.BrowserAnswer(testContext(t))
	must(t, err)
	browser.accept(answer)
	must(t, c.leg.BrowserCandidate("candidate:1 1 udp 2130706431 0f1e2d3c-4b5a-4678-8765-a4b3c2d1e0f9.local 9 typ host"))
	c.await(Browser, Connected)
}

// newTURN is a TURN server; the user may be anybody who knows the secret.
func newTURN(t *testing.T) []pexrtc.ICEServer {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	must(t, err)
	srv, err := turn.NewServer(turn.ServerConfig{
		Realm: "test",
		AuthHandler: func(a *turn.RequestAttributes) (string, []byte, bool) {
			return a.Username, turn.GenerateAuthKey(a.Username, a.Realm, "secret"), true
		},
		PacketConnConfigs: []turn.PacketConnConfig{{
			PacketConn:            conn,
			RelayAddressGenerator: &turn.RelayAddressGeneratorStatic{RelayAddress: loopback[0], Address: "127.0.0.1"},
		}},
	})
	must(t, err)
	t.Cleanup(func() { must(t, srv.Close()) })
	return []pexrtc.ICEServer{{URLs: []string{"turn:" + conn.LocalAddr().String()}, Username: "u", Credential: "secret"}}
}

// TestThroughTURN: a node that wants its calls relayed gets them by its own TURN server, and by no other way.
func TestThroughTURN(t *testing.T) {
	browser, node := newPeer(t, webrtc.MimeTypeVP8, nil), newPeer(t, webrtc.MimeTypeVP8, nil)
	c := reach(t, Config{ListenIPs: loopback}, LegConfig{ICEServers: newTURN(t), RelayOnly: true}, browser, node)
	pair, err := c.leg.node.hop.Load().transport.agent.GetSelectedCandidatePair()
	must(t, err)
	if pair.Local.Type().String() != "relay" {
		t.Errorf("the path to the node is %v", pair)
	}
}

// TestNoTURN: where all must go by TURN and there is none, there is nothing to offer.
func TestNoTURN(t *testing.T) {
	l := newTestRelay(t).NewLeg(LegConfig{RelayOnly: true})
	t.Cleanup(func() { must(t, l.Close()) })
	must(t, l.OfferBrowser(newPeer(t, webrtc.MimeTypeVP8, nil).offer()))
	if offer, err := l.NodeOffer(testContext(t)); !errors.Is(err, ErrNoPath) {
		t.Errorf("NodeOffer = %q, %v; want ErrNoPath", offer, err)
	}
}
