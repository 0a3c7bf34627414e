package agentapp

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/videoleg/videoleg/genesys"
	"github.com/videoleg/videoleg/session"
	"github.com/videoleg/videoleg/static"
)

// pageWait is how long the page waits for the conversation to be checked. Nearly always it is
// enough, and the page says at once what is wrong; else the page is shown and told by its socket.
const pageWait = 2 * time.Second

var conversationForm = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)

// widget is the page beside a call.
func (a *App) widget(c echo.Context) error {
	q := c.QueryParams()
	a.warnOfPIN(q)
	a.warnOfEnvironment(q)
	conversation, lang := first(q, "conversationid", "pcConversationId", "gcConversationId"), language(c)
	if !conversationForm.MatchString(conversation) {
		return a.refuse(c, "no-conversation", lang, "")
	}
	if agent, ok := a.signedIn(c); ok {
		err := a.show(c, agent, conversation, lang)
		if !errors.Is(err, genesys.ErrSignIn) {
			return err
		}
		a.agents.forget(agent)
	}
	return a.startSignIn(c, conversation, lang)
}

// show answers with the widget of a signed-in agent. The join goes on while the page loads. The
// only error it leaves to the caller is genesys.ErrSignIn.
func (a *App) show(c echo.Context, agent *genesys.Agent, conversation, lang string) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), pageWait)
	defer cancel()
	_, err := a.cfg.Calls.Open(ctx, agent, conversation)
	switch {
	case err == nil, errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil:
		return a.page(c, http.StatusOK, a.widgetPage(conversation, lang))
	case errors.Is(err, genesys.ErrSignIn):
		return err
	default:
		return a.unable(c, err, conversation, lang)
	}
}

// unable answers with a widget that says why there is no call to show.
func (a *App) unable(c echo.Context, err error, conversation, lang string) error {
	f := session.FaultOf(err)
	a.cfg.Log.Warn("call not shown", "conversation", conversation, "code", f.Code, "err", err)
	p := a.widgetPage(conversation, lang)
	p.Status = session.StatusOf(err)
	p.ErrorCode, p.ErrorMessage, p.ErrorNext, p.ErrorRetry, p.ErrorWait = f.Code, f.Message, f.Next, f.Retry, f.Wait
	return a.page(c, f.Status, p)
}

func (a *App) widgetPage(conversation, lang string) static.WidgetPage {
	return static.WidgetPage{
		Conversation: conversation,
		Socket:       "/session",
		Media:        string(a.cfg.Media),
		ShareTabs:    a.cfg.ShareTabs,
		AppsOrigin:   a.cfg.Cloud.AppsOrigin(),
		URL:          widgetURL(conversation, lang),
		Lang:         lang,
		Version:      a.cfg.Version,
	}
}

// warnOfPIN says once that widget addresses still carry a PIN, as the older apps wanted it. It is
// ignored: the PIN is this server's.
func (a *App) warnOfPIN(q url.Values) {
	for name := range q {
		if strings.Contains(strings.ToLower(name), "pin") {
			a.pinOnce.Do(func() {
				a.cfg.Log.Warn("the widget's URL carries a PIN: it is ignored, and everybody who sees the URL can read it; take it out of the integration's URL", "parameter", printable(name))
			})
		}
	}
}

// warnOfEnvironment says once that the widget was opened from another Genesys Cloud than ours.
func (a *App) warnOfEnvironment(q url.Values) {
	environment := first(q, "pcEnvironment", "gcTargetEnv", "gcHostOrigin")
	if !a.cfg.Cloud.Serves(environment) {
		a.envsOnce.Do(func() {
			a.cfg.Log.Warn("the widget was opened in another Genesys Cloud environment than VIDEOLEG_GENESYS_REGION names", "environment", printable(environment))
		})
	}
}

// printable makes text from outside fit for a log line.
func printable(s string) string {
	if len(s) > 64 {
		s = s[:64]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}

// first returns the first of the named parameters that is set; names match in any case.
func first(q url.Values, names ...string) string {
	for _, name := range names {
		for given, values := range q {
			if strings.EqualFold(given, name) && len(values) > 0 && values[0] != "" {
				return values[0]
			}
		}
	}
	return ""
}

// language is the desktop's language, or what the browser prefers, as far as we speak it.
func language(c echo.Context) string {
	return static.Language(first(c.QueryParams(), "pcLangTag", "gcLangTag"), c.Request().Header.Get("Accept-Language"))
}
