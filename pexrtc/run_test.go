package pexrtc_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

func TestTokenIsRefreshedAtAThirdOfItsLife(t *testing.T) {
	inRoom(t, pexrtctest.Options{}, func(t *testing.T, srv *pexrtctest.Server, c *pexrtc.Client) {
		p := join(t, c, pexrtc.JoinRequest{Alias: "agt4711"})
		w := run(t, p)
		await(w, has("Ada"))
		<-time.After(10*time.Minute + time.Second)
		synctest.Wait()
		if n := asked(srv, "/refresh_token"); n != 15 {
			t.Errorf("%d refreshes in ten minutes of 120 s tokens, want 15", n)
		}
		if len(srv.Participants("")) != 1 {
			t.Error("the participant is gone")
		}
		must(t, p.Message(t.Context(), "hello")) // the token of the moment is good
		must(t, p.Release(t.Context(), ""))
		must(t, w.end())
	})
}

func TestRefreshOnDemand(t *testing.T) {
	inRoom(t, pexrtctest.Options{}, func(t *testing.T, srv *pexrtctest.Server, c *pexrtc.Client) {
		p := join(t, c, pexrtc.JoinRequest{Alias: "agt4711"})
		w := run(t, p)
		await(w, has("Ada"))
		srv.SendEvent(p.UUID(), "refresh_token", nil)
		<-time.After(time.Second)
		if n := asked(srv, "/refresh_token"); n != 1 {
			t.Errorf("%d refreshes a second after the event, want 1", n)
		}
		must(t, p.Release(t.Context(), ""))
		must(t, w.end())
	})
}

func TestRefreshSurvivesTrouble(t *testing.T) {
	inRoom(t, pexrtctest.Options{}, func(t *testing.T, srv *pexrtctest.Server, c *pexrtc.Client) {
		p := join(t, c, pexrtc.JoinRequest{Alias: "agt4711"})
		w := run(t, p)
		await(w, has("Ada"))
		srv.SetFaults(pexrtctest.Faults{OnRequest: pexrtctest.On("/refresh_token", &pexrtctest.Fault{Drop: true})})
		<-time.After(100 * time.Second) // the token of 120 s has 20 s left
		srv.SetFaults(pexrtctest.Faults{})
		<-time.After(time.Minute)
		if len(srv.Participants("")) != 1 {
			t.Fatal("the participant is gone")
		}
		must(t, p.Release(t.Context(), ""))
		must(t, w.end())
	})
}

// TestReleaseDuringARefresh: the node takes the new token only, of which we hear when we have begun to leave.
func TestReleaseDuringARefresh(t *testing.T) {
	for _, tc := range []struct {
		name  string
		late  time.Duration // the answer
		there int           // afterwards
	}{{"late", 1500 * time.Millisecond, 0}, {"never", time.Hour, 1}} {
		t.Run(tc.name, func(t *testing.T) {
			inRoom(t, pexrtctest.Options{}, func(t *testing.T, srv *pexrtctest.Server, c *pexrtc.Client) {
				p := join(t, c, pexrtc.JoinRequest{Alias: "agt4711"})
				w := run(t, p)
				await(w, has("Ada"))
				srv.SetFaults(pexrtctest.Faults{AfterRequest: pexrtctest.On("/refresh_token", &pexrtctest.Fault{Delay: tc.late})})
				<-time.After(40500 * time.Millisecond)
				began := time.Now()
				must(t, p.Release(t.Context(), ""))
				if err := w.end(); err != nil {
					t.Errorf("Run = %v", err)
				}
				if took := time.Since(began); took > 5*time.Second {
					t.Errorf("it took %v to leave", took)
				}
				if n := len(srv.Participants("")); n != tc.there {
					t.Errorf("%d participants left behind, want %d", n, tc.there)
				}
			})
		})
	}
}

func TestTokenDies(t *testing.T) {
	inRoom(t, pexrtctest.Options{}, func(t *testing.T, srv *pexrtctest.Server, c *pexrtc.Client) {
		p := join(t, c, pexrtc.JoinRequest{Alias: "agt4711"})
		w := run(t, p)
		await(w, has("Ada"))
		began := time.Now()
		srv.SetFaults(pexrtctest.Faults{OnRequest: func(*http.Request) *pexrtctest.Fault { return &pexrtctest.Fault{Status: 502} }})
		srv.DropEventStreams()
		await[pexrtc.EventsLost](w, nil)
		if err := w.end(); !errors.Is(err, pexrtc.ErrTokenLost) {
			t.Errorf("Run = %v, want ErrTokenLost", err)
		}
		if took := time.Since(began); took < 115*time.Second || took > 140*time.Second {
			t.Errorf("gave up after %v, want about the 120 s of the token", took)
		}
		srv.SetFaults(pexrtctest.Faults{})
		must(t, p.Release(t.Context(), "")) // the node has forgotten us: that is released, too
	})
}

func TestStreamComesBack(t *testing.T) {
	inRoom(t, pexrtctest.Options{}, func(t *testing.T, srv *pexrtctest.Server, c *pexrtc.Client) {
		p := join(t, c, pexrtc.JoinRequest{Alias: "agt4711"})
		w := run(t, p)
		await(w, has("Ada"))
		srv.SetFaults(pexrtctest.Faults{OnRequest: pexrtctest.On("/events", &pexrtctest.Fault{Status: 502})})
		srv.DropEventStreams()
		await[pexrtc.EventsLost](w, nil)
		bob := join(t, c, pexrtc.JoinRequest{Alias: "agt4711", DisplayName: "Bob"})
		srv.SetFaults(pexrtctest.Faults{})
		await(w, has("Bob"))
		await[pexrtc.EventsBack](w, nil)
		must(t, bob.Release(t.Context(), ""))
		await(w, func(r pexrtc.Roster) bool { return !has("Bob")(r) })
		must(t, p.Release(t.Context(), ""))
		must(t, w.end())
	})
}

