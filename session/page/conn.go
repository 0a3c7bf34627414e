package page

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"
)

// Times of a connection. A page that is silent for longer than idleTime is gone: its browser answers our
// pings. The page hears none of them, so that each goes with a beat: without any, it takes us for gone. One
// that has not said hello in its first idleTime is none of ours, whatever else it says.
const (
	pingInterval = 2500 * time.Millisecond
	idleTime     = 15 * time.Second
	writeTime    = 5 * time.Second
	queueLength  = 64

	// A page sends some hundred candidates at once, at most, and little after that.
	messageRate  = 20 // a second
	messageBurst = 300
)

// Conn is the connection of one open page. Send may be called from any goroutine; Read from one.
type Conn struct {
	ws    *websocket.Conn
	queue chan Out
	pace  *rate.Limiter // of what the page sends
	known bool          // it has said hello; only the reader uses it

	once sync.Once
	done chan struct{} // closed by Close
	wg   sync.WaitGroup
}

// Accept upgrades a request of a page of ours. A page of another origin is refused with 403,
// because the browser sends our cookies along with anybody's request; origin is the app's public
// base URL, and the host that the request itself names is as good.
func Accept(w http.ResponseWriter, r *http.Request, origin string) (*Conn, error) {
	upgrader := websocket.Upgrader{
		HandshakeTimeout: writeTime,
		ReadBufferSize:   4 << 10,
		WriteBufferSize:  4 << 10,
		CheckOrigin:      func(r *http.Request) bool { return sameOrigin(r, origin) },
	}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return nil, fmt.Errorf("page: upgrade: %w", err)
	}
	c := &Conn{ws: ws, queue: make(chan Out, queueLength), done: make(chan struct{}), pace: rate.NewLimiter(messageRate, messageBurst)}
	ws.SetReadLimit(maxMessage)
	ws.SetPongHandler(func(string) error { return c.alive() })
	if err := ws.SetReadDeadline(time.Now().Add(idleTime)); err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	c.wg.Go(c.write)
	return c, nil
}

func sameOrigin(r *http.Request, origin string) bool {
	from, err := url.Parse(r.Header.Get("Origin"))
	if err != nil || from.Host == "" {
		return false
	}
	if from.Host == r.Host {
		return true
	}
	ours, err := url.Parse(origin)
	return err == nil && from.Scheme == ours.Scheme && from.Host == ours.Host
}

// Read returns the page's next message. ErrGone, ErrUnloaded and ErrFlood say that there will be none.
func (c *Conn) Read() (In, error) {
	kind, data, err := c.ws.ReadMessage()
	if err != nil {
		return In{}, c.closeReason(err)
	}
	if !c.pace.Allow() {
		return In{}, ErrFlood
	}
	if kind != websocket.TextMessage {
		return In{}, fmt.Errorf("%w: binary", errMessage)
	}
	in, err := Parse(data)
	if err != nil {
		return In{}, err
	}
	c.known = c.known || in.Type == Hello
	if c.alive() != nil {
		return In{}, ErrGone
	}
	return in, nil
}

// alive gives the page another idleTime, if it has said hello.
func (c *Conn) alive() error {
	if !c.known {
		return nil
	}
	return c.ws.SetReadDeadline(time.Now().Add(idleTime))
}

var (
	// ErrGone is a connection that broke: the page may still be there and come back.
	ErrGone = errors.New("page: connection lost")
	// ErrUnloaded is a page that the browser has closed, reloaded or left.
	ErrUnloaded = errors.New("page: unloaded")
	// ErrFlood is a page that sends more than any page of ours.
	ErrFlood = errors.New("page: too many messages")
)

func (c *Conn) closeReason(err error) error {
	if websocket.IsCloseError(err, websocket.CloseGoingAway, websocket.CloseNormalClosure) {
		return ErrUnloaded
	}
	return ErrGone
}

// Send queues a message. A page that does not keep up loses its connection, never its state: it
// comes back and is told everything again.
func (c *Conn) Send(m Out) {
	select {
	case c.queue <- m:
	case <-c.done:
	default:
		c.Close()
	}
}

// write is the only writer of the socket; Close ends it.
func (c *Conn) write() {
	defer c.ws.Close()
	ping := time.NewTicker(pingInterval)
	defer ping.Stop()
	for {
		var err error
		select {
		case m := <-c.queue:
			err = c.writeJSON(m)
		case <-ping.C:
			err = errors.Join(c.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeTime)), c.writeJSON(Out{Type: Beat}))
		case <-c.done:
			c.flush()
			return
		}
		if err != nil {
			c.Close()
			return
		}
	}
}

func (c *Conn) writeJSON(m Out) error {
	data, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("page: %w", err)
	}
	if err := c.ws.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return err
	}
	return c.ws.WriteMessage(websocket.TextMessage, data)
}

// flush writes what was queued before Close, then says goodbye.
func (c *Conn) flush() {
	for {
		select {
		case m := <-c.queue:
			if c.writeJSON(m) != nil {
				return
			}
		default:
			bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
			_ = c.ws.WriteControl(websocket.CloseMessage, bye, time.Now().Add(writeTime))
			return
		}
	}
}

// Close ends the connection after what is queued. It may be called often and from anywhere.
func (c *Conn) Close() { c.once.Do(func() { close(c.done) }) }

// Serve hands every message to handle until the page is gone or ctx ends, then closes the
// connection and returns why it ended.
func (c *Conn) Serve(ctx context.Context, handle func(In)) error {
	stop := context.AfterFunc(ctx, c.Close)
	defer stop()
	defer c.wg.Wait()
	defer c.Close()
	for {
		in, err := c.Read()
		if err != nil {
			return err
		}
		handle(in)
	}
}
