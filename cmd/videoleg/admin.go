package main

import (
	"net/http"
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
}

// newAdmin needs to know who counts, and whether the state can be reached.
func newAdmin(r *prometheus.Registry, state func() error) *admin {
	return &admin{registry: r, state: state}
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
}
