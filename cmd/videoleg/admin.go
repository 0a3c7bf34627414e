package main

import (
	"net/http"
	"net/http/pprof"
	"sync/atomic"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// admin is what operators and probes ask: is it alive, may it get traffic, what does it count.
type admin struct {
	registry *prometheus.Registry
	ready    atomic.Bool // false before serving and while stopping
	state    func() error
	profiles bool // pprof is served
}

// newAdmin needs to know who counts, whether the state can be reached, and whether profiles may be taken.
func newAdmin(r *prometheus.Registry, state func() error, profiles bool) *admin {
	return &admin{registry: r, state: state, profiles: profiles}
}

func (a *admin) mount(e *echo.Echo) {
	e.GET("/healthz", func(c echo.Context) error { return c.String(http.StatusOK, "ok\n") })
	e.GET("/readyz", func(c echo.Context) error {
		if !a.ready.Load() {
			return c.String(http.StatusServiceUnavailable, "not ready\n")
		}
		if err := a.state(); err != nil {
			return c.String(http.StatusServiceUnavailable, "not ready: the state cannot be reached\n")
		}
		return c.String(http.StatusOK, "ready\n")
	})
	e.GET("/metrics", echo.WrapHandler(promhttp.HandlerFor(a.registry, promhttp.HandlerOpts{})))
	if a.profiles {
		e.GET("/debug/pprof/*", echo.WrapHandler(http.HandlerFunc(pprof.Index)))
		e.GET("/debug/pprof/cmdline", echo.WrapHandler(http.HandlerFunc(pprof.Cmdline)))
		e.GET("/debug/pprof/profile", echo.WrapHandler(http.HandlerFunc(pprof.Profile)))
		e.GET("/debug/pprof/trace", echo.WrapHandler(http.HandlerFunc(pprof.Trace)))
		e.Match([]string{http.MethodGet, http.MethodPost}, "/debug/pprof/symbol", echo.WrapHandler(http.HandlerFunc(pprof.Symbol)))
	}
}
