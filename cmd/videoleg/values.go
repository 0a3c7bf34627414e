package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/videoleg/videoleg/genesys"
)

// The types of settings whose text has a form. Each Decode is envconfig's; its error says what
// the value should be.

// secret is a value that no log, message or page may show.
type secret string

func (secret) String() string           { return "(secret)" }
func (secret) GoString() string         { return "(secret)" }
func (secret) LogValue() slog.Value     { return slog.StringValue("(secret)") }
func (s *secret) Decode(v string) error { *s = secret(v); return nil }

// key is a secret of at least 32 bytes, written in base64.
type key []byte

func (key) String() string       { return "(secret)" }
func (key) GoString() string     { return "(secret)" }
func (key) LogValue() slog.Value { return slog.StringValue("(secret)") }

func (k *key) Decode(v string) error {
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(v))
	if err != nil {
		if b, err = base64.RawURLEncoding.DecodeString(strings.TrimSpace(v)); err != nil {
			return errors.New("not base64; make one with: openssl rand -base64 32")
		}
	}
	if len(b) < 32 {
		return fmt.Errorf("%d bytes are too few, 32 are needed; make one with: openssl rand -base64 32", len(b))
	}
	*k = b
	return nil
}

// baseURL is an http or https URL without query; a final slash is dropped.
type baseURL string

func (b *baseURL) Decode(v string) error {
	u, err := url.Parse(strings.TrimSpace(v))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return fmt.Errorf("%.80q is not a URL such as https://video.example", v)
	}
	if u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return errors.New("a base URL has no user, query or fragment")
	}
	*b = baseURL(strings.TrimRight(u.String(), "/"))
	return nil
}

// secure reports whether browsers reach it over HTTPS.
func (b baseURL) secure() bool { return strings.HasPrefix(string(b), "https://") }

// baseURLs are base URLs with commas between them.
type baseURLs []string

func (b *baseURLs) Decode(v string) error {
	var all baseURLs
	for part := range strings.SplitSeq(v, ",") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		var one baseURL
		if err := one.Decode(part); err != nil {
			return err
		}
		all = append(all, string(one))
	}
	*b = all
	return nil
}

// aliasSource is genesys.AliasSource as a setting.
type aliasSource struct{ genesys.AliasSource }

func (a *aliasSource) Decode(v string) (err error) {
	a.AliasSource, err = genesys.ParseAliasSource(v)
	return err
}

// mediaMode is relay (media through us) or bypass (browser to node).
type mediaMode string

func (m *mediaMode) Decode(v string) error { return choose((*string)(m), v, "relay", "bypass") }

// experience is embedded (our customer page) or webapp (Pexip's).
type experience string

func (e *experience) Decode(v string) error { return choose((*string)(e), v, "embedded", "webapp") }

// logFormat is text or json.
type logFormat string

func (l *logFormat) Decode(v string) error { return choose((*string)(l), v, "text", "json") }

func choose(to *string, v string, choices ...string) error {
	for _, c := range choices {
		if strings.EqualFold(v, c) {
			*to = c
			return nil
		}
	}
	return fmt.Errorf("%.40q is none of %s", v, strings.Join(choices, ", "))
}

// logLevel is debug, info, warn or error.
type logLevel slog.Level

func (l *logLevel) Decode(v string) error {
	if err := (*slog.Level)(l).UnmarshalText([]byte(v)); err != nil {
		return fmt.Errorf("%.40q is none of debug, info, warn, error", v)
	}
	return nil
}

// port is 0 to 65535.
type port int

func (p *port) Decode(v string) (err error) {
	*p, err = parsePort(v)
	return err
}

func parsePort(v string) (port, error) {
	n, err := strconv.ParseUint(v, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("%.40q is not a port, 0 to 65535", v)
	}
	return port(n), nil
}

// bandwidth is kbit/s, within what video needs and nodes take.
type bandwidth int

func (b *bandwidth) Decode(v string) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < 64 || n > 8192 {
		return fmt.Errorf("%.40q is not a number of kbit/s from 64 to 8192", v)
	}
	*b = bandwidth(n)
	return nil
}

// addresses are IP addresses with commas between them.
type addresses []string

func (a *addresses) Decode(v string) error {
	var all addresses
	for part := range strings.SplitSeq(v, ",") {
		ip, err := netip.ParseAddr(strings.TrimSpace(part))
		if err != nil {
			return fmt.Errorf("%.60q is not an IP address", part)
		}
		all = append(all, ip.String())
	}
	*a = all
	return nil
}

// networks are CIDRs with commas between them.
type networks []*net.IPNet

func (n *networks) Decode(v string) error {
	var all networks
	for part := range strings.SplitSeq(v, ",") {
		_, network, err := net.ParseCIDR(strings.TrimSpace(part))
		if err != nil {
			return fmt.Errorf("%.60q is not a network such as 10.0.0.0/8", part)
		}
		all = append(all, network)
	}
	*n = all
	return nil
}
