package genesystest

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
)

func (s *Server) mountNotifications(mux *http.ServeMux) {
	const all = "/api/v2/notifications/channels"
	const one = all + "/{channel}"
	s.api(mux, "POST "+all, s.postChannel)
	s.api(mux, "GET "+all, s.getChannels)
	s.api(mux, "HEAD "+one, s.headChannel)
	s.api(mux, "GET "+one+"/subscriptions", s.getSubscriptions)
	s.api(mux, "POST "+one+"/subscriptions", s.changeSubscriptions)
	s.api(mux, "PUT "+one+"/subscriptions", s.changeSubscriptions)
	s.api(mux, "DELETE "+one+"/subscriptions", s.deleteSubscriptions)
	mux.HandleFunc("GET /channels/{channel}", s.listen)
}

// channelEntity is a channel as the API shows it; id and address are missing for channels of other tokens.
type channelEntity struct {
	ID         string `json:"id,omitempty"`
	ConnectURI string `json:"connectUri,omitempty"`
	Expires    stamp  `json:"expires"`
}

type topicEntity struct {
	ID              string `json:"id"`
	State           string `json:"state"`
	RejectionReason string `json:"rejectionReason,omitempty"`
}

// host is the authority of URL.
func (s *Server) host() string {
	_, rest, _ := strings.Cut(s.URL, "://")
	host, _, _ := strings.Cut(rest, "/")
	return host
}

func (s *Server) channelEntity(c *channel) channelEntity {
	return channelEntity{
		ID: c.id, ConnectURI: "ws" + strings.TrimPrefix(s.URL, "http") + "/channels/" + c.id, Expires: stamp(c.expires),
	}
}

func (s *Server) postChannel(c caller, _ *http.Request) (int, any, error) {
	return http.StatusOK, s.channelEntity(s.hub.create(c)), nil
}

// getChannels lists the token's channels, or all of this user and client, those of other tokens without their ids.
func (s *Server) getChannels(c caller, r *http.Request) (int, any, error) {
	others := r.URL.Query().Get("includechannels") == "oauthclient"
	var out []channelEntity
	for _, ch := range s.hub.channels {
		switch {
		case ch.owner == c:
			out = append(out, s.channelEntity(ch))
		case others && ch.owner.user == c.user && ch.owner.client == c.client:
			out = append(out, channelEntity{Expires: stamp(ch.expires)})
		}
	}
	return http.StatusOK, listing(out), nil
}

// channelOf finds the token's own channel.
func (s *Server) channelOf(c caller, r *http.Request) (*channel, error) {
	ch := s.hub.find(r.PathValue("channel"))
	if ch == nil || ch.owner != c {
		return nil, refuse(http.StatusNotFound, "not.found", "channel %.60q not found", r.PathValue("channel"))
	}
	return ch, nil
}

func (s *Server) headChannel(c caller, r *http.Request) (int, any, error) {
	_, err := s.channelOf(c, r)
	return http.StatusOK, nil, err
}

func (s *Server) getSubscriptions(c caller, r *http.Request) (int, any, error) {
	ch, err := s.channelOf(c, r)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, listing(permitted(ch.topics)), nil
}

func permitted(topics []string) []topicEntity {
	var out []topicEntity
	for _, t := range topics {
		out = append(out, topicEntity{ID: t, State: "Permitted"})
	}
	return out
}

// changeSubscriptions adds topics (POST) or replaces all (PUT). One refused topic refuses the request, unless
// ignoreErrors lets the others through.
func (s *Server) changeSubscriptions(c caller, r *http.Request) (int, any, error) {
	ch, err := s.channelOf(c, r)
	if err != nil {
		return 0, nil, err
	}
	var body []struct {
		ID string `json:"id"`
	}
	if err := decode(r, &body); err != nil {
		return 0, nil, err
	}
	lenient := r.URL.Query().Get("ignoreErrors") == "true"
	var good []string
	var rejected []topicEntity
	for _, topic := range body {
		switch reason := permit(topic.ID, c); {
		case reason == "":
			good = append(good, topic.ID)
		case !lenient:
			return 0, nil, refuse(http.StatusBadRequest, "notification.topic.invalid", "topic %.100q: %s", topic.ID, reason)
		default:
			rejected = append(rejected, topicEntity{ID: topic.ID, State: "Rejected", RejectionReason: reason})
		}
	}
	before := ch.topics
	if r.Method == http.MethodPut {
		ch.topics = nil
	}
	if err := ch.subscribe(good); err != nil {
		ch.topics = before
		return 0, nil, err
	}
	return http.StatusOK, listing(append(permitted(ch.topics), rejected...)), nil
}

func (s *Server) deleteSubscriptions(c caller, r *http.Request) (int, any, error) {
	ch, err := s.channelOf(c, r)
	if err != nil {
		return 0, nil, err
	}
	ch.topics = nil
	return http.StatusNoContent, nil, nil
}

// AwaitSubscribed waits until a socket of the user listens to his calls.
func (s *Server) AwaitSubscribed(ctx context.Context, user string) error {
	return s.await(ctx, "the subscription of "+user, func() bool {
		u, err := s.centre.agent(user)
		return err == nil && s.hub.listening(u)
	})
}

// AwaitUnsubscribed waits until no socket of the user listens to his calls.
func (s *Server) AwaitUnsubscribed(ctx context.Context, user string) error {
	return s.await(ctx, "the end of the subscription of "+user, func() bool {
		u, err := s.centre.agent(user)
		return err == nil && !s.hub.listening(u)
	})
}

func (h *hub) listening(u *agent) bool {
	return slices.ContainsFunc(h.of(u), func(c *channel) bool {
		return c.socket != nil && slices.Contains(c.topics, userTopic(u, callsTopic))
	})
}

// DropSockets cuts the user's notification sockets without a word.
func (s *Server) DropSockets(user string) error {
	return s.onChannels(user, (*channel).kick)
}

// CloseSoon announces the end of the user's sockets and closes them after the grace; the real one is about a minute.
func (s *Server) CloseSoon(user string, grace time.Duration) error {
	return s.onChannels(user, func(c *channel) {
		if sock := c.socket; sock != nil {
			sock.queue(notice(closingTopic, "Socket closing"), time.Now())
			sock.expire(grace)
		}
	})
}

func (s *Server) onChannels(user string, f func(*channel)) error {
	return s.locked(func() error {
		u, err := s.centre.agent(user)
		if err != nil {
			return err
		}
		for _, c := range s.hub.of(u) {
			f(c)
		}
		return nil
	})
}

// Deaf makes the user's channels look healthy and deliver no event, or ends that. What happened meanwhile stays lost.
func (s *Server) Deaf(user string, on bool) error {
	return s.locked(func() error {
		u, err := s.centre.agent(user)
		if err == nil {
			u.deaf = on
		}
		return err
	})
}

// maxEventDelay bounds how late an event may be.
const maxEventDelay = 10 * time.Second

// SetEventDelay makes events come later than what they tell, as Options.EventDelay does.
func (s *Server) SetEventDelay(d time.Duration) error {
	if d < 0 || d > maxEventDelay {
		return refuse(400, "bad.request", "the delay %v is not from 0 to %v", d, maxEventDelay)
	}
	return s.locked(func() error {
		s.eventDelay = d
		return nil
	})
}
