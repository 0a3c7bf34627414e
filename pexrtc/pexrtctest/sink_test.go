package pexrtctest_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

// posted is an event as it came.
type posted struct {
	Node    string
	Seq     int
	Version int
	Time    float64
	Event   string
	Data    map[string]any
}

// newEventSink gives what is posted; the first post is refused once, and must come again.
func newEventSink(t *testing.T) (url string, events <-chan posted) {
	all := make(chan posted, 100)
	refused := false
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, password, _ := r.BasicAuth(); name != "pexip" || password != "s3cret" || !refused {
			refused = true
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		var p posted
		if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
			t.Errorf("not JSON: %v", err)
		}
		all <- p
	}))
	t.Cleanup(srv.Close)
	return strings.Replace(srv.URL, "http://", "http://pexip:s3cret@", 1), all
}

func TestEventSink(t *testing.T) {
	url, events := newEventSink(t)
	far := make(phone)
	srv := start(t, pexrtctest.Options{
		HostPIN: hostPIN, EventSinkURL: url,
		Resolve: func(string) (pexrtctest.Service, error) {
			return pexrtctest.Service{Name: "4711abcd", Tag: "videoleg", HostPIN: hostPIN, AllowGuests: true,
				AutomaticParticipants: []pexrtctest.AutomaticParticipant{{RemoteAlias: "sip:centre@x", LocalAlias: "4711abcd@y", Protocol: "sip",
					CallType: "audio", Role: "chair", KeepConferenceAlive: "keep_conference_alive_never"}}}, nil
		},
		Dial: func(context.Context, pexrtctest.DialRequest) (pexrtctest.FarEnd, error) { return far, nil },
	})
	m := join(t, srv, "cus4711abcd", "none", "Ada")
	await(t, srv, "answered", func(p pexrtctest.Participant) bool { return p.Direction == "out" && p.HasAudio })
	m.must("release_token", nil)
	var got []string
	for seq := 1; ; seq++ {
		var e posted
		select {
		case e = <-events:
		case <-limit(t).Done():
			t.Fatalf("no more events after %q", got)
		}
		if e.Seq != seq || e.Version != 2 || e.Node == "" || e.Time < 1e9 {
			t.Errorf("envelope of event %d: %+v", seq, e)
		}
		line := e.Event
		if stage, ok := e.Data["service_type"].(string); ok && strings.HasPrefix(e.Event, "participant") {
			line += " " + strings.Join([]string{e.Data["destination_alias"].(string), e.Data["call_direction"].(string), stage}, " ")
		}
		if line != "conference_updated" {
			got = append(got, line)
		}
		if e.Event == "conference_ended" {
			break
		}
	}
	want := []string{
		"eventsink_started",
		"conference_started",
		"participant_connected cus4711abcd in waiting_room",
		"participant_connected 4711abcd@y out connecting",
		"participant_updated 4711abcd@y out conference",
		"participant_updated cus4711abcd in conference",
		"participant_disconnected cus4711abcd in conference",
		"participant_disconnected 4711abcd@y out conference",
		"conference_ended",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// While the receiver is slow, events wait, and come together. Media is told of while it lasts and when
// it has ended.
func TestEventSinkBulkAndMedia(t *testing.T) {
	bodies, taken := make(chan map[string]any, 100), make(chan struct{})
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var body map[string]any
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Errorf("not JSON: %v", err)
		}
		bodies <- body
		<-taken
	}))
	defer receiver.Close()
	srv := start(t, pexrtctest.Options{EventSinkURL: receiver.URL, EventBulk: true})
	if first := <-bodies; first["event"] != "eventsink_started" {
		t.Errorf("first comes %v", first)
	}
	m := join(t, srv, "4711abcd", "", "Ada")
	m.dial(want{audio: true, codec: pexrtctest.VP8})
	uuid := srv.Participants("")[0].UUID
	if err := srv.Rate(uuid, "3_bad"); err != nil {
		t.Fatal(err)
	}
	if err := srv.Rate("nobody", "3_bad"); err == nil {
		t.Error("nobody was rated")
	}
	m.must("release_token", nil)
	close(taken)
	bulk := <-bodies
	if bulk["event"] != "eventsink_bulk" || bulk["seq"] != 0.0 || bulk["version"] != 2.0 {
		t.Fatalf("then comes %v", bulk)
	}
	var told []string
	seq := 1.0
	for _, one := range bulk["data"].([]any) {
		e := one.(map[string]any)
		if seq++; e["seq"] != seq || e["node"] == "" {
			t.Errorf("number %v: %v", seq, e)
		}
		switch data := e["data"].(map[string]any); e["event"] {
		case "participant_media_stream_window":
			told = append(told, data["call_quality_was"].(string)+" "+data["call_quality_now"].(string))
		case "participant_media_streams_destroyed":
			for _, s := range data["media_streams"].([]any) {
				told = append(told, s.(map[string]any)["stream_type"].(string))
			}
		case "participant_disconnected", "conference_ended":
			told = append(told, e["event"].(string))
		}
	}
	want := []string{"0_unknown 1_good", "1_good 3_bad", "audio", "video", "participant_disconnected", "conference_ended"}
	if !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

// phone is a far end that never hangs up.
type phone chan struct{}

func (p phone) Done() <-chan struct{} { return p }
func (p phone) Hangup(string)         {}
