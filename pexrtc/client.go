package pexrtc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// ClientPath is where a node's client API begins.
const ClientPath = "/api/client/v2"

// Limits of what a caller may ask for; nodes are known to take these lengths.
const (
	maxAlias       = 250
	maxDisplayName = 250
	maxCallTag     = 1000
	maxPIN         = 32
)

// nodeRest is how long a node that failed is asked last.
const nodeRest = 30 * time.Second

// Config says which Conferencing Nodes to use and how to reach them.
type Config struct {
	Nodes []string     // base URLs (https://node.example) in order of preference; at least one
	HTTP  *http.Client // nil: one made for nodes. Its Timeout and CheckRedirect are not used
	Log   *slog.Logger // nil: silent
}

// Client joins conferences. It is safe for concurrent use and holds no connection of its own to close.
type Client struct {
	nodes []string
	http  *http.Client
	log   *slog.Logger

	mu   sync.Mutex
	down map[string]time.Time // guarded by mu: when a node failed last
}

// New checks the addresses of the nodes; it asks none of them.
func New(cfg Config) (*Client, error) {
	if len(cfg.Nodes) == 0 {
		return nil, errors.New("pexrtc: no nodes given")
	}
	c := &Client{http: httpClient(cfg.HTTP), log: cfg.Log, down: map[string]time.Time{}}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	for _, n := range cfg.Nodes {
		u, err := url.Parse(strings.TrimSpace(n))
		if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" ||
			u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return nil, fmt.Errorf("pexrtc: node %q is not a base URL like https://node.example", n)
		}
		c.nodes = append(c.nodes, strings.TrimRight(u.String(), "/"))
	}
	return c, nil
}

// httpClient gives the caller's client the two habits the API needs: no overall timeout (the event stream lives
// for hours; each request has its own deadline) and no redirects (they would carry the token elsewhere).
func httpClient(given *http.Client) *http.Client {
	h := http.Client{}
	if given != nil {
		h = *given
	}
	if h.Transport == nil {
		h.Transport = &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: 4 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
			TLSHandshakeTimeout: 5 * time.Second,
			IdleConnTimeout:     90 * time.Second,
			MaxIdleConnsPerHost: 16,
			ForceAttemptHTTP2:   true,
			HTTP2:               &http.HTTP2Config{SendPingTimeout: 20 * time.Second, PingTimeout: 10 * time.Second},
		}
	}
	h.Timeout = 0
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &h
}

// Status asks every node whether it serves; the map holds nil or an *Error by base URL. For readiness pages.
func (c *Client) Status(ctx context.Context) map[string]error {
	got := make(map[string]error, len(c.nodes))
	for _, node := range c.nodes {
		got[node] = c.status(ctx, node, controlTimeout)
	}
	return got
}

// Ready opens a connection to the node that a Join would ask now, so that the Join need not; a node that gives no answer
// will be asked last. It is no promise, and asks for nothing but the node's status.
func (c *Client) Ready(ctx context.Context) error {
	node := c.inOrder(time.Now())[0]
	err := c.status(ctx, node, readyTimeout)
	if e, ok := errors.AsType[*Error](err); ok && e.Kind == ErrNode && e.Status == 0 {
		c.mark(node, true)
	}
	return err
}

func (c *Client) status(ctx context.Context, node string, patience time.Duration) error {
	_, err := c.do(ctx, request{
		step: "status", node: node, method: http.MethodGet, url: node + ClientPath + "/status", timeout: patience,
	})
	return err
}

// inOrder lists the nodes by preference, those that failed lately last.
func (c *Client) inOrder(now time.Time) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var good, bad []string
	for _, n := range c.nodes {
		if c.rests(n, now) {
			bad = append(bad, n)
		} else {
			good = append(good, n)
		}
	}
	return append(good, bad...)
}

// Elsewhere says that there is another node than this one to join on, which has not failed lately.
func (c *Client) Elsewhere(node string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	return slices.ContainsFunc(c.nodes, func(n string) bool { return n != node && !c.rests(n, now) })
}

// rests says that a node failed lately; c.mu is held.
func (c *Client) rests(node string, now time.Time) bool {
	t, down := c.down[node]
	return down && now.Sub(t) < nodeRest
}

func (c *Client) mark(node string, down bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if down {
		c.down[node] = time.Now()
	} else {
		delete(c.down, node)
	}
}

// segment writes s as one path segment, in the manner of encodeURIComponent.
func segment(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// checkText refuses what no header, path or roster can carry.
func checkText(what, s string, limit int) error {
	if len(s) > limit || !utf8.ValidString(s) || strings.ContainsFunc(s, isControl) {
		return fmt.Errorf("pexrtc: %s is longer than %d bytes or has unprintable characters", what, limit)
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }
