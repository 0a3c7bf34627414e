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
		return a.refuse(c, err)
	}
	lang := s.Locale
	if lang == "" {
		lang = language(c.Request())
	}
	return a.page(c, http.StatusOK, static.CustomerPage{
		Socket: "/visit", Visit: token, Name: s.DisplayName, Lang: lang, Return: s.ReturnURL, Version: a.cfg.Version,
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

// refusal is why a customer does not get in, as the page and the socket say it.
type refusal struct {
	kind                       error
	status                     int
	code, title, message, next string
	retry                      bool
}

var refusals = []refusal{
	{invite.ErrForged, http.StatusNotFound, "link-forged", "This link is not complete",
		"Something was lost or changed on the way of the link.",
		"Please open it once more from the message that you were sent, or copy all of it. If that does not help, ask for a new link.", false},
	{invite.ErrExpired, http.StatusGone, "link-expired", "This invitation has expired",
		"The link worked for a limited time, which is over.", "Please contact us again for a new link.", false},
	{invite.ErrUsed, http.StatusGone, "link-used", "This invitation has been used",
		"The link was for one video call, which was already started.",
		"If that was you, go back to the browser in which you started. Otherwise please contact us again for a new link.", false},
	{invite.ErrWithdrawn, http.StatusGone, "link-withdrawn", "This invitation is no longer needed",
		"The people who invited you have taken the invitation back.",
		"Please use the newest link that you were given, or contact us again.", false},
	{errInvitation, http.StatusForbidden, "invitation", "An invitation is needed",
		"Video calls start from a personal link.",
		"Please open the link that you were given, or contact us again for a new one.", false},
	{errBusy, http.StatusTooManyRequests, "too-fast", "One moment, please",
		"Many people are opening video calls from your network right now.", "Please try again in a minute.", true},
	{errOver, http.StatusGone, "visit-over", "This video call is over",
		"This video call is over.", "Please start again, or use the newest link that you were given.", true},
	{errName, http.StatusBadRequest, "name", "Please enter your name", "Please enter your name.", "Up to 80 letters.", true},
}

// refusalOf finds an error's words. What is not in the table cannot be found out right now.
func refusalOf(err error) refusal {
	for _, r := range refusals {
		if errors.Is(err, r.kind) {
			return r
		}
	}
	return refusal{err, http.StatusServiceUnavailable, "unavailable", "Video calls cannot be started right now",
		"Our server cannot look up your invitation at the moment.", "Your link stays good. Please try again in a minute.", true}
}

// refuse answers with a page that says why and what to do.
func (a *App) refuse(c echo.Context, err error) error {
	r := refusalOf(err)
	a.cfg.Log.Info("customer refused", "reason", r.code, "err", err)
	p := static.ErrorPage{Lang: language(c.Request()), Title: r.title, Message: r.message, Next: r.next}
	if r.retry {
		p.RetryURL = c.Request().URL.Path
		retryAfter(c.Response().Header())
	}
	return a.page(c, r.status, p)
}
