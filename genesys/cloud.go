package genesys

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/oauth2"
)

// Config says which Genesys Cloud, and as which OAuth client. The addresses follow from the region; each one
// may be given instead, for stand-ins and for regions that are newer than this program.
type Config struct {
	Region string // domain ("mypurecloud.ie") or AWS name ("eu-west-1")

	APIURL   string // https://api.D
	LoginURL string // https://login.D
	AppsURL  string // https://apps.D: the desktop, parent of the widget's frame

	ClientID     string
	ClientSecret string // empty: PKCE alone
	RedirectURL  string // registered with the OAuth client, compared to the letter
	Scopes       []string

	HTTP *http.Client // its transport carries all traffic, the socket's too; nil: a transport of our own
	Log  *slog.Logger // nil: nothing is logged
}

// Cloud is one region of Genesys Cloud as seen by one OAuth client. It holds no state of a call and is safe
// for concurrent use.
type Cloud struct {
	region           region // zero when all addresses were given
	api, login, apps *url.URL
	oauth            oauth2.Config
	transport        http.RoundTripper
	log              *slog.Logger
}

// New checks the configuration and names every fault in it. It does not talk to anybody. An unknown region
// is ErrBadRegion unless all three addresses are given.
func New(cfg Config) (*Cloud, error) {
	c := &Cloud{log: cfg.Log, transport: transportOf(cfg.HTTP)}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	var known bool
	c.region, known = regionOf(cfg.Region)
	var faults []error
	if !known && (cfg.APIURL == "" || cfg.LoginURL == "" || cfg.AppsURL == "") {
		faults = append(faults, fmt.Errorf("%w %q: use one of %s, or give the API, login and apps addresses",
			ErrBadRegion, cfg.Region, domains()))
	}
	address := func(into **url.URL, given, host string) {
		if given == "" && !known {
			return
		}
		if given == "" {
			given = "https://" + host + "." + c.region.domain
		}
		u, err := baseURL(given)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s address: %w", host, err))
		}
		*into = u
	}
	address(&c.api, cfg.APIURL, "api")
	address(&c.login, cfg.LoginURL, "login")
	address(&c.apps, cfg.AppsURL, "apps")
	if cfg.ClientID == "" {
		faults = append(faults, errors.New("client ID is missing"))
	}
	if _, err := baseURL(cfg.RedirectURL); err != nil {
		faults = append(faults, fmt.Errorf("redirect address: %w", err))
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("genesys: %w", errors.Join(faults...))
	}
	c.oauth = oauthConfig(cfg, c.login)
	c.warnAboutPlainHTTP()
	return c, nil
}

// Close ends the connections that are kept open for further calls. Whoever follows an agent stops first.
func (c *Cloud) Close() { (&http.Client{Transport: c.transport}).CloseIdleConnections() }

// AppsOrigin is the origin of the agent desktop: the only one to exchange window messages with.
func (c *Cloud) AppsOrigin() string { return origin(c.apps) }

// LoginOrigin is the origin of the sign-in.
func (c *Cloud) LoginOrigin() string { return origin(c.login) }

// FrameAncestors are the sources that may frame the widget, for a Content-Security-Policy.
func (c *Cloud) FrameAncestors() []string {
	own := c.AppsOrigin()
	if c.region.domain == "" || own != "https://apps."+c.region.domain {
		return []string{own}
	}
	return []string{own, "https://*." + c.region.domain}
}

// warnAboutPlainHTTP speaks up when tokens would cross a network in the clear.
func (c *Cloud) warnAboutPlainHTTP() {
	for _, u := range []*url.URL{c.api, c.login} {
		ip := net.ParseIP(u.Hostname())
		if u.Scheme == "http" && u.Hostname() != "localhost" && !ip.IsLoopback() {
			c.log.Warn("genesys: tokens go unencrypted over plain HTTP", "host", u.Host)
		}
	}
}

func origin(u *url.URL) string { return u.Scheme + "://" + u.Host }

// baseURL accepts an absolute http or https address without user, query and fragment.
func baseURL(address string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSuffix(address, "/"))
	switch {
	case err != nil:
		return nil, errors.New("not an address")
	case u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "":
		return nil, fmt.Errorf("%q is not an absolute http or https address", u.Redacted())
	case u.User != nil, u.RawQuery != "", u.Fragment != "":
		return nil, fmt.Errorf("%q must not have a user, query or fragment", u.Redacted())
	}
	return u, nil
}

func domains() string {
	names := make([]string, len(regions))
	for i, r := range regions {
		names[i] = r.domain
	}
	return strings.Join(names, ", ")
}
