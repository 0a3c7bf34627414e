package agentapp

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/videoleg/videoleg/genesys"
	"github.com/videoleg/videoleg/session/page"
)

// A sign-in is renewed beside the call: the page loads the authorize URL in a hidden frame, whose way ends here if no
// click is needed. The page hears of it by its socket.
//
// The state names the agent, and only a code of his own renews anything; so it does not matter which browser brings it,
// and no cookie is needed.

// renew tells the page where the sign-in of its call's agent can be renewed. The session that the page came with may be
// forgotten: one whose sign-in has ended is, as soon as another page has tried it.
func (w *widgetSocket) renew() {
	if w.call == nil {
		return // it must sign in anew, which it knows
	}
	s := signIn{Renews: w.holder, Verifier: genesys.NewVerifier()}
	state, err := w.app.states.Seal(s, signInLife)
	if err != nil {
		w.app.cfg.Log.Error("sign-in not renewed", "agent", w.holder, "err", err)
		return
	}
	w.conn.Send(page.Out{Type: page.Renew, Link: w.app.cfg.Cloud.AuthorizeURL(state, s.Verifier)})
}

// renewed is the callback of a renewal. What it answers nobody sees.
func (a *App) renewed(c echo.Context, s signIn) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	code := c.QueryParam("code")
	if code == "" || len(code) > 2048 {
		a.cfg.Log.Info("sign-in not renewed", "agent", s.Renews, "error", printable(c.QueryParam("error")))
		return c.NoContent(http.StatusBadRequest)
	}
	ctx, cancel := context.WithTimeout(c.Request().Context(), signInTime)
	defer cancel()
	agent, err := a.cfg.Cloud.SignIn(ctx, code, s.Verifier, "")
	switch {
	case err != nil:
		a.cfg.Log.Warn("sign-in not renewed", "agent", s.Renews, "err", err)
		return c.NoContent(http.StatusBadGateway)
	case agent.ID() != s.Renews:
		a.cfg.Log.Warn("sign-in not renewed: somebody else signed in", "agent", s.Renews)
		return c.NoContent(http.StatusForbidden)
	}
	a.goOn(agent)
	return c.NoContent(http.StatusNoContent)
}

// goOn goes on with a new sign-in of an agent, in all his browsers and calls.
func (a *App) goOn(agent *genesys.Agent) {
	a.agents.renew(agent)
	a.cfg.Calls.SignedIn(agent)
}
