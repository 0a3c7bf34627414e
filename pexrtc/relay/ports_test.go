package relay

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"github.com/videoleg/videoleg/pexrtc"
)

var loopback = []net.IP{net.IPv4(127, 0, 0, 1)}

// nodeOffer is a leg's offer to the node at a relay so configured.
func nodeOffer(t *testing.T, cfg Config, leg LegConfig) string {
	t.Helper()
	r, err := New(cfg)
	must(t, err)
	t.Cleanup(func() { must(t, r.Close()) })
	l := r.NewLeg(leg)
	must(t, l.OfferBrowser(newPeer(t, webrtc.MimeTypeVP8, nil).offer()))
	offer, err := l.NodeOffer(testContext(t))
	must(t, err)
	return offer
}

func TestEveryInterfaceSharesOnePort(t *testing.T) {
	ips, err := LocalIPs()
	must(t, err)
	r, err := New(Config{ListenIPs: ips})
	must(t, err)
	defer func() { must(t, r.Close()) }()
	if r.Port() == 0 {
		t.Fatal("no port")
	}
	for _, a := range r.ports.udp.GetListenAddresses() {
		if got := a.(*net.UDPAddr).Port; got != r.Port() {
			t.Errorf("%v has port %d, want %d", a, got, r.Port())
		}
	}
	if _, err := New(Config{ListenIPs: ips, UDPPort: r.Port()}); err == nil {
		t.Error("a port that is taken is accepted")
	}
}

func TestPublicAddressIsAdvertised(t *testing.T) {
	offer := nodeOffer(t, Config{ListenIPs: loopback, PublicIPs: []string{"203.0.113.7"}}, LegConfig{})
	for _, want := range []string{"203.0.113.7", "127.0.0.1"} {
		if !strings.Contains(offer, " "+want+" ") {
			t.Errorf("no candidate has %s:\n%s", want, offer)
		}
	}
	if _, err := New(Config{ListenIPs: loopback, PublicIPs: []string{"example.org"}}); err == nil {
		t.Error("a name is accepted as an address")
	}
}

func TestRelayOnly(t *testing.T) {
	servers := newTURN(t)
	for _, trickle := range []bool{false, true} {
		offer := nodeOffer(t, Config{ListenIPs: loopback}, LegConfig{ICEServers: servers, RelayOnly: true, TrickleICE: trickle})
		if !strings.Contains(offer, "typ relay") || strings.Contains(offer, "typ host") {
			t.Errorf("trickle %v: want relay candidates only:\n%s", trickle, offer)
		}
	}
}

func TestUnreachableSTUNDoesNotDelayATricklingOffer(t *testing.T) {
	silent, err := net.ListenPacket("udp4", "127.0.0.1:0")
	must(t, err)
	defer silent.Close()
	servers := []pexrtc.ICEServer{{URLs: []string{"stun:" + silent.LocalAddr().String()}}}
	offer := nodeOffer(t, Config{ListenIPs: loopback}, LegConfig{ICEServers: servers, TrickleICE: true})
	if !strings.Contains(offer, "typ host") || strings.Contains(offer, "end-of-candidates") {
		t.Errorf("want host candidates and more to come:\n%s", offer)
	}
}

func TestClosedRelay(t *testing.T) {
	r, err := New(Config{ListenIPs: loopback})
	must(t, err)
	before := r.NewLeg(LegConfig{})
	must(t, r.Close())
	must(t, r.Close())
	for _, l := range []*Leg{before, r.NewLeg(LegConfig{})} {
		if err := l.OfferBrowser(sampleOffer); !errors.Is(err, ErrClosed) {
			t.Errorf("OfferBrowser = %v, want ErrClosed", err)
		}
		must(t, l.Close())
	}
}
