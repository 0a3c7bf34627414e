package pexrtctest

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// How the node posts its events: one by one, the same again with a growing pause until it is taken.
const (
	sinkTimeout  = 5 * time.Second
	sinkBackoff  = 250 * time.Millisecond
	sinkPatience = 15 * time.Second // longest pause
	sinkQueue    = 10_000           // events that wait; more are lost
)

// eventSink posts what happens to [Options.EventSinkURL].
type eventSink struct {
	queue chan []byte
	seq   int // under Server.mu
}

// sinkEvent is the envelope of version 2.
type sinkEvent struct {
	Node    string  `json:"node"`
	Seq     int     `json:"seq"`
	Version int     `json:"version"`
	Time    float64 `json:"time"`
	Event   string  `json:"event"`
	Data    any     `json:"data"`
}

// sinkConference is the data of conference events.
type sinkConference struct {
	Name        string   `json:"name"`
	ServiceType string   `json:"service_type"`
	Tag         string   `json:"tag"`
	StartTime   float64  `json:"start_time"`
	EndTime     *float64 `json:"end_time,omitempty"`
	Locked      bool     `json:"is_locked"`
	Started     bool     `json:"is_started"`
	GuestsMuted bool     `json:"guests_muted"`
}

// sinkParticipant is the data of participant events.
type sinkParticipant struct {
	UUID             string   `json:"uuid"`
	Conference       string   `json:"conference"`
	CallID           string   `json:"call_id"`
	ConversationID   string   `json:"conversation_id"`
	RelatedUUIDs     []string `json:"related_uuids"`
	DisplayName      string   `json:"display_name"`
	SourceAlias      string   `json:"source_alias"`
	DestinationAlias string   `json:"destination_alias"`
	RemoteAddress    string   `json:"remote_address"`
	Vendor           string   `json:"vendor"`
	CallTag          string   `json:"call_tag"`
	Protocol         string   `json:"protocol"`
	CallDirection    string   `json:"call_direction"`
	Role             string   `json:"role"`
	ServiceType      string   `json:"service_type"`
	ServiceTag       string   `json:"service_tag"`
	HasMedia         bool     `json:"has_media"`
	Muted            bool     `json:"is_muted"`
	ClientMuted      bool     `json:"is_client_muted"`
	Presenting       bool     `json:"is_presenting"`
	Streaming        bool     `json:"is_streaming"`
	Encryption       string   `json:"encryption"`
	MediaNode        string   `json:"media_node"`
	SignallingNode   string   `json:"signalling_node"`
	SystemLocation   string   `json:"system_location"`
	ConnectTime      *float64 `json:"connect_time"`
	EndTime          *float64 `json:"end_time,omitempty"`
	Duration         *float64 `json:"duration,omitempty"`
	Reason           string   `json:"disconnect_reason,omitempty"`
}

// startSink begins to post, if there is whom to tell.
func (s *Server) startSink() {
	if s.opts.EventSinkURL == "" {
		return
	}
	s.sink = &eventSink{queue: make(chan []byte, sinkQueue)}
	s.tell("eventsink_started", struct{}{})
	s.tasks.Go(s.postEvents)
}

// tell queues an event; s.mu is held, or nobody else knows s yet.
func (s *Server) tell(name string, data any) {
	if s.sink == nil {
		return
	}
	s.sink.seq++
	body, err := json.Marshal(sinkEvent{nodeAddress, s.sink.seq, 2, epoch(time.Now()), name, data})
	if err != nil {
		return
	}
	select {
	case s.sink.queue <- body:
	default:
	}
}

// postEvents posts the queue in order until the node closes.
func (s *Server) postEvents() {
	for {
		select {
		case first := <-s.sink.queue:
			body := s.sink.together(first, s.opts.EventBulk)
			for pause := sinkBackoff; !s.post(body); pause = min(2*pause, sinkPatience) {
				select {
				case <-time.After(pause):
				case <-s.ctx.Done():
					return
				}
			}
		case <-s.ctx.Done():
			return
		}
	}
}

// maxTogether is how many events go into one post.
const maxTogether = 100

// together is an event alone, or with those that wait behind it, in an envelope of their own.
func (k *eventSink) together(first []byte, bulk bool) []byte {
	all := []json.RawMessage{first}
	for bulk && len(all) < maxTogether && len(k.queue) > 0 {
		all = append(all, <-k.queue)
	}
	if len(all) == 1 {
		return first
	}
	body, err := json.Marshal(sinkEvent{nodeAddress, 0, 2, epoch(time.Now()), "eventsink_bulk", all})
	if err != nil {
		return first
	}
	return body
}

// post reports whether the receiver has taken the event.
func (s *Server) post(body []byte) bool {
	ctx, cancel := context.WithTimeout(s.ctx, sinkTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.opts.EventSinkURL, bytes.NewReader(body))
	if err != nil {
		return false
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := s.outside.Do(r)
	if err != nil {
		return false
	}
	resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		s.opts.Log.Warn("event not taken", "status", resp.StatusCode)
	}
	return resp.StatusCode/100 == 2
}

// tellRoom tells of a room; s.mu is held.
func (s *Server) tellRoom(name string, c *conference) {
	data := sinkConference{
		Name: c.service.Name, ServiceType: "conference", Tag: c.service.Tag, StartTime: epoch(c.opened),
		Locked: c.locked, Started: c.started, GuestsMuted: c.guestsMuted,
	}
	if name == "conference_ended" {
		data.EndTime = new(epoch(time.Now()))
	}
	s.tell(name, data)
}

// tellOf tells of a leg; s.mu is held. The reason is that of an end.
func (s *Server) tellOf(name string, p *participant, reason string) {
	data := sinkParticipant{
		UUID: p.uuid, Conference: p.conference.service.Name, CallID: p.uuid, ConversationID: p.uuid, RelatedUUIDs: []string{},
		DisplayName: p.displayName, SourceAlias: p.displayName, DestinationAlias: p.alias, RemoteAddress: nodeAddress,
		Vendor: "Pexip stand-in", CallTag: p.callTag, Protocol: sinkProtocol(p.protocol), CallDirection: p.direction,
		Role: p.role, ServiceType: p.serviceType(), ServiceTag: p.conference.service.Tag, HasMedia: p.hasMedia(),
		Muted: p.muted, ClientMuted: p.clientMuted, Presenting: p.conference.presenter == p, Encryption: "On",
		MediaNode: nodeAddress, SignallingNode: nodeAddress, SystemLocation: "Stand-in", Reason: reason,
	}
	if p.direction == "out" {
		data.SourceAlias = p.uri
	}
	if !p.connecting {
		data.ConnectTime = new(epoch(p.joined))
	}
	if name == "participant_disconnected" {
		now := epoch(time.Now())
		data.EndTime, data.Duration = &now, new(now-epoch(p.joined))
	}
	s.tell(name, data)
}

// sinkProtocol is a protocol as events write it.
func sinkProtocol(protocol string) string {
	switch protocol {
	case protocolAPI:
		return "API"
	case protocolSIP:
		return "SIP"
	case protocolWebRTC:
		return "WebRTC"
	}
	return protocol
}
