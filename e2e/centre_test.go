package e2e

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/videoleg/videoleg/e2e/browser"
	"github.com/videoleg/videoleg/genesys/genesystest"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

// program is the built videoleg, one for all tests.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "videoleg-e2e-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "videoleg")
	args := []string{"build", "-o", path, "../cmd/videoleg"}
	if raced {
		args = append(args[:1:1], append([]string{"-race"}, args[1:]...)...)
	}
	out, err := exec.Command("go", args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	if room := os.Getenv(nodeRoom); room != "" {
		serveNode(room)
		return
	}
	code := m.Run()
	if path, err := program(); err == nil && path != "" {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

const (
	hostPIN      = "731904"
	clientSecret = "e2e-client-secret-57"
)

// centre is the contact centre of one test: the server as a process of its own, between stand-ins.
// The desktop and the agent app are of different sites, as in the field: 127.0.0.1 and localhost.
type centre struct {
	t       testing.TB
	node    *pexrtctest.Server
	cloud   *genesystest.Server
	process *process
	again   func() // starts the server once more, as it was

	agent, customer, admin string // base URLs

	mu      sync.Mutex
	secrets map[string]bool // tokens that the server used at the far ends
}

// options change a centre before it starts.
type options struct {
	env   map[string]string
	node  func(*pexrtctest.Options)
	cloud func(*genesystest.Options)
}

func start(t testing.TB, o options) *centre {
	t.Helper()
	c := &centre{t: t, secrets: map[string]bool{}}
	ports := freePorts(t, 3)
	c.agent, c.customer, c.admin = local(ports[0]), local(ports[1]), local(ports[2])
	c.startCloud(o)
	c.startNode(o)
	env := map[string]string{
		"AGENT_ADDR": "127.0.0.1:" + ports[0], "CUSTOMER_ADDR": "127.0.0.1:" + ports[1], "ADMIN_ADDR": "127.0.0.1:" + ports[2],
		"AGENT_URL": c.agent, "CUSTOMER_URL": c.customer,
		"SESSION_SECRET":  base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef")),
		"GENESYS_API_URL": c.cloud.URL, "GENESYS_LOGIN_URL": c.cloud.URL, "GENESYS_APPS_URL": c.cloud.URL,
		"GENESYS_CLIENT_ID": "e2e", "GENESYS_CLIENT_SECRET": clientSecret,
		"PEXIP_NODES": c.node.URL, "PEXIP_HOST_PIN": hostPIN,
		"ADHOC_SESSIONS": "true", "LOG_LEVEL": "debug",
	}
	for name, value := range o.env {
		env[name] = strings.ReplaceAll(value, "NODE", c.node.URL)
	}
	c.serve(env)
	c.again = func() { c.serve(env) }
	return c
}

// serve starts the server.
func (c *centre) serve(env map[string]string) {
	c.t.Helper()
	c.process = run(c.t, []string{"serve"}, env)
	c.process.await("msg=ready")
}

func (c *centre) startCloud(o options) {
	opts := genesystest.Options{
		Clients:   []genesystest.OAuthClient{{ID: "e2e", Secret: clientSecret, RedirectURIs: []string{c.agent + "/oauth/callback"}}},
		WidgetURL: c.agent + "/?conversationid={{pcConversationId}}",
		OnRequest: func(r *http.Request) *genesystest.Fault {
			c.keep(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
			return nil
		},
	}
	if o.cloud != nil {
		o.cloud(&opts)
	}
	c.cloud = genesystest.New(opts)
	c.t.Cleanup(c.cloud.Close)
}

func (c *centre) startNode(o options) {
	opts := pexrtctest.Options{HostPIN: hostPIN, Dial: c.dial}
	opts.Faults.OnRequest = func(r *http.Request) *pexrtctest.Fault {
		c.keep(r.Header.Get("token"))
		return nil
	}
	plain := pexrtctest.Options{HostPIN: hostPIN}
	opts.Resolve = func(alias string) (pexrtctest.Service, error) {
		s, err := plain.ResolveID(alias)
		if err == nil && strings.HasPrefix(alias, "cus") {
			s.AutomaticParticipants = []pexrtctest.AutomaticParticipant{{
				RemoteAlias: "sip:centre@trunk.example", LocalAlias: s.Name + "@video.example", LocalDisplayName: s.Name,
				RemoteDisplayName: "Contact centre", Protocol: "sip", CallType: "audio", Role: "chair",
				KeepConferenceAlive: "keep_conference_alive_never",
			}}
		}
		return s, err
	}
	if o.node != nil {
		o.node(&opts)
	}
	opts.PolicyURL = strings.ReplaceAll(opts.PolicyURL, "CUSTOMER", strings.TrimPrefix(c.customer, "http://"))
	c.node = pexrtctest.New(opts)
	c.t.Cleanup(c.node.Close)
}

// dial is the trunk from the node to the contact centre.
func (c *centre) dial(ctx context.Context, r pexrtctest.DialRequest) (pexrtctest.FarEnd, error) {
	call, err := c.cloud.Call(ctx, genesystest.InboundCall{ANIName: r.LocalDisplayName, ANI: "sip:" + r.LocalAlias})
	if err != nil {
		return nil, err
	}
	return sipLeg{call}, nil
}

type sipLeg struct{ *genesystest.Conversation }

func (l sipLeg) Hangup(string) { _ = l.CustomerHangup() }

func (c *centre) keep(secret string) {
	if len(secret) >= 8 {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.secrets[secret] = true
	}
}

// allSecrets is what no browser may ever see: PINs, the client's secret, and every token that the
// server has used at the far ends.
func (c *centre) allSecrets() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := []string{hostPIN, clientSecret}
	for s := range c.secrets {
		all = append(all, s)
	}
	if len(all) < 5 {
		c.t.Errorf("%d secrets seen, want tokens of both far ends among them", len(all))
	}
	return all
}

// participants of every room, by what we joined them as.
func (c *centre) agents() []pexrtctest.Participant    { return c.tagged("videoleg:agent:") }
func (c *centre) customers() []pexrtctest.Participant { return c.tagged("videoleg:customer:") }

func (c *centre) tagged(prefix string) (all []pexrtctest.Participant) {
	for _, p := range c.node.Participants("") {
		if strings.HasPrefix(p.CallTag, prefix) {
			all = append(all, p)
		}
	}
	return all
}

// awaitAgent waits until the agent's participant satisfies ok.
func (c *centre) awaitAgent(what string, ok func(pexrtctest.Participant) bool) pexrtctest.Participant {
	c.t.Helper()
	return c.awaitTagged("videoleg:agent:", what, ok)
}

// awaitCustomer does the same for the customer's.
func (c *centre) awaitCustomer(what string, ok func(pexrtctest.Participant) bool) pexrtctest.Participant {
	c.t.Helper()
	return c.awaitTagged("videoleg:customer:", what, ok)
}

func (c *centre) awaitTagged(prefix, what string, ok func(pexrtctest.Participant) bool) pexrtctest.Participant {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 15*time.Second)
	defer cancel()
	p, err := c.node.AwaitParticipant(ctx, func(p pexrtctest.Participant) bool {
		return strings.HasPrefix(p.CallTag, prefix) && ok(p)
	})
	if err != nil {
		c.t.Fatalf("no participant %s… that %s: %v; there are %+v", prefix, what, err, c.node.Participants(""))
	}
	return p
}

// awaitEmpty waits until the node has nobody of ours.
func (c *centre) awaitEmpty(within time.Duration) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), within)
	defer cancel()
	if err := c.node.AwaitNoParticipants(ctx, ""); err != nil {
		c.t.Errorf("left on the node: %v: %+v", err, c.node.Participants(""))
	}
}

