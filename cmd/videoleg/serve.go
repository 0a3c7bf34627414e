package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/videoleg/videoleg/agentapp"
	"github.com/videoleg/videoleg/customerapp"
	"github.com/videoleg/videoleg/genesys"
	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/pexrtc/relay"
	"github.com/videoleg/videoleg/session"
	"github.com/videoleg/videoleg/session/invite"
	"github.com/videoleg/videoleg/session/membership"
	"github.com/videoleg/videoleg/session/rules"
	"github.com/videoleg/videoleg/session/store"
)

// serve is the server as it runs for real.
func serve(ctx context.Context, args []string, out io.Writer) error {
	if err := noArguments("serve", args); err != nil {
		return err
	}
	cfg, err := loadConfig(nil)
	if err != nil {
		return err
	}
	log := newLog(out, cfg)
	ips, err := relay.LocalIPs()
	if err != nil {
		return err
	}
	s, err := newServer(cfg, mediaIPs(ips, cfg), log)
	if err != nil {
		return err
	}
	for name, addr := range s.addresses() {
		log.Info("listening", "app", name, "addr", addr)
	}
	return s.run(ctx)
}

func newLog(out io.Writer, cfg Config) *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.Level(cfg.LogLevel)}
	if cfg.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(out, options))
	}
	return slog.New(slog.NewTextHandler(out, options))
}

// server is the running program: the apps on their listeners, over the sessions, over the far ends.
type server struct {
	cfg    Config
	log    *slog.Logger
	calls  *session.Calls
	visits *session.Visits
	relay  *relay.Relay
	admin  *admin
	apps   []*app

	store    *store.Store
	members  *membership.Registry
	sessions *invite.Sessions
	news     *store.Journal // what Pexip told
	unfollow func()         // ends listening to it
	running  func(id string) (invite.Call, bool)

	serving chan struct{} // closed when the apps take connections

	// requests is the context of every request: it ends when the sockets of pages shall close.
	requests context.Context
	hangUp   context.CancelFunc
}

// app is one HTTP server on its listener.
type app struct {
	name     string
	listener net.Listener
	http     *http.Server
}

// newServer wires the parts and opens the listeners; nothing is served yet. media are the addresses that it is listened for
// at.
func newServer(cfg Config, media []net.IP, log *slog.Logger) (s *server, err error) {
	s = &server{cfg: cfg, log: log, serving: make(chan struct{})}
	s.requests, s.hangUp = context.WithCancel(context.Background())
	defer func(s *server) {
		if err != nil {
			s.closeListeners()
		}
	}(s)
	if err := s.openState(); err != nil {
		return nil, noState(err)
	}
	roots, err := trust(cfg.PexipCAFile)
	if err != nil {
		return nil, err
	}
	pexip, err := pexrtc.New(pexrtc.Config{Nodes: cfg.PexipNodes, HTTP: nodeClient(roots), Log: log})
	if err != nil {
		return nil, err
	}
	if err := s.openMembers(pexip); err != nil {
		return nil, noState(err)
	}
	cloud, err := genesys.New(genesys.Config{
		Region: cfg.GenesysRegion, APIURL: string(cfg.GenesysAPIURL), LoginURL: string(cfg.GenesysLoginURL), AppsURL: string(cfg.GenesysAppsURL),
		ClientID: cfg.GenesysClientID, ClientSecret: string(cfg.GenesysClientSecret),
		RedirectURL: string(cfg.AgentURL) + "/oauth/callback", Log: log,
	})
	if err != nil {
		return nil, err
	}
	s.relay, err = relay.New(relay.Config{
		UDPPort: int(cfg.MediaUDPPort), TCPPort: int(cfg.MediaTCPPort), PublicIPs: cfg.MediaPublicIPs,
		ListenIPs: media, BandwidthKbps: int(cfg.MediaBandwidthKbps), Log: log,
	})
	if err != nil {
		return nil, err
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	metrics := session.NewMetrics(registry)
	session.NewMediaMetrics(registry, s.relay)
	s.calls = session.NewCalls(session.CallConfig{
		Pexip: pexip, Relay: s.relay, Mode: session.MediaMode(cfg.MediaMode), Kbps: int(cfg.MediaBandwidthKbps),
		AgentPrefix: cfg.PexipAgentPrefix, HostPIN: string(cfg.PexipHostPIN), Alias: cfg.AliasSource.AliasSource, Outbound: cfg.outbound(),
		Members: s.members,
		Rules:   rules.Options{RequireRecording: cfg.RequireRecording, HoldMutesCustomer: cfg.HoldMutesCustomer},
		Invite:  s.inviteAgain,
		Log:     log, Metrics: metrics,
	})
	s.visits = session.NewVisits(session.VisitConfig{
		Pexip: pexip, CustomerPrefix: cfg.PexipCustomerPrefix, GuestPIN: string(cfg.PexipGuestPIN), Members: s.members,
		Kbps: int(cfg.MediaBandwidthKbps), CentreTime: cfg.waitForCentre(),
		Log: log, Metrics: metrics, Left: s.customerLeft,
	})
	s.admin = newAdmin(registry, s.store.Healthy, cfg.PPROF)
	policy, err := s.policyFace(registry)
	if err != nil {
		return nil, err
	}
	events, err := s.eventsFace(registry)
	if err != nil {
		return nil, err
	}
	return s, s.listen(cloud, policy, events)
}

// listen mounts the apps and opens their listeners.
func (s *server) listen(cloud *genesys.Cloud, policy, events customerapp.Face) error {
	agents, err := agentapp.New(agentapp.Config{
		Calls: s.calls, Cloud: cloud, URL: string(s.cfg.AgentURL), Secret: s.cfg.SessionSecret,
		Media: session.MediaMode(s.cfg.MediaMode), ShareTabs: !s.cfg.ShareEntireScreen, Version: version(),
		Log: s.log.With("app", "agent"),
	})
	if err != nil {
		return err
	}
	customers, err := customerapp.New(customerapp.Config{
		Visits: s.visits, Sessions: s.sessions, URL: string(s.cfg.CustomerURL), Secret: s.cfg.SessionSecret,
		Adhoc: s.cfg.AdhocSessions, APIKeys: texts(s.cfg.APIKeys),
		CustomerPrefix: s.cfg.PexipCustomerPrefix, WebApp: s.cfg.webApp(), Version: version(), Log: s.log.With("app", "customer"),
		Policy: policy, Events: events, Running: s.running,
	})
	if err != nil {
		return err
	}
	for _, one := range []struct {
		name, addr string
		mount      func(*echo.Echo)
		tls        bool
	}{
		{"agent", s.cfg.AgentAddr, agents.Mount, true},
		{"customer", s.cfg.CustomerAddr, customers.Mount, true},
		{"admin", s.cfg.AdminAddr, s.admin.mount, false},
	} {
		e := newEcho(s.cfg, s.log.With("app", one.name))
		one.mount(e)
		if err := s.open(one.name, one.addr, e, one.tls && s.cfg.TLSCertFile != ""); err != nil {
			return err
		}
	}
	return nil
}

// open adds an app on a listener of its own.
func (s *server) open(name, addr string, handler http.Handler, secure bool) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("%s app: listen on %s: %w; choose another address with %s_%s_ADDR", name, addr, errors.Unwrap(err), prefix, map[string]string{"agent": "AGENT", "customer": "CUSTOMER", "admin": "ADMIN"}[name])
	}
	if secure {
		pair, err := tls.LoadX509KeyPair(s.cfg.TLSCertFile, s.cfg.TLSKeyFile)
		if err != nil {
			l.Close()
			return fmt.Errorf("%s_TLS_CERT_FILE and _KEY_FILE: %w", prefix, err)
		}
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}})
	}
	s.apps = append(s.apps, &app{name: name, listener: l, http: &http.Server{
		Handler:           handler,
		BaseContext:       func(net.Listener) context.Context { return s.requests },
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}})
	return nil
}

