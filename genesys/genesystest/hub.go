package genesystest

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

const (
	maxChannels  = 20 // per user and OAuth client; the next replaces the oldest, unconnected ones first
	maxTopics    = 1000
	channelLife  = 24 * time.Hour
	callsTopic   = "conversations.calls"
	mediaTopic   = "conversations"
	metaTopic    = "channel.metadata"
	closingTopic = "v2.system.socket_closing"
)

// hub keeps the notification channels. The lock is the server's.
type hub struct {
	channels []*channel // as they were made
}

// channel is one notification channel; at most one socket listens to it.
type channel struct {
	id      string
	owner   *token
	expires time.Time
	topics  []string
	socket  *socket
}

// create makes a channel and drops one that is too many.
func (h *hub) create(t *token) *channel {
	var mine []*channel
	for _, c := range h.channels {
		if c.owner.user == t.user && c.owner.client == t.client {
			mine = append(mine, c)
		}
	}
	if len(mine) >= maxChannels {
		i := max(0, slices.IndexFunc(mine, func(c *channel) bool { return c.socket == nil }))
		h.drop(mine[i])
	}
	c := &channel{id: "streaming-0-" + strings.ReplaceAll(uuid.NewString(), "-", ""), owner: t, expires: time.Now().Add(channelLife)}
	h.channels = append(h.channels, c)
	return c
}

func (h *hub) drop(c *channel) {
	c.kick()
	h.channels = slices.DeleteFunc(h.channels, func(o *channel) bool { return o == c })
}

// kick closes the socket, if any.
func (c *channel) kick() {
	if c.socket != nil {
		c.socket.close()
		c.socket = nil
	}
}

// find returns a channel whose token is still good, or nil.
func (h *hub) find(id string) *channel {
	i := slices.IndexFunc(h.channels, func(c *channel) bool { return c.id == id })
	if i < 0 || time.Now().After(h.channels[i].owner.expires) || time.Now().After(h.channels[i].expires) {
		return nil
	}
	return h.channels[i]
}

func (h *hub) closeToken(t *token) {
	for _, c := range slices.Clone(h.channels) {
		if c.owner == t {
			h.drop(c)
		}
	}
}

// of returns the channels of a user.
func (h *hub) of(u *agent) []*channel {
	var out []*channel
	for _, c := range h.channels {
		if c.owner.user == u {
			out = append(out, c)
		}
	}
	return out
}

// notification is a message of the socket.
type notification struct {
	Version   string            `json:"version,omitempty"`
	TopicName string            `json:"topicName"`
	Metadata  map[string]string `json:"metadata,omitempty"`
	EventBody json.RawMessage   `json:"eventBody"`
}

func notice(topic, message string) []byte {
	return encode(notification{TopicName: topic, EventBody: encode(map[string]string{"message": message})})
}

// send delivers an event to every channel that subscribed to the topic, after a delay.
func (h *hub) send(topic string, body json.RawMessage, after time.Duration) {
	var msg []byte
	for _, c := range h.channels {
		if c.socket == nil || !slices.Contains(c.topics, topic) || (c.owner.user != nil && c.owner.user.deaf) {
			continue
		}
		if msg == nil {
			msg = encode(notification{
				Version: "2", TopicName: topic, Metadata: map[string]string{"CorrelationId": uuid.NewString()}, EventBody: body,
			})
		}
		c.socket.queue(msg, time.Now().Add(after))
	}
}

// publish sends a call's new snapshots to the users who take or took part, and to its queues.
func (s *Server) publish(c *call) {
	snapshots := c.snapshots
	c.snapshots = nil
	if len(snapshots) == 0 {
		return
	}
	var users []*agent
	var queues []*Queue
	for _, p := range c.participants {
		if p.user != nil && !slices.Contains(users, p.user) {
			users = append(users, p.user)
		}
		if p.queue != nil && !slices.Contains(queues, p.queue) {
			queues = append(queues, p.queue)
		}
	}
	for i, snap := range snapshots {
		after := s.eventDelay + time.Duration(i)*s.opts.SnapshotGap
		for _, u := range users {
			s.hub.send(userTopic(u, callsTopic), snap.calls, after)
			s.hub.send(userTopic(u, mediaTopic), snap.media, after)
		}
		for _, q := range queues {
			s.hub.send("v2.routing.queues."+q.ID+"."+callsTopic, snap.calls, after)
		}
	}
}

func userTopic(u *agent, rest string) string { return "v2.users." + u.ID + "." + rest }

var topicForm = regexp.MustCompile(`^v2\.(users|routing\.queues)\.([0-9a-f-]{36})\.([A-Za-z0-9.-]{1,120})$`)

// permit tells why a token may not have a topic; "" = it may. Topics of other users are refused.
func permit(topic string, t *token) string {
	m := topicForm.FindStringSubmatch(topic)
	switch {
	case m == nil:
		return "the topic is not known"
	case m[1] == "users" && (t.user == nil || t.user.ID != m[2]):
		return "the topic belongs to another user"
	}
	return ""
}

// subscribe adds topics; re-subscribing extends the channel's life.
func (c *channel) subscribe(topics []string) error {
	all := slices.Clone(c.topics)
	for _, t := range topics {
		if !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	if len(all) > maxTopics {
		return refuse(400, "too.many.topics", "a channel has at most %d topics", maxTopics)
	}
	c.topics, c.expires = all, time.Now().Add(channelLife)
	return nil
}
