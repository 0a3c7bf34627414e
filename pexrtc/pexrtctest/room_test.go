package pexrtctest_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

// trunk answers outgoing calls in a test.
type trunk struct {
	calls  chan pexrtctest.DialRequest
	hungUp chan string
	done   chan struct{} // the far end hangs up
}

func newTrunk() *trunk {
	return &trunk{make(chan pexrtctest.DialRequest, 10), make(chan string, 10), make(chan struct{})}
}

func (tr *trunk) dial(_ context.Context, req pexrtctest.DialRequest) (pexrtctest.FarEnd, error) {
	tr.calls <- req
	return tr, nil
}

func (tr *trunk) Done() <-chan struct{} { return tr.done }
func (tr *trunk) Hangup(reason string)  { tr.hungUp <- reason }

// contactCentre is a room with an automatic participant, as the service policy makes it.
func contactCentre(string) (pexrtctest.Service, error) {
	return pexrtctest.Service{
		Name: "4711", Tag: "videoleg", HostPIN: hostPIN, AllowGuests: true,
		AutomaticParticipants: []pexrtctest.AutomaticParticipant{{
			RemoteAlias: "sip:desk@trunk.example", LocalAlias: "video@pexip.example", LocalDisplayName: "4711",
			RemoteDisplayName: "Contact centre", Role: "chair", CallType: "audio",
			KeepConferenceAlive: "keep_conference_alive_never",
		}},
	}, nil
}

// startPiped starts a node that runs inside a synctest bubble.
func startPiped(t *testing.T, opts pexrtctest.Options) *pexrtctest.Server {
	t.Helper()
	opts.Listener = pexrtctest.NewPipeListener()
	return start(t, opts)
}

func TestGuestWaitsForTheHost(t *testing.T) {
	srv := start(t, pexrtctest.Options{HostPIN: hostPIN})
	bob := join(t, srv, "cus4711", "none", "Bob")
	if bob.wait != "waiting_room" {
		t.Fatalf("guest is in %s, want waiting_room", bob.wait)
	}
	events := bob.listen()
	events.next("participant_sync_end")
	ada := join(t, srv, "agt4711", hostPIN, "Ada")
	if p := await(t, srv, "Bob", named("Bob")); p.ServiceType != "waiting_room" {
		t.Errorf("a host without media let Bob into %s", p.ServiceType)
	}
	ada.dial(want{codec: "VP8"})
	if got := events.next("participant_update")["service_type"]; got != "conference" {
		t.Errorf("Bob was told %v, want conference", got)
	}
	if got := events.next("participant_create")["display_name"]; got != "Ada" {
		t.Errorf("after admission Bob saw %v, want Ada", got)
	}
}

func TestStartConferenceAdmits(t *testing.T) {
	srv := start(t, pexrtctest.Options{HostPIN: hostPIN})
	join(t, srv, "cus4711", "none", "Bob")
	join(t, srv, "agt4711", hostPIN, "Ada").must("start_conference", nil)
	if p := await(t, srv, "Bob", named("Bob")); p.ServiceType != "conference" {
		t.Errorf("Bob is in %s", p.ServiceType)
	}
}

func TestWaitTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := startPiped(t, pexrtctest.Options{HostPIN: hostPIN, TokenLife: time.Hour})
		events := join(t, srv, "cus4711", "none", "Bob").listen()
		begin := time.Now()
		if reason := events.next("disconnect")["reason"]; reason != "Timeout waiting for conference host" {
			t.Errorf("reason %v", reason)
		}
		if passed := time.Since(begin); passed != 15*time.Minute {
			t.Errorf("after %v, want 15m0s", passed)
		}
	})
}

func TestLateHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := startPiped(t, pexrtctest.Options{HostPIN: hostPIN})
		begin := time.Now()
		events := join(t, srv, "cushost.late", "none", "Bob").listen()
		if got := events.next("participant_update")["service_type"]; got != "conference" {
			t.Errorf("Bob was told %v", got)
		}
		if passed := time.Since(begin); passed != 10*time.Second {
			t.Errorf("after %v, want 10s", passed)
		}
	})
}

