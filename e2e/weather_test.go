package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/videoleg/videoleg/e2e/browser"
	"github.com/videoleg/videoleg/e2e/weather"
	"github.com/videoleg/videoleg/genesys/genesystest"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

// outdoors is a centre whose agent's media goes over ways of package weather: no side learns another's real address.
type outdoors struct {
	*centre
	t       testing.TB
	browser []*weather.Way // between the agent's browser and the server, one for each ICE session; none in bypass mode

	mu   sync.Mutex
	node []*weather.Way // between the server, or in bypass mode the agent's browser, and the node; the last one is in use
}

func startOutdoors(t testing.TB, mode string) *outdoors {
	t.Helper()
	o := &outdoors{t: t}
	l := listen(t, "127.0.0.1:0")
	env := map[string]string{"MEDIA_MODE": mode, "PEXIP_NODES": o.between(l.Addr().String())}
	if mode == "relay" {
		port := freePorts(t, 1)[0]
		env["MEDIA_UDP_PORT"] = port
		for range 3 {
			o.browser = append(o.browser, o.way(netip.MustParseAddrPort("127.0.0.1:"+port)))
		}
	}
	o.centre = start(t, options{env: env, node: func(opts *pexrtctest.Options) { opts.Listener = l }})
	return o
}

func (o *outdoors) way(target netip.AddrPort) *weather.Way {
	w, err := weather.New(target)
	if err != nil {
		o.t.Error(err)
		return nil
	}
	o.t.Cleanup(w.Close)
	return w
}

// onNode is the way to the node that is in use.
func (o *outdoors) onNode() *weather.Way {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.node) == 0 {
		o.t.Fatal("no way leads to the node")
	}
	return o.node[len(o.node)-1]
}

// candidates are those of a session description as JSON has it.
var candidates = regexp.MustCompile(`a=candidate:[^\\]*\\r\\n`)

// between passes requests on to the node, but leads an agent's media over a way of its own for each negotiation.
func (o *outdoors) between(node string) string {
	pass := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: node})
			if negotiates(r.In) {
				body, _ := io.ReadAll(r.In.Body)
				if o.leads(body) {
					body = candidates.ReplaceAll(body, nil)
					r.Out.Header.Set("Agent-Media", "1")
				}
				r.Out.Body, r.Out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			}
		},
		ModifyResponse: func(r *http.Response) error {
			if r.Request.Header.Get("Agent-Media") == "" {
				return nil
			}
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return err
			}
			body = o.lead(body)
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			r.Header.Set("Content-Length", strconv.Itoa(len(body)))
			return nil
		},
		FlushInterval: -1,
	}
	l := listen(o.t, "127.0.0.1:0")
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/new_candidate") {
			_, _ = io.WriteString(w, `{"status":"success","result":null}`)
			return
		}
		pass.ServeHTTP(w, r)
	})}
	go srv.Serve(l)
	o.t.Cleanup(func() { srv.Close() })
	return "http://" + l.Addr().String()
}

func negotiates(r *http.Request) bool {
	return strings.HasSuffix(r.URL.Path, "/calls") || strings.HasSuffix(r.URL.Path, "/update")
}

// leads says that an offer is an agent's: it has no audio.
func (o *outdoors) leads(body []byte) bool { return !bytes.Contains(body, []byte("m=audio")) }

// lead puts a new way in the place of the node's own candidates.
func (o *outdoors) lead(answer []byte) []byte {
	var target netip.AddrPort
	for _, line := range candidates.FindAllString(string(answer), -1) {
		f := strings.Fields(line)
		if ip, err := netip.ParseAddr(f[4]); err == nil && ip.Is4() {
			port, _ := strconv.Atoi(f[5])
			target = netip.AddrPortFrom(ip, uint16(port))
			break
		}
	}
	if !target.IsValid() {
		o.t.Errorf("no candidate in the node's answer %s", answer)
		return answer
	}
	w := o.way(target)
	o.mu.Lock()
	o.node = append(o.node, w)
	o.mu.Unlock()
	first := true
	return candidates.ReplaceAllFunc(answer, func([]byte) []byte {
		if !first {
			return nil
		}
		first = false
		return fmt.Appendf(nil, `a=candidate:1 1 udp 2130706431 127.0.0.1 %d typ host\r\n`, w.Addr.Port())
	})
}

