package main

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// newEcho is a server with what every app needs: a request ID, a log line with the route alone (paths
// and query strings hold tokens, codes and states), recovery from panics, limits, and errors as JSON.
func newEcho(cfg Config, log *slog.Logger) *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = clientIP(cfg.TrustedProxies)
	e.HTTPErrorHandler = jsonErrors(log)
	e.Use(
		middleware.RequestIDWithConfig(middleware.RequestIDConfig{Generator: rand.Text}),
		logRequests(log),
		middleware.RecoverWithConfig(middleware.RecoverConfig{DisablePrintStack: true, LogErrorFunc: func(c echo.Context, err error, stack []byte) error {
			log.Error("panic", "path", c.Path(), "err", err, "stack", string(stack))
			return err
		}}),
		middleware.BodyLimitWithConfig(middleware.BodyLimitConfig{Limit: "256K", Skipper: func(c echo.Context) bool {
			return c.Path() == "/events" // has a limit of its own: nodes post in bulk
		}}),
		secureHeaders(cfg.AgentURL.secure()),
	)
	return e
}

// clientIP believes X-Forwarded-For from the trusted proxies alone.
func clientIP(trusted []*net.IPNet) echo.IPExtractor {
	if len(trusted) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, network := range trusted {
		options = append(options, echo.TrustIPRange(network))
	}
	return echo.ExtractIPFromXFFHeader(options...)
}

func logRequests(log *slog.Logger) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			began := time.Now()
			err := next(c)
			if err != nil {
				c.Error(err)
			}
			log.Debug("request", "method", c.Request().Method, "path", c.Path(), "status", c.Response().Status,
				"took", time.Since(began), "from", c.RealIP(), "request", c.Response().Header().Get(echo.HeaderXRequestID))
			return nil
		}
	}
}

// secureHeaders are those that every answer has; pages add their own.
func secureHeaders(https bool) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			h := c.Response().Header()
			h.Set("X-Content-Type-Options", "nosniff")
			if https {
				h.Set("Strict-Transport-Security", "max-age=31536000")
			}
			return next(c)
		}
	}
}

// jsonErrors answers an error that no handler has worded.
func jsonErrors(log *slog.Logger) echo.HTTPErrorHandler {
	return func(err error, c echo.Context) {
		if c.Response().Committed {
			return
		}
		status, message := http.StatusInternalServerError, "Something went wrong on the server. Try again."
		var known *echo.HTTPError
		if errors.As(err, &known) {
			status, message = known.Code, http.StatusText(known.Code)
		} else {
			log.Error("request failed", "path", c.Path(), "err", err, "request", c.Response().Header().Get(echo.HeaderXRequestID))
		}
		body := map[string]map[string]string{"error": {"code": strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "_"), "message": message}}
		if err := c.JSON(status, body); err != nil {
			log.Debug("answer not sent", "err", err)
		}
	}
}
