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
	w := &widgetSocket{app: a, conn: conn, session: sessionID(c)}
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
	session      string // ID by which the browser shows that it is signed in
	conversation string
	live         bool          // the page still has the peer connection of earlier
	call         *session.Call // nil until it is open
	holder       string        // ID of its agent
	waiting      []page.In     // what came before
}

func (w *widgetSocket) handle(in page.In) {
	switch {
	case w.conversation == "" && in.Type != page.Hello:
		w.conn.Close() // no page of ours begins otherwise
	case in.Type == page.Hello:
		w.hello(in)
	case in.Type == page.Renew:
		w.renew()
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
	if w.agent() == nil && in.Ticket != "" {
		_ = w.app.tickets.Open(in.Ticket, &w.session) // a bad one shows nobody
	}
	w.open()
}

// agent is who is at the page, by his newest sign-in; nil if that is not known.
func (w *widgetSocket) agent() *genesys.Agent { return w.app.agents.holder(w.session, time.Now()) }

// open finds the call, or begins it. A call that lives goes on even where the sign-in has ended.
func (w *widgetSocket) open() {
	agent := w.agent()
	if agent == nil {
		w.fail(genesys.ErrSignIn)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), openTime)
	defer cancel()
	call, err := w.app.cfg.Calls.Open(ctx, agent, w.conversation)
	if err != nil {
		if errors.Is(err, genesys.ErrSignIn) {
			w.app.agents.forget(agent)
		}
		w.fail(err)
		return
	}
	if !call.Attach(w.conn, w.live) {
		w.fail(session.ErrCallEnded) // between the look-up and now
		return
	}
	w.call, w.holder = call, agent.ID()
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
