package genesystest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/videoleg/videoleg/genesys/genesystest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

const redirect = "https://agent.example/oauth/callback"

var (
	public       = genesystest.OAuthClient{ID: "public", RedirectURIs: []string{redirect}}
	confidential = genesystest.OAuthClient{ID: "confidential", Secret: "s3cret", RedirectURIs: []string{redirect}}
)

// start runs a stand-in that ends with the test.
func start(t *testing.T, opts genesystest.Options) *genesystest.Server {
	t.Helper()
	opts.Clients = append(opts.Clients, public, confidential)
	srv := genesystest.New(opts)
	t.Cleanup(srv.Close)
	return srv
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// rest calls the API with one token.
type rest struct {
	t     *testing.T
	srv   *genesystest.Server
	token string
}

func asUser(t *testing.T, srv *genesystest.Server, user string) rest {
	t.Helper()
	token, err := srv.Token(user, public.ID)
	if err != nil {
		t.Fatal(err)
	}
	return rest{t, srv, token}
}

// do sends a request and decodes the answer into out, if out is not nil.
func (c rest) do(method, path string, body, out any) *http.Response {
	c.t.Helper()
	var in io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		in = bytes.NewBufferString(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			c.t.Fatal(err)
		}
		in = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.srv.URL+path, in)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	return send(c.t, http.DefaultClient, req, out)
}

func send(t *testing.T, client *http.Client, req *http.Request, out any) *http.Response {
	t.Helper()
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if out != nil {
		if err := json.Unmarshal(raw, out); err != nil {
			t.Fatalf("%s %s: %v in %q", req.Method, req.URL.Path, err, raw)
		}
	}
	return resp
}

// want fails unless the status is as expected.
func (c rest) want(status int, method, path string, body, out any) {
	c.t.Helper()
	if got := c.do(method, path, body, out).StatusCode; got != status {
		c.t.Fatalf("%s %s %.200v: got %d, want %d", method, path, body, got, status)
	}
}

// member is what the tests read of an event's participant.
type member struct {
	ID, Purpose, State, DisconnectType, Direction, InitialState string
	Held, Muted, Confined, Recording, WrapupRequired            bool
	RecordingState, ConsultParticipantID, TransferSource        string
	ConnectedTime, EndTime, StartHoldTime                       string
	ANIName                                                     *string
	User                                                        struct{ ID string }
	Queue                                                       struct{ ID string }
	Attributes                                                  map[string]string
}

type event struct {
	TopicName string
	Version   string
	Metadata  map[string]string
	EventBody struct {
		ID, RecordingState, Message string
		SecurePause                 bool
		Participants                []member
	}
}

// last returns the latest entry of a user, or of a purpose.
func (e event) last(key string) member {
	for i := len(e.EventBody.Participants) - 1; i >= 0; i-- {
		if p := e.EventBody.Participants[i]; p.User.ID == key || p.Purpose == key {
			return p
		}
	}
	return member{}
}

// listener is a client's notification socket.
type listener struct {
	t    *testing.T
	conn *websocket.Conn
	id   string
}

// listen makes a channel with the user's call topic and connects to it.
func listen(t *testing.T, c rest, topics ...string) *listener {
	t.Helper()
	var ch struct{ ID, ConnectURI string }
	c.want(200, "POST", "/api/v2/notifications/channels", nil, &ch)
	if len(topics) == 0 {
		var me struct{ ID string }
		c.want(200, "GET", "/api/v2/users/me", nil, &me)
		topics = []string{"v2.users." + me.ID + ".conversations.calls"}
	}
	var body []map[string]string
	for _, topic := range topics {
		body = append(body, map[string]string{"id": topic})
	}
	c.want(200, "POST", "/api/v2/notifications/channels/"+ch.ID+"/subscriptions", body, nil)
	return connect(t, ch.ConnectURI, ch.ID)
}

func connect(t *testing.T, uri, id string) *listener {
	t.Helper()
	conn, resp, err := websocket.DefaultDialer.DialContext(within(t), uri, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	t.Cleanup(func() { conn.Close() })
	return &listener{t, conn, id}
}

// next returns the next message.
func (l *listener) next() event {
	l.t.Helper()
	e, err := l.read()
	if err != nil {
		l.t.Fatal(err)
	}
	return e
}

func (l *listener) read() (event, error) {
	if err := l.conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return event{}, err
	}
	var e event
	err := l.conn.ReadJSON(&e)
	return e, err
}

// closed fails unless the server ends the socket, whatever it says before.
func (l *listener) closed() {
	l.t.Helper()
	for {
		if _, err := l.read(); err != nil {
			if timeout, ok := err.(interface{ Timeout() bool }); ok && timeout.Timeout() {
				l.t.Fatal("the socket is still open")
			}
			return
		}
	}
}

// ring brings a call that alerts Ada.
func ring(t *testing.T, srv *genesystest.Server, queue string) *genesystest.Conversation {
	t.Helper()
	v, err := srv.Call(within(t), genesystest.InboundCall{ANIName: "4711abcd", Queue: queue})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}
