package events_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/videoleg/videoleg/pexrtc/events"
)

const (
	nodeA = "10.0.0.21"
	nodeB = "10.0.0.22"
	began = 1790000000.0
)

// told is a sink and what it has made of what it was told.
type told struct {
	*events.Sink
	t        testing.TB
	changes  []string
	outcomes map[string]int
	last     events.Change
}

func newSink(t testing.TB) *told {
	s := &told{t: t, outcomes: map[string]int{}}
	s.Sink = events.New(events.Config{
		ServiceTag: "videoleg", Log: slog.New(slog.DiscardHandler),
		Observe: func(_, outcome string) { s.outcomes[outcome]++ },
		Changed: func(c events.Change) {
			s.last = c
			line := string(c.What) + " " + c.Room.Name
			if c.Leg.UUID != "" {
				line += " " + c.Leg.UUID
			}
			s.changes = append(s.changes, line)
		},
	})
	return s
}

func (s *told) post(body string) int {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/events", strings.NewReader(body)))
	return w.Code
}

// tell posts events, each of which must be taken with success.
func (s *told) tell(all ...string) {
	s.t.Helper()
	for _, body := range all {
		if status := s.post(body); status != http.StatusOK {
			s.t.Fatalf("%d for %s", status, body)
		}
	}
}

func (s *told) want(changes ...string) {
	s.t.Helper()
	if !slices.Equal(s.changes, changes) {
		s.t.Errorf("changes %q\nwant    %q", s.changes, changes)
	}
	s.changes = nil
}

// event is one event; at is seconds since the tests' beginning.
func event(node string, seq int, at float64, name string, data map[string]any) string {
	if data == nil {
		data = map[string]any{}
	}
	b, err := json.Marshal(map[string]any{"node": node, "seq": seq, "version": 2, "time": began + at, "event": name, "data": data})
	if err != nil {
		panic(err)
	}
	return string(b)
}

func conference(name string) map[string]any {
	return map[string]any{"name": name, "service_type": "conference", "tag": "videoleg", "start_time": began, "is_locked": false}
}

// person is a participant's data, with pairs of fields changed.
func person(uuid string, pairs ...any) map[string]any {
	p := map[string]any{
		"uuid": uuid, "conference": "4711abcd", "call_id": uuid, "display_name": "Ada", "protocol": "WebRTC", "role": "guest",
		"service_type": "conference", "service_tag": "videoleg", "call_direction": "in", "destination_alias": "cus4711abcd",
		"call_tag": "", "has_media": true, "media_node": nodeA, "connect_time": began, "is_muted": false,
	}
	for i := 0; i < len(pairs); i += 2 {
		p[pairs[i].(string)] = pairs[i+1]
	}
	return p
}

func centre(pairs ...any) map[string]any {
	return person("sip", append([]any{"protocol", "SIP", "call_direction", "out", "role", "chair", "destination_alias", "4711abcd@video.example"}, pairs...)...)
}

