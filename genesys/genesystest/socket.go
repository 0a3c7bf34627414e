package genesystest

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	maxPending  = 1000 // messages waiting for a slow socket; beyond it the socket is closed
	writeWithin = 5 * time.Second
)

// socket is one listening client, from just before its handshake is answered, so that a client that is connected
// misses nothing. Its context ends with the connection, with its channel or with the server.
type socket struct {
	ctx   context.Context
	close context.CancelFunc
	conn  *websocket.Conn // set once connected; used by the reader and the writer only
	out   chan dueMessage
	last  chan time.Duration // how long it may still live
}

type dueMessage struct {
	text []byte
	due  time.Time
}

func newSocket(ctx context.Context) *socket {
	ctx, cancel := context.WithCancel(ctx)
	return &socket{ctx: ctx, close: cancel, out: make(chan dueMessage, maxPending), last: make(chan time.Duration, 1)}
}

// queue never blocks: order is kept, and who reads too slowly is closed.
func (s *socket) queue(text []byte, due time.Time) {
	select {
	case s.out <- dueMessage{text, due}:
	default:
		s.close()
	}
}

// expire closes the socket after the grace; the first call counts.
func (s *socket) expire(grace time.Duration) {
	select {
	case s.last <- grace:
	default:
	}
}

var upgrader = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}

// listen serves the socket of a channel. No authentication: whoever knows the channel's id may listen.
func (s *Server) listen(w http.ResponseWriter, r *http.Request) {
	id, sock := r.PathValue("channel"), newSocket(s.ctx)
	defer sock.close()
	if !websocket.IsWebSocketUpgrade(r) {
		fail(w, refuse(http.StatusBadRequest, "bad.request", "connect with a WebSocket"))
		return
	}
	expires, ok := s.attach(id, sock)
	if !ok {
		fail(w, refuse(http.StatusNotFound, "not.found", "no such channel"))
		return
	}
	defer s.detach(id, sock)
	var err error
	if sock.conn, err = upgrader.Upgrade(w, r, nil); err != nil {
		return
	}
	sock.conn.SetReadLimit(maxBody)
	defer context.AfterFunc(sock.ctx, func() { _ = sock.conn.Close() })()
	var writer sync.WaitGroup
	defer writer.Wait()
	writer.Go(func() {
		defer sock.close()
		sock.write(s.opts.HeartbeatInterval, expires)
	})
	s.read(id, sock)
	sock.close()
	_ = sock.conn.Close()
}

// attach makes the socket the channel's only one and returns when the channel's token ends.
func (s *Server) attach(id string, sock *socket) (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.hub.find(id)
	if c == nil {
		return time.Time{}, false
	}
	c.kick()
	c.socket = sock
	s.wake()
	return c.owner.expires, true
}

func (s *Server) detach(id string, sock *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.hub.find(id); c != nil && c.socket == sock {
		c.socket = nil
	}
	s.wake()
}

// write sends messages as they fall due, and heartbeats, until the socket or the token ends.
func (s *socket) write(heartbeat time.Duration, expires time.Time) {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	end := time.NewTimer(time.Until(expires))
	defer end.Stop()
	for {
		select {
		case m := <-s.out:
			if !s.pause(time.Until(m.due)) || s.send(m.text) != nil {
				return
			}
		case <-beat.C:
			if s.send(notice(metaTopic, "WebSocket Heartbeat")) != nil {
				return
			}
		case grace := <-s.last:
			end.Reset(grace)
		case <-end.C:
			return
		case <-s.ctx.Done():
			return
		}
	}
}

func (s *socket) pause(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.ctx.Done():
		return false
	}
}

func (s *socket) send(text []byte) error {
	_ = s.conn.SetWriteDeadline(time.Now().Add(writeWithin))
	return s.conn.WriteMessage(websocket.TextMessage, text)
}

// read answers pings and subscriptions until the connection ends.
func (s *Server) read(id string, sock *socket) {
	for {
		_, data, err := sock.conn.ReadMessage()
		if err != nil {
			return
		}
		var in struct {
			Message       string   `json:"message"`
			Topics        []string `json:"topics"`
			CorrelationID string   `json:"correlationId"`
		}
		if json.Unmarshal(data, &in) != nil {
			continue
		}
		switch in.Message {
		case "ping":
			sock.queue(notice(metaTopic, "pong"), time.Now())
		case "subscribe":
			sock.queue(encode(s.subscribeBySocket(id, in.Topics, in.CorrelationID)), time.Now())
		}
	}
}

type subscribeAnswer struct {
	Result        string `json:"result"`
	Status        string `json:"status"`
	Message       string `json:"message,omitempty"`
	CorrelationID string `json:"correlationId"`
}

func (s *Server) subscribeBySocket(id string, topics []string, correlation string) subscribeAnswer {
	s.mu.Lock()
	defer s.mu.Unlock()
	answer := subscribeAnswer{Result: "400", Status: "failed", CorrelationID: correlation}
	c := s.hub.find(id)
	if c == nil {
		return answer
	}
	for _, topic := range topics {
		if answer.Message = permit(topic, c.owner); answer.Message != "" {
			return answer
		}
	}
	if err := c.subscribe(topics); err != nil {
		answer.Message = err.Error()
		return answer
	}
	s.wake()
	return subscribeAnswer{Result: "200", Status: "subscribed", CorrelationID: correlation}
}
