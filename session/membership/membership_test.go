package membership

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
	"github.com/videoleg/videoleg/session/membership/membershiptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const call = "ada-in-4711"

// site is a node, the state, and what the processes log.
type site struct {
	t       *testing.T
	node    *pexrtctest.Server
	pexip   *pexrtc.Client
	records *membershiptest.Records
	log     log
}

// log keeps what was logged.
type log struct {
	mu   sync.Mutex
	text strings.Builder // guarded by mu
}

func (l *log) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *log) count(words string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), words)
}

// onSite runs a test in a bubble, where time passes at once.
func onSite(t *testing.T, test func(*testing.T, *site)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &site{t: t, node: pexrtctest.New(pexrtctest.Options{Listener: pexrtctest.NewPipeListener()}), records: new(membershiptest.Records)}
		web := s.node.Client()
		t.Cleanup(func() {
			s.node.Close()
			web.CloseIdleConnections()
			synctest.Wait()
		})
		var err error
		if s.pexip, err = pexrtc.New(pexrtc.Config{Nodes: []string{s.node.URL}, HTTP: web}); err != nil {
			t.Fatal(err)
		}
		test(t, s)
	})
}

// process is a registry of a holder until the end of the test. One that is used no more might as well have been killed.
func (s *site) process(holder string) *Registry {
	s.t.Helper()
	r := s.start(holder)
	s.t.Cleanup(func() {
		if err := r.Close(context.Background()); err != nil {
			s.t.Error(err)
		}
	})
	return r
}

