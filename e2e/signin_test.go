package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/videoleg/videoleg/e2e/browser"
	"github.com/videoleg/videoleg/genesys/genesystest"
	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

// oldURL is a widget address of the vendor's app, with what it should never have carried.
const oldURL = "/?pcConversationId={{pcConversationId}}&pcEnvironment={{pcEnvironment}}&pcLangTag={{pcLangTag}}&pexipNode=old.example&pexipAgentPin=864209"

func TestSignIn(t *testing.T) {
	public := func(o *genesystest.Options) { o.Clients[0].Secret = "" }
	for _, tc := range []struct {
		name   string
		cloud  func(*genesystest.Options)
		secret string // of our client; empty is PKCE alone
	}{
		{"with a client secret", nil, clientSecret},
		{"with PKCE alone", public, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := start(t, options{cloud: tc.cloud, env: map[string]string{"GENESYS_CLIENT_SECRET": tc.secret}})
			desktop, _, widget := c.call(browser.Start(t))
			desktop.NeverReceived(c.allSecrets()...)
			if url := widget.URL(); strings.Contains(url, "code=") || strings.Contains(url, "state=") {
				t.Errorf("the widget's address keeps the sign-in: %s", url)
			}
		})
	}
}

// TestSignInOnce: the next widget needs no sign-in.
func TestSignInOnce(t *testing.T) {
	c := start(t, options{})
	desktop, _, widget := c.call(browser.Start(t))
	desktop.Button("Reload widget").Click()
	widget.AwaitTrue("performance.getEntriesByType('navigation')[0].type && document.body.dataset.signin === ''")
	widget.AwaitStatus("In call")
	authorized := 0
	for _, r := range c.cloud.Requests() {
		if r.Path == "/oauth/authorize" {
			authorized++
		}
	}
	if authorized != 1 {
		t.Errorf("%d visits to the login page, want 1", authorized)
	}
}

func TestSignInWithoutThirdPartyCookies(t *testing.T) {
	c := start(t, options{})
	c.call(browser.Start(t, browser.BlockThirdPartyCookies()))
}

// TestSignInWithoutOurCookies: a browser that keeps no cookie of ours is signed in all the same,
// and again after a reload.
func TestSignInWithoutOurCookies(t *testing.T) {
	c := start(t, options{})
	b := browser.Start(t)
	desktop := b.Open(c.cloud.URL+"/?agent=ada", browser.NoCookies("localhost"))
	customer := c.enter(b)
	desktop.Button("Answer").Click()
	widget := desktop.Frame("Video")
	widget.AwaitStatus("In call")
	widget.Video("Customer video").AwaitMoving()
	customer.Video("Agent video").AwaitMoving()
	desktop.Button("Reload widget").Click()
	widget.AwaitStatus("In call")
	widget.Video("Customer video").AwaitMoving()
	desktop.NeverReceived(c.allSecrets()...)
}

// forgetSignIn opens another conversation with a sign-in that is not good any more: the server forgets it.
const forgetSignIn = `new Promise((forgotten) => {
	const socket = new WebSocket(location.origin.replace("http", "ws") + "/session");
	socket.onopen = () => socket.send('{"type": "hello", "conversation": "c0ffee00-0000-4000-8000-000000000001"}');
	socket.onmessage = ({ data }) => data.includes('"code":"sign-in"') && forgotten(socket.close());
})`

// dropRenewal keeps the server from hearing that the sign-in is to be renewed, and the page waits less for its answer.
const dropRenewal = `((late, send) => {
	window.setTimeout = (f, ms, ...rest) => late(f, ms === 5000 ? 500 : ms, ...rest);
	WebSocket.prototype.send = function (text) { if (!text.includes("renew")) send.call(this, text); };
})(window.setTimeout, WebSocket.prototype.send)`

