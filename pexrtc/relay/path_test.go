package relay

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"
)

// nat stands between a browser and the relay: the relay sees it, and never the browser. Rebinding gives it another port.
type nat struct {
	t      *testing.T
	front  *net.UDPConn // the browser's side
	relay  netip.AddrPort
	work   sync.WaitGroup
	mu     sync.Mutex
	back   *net.UDPConn // the relay's side; guarded by mu, as the rest
	client netip.AddrPort
}

func newNAT(t *testing.T, relayPort int) *nat {
	n := &nat{t: t, front: listenLoopback(t), relay: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(relayPort))}
	n.rebind()
	n.work.Go(n.outwards)
	t.Cleanup(func() {
		_ = n.front.Close() // the test may have done it
		n.mu.Lock()
		must(t, n.back.Close())
		n.mu.Unlock()
		n.work.Wait()
	})
	return n
}

func listenLoopback(t *testing.T) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(t, err)
	return c
}

// rebind forgets the old port: what the relay still sends there is lost.
func (n *nat) rebind() {
	fresh := listenLoopback(n.t)
	n.mu.Lock()
	old := n.back
	n.back = fresh
	n.mu.Unlock()
	if old != nil {
		must(n.t, old.Close())
	}
	n.work.Go(func() { n.inwards(fresh) })
}

func (n *nat) outwards() {
	buf := make([]byte, packetSize)
	for {
		size, from, err := n.front.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		n.mu.Lock()
		n.client = from
		_, _ = n.back.WriteToUDPAddrPort(buf[:size], n.relay) // what is lost is lost
		n.mu.Unlock()
	}
}

func (n *nat) inwards(back *net.UDPConn) {
	buf := make([]byte, packetSize)
	for {
		size, _, err := back.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		n.mu.Lock()
		client := n.client
		n.mu.Unlock()
		_, _ = n.front.WriteToUDPAddrPort(buf[:size], client)
	}
}

var candidateLine = regexp.MustCompile(`a=candidate:[^\r\n]*\r\n`)

// newCallBehindNAT is a call whose browser the relay sees through a NAT only.
func newCallBehindNAT(t *testing.T) (*call, *nat) {
	t.Helper()
	c := &call{T: t, states: make(chan State, 64)}
	r := newTestRelay(t)
	c.leg = r.NewLeg(LegConfig{OnState: func(s State) { c.states <- s }})
	c.browser, c.node = newPeer(t, webrtc.MimeTypeVP8, nil), newPeer(t, webrtc.MimeTypeVP8, nil)
	n := newNAT(t, r.Port())
	must(t, c.leg.OfferBrowser(candidateLine.ReplaceAllString(c.browser.offer(), "")))
	offer, err := c.leg.NodeOffer(testContext(t))
	must(t, err)
	must(t, c.leg.NodeAnswer(c.node.answer(offer)))
	answer, err := c.leg.BrowserAnswer(testContext(t))
	must(t, err)
	front := n.front.LocalAddr().(*net.UDPAddr).Port
	c.browser.accept(strings.ReplaceAll(answer, fmt.Sprintf(" 127.0.0.1 %d ", r.Port()), fmt.Sprintf(" 127.0.0.1 %d ", front)))
	c.await(Browser, Connected)
	c.await(Node, Connected)
	c.leg.SetSending(true)
	c.browser.sendUntil("before", c.node, payload("before"))
	c.node.sendUntil("back before", c.browser, payload("back before"))
	return c, n
}

// TestNATRebinding: the browser's address changes in mid-call, as seen from here, and the picture goes on both ways.
func TestNATRebinding(t *testing.T) {
	c, n := newCallBehindNAT(t)
	n.rebind()
	c.browser.sendUntil("after", c.node, payload("after"))
	c.node.sendUntil("back after", c.browser, payload("back after"))
}

// TestICERestartOfTheBrowser: the browser's network is gone, and it comes back by another one.
func TestICERestartOfTheBrowser(t *testing.T) {
	c, n := newCallBehindNAT(t)
	before := c.leg.browser.hop.Load()
	must(t, n.front.Close())
	must(t, c.leg.OfferBrowser(c.browser.restart()))
	answer, err := c.leg.BrowserAnswer(testContext(t))
	must(t, err)
	c.browser.accept(answer)
	c.browser.sendUntil("after", c.node, payload("after"))
	c.node.sendUntil("back after", c.browser, payload("back after"))
	if c.leg.browser.hop.Load() != before {
		t.Error("the hop was replaced")
	}
	must(t, c.leg.OfferBrowser(c.browser.pc.LocalDescription().SDP))
	again, err := c.leg.BrowserAnswer(testContext(t))
	must(t, err)
	if ufrag(t, again) != ufrag(t, answer) {
		t.Error("an offer with the credentials of the moment restarts ICE")
	}
}

func TestICERestartOfTheNode(t *testing.T) {
	c := newCall(t, webrtc.MimeTypeVP8, nil)
	c.leg.SetSending(true)
	c.browser.sendUntil("before", c.node, payload("before"))
	before := c.leg.node.hop.Load()
	first := c.node.pc.RemoteDescription().SDP
	offer, err := c.leg.RestartNode(testContext(t), nil)
	must(t, err)
	if ufrag(t, offer) == ufrag(t, first) {
		t.Error("the credentials are the old ones")
	}
	must(t, c.leg.NodeAnswer(c.node.answer(offer)))
	c.await(Node, Connected)
	c.browser.sendUntil("after", c.node, payload("after"))
	c.node.sendUntil("back after", c.browser, payload("back after"))
	if c.leg.node.hop.Load() != before {
		t.Error("the hop was replaced")
	}
}

func TestRestartNeedsAHop(t *testing.T) {
	l := newTestRelay(t).NewLeg(LegConfig{})
	if _, err := l.RestartNode(testContext(t), nil); !errors.Is(err, ErrOrder) {
		t.Errorf("RestartNode = %v, want ErrOrder", err)
	}
	must(t, l.Close())
	if _, err := l.RestartNode(testContext(t), nil); !errors.Is(err, ErrClosed) {
		t.Errorf("RestartNode of a closed leg = %v, want ErrClosed", err)
	}
}

func ufrag(t *testing.T, text string) string {
	t.Helper()
	r, err := readAnswer(text)
	must(t, err)
	return r.far.ufrag
}

// TestNodeWithOneMediaAddress: a node may send all its calls from one address.
func TestNodeWithOneMediaAddress(t *testing.T) {
	conn := listenLoopback(t)
	mux := ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: conn, Logger: stackLog{discard}.NewLogger("udp")})
	t.Cleanup(func() { must(t, mux.Close()) })
	r := newTestRelay(t)
	var calls []*call
	for range 3 {
		c := &call{T: t, states: make(chan State, 64)}
		c.leg = r.NewLeg(LegConfig{OnState: func(s State) { c.states <- s }})
		c.browser, c.node = newPeer(t, webrtc.MimeTypeVP8, nil), newPeerWith(t, func(s *webrtc.SettingEngine) { s.SetICEUDPMux(mux) }, webrtc.MimeTypeVP8, nil)
		c.negotiate()
		c.leg.SetSending(true)
		calls = append(calls, c)
	}
	for i, c := range calls {
		there, back := fmt.Sprint("picture ", i), fmt.Sprint("answer ", i)
		c.browser.sendUntil(there, c.node, payload(there))
		c.node.sendUntil(back, c.browser, payload(back))
	}
}
