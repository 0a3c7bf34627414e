package genesys

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const (
	postChannel    = "POST /api/v2/notifications/channels"
	subscribeFirst = "POST /api/v2/notifications/channels/ch-1/subscriptions"
	deleteFirst    = "DELETE /api/v2/notifications/channels/ch-1/subscriptions"
	closingSoon    = `{"topicName":"v2.system.socket_closing","eventBody":{"message":"soon"}}`
	heartbeatNow   = `{"topicName":"channel.metadata","eventBody":{"message":"WebSocket Heartbeat"}}`
)

// inBubble runs a test with a platform and Ada followed.
func inBubble(t *testing.T, test func(t *testing.T, p *platform, f *followed)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform(t)
		f := follow(t, p.agent())
		test(t, p, f)
		if err := f.end(); !errors.Is(err, context.Canceled) {
			t.Errorf("Follow gave %v, want the context's end", err)
		}
	})
}

func TestFollow(t *testing.T) {
	inBubble(t, func(t *testing.T, p *platform, f *followed) {
		f.want("live")
		conn := p.socket(true)
		conn.say(eventConnected)
		if c := f.want("event").Conversation; c.ID != conversationID || c.Source != SourceEvent {
			t.Errorf("got %+v", c)
		}
		conn.say(heartbeatNow)
		conn.say(`{"topicName":"v2.users.u-bob.conversations.calls","eventBody":{}}`)
		f.quiet()
		conn.say(callEvent(eventHold))
		if me, _ := f.want("event").Conversation.Mine("u-ada"); !me.Held {
			t.Errorf("got %+v, want it held", me)
		}
		if err := f.end(); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		f.done <- context.Canceled
		if p.channelsMade() != 1 || p.count(subscribeFirst) != 1 || p.count(deleteFirst) != 1 {
			t.Errorf("requests: %v", p.requests)
		}
	})
}

func TestLostSocket(t *testing.T) {
	inBubble(t, func(t *testing.T, p *platform, f *followed) {
		f.want("live")
		conn := p.socket(true)
		synctest.Wait()
		lost := time.Now()
		conn.close()
		if n := f.want("blind"); n.Cause == nil || time.Since(lost) != 0 {
			t.Errorf("blind after %v because of %v", time.Since(lost), n.Cause)
		}
		f.want("live")
		if took := time.Since(lost); took > time.Second {
			t.Errorf("back after %v, want a second at most", took)
		}
		p.socket(true).say(eventConnected)
		f.want("event")
		if p.open != "/channels/ch-1" || p.channelsMade() != 1 || p.count(subscribeFirst) != 2 {
			t.Errorf("open %s, requests: %v; want the same channel subscribed again", p.open, p.requests)
		}
	})
}

func TestSilence(t *testing.T) {
	tests := []struct {
		name  string
		pongs bool
		limit time.Duration
	}{
		{"that answers pings", true, pingSilence},
		{"with heartbeats only", false, silence},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *platform, f *followed) {
				f.want("live")
				conn := p.socket(tt.pongs)
				for range 10 {
					wait(t.Context(), 30*time.Second)
					conn.say(heartbeatNow)
				}
				f.quiet()
				last := time.Now()
				conn.mute.Store(true)
				f.want("blind")
				if took := time.Since(last); took > tt.limit || took < tt.limit-pingEvery {
					t.Errorf("noticed after %v, want %v at most", took, tt.limit)
				}
			})
		})
	}
}

// A platform that answers a ping now and then must not be taken for a broken path.
func TestOnePongIsNoPromise(t *testing.T) {
	inBubble(t, func(t *testing.T, p *platform, f *followed) {
		f.want("live")
		conn := p.socket(false)
		conn.say(`{"topicName":"channel.metadata","eventBody":{"message":"pong"}}`)
		for range 5 {
			wait(t.Context(), 30*time.Second)
			conn.say(heartbeatNow)
		}
		f.quiet()
	})
}

func TestClosingSocketHasAnHeir(t *testing.T) {
	inBubble(t, func(t *testing.T, p *platform, f *followed) {
		f.want("live")
		old := p.socket(true)
		p.handle(postChannel, func(w http.ResponseWriter, r *http.Request) {
			old.say(callEvent(eventHold)) // the old socket still speaks
			wait(r.Context(), time.Second)
			p.serveAPI(w, r)
		})
		old.say(closingSoon)
		old.say(closingSoon)
		f.want("event")
		f.want("live") // and never blind
		p.socket(true).say(eventConnected)
		f.want("event")
		if p.open != "/channels/ch-2" || p.channelsMade() != 2 {
			t.Errorf("open %s, requests %v", p.open, p.requests)
		}
	})
}

