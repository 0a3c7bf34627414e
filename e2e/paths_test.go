package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	ws "github.com/gorilla/websocket"

	"github.com/videoleg/videoleg/e2e/weather"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

// hop leads the agent's media between two parts of a centre over ways of weather. It stands between their signalling:
// an answer names a way in place of its own addresses, and an offer names none, so that there is no other path. Each ICE
// restart makes a way of its own, as another network does.
type hop struct {
	t testing.TB

	mu          sync.Mutex // guards the rest
	there, back weather.Sky
	ways        map[string]*weather.Way // by the ICE user fragment of the answer
}

func newHop(t testing.TB) *hop {
	h := &hop{t: t, ways: map[string]*weather.Way{}}
	t.Cleanup(func() {
		for _, w := range h.all() {
			w.Close()
		}
	})
	return h
}

func (h *hop) all() []*weather.Way {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Collect(maps.Values(h.ways))
}

// set changes the weather, there to whoever answers, and back.
func (h *hop) set(there, back weather.Sky) {
	h.mu.Lock()
	h.there, h.back = there, back
	h.mu.Unlock()
	for _, w := range h.all() {
		w.Set(there, back)
	}
}

// cut ends all paths that there are for good. It returns their number.
func (h *hop) cut() int {
	all := h.all()
	for _, w := range all {
		w.Both(weather.Sky{Cut: true})
	}
	return len(all)
}

// rebind moves the far end to another address, as a NAT does that has forgotten.
func (h *hop) rebind() {
	for _, w := range h.all() {
		w.Rebind()
	}
}

var (
	candidates = regexp.MustCompile(`(?m)^a=(candidate:.*|end-of-candidates)\r\n`)
	reachable  = regexp.MustCompile(`(?m)^a=candidate:\S+ 1 (?i:udp) \d+ (\d+\.\d+\.\d+\.\d+) (\d+) typ host`)
	fragment   = regexp.MustCompile(`(?m)^a=ice-ufrag:(\S+)`)
	lineMID    = regexp.MustCompile(`(?m)^a=mid:\S+\r\n`)
)

// offer is an offer that tells no addresses.
func (h *hop) offer(sdp string) string { return candidates.ReplaceAllString(sdp, "") }

// answer is an answer whose only address is that of a way.
func (h *hop) answer(sdp string) string {
	at, ufrag := reachable.FindStringSubmatch(sdp), fragment.FindStringSubmatch(sdp)
	if at == nil || ufrag == nil {
		h.t.Errorf("an answer names no address that can be reached:\n%s", sdp)
		return sdp
	}
	w, err := h.way(ufrag[1], netip.MustParseAddrPort(at[1]+":"+at[2]))
	if err != nil {
		h.t.Error(err)
		return sdp
	}
	line := "a=candidate:1 1 udp 2130706431 127.0.0.1 " + strconv.Itoa(int(w.Addr.Port())) + " typ host\r\na=end-of-candidates\r\n"
	first := true
	return lineMID.ReplaceAllStringFunc(h.offer(sdp), func(mid string) string {
		if !first {
			return mid
		}
		first = false
		return mid + line
	})
}

func (h *hop) way(ufrag string, target netip.AddrPort) (*weather.Way, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if w := h.ways[ufrag]; w != nil {
		return w, nil
	}
	w, err := weather.New(target)
	if err != nil {
		return nil, err
	}
	w.Set(h.there, h.back)
	h.ways[ufrag] = w
	return w, nil
}

// toNode stands before a node: what concerns the agent's calls is led over the hop.
func (h *hop) toNode(node string) string {
	return beforeNode(h.t, node, h.offer, h.answer, func(string) bool { return false })
}

// beforeNode changes the offers and answers of the agent's calls at a node, and lets those of his candidates pass that
// pass says. It returns its own address.
func beforeNode(t testing.TB, node string, offer, answer func(sdp string) string, pass func(candidate string) bool) string {
	t.Helper()
	target, err := url.Parse(node)
	if err != nil {
		t.Fatal(err)
	}
	through := &http.Transport{MaxIdleConnsPerHost: 64}
	on := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			if isCall(r.In) {
				r.Out.Body = io.NopCloser(bytes.NewReader(inJSON(r.In.Body, offer)))
				r.Out.ContentLength = -1
			}
		},
		ModifyResponse: func(r *http.Response) error {
			if isCall(r.Request) && r.StatusCode == http.StatusOK {
				r.Body = io.NopCloser(bytes.NewReader(inJSON(r.Body, answer)))
				r.ContentLength = -1
				r.Header.Del("Content-Length")
			}
			return nil
		},
		FlushInterval: -1,
		Transport:     through,
		ErrorLog:      log.New(io.Discard, "", 0), // streams are cut
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/new_candidate") && strings.Contains(r.URL.Path, "/conferences/agt") {
			var body struct{ Candidate string }
			text, _ := io.ReadAll(r.Body)
			if json.Unmarshal(text, &body) != nil || !pass(body.Candidate) {
				_, _ = io.WriteString(w, `{"status":"success","result":null}`)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(text))
		}
		on.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		srv.CloseClientConnections()
		through.CloseIdleConnections()
	})
	return srv.URL
}

