package pexrtctest_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// sse is one received event.
type sse struct {
	id, name, data string
}

// listen opens the event stream; it ends with the test.
func (m *member) listen() *listener {
	m.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.srv.URL+"/api/client/v2/conferences/"+m.alias+"/events", nil)
	if err != nil {
		m.t.Fatal(err)
	}
	req.Header.Set("token", m.token)
	resp, err := m.srv.Client().Do(req)
	if err != nil || resp.StatusCode != http.StatusOK {
		cancel()
		m.t.Fatalf("events: %v %v", resp, err)
	}
	l := &listener{t: m.t, events: make(chan sse, 1000), patience: 20 * time.Second}
	if strings.HasSuffix(m.srv.URL, "node.pipe") {
		l.patience = time.Hour // of a bubble's time
	}
	go l.read(resp.Body)
	m.t.Cleanup(func() {
		cancel()
		for range l.events {
		}
	})
	return l
}

type listener struct {
	t        *testing.T
	events   chan sse // closed at the end of the stream
	patience time.Duration
}

func (l *listener) read(body io.ReadCloser) {
	defer close(l.events)
	defer body.Close()
	var e sse
	for lines := bufio.NewScanner(body); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), ": ")
		switch key {
		case "id":
			e.id = value
		case "event":
			e.name = value
		case "data":
			e.data = value
		case "":
			l.events <- e
			e = sse{}
		}
	}
}

// next returns the next event of that name, whatever comes before it.
func (l *listener) next(name string) map[string]any {
	l.t.Helper()
	var seen []string
	timeout := time.After(l.patience)
	for {
		select {
		case e, open := <-l.events:
			if !open {
				l.t.Fatalf("stream ended before %s, after %v", name, seen)
			}
			seen = append(seen, e.name)
			if e.name != name {
				continue
			}
			fields := map[string]any{}
			if err := json.Unmarshal([]byte(e.data), &fields); err != nil && e.data != "null" && name != "stage" {
				l.t.Fatalf("event %s has data %q: %v", name, e.data, err)
			}
			return fields
		case <-timeout:
			l.t.Fatalf("no %s event, only %v", name, seen)
		}
	}
}

// ended waits for the end of the stream and returns the names of the events before it.
func (l *listener) ended() []string {
	l.t.Helper()
	var seen []string
	timeout := time.After(l.patience)
	for {
		select {
		case e, open := <-l.events:
			if !open {
				return seen
			}
			seen = append(seen, e.name)
		case <-timeout:
			l.t.Fatalf("stream goes on after %v", seen)
		}
	}
}