func TestAutomaticParticipant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrunk()
		srv := startPiped(t, pexrtctest.Options{Resolve: contactCentre, Dial: tr.dial, DialDelay: 10 * time.Second})
		begin := time.Now()
		bob := join(t, srv, "cus4711", "none", "Bob")
		events := bob.listen()
		req := <-tr.calls
		if passed := time.Since(begin); passed != 10*time.Second {
			t.Errorf("dialled after %v, want 10s", passed)
		}
		if !req.Automatic || req.Destination != "sip:desk@trunk.example" || req.LocalDisplayName != "4711" ||
			req.Role != "chair" || req.CallType != "audio" || req.ServiceTag != "videoleg" {
			t.Errorf("dialled %+v", req)
		}
		if got := events.next("participant_update")["service_type"]; got != "conference" {
			t.Errorf("the chair leg let Bob into %v", got)
		}
		leg := events.next("participant_create")
		if leg["call_direction"] != "out" || leg["is_audio_only_call"] != "YES" || leg["is_video_call"] != "NO" {
			t.Errorf("Bob sees the leg as %v", leg)
		}
		if leg["protocol"] != "" || leg["uri"] != "" {
			t.Errorf("a guest learns protocol %v and uri %v", leg["protocol"], leg["uri"])
		}
		p := await(t, srv, "leg", named("Contact centre"))
		if p.Protocol != "sip" || p.Direction != "out" || p.URI != "sip:desk@trunk.example" || !p.HasAudio {
			t.Errorf("leg %+v", p)
		}
		bob.must("release_token", nil)
		if err := srv.AwaitNoParticipants(limit(t), ""); err != nil {
			t.Error(err)
		}
		if reason := <-tr.hungUp; reason != "No participants can keep conference alive" {
			t.Errorf("hung up with %q", reason)
		}
	})
}

func TestAutomaticParticipantIsDialledOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrunk()
		srv := startPiped(t, pexrtctest.Options{Resolve: contactCentre, Dial: tr.dial})
		join(t, srv, "agt4711", hostPIN, "Ada")
		<-tr.calls
		join(t, srv, "cus4711", "none", "Bob")
		close(tr.done)
		if err := srv.AwaitGone(limit(t), named("Contact centre")); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if len(tr.calls) != 0 {
			t.Error("dialled again")
		}
		if n := len(srv.Participants("4711")); n != 2 {
			t.Errorf("%d participants left, want 2", n)
		}
	})
}

func TestFailedDialLeavesNoLeg(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := make(chan struct{})
		srv := startPiped(t, pexrtctest.Options{Resolve: contactCentre, Dial: func(context.Context, pexrtctest.DialRequest) (pexrtctest.FarEnd, error) {
			<-busy
			return nil, errors.New("486 Busy Here")
		}})
		events := join(t, srv, "agt4711", hostPIN, "Ada").listen()
		events.next("participant_create")
		events.next("participant_create")
		close(busy)
		events.next("participant_delete")
		if list := srv.Participants("4711"); len(list) != 1 || list[0].DisplayName != "Ada" {
			t.Errorf("left: %+v", list)
		}
	})
}

func TestDialRequest(t *testing.T) {
	tr := newTrunk()
	srv := start(t, pexrtctest.Options{Dial: tr.dial})
	ada := join(t, srv, "agt4711", "", "Ada")
	legs := ada.must("dial", map[string]any{
		"destination": "sip:boss@trunk.example", "protocol": "sip", "role": "GUEST",
		"source_display_name": "Videoleg", "remote_display_name": "Boss",
		"custom_sip_headers": map[string]string{"X-Case": "7"},
	}).([]any)
	req := <-tr.calls
	if req.LocalDisplayName != "Videoleg" || req.CustomSIPHeaders["X-Case"] != "7" || req.Automatic {
		t.Errorf("dialled %+v", req)
	}
	p := await(t, srv, "leg", func(p pexrtctest.Participant) bool {
		return p.DisplayName == "Boss" && p.ServiceType == "conference"
	})
	if len(legs) != 1 || legs[0] != p.UUID {
		t.Errorf("result %v, want [%s]", legs, p.UUID)
	}
	ada.must("participants/"+p.UUID+"/disconnect", nil)
	if reason := <-tr.hungUp; reason != "Disconnected by another participant" {
		t.Errorf("hung up with %q", reason)
	}
}

