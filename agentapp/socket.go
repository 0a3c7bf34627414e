package agentapp

import (
	"context"
	"errors"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/videoleg/videoleg/genesys"
	"github.com/videoleg/videoleg/session"
	"github.com/videoleg/videoleg/session/page"
)

// openTime bounds the look-up of a conversation for a page that is connected.
const openTime = 15 * time.Second

// socket is the widget's line to its call.
func (a *App) socket(c echo.Context) error {
	conn, err := page.Accept(c.Response(), c.Request(), a.cfg.URL)
	if err != nil {
		a.cfg.Log.Info("socket refused", "err", err)
		return nil // the upgrade has answered
	}
	w := &widgetSocket{app: a, conn: conn}
	w.agent, _ = a.signedIn(c)
	err = conn.Serve(c.Request().Context(), w.handle)
	if w.call != nil {
		w.call.Detach(conn, err)
	}
	return nil
}

// widgetSocket is one connected widget; only its reader uses it.
type widgetSocket struct {
	app          *App
	conn         *page.Conn
	agent        *genesys.Agent // nil until the page has shown that he is signed in
	conversation string
	live         bool          // the page still has the peer connection of earlier
	call         *session.Call // nil until it is open
	waiting      []page.In     // what came before
}

func (w *widgetSocket) handle(in page.In) {
	switch {
	case w.conversation == "" && in.Type != page.Hello:
		w.conn.Close() // no page of ours begins otherwise
	case in.Type == page.Hello:
		w.hello(in)
	case w.call != nil:
		w.call.Handle(w.conn, in)
	case in.Type == page.Retry:
		w.open()
	case in.Type == page.Stop:
		w.conn.Send(page.Out{Type: page.Stopped})
	case len(w.waiting) < maxWaiting:
		w.waiting = append(w.waiting, in)
	}
}

// maxWaiting bounds what a page may say before its call is open: an offer and its candidates.
const maxWaiting = 64

// hello opens the page's conversation for its agent.
func (w *widgetSocket) hello(in page.In) {
	if w.conversation != "" || !conversationForm.MatchString(in.Conversation) {
		w.conn.Close()
		return
	}
	w.conversation, w.live = in.Conversation, in.Live
	if w.agent == nil && in.Ticket != "" {
		var id string
		if w.app.tickets.Open(in.Ticket, &id) == nil {
			w.agent, _ = w.app.agents.get(id, time.Now())
		}
	}
	w.open()
}

func (w *widgetSocket) open() {
	if w.agent == nil {
		w.fail(genesys.ErrSignIn)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), openTime)
	defer cancel()
	call, err := w.app.cfg.Calls.Open(ctx, w.agent, w.conversation)
	if err != nil {
		if errors.Is(err, genesys.ErrSignIn) {
			w.app.agents.forget(w.agent)
			w.agent = nil
		}
		w.fail(err)
		return
	}
	if !call.Attach(w.conn, w.live) {
		w.fail(session.ErrCallEnded) // between the look-up and now
		return
	}
	w.call = call
	for _, in := range w.waiting {
		call.Handle(w.conn, in)
	}
	w.waiting = nil
}

// fail tells the page why its call cannot be shown.
func (w *widgetSocket) fail(err error) {
	f := session.FaultOf(err)
	w.app.cfg.Log.Warn("call not opened", "conversation", w.conversation, "code", f.Code, "err", err)
	w.conn.Send(page.Out{Type: page.State, View: &page.View{Status: session.StatusOf(err), Error: &f.Problem}})
}
