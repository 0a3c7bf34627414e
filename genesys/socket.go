package genesys

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	pingEvery = 10 * time.Second
	// silence is how long a socket may say nothing: the server's own heartbeat comes every 30 s.
	silence = 35 * time.Second
	// pingSilence takes its place on a socket that has answered steadyPongs pings.
	pingSilence = pingEvery + 5*time.Second
	steadyPongs = 2
	writeTime   = 5 * time.Second
)

// socket is one connection of a channel. One goroutine reads; another, its keeper, pings.
type socket struct {
	channel *channel
	conn    *websocket.Conn
	began   time.Time
	limit   time.Duration // of silence
	heard   bool          // it has said something
	pongs   int

	stop   context.CancelFunc // ends the keeper, who closes conn
	keeper sync.WaitGroup
}

// dial opens the socket of a channel. It lives until close or the end of ctx.
func (c *Cloud) dial(ctx context.Context, ch *channel) (*socket, error) {
	failed := &Error{Step: "notification socket"}
	if u, err := url.Parse(ch.uri); err == nil {
		failed.Host = u.Host
	}
	dialing, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	conn, res, err := c.dialer().DialContext(dialing, ch.uri, nil)
	if err != nil {
		failed.Err = err
		if res != nil && res.StatusCode != http.StatusSwitchingProtocols {
			failed.Err = refused(res.StatusCode)
			failed.RetryAfter = retryAfter(res.Header.Get("Retry-After"), time.Now())
		}
		return nil, failed
	}
	conn.SetReadLimit(maxMessage)
	s := &socket{channel: ch, conn: conn, began: time.Now(), limit: silence}
	keeping, stop := context.WithCancel(ctx)
	s.stop = stop
	s.keeper.Go(func() { s.keep(keeping) })
	return s, nil
}

// dialer connects as the transport of the REST calls does.
func (c *Cloud) dialer() *websocket.Dialer {
	d := &websocket.Dialer{HandshakeTimeout: attemptTime, Proxy: http.ProxyFromEnvironment}
	if t, ok := c.transport.(*http.Transport); ok {
		d.Proxy, d.NetDialContext, d.NetDialTLSContext = t.Proxy, t.DialContext, t.DialTLSContext
		if t.TLSClientConfig != nil {
			d.TLSClientConfig = t.TLSClientConfig.Clone()
			d.TLSClientConfig.NextProtos = []string{"http/1.1"}
		}
	}
	if d.TLSClientConfig == nil {
		d.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return d
}

// keep pings, at once and then regularly, until the context ends. It closes the connection in the end,
// which also ends a waiting read.
func (s *socket) keep(ctx context.Context) {
	defer s.conn.Close()
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		_ = s.conn.SetWriteDeadline(time.Now().Add(writeTime))
		if s.conn.WriteMessage(websocket.TextMessage, []byte(`{"message":"ping"}`)) != nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
			_ = s.conn.WriteControl(websocket.CloseMessage, bye, time.Now().Add(time.Second))
			return
		}
	}
}

// next waits for the next message. Silence beyond the limit is an error.
func (s *socket) next(topic string) (message, error) {
	if err := s.conn.SetReadDeadline(time.Now().Add(s.limit)); err != nil {
		return message{}, lost{err}
	}
	_, text, err := s.conn.ReadMessage()
	if err != nil {
		return message{}, lost{err}
	}
	s.heard = true
	s.channel.doubts = 0
	m, err := decode(text, topic)
	if m.kind == pong {
		s.pongs++
	}
	if s.pongs >= steadyPongs {
		s.limit = pingSilence
	}
	return m, err
}

// close ends the socket and waits for its keeper.
func (s *socket) close() {
	s.stop()
	s.keeper.Wait()
}

// refused is the HTTP status of an answer other than a socket. It is about the channel, whatever it says:
// the token was good for the subscription just before.
type refused int

func (r refused) Error() string { return fmt.Sprintf("refused with %d", int(r)) }

// lost marks the end of a socket, as against a message that cannot be read.
type lost struct{ error }

func (l lost) Unwrap() error { return l.error }

func isLost(err error) bool {
	_, ok := errors.AsType[lost](err)
	return ok
}
