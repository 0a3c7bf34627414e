package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
)

// replica starts a server with an invitation API and the faces for Pexip, and returns the addresses
// of its customer app and of its administrator's page. stop ends it.
func replica(t testing.TB, place map[string]string) (base, admin string, stop func()) {
	t.Helper()
	all := map[string]string{
		"POLICY_USERNAME": "pexip", "POLICY_PASSWORD": "s3cret",
		"EVENTS_USERNAME": "pexip", "EVENTS_PASSWORD": "s3cret",
		"API_KEYS": "0123456789abcdef",
	}
	maps.Copy(all, place)
	s, stop := runServer(t, all)
	return "http://" + s.addresses()["customer"], s.addresses()["admin"], stop
}

// asked asks a replica, with the credentials of everybody.
func asked(t testing.TB, method, url, body string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth("pexip", "s3cret")
	r.Header.Set("X-API-Key", "0123456789abcdef")
	r.Header.Set("Idempotency-Key", "key")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(answer.StatusCode, " ", string(text))
}

const policyQuestion = "/policy/v1/service/configuration?call_direction=dial_in&protocol=api&local_alias="

// made is the invitation of an answer of the API.
func made(t testing.TB, answer string) (id string) {
	t.Helper()
	var i struct{ ID string }
	if err := json.Unmarshal([]byte(strings.TrimPrefix(answer, "201 ")), &i); err != nil {
		t.Fatalf("%s: %v", answer, err)
	}
	return i.ID
}

// outsideNATS is the address of a NATS server that several replicas share.
func outsideNATS(t *testing.T) string { return natsWith(t, 0) }

// natsWith room bytes for what it stores; 0: as many as the disk has.
func natsWith(t *testing.T, room int64) string {
	t.Helper()
	nats, err := natsserver.NewServer(&natsserver.Options{
		Host: "127.0.0.1", Port: natsserver.RANDOM_PORT, NoSigs: true, NoLog: true, JetStream: true, JetStreamMaxStore: room, StoreDir: t.TempDir(),
	})
	if err != nil {
		t.Fatal(err)
	}
	nats.Start()
	t.Cleanup(func() {
		nats.Shutdown()
		nats.WaitForShutdown()
	})
	if !nats.ReadyForConnections(5 * time.Second) {
		t.Fatal("NATS did not start")
	}
	return nats.ClientURL()
}

// State that has too little room is named with the settings that are to be looked at.
func TestStateWithoutRoom(t *testing.T) {
	all := needed()
	all["NATS_URL"] = natsWith(t, 1<<20)
	settings(t, all)
	cfg, err := loadConfig(nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newServer(cfg, loopback, newLog(t.Output(), cfg))
	if err == nil {
		s.closeListeners()
		t.Fatal("the server starts")
	}
	for _, want := range []string{"insufficient storage", "VIDEOLEG_STATE_DIR", "VIDEOLEG_NATS_URL"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v: no word of %s", err, want)
		}
	}
}

// Two replicas on one NATS share invitations, idempotency keys and the answers to Pexip.
func TestTwoReplicas(t *testing.T) {
	place := map[string]string{"NATS_URL": outsideNATS(t)}
	one, _, stopOne := replica(t, place)
	defer stopOne()
	other, _, stopOther := replica(t, place)
	defer stopOther()
	id := made(t, asked(t, "POST", one+"/api/v1/invitations", "{}"))
	if again := made(t, asked(t, "POST", other+"/api/v1/invitations", "{}")); again != id {
		t.Errorf("the same Idempotency-Key gave %s and %s", id, again)
	}
	for _, alias := range []string{"cus" + id, "agt" + id, "cus0000000000000000"} {
		first, second := asked(t, "GET", one+policyQuestion+alias, ""), asked(t, "GET", other+policyQuestion+alias, "")
		if first != second || strings.Contains(first, `"name":"`+id) != strings.Contains(alias, id) {
			t.Errorf("%s is answered with %s and %s", alias, first, second)
		}
	}
	testSharedEvents(t, one, other, id)
	asked(t, "DELETE", other+"/api/v1/invitations/"+id, "")
	if got := asked(t, "GET", one+policyQuestion+"cus"+id, ""); !strings.Contains(got, `"action":"reject"`) {
		t.Errorf("withdrawn at the other replica, the alias is answered with %s", got)
	}
}

// happened is an event of a node about a session.
func happened(seq int, event, session, more string) string {
	return fmt.Sprintf(`{"node":"10.0.0.1","seq":%d,"version":2,"time":%d.5,"event":%q,"data":{%s}}`, seq, 1790000000+seq, event,
		strings.ReplaceAll(more, "ID", session))
}

