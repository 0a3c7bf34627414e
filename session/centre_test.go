package session

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/videoleg/videoleg/genesys"
	"github.com/videoleg/videoleg/genesys/genesystest"
	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
	"github.com/videoleg/videoleg/session/membership"
	"github.com/videoleg/videoleg/session/membership/membershiptest"
	"github.com/videoleg/videoleg/session/page"
	"github.com/videoleg/videoleg/session/rules"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	hostPIN = "731904"
	roomID  = "4711abcd4711abcd"
)

// centre is both far ends and the sessions between them, in memory, inside a bubble in which time
// passes at once. Media is bypassed, so that no socket stops the clock.
type centre struct {
	t      *testing.T
	node   *pexrtctest.Server
	cloud  *genesystest.Server
	region *genesys.Cloud
	calls  *Calls
	visits *Visits
	dial   func(pexrtctest.DialRequest) (pexrtctest.FarEnd, error) // what the node calls; nil: nobody

	members *membership.Registry
	records *membershiptest.Records
	toCloud *http.Transport
}

// bubble runs a test in a centre of its own.
func bubble(t *testing.T, test func(*testing.T, *centre)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		test(t, newCentre(t))
	})
}

func newCentre(t *testing.T) *centre {
	c := &centre{t: t, records: new(membershiptest.Records)}
	nodePipe, cloudPipe := pexrtctest.NewPipeListener(), pexrtctest.NewPipeListener()
	c.cloud = genesystest.New(genesystest.Options{
		Listener: cloudPipe, URL: "http://cloud.test",
		Clients: []genesystest.OAuthClient{{ID: "test", Secret: "secret", RedirectURIs: []string{"http://agent.test/oauth/callback"}}},
	})
	c.node = pexrtctest.New(pexrtctest.Options{Listener: nodePipe, HostPIN: hostPIN, Dial: c.called})
	t.Cleanup(c.cloud.Close)
	t.Cleanup(c.node.Close)

	c.toCloud = &http.Transport{DialContext: cloudPipe.DialContext}
	t.Cleanup(c.toCloud.CloseIdleConnections)
	var err error
	c.region, err = genesys.New(genesys.Config{
		APIURL: "http://cloud.test", LoginURL: "http://cloud.test", AppsURL: "http://cloud.test",
		ClientID: "test", ClientSecret: "secret", RedirectURL: "http://agent.test/oauth/callback", HTTP: &http.Client{Transport: c.toCloud},
	})
	if err != nil {
		t.Fatal(err)
	}
	nodeClient := c.node.Client()
	t.Cleanup(nodeClient.CloseIdleConnections)
	pexip, err := pexrtc.New(pexrtc.Config{Nodes: []string{c.node.URL}, HTTP: nodeClient})
	if err != nil {
		t.Fatal(err)
	}
	alias, err := genesys.ParseAliasSource("ani-name")
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	c.members, err = membership.New(t.Context(), membership.Config{
		Pexip: pexip, Records: c.records, Secret: make([]byte, 32), Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	c.calls = NewCalls(CallConfig{
		Pexip: pexip, Mode: Bypass, Kbps: 1264, AgentPrefix: "agt", HostPIN: hostPIN, Alias: alias,
		Rules: rules.Options{}, Members: c.members, Log: log, Metrics: NewMetrics(prometheus.NewRegistry()),
	})
	c.visits = NewVisits(VisitConfig{
		Pexip: pexip, CustomerPrefix: "cus", Kbps: 1264, Members: c.members, Log: log,
		Metrics: NewMetrics(prometheus.NewRegistry()), Left: c.calls.CustomerLeft,
	})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := c.visits.Close(ctx); err != nil {
			t.Error(err)
		}
		if err := c.calls.Close(ctx); err != nil {
			t.Error(err)
		}
		if err := c.members.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return c
}

// agent signs somebody in as a browser does, without a browser.
func (c *centre) agent(user string) *genesys.Agent {
	c.t.Helper()
	verifier := genesys.NewVerifier()
	browser := &http.Client{
		Transport:     c.toCloud,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if err := c.cloud.SignIn(browser, user); err != nil {
		c.t.Fatal(err)
	}
	answer, err := browser.Get(c.region.AuthorizeURL("state", verifier))
	if err != nil {
		c.t.Fatal(err)
	}
	answer.Body.Close()
	back, err := url.Parse(answer.Header.Get("Location"))
	if err != nil {
		c.t.Fatal(err)
	}
	agent, err := c.region.SignIn(c.t.Context(), back.Query().Get("code"), verifier, "")
	if err != nil {
		c.t.Fatal(err)
	}
	return agent
}

// ring lets a call of the room come in and Ada answer it.
func (c *centre) ring() *genesystest.Conversation {
	c.t.Helper()
	call, err := c.cloud.Call(c.t.Context(), genesystest.InboundCall{ANIName: roomID})
	if err != nil {
		c.t.Fatal(err)
	}
	if err := call.Answer(genesystest.AdaID); err != nil {
		c.t.Fatal(err)
	}
	return call
}

// open is Ada's call in a conversation, and a page that shows it.
func (c *centre) open(agent *genesys.Agent, conversation string) *tab {
	c.t.Helper()
	call, err := c.calls.Open(c.t.Context(), agent, conversation)
	if err != nil {
		c.t.Fatal(err)
	}
	return newTab(c.t, func(conn *page.Conn) bool { return call.Attach(conn, false) }, call.Handle, call.Detach)
}

// grace is a customer of that name in the room, and her page.
func (c *centre) grace() (*Visit, *tab) {
	c.t.Helper()
	v, err := c.visits.Join(roomID, "Grace")
	if err != nil {
		c.t.Fatal(err)
	}
	return v, c.visit(v)
}

// visit is a page of the customer's.
func (c *centre) visit(v *Visit) *tab {
	return newTab(c.t, func(conn *page.Conn) bool { return v.Attach(conn, false) }, v.Handle, v.Detach)
}

// tagged are the participants that we made of one kind.
func (c *centre) tagged(tag string) (all []pexrtctest.Participant) {
	synctest.Wait()
	for _, p := range c.node.Participants("") {
		if strings.HasPrefix(p.CallTag, tag) {
			all = append(all, p)
		}
	}
	return all
}

// tab is a browser's page, seen from the socket.
type tab struct {
	t        *testing.T
	ws       *websocket.Conn
	messages chan message
}

// message is what a page reads; it is written down here anew, not taken from package page.
type message struct {
	Type, Status, Pane, Notice string
	SignIn                     string
	Sending, Confirmed         bool
	Error                      *struct{ Code string }
	MayPresent                 bool
	Presentation               struct {
		Own, By, Line string
		Other         bool
	}
	What string
	ID   int
}

func newTab(t *testing.T, attach func(*page.Conn) bool, handle func(*page.Conn, page.In), detach func(*page.Conn, error)) *tab {
	t.Helper()
	pipe := pexrtctest.NewPipeListener()
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := page.Accept(w, r, "http://agent.test")
		if err != nil {
			t.Error(err)
			return
		}
		if !attach(conn) {
			t.Error("the call has ended")
		}
		detach(conn, conn.Serve(r.Context(), func(in page.In) { handle(conn, in) }))
	})}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(pipe)
	}()
	dialer := websocket.Dialer{NetDialContext: pipe.DialContext}
	ws, _, err := dialer.DialContext(t.Context(), "ws://agent.test/session", http.Header{"Origin": {"http://agent.test"}})
	if err != nil {
		t.Fatal(err)
	}
	tab := &tab{t: t, ws: ws, messages: make(chan message, 100)}
	tab.say(map[string]any{"type": "hello"})
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(tab.messages)
		for {
			var m message
			if err := ws.ReadJSON(&m); err != nil {
				return
			}
			if m.Type != "beat" {
				tab.messages <- m
			}
		}
	}()
	t.Cleanup(func() {
		ws.Close()
		<-read
		server.Close()
		<-served
	})
	return tab
}

