package browser

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	dialTime  = 5 * time.Second
	recordCap = 16 << 20 // bytes kept of one answer
)

// Exchange is one answer that a person's browser received.
type Exchange struct {
	Method, URL string
	Status      int // 0: a tunnel that cannot be read (TLS)
	Header      http.Header
	// Body is decoded, up to 16 MiB; of a WebSocket it is all that the server sent, frames and
	// all, so far.
	Body []byte
}

type proxyOptions struct {
	noCookies func(host string) bool // nil: all may have cookies
}

// proxy is what a browser context sends all its requests to.
type proxy struct {
	proxyOptions
	server    *http.Server
	listener  net.Listener
	transport *http.Transport
	tunnels   sync.WaitGroup

	mu      sync.Mutex // guards the rest
	records []*record
	outside map[string]bool
	conns   map[net.Conn]bool
	offline context.Context // ends when the person goes offline
	cut     context.CancelFunc
	stalled chan struct{} // nil: what comes passes; else closed when it does again
}

// record grows while its answer comes in.
type record struct {
	mu   sync.Mutex
	what Exchange
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if room := recordCap - len(r.what.Body); room > 0 {
		r.what.Body = append(r.what.Body, p[:min(len(p), room)]...)
	}
	return len(p), nil
}

func startProxy(t testing.TB, o proxyOptions) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{
		proxyOptions: o, listener: l, outside: map[string]bool{}, conns: map[net.Conn]bool{},
		transport: &http.Transport{
			DisableCompression: true,
			DialContext:        (&net.Dialer{Timeout: dialTime}).DialContext,
		},
	}
	p.offline, p.cut = context.WithCancel(context.Background())
	p.server = &http.Server{Handler: p, ReadHeaderTimeout: dialTime}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = p.server.Serve(l) // ends with Close below
	}()
	t.Cleanup(func() {
		_ = p.server.Close()
		<-done
		p.setStalled(false)
		p.setOffline(true)
		p.tunnels.Wait()
		p.transport.CloseIdleConnections()
	})
	return p
}

func (p *proxy) url() string { return "http://" + p.listener.Addr().String() }

// trapped are the hosts outside the machine that were asked for.
func (p *proxy) trapped() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(maps.Keys(p.outside))
}

// received is everything so far.
func (p *proxy) received() []Exchange {
	p.mu.Lock()
	records := slices.Clone(p.records)
	p.mu.Unlock()
	var all []Exchange
	for _, r := range records {
		r.mu.Lock()
		e := r.what
		e.Body = slices.Clone(e.Body)
		r.mu.Unlock()
		if e.Header.Get("Content-Encoding") == "gzip" {
			e.Body = gunzip(e.Body)
		}
		all = append(all, e)
	}
	return all
}

// gunzip decodes as much as has come.
func gunzip(b []byte) []byte {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return b
	}
	plain, _ := io.ReadAll(io.LimitReader(z, recordCap))
	return plain
}

func (p *proxy) note(e Exchange) *record {
	r := &record{what: e}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.records = append(p.records, r)
	return r
}

// local tells whether a host:port is this machine, by any of its addresses; any other is trapped.
func (p *proxy) local(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	if ip := net.ParseIP(host); host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ours(ip) {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.outside[hostport] = true
	return false
}

// ours tells whether an address is one of this machine.
func ours(ip net.IP) bool {
	all, err := net.InterfaceAddrs()
	return ip.IsLoopback() || err == nil && slices.ContainsFunc(all, func(a net.Addr) bool {
		n, ok := a.(*net.IPNet)
		return ok && n.IP.Equal(ip)
	})
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.pass()
	online := p.online()
	switch {
	case online.Err() != nil:
		panic(http.ErrAbortHandler) // the connection just breaks
	case !p.local(r.Host):
		http.Error(w, "this test stays on the machine", http.StatusForbidden)
	case r.Method == http.MethodConnect:
		p.tunnel(w, r)
	default:
		ctx, stop := context.WithCancel(r.Context())
		defer stop()
		defer context.AfterFunc(online, stop)()
		p.forward(w, r.WithContext(ctx))
	}
}

func (p *proxy) forward(w http.ResponseWriter, r *http.Request) {
	out := r.Clone(r.Context())
	out.RequestURI = ""
	p.prepare(out)
	res, err := p.transport.RoundTrip(out)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer res.Body.Close()
	p.strip(out, res.Header)
	rec := p.note(Exchange{Method: r.Method, URL: r.URL.String(), Status: res.StatusCode, Header: res.Header.Clone()})
	maps.Copy(w.Header(), res.Header)
	w.WriteHeader(res.StatusCode)
	flush := http.NewResponseController(w)
	buf := make([]byte, 32<<10)
	for err == nil {
		var n int
		n, err = res.Body.Read(buf)
		_, _ = rec.Write(buf[:n])
		if _, werr := w.Write(buf[:n]); werr != nil {
			return
		}
		_ = flush.Flush()
	}
	if err != io.EOF {
		panic(http.ErrAbortHandler)
	}
}

// prepare makes a browser's request one that we can forward, and read the answer of.
func (p *proxy) prepare(r *http.Request) {
	for _, hop := range []string{"Proxy-Connection", "Proxy-Authorization"} {
		r.Header.Del(hop)
	}
	if r.Header.Get("Accept-Encoding") != "" {
		r.Header.Set("Accept-Encoding", "gzip")
	}
	r.Header.Del("Sec-WebSocket-Extensions") // no compression of messages
	if p.cookieless(r) {
		r.Header.Del("Cookie")
	}
}

// cookieless tells whether the request's server may neither set nor get cookies.
func (p *proxy) cookieless(r *http.Request) bool {
	host, _, _ := strings.Cut(r.Host, ":")
	return p.noCookies != nil && p.noCookies(host)
}

func (p *proxy) strip(r *http.Request, answer http.Header) {
	if p.cookieless(r) {
		answer.Del("Set-Cookie")
	}
}

// tunnel carries a WebSocket, or what stays closed to us: TLS, media.
func (p *proxy) tunnel(w http.ResponseWriter, r *http.Request) {
	server, err := (&net.Dialer{Timeout: dialTime}).DialContext(r.Context(), "tcp", r.Host)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	client, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		server.Close()
		return
	}
	p.tunnels.Go(func() {
		defer p.keep(client, server)()
		if _, err := io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n"); err == nil {
			p.carry(client, rw.Reader, server, r.Host)
		}
	})
}