const (
	aRoom  = `"name":"ID","service_type":"conference","tag":"videoleg","start_time":1790000000.1`
	aGuest = `"uuid":"ada","conference":"ID","service_tag":"videoleg","destination_alias":"sip:cusID@video.example","protocol":"WebRTC",` +
		`"role":"guest","service_type":"conference","call_direction":"in","has_media":true,"connect_time":1790000002.0`
	aTrunk = `"uuid":"sip","conference":"ID","service_tag":"videoleg","destination_alias":"ID@video.example","protocol":"SIP",` +
		`"role":"chair","service_type":"conference","call_direction":"out","has_media":true,"connect_time":1790000003.0`
)

// testSharedEvents tells one replica, then the other, the same events: both know who is in, once, and
// in the end that the call is over.
func testSharedEvents(t *testing.T, one, other, id string) {
	t.Helper()
	began := []string{
		happened(1, "eventsink_started", id, ""), happened(2, "conference_started", id, aRoom),
		happened(3, "participant_connected", id, aGuest), happened(4, "participant_connected", id, aTrunk),
	}
	bulk := `{"node":"127.0.0.1","seq":0,"version":2,"time":1,"event":"eventsink_bulk","data":[` + strings.Join(began[2:], ",") + `]}`
	for _, post := range [][2]string{{one, began[0]}, {one, began[1]}, {other, bulk}, {one, bulk}, {other, began[3]}} {
		if got := asked(t, "POST", post[0]+"/events", post[1]); !strings.HasPrefix(got, "200") {
			t.Errorf("events are answered with %s", got)
		}
	}
	for _, base := range []string{one, other} {
		awaitAnswer(t, base+"/api/v1/sessions/"+id, func(got string) bool {
			return strings.Count(got, `"kind"`) == 2 && strings.Contains(got, `"id":"ada","kind":"customer"`) && strings.Contains(got, `"id":"sip","kind":"phone"`)
		})
	}
	for _, event := range []string{
		happened(5, "participant_disconnected", id, aGuest+`,"end_time":1790000005.0,"disconnect_reason":"Call disconnected"`),
		happened(6, "participant_disconnected", id, aTrunk), happened(7, "conference_ended", id, aRoom),
	} {
		asked(t, "POST", other+"/events", event)
	}
	for _, base := range []string{one, other} {
		awaitAnswer(t, base+"/api/v1/sessions/"+id, func(got string) bool {
			return strings.Count(got, `"ended_at":"2026-09-21T14:13:27.5Z"`) == 1 && !strings.Contains(got, `"call":`) &&
				strings.Contains(got, `"left_at":"2026-09-21T14:13:25Z","reason":"Call disconnected"`)
		})
	}
}

// awaitAnswer asks until the answer is right: what one replica is told reaches the others in a moment.
func awaitAnswer(t *testing.T, url string, ok func(string) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for {
		got := asked(t, "GET", url, "")
		if ok(got) {
			return
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("%s: %s", url, got)
		}
	}
}

// A server that starts again knows its invitations, and what Pexip told.
func TestRestart(t *testing.T) {
	place := map[string]string{"STATE_DIR": t.TempDir()}
	base, _, stop := replica(t, place)
	id := made(t, asked(t, "POST", base+"/api/v1/invitations", "{}"))
	event := `{"node":"10.0.0.1","seq":1,"version":2,"time":1790000000.5,"event":"eventsink_started","data":{}}`
	if got := asked(t, "POST", base+"/events", event); !strings.HasPrefix(got, "200") {
		t.Errorf("the event is answered with %s", got)
	}
	stop()
	base, admin, stop := replica(t, place)
	defer stop()
	if got := get(t, admin, "/metrics"); !strings.Contains(got, `videoleg_events_total{event="eventsink_started",outcome="taken"} 1`) {
		t.Errorf("after the restart nothing is known of the event:\n%s", got)
	}
	if got := asked(t, "GET", base+policyQuestion+"agt"+id, ""); !strings.Contains(got, `"name":"`+id) {
		t.Errorf("after the restart the alias is answered with %s", got)
	}
}

func TestStateRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ name, setting, value string }{
		{"no directory", "STATE_DIR", file},
		{"no NATS", "NATS_URL", "nats://ada:hunter2@127.0.0.1:1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			all := needed()
			all[tc.setting] = tc.value
			settings(t, all)
			err := run(t.Context(), []string{"serve"}, io.Discard)
			if err == nil || !strings.Contains(err.Error(), prefix+"_"+tc.setting) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("serve = %v, want an error that names %s and no password", err, tc.setting)
			}
		})
	}
}
