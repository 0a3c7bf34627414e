package main

import (
	"context"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/videoleg/videoleg/pexrtc/relay"
)

// TestOperationsHasEveryMetric keeps docs/operations.md true: the metrics that a server has, no others, each with its kind and its
// labels, and every reason to drop.
func TestOperationsHasEveryMetric(t *testing.T) {
	raw, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	said := map[string]string{}
	row := regexp.MustCompile("(?m)^\\| `(videoleg_[a-z_]+)` \\| ([a-z]+) \\| ([a-z, ]*) ?\\| .+ \\|$")
	for _, m := range row.FindAllStringSubmatch(text, -1) {
		said[m[1]] = m[2] + " " + strings.TrimSpace(m[3])
	}
	served := metricsOf(t, startServer(t, nil))
	for _, name := range slices.Sorted(maps.Keys(served)) {
		if said[name] != served[name] {
			t.Errorf("docs/operations.md says of %s %q, it is %q", name, said[name], served[name])
		}
	}
	for name := range said {
		if served[name] == "" {
			t.Errorf("docs/operations.md lists %s, which is no metric", name)
		}
	}
	for _, d := range relay.Drops() {
		if !strings.Contains(text, "\n| `"+d.String()+"` | ") {
			t.Errorf("docs/operations.md does not explain the reason %s", d)
		}
	}
}

// metricsOf lists our metrics of a server: kind and labels by name.
func metricsOf(t *testing.T, s *server) map[string]string {
	t.Helper()
	families, err := s.admin.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "videoleg_") {
			continue
		}
		var labels []string
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
		all[f.GetName()] = strings.ToLower(f.GetType().String()) + " " + labelOrder(labels)
	}
	return all
}

// labelOrder is how the page lists labels: a hop first, a policy request's verdict before its reason.
func labelOrder(labels []string) string {
	order := []string{"hop", "event", "kind", "request", "verdict"}
	slices.SortStableFunc(labels, func(a, b string) int {
		rank := func(l string) int {
			if i := slices.Index(order, l); i >= 0 {
				return i
			}
			return len(order)
		}
		return rank(a) - rank(b)
	})
	return strings.Join(labels, ", ")
}

// TestProfiles are served where they are asked for, and nowhere else.
func TestProfiles(t *testing.T) {
	for _, tc := range []struct {
		name, setting, app, path, want string
	}{
		{"off", "false", "admin", "/debug/pprof/", "404 "},
		{"on", "true", "admin", "/debug/pprof/", "200 "},
		{"heap", "true", "admin", "/debug/pprof/heap?debug=1", "heap profile"},
		{"not for agents", "true", "agent", "/debug/pprof/", "404 "},
		{"not for customers", "true", "customer", "/debug/pprof/", "404 "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := startServer(t, map[string]string{"PPROF": tc.setting})
			if got := get(t, s.addresses()[tc.app], tc.path); !strings.Contains(got, tc.want) {
				t.Errorf("%s = %.120q, want %q in it", tc.path, got, tc.want)
			}
		})
	}
}

// startServer runs a server on free ports until the test ends.
func startServer(t *testing.T, more map[string]string) *server {
	t.Helper()
	s, stop := runServer(t, more)
	t.Cleanup(stop)
	return s
}

// runServer runs a server on free ports until stop, which says how it ended.
func runServer(t testing.TB, more map[string]string) (s *server, stop func()) {
	t.Helper()
	all := needed()
	all["AGENT_ADDR"], all["CUSTOMER_ADDR"], all["ADMIN_ADDR"] = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	maps.Copy(all, more)
	settings(t, all)
	cfg, err := loadConfig(nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err = newServer(cfg, loopback, newLog(t.Output(), cfg))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.run(ctx) }()
	<-s.serving
	return s, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("stop: %v", err)
		}
		http.DefaultClient.CloseIdleConnections()
	}
}
