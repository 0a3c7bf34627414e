package pexrtctest_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

func TestSyncBracket(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	ada := join(t, srv, "agt4711", "", "Ada")
	join(t, srv, "cus4711", "", "Bob")
	events := ada.listen()
	var names []string
	var ids []string
	for range 5 {
		e := <-events.events
		names = append(names, e.name)
		ids = append(ids, e.id)
	}
	want := []string{"participant_sync_begin", "participant_create", "participant_create", "participant_sync_end", "conference_update"}
	if !slices.Equal(names, want) {
		t.Errorf("events %v, want %v", names, want)
	}
	if !slices.Equal(ids, []string{"1", "2", "3", "4", "5"}) {
		t.Errorf("ids %v", ids)
	}
	carl := join(t, srv, "cus4711", "", "Carl")
	if got := events.next("participant_create")["uuid"]; got != carl.uuid {
		t.Errorf("created %v, want %s", got, carl.uuid)
	}
	carl.must("release_token", nil)
	if got := events.next("participant_delete")["uuid"]; got != carl.uuid {
		t.Errorf("deleted %v, want %s", got, carl.uuid)
	}
}

func TestWaitingGuestSeesOnlyItself(t *testing.T) {
	srv := start(t, pexrtctest.Options{HostPIN: hostPIN})
	join(t, srv, "agt4711", hostPIN, "Ada")
	bob := join(t, srv, "cus4711", "none", "Bob")
	events := bob.listen()
	if got := events.next("participant_create")["uuid"]; got != bob.uuid {
		t.Errorf("saw %v, want itself", got)
	}
	if e := <-events.events; e.name != "participant_sync_end" {
		t.Errorf("then %s, want the end of the roster", e.name)
	}
}

func TestEventsNeedAToken(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	m := &member{t: t, srv: srv, alias: "agt4711", token: "guessed"}
	if status, result := m.do(http.MethodGet, "events", nil); status != 403 || result != "Invalid token" {
		t.Errorf("%d %v, want 403 Invalid token", status, result)
	}
}

func TestDropEventStreams(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	ada := join(t, srv, "agt4711", "", "Ada")
	events := ada.listen()
	events.next("conference_update")
	srv.DropEventStreams()
	if rest := events.ended(); len(rest) != 0 {
		t.Errorf("before the cut came %v", rest)
	}
	again := ada.listen()
	again.next("participant_sync_end")
	if p := await(t, srv, "Ada", named("Ada")); p.Streams != 1 {
		t.Errorf("%d streams, want 1", p.Streams)
	}
}

func TestKick(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	ada := join(t, srv, "agt4711", "", "Ada")
	events := ada.listen()
	if !srv.KickParticipant(ada.uuid, "Media process disconnected") {
		t.Fatal("nobody to kick")
	}
	if got := events.next("disconnect")["reason"]; got != "Media process disconnected" {
		t.Errorf("reason %v", got)
	}
	if srv.KickParticipant(ada.uuid, "again") {
		t.Error("kicked twice")
	}
}

func TestSendEvent(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	ada := join(t, srv, "agt4711", "", "Ada")
	events := ada.listen()
	srv.SendEvent(ada.uuid, "splash_screen", map[string]string{"screen_key": "direct_media_welcome"})
	if got := events.next("splash_screen")["screen_key"]; got != "direct_media_welcome" {
		t.Errorf("screen %v", got)
	}
	srv.SendEvent(ada.uuid, "junk", json.RawMessage("{no json"))
	for e := range events.events {
		if e.name == "junk" {
			if e.data != "{no json" {
				t.Errorf("data %q", e.data)
			}
			return
		}
	}
	t.Error("no junk came")
}

func TestFaults(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	m := &member{t: t, srv: srv, alias: "agt4711"}

	srv.SetFaults(pexrtctest.Faults{OnRequest: func(*http.Request) *pexrtctest.Fault {
		return &pexrtctest.Fault{Status: 502, Delay: time.Millisecond}
	}})
	if status, _ := m.post("request_token", nil); status != 502 {
		t.Errorf("OnRequest: %d, want 502", status)
	}
	seen := make(chan pexrtctest.Join, 1)
	srv.SetFaults(pexrtctest.Faults{OnRequestToken: func(j pexrtctest.Join) *pexrtctest.Fault {
		seen <- j
		return &pexrtctest.Fault{Status: 403, Body: `{"status":"success","result":"Insufficient licenses"}`}
	}})
	if status, result := m.post("request_token", map[string]string{"display_name": "Ada"}, "pin", "1"); status != 403 || result != "Insufficient licenses" {
		t.Errorf("OnRequestToken: %d %v", status, result)
	}
	if j := <-seen; j.DisplayName != "Ada" || j.PIN != "1" || j.Alias != "agt4711" {
		t.Errorf("hook saw %+v", j)
	}
	srv.SetFaults(pexrtctest.Faults{AfterRequest: func(*http.Request) *pexrtctest.Fault {
		return &pexrtctest.Fault{Drop: true}
	}})
	if _, err := srv.Client().Post(srv.URL+"/api/client/v2/conferences/agt4711/request_token", "application/json", nil); err == nil {
		t.Error("AfterRequest: the answer was not lost")
	}
	if n := len(srv.Participants("4711")); n != 1 {
		t.Errorf("%d participants after a lost answer, want 1", n)
	}
	srv.SetFaults(pexrtctest.Faults{})
	if status, _ := m.post("request_token", nil); status != 200 {
		t.Errorf("healed: %d", status)
	}
}
