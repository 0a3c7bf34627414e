package session

import (
	"net/http"
	"testing"
	"time"

	"github.com/videoleg/videoleg/genesys"
	"github.com/videoleg/videoleg/genesys/genesystest"
)

// pkce makes agents sign in by a client without secret: there is no refresh token.
func (c *centre) pkce() {
	c.t.Helper()
	const back = "http://agent.test/oauth/callback"
	c.cloud.AddClient(genesystest.OAuthClient{ID: "pkce", RedirectURIs: []string{back}})
	region, err := genesys.New(genesys.Config{
		APIURL: "http://cloud.test", LoginURL: "http://cloud.test", AppsURL: "http://cloud.test",
		ClientID: "pkce", RedirectURL: back, HTTP: &http.Client{Transport: c.toCloud},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.region = region
}

// TestSignInRenewed: the page is told in time, and the call goes from the old sign-in to the new one without a blind moment.
func TestSignInRenewed(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		c.pkce()
		ada := c.agent(genesystest.AdaID)
		time.Sleep(time.Until(ada.Expiry()) - renewAhead - 10*time.Second)
		call := c.ring()
		tab := c.open(ada, call.ID())
		tab.awaitConnect()
		tab.await("is to renew the sign-in", func(m message) bool { return m.SignIn == signInEnding })
		if left := time.Until(ada.Expiry()); left != renewAhead {
			t.Errorf("told %v before the end, want %v", left, renewAhead)
		}
		again := c.agent(genesystest.AdaID)
		c.calls.SignedIn(again)
		tab.await("has a good sign-in", func(m message) bool { return m.Type == "state" && m.SignIn == "" })
		time.Sleep(2 * renewAhead) // past the old one's end
		if err := call.CustomerHangup(); err != nil {
			t.Fatal(err)
		}
		tab.await("hears the end", func(m message) bool {
			if m.Notice == paneBlind || m.SignIn != "" {
				t.Errorf("told %+v after the renewal", m)
			}
			return m.Status == StatusEnded
		})
	})
}

// TestSignInEnded: the page is told, and the next sign-in brings the call's state back.
func TestSignInEnded(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		c.pkce()
		tab := c.open(c.agent(genesystest.AdaID), c.ring().ID())
		tab.awaitConnect()
		time.Sleep(time.Second) // until events flow
		if err := c.cloud.ExpireTokens(genesystest.AdaID); err != nil {
			t.Fatal(err)
		}
		tab.await("is blind until the sign-in is renewed", func(m message) bool { return m.SignIn == signInEnded && m.Notice == paneBlind })
		c.calls.SignedIn(c.agent(genesystest.AdaID))
		tab.await("sees again", func(m message) bool { return m.Type == "state" && m.SignIn == "" && m.Notice == "" })
	})
}

// TestSignInWhileJoining: a join that waits goes on beside a new sign-in, which the race detector watches.
func TestSignInWhileJoining(t *testing.T) {
	bubble(t, func(t *testing.T, c *centre) {
		c.pkce()
		ada, conversation := c.agent(genesystest.AdaID), c.ring()
		time.Sleep(time.Until(ada.Expiry()) - renewAhead/2)
		tab := c.open(ada, conversation.ID())
		tab.awaitConnect()
		again := c.agent(genesystest.AdaID)
		call, err := c.calls.Open(t.Context(), ada, conversation.ID())
		if err != nil {
			t.Fatal(err)
		}
		call.post(func() {
			call.leave(false)
			call.join()
			call.signedIn(again)
		})
		tab.awaitConnect()
	})
}

// TestShortSignIn: a token of a minute is not renewed all the time.
func TestShortSignIn(t *testing.T) {
	for _, tt := range []struct{ life, ahead time.Duration }{
		{24 * time.Hour, renewAhead},
		{5 * time.Minute, 75 * time.Second},
		{time.Minute, 15 * time.Second},
	} {
		if got := ahead(tt.life); got != tt.ahead {
			t.Errorf("a sign-in of %v is renewed %v before its end, want %v", tt.life, got, tt.ahead)
		}
	}
}
