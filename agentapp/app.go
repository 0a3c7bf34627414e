package agentapp

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"

	"github.com/videoleg/videoleg/genesys"
	"github.com/videoleg/videoleg/session"
	"github.com/videoleg/videoleg/session/seal"
	"github.com/videoleg/videoleg/static"
)

// Config is what the agent's side needs.
type Config struct {
	Calls   *session.Calls
	Cloud   *genesys.Cloud
	URL     string // public base URL of this app
	Secret  []byte // seals the sign-in's state; at least 32 bytes
	Media   session.MediaMode
	Version string
	Log     *slog.Logger

	ShareTabs bool // agents may share tabs and windows, and no whole screen
}

// App serves the agents.
type App struct {
	cfg      Config
	states   *seal.Sealer // sign-ins under way
	tickets  *seal.Sealer // session IDs for pages without cookies
	agents   *agents
	policy   string // Content-Security-Policy
	pinOnce  sync.Once
	envsOnce sync.Once
}

// New returns the app; Mount puts it on a server.
func New(cfg Config) (*App, error) {
	states, err := seal.New(cfg.Secret, "agent sign-in")
	if err != nil {
		return nil, fmt.Errorf("agentapp: %w", err)
	}
	tickets, err := seal.New(cfg.Secret, "agent ticket")
	if err != nil {
		return nil, fmt.Errorf("agentapp: %w", err)
	}
	socket := "ws" + strings.TrimPrefix(cfg.URL, "http")
	return &App{
		cfg: cfg, states: states, tickets: tickets, agents: newAgents(),
		policy: static.FramingCSP(cfg.Cloud.FrameAncestors(), []string{cfg.Cloud.LoginOrigin()}, socket),
	}, nil
}

// Mount adds the routes.
func (a *App) Mount(e *echo.Echo) {
	e.GET("/", a.widget)
	e.GET("/oauth/callback", a.callback)
	e.POST("/oauth/session", a.prove)
	e.GET("/session", a.socket)
	e.GET("/static/*", echo.WrapHandler(static.Handler()))
}

// renderer is one of static's pages.
type renderer interface{ Render(io.Writer) error }

// page answers with a page of ours and the headers that keep it safe: framed by the desktop alone,
// never cached, its address told to nobody, camera and screen allowed and the microphone not even
// to be asked for.
func (a *App) page(c echo.Context, status int, p renderer) error {
	var b bytes.Buffer
	if err := p.Render(&b); err != nil {
		return fmt.Errorf("agentapp: render: %w", err)
	}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", a.policy)
	h.Set("Permissions-Policy", "camera=(self), display-capture=(self), microphone=()")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	return c.HTMLBlob(status, b.Bytes())
}

// refuse shows why there is no widget: static's words for the code, with values in their places. It leads back to where
// that can be tried again, if anywhere.
func (a *App) refuse(c echo.Context, code, lang, retry string, values ...string) error {
	a.cfg.Log.Warn("page refused", "code", code)
	return a.page(c, http.StatusBadRequest, static.ErrorPage{Lang: lang, Code: code, Values: values, RetryURL: retry})
}

// widgetURL is the lasting address of a conversation's widget.
func widgetURL(conversation, lang string) string {
	q := url.Values{"conversationid": {conversation}}
	if lang != "" {
		q.Set("pcLangTag", lang)
	}
	return "/?" + q.Encode()
}