// detour has a page's media go over ways: it keeps its own addresses to itself, and takes a way's for the server's.
const detour = `{
	const ports = PORTS, seen = [];
	const bare = (sdp) => sdp.replace(/a=(candidate:.*|end-of-candidates)\r\n/g, "");
	const set = RTCPeerConnection.prototype.setRemoteDescription;
	RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
		const ufrag = /a=ice-ufrag:(.*)/.exec(sdp)[1];
		if (!seen.includes(ufrag)) seen.push(ufrag);
		const port = ports[(seen.length - 1) % ports.length];
		const led = bare(sdp).replace(/a=mid:.*\r\n/, "$&a=candidate:1 1 udp 2130706431 127.0.0.1 " + port + " typ host\r\n");
		return set.call(this, { type, sdp: led });
	};
	const send = WebSocket.prototype.send;
	WebSocket.prototype.send = function (text) {
		const message = JSON.parse(text);
		if (message.type === "candidate" && message.candidate) return;
		if (message.type === "offer") message.sdp = bare(message.sdp);
		send.call(this, JSON.stringify(message));
	};
}`

// meet brings a customer and Ada together, outdoors.
func (o *outdoors) meet(b *browser.Browser) (customer, widget *browser.Page) {
	o.t.Helper()
	widget = b.Open(o.cloud.URL + "/?agent=ada")
	if len(o.browser) > 0 {
		var ports []uint16
		for _, w := range o.browser {
			ports = append(ports, w.Addr.Port())
		}
		list, err := json.Marshal(ports)
		if err != nil {
			o.t.Fatal(err)
		}
		widget.OnEachDocument(strings.ReplaceAll(detour, "PORTS", string(list)))
	}
	customer = o.enter(b)
	widget.Button("Answer").Await()
	widget.Go("about:blank")
	call := o.conversation()
	if err := call.Answer(genesystest.AdaID); err != nil {
		o.t.Fatal(err)
	}
	widget.Go(o.agent + "/?conversationid=" + call.ID())
	widget.AwaitStatus("In call")
	widget.Video("Customer video").AwaitMoving()
	customer.Video("Agent video").AwaitMoving()
	return customer, widget
}

// mainPicture is the inbound video of a page, so far.
func mainPicture(t testing.TB, f *browser.Document) (best browser.Stream) {
	t.Helper()
	for _, s := range f.Streams() {
		if !s.Outbound && s.Kind == "video" && s.Connection == "connected" && s.Frames >= best.Frames {
			best = s
		}
	}
	return best
}

// TestPathBreaks: packets cease on the path of the moment, and the picture comes back over another one, to the same
// participant.
func TestPathBreaks(t *testing.T) {
	for _, tc := range []struct {
		name, mode string
		path       func(*outdoors) *weather.Way
	}{
		{"between browser and server", "relay", func(o *outdoors) *weather.Way { return o.browser[0] }},
		{"between server and node", "relay", (*outdoors).onNode},
		{"between browser and node", "bypass", (*outdoors).onNode},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := startOutdoors(t, tc.mode)
			customer, widget := o.meet(browser.Start(t))
			before := o.awaitAgent("sends", func(p pexrtctest.Participant) bool { return p.VideoIn.Packets > 20 && !p.VideoMuted })

			tc.path(o).Both(weather.Sky{Cut: true})
			began := time.Now()
			widget.AwaitStatus("Reconnecting")
			widget.AwaitStatus("In call")
			widget.Video("Customer video").AwaitMoving()
			customer.Video("Agent video").AwaitMoving()
			t.Logf("both pictures were back %v after the cut", time.Since(began).Round(100*time.Millisecond))
			if after := o.agents(); len(after) != 1 || after[0].UUID != before.UUID {
				t.Errorf("agents after the cut: %+v, want the one of before, %s", after, before.UUID)
			}
		})
	}
}

