package browser

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// Page is a tab. As a [Document] it is its top document.
type Page struct {
	Document
	who    *person
	ctx    context.Context // chromedp's, of the tab
	cancel context.CancelFunc

	mu       sync.Mutex // guards the rest
	attached map[target.ID]context.Context
	problems []string
}

func (who *person) open(url string) *Page {
	who.t.Helper()
	p := who.attach(chromedp.WithExistingBrowserContext(who.id))
	p.setLanguage()
	p.Resize(who.width, who.height)
	p.Go(url)
	return p
}

// attach makes a new tab, or one that is there, a Page.
func (who *person) attach(to chromedp.ContextOption) *Page {
	who.t.Helper()
	ctx, cancel := chromedp.NewContext(who.b.ctx, to)
	p := &Page{who: who, ctx: ctx, cancel: sync.OnceFunc(cancel), attached: map[target.ID]context.Context{}}
	p.Document = Document{page: p, within: Patience}
	who.t.Cleanup(p.cancel)
	if err := chromedp.Do(ctx); err != nil {
		who.t.Fatalf("opening a tab: %v", err)
	}
	p.watch(ctx)
	return p
}

// Tab opens url in another tab of the same person.
func (p *Page) Tab(url string) *Page {
	p.who.t.Helper()
	return p.who.open(url)
}

// Popup is the window that this page has opened, as soon as it has.
func (p *Page) Popup() *Page {
	p.who.t.Helper()
	var id target.ID
	p.await("waiting for a window that the page opens", func(ctx context.Context, s scope) (string, error) {
		all, err := chromedp.Targets(ctx)
		for _, info := range all {
			if info.Type == "page" && info.OpenerID == p.id() {
				id = info.TargetID
				return "", nil
			}
		}
		return "there is none", err
	})
	return p.who.attach(chromedp.WithTargetID(id))
}

func (p *Page) id() target.ID { return chromedp.FromContext(p.ctx).Target.TargetID }

// Close closes the tab without asking it, as a killed one.
func (p *Page) Close() { p.cancel() }

// Go opens url in this tab and waits until it has been parsed. A server that does not answer fails
// the test; an error page of its own does not.
func (p *Page) Go(url string) {
	p.who.t.Helper()
	ctx, stop := context.WithTimeout(p.ctx, p.within)
	defer stop()
	res, err := cdp.Call(ctx, p.session(), page.Navigate, page.NavigateParams{URL: url})
	if err == nil && res.ErrorText != "" {
		err = errors.New(res.ErrorText)
	}
	if err != nil {
		p.who.t.Fatalf("opening %s: %v", url, err)
	}
	p.AwaitTrue(`document.readyState !== 'loading'`)
}

// Reload loads the page again, past the cache.
func (p *Page) Reload() {
	p.who.t.Helper()
	p.Eval(`window.beforeReload = true`, nil)
	ctx, stop := context.WithTimeout(p.ctx, p.within)
	defer stop()
	ignore := true
	if _, err := cdp.Call(ctx, p.session(), page.Reload, page.ReloadParams{IgnoreCache: &ignore}); err != nil {
		p.who.t.Fatalf("reloading: %v", err)
	}
	p.AwaitTrue(`!window.beforeReload && document.readyState !== 'loading'`)
}

// Resize gives the page a size in CSS pixels.
func (p *Page) Resize(width, height int) {
	p.who.t.Helper()
	p.must("resizing", func(ctx context.Context) error {
		_, err := cdp.Call(ctx, p.session(), emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: int64(width), Height: int64(height), DeviceScaleFactor: 1, Mobile: false,
		})
		return err
	})
}

func (p *Page) setLanguage() {
	p.must("setting the language", func(ctx context.Context) error {
		_, err := cdp.Call(ctx, p.session(), emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{
			UserAgent: p.userAgent(ctx), AcceptLanguage: p.who.language,
		})
		return err
	})
}

func (p *Page) userAgent(ctx context.Context) string {
	var agent string
	s, err := p.top(ctx)
	if err == nil {
		err = s.call(ctx, s.doc, `function() { return navigator.userAgent }`, &agent)
	}
	if err != nil {
		p.who.t.Fatalf("reading the user agent: %v", err)
	}
	return agent
}

// OnEachDocument runs a script in every document of this tab's own process from now on, before its own scripts.
func (p *Page) OnEachDocument(script string) {
	p.who.t.Helper()
	p.must("adding a script", func(ctx context.Context) error {
		_, err := cdp.Call(ctx, p.session(), page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
		return err
	})
}

// Screenshot writes what is seen to NAME.png in the test's artifacts (go test -artifacts keeps
// them), or in $VIDEOLEG_SHOTS, and returns the path.
func (p *Page) Screenshot(name string) string {
	p.who.t.Helper()
	dir := os.Getenv("VIDEOLEG_SHOTS")
	if dir == "" {
		dir = p.who.t.ArtifactDir()
	}
	path := filepath.Join(dir, name+".png")
	p.must("taking a screenshot", func(ctx context.Context) error {
		shot, err := cdp.Call(ctx, p.session(), page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng})
		if err != nil {
			return err
		}
		return os.WriteFile(path, shot.Data, 0o600)
	})
	return path
}

func (p *Page) session() cdp.Session { return chromedp.FromContext(p.ctx).Target }

// frameSession attaches to a frame that runs in a process of its own.
func (p *Page) frameSession(id target.ID) (cdp.Session, error) {
	p.mu.Lock()
	ctx, known := p.attached[id]
	p.mu.Unlock()
	if known {
		return chromedp.FromContext(ctx).Target, nil
	}
	ctx, cancel := chromedp.NewContext(p.ctx, chromedp.WithTargetID(id), chromedp.WithDetachOnCancel())
	if err := chromedp.Do(ctx); err != nil {
		cancel()
		return nil, err
	}
	p.who.t.Cleanup(cancel)
	p.watch(ctx)
	if err := replay(ctx); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.attached[id] = ctx
	return chromedp.FromContext(ctx).Target, nil
}

func (p *Page) forget(id target.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.attached, id)
}

// must does one thing that has no reason to fail.
func (p *Page) must(what string, do func(ctx context.Context) error) {
	p.who.t.Helper()
	ctx, stop := context.WithTimeout(p.ctx, Patience)
	defer stop()
	if err := do(ctx); err != nil {
		p.who.t.Fatalf("%s: %v", what, err)
	}
}
