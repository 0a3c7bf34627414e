package customerapp

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/videoleg/videoleg/session/invite"
)

// apiPath is where the API is. Its description is openapi.json.
const apiPath = "/api/v1"

//go:embed openapi.json
var openAPI []byte

// mountAPI adds the routes of the API. Without keys there is none, but for a word about that.
func (a *App) mountAPI(e *echo.Echo) {
	nothing := func(c echo.Context) error { return errNoRoute.answer(c) }
	e.RouteNotFound("/api/*", nothing)
	if len(a.cfg.APIKeys) == 0 {
		return
	}
	g := e.Group(apiPath, a.apiErrors)
	g.RouteNotFound("", nothing)
	g.RouteNotFound("/*", nothing)
	for _, resource := range []struct {
		path    string
		methods map[string]echo.HandlerFunc
	}{
		{"/openapi.json", map[string]echo.HandlerFunc{http.MethodGet: describe}},
		{"/invitations", map[string]echo.HandlerFunc{
			http.MethodGet: a.authorized(a.listInvitations), http.MethodPost: a.authorized(a.createInvitation)}},
		{"/invitations/:id", map[string]echo.HandlerFunc{
			http.MethodGet: a.authorized(a.getInvitation), http.MethodDelete: a.authorized(a.withdrawInvitation)}},
		{"/sessions/:id", map[string]echo.HandlerFunc{http.MethodGet: a.authorized(a.getSession)}},
	} {
		g.Any(resource.path, otherMethod(slices.Sorted(maps.Keys(resource.methods))))
		for method, handler := range resource.methods {
			g.Add(method, resource.path, handler)
		}
	}
}

func describe(c echo.Context) error { return c.JSONBlob(http.StatusOK, openAPI) }

// otherMethod answers methods that a resource does not have.
func otherMethod(allowed []string) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set("Allow", strings.Join(allowed, ", "))
		return errMethod
	}
}

// apiError is an answer that is no success: {"error":{"code","message"}}.
type apiError struct {
	status        int
	code, message string
}

// answer is the error as the caller gets it.
func (e *apiError) answer(c echo.Context) error {
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	switch e {
	case errKey:
		h.Set("WWW-Authenticate", `Bearer realm="videoleg"`)
	case errCredentials:
		h.Set("WWW-Authenticate", `Basic realm="videoleg", charset="UTF-8"`)
	case errRate, errStorage:
		retryAfter(h)
	}
	return c.JSON(e.status, map[string]any{"error": map[string]string{"code": e.code, "message": e.message}})
}

func (e *apiError) Error() string { return "customerapp: " + e.code + ": " + e.message }

var (
	errNoRoute     = &apiError{http.StatusNotFound, "not_found", "There is nothing at this address. The API is described at " + apiPath + "/openapi.json, where it is switched on."}
	errMethod      = &apiError{http.StatusMethodNotAllowed, "method_not_allowed", "This resource has other methods; Allow names them."}
	errCredentials = &apiError{http.StatusUnauthorized, "unauthorized", "The user name or the password is wrong."}
	errKey         = &apiError{http.StatusUnauthorized, "unauthorized", "A valid API key is needed: Authorization: Bearer KEY."}
	errRate        = &apiError{http.StatusTooManyRequests, "rate_limited", "Too many requests. Wait as long as Retry-After says, then go on more slowly."}
	errNoSession   = &apiError{http.StatusNotFound, "not_found", "There is no invitation or session with this ID."}
	errKeyReused   = &apiError{http.StatusUnprocessableEntity, "idempotency_key_reused", "This Idempotency-Key came before with another request. Use a new key for each invitation."}
	errStorage     = &apiError{http.StatusServiceUnavailable, "unavailable", "Invitations cannot be reached right now. Repeat the request in a moment, with the same Idempotency-Key."}
	errBadCursor   = badRequest("cursor is not one that this server gave.")
	errBadLimit    = badRequest(fmt.Sprintf("limit is not a number from 1 to %d.", maxPage))
	errBadRequest  = badRequest("Idempotency-Key is not 1 to 255 printable characters.")
)

func badRequest(message string) *apiError {
	return &apiError{http.StatusBadRequest, "invalid_request", message}
}

