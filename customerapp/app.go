package customerapp

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/videoleg/videoleg/session"
	"github.com/videoleg/videoleg/session/invite"
	"github.com/videoleg/videoleg/session/seal"
	"github.com/videoleg/videoleg/static"
)

// Config is what the customer's side needs.
type Config struct {
	Visits         *session.Visits
	Sessions       *invite.Sessions
	URL            string   // public base URL of this app
	Secret         []byte   // seals visit tokens; at least 32 bytes
	Adhoc          bool     // the front page may start a session without an invitation
	APIKeys        []string // who may invite; none switches the API off
	CustomerPrefix string   // of the customer's alias
	// WebApp is the address of Pexip's own page up to the alias, where customers are sent to; one
	// with a # is that of the older page. Empty is our page.
	WebApp  string
	Version string
	Log     *slog.Logger

	// What Pexip asks and tells.
	Policy Face
	Events Face
	// Running is the call that a session's room has now, as Pexip's events tell; nil knows of none.
	Running func(id string) (invite.Call, bool)
}

// App serves the customers.
type App struct {
	cfg    Config
	visits *seal.Sealer
	policy string // Content-Security-Policy
	limits limits
}

// limits keep one caller from taking what is there for all.
type limits struct {
	page, adhoc, apiAddress, apiKey, wrongKey *limiter
}

// New returns the app; Mount puts it on a server.
func New(cfg Config) (*App, error) {
	if cfg.Running == nil {
		cfg.Running = func(string) (invite.Call, bool) { return invite.Call{}, false }
	}
	visits, err := seal.New(cfg.Secret, "visit")
	if err != nil {
		return nil, fmt.Errorf("customerapp: %w", err)
	}
	return &App{
		cfg: cfg, visits: visits, policy: static.CSP(nil, "ws"+strings.TrimPrefix(cfg.URL, "http")),
		limits: limits{
			page: newLimiter(10, 100), adhoc: newLimiter(1, 60),
			apiAddress: newLimiter(50, 200), apiKey: newLimiter(20, 100), wrongKey: newLimiter(wrongRate, wrongBurst),
		},
	}, nil
}

// Mount adds the routes.
func (a *App) Mount(e *echo.Echo) {
	e.GET("/", a.front)
	e.GET("/i/:token", a.openInvitation)
	e.GET("/visit", a.socket)
	e.GET("/static/*", echo.WrapHandler(static.Handler()))
	a.cfg.Policy.mount(e, "/policy/v1/*", a.cfg.Log)
	a.cfg.Events.mount(e, "/events", a.cfg.Log)
	a.mountAPI(e)
	e.RouteNotFound("/*", a.notFound)
}

// front is for sites that let customers just call.
func (a *App) front(c echo.Context) error {
	if !a.cfg.Adhoc {
		return a.refuse(c, errInvitation)
	}
	if a.cfg.WebApp != "" {
		s, err := a.begin(c, "")
		if err != nil {
			return a.refuse(c, err)
		}
		return a.toWebApp(c, s)
	}
	return a.page(c, http.StatusOK, static.CustomerPage{Socket: "/visit", Adhoc: true, Lang: languageOf(c, ""), Version: a.cfg.Version})
}

func (a *App) notFound(c echo.Context) error {
	return a.page(c, http.StatusNotFound, static.ErrorPage{Lang: languageOf(c, ""), Code: "not-found"})
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

// languageOf is the language of a customer's page: that of his invitation, or what his browser
// prefers.
func languageOf(c echo.Context, locale string) string {
	return static.Language(locale, c.Request().Header.Get("Accept-Language"))
}

// preferred is what the customer's browser prefers, whether we speak it or not.
func preferred(r *http.Request) string {
	tag, _, _ := strings.Cut(r.Header.Get("Accept-Language"), ",")
	tag, _, _ = strings.Cut(strings.TrimSpace(tag), ";")
	if !invite.ValidLocale(tag) {
		return ""
	}
	return tag
}
