package customerapp

import (
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/videoleg/videoleg/session/invite"
	"github.com/videoleg/videoleg/static"
)

// openInvitation is what a customer's link leads to: our page, which redeems it when he starts, or
// Pexip's own. Reading our page uses nothing up: mail filters and chat programs look at links too.
func (a *App) openInvitation(c echo.Context) error {
	if !a.limits.page.allow(address(c)) {
		return a.refuse(c, errBusy)
	}
	token, visitor := c.Param("token"), a.visitor(c)
	if a.cfg.WebApp != "" {
		s, err := a.cfg.Sessions.Redeem(c.Request().Context(), token, visitor, "")
		if err != nil {
			return a.refuse(c, err)
		}
		return a.toWebApp(c, s)
	}
	s, err := a.cfg.Sessions.Find(c.Request().Context(), token, visitor)
	if err != nil {
		return a.refuseIn(c, languageOf(c, s.Locale), err)
	}
	return a.page(c, http.StatusOK, static.CustomerPage{
		Socket: "/visit", Visit: token, Name: s.DisplayName, Lang: languageOf(c, s.Locale), Return: s.ReturnURL, Version: a.cfg.Version,
	})
}

// toWebApp sends the customer to Pexip's own page: Web App 3, or the older one where the configured
// path holds a #.
func (a *App) toWebApp(c echo.Context, s invite.Session) error {
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	alias := a.cfg.CustomerPrefix + s.ID
	if strings.Contains(a.cfg.WebApp, "#") {
		return c.Redirect(http.StatusFound, strings.TrimSuffix(a.cfg.WebApp, "/")+"/?conference="+alias+"&callType=video&role=guest")
	}
	return c.Redirect(http.StatusFound, strings.TrimSuffix(a.cfg.WebApp, "/")+"/"+alias+"/step-by-step?role=guest")
}

// visitorLife is how long a browser is known: longer than a session is open for it.
const visitorLife = 24 * time.Hour

// visitor is what this browser is known by, so that he who used a link for one use up may come back
// with it. A new browser is given a name of its own.
func (a *App) visitor(c echo.Context) string {
	if known := a.knownVisitor(c.Request()); known != "" {
		return known
	}
	name := rand.Text()
	c.SetCookie(&http.Cookie{
		Name: a.visitorCookie(), Value: name, Path: "/", MaxAge: int(visitorLife / time.Second),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: a.secure(),
	})
	return name
}

// knownVisitor is the name that this browser was given, or nothing.
func (a *App) knownVisitor(r *http.Request) string {
	cookie, err := r.Cookie(a.visitorCookie())
	if err != nil || len(cookie.Value) > 64 {
		return ""
	}
	return cookie.Value
}

// visitorCookie is bound to our host where that can be (RFC 6265bis, section 4.1.3.2).
func (a *App) visitorCookie() string {
	if a.secure() {
		return "__Host-videoleg-visitor"
	}
	return "videoleg-visitor"
}

func (a *App) secure() bool { return strings.HasPrefix(a.cfg.URL, "https://") }

// refusal is why a customer does not get in. The page and the socket say it in static's words for
// its code.
type refusal struct {
	kind   error
	status int
	code   string
	retry  bool
}

var refusals = []refusal{
	{invite.ErrForged, http.StatusNotFound, "link-forged", false},
	{invite.ErrExpired, http.StatusGone, "link-expired", false},
	{invite.ErrUsed, http.StatusGone, "link-used", false},
	{invite.ErrWithdrawn, http.StatusGone, "link-withdrawn", false},
	{errInvitation, http.StatusForbidden, "invitation", false},
	{errBusy, http.StatusTooManyRequests, "too-fast", true},
	{errOver, http.StatusGone, "visit-over", true},
	{errName, http.StatusBadRequest, "name", true},
}

// refusalOf finds an error's row. What is not in the table cannot be found out right now.
func refusalOf(err error) refusal {
	for _, r := range refusals {
		if errors.Is(err, r.kind) {
			return r
		}
	}
	return refusal{err, http.StatusServiceUnavailable, "unavailable", true}
}

// refuse answers with a page that says why and what to do.
func (a *App) refuse(c echo.Context, err error) error {
	return a.refuseIn(c, languageOf(c, ""), err)
}

func (a *App) refuseIn(c echo.Context, lang string, err error) error {
	r := refusalOf(err)
	a.cfg.Log.Info("customer refused", "reason", r.code, "err", err)
	p := static.ErrorPage{Lang: lang, Code: r.code}
	if r.retry {
		p.RetryURL = c.Request().URL.Path
		retryAfter(c.Response().Header())
	}
	return a.page(c, r.status, p)
}