// apiErrors words the errors of the API's handlers.
func (a *App) apiErrors(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set("Cache-Control", "no-store")
		err := next(c)
		var known *apiError
		var other *echo.HTTPError
		switch {
		case err == nil:
			return nil
		case errors.As(err, &known):
		case errors.As(err, &other):
			return err
		case errors.Is(err, invite.ErrNotFound):
			known = errNoSession
		case errors.Is(err, invite.ErrKeyReused):
			known = errKeyReused
		case invalid(err) != nil:
			known = invalid(err)
		default:
			a.cfg.Log.Error("API request failed", "path", c.Path(), "err", err)
			known = errStorage
		}
		return known.answer(c)
	}
}

// authorized lets in who has an API key, within the limits of the key and of his address; wrong keys
// have a limit of their own. The key's scope, in which its idempotency keys count, is put into the
// context.
func (a *App) authorized(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		scope, ok := a.scopeOf(givenKey(c.Request()))
		switch {
		case !ok && a.limits.wrongKey.allow(address(c)):
			return errKey
		case !ok, !a.limits.apiAddress.allow(address(c)), !a.limits.apiKey.allow(scope):
			return errRate
		}
		c.Set(scopeName, scope)
		return next(c)
	}
}

const scopeName = "scope"

// givenKey is the key of a request: Authorization: Bearer (RFC 6750), or X-API-Key.
func givenKey(r *http.Request) string {
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(key)
	}
	return r.Header.Get("X-API-Key")
}

// scopeOf finds a key among ours. How long it takes tells nothing about them.
func (a *App) scopeOf(given string) (scope string, ok bool) {
	found := 0
	for _, key := range a.cfg.APIKeys {
		found |= equal(given, key)
	}
	sum := sha256.Sum256([]byte(given))
	return hex.EncodeToString(sum[:16]), found == 1
}

func (a *App) createInvitation(c echo.Context) error {
	key := c.Request().Header.Get("Idempotency-Key")
	if !printable(key) || len(key) > 255 {
		return errBadRequest
	}
	if key != "" {
		key = c.Get(scopeName).(string) + " " + key
	}
	asked, err := readInvitation(c)
	if err != nil {
		return err
	}
	s, again, err := a.cfg.Sessions.Invite(c.Request().Context(), asked, key)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	if again {
		h.Set("Idempotent-Replayed", "true")
	} else {
		a.cfg.Log.Info("invited", "session", s.ID, "expires", s.Expires, "single_use", s.SingleUse)
	}
	h.Set("Location", a.cfg.URL+apiPath+"/invitations/"+s.ID)
	return c.JSON(http.StatusCreated, a.invitation(s))
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

func (a *App) getInvitation(c echo.Context) error {
	s, err := a.invited(c)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, a.invitation(s))
}

func (a *App) withdrawInvitation(c echo.Context) error {
	s, err := a.invited(c)
	if err != nil {
		return err
	}
	if err := a.cfg.Sessions.Withdraw(c.Request().Context(), s.ID); err != nil {
		return err
	}
	a.cfg.Log.Info("invitation withdrawn", "session", s.ID)
	return c.NoContent(http.StatusNoContent)
}

// invited is the session that a request names. Those that began without an invitation are not the
// API's.
func (a *App) invited(c echo.Context) (invite.Session, error) {
	s, err := a.cfg.Sessions.Lookup(c.Request().Context(), c.Param("id"))
	if err == nil && s.Token == "" {
		err = invite.ErrNotFound
	}
	return s, err
}

// maxPage is the most invitations in one answer.
const maxPage = 100

func (a *App) listInvitations(c echo.Context) error {
	limit, before := 50, uint64(0)
	var err error
	if text := c.QueryParam("limit"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > maxPage {
			return errBadLimit
		}
	}
	if text := c.QueryParam("cursor"); text != "" {
		if before, err = strconv.ParseUint(text, 10, 64); err != nil || before == 0 {
			return errBadCursor
		}
	}
	all, next, err := a.cfg.Sessions.List(c.Request().Context(), before, limit)
	if err != nil {
		return err
	}
	answer := invitationList{Invitations: make([]invitation, 0, len(all))}
	for _, s := range all {
		answer.Invitations = append(answer.Invitations, a.invitation(s))
	}
	if next != 0 {
		answer.Next = strconv.FormatUint(next, 10)
	}
	return c.JSON(http.StatusOK, answer)
}