// conversation is the one call of the test.
func (c *centre) conversation() *genesystest.Conversation {
	c.t.Helper()
	all := c.cloud.Conversations()
	if len(all) == 0 {
		c.t.Fatal("no call has reached the contact centre")
	}
	return all[len(all)-1]
}

// call brings a customer and Ada together: both see each other when it returns.
func (c *centre) call(b *browser.Browser) (desktop, customer *browser.Page, widget *browser.Document) {
	c.t.Helper()
	return c.meet(b, b)
}

// meet does it with a browser for each of them.
func (c *centre) meet(agent, b *browser.Browser) (desktop, customer *browser.Page, widget *browser.Document) {
	c.t.Helper()
	desktop = agent.Open(c.cloud.URL + "/?agent=ada")
	customer = c.enter(b)
	desktop.Button("Answer").Click()
	widget = desktop.Frame("Video")
	widget.AwaitStatus("In call")
	widget.Video("Customer video").AwaitMoving()
	customer.Video("Agent video").AwaitMoving()
	return desktop, customer, widget
}

// enter is a customer who agrees and starts.
func (c *centre) enter(b *browser.Browser, opts ...browser.PersonOption) *browser.Page {
	c.t.Helper()
	p := b.Open(c.customer, append([]browser.PersonOption{browser.Size(390, 800)}, opts...)...)
	p.Field("Your name").Type("Grace")
	p.Find("checkbox", agreement).Press(" ")
	p.Button("Start video call").Click()
	p.Button("Leave").Await()
	return p
}