func TestClosingSocketClosesEarly(t *testing.T) {
	inBubble(t, func(t *testing.T, p *platform, f *followed) {
		f.want("live")
		old := p.socket(true)
		p.handle(postChannel, func(w http.ResponseWriter, r *http.Request) {
			old.close()
			wait(r.Context(), time.Second)
			p.serveAPI(w, r)
		})
		old.say(closingSoon)
		f.want("blind")
		f.want("live")
	})
}

func TestClosingSocketWithoutHeir(t *testing.T) {
	inBubble(t, func(t *testing.T, p *platform, f *followed) {
		f.want("live")
		old := p.socket(true)
		p.answer(postChannel, 503, "")
		old.say(closingSoon)
		old.say(eventConnected)
		f.want("event")
		synctest.Wait()
		p.normal(postChannel)
		old.close()
		f.want("blind")
		f.want("live")
	})
}

func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform(t)
		a := p.agent()
		p.answer(postChannel, 503, "")
		var asked []time.Time
		p.handle(postChannel, func(w http.ResponseWriter, _ *http.Request) {
			asked = append(asked, time.Now())
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		f := follow(t, a)
		f.want("blind")
		wait(t.Context(), 2*time.Minute)
		f.quiet() // blind is told once
		if err := f.end(); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		for i, step := range backoff {
			got := asked[i+1].Sub(asked[i])
			if got < step*3/4 || got > step*5/4 {
				t.Errorf("pause %d: %v, want about %v", i, got, step)
			}
		}
		if n := len(asked); n < 9 || n > 13 {
			t.Errorf("%d attempts in two minutes", n)
		}
	})
}

// A socket that is opened and lost again and again must not become a hot loop.
func TestFlapping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform(t)
		f := follow(t, p.agent())
		lives := 0
		for time.Since(f.began) < 2*time.Minute {
			f.want("live")
			lives++
			conn := p.socket(true)
			synctest.Wait()
			conn.close()
			f.want("blind")
		}
		_ = f.end()
		if lives > 13 {
			t.Errorf("%d sockets in two minutes", lives)
		}
		if n := p.channelsMade(); n != 1 {
			t.Errorf("%d channels, want 1", n)
		}
	})
}

func TestRateLimitIsObeyed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform(t)
		a := p.agent()
		p.handle(postChannel, func(w http.ResponseWriter, _ *http.Request) {
			p.normal(postChannel)
			w.Header().Set("Retry-After", "42")
			w.WriteHeader(http.StatusTooManyRequests)
		})
		f := follow(t, a)
		if n := f.want("blind"); !errors.Is(n.Cause, ErrRateLimited) {
			t.Errorf("cause %v", n.Cause)
		}
		f.want("live")
		if took := time.Since(f.began); took < 42*time.Second || took > 43*time.Second {
			t.Errorf("back after %v, want 42 s", took)
		}
		_ = f.end()
	})
}

func TestTokenDiesMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform(t)
		f := follow(t, p.agent())
		f.want("live")
		conn := p.socket(true)
		p.mu.Lock()
		p.tokens++
		p.mu.Unlock()
		conn.close()
		f.want("blind")
		if err := <-f.done; !errors.Is(err, ErrSignIn) {
			t.Errorf("got %v, want ErrSignIn", err)
		}
		if n := p.count("DELETE"); n != 0 {
			t.Errorf("%d attempts to unsubscribe with a dead token", n)
		}
	})
}

func TestFollowedOnceAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform(t)
		a := p.agent()
		first, second, third := follow(t, a), follow(t, a), (*followed)(nil)
		first, second = order(first, second)
		p.socket(true)
		if n := second.want("blind"); !errors.Is(n.Cause, ErrFollowed) {
			t.Errorf("cause %v", n.Cause)
		}
		third = follow(t, a)
		third.want("blind")
		if err := third.end(); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		_ = first.end()
		second.want("live")
		_ = second.end()
	})
}

// order finds which of two followers got through first.
func order(a, b *followed) (first, second *followed) {
	synctest.Wait()
	n := <-a.told
	if n.Live {
		return a, b
	}
	a.told <- n
	b.want("live")
	return b, a
}

func TestUnreadableEventAsksForAReading(t *testing.T) {
	inBubble(t, func(t *testing.T, p *platform, f *followed) {
		f.want("live")
		conn := p.socket(true)
		conn.say(callEvent(`{"id":"p-ag1","held":"true"}`))
		if n := f.want("blind"); n.Cause == nil || strings.Contains(n.Cause.Error(), "p-ag1") {
			t.Errorf("cause %v", n.Cause)
		}
		f.want("live")
		conn.say(eventConnected)
		f.want("event")
	})
}

func TestMessageIsTooLong(t *testing.T) {
	inBubble(t, func(t *testing.T, p *platform, f *followed) {
		f.want("live")
		p.socket(true).say(`"` + strings.Repeat("x", maxMessage) + `"`)
		f.want("blind")
		f.want("live")
	})
}