// addresses are where the apps listen.
func (s *server) addresses() map[string]string {
	all := map[string]string{}
	for _, a := range s.apps {
		all[a.name] = a.listener.Addr().String()
	}
	return all
}

// run serves until ctx ends or a listener breaks, then stops in order: no new pages, every session
// released, connections closed.
func (s *server) run(ctx context.Context) error {
	broken := make(chan error, len(s.apps))
	for _, a := range s.apps {
		go func() {
			if err := a.http.Serve(a.listener); !errors.Is(err, http.ErrServerClosed) {
				broken <- fmt.Errorf("%s app: %w", a.name, err)
			}
		}()
	}
	s.admin.ready.Store(true)
	close(s.serving)
	s.log.Info("ready")
	var err error
	select {
	case <-ctx.Done():
		s.log.Info("stopping")
	case err = <-broken:
	}
	return errors.Join(err, s.stop())
}

func (s *server) stop() error {
	s.admin.ready.Store(false)
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	var errs []error
	for _, a := range s.apps {
		errs = append(errs, a.http.Shutdown(ctx)) // pages that come back now do so to the next server
	}
	visits := make(chan error, 1)
	go func() { visits <- s.visits.Close(ctx) }()
	errs = append(errs, s.calls.Close(ctx), <-visits, s.members.Close(ctx), s.relay.Close())
	s.hangUp()
	s.unfollow()
	s.store.Close()
	return errors.Join(errs...)
}

func (s *server) closeListeners() {
	s.hangUp()
	if s.unfollow != nil {
		s.unfollow()
	}
	if s.members != nil {
		ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
		defer cancel()
		_ = s.members.Close(ctx) // nobody has joined
	}
	if s.store != nil {
		s.store.Close()
	}
	for _, a := range s.apps {
		a.listener.Close()
	}
	if s.relay != nil {
		s.relay.Close()
	}
}

// trust is the system's certificate authorities and one more.
func trust(caFile string) (*x509.CertPool, error) {
	if caFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, fmt.Errorf("%s_PEXIP_CA_FILE: %w", prefix, err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s_PEXIP_CA_FILE: %s holds no certificate in PEM form", prefix, caFile)
	}
	return pool, nil
}

// nodeClient is the HTTP client for the Conferencing Nodes. Deadlines are each request's own:
// event streams have none.
func nodeClient(roots *x509.CertPool) *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	t.MaxIdleConnsPerHost = 64
	return &http.Client{Transport: t}
}
