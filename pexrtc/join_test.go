package pexrtc_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

// canned is a server that gives one answer, and counts.
func canned(t *testing.T, status int, body string) (url string, asked *atomic.Int32) {
	t.Helper()
	asked = new(atomic.Int32)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if status/100 == 3 {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(srv.Close)
	return srv.URL, asked
}

// nowhere is an address that nobody listens on.
func nowhere() string {
	srv := httptest.NewServer(nil)
	defer srv.Close()
	return srv.URL
}

func client(t *testing.T, nodes ...string) *pexrtc.Client {
	t.Helper()
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	c, err := pexrtc.New(pexrtc.Config{Nodes: nodes, HTTP: &http.Client{Transport: tr}})
	must(t, err)
	return c
}

func TestJoinGoesOnToTheNextNode(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
	}{
		{"maintenance", 503, `{"status":"failed","result":"Maintenance mode"}`},
		{"in trouble", 500, `{"status":"failed","result":"Internal error"}`},
		{"bad gateway", 502, `oops`},
		{"gateway timeout", 504, ``},
		{"overloaded", 529, ``},
		{"web server", 404, `<html>`},
		{"redirecting", 302, ``},
		{"too much", 200, strings.Repeat("x", 2<<20)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bad, askedBad := canned(t, tt.status, tt.body)
			good := pexrtctest.New(pexrtctest.Options{})
			defer good.Close()
			c := client(t, nowhere(), bad, good.URL)
			for range 2 {
				p := join(t, c, pexrtc.JoinRequest{Alias: "agt4711"})
				if p.Node() != good.URL {
					t.Errorf("joined at %s, want the good node", p.Node())
				}
				must(t, p.Release(t.Context(), ""))
			}
			if n := askedBad.Load(); n != 1 {
				t.Errorf("the bad node was asked %d times in two joins, want once", n)
			}
		})
	}
}

// hung leads every request to the node but those to http://hung, which takes them and does not answer.
type hung struct {
	node  http.RoundTripper
	asked atomic.Int32
}

func (h *hung) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != "hung" {
		return h.node.RoundTrip(r)
	}
	h.asked.Add(1)
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// TestNodeHangs: another one is asked while a person still waits, and first the next time.
func TestNodeHangs(t *testing.T) {
	for _, tc := range []struct {
		name  string
		ready bool
		waits time.Duration
	}{
		{"when it is asked to join", false, 6 * time.Second},
		{"while the call rings", true, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				good := pexrtctest.New(pexrtctest.Options{Listener: pexrtctest.NewPipeListener()})
				web := good.Client()
				defer func() {
					good.Close()
					web.CloseIdleConnections()
					synctest.Wait()
				}()
				way := &hung{node: web.Transport}
				c, err := pexrtc.New(pexrtc.Config{Nodes: []string{"http://hung", good.URL}, HTTP: &http.Client{Transport: way}})
				must(t, err)
				if tc.ready {
					if err := c.Ready(t.Context()); !errors.Is(err, pexrtc.ErrNode) {
						t.Errorf("Ready = %v, want ErrNode", err)
					}
				}
				for _, want := range []time.Duration{tc.waits, 0} {
					began := time.Now()
					ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
					p, err := c.Join(ctx, pexrtc.JoinRequest{Alias: "agt4711", DisplayName: "Ada"})
					must(t, err)
					if took := time.Since(began); p.Node() != good.URL || took != want {
						t.Errorf("joined at %s after %v, want the good node after %v", p.Node(), took, want)
					}
					must(t, p.Release(ctx, ""))
					cancel()
				}
				if n := way.asked.Load(); n != 1 {
					t.Errorf("the hung node was asked %d times, want once", n)
				}
			})
		})
	}
}

// TestJoinGivenUp: a node that has not answered until the caller had no more patience is none the better for it.
func TestJoinGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := pexrtc.New(pexrtc.Config{Nodes: []string{"http://hung"}, HTTP: &http.Client{Transport: new(hung)}})
		must(t, err)
		if err := c.Ready(t.Context()); !errors.Is(err, pexrtc.ErrNode) {
			t.Errorf("Ready = %v, want ErrNode", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Join(ctx, pexrtc.JoinRequest{Alias: "agt4711"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Join = %v, want the context's error", err)
		}
		if c.Elsewhere("http://another") {
			t.Error("the hung node counts as good")
		}
	})
}