func (s *site) start(holder string) *Registry {
	s.t.Helper()
	r, err := New(s.t.Context(), Config{
		Pexip: s.pexip, Records: s.records, Secret: make([]byte, 32), Holder: holder, Log: slog.New(slog.NewTextHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// join is Ada, in the room and recorded.
func (s *site) join(r *Registry) *pexrtc.Participant {
	s.t.Helper()
	p, err := s.pexip.Join(s.t.Context(), pexrtc.JoinRequest{Alias: "4711", DisplayName: "Ada"})
	if err != nil {
		s.t.Fatal(err)
	}
	r.Keep(call, p.Membership())
	synctest.Wait()
	return p
}

// stand checks who is in the room and how many records there are.
func (s *site) stand(when string, inRoom, records int) {
	s.t.Helper()
	synctest.Wait()
	if got := s.node.Participants(""); len(got) != inRoom {
		s.t.Errorf("%s: in the room: %+v, want %d", when, got, inRoom)
	}
	if got := s.records.Values(); len(got) != records {
		s.t.Errorf("%s: %d records, want %d", when, len(got), records)
	}
}

// refuse lets the node answer so to every release.
func (s *site) refuse(f *pexrtctest.Fault) {
	s.node.SetFaults(pexrtctest.Faults{OnRequest: pexrtctest.On("/release_token", f)})
}

func TestRelease(t *testing.T) {
	onSite(t, func(t *testing.T, s *site) {
		r := s.process("here")
		p := s.join(r)
		s.stand("joined", 1, 1)
		r.Release(t.Context(), call, p)
		s.stand("released", 0, 0)
	})
}

// TestReleaseLater: a node that fails for longer than anybody waits is asked until it does as it is told.
func TestReleaseLater(t *testing.T) {
	for _, tc := range []struct {
		name  string
		fault pexrtctest.Fault
	}{
		{"500", pexrtctest.Fault{Status: 500}},
		{"503", pexrtctest.Fault{Status: 503}},
		{"no answer", pexrtctest.Fault{Delay: time.Hour}},
		{"cut", pexrtctest.Fault{Drop: true}},
		{"not a node", pexrtctest.Fault{Status: 404, Body: "<html>"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			onSite(t, func(t *testing.T, s *site) {
				r := s.process("here")
				p := s.join(r)
				s.refuse(&tc.fault)
				r.Release(t.Context(), call, p)
				time.Sleep(time.Minute)
				s.stand("while the node fails", 1, 1)
				s.node.SetFaults(pexrtctest.Faults{})
				time.Sleep(2 * longestPause)
				s.stand("when it is well again", 0, 0)
			})
		})
	}
}

// TestReleaseNever: what the node must have dropped by itself is not tried for ever.
func TestReleaseNever(t *testing.T) {
	onSite(t, func(t *testing.T, s *site) {
		r := s.process("here")
		p := s.join(r)
		s.refuse(&pexrtctest.Fault{Status: 500})
		r.Release(t.Context(), call, p)
		time.Sleep(time.Until(p.Membership().Ends) + lateness + longestPause*2)
		s.stand("after the token's life", 0, 0)
		tried := s.log.count("still not released")
		time.Sleep(time.Hour)
		if again := s.log.count("still not released"); tried == 0 || again != tried {
			t.Errorf("tried %d times, then %d; want some and no more", tried, again)
		}
	})
}

// TestCloseTriesOnceMore: within its time, and what remains is the next process's.
func TestCloseTriesOnceMore(t *testing.T) {
	for _, tc := range []struct {
		name  string
		fault pexrtctest.Fault
		well  bool // when the process ends
		left  int
	}{
		{"well again", pexrtctest.Fault{Status: 500}, true, 0},
		{"refusing", pexrtctest.Fault{Status: 500}, false, 1},
		{"not answering", pexrtctest.Fault{Delay: time.Hour}, false, 1},
	} {
		onSite(t, func(t *testing.T, s *site) {
			r := s.start("here")
			p := s.join(r)
			s.refuse(&tc.fault)
			r.Release(t.Context(), call, p)
			synctest.Wait()
			if tc.well {
				s.node.SetFaults(pexrtctest.Faults{})
			}
			began := time.Now()
			if err := r.Close(t.Context()); err != nil {
				t.Error(err)
			}
			if took := time.Since(began); took > tryTime {
				t.Errorf("Close took %v", took)
			}
			s.stand(tc.name, tc.left, tc.left)
		})
	}
}

// TestCloseGivesUp: so many are there that not all of them get another chance; their records remain.
func TestCloseGivesUp(t *testing.T) {
	onSite(t, func(t *testing.T, s *site) {
		r := s.start("here")
		s.refuse(&pexrtctest.Fault{Delay: time.Hour})
		const many = 3 * maxTries
		for n := range many {
			p, err := s.pexip.Join(t.Context(), pexrtc.JoinRequest{Alias: "4711", DisplayName: "Ada"})
			if err != nil {
				t.Fatal(err)
			}
			r.Keep(fmt.Sprint(n), p.Membership())
			go r.Release(t.Context(), fmt.Sprint(n), p)
		}
		time.Sleep(2 * releaseTime)
		began := time.Now()
		if err := r.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > tryTime {
			t.Errorf("Close took %v", took)
		}
		s.stand("closed", many, many)
	})
}

// TestKilled: the next process releases what its own holder has left, with the newest token, and nobody else's.
func TestKilled(t *testing.T) {
	for _, tc := range []struct {
		name, next string
		refreshed  bool
		left       int
	}{
		{"the same holder", "here", false, 0},
		{"long after it joined", "here", true, 0},
		{"another holder", "there", false, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			onSite(t, func(t *testing.T, s *site) {
				r := s.process("here")
				p := s.join(r)
				if tc.refreshed {
					ctx, kill := context.WithCancel(t.Context())
					running := make(chan error)
					go func() {
						running <- p.Run(ctx, func(e pexrtc.Event) {
							if e, ok := e.(pexrtc.Refreshed); ok {
								r.Keep(call, e.Membership)
							}
						})
					}()
					time.Sleep(10*time.Minute + time.Second)
					kill()
					<-running
				}
				s.stand("joined", 1, 1)
				s.process(tc.next)
				s.stand("restarted", tc.left, tc.left)
			})
		})
	}
}

// TestMakeWay: an agent who comes back is alone in the roster as soon as the node can see to it.
func TestMakeWay(t *testing.T) {
	for _, tc := range []struct {
		name, next string
		again      bool
		fault      *pexrtctest.Fault
		err        error
		left       int
	}{
		{"after a restart", "here", false, nil, nil, 0},
		{"another process takes over", "there", false, nil, nil, 0},
		{"a process that was taken over from", "there", true, nil, pexrtc.ErrRemoved, 1},
		{"a node that fails", "here", false, &pexrtctest.Fault{Status: 500}, nil, 1},
		{"a node that does not answer", "there", false, &pexrtctest.Fault{Delay: time.Hour}, nil, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			onSite(t, func(t *testing.T, s *site) {
				s.join(s.process("here"))
				s.refuse(tc.fault)
				next := s.process(tc.next)
				began := time.Now()
				if err := next.MakeWay(t.Context(), call, tc.again); !errors.Is(err, tc.err) {
					t.Errorf("MakeWay = %v, want %v", err, tc.err)
				}
				if took := time.Since(began); took > wayTime {
					t.Errorf("MakeWay took %v", took)
				}
				if got := s.node.Participants(""); len(got) != tc.left {
					t.Errorf("in the room: %+v, want %d", got, tc.left)
				}
			})
		})
	}
}

// TestTakenOver: a process whose call went elsewhere leaves the record of its new holder alone.
func TestTakenOver(t *testing.T) {
	onSite(t, func(t *testing.T, s *site) {
		one, other := s.process("one"), s.process("other")
		before := s.join(one)
		if err := other.MakeWay(t.Context(), call, false); err != nil {
			t.Fatal(err)
		}
		s.join(other)
		one.Keep(call, before.Membership())
		one.Release(t.Context(), call, before)
		s.stand("taken over", 1, 1)
		if err := one.MakeWay(t.Context(), call, true); !errors.Is(err, pexrtc.ErrRemoved) {
			t.Errorf("the first process may join again: %v", err)
		}
		s.process("other")
		s.stand("the other one restarted", 0, 0)
	})
}

// TestSealed: neither the token nor who it is for can be read, or made, by whoever has the state.
func TestSealed(t *testing.T) {
	onSite(t, func(t *testing.T, s *site) {
		p := s.join(s.process("here"))
		kept := s.records.Values()[call]
		raw, err := base64.RawURLEncoding.DecodeString(kept)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{p.Membership().Token, p.UUID(), "4711"} {
			if strings.Contains(kept, secret) || strings.Contains(string(raw), secret) {
				t.Errorf("the record holds %q in the clear", secret)
			}
			if s.log.count(p.Membership().Token) > 0 {
				t.Error("the log holds the token")
			}
		}
	})
}

// TestHostileRecords are dropped, with a line in the log, and are in nobody's way.
func TestHostileRecords(t *testing.T) {
	onSite(t, func(t *testing.T, s *site) {
		s.join(s.process("here"))
		good := s.records.Values()[call]
		for key, text := range map[string]string{
			"empty": "", "noise": "\x00\xff", "plain": `{"holder":"here","node":"http://evil.test","token":"t","ends":"2999-01-01T00:00:00Z"}`,
			"altered": good[:len(good)-4] + "AAAA", "huge": strings.Repeat("A", 1<<20),
		} {
			s.records.Set(key, text)
		}
		r := s.process("here")
		s.stand("restarted", 0, 0)
		if got := s.log.count("of no use"); got != 5 {
			t.Errorf("%d lines about them, want 5", got)
		}
		s.records.Set(call, "noise")
		if err := r.MakeWay(t.Context(), call, false); err != nil {
			t.Error(err)
		}
		s.join(r)
		s.stand("joined", 1, 1)
	})
}

// TestStateAway: without the state calls go on as before, and one line says so.
func TestStateAway(t *testing.T) {
	onSite(t, func(t *testing.T, s *site) {
		r := s.process("here")
		s.records.Fail(errors.New("down"))
		for range 3 {
			if err := r.MakeWay(t.Context(), call, false); err != nil {
				t.Error(err)
			}
			p := s.join(r)
			r.Release(t.Context(), call, p)
			s.stand("released", 0, 0)
		}
		if got := s.log.count("not recorded"); got != 1 {
			t.Errorf("%d lines, want 1", got)
		}
		s.records.Fail(nil)
		s.join(r)
		s.stand("the state is back", 1, 1)
	})
}