func TestACall(t *testing.T) {
	s := newSink(t)
	s.tell(
		event(nodeA, 1, 0, "eventsink_started", nil),
		event(nodeA, 2, 1, "conference_started", conference("4711abcd")),
		event(nodeA, 3, 1.1, "participant_connected", person("ada", "service_type", "waiting_room", "protocol", "API", "has_media", false)),
		event(nodeA, 4, 2, "participant_connected", centre("service_type", "connecting", "has_media", false, "connect_time", nil)),
	)
	s.want("opened 4711abcd", "joined 4711abcd ada", "joined 4711abcd sip")
	if s.last.Leg.Answered || !s.last.Leg.Out || s.last.Leg.Protocol != "sip" {
		t.Errorf("a ringing leg: %+v", s.last.Leg)
	}
	s.tell(event(nodeA, 5, 5, "participant_updated", centre()))
	if !s.last.Leg.Answered || s.last.Leg.Connected.Unix() != int64(began) {
		t.Errorf("an answered leg: %+v", s.last.Leg)
	}
	s.tell(
		event(nodeA, 6, 6, "participant_updated", map[string]any{"uuid": "ada", "conference": "4711abcd", "service_tag": "videoleg", "service_type": "conference"}),
		event(nodeA, 7, 7, "participant_media_stream_window", map[string]any{"uuid": "ada", "call_quality_was": "0_unknown", "call_quality_now": "1_good"}),
	)
	room, ok := s.Room("4711abcd")
	if !ok || len(room.Legs) != 2 || room.Legs[0].Alias != "cus4711abcd" || room.Legs[0].Stage != "conference" ||
		len(room.Legs[0].Quality) != 1 || room.Legs[0].Quality[0].Now != "1_good" {
		t.Errorf("room %+v", room)
	}
	s.changes = nil
	s.tell(event(nodeA, 8, 9, "participant_disconnected", person("ada", "end_time", began+9, "duration", 9.0, "disconnect_reason", "Call disconnected")))
	if s.last.Leg.Reason != "Call disconnected" || len(s.last.Room.Legs) != 1 {
		t.Errorf("after the customer: %+v", s.last)
	}
	s.tell(event(nodeA, 9, 10, "conference_ended", conference("4711abcd")))
	s.want("left 4711abcd ada", "left 4711abcd sip", "closed 4711abcd")
	if _, ok := s.Room("4711abcd"); ok {
		t.Error("the room is still there")
	}
}

func TestRepeatsChangeNothing(t *testing.T) {
	s := newSink(t)
	all := []string{
		event(nodeA, 10, 0, "conference_started", conference("4711abcd")),
		event(nodeA, 11, 1, "participant_connected", person("ada")),
		event(nodeA, 12, 2, "participant_disconnected", person("ada")),
	}
	s.tell(all...)
	s.want("opened 4711abcd", "joined 4711abcd ada", "left 4711abcd ada")
	s.tell(all...)
	s.tell(all[1], all[1])
	s.want()
	if s.outcomes["repeat"] != 5 || s.outcomes["taken"] != 3 {
		t.Errorf("outcomes %v", s.outcomes)
	}
}

// A node's sink that starts again numbers from 1: with its own event, without it, or long after.
func TestRestartOfANode(t *testing.T) {
	for name, first := range map[string]string{
		"started":                    event(nodeA, 1, 100, "eventsink_started", nil),
		"started lost":               event(nodeA, 1, 100, "participant_connected", person("bob")),
		"started and first lost":     event(nodeA, 2, 100, "participant_connected", person("bob")),
		"clock turned back, started": event(nodeA, 1, -50, "eventsink_started", nil),
	} {
		t.Run(name, func(t *testing.T) {
			s := newSink(t)
			for i := range 5 {
				s.tell(event(nodeA, i+1, float64(i), "participant_updated", person("ada")))
			}
			s.changes = nil
			s.tell(first, event(nodeA, 3, 101, "participant_connected", person("eve")))
			if s.outcomes["repeat"] != 0 || !slices.Contains(s.changes, "joined 4711abcd eve") {
				t.Errorf("outcomes %v, changes %q", s.outcomes, s.changes)
			}
			// A late repeat of the run before is still known.
			s.tell(event(nodeA, 5, 4, "participant_updated", person("ada")))
			if s.outcomes["repeat"] != 1 {
				t.Errorf("late repeat: outcomes %v", s.outcomes)
			}
		})
	}
}

func TestOutOfOrder(t *testing.T) {
	s := newSink(t)
	// From two nodes, the end comes before the beginning.
	s.tell(
		event(nodeB, 7, 5, "participant_updated", person("ada", "role", "chair")),
		event(nodeA, 3, 1, "participant_connected", person("ada")),
	)
	if s.last.Leg.Role != "chair" {
		t.Errorf("older news won: %+v", s.last.Leg)
	}
	s.tell(
		event(nodeA, 5, 9, "participant_disconnected", person("ada", "disconnect_reason", "gone")),
		event(nodeB, 8, 8, "participant_updated", person("ada")),
		event(nodeA, 4, 8.5, "participant_updated", person("ada")),
		event(nodeB, 9, 10, "participant_connected", person("ada")),
	)
	s.want("opened 4711abcd", "joined 4711abcd ada", "left 4711abcd ada")
}

