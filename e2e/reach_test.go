package e2e

import (
	"strings"
	"testing"

	"github.com/videoleg/videoleg/e2e/browser"
)

// TestUDPBlocked: an agent whose network lets no UDP out sees and is seen all the same.
func TestUDPBlocked(t *testing.T) {
	port := freePorts(t, 1)[0]
	c := start(t, options{env: map[string]string{"MEDIA_TCP_PORT": port}})
	desktop, _, widget := c.meet(browser.Start(t, browser.NoUDP()), browser.Start(t))
	goesBy(t, widget, "tcp")
	through := false // the proxy, as from a company's network
	for _, e := range desktop.Received() {
		through = through || strings.HasSuffix(e.URL, ":"+port)
	}
	if !through {
		t.Errorf("nothing went to TCP port %s", port)
	}
}

// goesBy fails if any stream of a page's video goes by another path than wanted: see [browser.Stream].
func goesBy(t *testing.T, page *browser.Document, path string) {
	t.Helper()
	seen := 0
	for _, s := range page.Streams() {
		if s.Packets == 0 {
			continue
		}
		seen++
		if !strings.Contains(s.Path, path) {
			t.Errorf("a stream of %s goes by %q, want %q", s.Kind, s.Path, path)
		}
	}
	if seen < 2 {
		t.Errorf("%d streams flow, want one each way", seen)
	}
}