// keep remembers open connections, so that the test's end closes them.
func (p *proxy) keep(conns ...net.Conn) (forget func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		p.conns[c] = true
	}
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, c := range conns {
			c.Close()
			delete(p.conns, c)
		}
	}
}

// setOffline cuts all open exchanges and refuses new ones, or lets them through again.
func (p *proxy) setOffline(off bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut()
	if !off {
		p.offline, p.cut = context.WithCancel(context.Background())
		return
	}
	for c := range p.conns {
		c.Close()
	}
}

// setStalled lets nothing pass any more, although all connections stay open, or lets it go on.
func (p *proxy) setStalled(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case on && p.stalled == nil:
		p.stalled = make(chan struct{})
	case !on && p.stalled != nil:
		close(p.stalled)
		p.stalled = nil
	}
}

// pass waits as long as nothing passes.
func (p *proxy) pass() {
	p.mu.Lock()
	stalled := p.stalled
	p.mu.Unlock()
	if stalled != nil {
		<-stalled
	}
}

// passing is a reader whose bytes wait until they may pass.
type passing struct {
	io.Reader
	p *proxy
}

func (r passing) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	r.p.pass()
	return n, err
}

func (p *proxy) online() context.Context {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.offline
}

func (p *proxy) carry(client net.Conn, from *bufio.Reader, server net.Conn, host string) {
	first, err := from.Peek(1)
	if err != nil {
		return
	}
	rec := &record{}
	if first[0] < 'A' || first[0] > 'Z' { // no method of HTTP
		p.note(Exchange{Method: http.MethodConnect, URL: "https://" + host})
	} else if rec, err = p.upgrade(client, from, server, host); err != nil {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	p.tunnels.Go(func() {
		defer stop()
		_, _ = io.Copy(server, passing{from, p})
	})
	p.tunnels.Go(func() {
		defer stop()
		_, _ = io.Copy(client, io.TeeReader(passing{server, p}, rec))
	})
	<-ctx.Done()
}

// upgrade passes the opening request of a WebSocket and its answer.
func (p *proxy) upgrade(client net.Conn, from *bufio.Reader, server net.Conn, host string) (*record, error) {
	req, err := http.ReadRequest(from)
	if err != nil {
		return nil, err
	}
	p.prepare(req)
	if err := req.Write(server); err != nil {
		return nil, err
	}
	answers := bufio.NewReader(server)
	res, err := http.ReadResponse(answers, req)
	if err != nil {
		return nil, err
	}
	p.strip(req, res.Header)
	rec := p.note(Exchange{Method: req.Method, URL: fmt.Sprintf("ws://%s%s", host, req.URL.RequestURI()),
		Status: res.StatusCode, Header: res.Header.Clone()})
	if res.StatusCode != http.StatusSwitchingProtocols {
		res.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(res.Body, rec), res.Body}
		return rec, res.Write(client)
	}
	if err := res.Write(client); err != nil {
		return nil, err
	}
	early := make([]byte, answers.Buffered())
	if _, err := io.ReadFull(answers, early); err != nil {
		return nil, err
	}
	_, _ = rec.Write(early)
	_, err = client.Write(early)
	return rec, err
}