// skies are the weathers that docs/performance.md has results of.
var skies = []struct {
	name string
	sky  weather.Sky
}{
	{"fair", weather.Sky{}},
	{"loss-2%", weather.Sky{Loss: 0.02}},
	{"loss-5%", weather.Sky{Loss: 0.05}},
	{"loss-10%", weather.Sky{Loss: 0.10}},
	{"rtt-100ms", weather.Sky{Delay: 50 * time.Millisecond}},
	{"rtt-300ms", weather.Sky{Delay: 150 * time.Millisecond}},
	{"rtt-300ms-loss-5%", weather.Sky{Delay: 150 * time.Millisecond, Loss: 0.05}},
	{"jitter-30ms", weather.Sky{Jitter: 30 * time.Millisecond}},
	{"300kbit/s", weather.Sky{Kbps: 300}},
}

const (
	warmUp   = 4 * time.Second  // in a new weather, before it is measured
	measured = 10 * time.Second // in each
	pause    = 6 * time.Second  // of fair weather, between two
)

// BenchmarkWeather measures what both people see while the weather is bad on one hop, and how soon it is as before.
// Media past the server is the measure: the same browser, connected to the node directly.
func BenchmarkWeather(b *testing.B) {
	for _, bc := range []struct {
		name, mode string
		path       func(*outdoors) *weather.Way
	}{
		{"direct", "bypass", (*outdoors).onNode},
		{"browser-hop", "relay", func(o *outdoors) *weather.Way { return o.browser[0] }},
		{"node-hop", "relay", (*outdoors).onNode},
	} {
		b.Run(bc.name, func(b *testing.B) {
			o := startOutdoors(b, bc.mode)
			customer, widget := o.meet(browser.Start(b))
			path := bc.path(o)
			lapse(b.Context(), pause)
			for _, s := range skies {
				b.Run(s.name, func(b *testing.B) {
					o.measure(b, path, s.sky, map[string]*browser.Document{"agent": &widget.Document, "customer": &customer.Document})
				})
			}
		})
	}
}

// measure reports, for each viewer: frames a second, kbit/s, milliseconds frozen in a second, and those until the picture
// moves again as it should once the weather is fair.
func (o *outdoors) measure(b *testing.B, path *weather.Way, sky weather.Sky, viewers map[string]*browser.Document) {
	path.Both(sky)
	lapse(b.Context(), warmUp)
	began, before := time.Now(), map[string]browser.Stream{}
	for who, f := range viewers {
		before[who] = mainPicture(b, f)
	}
	lapse(b.Context(), measured)
	seconds := time.Since(began).Seconds()
	for who, f := range viewers {
		now := mainPicture(b, f)
		b.ReportMetric(float64(now.Frames-before[who].Frames)/seconds, who+"-fps")
		b.ReportMetric(float64(now.Bytes-before[who].Bytes)*8/1000/seconds, who+"-kbit/s")
		b.ReportMetric(float64((now.Frozen-before[who].Frozen).Milliseconds())/seconds, who+"-frozen-ms/s")
	}
	path.Both(weather.Sky{})
	began = time.Now()
	b.ReportMetric(float64(o.recover(b, viewers, began).Milliseconds()), "recovery-ms")
	b.ReportMetric(0, "ns/op")
	lapse(b.Context(), pause)
}

// recover waits until every viewer has had a second of a moving picture, and returns when that second began.
func (o *outdoors) recover(b *testing.B, viewers map[string]*browser.Document, began time.Time) time.Duration {
	const enough = 14 // frames in a second; the test picture has 20
	for time.Since(began) < 20*time.Second {
		second, before := time.Now(), map[string]int{}
		for who, f := range viewers {
			before[who] = mainPicture(b, f).Frames
		}
		lapse(b.Context(), time.Second)
		well := true
		for who, f := range viewers {
			well = well && mainPicture(b, f).Frames-before[who] >= enough
		}
		if well {
			return second.Sub(began)
		}
	}
	return 20 * time.Second
}
