package genesystest

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Server is a running stand-in. All methods may be called from any goroutine, and by the handlers' hooks.
type Server struct {
	// URL is the one base address that plays login, api and apps hosts. No trailing slash.
	URL string

	opts   Options
	log    *slog.Logger
	http   *http.Server
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup // the accept loop, requests in handling, sockets

	mu      sync.Mutex    // guards everything below and all that hangs from it
	closed  bool          // no work may begin
	changed chan struct{} // closed and replaced on every change
	oauth   accounts
	centre  centre
	hub     hub
	journal []Request
	limits  map[string]*window // by access token

	eventDelay time.Duration // from a change to its event
}

// New starts a stand-in. It panics if it cannot listen, like net/http/httptest.
func New(opts Options) *Server {
	opts = opts.withDefaults()
	if opts.Listener == nil {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(fmt.Sprintf("genesystest: listen: %v", err))
		}
		opts.Listener = l
	}
	setDefault(&opts.URL, "http://"+opts.Listener.Addr().String())
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{
		URL: opts.URL, opts: opts, log: opts.Log, ctx: ctx, cancel: cancel,
		changed: make(chan struct{}), limits: map[string]*window{},
		oauth: newAccounts(opts), eventDelay: opts.EventDelay,
	}
	s.centre = newCentre(opts, s.publish)
	s.centre.expired = s.alertExpired
	s.http = &http.Server{
		Handler:           s.gate(s.routes()),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: 10 * time.Second,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(opts.Log.Handler(), slog.LevelDebug),
	}
	s.work.Go(func() { _ = s.http.Serve(opts.Listener) })
	return s
}

// Close lets go of all trunks (Done), closes all sockets and connections and returns when nothing of the server
// runs any more.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.centre.close()
	s.mu.Unlock()
	s.cancel()
	_ = s.http.Close()
	s.work.Wait()
}

// begin books work that Close waits for; false if the server is closing.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.work.Add(1)
	return true
}

// locked runs f with the lock held and then wakes everybody who waits for a change.
func (s *Server) locked(f func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := f()
	s.wake()
	return err
}

// wake tells waiters and desktops that something changed. The lock is held.
func (s *Server) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// await returns nil as soon as cond holds. cond runs with the lock held.
func (s *Server) await(ctx context.Context, what string, cond func() bool) error {
	for {
		s.mu.Lock()
		ok, changed := cond(), s.changed
		s.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("genesystest: waiting for %s: %w", what, context.Cause(ctx))
		case <-s.ctx.Done():
			return fmt.Errorf("genesystest: waiting for %s: %w", what, net.ErrClosed)
		}
	}
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	s.mountLogin(mux)
	s.mountAPI(mux)
	s.mountNotifications(mux)
	s.mountDesktop(mux)
	return mux
}
