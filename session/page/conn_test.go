package page

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve accepts pages and hands each connection to the test; served tells how Serve ended.
func serve(t *testing.T, handle func(*Conn, In)) (url string, served <-chan error) {
	t.Helper()
	ends := make(chan error, 4)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := Accept(w, r, "https://agent.example")
		if err != nil {
			ends <- err
			return
		}
		ends <- conn.Serve(r.Context(), func(in In) { handle(conn, in) })
	}))
	t.Cleanup(srv.Close)
	return "ws" + strings.TrimPrefix(srv.URL, "http"), ends
}

func dial(t *testing.T, url, origin string) *websocket.Conn {
	t.Helper()
	ws, answer, err := websocket.DefaultDialer.Dial(url, http.Header{"Origin": {origin}})
	if err != nil {
		t.Fatalf("%v (%v)", err, answer)
	}
	t.Cleanup(func() { ws.Close() })
	return ws
}

func TestAcceptChecksOrigin(t *testing.T) {
	url, served := serve(t, func(*Conn, In) {})
	own := "http" + strings.TrimPrefix(url, "ws")
	for _, tc := range []struct {
		name, origin string
		ok           bool
	}{
		{"public address", "https://agent.example", true},
		{"the host asked for", own, true},
		{"another site", "https://evil.example", false},
		{"public host by plain HTTP", "http://agent.example", false},
		{"a longer name", "https://agent.example.evil.example", false},
		{"null, from a sandbox", "null", false},
		{"none", "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ws, answer, err := websocket.DefaultDialer.Dial(url, http.Header{"Origin": {tc.origin}})
			if ok := err == nil; ok != tc.ok {
				t.Fatalf("accepted: %t (%v), want %t", ok, answer, tc.ok)
			}
			if err == nil {
				ws.Close()
			}
			<-served
		})
	}
}

// inMemory is serve for a bubble: a page that is connected, and how Serve ended.
func inMemory(t *testing.T) (page *websocket.Conn, served <-chan error) {
	t.Helper()
	pipe := pexrtctest.NewPipeListener()
	ends := make(chan error, 1)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := Accept(w, r, "https://agent.example")
		if err == nil {
			err = conn.Serve(r.Context(), func(In) {})
		}
		ends <- err
	})}
	go func() { _ = srv.Serve(pipe) }()
	t.Cleanup(func() { srv.Close() })
	dialer := websocket.Dialer{NetDialContext: pipe.DialContext}
	ws, _, err := dialer.DialContext(t.Context(), "ws://agent.example/session", http.Header{"Origin": {"https://agent.example"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.Close() })
	return ws, ends
}

// TestBeats: a page hears from us even where there is nothing to say, and one that does not answer is gone.
func TestBeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ws, served := inMemory(t)
		began := time.Now()
		if err := ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"hello"}`)); err != nil {
			t.Fatal(err)
		}
		for n := range time.Duration(4) {
			var m Out
			if err := ws.ReadJSON(&m); err != nil || m.Type != Beat || time.Since(began) != (n+1)*pingInterval {
				t.Fatalf("message %d is %q after %v (%v), want a beat every %v", n, m.Type, time.Since(began), err, pingInterval)
			}
		}
		if err := <-served; !errors.Is(err, ErrGone) || time.Since(began) > 4*pingInterval+idleTime {
			t.Errorf("served until %v: %v, want ErrGone", time.Since(began), err)
		}
	})
}

// TestHello: who answers our pings and says no hello is no page of ours.
func TestHello(t *testing.T) {
	for _, tc := range []struct {
		says string
		want time.Duration // served for so long at least, and not much longer
	}{
		{`{"type":"check"}`, idleTime},
		{`{"type":"hello"}`, 10 * pingInterval},
	} {
		t.Run(tc.says, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ws, served := inMemory(t)
				began := time.Now()
				for range 10 { // and answers each ping, then none
					if ws.WriteMessage(websocket.TextMessage, []byte(tc.says)) != nil {
						break
					}
					if _, _, err := ws.ReadMessage(); err != nil {
						break
					}
				}
				err, took := <-served, time.Since(began)
				if !errors.Is(err, ErrGone) || took < tc.want || took > tc.want+pingInterval+writeTime {
					t.Errorf("served for %v: %v, want %v and ErrGone", took, err, tc.want)
				}
			})
		})
	}
}

func TestServe(t *testing.T) {
	for _, tc := range []struct {
		name string
		end  func(*websocket.Conn)
		want error
	}{
		{"unloaded", func(ws *websocket.Conn) {
			_ = ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseGoingAway, ""), time.Now().Add(time.Second))
		}, ErrUnloaded},
		{"cut off", func(ws *websocket.Conn) { ws.UnderlyingConn().Close() }, ErrGone},
		{"malformed message", func(ws *websocket.Conn) { _ = ws.WriteMessage(websocket.TextMessage, []byte("hello")) }, errMessage},
		{"binary message", func(ws *websocket.Conn) { _ = ws.WriteMessage(websocket.BinaryMessage, []byte("{}")) }, errMessage},
		{"message too long", func(ws *websocket.Conn) {
			_ = ws.WriteMessage(websocket.TextMessage, make([]byte, maxMessage+1))
		}, ErrGone},
	} {
		t.Run(tc.name, func(t *testing.T) {
			heard := make(chan In, 1)
			url, served := serve(t, func(c *Conn, in In) {
				heard <- in
				c.Send(Out{Type: Stopped})
			})
			ws := dial(t, url, "https://agent.example")
			if err := ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"stop"}`)); err != nil {
				t.Fatal(err)
			}
			if in := <-heard; in.Type != Stop {
				t.Errorf("heard %+v, want stop", in)
			}
			if _, text, err := ws.ReadMessage(); err != nil || string(text) != `{"type":"stopped"}` {
				t.Errorf("answered %s, %v", text, err)
			}
			tc.end(ws)
			if err := <-served; !errors.Is(err, tc.want) {
				t.Errorf("Serve = %v, want %v", err, tc.want)
			}
		})
	}
}

// TestSlowPage: a page that does not read loses its connection, and nobody waits for it.
func TestSlowPage(t *testing.T) {
	url, served := serve(t, func(c *Conn, _ In) {
		for range 200 * queueLength {
			c.Send(Out{Type: Answer, SDP: strings.Repeat("x", 32<<10)})
		}
	})
	ws := dial(t, url, "https://agent.example")
	if err := ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"hello"}`)); err != nil {
		t.Fatal(err)
	}
	if err := <-served; !errors.Is(err, ErrGone) {
		t.Errorf("Serve = %v, want ErrGone", err)
	}
}

// TestFlood: a page that sends more than any page of ours loses its connection.
func TestFlood(t *testing.T) {
	taken := 0
	url, served := serve(t, func(*Conn, In) { taken++ })
	ws := dial(t, url, "https://agent.example")
	for range 10 * messageBurst {
		if ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"candidate","candidate":"x"}`)) != nil {
			break // it is closed
		}
	}
	if err := <-served; !errors.Is(err, ErrFlood) || taken < messageBurst {
		t.Errorf("Serve = %v after %d messages, want ErrFlood after %d", err, taken, messageBurst)
	}
}
