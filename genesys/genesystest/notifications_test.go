package genesystest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/videoleg/videoleg/genesys/genesystest"
)

const channels = "/api/v2/notifications/channels"

func TestSocketTalk(t *testing.T) {
	t.Parallel()
	srv := start(t, genesystest.Options{HeartbeatInterval: 20 * time.Millisecond})
	l := listen(t, asUser(t, srv, ada))
	if e := l.next(); e.TopicName != "channel.metadata" || e.EventBody.Message != "WebSocket Heartbeat" {
		t.Errorf("heartbeat: got %+v", e)
	}
	must(t, l.conn.WriteJSON(map[string]string{"message": "ping"}))
	for e := l.next(); e.EventBody.Message != "pong"; e = l.next() {
		if e.TopicName != "channel.metadata" {
			t.Fatalf("waiting for the pong: got %+v", e)
		}
	}
	for _, hostile := range []string{"", "null", "[]", `{"message":7}`, strings.Repeat("{", 1000)} {
		must(t, l.conn.WriteMessage(1, []byte(hostile)))
	}
	must(t, l.conn.WriteJSON(map[string]string{"message": "ping"}))
	for l.next().EventBody.Message != "pong" {
	}
	_ = l.conn.WriteMessage(1, make([]byte, 300<<10)) // the server may hang up before it has all of it
	l.closed()
}

func TestSubscribeBySocket(t *testing.T) {
	t.Parallel()
	srv := start(t, genesystest.Options{})
	l := listen(t, asUser(t, srv, ada), "v2.users."+ada+".presence")
	for _, tt := range []struct{ topic, want string }{
		{"v2.users." + bob + ".conversations.calls", "400"},
		{"v2.nonsense", "400"},
		{"v2.users." + ada + ".conversations.calls", "200"},
	} {
		must(t, l.conn.WriteJSON(map[string]any{"message": "subscribe", "topics": []string{tt.topic}, "correlationId": "x"}))
		var got struct{ Result, Status, CorrelationID string }
		must(t, l.conn.ReadJSON(&got))
		if got.Result != tt.want || got.CorrelationID != "x" {
			t.Errorf("%s: got %+v, want %s", tt.topic, got, tt.want)
		}
	}
	must(t, srv.AwaitSubscribed(within(t), ada))
	v := ring(t, srv, queue)
	if e := l.next(); e.EventBody.ID != v.ID() {
		t.Errorf("got an event of %q", e.EventBody.ID)
	}
}

func TestSubscriptions(t *testing.T) {
	t.Parallel()
	srv := start(t, genesystest.Options{})
	c := asUser(t, srv, ada)
	var ch struct{ ID, ConnectURI, Expires string }
	c.want(200, "POST", channels, nil, &ch)
	if !strings.HasPrefix(ch.ConnectURI, "ws"+strings.TrimPrefix(srv.URL, "http")) || ch.Expires == "" {
		t.Errorf("channel: got %+v", ch)
	}
	type topics []map[string]string
	mine, others := "v2.users."+ada+".conversations.calls", "v2.users."+bob+".conversations.calls"
	subs := channels + "/" + ch.ID + "/subscriptions"
	var list struct {
		Entities []struct{ ID, State, RejectionReason string }
	}
	c.want(400, "POST", subs, topics{{"id": mine}, {"id": others}}, nil)
	c.want(400, "POST", subs, `{"id":"x"}`, nil)
	c.want(200, "POST", subs+"?ignoreErrors=true", topics{{"id": mine}, {"id": others}}, &list)
	if e := list.Entities; len(e) != 2 || e[0].State != "Permitted" || e[1].State != "Rejected" || e[1].RejectionReason == "" {
		t.Errorf("lenient: got %+v", e)
	}
	c.want(200, "PUT", subs, topics{{"id": "v2.users." + ada + ".conversations"}}, nil)
	c.want(200, "GET", subs, nil, &list)
	if e := list.Entities; len(e) != 1 || e[0].ID != "v2.users."+ada+".conversations" {
		t.Errorf("after PUT: got %+v", e)
	}
	c.want(204, "DELETE", subs, nil, nil)
	c.want(200, "GET", subs, nil, &list)
	if len(list.Entities) != 0 {
		t.Errorf("after DELETE: got %+v", list.Entities)
	}
	many := make(topics, 1001)
	for i := range many {
		many[i] = map[string]string{"id": fmt.Sprintf("v2.users.%s.t%d", ada, i)}
	}
	c.want(400, "POST", subs, many, nil)
	c.want(200, "PUT", subs, many[:600], nil)
	c.want(400, "POST", subs, many[500:], nil)
	c.want(200, "HEAD", channels+"/"+ch.ID, nil, nil)
	c.want(404, "HEAD", channels+"/nope", nil, nil)
	asUser(t, srv, bob).want(404, "GET", subs, nil, nil)
}

