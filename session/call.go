package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/videoleg/videoleg/genesys"
	"github.com/videoleg/videoleg/pexrtc"
	"github.com/videoleg/videoleg/session/page"
	"github.com/videoleg/videoleg/session/rules"
)

// Call is one agent's part in one conversation: it follows the call by its rules, and holds the
// video leg and the page that shows it.
type Call struct {
	owner
	calls        *Calls
	conversation string
	id           string // in logs and call tags
	log          *slog.Logger
	opened       chan struct{} // closed when the look-up is done
	openErr      error         // set before opened is closed

	// The owner's goroutine alone uses the rest.
	agent     *genesys.Agent
	session   string                // ID that the conversation carries; empty until looked up
	first     *genesys.Conversation // what was known before the call began; nil: nothing
	rules     rules.Call
	wake      timer // the rules'
	watch     timer // next look at a channel that may be deaf
	renewal   timer // of the sign-in
	ending    bool  // the sign-in is about to end, and only its agent can renew it
	rereads   int   // failed in a row
	listening timer // for a node whose events have ceased
	darkening timer // until the page must have said that its camera has stopped

	recoveries budget // of the way to the conference, since the agent last asked to try again

	window  window
	problem *page.Problem // what the agent must know and act on
	stay    stay
	entered bool // has been in the room, and the agent has not asked to try again since
	device  device
	chat    chat
	story   story
}

const (
	lookUpTime    = 12 * time.Second // of the first look-up, tries included
	watchInterval = 20 * time.Second // between looks at the conversation while the leg lives
	maxRereadWait = 20 * time.Second
)

func (c *Call) now() time.Time { return time.Now() }

// lookUp reads the conversation, and begins the call if it may have video.
func (c *Call) lookUp() {
	if conv := c.first; conv != nil {
		c.async(func(context.Context) func() { return func() { c.begin(conv, time.Time{}, nil) } })
		return
	}
	agent := c.agent
	c.async(func(ctx context.Context) func() {
		ctx, cancel := context.WithTimeout(ctx, lookUpTime)
		defer cancel()
		asked := time.Now()
		conv, err := agent.Conversation(ctx, c.conversation)
		return func() { c.begin(conv, asked, err) }
	})
}

// begin ends the look-up. A call that may not be shown is closed at once, and Open says why.
func (c *Call) begin(conv *genesys.Conversation, asked time.Time, err error) {
	if err == nil {
		c.session, err = c.admit(conv)
	}
	if err == nil {
		err = c.dialled(conv, c.session)
	}
	c.openErr = err
	if err != nil {
		c.close()
		close(c.opened)
		return
	}
	c.log = c.log.With("session", c.session)
	c.window.grace.set(&c.owner, c.now().Add(openGrace), c.close)
	c.learn(conv, asked)
	if c.calls.watch(c) {
		c.apply(c.rules.OnLive(c.now()))
	}
	c.watchCall()
	c.watchSignIn()
	close(c.opened)
}

// admit checks that the agent is a live participant of the conversation, and returns its session.
func (c *Call) admit(conv *genesys.Conversation) (string, error) {
	mine, ok := conv.Mine(c.agent.ID())
	if !ok {
		return "", fmt.Errorf("%w: no entry of his", ErrNotOnCall)
	}
	if far, ok := conv.Customer(); ok && over(far) {
		return "", ErrCallEnded
	}
	if over(mine) {
		return "", fmt.Errorf("%w: his part has ended", ErrNotOnCall)
	}
	if c.session != "" {
		return c.session, nil
	}
	return c.calls.cfg.Alias.SessionID(conv)
}

func over(p genesys.Participant) bool { return p.State == "disconnected" || p.State == "terminated" }

// learn gives the rules a picture of the conversation; asked is when a REST read was sent.
func (c *Call) learn(conv *genesys.Conversation, asked time.Time) {
	c.apply(c.rules.OnSnapshot(snapshot(conv, asked), c.now()))
}

// apply carries out what the rules decided, in order, and shows the page the outcome.
func (c *Call) apply(next rules.Call, d rules.Decision) {
	c.rules = next
	for _, r := range d.Reasons {
		c.log.Debug("rule", "row", r.Row, "code", r.Code, "why", r.Words)
		if r.Code != rules.Duplicate {
			c.note("rule", string(r.Code), strings.TrimSpace(r.Row+" "+r.Words))
		}
	}
	c.wake.set(&c.owner, d.Wake, func() { c.apply(c.rules.OnTimer(c.now())) })
	for _, a := range d.Actions {
		do := fmt.Sprintf("%T%+v", a, a)
		c.log.Info("action", "do", do, "row", c.rules.View().Row)
		c.note("action", strings.TrimPrefix(do, "rules."), "")
		c.act(a)
	}
	if !c.rules.View().MayPresent {
		c.stopPresenting()
	}
	c.update()
}

func (c *Call) act(a rules.Action) {
	switch a := a.(type) {
	case rules.Join:
		c.join()
	case rules.Leave:
		c.leave(false)
	case rules.EndForAll:
		c.leave(true)
	case rules.Reread:
		c.rereads = 0
		c.reread()
	case rules.SetVideo:
		c.stay.shown = a.On
		c.gate()
	case rules.SetMuted:
		c.tell(&c.stay.muted, a.On, (*pexrtc.Participant).SetMuted)
	case rules.StopPresentation:
		c.stopPresenting()
	case rules.HideCustomer:
		if c.stay.leg != nil {
			c.stay.leg.hide(a.On)
		}
	case rules.RemovePlayback:
		c.throwOut(a.UUID)
	}
}