// A leg of which nobody has heard may only be told of at its end: a call that nobody answered.
func TestACallThatFailed(t *testing.T) {
	s := newSink(t)
	s.tell(
		event(nodeA, 1, 1, "participant_connected", person("ada")),
		event(nodeA, 2, 3, "participant_disconnected", centre("service_type", "connecting", "has_media", false, "connect_time", nil, "disconnect_reason", "Busy")),
	)
	s.want("opened 4711abcd", "joined 4711abcd ada", "left 4711abcd sip")
	if l := s.last.Leg; l.Answered || l.Reason != "Busy" || !l.Out {
		t.Errorf("%+v", l)
	}
}

// A conference runs on several nodes, and is over when all have ended it; its name may come back.
func TestSeveralNodes(t *testing.T) {
	s := newSink(t)
	s.tell(
		event(nodeA, 1, 1, "conference_started", conference("4711abcd")),
		event(nodeB, 1, 2, "conference_started", conference("4711abcd")),
		event(nodeB, 2, 3, "participant_connected", person("ada")),
		event(nodeA, 2, 4, "conference_ended", conference("4711abcd")),
	)
	s.want("opened 4711abcd", "joined 4711abcd ada")
	if room, _ := s.Room("4711abcd"); !slices.Equal(room.Nodes, []string{nodeB}) {
		t.Errorf("nodes %v", room.Nodes)
	}
	s.tell(
		event(nodeB, 3, 5, "participant_disconnected", person("ada")),
		event(nodeB, 4, 6, "conference_ended", conference("4711abcd")),
		event(nodeA, 3, 5.5, "participant_updated", person("late")),
		event(nodeA, 4, 20, "conference_started", conference("4711abcd")),
	)
	s.want("left 4711abcd ada", "closed 4711abcd", "opened 4711abcd")
}

func TestOthersRoomsAreNotKept(t *testing.T) {
	s := newSink(t)
	theirs := map[string]any{"name": "meet.ada", "tag": "", "service_type": "conference"}
	s.tell(
		event(nodeA, 1, 1, "conference_started", theirs),
		event(nodeA, 2, 2, "participant_connected", person("ada", "conference", "meet.ada", "service_tag", "")),
		event(nodeA, 3, 3, "conference_updated", map[string]any{"name": "unknown"}),
		event(nodeA, 4, 4, "participant_media_stream_window", map[string]any{"uuid": "ada"}),
		event(nodeA, 5, 5, "conference_ended", theirs),
		event(nodeA, 6, 5, "alarm_raised", map[string]any{"x": []int{1}}),
	)
	s.want()
}

func TestBulk(t *testing.T) {
	s := newSink(t)
	inner := []string{
		event(nodeA, 1, 1, "conference_started", conference("4711abcd")), `"nonsense"`, `{"event":7}`,
		event(nodeA, 2, 2, "participant_connected", person("ada")), event(nodeA, 2, 2, "participant_connected", person("ada")),
		event(nodeA, 3, 3, "participant_updated", map[string]any{"uuid": 7}),
	}
	body := `{"event":"eventsink_bulk","node":"127.0.0.1","seq":0,"version":2,"time":1.5,"data":[` + strings.Join(inner, ",") + `]}`
	s.tell(body, inner[3])
	s.want("opened 4711abcd", "joined 4711abcd ada")
	if want := map[string]int{"taken": 2, "repeat": 2, "malformed": 3}; !maps.Equal(s.outcomes, want) {
		t.Errorf("outcomes %v, want %v", s.outcomes, want)
	}
}

