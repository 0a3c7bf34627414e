package agentapp

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/videoleg/videoleg/genesys"
	"github.com/videoleg/videoleg/session"
	"github.com/videoleg/videoleg/session/page"
	"github.com/videoleg/videoleg/static"
)

const (
	signInLife = 10 * time.Minute // from leaving for the login page until the code comes back
	signInTime = 10 * time.Second // of the exchange of the code
	ticketLife = sessionLife
)

// signIn is a sign-in under way, as the sealed state carries it through the login page.
type signIn struct {
	Conversation string   `json:"c"`
	Lang         string   `json:"l,omitempty"`
	Verifier     string   `json:"v"`           // PKCE (RFC 7636)
	Nonce        [32]byte `json:"n"`           // SHA-256 of what only the browser that began it holds
	Cookie       string   `json:"k"`           // name of the cookie that holds it; each widget has one of its own
	Renews       string   `json:"r,omitempty"` // the agent whose sign-in is renewed (renew.go); the others but Verifier are not set
}

var errWrongBrowser = errors.New("agentapp: the sign-in was begun by another browser")

// startSignIn shows the widget as it leaves for the login page. The browser keeps the nonce twice,
// as a cookie and in the page, because it may refuse one of them.
func (a *App) startSignIn(c echo.Context, conversation, lang string) error {
	nonce := rand.Text()
	s := signIn{
		Conversation: conversation, Lang: lang, Verifier: genesys.NewVerifier(),
		Nonce: sha256.Sum256([]byte(nonce)), Cookie: "videoleg_signin_" + rand.Text()[:8],
	}
	state, err := a.states.Seal(s, signInLife)
	if err != nil {
		return fmt.Errorf("agentapp: %w", err)
	}
	setCookie(c, s.Cookie, nonce, signInLife)
	p := a.widgetPage(conversation, lang)
	p.Status = session.StatusSigningIn
	p.SignIn, p.Nonce = a.cfg.Cloud.AuthorizeURL(state, s.Verifier), nonce
	return a.page(c, http.StatusOK, p)
}

// callback is where the login page sends the browser back. A browser that shows the cookie of this
// sign-in gets the widget; one that has none must prove the nonce from the page (prove).
func (a *App) callback(c echo.Context) error {
	var s signIn
	if err := a.states.Open(c.QueryParam("state"), &s); err != nil {
		return a.refuse(c, "sign-in-late", language(c), "")
	}
	if s.Renews != "" {
		return a.renewed(c, s)
	}
	back := widgetURL(s.Conversation, s.Lang)
	if reason := c.QueryParam("error"); reason != "" {
		a.cfg.Log.Warn("sign-in refused", "error", printable(reason), "description", printable(c.QueryParam("error_description")))
		return a.refuse(c, "sign-in-refused", s.Lang, back, shown(reason), a.cfg.URL+"/oauth/callback")
	}
	code := c.QueryParam("code")
	if code == "" || len(code) > 2048 {
		return a.refuse(c, "sign-in-empty", s.Lang, back)
	}
	cookie, err := c.Cookie(s.Cookie)
	if err != nil {
		p := a.widgetPage(s.Conversation, s.Lang)
		p.Status, p.Proof = session.StatusSigningIn, true
		return a.page(c, http.StatusOK, p)
	}
	setCookie(c, s.Cookie, "", 0)
	agent, err := a.finishSignIn(c.Request().Context(), s, code, cookie.Value)
	if err != nil {
		return a.signInFailed(c, err, s)
	}
	setCookie(c, sessionCookie, a.agents.add(agent, time.Now()), sessionLife)
	if err := a.show(c, agent, s.Conversation, s.Lang); err != nil {
		return a.signInFailed(c, err, s)
	}
	return nil
}

// finishSignIn checks that the browser is the one that began the sign-in, and exchanges the code. The agent's other
// widgets, whose sign-in may have ended as well, go on with it.
func (a *App) finishSignIn(ctx context.Context, s signIn, code, nonce string) (*genesys.Agent, error) {
	got := sha256.Sum256([]byte(nonce))
	if subtle.ConstantTimeCompare(got[:], s.Nonce[:]) != 1 {
		return nil, errWrongBrowser
	}
	ctx, cancel := context.WithTimeout(ctx, signInTime)
	defer cancel()
	agent, err := a.cfg.Cloud.SignIn(ctx, code, s.Verifier, s.Conversation)
	if err != nil {
		return nil, err
	}
	a.goOn(agent)
	return agent, nil
}

func (a *App) signInFailed(c echo.Context, err error, s signIn) error {
	if errors.Is(err, errWrongBrowser) {
		a.cfg.Log.Warn("sign-in not finished", "err", err)
		return a.refuse(c, "sign-in-foreign", s.Lang, widgetURL(s.Conversation, s.Lang))
	}
	return a.unable(c, err, s.Conversation, s.Lang)
}

var errorForm = regexp.MustCompile(`^[a-z_]{1,40}$`)

// shown is an OAuth error code (RFC 6749, 4.1.2.1) as it may stand on a page, or a dash.
func shown(code string) string {
	if !errorForm.MatchString(code) {
		return "–"
	}
	return code
}

// prove finishes the sign-in of a browser that keeps no cookie: the page shows the nonce that it
// kept, and gets a ticket that it holds in memory and shows at its socket.
func (a *App) prove(c echo.Context) error {
	if !a.ownOrigin(c.Request()) {
		return proveError(c, http.StatusForbidden, session.FaultOf(session.ErrNotOnCall).Problem)
	}
	var in struct{ Code, State, Nonce string }
	if err := json.NewDecoder(io.LimitReader(c.Request().Body, 16<<10)).Decode(&in); err != nil || in.Code == "" || len(in.Code) > 2048 {
		return proveError(c, http.StatusBadRequest, badProof)
	}
	var s signIn
	if err := a.states.Open(in.State, &s); err != nil {
		return proveError(c, http.StatusBadRequest, badProof)
	}
	agent, err := a.finishSignIn(c.Request().Context(), s, in.Code, in.Nonce)
	if err != nil {
		a.cfg.Log.Warn("sign-in not finished", "err", err)
		if errors.Is(err, errWrongBrowser) {
			return proveError(c, http.StatusForbidden, badProof)
		}
		f := session.FaultOf(err)
		return proveError(c, f.Status, f.Problem)
	}
	ticket, err := a.tickets.Seal(a.agents.add(agent, time.Now()), ticketLife)
	if err != nil {
		return fmt.Errorf("agentapp: %w", err)
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.JSON(http.StatusOK, map[string]string{"ticket": ticket})
}

// ownOrigin reports whether a request comes from a page of this app.
func (a *App) ownOrigin(r *http.Request) bool {
	origin, err := url.Parse(r.Header.Get("Origin"))
	return err == nil && origin.Host != "" && (origin.Host == r.Host || r.Header.Get("Origin") == a.cfg.URL)
}

var badProof = page.Problem{
	Code: "sign-in-lost", Message: static.Word("en", "error.sign-in-lost.message"), Next: static.Word("en", "error.sign-in-lost.next"), Retry: true,
}

func proveError(c echo.Context, status int, p page.Problem) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.JSON(status, map[string]page.Problem{"error": p})
}
