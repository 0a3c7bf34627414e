package browser

import (
	"bytes"
	"slices"
	"strings"
)

// Received is everything that this person's browser has received so far, in all tabs and frames.
func (p *Page) Received() []Exchange { return p.who.proxy.received() }

// NeverReceived fails the test if any of the secrets stands in anything that this person's browser
// received, or in an address that it asked for.
func (p *Page) NeverReceived(secrets ...string) {
	p.who.t.Helper()
	all := p.Received()
	if len(all) == 0 {
		p.who.t.Error("nothing was received at all")
	}
	for _, e := range all {
		for _, s := range secrets {
			if s == "" {
				p.who.t.Fatal("an empty secret")
			}
			if e.Has(s) {
				p.who.t.Errorf("a secret reached the browser in %s %s (status %d)", e.Method, e.URL, e.Status)
			}
		}
	}
}

// Has tells whether text stands in the address, in a header or in the body.
func (e Exchange) Has(text string) bool {
	if strings.Contains(e.URL, text) || bytes.Contains(e.Body, []byte(text)) {
		return true
	}
	for _, values := range e.Header {
		if slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, text) }) {
			return true
		}
	}
	return false
}

// Stalled is a network that brings nothing any more, and tells nobody: what is open stays open. Media, which is no
// request, goes on.
func (p *Page) Stalled(on bool) { p.who.proxy.setStalled(on) }

// Offline takes the network from this person, or gives it back: open requests and sockets end, new
// ones are refused. Media, which is no request, goes on.
func (p *Page) Offline(off bool) { p.who.proxy.setOffline(off) }