func TestJoinDoesNotAskTwice(t *testing.T) {
	for body, want := range map[string]error{
		`{"status":"success","result":"Neither conference nor gateway found"}`: pexrtc.ErrNoConference,
		`{"status":"success","result":"Invalid PIN"}`:                          pexrtc.ErrPIN,
	} {
		first, askedFirst := canned(t, 404, body)
		second, askedSecond := canned(t, 404, body)
		_, err := client(t, first, second).Join(t.Context(), pexrtc.JoinRequest{Alias: "x", PIN: "1"})
		if !errors.Is(err, want) || askedFirst.Load() != 1 || askedSecond.Load() != 0 {
			t.Errorf("Join = %v after %d + %d requests, want %v after 1 + 0", err, askedFirst.Load(), askedSecond.Load(), want)
		}
	}
}

func TestJoinWithoutANode(t *testing.T) {
	_, err := client(t, nowhere()).Join(t.Context(), pexrtc.JoinRequest{Alias: "x"})
	if !errors.Is(err, pexrtc.ErrNode) {
		t.Errorf("Join = %v, want ErrNode", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	url, asked := canned(t, 200, "")
	if _, err := client(t, url).Join(ctx, pexrtc.JoinRequest{Alias: "x"}); !errors.Is(err, context.Canceled) || asked.Load() != 0 {
		t.Errorf("Join with a dead context = %v after %d requests, want context.Canceled after none", err, asked.Load())
	}
}

func TestJoinRefusesWhatNoNodeCanTake(t *testing.T) {
	url, asked := canned(t, 200, "")
	for name, r := range map[string]pexrtc.JoinRequest{
		"no alias": {}, "dot": {Alias: "."}, "dots": {Alias: ".."}, "newline": {Alias: "a\nb"},
		"long alias": {Alias: strings.Repeat("a", 251)}, "PIN with a header in it": {Alias: "a", PIN: "1\r\nx: y"},
		"long name": {Alias: "a", DisplayName: strings.Repeat("a", 251)}, "not UTF-8": {Alias: "a\xff"},
	} {
		if _, err := client(t, url).Join(t.Context(), r); err == nil || asked.Load() != 0 {
			t.Errorf("%s: Join = %v after %d requests, want an error after none", name, err, asked.Load())
		}
	}
}

func TestAliasIsOnePathSegment(t *testing.T) {
	paths := make(chan string, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { paths <- r.RequestURI }))
	defer srv.Close()
	_, err := client(t, srv.URL+"/").Join(t.Context(), pexrtc.JoinRequest{Alias: "a/b?c#d e@f+g%h"})
	if err == nil {
		t.Error("an empty answer counts as a token")
	}
	if got, want := <-paths, "/api/client/v2/conferences/a%2Fb%3Fc%23d%20e%40f%2Bg%25h/request_token"; got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
}

func TestNewRefusesAddresses(t *testing.T) {
	for _, node := range []string{"", "node.example", "ftp://n", "https://", "https://u:p@n", "https://n?x=1", "https://n#f"} {
		if _, err := pexrtc.New(pexrtc.Config{Nodes: []string{node}}); err == nil {
			t.Errorf("node %q is accepted", node)
		}
	}
	if _, err := pexrtc.New(pexrtc.Config{}); err == nil {
		t.Error("no node is accepted")
	}
}

func TestStatus(t *testing.T) {
	srv := pexrtctest.New(pexrtctest.Options{})
	defer srv.Close()
	down := nowhere()
	got := client(t, srv.URL, down).Status(t.Context())
	if got[srv.URL] != nil || !errors.Is(got[down], pexrtc.ErrNode) {
		t.Errorf("status %v", got)
	}
	srv.SetMaintenance(true)
	if got := client(t, srv.URL).Status(t.Context()); !errors.Is(got[srv.URL], pexrtc.ErrNode) {
		t.Errorf("status in maintenance %v, want ErrNode", got)
	}
}