// isCall says that a request of the agent's carries a description.
func isCall(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.Contains(r.URL.Path, "/conferences/agt") &&
		(strings.HasSuffix(r.URL.Path, "/calls") || strings.HasSuffix(r.URL.Path, "/update"))
}

// inJSON changes every session description in a message.
func inJSON(from io.Reader, change func(sdp string) string) []byte {
	body, err := io.ReadAll(from)
	if err != nil {
		return nil
	}
	var message any
	if json.Unmarshal(body, &message) != nil {
		return body
	}
	changed, err := json.Marshal(inValue(message, change))
	if err != nil {
		return body
	}
	return changed
}

func inValue(v any, change func(string) string) any {
	switch v := v.(type) {
	case string:
		if strings.HasPrefix(v, "v=0") {
			return change(v)
		}
	case map[string]any:
		for name := range v {
			v[name] = inValue(v[name], change)
		}
	}
	return v
}

// toServer stands before our server at l's address: what the agent's page says and hears is led over the hop.
func (h *hop) toServer(address, server string) {
	target, err := url.Parse("http://" + server)
	if err != nil {
		h.t.Fatal(err)
	}
	pass := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
		},
		ErrorLog: log.New(io.Discard, "", 0), // pages that are left
	}
	srv := &httptest.Server{Listener: listen(h.t, address), Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ws.IsWebSocketUpgrade(r) {
			h.socket(w, r, server)
			return
		}
		pass.ServeHTTP(w, r)
	})}}
	srv.Start()
	h.t.Cleanup(srv.CloseClientConnections)
}

// socket passes on the messages of one page.
func (h *hop) socket(w http.ResponseWriter, r *http.Request, server string) {
	header := http.Header{"Host": {r.Host}, "Origin": r.Header["Origin"], "Cookie": r.Header["Cookie"]}
	there, _, err := ws.DefaultDialer.DialContext(r.Context(), "ws://"+server+r.URL.RequestURI(), header)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer there.Close()
	up := ws.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	here, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	done := make(chan struct{})
	go func() { // ends with there
		defer close(done)
		defer here.Close()
		carry(here, there, h.answer)
	}()
	carry(there, here, h.offer)
	there.Close()
	<-done
}

// carry passes on messages until one side ends; candidates, which every page and leg can do without, stay behind.
func carry(to, from *ws.Conn, change func(string) string) {
	for {
		kind, message, err := from.ReadMessage()
		if err != nil {
			return
		}
		if bytes.Contains(message, []byte(`"type":"candidate"`)) {
			continue
		}
		if bytes.Contains(message, []byte(`"sdp"`)) {
			message = inJSON(bytes.NewReader(message), change)
		}
		if to.WriteMessage(kind, message) != nil {
			return
		}
	}
}

// journey is a centre whose agent's media goes over two hops: from the page to us, in relay mode, and to the node.
type journey struct {
	*centre
	pageHop, nodeHop *hop // pageHop is nil in bypass mode
}

// travel starts a centre and its hops.
func travel(t testing.TB, mode string) *journey {
	t.Helper()
	l := listen(t, "127.0.0.1:0")
	j := &journey{nodeHop: newHop(t)}
	env := map[string]string{"MEDIA_MODE": mode, "PEXIP_NODES": j.nodeHop.toNode("http://" + l.Addr().String())}
	inner := ""
	if mode == "relay" {
		inner = "127.0.0.1:" + freePorts(t, 1)[0]
		env["AGENT_ADDR"] = inner
	}
	j.centre = start(t, options{env: env, node: func(o *pexrtctest.Options) { o.Listener = l }})
	if mode == "relay" {
		j.pageHop = newHop(t)
		j.pageHop.toServer(strings.Replace(strings.TrimPrefix(j.agent, "http://"), "localhost", "127.0.0.1", 1), inner)
	}
	return j
}