// TestChannelLimit makes more channels than one may have: unconnected ones go first, then the oldest.
func TestChannelLimit(t *testing.T) {
	t.Parallel()
	srv := start(t, genesystest.Options{})
	c := asUser(t, srv, ada)
	oldest := listen(t, c)
	var ids []string
	for range 20 {
		var ch struct{ ID string }
		c.want(200, "POST", channels, nil, &ch)
		ids = append(ids, ch.ID)
	}
	c.want(404, "HEAD", channels+"/"+ids[0], nil, nil)
	c.want(200, "HEAD", channels+"/"+ids[1], nil, nil)
	c.want(200, "HEAD", channels+"/"+oldest.id, nil, nil)
	var list struct{ Entities []struct{ ID string } }
	other := asUser(t, srv, ada)
	other.want(200, "GET", channels, nil, &list)
	if len(list.Entities) != 0 {
		t.Errorf("another token's own: got %d", len(list.Entities))
	}
	other.want(200, "GET", channels+"?includechannels=oauthclient", nil, &list)
	if len(list.Entities) != 20 || list.Entities[0].ID != "" {
		t.Errorf("of the client: got %d, first %+v", len(list.Entities), list.Entities[0])
	}
	asUser(t, srv, bob).want(200, "POST", channels, nil, nil)
	c.want(200, "HEAD", channels+"/"+ids[1], nil, nil)
}

func TestOneSocketPerChannel(t *testing.T) {
	t.Parallel()
	srv := start(t, genesystest.Options{})
	first := listen(t, asUser(t, srv, ada))
	second := connect(t, "ws"+strings.TrimPrefix(srv.URL, "http")+"/channels/"+first.id, first.id)
	first.closed()
	v := ring(t, srv, queue)
	if e := second.next(); e.EventBody.ID != v.ID() {
		t.Errorf("the second socket: got %+v", e)
	}
	rest{t, srv, ""}.want(400, "GET", "/channels/"+first.id, nil, nil)
	if _, resp, err := websocket.DefaultDialer.DialContext(within(t), "ws"+strings.TrimPrefix(srv.URL, "http")+"/channels/nope", nil); err == nil || resp.StatusCode != 404 {
		t.Errorf("an unknown channel: got %v, want 404", err)
	}
}

func TestBrokenSockets(t *testing.T) {
	t.Parallel()
	srv := start(t, genesystest.Options{HeartbeatInterval: 10 * time.Millisecond})
	c := asUser(t, srv, ada)
	dropped := listen(t, c)
	must(t, srv.AwaitSubscribed(within(t), "ada"), srv.DropSockets("ada"), srv.AwaitUnsubscribed(within(t), "ada"))
	dropped.closed()

	deaf := listen(t, c)
	must(t, srv.Deaf("ada", true))
	v := ring(t, srv, queue)
	for range 3 {
		if e := deaf.next(); e.TopicName != "channel.metadata" {
			t.Errorf("a deaf channel delivers %+v", e)
		}
	}
	must(t, srv.Deaf("ada", false), v.Answer(ada))
	e := deaf.next()
	for e.TopicName == "channel.metadata" {
		e = deaf.next()
	}
	if e.last(ada).State != "connected" {
		t.Errorf("after deafness: got %+v", e)
	}

	must(t, srv.CloseSoon("ada", 30*time.Millisecond))
	e = deaf.next()
	for e.TopicName == "channel.metadata" {
		e = deaf.next()
	}
	if e.TopicName != "v2.system.socket_closing" {
		t.Errorf("closing: got %+v", e)
	}
	deaf.closed()
}
