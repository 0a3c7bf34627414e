package events_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/videoleg/videoleg/pexrtc/events"
)

// shared are two sinks, of which the first gets the posts. fail lets sharing fail.
func shared(fail error) (first, second *events.Sink, pieces *int) {
	pieces = new(int)
	var sinks []*events.Sink
	for range 2 {
		sinks = append(sinks, events.New(events.Config{
			ServiceTag: "videoleg", Log: slog.New(slog.DiscardHandler),
			Share: func(_ context.Context, piece []byte) error {
				*pieces++
				for _, s := range sinks {
					s.Take(piece)
				}
				return fail
			},
		}))
	}
	return sinks[0], sinks[1], pieces
}

func posted(s *events.Sink, body string) int {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/events", strings.NewReader(body)))
	return w.Code
}

func started(seq int, padding string) string {
	return fmt.Sprintf(`{"node":"10.0.0.1","seq":%d,"version":2,"time":%d,"event":"conference_started",`+
		`"data":{"name":"room%d","service_type":"conference","tag":"videoleg","start_time":1790000000.5,"x":"%s"}}`, seq, 1790000000+seq, seq, padding)
}

func TestShare(t *testing.T) {
	first, second, pieces := shared(nil)
	if status := posted(first, started(1, "")); status != http.StatusOK {
		t.Fatal(status)
	}
	var many []string
	for i := range 20 {
		many = append(many, started(2+i, strings.Repeat("x", 100<<10)))
	}
	many = append(many, started(22, strings.Repeat("x", 200<<10)))
	bulk := `{"node":"127.0.0.1","seq":0,"version":2,"time":1,"event":"eventsink_bulk","data":[` + strings.Join(many, ",") + `]}`
	if status := posted(first, bulk); status != http.StatusOK {
		t.Fatal(status)
	}
	for i := range 21 {
		for name, sink := range map[string]*events.Sink{"first": first, "second": second} {
			if _, ok := sink.Room(fmt.Sprintf("room%d", i+1)); !ok {
				t.Errorf("the %s sink does not know room %d", name, i+1)
			}
		}
	}
	if _, ok := first.Room("room22"); ok || *pieces < 4 {
		t.Errorf("%d pieces were shared; an event too large for any of them: %t", *pieces, ok)
	}
	second.Take([]byte("damaged"))
}

// What cannot be shared is posted again by the node: nothing may be lost.
func TestShareFails(t *testing.T) {
	first, _, _ := shared(errors.New("no bus"))
	if status := posted(first, started(1, "")); status != http.StatusServiceUnavailable {
		t.Errorf("status = %d, want 503", status)
	}
}
