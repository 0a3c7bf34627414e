package genesys

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	sdk "github.com/mypurecloud/platform-client-sdk-go/v129/platformclientv2"
)

const (
	channelLife  = 23 * time.Hour // the platform's 24, less a margin
	channelLimit = 20             // per user and OAuth client, and by experience per day
	maxDoubts    = 4
	leaveTime    = 2 * time.Second
)

var (
	errChannel  = errors.New("answer has no usable channel")
	errRejected = errors.New("subscription rejected")
)

// channel is a notification channel: what the platform sends events to, and a socket takes them from.
type channel struct {
	id    string
	uri   string // holds the right to listen: not for logs
	token string // whose channel it is; it ends with it
	since time.Time

	doubts int // sockets in a row that were refused or said nothing
}

// doubt notes a socket that was refused or said nothing, and reports whether that is enough to give the
// channel up. One is not: it may be the way there that lets none through, and channels are few.
func (ch *channel) doubt() bool {
	ch.doubts++
	return ch.doubts >= maxDoubts
}

// subscribed gives a channel that is alive and subscribed to the agent's calls: the one that the agent has if
// it still serves, else a new one. Subscribing again extends a channel's life.
func (f *follower) subscribed(ctx context.Context) (*channel, error) {
	a := f.agent
	token, err := a.freshToken(ctx)
	if err != nil {
		return nil, err
	}
	if ch := a.channel; ch != nil && time.Since(ch.since) < channelLife && ch.token == token {
		err := a.subscribe(ctx, ch.id)
		if err == nil {
			return ch, nil
		}
		if !refusesChannel(err) && ch.token == a.accessToken() {
			return nil, err
		}
	}
	a.channel = nil
	f.countChannel()
	ch, err := a.newChannel(ctx)
	if err != nil {
		return nil, err
	}
	a.channel = ch
	return ch, a.subscribe(ctx, ch.id)
}

// refusesChannel reports whether the platform's answer is about the channel and not about us or its health.
func refusesChannel(err error) bool {
	answer, ok := errors.AsType[*Error](err)
	return ok && (answer.Status == http.StatusBadRequest || answer.Status == http.StatusNotFound)
}

// countChannel warns before the day's channels are used up.
func (f *follower) countChannel() {
	a, now := f.agent, time.Now()
	for len(a.made) > 0 && (now.Sub(a.made[0]) > 24*time.Hour || len(a.made) >= channelLimit) {
		a.made = a.made[1:]
	}
	a.made = append(a.made, now)
	if len(a.made) > channelLimit/2 {
		f.log.Warn("genesys: many notification channels in a day; past the limit the platform may send no events",
			"channels", len(a.made), "limit", channelLimit)
	}
}

func (a *Agent) newChannel(ctx context.Context) (*channel, error) {
	const step = "notification channel"
	var answer *sdk.Channel
	err := a.call(ctx, step, func(cfg *sdk.Configuration) (err error) {
		answer, _, err = sdk.NewNotificationsApiWithConfig(cfg).PostNotificationsChannels()
		return err
	})
	if err != nil {
		return nil, err
	}
	if answer == nil || !idForm.MatchString(value(answer.Id)) || !a.cloud.socketAddress(value(answer.ConnectUri)) {
		return nil, &Error{Step: step, Host: a.cloud.api.Host, Status: http.StatusOK, Err: errChannel}
	}
	return &channel{id: *answer.Id, uri: *answer.ConnectUri, token: a.accessToken(), since: time.Now()}, nil
}

// socketAddress reports whether we would connect to this address: encrypted wherever the API is.
func (c *Cloud) socketAddress(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.User != nil {
		return false
	}
	return u.Scheme == "wss" || u.Scheme == "ws" && c.api.Scheme == "http"
}

// subscribe adds the agent's calls to a channel; on one that has them already it proves that the channel is alive.
func (a *Agent) subscribe(ctx context.Context, channelID string) error {
	const step = "notification subscription"
	topic := callsTopic(a.id)
	var answer *sdk.Channeltopicentitylisting
	err := a.call(ctx, step, func(cfg *sdk.Configuration) (err error) {
		topics := []sdk.Channeltopic{{Id: &topic}}
		answer, _, err = sdk.NewNotificationsApiWithConfig(cfg).PostNotificationsChannelSubscriptions(channelID, topics, false)
		return err
	})
	if err != nil {
		return err
	}
	if answer == nil {
		return nil
	}
	for _, t := range value(answer.Entities) {
		if value(t.Id) == topic && word(t.State) == "rejected" {
			return &Error{Step: step, Host: a.cloud.api.Host, Status: http.StatusForbidden, Err: errRejected}
		}
	}
	return nil
}

// leave takes the subscription off the channel, so that the platform stops sending, and keeps the channel
// for the next Follow. It runs when the follower's own context may have ended.
func (f *follower) leave(ctx context.Context) {
	a := f.agent
	ch := a.channel
	if ch == nil || !a.Valid(time.Now()) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer cancel()
	err := a.call(ctx, "end of notifications", func(cfg *sdk.Configuration) error {
		_, err := sdk.NewNotificationsApiWithConfig(cfg).DeleteNotificationsChannelSubscriptions(ch.id)
		return err
	})
	if err != nil {
		f.log.Info("genesys: could not unsubscribe", "err", err)
	}
}
