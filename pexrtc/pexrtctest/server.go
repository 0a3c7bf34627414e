package pexrtctest

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Server is a Conferencing Node on a listener of its own. All methods may be called from any
// goroutine.
type Server struct {
	// URL is the node's base URL, such as http://127.0.0.1:40123, without a slash at the end.
	URL string

	opts    Options
	http    *http.Server
	handler http.Handler
	client  *http.Client
	outside *http.Client // asks the policy and tells the event sink
	sink    *eventSink   // nil if nobody is told

	faults      atomic.Pointer[Faults]
	maintenance atomic.Bool

	ctx    context.Context // ends with Close; owns dialled legs, simulated customers and streams
	cancel context.CancelFunc
	tasks  sync.WaitGroup

	mu           sync.Mutex // everything below, and the fields of conferences and participants
	conferences  map[string]*conference
	participants map[string]*participant // by UUID
	tokens       map[string]*participant
	tickets      map[string]ticket // one-time tokens of transfers
	requests     []*Request
	changed      chan struct{} // closed and replaced at each change of the above
}

// New starts a node. It panics if no loopback port can be had, as httptest does.
func New(opts Options) *Server {
	s := &Server{
		opts:         opts.withDefaults(),
		conferences:  map[string]*conference{},
		participants: map[string]*participant{},
		tokens:       map[string]*participant{},
		tickets:      map[string]ticket{},
		changed:      make(chan struct{}),
		outside:      newPolicyClient(),
	}
	s.faults.Store(&opts.Faults)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.handler = s.routes()

	listener := s.opts.Listener
	if listener == nil {
		var err error
		if listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			panic("pexrtctest: listen: " + err.Error())
		}
	}
	s.URL = "http://" + listener.Addr().String()
	s.client = &http.Client{Transport: transportTo(listener)}
	s.http = &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: 10 * time.Second,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	s.startSink()
	s.tasks.Go(func() { _ = s.http.Serve(listener) })
	return s
}

// Close ends all conferences and waits until nothing of the node runs any more.
func (s *Server) Close() {
	s.mu.Lock()
	for _, c := range s.conferences {
		s.end(c, "Signaling node disconnected")
	}
	s.cancel()
	s.mu.Unlock()
	s.client.CloseIdleConnections()
	_ = s.http.Close()
	s.tasks.Wait()
	s.outside.CloseIdleConnections()
}

// Handler serves the same node on one more listener, over TLS for instance. The caller stops that
// listener's server; event streams on it end with Close.
func (s *Server) Handler() http.Handler { return s.handler }

// Client reaches the node whatever its listener is. It has no timeout.
func (s *Server) Client() *http.Client { return s.client }

// transportTo dials the listener itself if it can be dialled.
func transportTo(l net.Listener) *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy = nil
	if d, ok := l.(interface {
		DialContext(ctx context.Context, network, address string) (net.Conn, error)
	}); ok {
		t.DialContext = d.DialContext
	}
	return t
}

// touch wakes the Await methods; s.mu is held.
func (s *Server) touch() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// later runs f with s.mu held after d, unless the returned timer is stopped before.
func (s *Server) later(d time.Duration, f func()) *time.Timer {
	return time.AfterFunc(d, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.ctx.Err() == nil {
			f()
		}
	})
}