const agreement = "I agree to this video call. The contact centre may record the conversation, and it sees and hears me until I leave."

// process is a running videoleg.
type process struct {
	t   testing.TB
	cmd *exec.Cmd

	mu     sync.Mutex
	log    strings.Builder
	more   chan struct{} // replaced and closed at each new line
	ended  chan struct{}
	status error
}

// run starts the program with an environment of its own; it is stopped with the test.
func run(t testing.TB, args []string, env map[string]string) *process {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: exec.Command(path, args...), more: make(chan struct{}), ended: make(chan struct{})}
	p.cmd.Dir = t.TempDir()
	p.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.cmd.Dir, "GORACE=halt_on_error=1"}
	for name, value := range env {
		p.cmd.Env = append(p.cmd.Env, "VIDEOLEG_"+name+"="+value)
	}
	r, w := io.Pipe()
	p.cmd.Stdout, p.cmd.Stderr = w, w
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go p.read(r)
	go func() {
		p.status = p.cmd.Wait()
		w.Close()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			t.Logf("log of videoleg %s:\n%s", args[0], tail(p.text(), 12000))
		}
	})
	return p
}

func (p *process) read(r io.Reader) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.mu.Lock()
		p.log.WriteString(lines.Text() + "\n")
		close(p.more)
		p.more = make(chan struct{})
		p.mu.Unlock()
	}
}

func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// await waits until the program has said text.
func (p *process) await(text string) {
	p.t.Helper()
	late := time.After(30 * time.Second)
	for {
		p.mu.Lock()
		said, more := strings.Contains(p.log.String(), text), p.more
		p.mu.Unlock()
		if said {
			return
		}
		select {
		case <-more:
		case <-p.ended:
			p.t.Fatalf("videoleg ended before it said %q: %v\n%s", text, p.status, p.text())
		case <-late:
			p.t.Fatalf("videoleg did not say %q:\n%s", text, p.text())
		}
	}
}

// kill ends the program without a word.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.ended
}

// stop asks the program to end, and returns how it did.
func (p *process) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-p.ended:
	case <-time.After(15 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
		p.t.Error("videoleg did not end within 15 s of SIGTERM")
	}
	return p.status
}

func tail(s string, n int) string {
	if len(s) > n {
		return "…" + s[len(s)-n:]
	}
	return s
}

func local(port string) string { return "http://localhost:" + port }

// freePorts are n ports in a row that were free a moment ago: the server's own address must be known
// before it starts, for the redirect that its OAuth client lists. They lie below those that the
// system gives to outgoing connections, so that none is taken meanwhile.
func freePorts(t testing.TB, n int) (ports []string) {
	t.Helper()
	for range 1000 {
		base := 20000 + rand.IntN(12000)
		ports = ports[:0]
		for i := range n {
			port := strconv.Itoa(base + i)
			l, err := net.Listen("tcp", "127.0.0.1:"+port)
			if err != nil {
				break
			}
			l.Close()
			ports = append(ports, port)
		}
		if len(ports) == n {
			return ports
		}
	}
	t.Fatal("no free ports")
	return nil
}

// get asks the server directly.
func get(t testing.TB, url string) (*http.Response, string) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r, string(body)
}
