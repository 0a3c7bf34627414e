package customerapp

import (
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
	"net/http"

	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"
)

// Face is an HTTP face for Pexip: a handler behind one pair of credentials. Without a user name it
// is off, and its address does not exist.
type Face struct {
	Handler  http.Handler
	Username string
	Password string
}

// Wrong credentials of one address: so many a second, after a burst. Whoever has the right ones is
// never slowed, for he may share his address with somebody who has not.
const (
	wrongRate  = rate.Limit(1)
	wrongBurst = 20
)

// mount puts the face at path, or nothing. Wrong credentials are in the log: a node that has them goes on
// without us, and says so nowhere.
func (f Face) mount(e *echo.Echo, path string, log *slog.Logger) {
	if f.Username == "" || f.Handler == nil {
		return
	}
	wrong := newLimiter(wrongRate, wrongBurst)
	e.Any(path, func(c echo.Context) error {
		switch {
		case f.admits(c.Request()):
			f.Handler.ServeHTTP(c.Response(), c.Request())
			return nil
		case !wrong.allow(address(c)):
			return errRate.answer(c)
		}
		log.Warn("wrong credentials: compare those in Pexip with the settings", "path", path, "from", address(c))
		return errCredentials.answer(c)
	})
}

// admits lets in who has the credentials (RFC 7617). How long it takes tells nothing about them.
func (f Face) admits(r *http.Request) bool {
	username, password, _ := r.BasicAuth()
	return equal(username, f.Username)&equal(password, f.Password) == 1
}

// equal is 1 for equal texts; hashes have equal lengths, so that not even those show.
func equal(a, b string) int {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:])
}
