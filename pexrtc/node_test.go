package pexrtc_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inRoom runs f with a node and a client, in a bubble where time passes at once.
func inRoom(t *testing.T, opts pexrtctest.Options, f func(t *testing.T, srv *pexrtctest.Server, c *pexrtc.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		opts.Listener = pexrtctest.NewPipeListener()
		srv := pexrtctest.New(opts)
		web := srv.Client()
		c, err := pexrtc.New(pexrtc.Config{Nodes: []string{srv.URL}, HTTP: web})
		must(t, err)
		t.Cleanup(func() {
			srv.Close()
			web.CloseIdleConnections()
			synctest.Wait()
		})
		f(t, srv, c)
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func join(t *testing.T, c *pexrtc.Client, r pexrtc.JoinRequest) *pexrtc.Participant {
	t.Helper()
	if r.DisplayName == "" {
		r.DisplayName = "Ada"
	}
	p, err := c.Join(t.Context(), r)
	must(t, err)
	return p
}

// watch is a participant whose Run is running.
type watch struct {
	t      *testing.T
	events chan pexrtc.Event
	over   chan error
}

func run(t *testing.T, p *pexrtc.Participant) *watch {
	w := &watch{t: t, events: make(chan pexrtc.Event, 1024), over: make(chan error, 1)}
	go func() { w.over <- p.Run(t.Context(), func(e pexrtc.Event) { w.events <- e }) }()
	return w
}

// await returns the next event of type E that match likes; nil likes all.
func await[E pexrtc.Event](w *watch, match func(E) bool) E {
	w.t.Helper()
	timeout := time.After(time.Minute)
	for {
		select {
		case e := <-w.events:
			if got, ok := e.(E); ok && (match == nil || match(got)) {
				return got
			}
		case <-timeout:
			w.t.Fatalf("no %T that matches", *new(E))
		}
	}
}

func (w *watch) end() error {
	w.t.Helper()
	select {
	case err := <-w.over:
		return err
	case <-time.After(10 * time.Minute):
		w.t.Fatal("Run does not end")
		return nil
	}
}

func has(name string) func(pexrtc.Roster) bool {
	return func(r pexrtc.Roster) bool {
		for _, e := range r.Participants {
			if e.DisplayName == name {
				return true
			}
		}
		return false
	}
}

// asked counts the requests whose path ends so.
func asked(srv *pexrtctest.Server, suffix string) int {
	n := 0
	for _, r := range srv.Requests() {
		if strings.HasSuffix(r.Path, suffix) {
			n++
		}
	}
	return n
}

func TestReleaseLeavesNobody(t *testing.T) {
	inRoom(t, pexrtctest.Options{}, func(t *testing.T, srv *pexrtctest.Server, c *pexrtc.Client) {
		p := join(t, c, pexrtc.JoinRequest{Alias: "agt4711", CallTag: "videoleg:agent:1"})
		w := run(t, p)
		roster := await(w, has("Ada"))
		if self, ok := roster.Self(); !ok || self.CallTag != "videoleg:agent:1" || !roster.Synced || self.Role != pexrtc.Host {
			t.Errorf("roster %+v, want our own entry as host", roster)
		}
		must(t, p.Release(t.Context(), "done"))
		must(t, p.Release(t.Context(), "done"))
		if err := w.end(); err != nil {
			t.Errorf("Run = %v, want nil after Release", err)
		}
		must(t, srv.AwaitNoParticipants(t.Context(), ""))
		if n := asked(srv, "/release_token"); n != 1 {
			t.Errorf("%d release_token, want 1", n)
		}
	})
}

func TestPINs(t *testing.T) {
	tests := []struct {
		name     string
		opts     pexrtctest.Options
		pin      string
		role     pexrtc.Role
		want     error
		requests int
	}{
		{"no PINs", pexrtctest.Options{}, "", pexrtc.Host, nil, 1},
		{"host PIN", pexrtctest.Options{HostPIN: "1234"}, "1234", pexrtc.Host, nil, 1},
		{"guest without PIN", pexrtctest.Options{HostPIN: "1234"}, "", pexrtc.Guest, nil, 2},
		{"guest PIN", pexrtctest.Options{HostPIN: "1234", GuestPIN: "9"}, "9", pexrtc.Guest, nil, 1},
		{"everybody needs one", pexrtctest.Options{HostPIN: "1234", GuestPIN: "9"}, "", "", pexrtc.ErrPIN, 1},
		{"wrong PIN", pexrtctest.Options{HostPIN: "1234"}, "4321", "", pexrtc.ErrPIN, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inRoom(t, tt.opts, func(t *testing.T, srv *pexrtctest.Server, c *pexrtc.Client) {
				p, err := c.Join(t.Context(), pexrtc.JoinRequest{Alias: "agt4711", DisplayName: "Ada", PIN: tt.pin})
				if !errors.Is(err, tt.want) {
					t.Fatalf("Join = %v, want %v", err, tt.want)
				}
				if n := asked(srv, "/request_token"); n != tt.requests {
					t.Errorf("%d request_token, want %d", n, tt.requests)
				}
				if err != nil {
					return
				}
				if p.Role() != tt.role {
					t.Errorf("role %q, want %q", p.Role(), tt.role)
				}
				must(t, p.Release(t.Context(), ""))
			})
		})
	}
}

func TestCancelledJoinLeavesNobody(t *testing.T) {
	inRoom(t, pexrtctest.Options{}, func(t *testing.T, srv *pexrtctest.Server, c *pexrtc.Client) {
		srv.SetFaults(pexrtctest.Faults{AfterRequest: pexrtctest.On("/request_token", &pexrtctest.Fault{Delay: 2 * time.Second})})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Join(ctx, pexrtc.JoinRequest{Alias: "agt4711"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Join = %v, want the context's error", err)
		}
		if all := srv.Participants(""); len(all) != 0 {
			t.Errorf("%d participants left behind", len(all))
		}
	})
}

func TestControl(t *testing.T) {
	inRoom(t, pexrtctest.Options{HostPIN: "1"}, func(t *testing.T, srv *pexrtctest.Server, c *pexrtc.Client) {
		ctx := t.Context()
		host := join(t, c, pexrtc.JoinRequest{Alias: "agt4711", PIN: "1"})
		guest := join(t, c, pexrtc.JoinRequest{Alias: "cus4711", DisplayName: "Guest"})
		w, g := run(t, host), run(t, guest)
		must(t, host.SetVideoMuted(ctx, true))
		await(w, func(r pexrtc.Roster) bool { e, _ := r.Self(); return e.VideoMuted })
		must(t, host.SetVideoMuted(ctx, false))
		await(w, func(r pexrtc.Roster) bool { e, _ := r.Self(); return !e.VideoMuted })
		must(t, host.SetMuted(ctx, true))
		await(w, func(r pexrtc.Roster) bool { e, _ := r.Self(); return e.ClientMuted })
		must(t, host.SetLocked(ctx, true))
		await(w, func(u pexrtc.ConferenceUpdated) bool { return u.Locked })
		other := join(t, c, pexrtc.JoinRequest{Alias: "agt4711", DisplayName: "Other", PIN: "1"})
		o := run(t, other)
		await(w, has("Other"))
		await(o, has("Other")) // hears what happens, too
		must(t, other.Message(ctx, "hello"))
		if m := await[pexrtc.MessageReceived](w, nil); m.Payload != "hello" || m.UUID != other.UUID() {
			t.Errorf("chat %+v", m)
		}
		if err := guest.SetLocked(ctx, false); !errors.Is(err, pexrtc.ErrRole) {
			t.Errorf("a guest unlocks: %v, want ErrRole", err)
		}
		if err := host.Remove(ctx, ".."); err == nil {
			t.Error("Remove(..) is allowed")
		}
		must(t, host.Remove(ctx, guest.UUID()))
		if err := g.end(); !errors.Is(err, pexrtc.ErrRemoved) && !errors.Is(err, pexrtc.ErrEnded) {
			t.Errorf("the guest's Run = %v, want ErrRemoved", err)
		}
		must(t, host.EndConference(ctx))
		if err := w.end(); !errors.Is(err, pexrtc.ErrEnded) {
			t.Errorf("the host's Run = %v, want ErrEnded", err)
		}
		if err := o.end(); !errors.Is(err, pexrtc.ErrEnded) {
			t.Errorf("the other host's Run = %v, want ErrEnded", err)
		}
	})
}

func TestNothingSecretIsLogged(t *testing.T) {
	var logged buffer
	synctest.Test(t, func(t *testing.T) {
		srv := pexrtctest.New(pexrtctest.Options{Listener: pexrtctest.NewPipeListener(), HostPIN: "271828"})
		web := srv.Client()
		c, err := pexrtc.New(pexrtc.Config{Nodes: []string{srv.URL}, HTTP: web, Log: slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))})
		must(t, err)
		p := join(t, c, pexrtc.JoinRequest{Alias: "agt4711", PIN: "271828", DisplayName: "Ada Lovelace"})
		w := run(t, p)
		await(w, has("Ada Lovelace"))
		srv.SetFaults(pexrtctest.Faults{OnRequest: func(*http.Request) *pexrtctest.Fault { return &pexrtctest.Fault{Drop: true} }})
		srv.DropEventStreams()
		if err := w.end(); !errors.Is(err, pexrtc.ErrTokenLost) || strings.Contains(err.Error(), "271828") {
			t.Errorf("Run = %v", err)
		}
		srv.Close()
		web.CloseIdleConnections()
	})
	for _, secret := range []string{"271828", "Lovelace", "token="} {
		if strings.Contains(logged.String(), secret) {
			t.Errorf("the log has %q:\n%s", secret, &logged)
		}
	}
	if logged.String() == "" {
		t.Error("nothing was logged at all")
	}
}

type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
