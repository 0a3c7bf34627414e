package customerapp

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/videoleg/videoleg/session"
	"github.com/videoleg/videoleg/session/invite"
	"github.com/videoleg/videoleg/session/page"
	"github.com/videoleg/videoleg/session/seal"
	"github.com/videoleg/videoleg/static"
)

// visit is what a visit token holds.
type visit struct {
	Session string `json:"s"`
}

// visitLife is how long a page may come back to its session.
const visitLife = invite.Stay

// Why a page does not get into a session, beside what invite says of its link.
var (
	errName       = errors.New("customerapp: no usable name")
	errInvitation = errors.New("customerapp: an invitation is needed")
	errOver       = errors.New("customerapp: the visit is over")
	errBusy       = errors.New("customerapp: too many from one address")
)

// socket is the page's line to its visit.
func (a *App) socket(c echo.Context) error {
	conn, err := page.Accept(c.Response(), c.Request(), a.cfg.URL)
	if err != nil {
		a.cfg.Log.Info("socket refused", "err", err)
		return nil // the upgrade has answered
	}
	var v *session.Visit
	checks := 0
	err = conn.Serve(c.Request().Context(), func(in page.In) {
		switch {
		case v != nil && in.Type != page.Hello:
			v.Handle(conn, in)
		case v == nil && in.Type == page.Hello:
			v = a.hello(c, conn, in)
		case v == nil && in.Type == page.Check && checks < maxChecks:
			a.check(c, conn, in.Visit, checks == 0)
			checks++
		default:
			conn.Close() // no page of ours does so
		}
	})
	if v != nil {
		v.Detach(conn, err)
	}
	return nil
}

// maxChecks bounds the questions of a page that checks its network before the call.
const maxChecks = 16

// check answers such a question at once, so that the page learns how far away we are. The first answer
// names the servers that its media will use, if the page may start a visit.
func (a *App) check(c echo.Context, conn *page.Conn, token string, first bool) {
	out := page.Out{Type: page.Check}
	if first && a.mayStart(c, token) {
		out.Servers = a.cfg.Visits.Servers()
	}
	conn.Send(out)
}

func (a *App) mayStart(c echo.Context, token string) bool {
	if token == "" {
		return a.cfg.Adhoc
	}
	if a.visits.Open(token, new(visit)) == nil {
		return true
	}
	_, err := a.cfg.Sessions.Find(c.Request().Context(), token, a.knownVisitor(c.Request()))
	return err == nil
}

// hello brings the page to its visit: the one of its token, or a new one. It returns nil after
// telling the page why not.
func (a *App) hello(c echo.Context, conn *page.Conn, in page.In) *session.Visit {
	v, err := a.enter(c, in)
	if err == nil && !v.Attach(conn, in.Live) {
		err = session.ErrStopping
	}
	if errors.Is(err, session.ErrStopping) {
		conn.Close() // the page comes back, to the next server
		return nil
	}
	if err != nil {
		a.cfg.Log.Info("visit refused", "err", err)
		p := problem(err)
		conn.Send(page.Out{Type: page.State, View: &page.View{Status: "ended", Error: &p}})
		return nil
	}
	token, err := a.visits.Seal(visit{Session: v.ID()}, visitLife)
	if err != nil {
		a.cfg.Log.Error("visit token not sealed", "err", err)
		return v
	}
	conn.Send(page.Out{Type: page.Welcome, Visit: token})
	return v
}

func (a *App) enter(c echo.Context, in page.In) (*session.Visit, error) {
	name, ok := invite.DisplayName(in.Name)
	if !ok {
		return nil, errName
	}
	var v visit
	switch err := a.visits.Open(in.Visit, &v); {
	case in.Visit == "":
		s, err := a.begin(c, name)
		if err != nil {
			return nil, err
		}
		return a.cfg.Visits.Join(s.ID, name)
	case errors.Is(err, seal.ErrExpired):
		return nil, errOver
	case err != nil: // no visit token: that of an invitation
		s, err := a.cfg.Sessions.Redeem(c.Request().Context(), in.Visit, a.knownVisitor(c.Request()), name)
		if err != nil {
			return nil, err
		}
		return a.cfg.Visits.Join(s.ID, name)
	}
	return a.comeBack(c, v.Session, name)
}

// begin opens a session without an invitation, where that is allowed.
func (a *App) begin(c echo.Context, name string) (invite.Session, error) {
	switch {
	case !a.cfg.Adhoc:
		return invite.Session{}, errInvitation
	case !a.limits.adhoc.allow(address(c)):
		return invite.Session{}, errBusy
	}
	return a.cfg.Sessions.Begin(c.Request().Context(), name, preferred(c.Request()))
}

// comeBack returns to the session of a visit: he who is in stays, others need one that is open.
func (a *App) comeBack(c echo.Context, id, name string) (*session.Visit, error) {
	if !a.cfg.Visits.Known(id) {
		s, err := a.cfg.Sessions.Lookup(c.Request().Context(), id)
		if err != nil && !errors.Is(err, invite.ErrNotFound) {
			return nil, err
		}
		if s.State != invite.Open {
			return nil, errOver
		}
	}
	return a.cfg.Visits.Join(id, name)
}

// problem words an error of enter for a customer: in English, which his page says in its own
// language by the code.
func problem(err error) page.Problem {
	for _, r := range refusals {
		if errors.Is(err, r.kind) {
			say := func(part string) string { return static.Word("en", "error."+r.code+"."+part) }
			return page.Problem{Code: r.code, Message: say("message"), Next: say("next"), Retry: r.retry}
		}
	}
	return session.CustomerProblem(err)
}
