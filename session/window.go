package session

import (
	"errors"
	"reflect"
	"time"

	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/session/page"
)

// How long a call or visit waits for its page to come back.
const (
	openGrace   = 20 * time.Second // the page was served and has not connected yet
	lostGrace   = 30 * time.Second // the connection broke: a network that changes, a laptop lid
	unloadGrace = 10 * time.Second // the page was reloaded, or closed for good
)

// window is the one open page that shows a call or visit. Only the owner uses it.
type window struct {
	conn  *page.Conn // nil while no page is connected
	live  bool       // the page has a peer connection that was negotiated with us before
	shown page.View  // what conn was told last
	offer offer      // of conn; it goes with it
	grace timer

	people     []page.Person // likewise
	statistics timer         // the next counters, while the page looks at them
}

// offer is a page's offer that waits for its turn; no SDP, no offer.
type offer struct {
	sdp string
	id  int // the page's number for it
}

// open makes conn the window and returns the one it replaces, if any.
func (w *window) open(conn *page.Conn, live bool) *page.Conn {
	old := w.conn
	if old == conn {
		old = nil
	}
	w.grace.stop()
	w.conn, w.live, w.offer = conn, live, offer{}
	w.forget()
	w.statistics.stop()
	return old
}

// forget has the page told everything anew.
func (w *window) forget() { w.shown, w.people = page.View{}, nil }

// leave ends the window if conn is still it; gone runs in the owner's goroutine unless a page
// comes back in time.
func (w *window) leave(o *owner, conn *page.Conn, why error, gone func()) {
	if w.conn != conn {
		return
	}
	w.conn, w.offer = nil, offer{}
	w.statistics.stop()
	wait := lostGrace
	if errors.Is(why, page.ErrUnloaded) {
		wait = unloadGrace
	}
	w.grace.set(o, time.Now().Add(wait), gone)
}

// show tells the page its state, if it is not what the page knows already.
func (w *window) show(v page.View) {
	if w.conn == nil || reflect.DeepEqual(v, w.shown) {
		return
	}
	w.shown = v
	w.conn.Send(page.Out{Type: page.State, View: &v})
}

// send passes any other message to the page, if there is one.
func (w *window) send(m page.Out) {
	if w.conn != nil {
		w.conn.Send(m)
	}
}

// addServers has the page look for another path by more servers.
func (w *window) addServers(list []pexrtc.ICEServer) {
	if len(list) > 0 {
		w.send(page.Out{Type: page.Path, Servers: &page.Servers{ICEServers: iceServers(list)}})
	}
}
