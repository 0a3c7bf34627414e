package customerapp

import (
	"net/http"
	"net/netip"
	"sync"

	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"
)

// limiter lets each caller do something so many times a second, after a burst.
type limiter struct {
	each  rate.Limit
	burst int

	mu    sync.Mutex // guards byWho
	byWho map[string]*rate.Limiter
}

// maxCallers bounds the callers that a limiter knows. When there are more it forgets those who have
// been quiet, or all: a flood from everywhere must not fill the memory.
const maxCallers = 10_000

func newLimiter(each rate.Limit, burst int) *limiter {
	return &limiter{each: each, burst: burst, byWho: map[string]*rate.Limiter{}}
}

// allow counts one act of a caller, and reports whether it is within his limit.
func (l *limiter) allow(who string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.byWho[who]
	if one == nil {
		if len(l.byWho) >= maxCallers {
			l.forget()
		}
		one = rate.NewLimiter(l.each, l.burst)
		l.byWho[who] = one
	}
	return one.Allow()
}

func (l *limiter) forget() {
	for who, one := range l.byWho {
		if one.Tokens() >= float64(l.burst) {
			delete(l.byWho, who)
		}
	}
	if len(l.byWho) >= maxCallers {
		clear(l.byWho)
	}
}

// address is what a caller's limit goes by: his IP address, or with IPv6 the network that one
// customer of a provider has.
func address(c echo.Context) string {
	ip, err := netip.ParseAddr(c.RealIP())
	if err != nil {
		return c.RealIP()
	}
	if ip = ip.Unmap(); ip.Is6() {
		if network, err := ip.Prefix(64); err == nil {
			return network.String()
		}
	}
	return ip.String()
}

// retryAfter tells a caller who was too fast when to come again: a second is enough for the next act.
func retryAfter(h http.Header) { h.Set("Retry-After", "1") }
