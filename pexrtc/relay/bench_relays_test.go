package relay

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v4"

	"github.com/videoleg/videoleg/pexrtc"
)

var discard = slog.New(slog.DiscardHandler)

// benchRelay is a relay under test.
type benchRelay interface {
	leg(id int, browserOffer string) (nodeOffer string, err error)
	answer(id int, nodeAnswer string) (browserAnswer string, err error)
	start() // all legs are connected
}

// serveBench is the process of a relay under test: it answers commands until its input ends.
func serveBench(kind string) error {
	r, err := newBenchRelay(kind)
	if err != nil {
		return err
	}
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var q benchCommand
		if in.Decode(&q) != nil {
			pprof.StopCPUProfile()
			return nil
		}
		var a benchReply
		var err error
		switch q.Do {
		case "leg":
			a.SDP, err = r.leg(q.Leg, q.SDP)
		case "answer":
			a.SDP, err = r.answer(q.Leg, q.SDP)
		case "open":
			r.start()
			err = takeProfile(kind)
		case "cpu":
			a.CPU, err = cpuTime()
		case "memory":
			a.Memory, err = memory()
		}
		if err != nil {
			a.Err = err.Error()
		}
		if err := out.Encode(a); err != nil {
			return err
		}
	}
}

// takeProfile takes a CPU profile from now on, if that is wanted.
func takeProfile(kind string) error {
	name := os.Getenv(benchProfile)
	if name == "" {
		return nil
	}
	f, err := os.Create(name + "." + kind)
	if err != nil {
		return err
	}
	return pprof.StartCPUProfile(f)
}

func newBenchRelay(kind string) (benchRelay, error) {
	switch kind {
	case "floor":
		return newFloor()
	case "plain":
		return newPlain(false)
	case "interceptors":
		return newPlain(true)
	}
	r, err := New(Config{ListenIPs: []net.IP{net.IPv4(127, 0, 0, 1)}})
	return &ourRelay{relay: r, legs: map[int]*Leg{}}, err
}

// cpuTime is what this process has used so far.
func cpuTime() (time.Duration, error) {
	var u syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), err
}

// memory is what this process holds, without garbage. Asking costs it time.
func memory() (int64, error) {
	debug.FreeOSMemory()
	raw, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	pages, err := strconv.ParseInt(strings.Fields(string(raw))[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}

// ourRelay is this package, with all that it does in service.
type ourRelay struct {
	relay *Relay
	legs  map[int]*Leg
}

func (r *ourRelay) leg(id int, offer string) (string, error) {
	l := r.relay.NewLeg(LegConfig{})
	r.legs[id] = l
	if err := l.OfferBrowser(offer); err != nil {
		return "", err
	}
	return l.NodeOffer(context.Background())
}

func (r *ourRelay) answer(id int, answer string) (string, error) {
	if err := r.legs[id].NodeAnswer(answer); err != nil {
		return "", err
	}
	return r.legs[id].BrowserAnswer(context.Background())
}

func (r *ourRelay) start() {
	for _, l := range r.legs {
		l.SetSending(true)
	}
}

// plainRelay is what one writes first: two PeerConnections, and each track that arrives on one is written to the other.
type plainRelay struct {
	api  *webrtc.API
	legs map[int]*plainLeg
}

type plainLeg struct {
	browser, node *webrtc.PeerConnection
	offer         string
}

func newPlain(interceptors bool) (*plainRelay, error) {
	m := &webrtc.MediaEngine{}
	err := m.RegisterCodec(webrtc.RTPCodecParameters{
		PayloadType: 96, RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: clockRate},
	}, webrtc.RTPCodecTypeVideo)
	if err != nil {
		return nil, err
	}
	registry := &interceptor.Registry{}
	if interceptors {
		if err := webrtc.RegisterDefaultInterceptors(m, registry); err != nil {
			return nil, err
		}
	}
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadBuffer(socketBuffer)
	var s webrtc.SettingEngine
	s.LoggerFactory = stackLog{discard}
	s.SetICEUDPMux(ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: conn, Logger: stackLog{discard}.NewLogger("udp")}))
	s.SetIncludeLoopbackCandidate(true)
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	api := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithInterceptorRegistry(registry), webrtc.WithSettingEngine(s))
	return &plainRelay{api: api, legs: map[int]*plainLeg{}}, nil
}

func (r *plainRelay) leg(id int, offer string) (string, error) {
	browser, err1 := r.api.NewPeerConnection(webrtc.Configuration{})
	node, err2 := r.api.NewPeerConnection(webrtc.Configuration{})
	if err := errors.Join(err1, err2); err != nil {
		return "", err
	}
	r.legs[id] = &plainLeg{browser: browser, node: node, offer: offer}
	if err := errors.Join(plainWay(browser, node), plainWay(node, browser)); err != nil {
		return "", err
	}
	gathered := webrtc.GatheringCompletePromise(node)
	o, err := node.CreateOffer(nil)
	if err == nil {
		err = node.SetLocalDescription(o)
	}
	if err != nil {
		return "", err
	}
	<-gathered
	return node.LocalDescription().SDP, nil
}

// plainWay forwards what arrives from one connection to the other.
func plainWay(from, to *webrtc.PeerConnection) error {
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "video", "plain")
	if err != nil {
		return err
	}
	sender, err := to.AddTrack(track)
	if err != nil {
		return err
	}
	go func() {
		for {
			if _, _, err := sender.ReadRTCP(); err != nil {
				return
			}
		}
	}()
	from.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			p, _, err := t.ReadRTP()
			if err != nil {
				return
			}
			_ = track.WriteRTP(p)
		}
	})
	return nil
}

func (r *plainRelay) answer(id int, answer string) (string, error) {
	l := r.legs[id]
	err := l.node.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer})
	if err == nil {
		err = l.browser.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: l.offer})
	}
	if err != nil {
		return "", err
	}
	gathered := webrtc.GatheringCompletePromise(l.browser)
	a, err := l.browser.CreateAnswer(nil)
	if err == nil {
		err = l.browser.SetLocalDescription(a)
	}
	if err != nil {
		return "", err
	}
	<-gathered
	return l.browser.LocalDescription().SDP, pexrtc.CheckVideoOnly(l.browser.LocalDescription().SDP)
}

func (r *plainRelay) start() {}
