package genesys

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	conversationID = "c0ffee00-0000-4000-8000-000000000001"
	verifier       = "0123456789012345678901234567890123456789abc"
)

// platform is a very small Genesys Cloud. It listens on pipes, so that it runs within a synctest bubble.
type platform struct {
	t       *testing.T
	server  *http.Server
	conns   chan net.Conn
	closed  chan struct{}
	sockets chan *websocket.Conn // opened by us

	mu       sync.Mutex
	instead  map[string]http.HandlerFunc // by "METHOD /path": an answer other than the normal one
	requests []string                    // "METHOD /path"
	dialled  int
	channels int
	tokens   int
	refresh  bool // give refresh tokens
	lifetime int  // of a token, in seconds
	open     string
}

func newPlatform(t *testing.T) *platform {
	p := &platform{
		t: t, conns: make(chan net.Conn), closed: make(chan struct{}), sockets: make(chan *websocket.Conn, 100),
		instead: map[string]http.HandlerFunc{}, lifetime: 86399,
	}
	p.server = &http.Server{Handler: p}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = p.server.Serve(p)
	}()
	t.Cleanup(func() {
		_ = p.server.Close()
		<-done
		for range len(p.sockets) {
			_ = (<-p.sockets).Close()
		}
	})
	return p
}

// Accept, Close and Addr make it a net.Listener of pipes.
func (p *platform) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}
func (p *platform) Close() error   { close(p.closed); return nil }
func (p *platform) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (p *platform) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	p.mu.Lock()
	p.dialled++
	p.mu.Unlock()
	select {
	case p.conns <- far:
		return near, nil
	case <-p.closed:
		return nil, errors.New("connection refused")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// cloud makes a client of the platform.
func (p *platform) cloud(change ...func(*Config)) *Cloud {
	p.t.Helper()
	cfg := Config{
		APIURL: "http://api.test", LoginURL: "http://login.test", AppsURL: "http://apps.test",
		ClientID: "client-1", RedirectURL: "https://agent.example/oauth/callback",
		HTTP: &http.Client{Transport: &http.Transport{DialContext: p.dial}},
		Log:  slog.New(slog.NewTextHandler(p.t.Output(), nil)),
	}
	for _, c := range change {
		c(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(c.Close)
	return c
}

// agent signs Ada in.
func (p *platform) agent() *Agent {
	p.t.Helper()
	a, err := p.cloud().SignIn(p.t.Context(), "code-1", verifier, "")
	if err != nil {
		p.t.Fatal(err)
	}
	return a
}

// answer changes what "METHOD /path" gives; an empty body goes back to normal.
func (p *platform) answer(what string, status int, body string) {
	p.handle(what, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

func (p *platform) handle(what string, h http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.instead[what] = h
}

func (p *platform) normal(what string) { p.handle(what, nil) }

// count says how many requests began with what.
func (p *platform) count(what string) int {
	return p.requested(func(r string) bool { return strings.HasPrefix(r, what) })
}

// channelsMade is how often a channel was asked for.
func (p *platform) channelsMade() int {
	return p.requested(func(r string) bool { return r == postChannel })
}

func (p *platform) requested(ok func(string) bool) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.requests {
		if ok(r) {
			n++
		}
	}
	return n
}

func (p *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	what := r.Method + " " + r.URL.Path
	p.mu.Lock()
	p.requests = append(p.requests, what)
	h := p.instead[what]
	p.mu.Unlock()
	if h == nil {
		h = p.usual(r)
	}
	h(w, r)
}

func (p *platform) usual(r *http.Request) http.HandlerFunc {
	switch path := r.URL.Path; {
	case path == "/oauth/token":
		return p.serveToken
	case strings.HasPrefix(path, "/channels/"):
		return p.serveSocket
	case !strings.HasPrefix(path, "/api/v2/"):
		return http.NotFound
	}
	return p.serveAPI
}

func (p *platform) serveToken(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tokens++
	w.Header().Set("Content-Type", "application/json")
	more := ""
	if p.refresh {
		more = fmt.Sprintf(`,"refresh_token":"refresh-%d"`, p.tokens)
	}
	_, _ = fmt.Fprintf(w, `{"access_token":"token-%d","token_type":"bearer","expires_in":%d%s}`, p.tokens, p.lifetime, more)
}

// current is the token that is good now.
func (p *platform) current() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Sprintf("Bearer token-%d", p.tokens)
}

func (p *platform) serveAPI(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != p.current() {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"message":"bad","code":"bad.credentials","status":401,"contextId":"ctx-1"}`)
		return
	}
	switch what := r.Method + " " + strings.TrimPrefix(r.URL.Path, "/api/v2/"); {
	case what == "GET users/me":
		_, _ = io.WriteString(w, `{"id":"u-ada","name":"Ada Lovelace","version":4}`)
	case what == "GET conversations/"+conversationID:
		_, _ = io.WriteString(w, restConnected)
	case what == "POST notifications/channels":
		p.serveChannel(w)
	case strings.HasSuffix(what, "/subscriptions"):
		_, _ = io.WriteString(w, `{"entities":[{"id":"v2.users.u-ada.conversations.calls","state":"Permitted"}]}`)
	default:
		http.NotFound(w, r)
	}
}

func (p *platform) serveChannel(w io.Writer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.channels++
	_, _ = fmt.Fprintf(w, `{"id":"ch-%d","connectUri":"ws://streaming.test/channels/ch-%d","expires":"2026-09-02T09:00:00.000Z"}`,
		p.channels, p.channels)
}

func (p *platform) serveSocket(w http.ResponseWriter, r *http.Request) {
	conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		p.t.Error(err)
		return
	}
	p.mu.Lock()
	p.open = r.URL.Path
	p.mu.Unlock()
	p.sockets <- conn
}

// peer is the platform's end of a socket.
type peer struct {
	t    *testing.T
	conn *websocket.Conn
	turn chan struct{} // held by who writes; no mutex, on which a bubble's time would stand still
	mute atomic.Bool   // reads on and says nothing, as behind a broken path
}

// socket is the next socket that we opened; it answers pings if pongs says so.
func (p *platform) socket(pongs bool) *peer {
	s := &peer{t: p.t, conn: <-p.sockets, turn: make(chan struct{}, 1)}
	done := make(chan struct{})
	p.t.Cleanup(func() { s.close(); <-done })
	go func() {
		defer close(done)
		for {
			_, text, err := s.conn.ReadMessage()
			if err != nil {
				return
			}
			if pongs && string(text) == `{"message":"ping"}` {
				s.say(`{"topicName":"channel.metadata","eventBody":{"message":"pong"}}`)
			}
		}
	}()
	return s
}

func (s *peer) say(text string) {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	if s.mute.Load() {
		return
	}
	if err := s.conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		s.t.Log("platform:", err)
	}
}

func (s *peer) close() { _ = s.conn.Close() }

// followed is a running Follow and what it told.
type followed struct {
	t     *testing.T
	told  chan Notification
	done  chan error
	stop  context.CancelFunc
	began time.Time
}

func follow(t *testing.T, a *Agent) *followed {
	ctx, stop := context.WithCancel(t.Context())
	f := &followed{t: t, told: make(chan Notification, 1000), done: make(chan error, 1), stop: stop, began: time.Now()}
	go func() { f.done <- a.Follow(ctx, func(n Notification) { f.told <- n }) }()
	return f
}

// end stops following and gives its error.
func (f *followed) end() error {
	f.stop()
	return <-f.done
}

func (f *followed) want(want string) Notification {
	f.t.Helper()
	n := <-f.told
	if got := what(n); got != want {
		f.t.Fatalf("got %s (cause %v), want %s", got, n.Cause, want)
	}
	return n
}

// quiet checks that nothing is told while everybody waits.
func (f *followed) quiet() {
	f.t.Helper()
	synctest.Wait()
	if len(f.told) > 0 {
		f.t.Fatalf("told %s, want nothing", what(<-f.told))
	}
}

func what(n Notification) string {
	var words []string
	if n.Live {
		words = append(words, "live")
	}
	if n.Blind {
		words = append(words, "blind")
	}
	if n.Conversation != nil {
		words = append(words, "event")
	}
	slices.Sort(words)
	return strings.Join(words, "+")
}