func TestDialWithoutTrunk(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	ada := join(t, srv, "agt4711", "", "Ada")
	if legs := ada.must("dial", map[string]any{"destination": "sip:boss@trunk.example"}).([]any); len(legs) != 0 {
		t.Errorf("result %v, want none", legs)
	}
}

func TestGuestsAreRemovedAfterTheHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := startPiped(t, pexrtctest.Options{HostPIN: hostPIN, HostGoneTimeout: 30 * time.Second})
		ada := join(t, srv, "agt4711", hostPIN, "Ada")
		events := join(t, srv, "cus4711", "none", "Bob").listen()
		ada.must("start_conference", nil)
		ada.must("release_token", nil)
		begin := time.Now()
		if reason := events.next("disconnect")["reason"]; reason != "All conference hosts departed hosted conference" {
			t.Errorf("reason %v", reason)
		}
		if passed := time.Since(begin); passed != 30*time.Second {
			t.Errorf("after %v, want 30s", passed)
		}
	})
}

func TestReturningHostSavesTheRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := startPiped(t, pexrtctest.Options{HostPIN: hostPIN, HostGoneTimeout: 30 * time.Second})
		ada := join(t, srv, "agt4711", hostPIN, "Ada")
		join(t, srv, "cus4711", "none", "Bob")
		ada.must("start_conference", nil)
		ada.must("release_token", nil)
		time.Sleep(20 * time.Second)
		join(t, srv, "agt4711", hostPIN, "Ada again")
		time.Sleep(20 * time.Second)
		if n := len(srv.Participants("4711")); n != 2 {
			t.Errorf("%d participants, want 2", n)
		}
	})
}

func TestEndForEverybody(t *testing.T) {
	srv := start(t, pexrtctest.Options{HostPIN: hostPIN})
	ada := join(t, srv, "agt4711", hostPIN, "Ada")
	bob := join(t, srv, "cus4711", "none", "Bob")
	events := bob.listen()
	ada.must("disconnect", nil)
	if reason := events.next("disconnect")["reason"]; reason != "Conference terminated by another participant" {
		t.Errorf("reason %v", reason)
	}
	if rest := events.ended(); !slices.Equal(rest, []string{"bye"}) {
		t.Errorf("after disconnect came %v, want bye", rest)
	}
	if len(srv.Conferences()) != 0 {
		t.Errorf("conferences %+v", srv.Conferences())
	}
}

func TestLock(t *testing.T) {
	srv := start(t, pexrtctest.Options{HostPIN: hostPIN})
	ada := join(t, srv, "agt4711", hostPIN, "Ada")
	ada.must("start_conference", nil)
	join(t, srv, "cus4711", "none", "Early")
	ada.must("lock", nil)
	one := join(t, srv, "cus4711", "none", "One")
	two := join(t, srv, "cus4711", "none", "Two")
	places := func() (list []string) {
		for _, p := range srv.Participants("4711") {
			list = append(list, p.DisplayName+" "+p.ServiceType)
		}
		return list
	}
	if one.wait != "waiting_room" || two.wait != "waiting_room" {
		t.Fatalf("locked room let guests in: %v", places())
	}
	ada.must("participants/"+one.uuid+"/unlock", nil)
	want := []string{"Ada conference", "Early conference", "One conference", "Two waiting_room"}
	if got := places(); !slices.Equal(got, want) {
		t.Errorf("after admitting one: %v, want %v", got, want)
	}
	ada.must("unlock", nil)
	want[3] = "Two conference"
	if got := places(); !slices.Equal(got, want) {
		t.Errorf("after unlock: %v, want %v", got, want)
	}
}
