package browser

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// Patience is how long anything waited for may take, unless [Document.Within] says otherwise.
const Patience = 25 * time.Second

const closeTime = 10 * time.Second

// Browser is one Chromium process, ended with its test.
type Browser struct {
	t   testing.TB
	ctx context.Context // chromedp's, of the process
}

// Option changes how a Browser starts.
type Option func(*settings)

type settings struct {
	camera, refuses, thirdParty, noUDP bool
}

// NoCamera leaves the machine without camera and microphone; else it has fake ones with a moving
// test pattern and a beep.
func NoCamera() Option { return func(s *settings) { s.camera = false } }

// RefuseCamera is a user who says no when asked for camera, microphone or screen; else they are given.
func RefuseCamera() Option { return func(s *settings) { s.refuses = true } }

// BlockThirdPartyCookies refuses cookies of a frame from another site, unless they are partitioned.
func BlockThirdPartyCookies() Option { return func(s *settings) { s.thirdParty = false } }

// NoUDP is a firewall that lets no UDP out: media goes by TCP, through the proxy.
func NoUDP() Option { return func(s *settings) { s.noUDP = true } }

// Find is the Chromium to use: $CHROMIUM, else the first of the usual names on the PATH.
func Find() (path string, err error) {
	if set := os.Getenv("CHROMIUM"); set != "" {
		return exec.LookPath(set)
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("no Chromium on the PATH: install one, or set CHROMIUM")
}

// Start starts a Chromium of the test's own. Without one the test is skipped, or fails where
// VIDEOLEG_E2E=required.
func Start(t testing.TB, opts ...Option) *Browser {
	t.Helper()
	path, err := Find()
	switch {
	case err != nil && os.Getenv("VIDEOLEG_E2E") == "required":
		t.Fatalf("a browser test cannot run: %v", err)
	case err != nil:
		t.Skipf("a browser test cannot run: %v", err)
	}
	s := settings{camera: true, thirdParty: true}
	for _, o := range opts {
		o(&s)
	}
	profile := newProfile(t, s)
	nowhere := startProxy(t, proxyOptions{})
	alloc, freeAlloc := chromedp.NewExecAllocator(context.Background(), flags(s, path, profile, nowhere.url())...)
	ctx, cancel := chromedp.NewContext(alloc, chromedp.WithErrorf(t.Logf))
	t.Cleanup(func() {
		end, stop := context.WithTimeout(ctx, closeTime)
		defer stop()
		if err := chromedp.Cancel(end); err != nil {
			t.Logf("closing %s: %v", path, err)
		}
		cancel()
		freeAlloc()
		removeProfile(t, profile)
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("starting %s: %v", path, err)
	}
	return &Browser{t: t, ctx: ctx}
}

func flags(s settings, path, profile, proxy string) []chromedp.ExecAllocatorOption {
	all := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(profile),
		chromedp.NoSandbox, // tests run as root in containers
		chromedp.DisableGPU,
		chromedp.ProxyServer(proxy),
		chromedp.Flag("proxy-bypass-list", "<-loopback>"),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"),
		chromedp.Flag("mute-audio", true),
		chromedp.Flag("disable-features", "Translate,AutofillServerCommunication,OptimizationHints,MediaRouter"),
	)
	answer := any(true)
	if s.refuses {
		answer = "deny"
	}
	all = append(all, chromedp.Flag("use-fake-ui-for-media-stream", answer))
	if s.noUDP {
		const policy = "disable_non_proxied_udp"
		all = append(all, chromedp.Flag("webrtc-ip-handling-policy", policy),
			chromedp.Flag("force-webrtc-ip-handling-policy", policy)) // its earlier name
	}
	if s.camera {
		all = append(all, chromedp.Flag("use-fake-device-for-media-stream", true))
	}
	return all
}

// newProfile writes the settings that have no flag.
func newProfile(t testing.TB, s settings) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "videoleg-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	block := 0 // never; 1 always; 2 in private windows, as every person's is
	if !s.thirdParty {
		block = 1
	}
	prefs, err := json.Marshal(map[string]any{"profile": map[string]any{
		"cookie_controls_mode": block, "block_third_party_cookies": !s.thirdParty,
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "Default"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "Default", "Preferences"), prefs, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// removeProfile tries for a while: Chromium's last processes may still write.
func removeProfile(t testing.TB, dir string) {
	ctx, stop := context.WithTimeout(context.Background(), closeTime)
	defer stop()
	for {
		err := os.RemoveAll(dir)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Logf("removing %s: %v", dir, err)
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Open opens url as a new person: cookies, permissions and record are his own.
func (b *Browser) Open(url string, opts ...PersonOption) *Page {
	b.t.Helper()
	who := newPerson(b, opts)
	return who.open(url)
}

// dispose ends a browser context and all its pages.
func (b *Browser) dispose(params target.DisposeBrowserContextParams) {
	if _, err := chromedp.CallBrowser(b.ctx, target.DisposeBrowserContext, params); err != nil {
		b.t.Logf("ending a browser context: %v", err)
	}
}
