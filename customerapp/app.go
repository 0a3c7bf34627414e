package customerapp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/videoleg/videoleg/session"
	"github.com/videoleg/videoleg/session/page"
	"github.com/videoleg/videoleg/session/seal"
	"github.com/videoleg/videoleg/static"
)

// Config is what the customer's side needs.
type Config struct {
	Visits  *session.Visits
	URL     string // public base URL of this app
	Secret  []byte // seals visit tokens; at least 32 bytes
	Adhoc   bool   // the front page may start a session without an invitation
	Version string
	Log     *slog.Logger

	// What Pexip asks and tells.
	Policy Face
	Events Face
}

// App serves the customers.
type App struct {
	cfg    Config
	visits *seal.Sealer
	policy string // Content-Security-Policy
}

// New returns the app; Mount puts it on a server.
func New(cfg Config) (*App, error) {
	visits, err := seal.New(cfg.Secret, "visit")
	if err != nil {
		return nil, fmt.Errorf("customerapp: %w", err)
	}
	return &App{cfg: cfg, visits: visits, policy: static.CSP(nil, "ws"+strings.TrimPrefix(cfg.URL, "http"))}, nil
}

// Mount adds the routes.
func (a *App) Mount(e *echo.Echo) {
	e.GET("/", a.front)
	e.GET("/visit", a.socket)
	e.GET("/static/*", echo.WrapHandler(static.Handler()))
	a.cfg.Policy.mount(e, "/policy/v1/*")
	a.cfg.Events.mount(e, "/events")
	e.RouteNotFound("/*", a.notFound)
}

// front is the page. Without an invitation it is for sites that let customers just call.
func (a *App) front(c echo.Context) error {
	lang := language(c.Request())
	if !a.cfg.Adhoc {
		return a.page(c, http.StatusForbidden, static.ErrorPage{
			Lang: lang, Title: "An invitation is needed",
			Message: "Video calls start from a personal link.",
			Next:    "Please open the link that you were given, or contact us again for a new one.",
		})
	}
	return a.page(c, http.StatusOK, static.CustomerPage{Socket: "/visit", Adhoc: true, Lang: lang, Version: a.cfg.Version})
}

func (a *App) notFound(c echo.Context) error {
	return a.page(c, http.StatusNotFound, static.ErrorPage{
		Lang: language(c.Request()), Title: "Page not found",
		Message: "There is nothing at this address.",
		Next:    "Please check the link that you were given: it must be complete.",
	})
}

// page answers with a page of ours and the headers that keep it safe: framed by nobody, never
// cached, its address told to nobody, camera and microphone for ourselves alone.
func (a *App) page(c echo.Context, status int, p interface{ Render(io.Writer) error }) error {
	var b bytes.Buffer
	if err := p.Render(&b); err != nil {
		return fmt.Errorf("customerapp: render: %w", err)
	}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", a.policy)
	h.Set("Permissions-Policy", "camera=(self), microphone=(self), display-capture=(self)")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	return c.HTMLBlob(status, b.Bytes())
}

// visit is what a visit token holds.
type visit struct {
	Session string `json:"s"`
}

// visitLife is how long a page may come back to its session.
const visitLife = 4 * time.Hour

// socket is the page's line to its visit.
func (a *App) socket(c echo.Context) error {
	conn, err := page.Accept(c.Response(), c.Request(), a.cfg.URL)
	if err != nil {
		a.cfg.Log.Info("socket refused", "err", err)
		return nil // the upgrade has answered
	}
	var v *session.Visit
	err = conn.Serve(c.Request().Context(), func(in page.In) {
		switch {
		case v != nil && in.Type != page.Hello:
			v.Handle(conn, in)
		case v == nil && in.Type == page.Hello:
			v = a.hello(conn, in)
		default:
			conn.Close() // no page of ours does so
		}
	})
	if v != nil {
		v.Detach(conn, err)
	}
	return nil
}

// hello brings the page to its visit: the one of its token, or a new one. It returns nil after
// telling the page why not.
func (a *App) hello(conn *page.Conn, in page.In) *session.Visit {
	v, err := a.enter(in)
	if err == nil && !v.Attach(conn, in.Live) {
		err = session.ErrStopping
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

var (
	errName       = errors.New("customerapp: no usable name")
	errInvitation = errors.New("customerapp: an invitation is needed")
)

func (a *App) enter(in page.In) (*session.Visit, error) {
	name, ok := displayName(in.Name)
	if !ok {
		return nil, errName
	}
	if in.Visit != "" {
		var v visit
		if err := a.visits.Open(in.Visit, &v); err != nil {
			return nil, err
		}
		return a.cfg.Visits.Join(v.Session, name)
	}
	if !a.cfg.Adhoc {
		return nil, errInvitation
	}
	return a.cfg.Visits.Start(name)
}

// problem words an error of enter for a customer.
func problem(err error) page.Problem {
	switch {
	case errors.Is(err, errName):
		return page.Problem{Code: "name", Message: "Please enter your name.", Next: "Up to 80 letters.", Retry: true}
	case errors.Is(err, errInvitation):
		return page.Problem{Code: "invitation", Message: "Video calls start from a personal link.",
			Next: "Please open the link that you were given, or contact us again for a new one."}
	case errors.Is(err, seal.ErrForged), errors.Is(err, seal.ErrExpired):
		return page.Problem{Code: "visit-over", Message: "This video call is over.", Next: "Please start again, or use the newest link that you were given.", Retry: true}
	}
	return session.CustomerProblem(err)
}

// maxName is the longest name in characters: the node takes 250 bytes and shows far less.
const maxName = 80

// displayName is a name as the room may show it: one line, trimmed, without control characters.
func displayName(s string) (string, bool) {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	s = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s)
	return s, s != "" && utf8.RuneCountInString(s) <= maxName
}

var languageForm = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

// language is what the customer's browser prefers.
func language(r *http.Request) string {
	tag, _, _ := strings.Cut(r.Header.Get("Accept-Language"), ",")
	tag, _, _ = strings.Cut(strings.TrimSpace(tag), ";")
	if len(tag) > 35 || !languageForm.MatchString(tag) {
		return ""
	}
	return tag
}