// reread reads the conversation again for the rules, until it is read or there is no point.
func (c *Call) reread() {
	agent := c.agent
	c.async(func(ctx context.Context) func() {
		asked := time.Now()
		conv, err := agent.Conversation(ctx, c.conversation)
		return func() {
			switch {
			case err == nil:
				c.rereads = 0
				c.learn(conv, asked)
			case errors.Is(err, genesys.ErrSignIn):
				c.apply(c.rules.OnBlind(rules.SignInEnded, c.now()))
			default:
				c.log.Warn("conversation not read", "err", err)
				c.rereads++
				c.later(backoff(c.rereads, maxRereadWait), c.reread)
			}
		}
	})
}

// watchCall looks at the conversation now and then while the leg lives: a notification channel can
// be open and deaf.
func (c *Call) watchCall() {
	c.watch.set(&c.owner, c.now().Add(watchInterval), func() {
		if c.stay.participant != nil {
			agent := c.agent
			c.async(func(ctx context.Context) func() {
				asked := time.Now()
				conv, err := agent.Conversation(ctx, c.conversation)
				if err != nil {
					c.log.Warn("watch: conversation not read", "err", err)
				}
				return func() {
					switch {
					case err == nil:
						c.learn(conv, asked)
					case !agent.Valid(c.now()): // whatever its channel still says
						c.apply(c.rules.OnBlind(rules.SignInEnded, c.now()))
					}
				}
			})
		}
		c.watchCall()
	})
}

// Attach makes conn the page that shows the call; a page that showed it before is told so. It
// reports false if the call has ended meanwhile and must be opened anew.
//
// live says that the page still has the peer connection that it had with this server: its
// connection was lost, not its media. A page that has none offers by itself in Relay mode.
func (c *Call) Attach(conn *page.Conn, live bool) bool {
	return c.post(func() {
		if old := c.window.open(conn, live); old != nil {
			old.Send(page.Out{Type: page.State, View: &page.View{Status: StatusNoCall, Pane: paneElsewhere}})
		}
		c.note("page", "attached", "")
		c.update()
		c.showPeople()
		c.window.chat(c.chat.lines...)
		if !live {
			c.stopPresenting() // what it shared went with the page before
			c.askPage(page.Connect)
		} else if s := &c.stay; !s.live && !s.connecting {
			c.askPage(page.Restart) // its peer connection is of an earlier leg
		}
	})
}

// Detach says that conn is gone, and why. The call waits a while for the page to come back.
func (c *Call) Detach(conn *page.Conn, why error) {
	c.calls.cfg.Metrics.pageGone(why)
	c.post(func() {
		c.note("page", "gone", "")
		c.window.leave(&c.owner, conn, why, c.close)
	})
}

// Handle takes a message of a page.
func (c *Call) Handle(conn *page.Conn, in page.In) {
	c.post(func() {
		switch {
		case c.window.conn == conn:
			c.handle(in)
		case in.Type == page.Stop:
			conn.Send(page.Out{Type: page.Stopped})
		}
	})
}

func (c *Call) handle(in page.In) {
	switch in.Type {
	case page.Offer:
		c.window.offer = offer{in.SDP, in.ID}
		c.negotiate()
	case page.Candidate:
		c.candidate(pexrtc.Candidate{Candidate: in.Candidate, MID: in.Mid})
	case page.Camera:
		c.apply(c.rules.OnCamera(in.On && in.Available, c.now()))
	case page.Lock, page.Admit, page.Mute, page.Remove:
		c.control(in)
	case page.Present:
		c.present(in.On)
	case page.Chat:
		c.say(in.Text)
	case page.Invite:
		c.invite()
	case page.Watch:
		c.watchStatistics(in.On)
	case page.Story:
		c.window.send(page.Out{Type: page.Story, Story: c.tellStory()})
	case page.Dark:
		c.darkening.stop()
	case page.Unreached:
		c.unreached()
	case page.Retry:
		c.retry()
	case page.Stop:
		c.stop()
	}
}

// retry starts over after a problem. Where it was the page's own the call goes on: the page has dropped its leg and what
// it was told.
func (c *Call) retry() {
	c.problem = nil
	c.recoveries, c.entered = budget{}, false
	c.window.forget()
	c.askPage(page.Connect)
	c.apply(c.rules.OnRetry(c.now()))
	c.showPeople()
}

// stop leaves because the widget is removed, and tells the page when it is done.
func (c *Call) stop() {
	conn := c.window.conn
	c.leave(false)
	released := c.stay.released
	c.detached(releaseTime, func(ctx context.Context) {
		_ = awaitReleased(ctx, released) // else the release outlives the call
		conn.Send(page.Out{Type: page.Stopped})
		c.close()
	})
}

// finish is the owner's last act: whatever the way here, nothing of ours stays on the node.
func (c *Call) finish() {
	c.wake.stop()
	c.watch.stop()
	c.renewal.stop()
	c.listening.stop()
	c.darkening.stop()
	c.window.grace.stop()
	c.window.statistics.stop()
	c.device.patience.stop()
	c.leave(false)
	select {
	case <-c.opened:
	default:
		c.openErr = ErrStopping
		close(c.opened)
	}
	if c.window.conn != nil {
		c.window.conn.Close() // the page comes back and opens the call anew, or is told why not
	}
	c.calls.forget(c)
	c.log.Info("call over", "err", c.openErr)
}

// backoff is the wait after the nth failure in a row: 1 s, doubled each time, up to most.
func backoff(n int, most time.Duration) time.Duration {
	return min(time.Second<<min(n-1, 10), most)
}
