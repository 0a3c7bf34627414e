package page

import "time"

// Room is the state of the room, and what the agent may do in it.
type Room struct {
	Locked bool `json:"locked"`
	Chat   bool `json:"chat"`   // it carries messages
	Invite bool `json:"invite"` // there are invitation links
}

// Presentation is what is shared in the room, as one page has to do with it.
type Presentation struct {
	Own   string `json:"own,omitempty"`   // its own share: starting, on; empty: none
	Other bool   `json:"other,omitempty"` // somebody else presents
	By    string `json:"by,omitempty"`    // his name
	Line  string `json:"line,omitempty"`  // bypass: the direction that the page's slides line is to have
}

// Person is one participant of the room, as the page lists them.
type Person struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Kind      string `json:"kind"` // agent, customer, guest, phone (the contact centre's audio), playback (an announcement)
	Host      bool   `json:"host,omitempty"`
	Self      bool   `json:"self,omitempty"`
	Waiting   bool   `json:"waiting,omitempty"` // wants to be let in
	Muted     bool   `json:"muted,omitempty"`
	Silenced  bool   `json:"silenced,omitempty"` // muted by a host
	CameraOff bool   `json:"cameraOff,omitempty"`
	Sharing   bool   `json:"sharing,omitempty"`
	Mutable   bool   `json:"mutable,omitempty"`   // the agent may mute them
	Removable bool   `json:"removable,omitempty"` // the agent may remove them
}

// Message is one line of the chat.
type Message struct {
	N    int64     `json:"n"` // grows from line to line
	From string    `json:"from"`
	Own  bool      `json:"own,omitempty"`
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

// Hop counts what passed between this server and the node since the leg began.
type Hop struct {
	Codec    string  `json:"codec"`
	BytesIn  uint64  `json:"bytesIn"` // from the node
	BytesOut uint64  `json:"bytesOut"`
	Packets  uint64  `json:"packets"` // from the node
	Lost     uint64  `json:"lost"`    // packets from the node that did not arrive in their second; some come later, on request
	Loss     float64 `json:"loss"`    // share of what we send: 0…1
	RTT      float64 `json:"rtt"`     // milliseconds; 0: unknown
}