func TestBadInput(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		status     int
	}{
		{"nothing", "", 400},
		{"not JSON", "<event/>", 400},
		{"half JSON", `{"event":"x"`, 400},
		{"a list", `[]`, 200},
		{"null", `null`, 200},
		{"no event", `{}`, 200},
		{"unknown event", event(nodeA, 1, 1, "tomorrow", nil), 200},
		{"wrong types", `{"event":"participant_connected","node":7,"seq":"x"}`, 200},
		{"data of a wrong type", `{"event":"participant_connected","node":"n","seq":1,"version":2,"data":[1]}`, 200},
		{"version 1", `{"event":"participant_connected","node":"n","seq":1,"version":1,"data":{"uuid":"u","conference":"c","service_tag":"videoleg"}}`, 200},
		{"negative number", `{"event":"conference_started","node":"n","seq":-1,"version":2,"data":{"name":"c","tag":"videoleg"}}`, 200},
		{"enormous time", `{"event":"participant_media_stream_window","node":"n","seq":1,"version":2,"time":1e300,"data":{"uuid":"u"}}`, 200},
		{"long name", event(nodeA, 1, 1, "conference_started", conference(strings.Repeat("x", 251))), 200},
		{"no uuid", event(nodeA, 1, 1, "participant_connected", person("")), 200},
		{"bulk that is no list", `{"event":"eventsink_bulk","data":{}}`, 200},
		{"bulk in bulk", `{"event":"eventsink_bulk","data":[{"event":"eventsink_bulk","data":[]}]}`, 200},
		{"too many", `{"event":"eventsink_bulk","data":[0` + strings.Repeat(",0", 20000) + `]}`, 200},
		{"too large", `"` + strings.Repeat("x", 4<<20) + `"`, 413},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSink(t)
			if got := s.post(tt.body); got != tt.status {
				t.Errorf("%d, want %d", got, tt.status)
			}
			s.want()
		})
	}
	w := httptest.NewRecorder()
	newSink(t).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/events", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", w.Code)
	}
}

func TestBoundsHold(t *testing.T) {
	s := newSink(t)
	for i := range 2500 {
		s.tell(event(fmt.Sprint("node", i), 1, 1, "eventsink_started", nil))
	}
	for i := range 300 {
		s.tell(event(nodeA, i+1, float64(i), "participant_connected", person(fmt.Sprint("p", i))))
	}
	for i := range 20 {
		s.tell(event(nodeA, 301+i, float64(301+i), "participant_media_stream_window", map[string]any{"uuid": "p0", "call_quality_now": "3_bad"}))
	}
	room, _ := s.Room("4711abcd")
	if len(room.Legs) != 200 || len(room.Legs[0].Quality) != 8 {
		t.Errorf("%d legs, %d windows", len(room.Legs), len(room.Legs[0].Quality))
	}
}

// A room whose node died without a word is over after a long silence.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSink(t)
		s.tell(event(nodeA, 1, 1, "participant_connected", person("ada")))
		time.Sleep(13 * time.Hour)
		s.tell(event(nodeB, 1, 50000, "eventsink_started", nil))
		s.want("opened 4711abcd", "joined 4711abcd ada", "left 4711abcd ada", "closed 4711abcd")
	})
}

func FuzzEvents(f *testing.F) {
	f.Add(event(nodeA, 1, 1, "conference_started", conference("4711abcd")))
	f.Add(event(nodeA, 2, 2, "participant_disconnected", person("ada")))
	f.Add(`{"event":"eventsink_bulk","data":[` + event(nodeA, 3, 3, "participant_connected", person("ada")) + `,null,{}]}`)
	f.Add(event(nodeA, 4, 4, "participant_media_streams_destroyed", map[string]any{"uuid": "ada", "media_streams": []any{map[string]any{"rx_bitrate": "1"}}}))
	f.Add(`{"event":"participant_connected","data":{"uuid":"u","conference":"c","service_tag":"videoleg","connect_time":-1e99}}`)
	f.Fuzz(func(t *testing.T, body string) {
		s := newSink(t)
		status := s.post(body)
		if json.Valid([]byte(body)) != (status == http.StatusOK) && len(body) < 4096 {
			t.Errorf("%d for %q", status, body)
		}
		s.post(body)
	})
}
