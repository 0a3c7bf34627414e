package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main() // the process of a test that kills it
		return
	}
	goleak.VerifyTestMain(m)
}

func TestUsage(t *testing.T) {
	settings(t, nil)
	for _, tc := range []struct {
		name  string
		args  []string
		usage bool // wrong usage: exit status 2
	}{
		{"nothing", nil, true},
		{"unknown command", []string{"dance"}, true},
		{"unknown flag", []string{"demo", "-colour"}, true},
		{"argument too many", []string{"serve", "now"}, true},
		{"version with argument", []string{"version", "x"}, true},
		{"port out of range", []string{"demo", "-port-base", "70000"}, true},
		{"not configured", []string{"serve"}, false},
		{"not configured, check", []string{"check"}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := run(t.Context(), tc.args, io.Discard)
			if err == nil || errors.Is(err, errUsage) != tc.usage {
				t.Errorf("run(%q) = %v, want an error, of usage: %t", tc.args, err, tc.usage)
			}
		})
	}
}

func TestVersionAndHelp(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"--help"}} {
		var out bytes.Buffer
		if err := run(t.Context(), args, &out); err != nil || !strings.HasPrefix(out.String(), "videoleg ") {
			t.Errorf("run(%q) = %v, printed %q", args, err, out.String())
		}
	}
}

// loopback are the addresses that media listens on.
var loopback = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}

// TestServerLife starts the server on free ports, asks what probes ask, and stops it.
func TestServerLife(t *testing.T) {
	all := needed()
	all["AGENT_ADDR"], all["CUSTOMER_ADDR"], all["ADMIN_ADDR"] = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	settings(t, all)
	cfg, err := loadConfig(nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newServer(cfg, loopback, newLog(t.Output(), cfg))
	if err != nil {
		t.Fatal(err)
	}
	base := s.addresses()
	if s.admin.ready.Load() {
		t.Error("ready before it serves")
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.run(ctx) }()
	<-s.serving
	for _, tc := range []struct{ app, path, want string }{
		{"admin", "/healthz", "200 ok"},
		{"admin", "/readyz", "200 ready"},
		{"admin", "/metrics", "videoleg_calls 0"},
		{"agent", "/", "400 "},
		{"agent", "/?conversationid=<script>", "400 "},
		{"agent", "/oauth/callback?state=forged&code=x", "400 "},
		{"agent", "/nowhere", "404 "},
		{"customer", "/", "403 "},
		{"customer", "/i/nonsense", "404 "},
	} {
		if got := get(t, base[tc.app], tc.path); !strings.Contains(got, tc.want) {
			t.Errorf("%s %s = %.120q, want %q in it", tc.app, tc.path, got, tc.want)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("stop: %v", err)
	}
	http.DefaultClient.CloseIdleConnections()
}

// get returns status and body of an answer, or nothing where there is none.
func get(t *testing.T, addr, path string) string {
	t.Helper()
	answer, err := http.Get("http://" + addr + strings.ReplaceAll(path, "<", "%3C"))
	if err != nil {
		return ""
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %s", answer.StatusCode, body)
}

func TestCheckRunning(t *testing.T) {
	all := needed()
	all["ADMIN_ADDR"] = "127.0.0.1:1"
	settings(t, all)
	if err := run(t.Context(), []string{"check", "-running"}, io.Discard); err == nil || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("check -running without a server = %v", err)
	}
}