// awaitConnect reads on until the page is asked for an offer.
func (tab *tab) awaitConnect() {
	tab.t.Helper()
	tab.await("asks for an offer", func(m message) bool { return m.Type == "connect" })
}

// await reads on until a message satisfies ok.
func (tab *tab) await(what string, ok func(message) bool) message {
	tab.t.Helper()
	late := time.After(time.Minute)
	for {
		select {
		case m, open := <-tab.messages:
			if !open {
				tab.t.Fatalf("the socket closed before %s", what)
			}
			if ok(m) {
				return m
			}
		case <-late:
			tab.t.Fatalf("no message that %s", what)
		}
	}
}

// quiet reads on until nothing more comes by itself.
func (tab *tab) quiet() {
	for {
		synctest.Wait()
		select {
		case <-tab.messages:
		default:
			return
		}
	}
}

func (tab *tab) awaitStatus(status string) message {
	tab.t.Helper()
	return tab.await("says "+status, func(m message) bool { return m.Type == "state" && m.Status == status })
}

func (tab *tab) say(in map[string]any) {
	tab.t.Helper()
	if err := tab.ws.WriteJSON(in); err != nil {
		tab.t.Fatal(err)
	}
}

// unload closes the tab as a browser does when its page goes.
func (tab *tab) unload() {
	_ = tab.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseGoingAway, ""), time.Now().Add(time.Second))
	tab.ws.Close()
}

// cut breaks the connection without a word.
func (tab *tab) cut() { tab.ws.UnderlyingConn().Close() }
