package browser

import (
	"slices"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// PersonOption says who opens a page, and how.
type PersonOption func(*person)

// NoCookies keeps every cookie away from the browser and from the servers of these hosts; of all,
// if none is named.
func NoCookies(hosts ...string) PersonOption {
	return func(p *person) {
		p.proxyOptions.noCookies = func(host string) bool { return len(hosts) == 0 || slices.Contains(hosts, host) }
	}
}

// Size is the page's size in CSS pixels, 1280 x 800 unless said.
func Size(width, height int) PersonOption {
	return func(p *person) { p.width, p.height = width, height }
}

// Language is the browser's language, "en-US" unless said.
func Language(tag string) PersonOption { return func(p *person) { p.language = tag } }

// person is a browser context behind a proxy of its own.
type person struct {
	b             *Browser
	t             testing.TB
	id            cdp.BrowserContextID
	proxyOptions  proxyOptions
	proxy         *proxy
	width, height int
	language      string
}

func newPerson(b *Browser, opts []PersonOption) *person {
	b.t.Helper()
	who := &person{b: b, t: b.t, width: 1280, height: 800, language: "en-US"}
	for _, o := range opts {
		o(who)
	}
	who.proxy = startProxy(b.t, who.proxyOptions)
	made, err := chromedp.CallBrowser(b.ctx, target.CreateBrowserContext, target.CreateBrowserContextParams{
		ProxyServer: who.proxy.url(), ProxyBypassList: "<-loopback>",
	})
	if err != nil {
		b.t.Fatalf("making a browser context: %v", err)
	}
	who.id = made.BrowserContextID
	b.t.Cleanup(func() {
		b.dispose(target.DisposeBrowserContextParams{BrowserContextID: who.id})
		for _, host := range who.proxy.trapped() {
			b.t.Errorf("a request left the machine: %s", host)
		}
	})
	return who
}
