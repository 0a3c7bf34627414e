package genesys

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestChannelIsReplaced(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(p *platform, conn *peer)
	}{
		{"platform does not know it", func(p *platform, _ *peer) { p.answer(subscribeFirst, 404, `{"code":"not.found"}`) }},
		{"platform will not have it", func(p *platform, _ *peer) { p.answer(subscribeFirst, 400, `null`) }},
		{"its sockets are refused", func(p *platform, _ *peer) { p.answer("GET /channels/ch-1", 403, "") }},
		{"a day is over", func(p *platform, conn *peer) {
			for range 24 * 60 * 3 {
				wait(p.t.Context(), 20*time.Second)
				conn.say(heartbeatNow)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *platform, f *followed) {
				f.want("live")
				conn := p.socket(true)
				synctest.Wait()
				tt.spoil(p, conn)
				conn.close()
				f.want("blind")
				f.want("live")
				p.socket(true)
				if p.open != "/channels/ch-2" {
					t.Errorf("open %s, want a second channel", p.open)
				}
			})
		})
	}
}

func TestMuteSocketsCastDoubtOnTheirChannel(t *testing.T) {
	inBubble(t, func(t *testing.T, p *platform, f *followed) {
		mute := func(sockets int) {
			for range sockets {
				f.want("live")
				p.socket(false).close()
				f.want("blind")
			}
		}
		mute(maxDoubts - 1)
		f.want("live")
		conn := p.socket(true) // speaks, so that the count begins anew
		synctest.Wait()
		conn.close()
		f.want("blind")
		mute(maxDoubts)
		if n := p.channelsMade(); n != 1 {
			t.Errorf("%d channels, want 1 yet", n)
		}
		f.want("live")
		p.socket(true)
		if p.open != "/channels/ch-2" {
			t.Errorf("open %s, want a second channel", p.open)
		}
	})
}

// A proxy that lets no socket through must not use up the day's channels.
func TestRefusedSocketsSpareChannels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform(t)
		a := p.agent()
		p.answer("GET /channels/ch-1", 403, "")
		f := follow(t, a)
		if n := f.want("blind"); !errors.Is(n.Cause, ErrUnavailable) {
			t.Errorf("cause %v", n.Cause)
		}
		f.want("live")
		if n := p.count("GET /channels/ch-1"); n != maxDoubts {
			t.Errorf("%d attempts on the first channel, want %d", n, maxDoubts)
		}
		_ = f.end()
	})
}

func TestFollowEnds(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(*platform)
		want  error
	}{
		{"token is dead", func(p *platform) { p.tokens++ }, ErrSignIn},
		{"scope is missing", func(p *platform) { p.answer(postChannel, 403, `{"code":"missing.scope"}`) }, ErrForbidden},
		{"topic is rejected", func(p *platform) {
			p.answer(subscribeFirst, 200, `{"entities":[{"id":"v2.users.u-ada.conversations.calls","state":"Rejected","rejectionReason":"no"}]}`)
		}, ErrForbidden},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform(t)
				a := p.agent()
				tt.spoil(p)
				f := follow(t, a)
				f.want("blind")
				if err := <-f.done; !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
				again := follow(t, a)
				again.want("blind")
				if err := <-again.done; !errors.Is(err, tt.want) {
					t.Errorf("again: got %v, want %v", err, tt.want)
				}
				if p.channels > 1 {
					t.Errorf("%d channels made in vain", p.channels)
				}
			})
		})
	}
}

func TestNewTokenNewChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform(t)
		p.refresh = true
		a := p.agent()
		f := follow(t, a)
		f.want("live")
		conn := p.socket(true)
		synctest.Wait()
		if err := a.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		conn.close()
		f.want("blind")
		f.want("live")
		if p.channelsMade() != 2 {
			t.Errorf("requests %v, want a second channel", p.requests)
		}
		_ = f.end()
	})
}

func TestChannelOutlivesFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform(t)
		a := p.agent()
		for range 30 {
			f := follow(t, a)
			f.want("live")
			p.socket(true)
			if err := f.end(); !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
		}
		if n := p.channelsMade(); n != 1 {
			t.Errorf("%d channels for 30 calls, want 1", n)
		}
	})
}

func TestBadChannels(t *testing.T) {
	for _, body := range []string{
		``, `null`, `{}`, `{"id":"ch-1"}`,
		`{"id":"../x","connectUri":"ws://streaming.test/channels/ch-1"}`,
		`{"id":"ch-1","connectUri":"http://streaming.test/channels/ch-1"}`,
		`{"id":"ch-1","connectUri":"ws://me:secret@streaming.test/channels/ch-1"}`,
		`{"id":"ch-1","connectUri":"ws://"}`,
		`{"id":"ch-1","connectUri":"://"}`,
	} {
		t.Run(body, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform(t)
				a := p.agent()
				p.answer(postChannel, 200, body)
				f := follow(t, a)
				if n := f.want("blind"); !errors.Is(n.Cause, ErrUnavailable) || strings.Contains(n.Cause.Error(), "secret") {
					t.Errorf("cause %v", n.Cause)
				}
				_ = f.end()
			})
		})
	}
}

func TestSocketIsEncryptedWhereTheAPIIs(t *testing.T) {
	c, err := New(Config{Region: "mypurecloud.com", ClientID: "client-1", RedirectURL: "https://agent.example/oauth/callback"})
	if err != nil {
		t.Fatal(err)
	}
	if c.socketAddress("ws://streaming.mypurecloud.com/channels/x") || !c.socketAddress("wss://streaming.mypurecloud.com/channels/x") {
		t.Error("want wss and nothing else")
	}
}