// TestSignInRenewal: where there is no refresh token the widget renews the sign-in beside the call. The leg, and what
// the agent sees, go on through all of it.
func TestSignInRenewal(t *testing.T) {
	c := start(t, options{
		env:   map[string]string{"GENESYS_CLIENT_SECRET": ""},
		cloud: func(o *genesystest.Options) { o.Clients[0].Secret = "" },
	})
	b := browser.Start(t)
	desktop, customer, widget := c.call(b)
	before := c.awaitAgent("is seen", func(p pexrtctest.Participant) bool { return !p.VideoMuted })
	expire := func() {
		t.Helper()
		if err := c.cloud.ExpireTokens(genesystest.AdaID); err != nil {
			t.Fatal(err)
		}
		c.awaitAgent("is not seen", func(p pexrtctest.Participant) bool { return p.VideoMuted })
	}
	seenAgain := func() {
		t.Helper()
		after := c.awaitAgent("is seen again", func(p pexrtctest.Participant) bool { return !p.VideoMuted })
		if after.UUID != before.UUID {
			t.Errorf("the participant is %s, want the one of before, %s", after.UUID, before.UUID)
		}
		widget.AwaitStatus("In call")
		widget.Video("Customer video").AwaitMoving()
		customer.Video("Agent video").AwaitMoving()
	}

	t.Run("when it has ended", func(t *testing.T) {
		expire()
		seenAgain()
	})

	logOut := func() {
		desktop.Tab(c.cloud.URL + "/logout?client_id=e2e&redirect_uri=" + url.QueryEscape(c.agent+"/oauth/callback")).Close()
		expire()
		widget.AwaitText("Your sign-in has ended")
	}

	t.Run("in another widget", func(t *testing.T) {
		logOut()
		other := desktop.Tab(c.agent + "/?conversationid=c0ffee00-0000-4000-8000-000000000001")
		other.Button("Ada Lovelace ada@example.com").Click()
		seenAgain()
		other.Close()
	})

	t.Run("by the agent, where he has signed in for something else", func(t *testing.T) {
		logOut()
		other := desktop.Tab(c.cloud.URL + "/oauth/authorize?" + url.Values{
			"response_type": {"code"}, "client_id": {"e2e"}, "redirect_uri": {c.agent + "/oauth/callback"},
			"code_challenge": {strings.Repeat("x", 43)}, "code_challenge_method": {"S256"},
		}.Encode())
		other.Button("Ada Lovelace ada@example.com").Click()
		other.AwaitAlert("took too long")
		other.Close()
		widget.Eval(forgetSignIn, nil)
		widget.Eval(`window.stays = true`, nil)
		widget.Button("Sign in again").Click()
		seenAgain()
		widget.AwaitTrue(`window.stays`)
	})

	t.Run("by the agent", func(t *testing.T) {
		logOut()
		widget.Eval(dropRenewal, nil)
		widget.Video("Customer video").AwaitFrames(5)
		widget.Button("Sign in again").Click()
		widget.Button("Ada Lovelace ada@example.com").Click() // at Genesys Cloud, in the same frame
		seenAgain()
	})
}

func TestOldWidgetURLs(t *testing.T) {
	c := start(t, options{cloud: func(o *genesystest.Options) {
		o.WidgetURL = strings.TrimSuffix(o.WidgetURL, "/?conversationid={{pcConversationId}}") + oldURL
	}})
	desktop, _, _ := c.call(browser.Start(t))
	desktop.Button("Reload widget").Click()
	desktop.Frame("Video").AwaitStatus("In call")
	log := c.process.text()
	if n := strings.Count(log, "carries a PIN"); n != 1 {
		t.Errorf("%d warnings of the PIN in the URL, want 1", n)
	}
	if strings.Contains(log, "864209") {
		t.Error("the log shows the PIN of the URL")
	}
}

// TestForgedSignIn: a code that another browser obtained gets nobody in.
func TestForgedSignIn(t *testing.T) {
	c := start(t, options{})
	b := browser.Start(t)
	attacker, err := http.Get(c.agent + "/?conversationid=c0ffee00-0000-4000-8000-000000000001")
	if err != nil {
		t.Fatal(err)
	}
	attacker.Body.Close()
	_, page := get(t, c.agent+"/?conversationid=c0ffee00-0000-4000-8000-000000000001")
	_, rest, _ := strings.Cut(page, "state=")
	state, _, _ := strings.Cut(rest, `"`)
	victim := b.Open(c.agent + "/oauth/callback?code=stolen-code&state=" + state)
	victim.AwaitAlert("could not be finished in this browser")
	for _, r := range c.cloud.Requests() {
		if r.Path == "/oauth/token" {
			t.Error("the code was exchanged")
		}
	}
}

func TestPageHeaders(t *testing.T) {
	c := start(t, options{})
	for _, tc := range []struct{ url, ancestors string }{
		{c.agent + "/?conversationid=c0ffee00-0000-4000-8000-000000000001", "frame-ancestors " + c.cloud.URL + ";"},
		{c.customer + "/", "frame-ancestors 'none'"},
	} {
		r, _ := get(t, tc.url)
		policy := r.Header.Get("Content-Security-Policy")
		if !strings.Contains(policy, tc.ancestors) || !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q, want %q in it and nothing unsafe", tc.url, policy, tc.ancestors)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", tc.url, name, got, want)
			}
		}
	}
	for _, cookie := range cookies(t, c.agent+"/?conversationid=c0ffee00-0000-4000-8000-000000000001") {
		if !cookie.HttpOnly || !cookie.Secure || !cookie.Partitioned || cookie.SameSite != http.SameSiteNoneMode {
			t.Errorf("cookie %s is %+v, want HttpOnly, Secure, Partitioned, SameSite=None", cookie.Name, cookie)
		}
	}
}

func cookies(t *testing.T, url string) []*http.Cookie {
	t.Helper()
	r, _ := get(t, url)
	all := r.Cookies()
	if len(all) == 0 {
		t.Errorf("%s sets no cookie", url)
	}
	return all
}
