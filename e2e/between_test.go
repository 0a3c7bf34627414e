package e2e

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/videoleg/videoleg/e2e/browser"
)

// traffic records what passes between the parts of a centre, on one clock.
type traffic struct {
	mu   sync.Mutex // guards the rest
	seen []*exchange
	more chan struct{} // closed and replaced when an exchange has ended
}

// exchange is one HTTP request and its answer.
type exchange struct {
	to           string // the part that was asked
	method, path string
	began, ended time.Time // ended is zero while it lasts
}

func (e *exchange) String() string { return e.to + " " + e.method + " " + e.path }

func (t *traffic) begin(to string, r *http.Request) (end func()) {
	e := &exchange{to: to, method: r.Method, path: r.URL.Path, began: time.Now()}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seen = append(t.seen, e)
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		e.ended = time.Now()
		if t.more != nil {
			close(t.more)
			t.more = nil
		}
	}
}

// await waits until an exchange of this path has ended.
func (t *traffic) await(tb testing.TB, path string) {
	tb.Helper()
	late := time.After(browser.Patience)
	for {
		t.mu.Lock()
		ended := slices.ContainsFunc(t.seen, func(e *exchange) bool { return e.path == path && !e.ended.IsZero() })
		if t.more == nil {
			t.more = make(chan struct{})
		}
		more := t.more
		t.mu.Unlock()
		if ended {
			return
		}
		select {
		case <-more:
		case <-late:
			tb.Fatalf("%s was not asked for", path)
		}
	}
}

// since are the exchanges that began at from or later, in that order.
func (t *traffic) since(from time.Time) (all []exchange) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range t.seen {
		if !e.began.Before(from) {
			all = append(all, *e)
		}
	}
	return all
}

// between takes l's connections and passes every request on to the part at address, late by delay. It
// returns its own address.
func (t *traffic) between(tb testing.TB, l net.Listener, to, address string, delay time.Duration) string {
	tb.Helper()
	target, err := url.Parse(address)
	if err != nil {
		tb.Fatal(err)
	}
	through := &http.Transport{MaxIdleConnsPerHost: 64}
	pass := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
		},
		FlushInterval: -1,
		Transport:     through,
		ErrorLog:      log.New(io.Discard, "", 0), // pages that are left cut their sockets
	}
	srv := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer t.begin(to, r)()
		if !lapse(r.Context(), delay) {
			panic(http.ErrAbortHandler)
		}
		pass.ServeHTTP(w, r)
	})}}
	srv.Start()
	tb.Cleanup(func() {
		srv.CloseClientConnections()
		through.CloseIdleConnections()
	})
	return srv.URL
}

// lapse waits; false if ctx has ended first.
func lapse(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func listen(tb testing.TB, address string) net.Listener {
	tb.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		tb.Fatal(err)
	}
	return l
}