// TestCallDisconnected: only of the call that there is. One that was replaced may be reported late.
func TestCallDisconnected(t *testing.T) {
	inRoom(t, pexrtctest.Options{}, func(t *testing.T, srv *pexrtctest.Server, c *pexrtc.Client) {
		p := join(t, c, pexrtc.JoinRequest{Alias: "agt4711"})
		w := run(t, p)
		await(w, has("Ada"))
		var placed []*pexrtc.Call
		for _, uuid := range []string{"replaced", "ended", "present"} {
			srv.SetFaults(pexrtctest.Faults{OnRequest: func(r *http.Request) *pexrtctest.Fault {
				if strings.Contains(r.URL.Path, "/calls") {
					return &pexrtctest.Fault{Status: 200, Body: `{"status":"success","result":{"call_uuid":"` + uuid + `","sdp":"ANSWER"}}`}
				}
				return nil
			}})
			call, err := p.Call(t.Context(), "OFFER")
			must(t, err)
			placed = append(placed, call)
		}
		must(t, placed[1].Disconnect(t.Context()))
		for _, uuid := range []string{"replaced", "ended", "nobody's", "present", "present"} {
			srv.SendEvent(p.UUID(), "call_disconnected", map[string]string{"call_uuid": uuid, "reason": "Ice failure"})
		}
		srv.SendEvent(p.UUID(), "message_received", map[string]string{"payload": "all told"})
		var told []string
		for len(told) == 0 || told[len(told)-1] != "all told" {
			switch e := await[pexrtc.Event](w, nil).(type) {
			case pexrtc.CallDisconnected:
				told = append(told, e.CallUUID)
			case pexrtc.MessageReceived:
				told = append(told, e.Payload)
			}
		}
		if want := []string{"present", "all told"}; !slices.Equal(told, want) {
			t.Errorf("told %q, want %q", told, want)
		}
		must(t, p.Release(t.Context(), ""))
		must(t, w.end())
	})
}

func TestSilentStreamIsReopenedQuietly(t *testing.T) {
	inRoom(t, pexrtctest.Options{}, func(t *testing.T, srv *pexrtctest.Server, c *pexrtc.Client) {
		p := join(t, c, pexrtc.JoinRequest{Alias: "agt4711"})
		w := run(t, p)
		<-time.After(9 * time.Minute)
		synctest.Wait()
		if n := asked(srv, "/events"); n < 2 || n > 6 {
			t.Errorf("stream opened %d times in 9 minutes, want once every two minutes at most", n)
		}
		must(t, p.Release(t.Context(), ""))
		must(t, w.end())
		close(w.events)
		for e := range w.events {
			if lost, ok := e.(pexrtc.EventsLost); ok {
				t.Errorf("EventsLost: %v", lost.Err)
			}
		}
	})
}

func TestEndings(t *testing.T) {
	tests := []struct {
		name string
		do   func(*pexrtctest.Server, string)
		want error
	}{
		{"kicked", func(s *pexrtctest.Server, id string) { s.KickParticipant(id, "Disconnected by another participant") }, pexrtc.ErrRemoved},
		{"ended for all", func(s *pexrtctest.Server, _ string) {
			s.EndConference("4711", "Conference terminated by an administrator")
		}, pexrtc.ErrEnded},
		{"token expired", func(s *pexrtctest.Server, id string) { s.ExpireToken(id) }, pexrtc.ErrTokenLost},
		{"node lost", func(s *pexrtctest.Server, id string) { s.KickParticipant(id, "Media node disconnected") }, pexrtc.ErrNode},
		{"unknown words", func(s *pexrtctest.Server, id string) { s.KickParticipant(id, "because") }, pexrtc.ErrEnded},
		{"asked to refresh, then kicked", func(s *pexrtctest.Server, id string) {
			s.SendEvent(id, "refresh_token", nil)
			s.KickParticipant(id, "Disconnected by another participant")
		}, pexrtc.ErrRemoved},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inRoom(t, pexrtctest.Options{}, func(t *testing.T, srv *pexrtctest.Server, c *pexrtc.Client) {
				p := join(t, c, pexrtc.JoinRequest{Alias: "agt4711"})
				w := run(t, p)
				await(w, has("Ada"))
				tt.do(srv, p.UUID())
				ended := await[pexrtc.Ended](w, nil)
				if err := w.end(); !errors.Is(err, tt.want) || ended.Err != err {
					t.Errorf("Run = %v, Ended %v, want %v", err, ended.Err, tt.want)
				}
				must(t, p.Release(t.Context(), ""))
			})
		})
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	inRoom(t, pexrtctest.Options{}, func(t *testing.T, srv *pexrtctest.Server, c *pexrtc.Client) {
		p := join(t, c, pexrtc.JoinRequest{Alias: "agt4711"})
		ctx, cancel := context.WithCancel(t.Context())
		over := make(chan error, 1)
		go func() { over <- p.Run(ctx, func(pexrtc.Event) {}) }()
		synctest.Wait()
		cancel()
		if err := <-over; !errors.Is(err, context.Canceled) {
			t.Errorf("Run = %v, want context.Canceled", err)
		}
		if err := p.Run(t.Context(), func(pexrtc.Event) {}); err == nil {
			t.Error("a second Run is allowed")
		}
		must(t, p.Release(t.Context(), ""))
	})
}
