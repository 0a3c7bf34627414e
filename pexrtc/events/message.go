package events

import (
	"encoding/json"
	"errors"
)

// message is one event in its envelope.
type message struct {
	Node    string          `json:"node"`
	Seq     int64           `json:"seq"` // of the node's sink, from 1 at each start of it
	Version int             `json:"version"`
	Time    float64         `json:"time"` // seconds since 1970 by the node's clock
	Event   string          `json:"event"`
	Data    json.RawMessage `json:"data"`
}

// Limits of a post.
const (
	maxBody = 4 << 20 // bytes
	maxBulk = 10_000  // events; what comes behind is not looked at
	maxText = 250     // characters of a name, alias or tag that is kept
)

const bulk = "eventsink_bulk"

var errNotJSON = errors.New("events: the body is not JSON")

// parse reads a post. What is JSON but no event is counted, not refused: a node would send it again
// and again, and everything after it would wait.
func parse(body []byte) (all []message, malformed int, err error) {
	if !json.Valid(body) {
		return nil, 0, errNotJSON
	}
	var m message
	if json.Unmarshal(body, &m) != nil || m.Event == "" {
		return nil, 1, nil
	}
	if m.Event != bulk {
		return []message{m}, 0, nil
	}
	var list []json.RawMessage
	if json.Unmarshal(m.Data, &list) != nil {
		return nil, 1, nil
	}
	if len(list) > maxBulk {
		malformed += len(list) - maxBulk
		list = list[:maxBulk]
	}
	for _, one := range list {
		var m message
		if json.Unmarshal(one, &m) != nil || m.Event == "" || m.Event == bulk {
			malformed++
			continue
		}
		all = append(all, m)
	}
	return all, malformed, nil
}
