package page

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Type names a message, in either direction.
type Type string

// From the page.
const (
	Hello  Type = "hello"  // first message: what the page is for
	Offer  Type = "offer"  // SDP of the page's peer connection, first or renegotiated
	Camera Type = "camera" // the person's own wish: camera on or off
	Mute   Type = "mute"   // the customer's own microphone; of the agent's page, somebody's
	Retry  Type = "retry"  // Try again was pressed
	Stop   Type = "stop"   // the widget is about to be removed
	Leave  Type = "leave"  // the customer leaves
	Check  Type = "check"  // before hello, in both directions: how far is it to us, and by which servers does media go

	Lock   Type = "lock"   // newcomers wait, or do not any more
	Admit  Type = "admit"  // let one who waits in
	Remove Type = "remove" // take one out
	Invite Type = "invite" // a link for the customer is wanted
	Watch  Type = "watch"  // the statistics are looked at, or are not any more

	Unreached Type = "unreached" // no media has got through
	Dark      Type = "dark"      // where media goes past us: the camera sends nothing, as the state has it

	Present Type = "present" // the page shares a screen, or does not any more
)

// In both directions.
const (
	Candidate Type = "candidate" // ICE candidate; empty text ends them
	Chat      Type = "chat"      // a message to everybody; to the page: all since it came
	Story     Type = "story"     // what has happened and why is wanted, or told
	Renew     Type = "renew"     // the sign-in is to be renewed; to the page: at this link
)

// To the page.
const (
	State   Type = "state"   // the whole state, each time
	Welcome Type = "welcome" // the customer's token for coming back
	Connect Type = "connect" // make a peer connection with these servers, and offer
	Restart Type = "restart" // make a new peer connection, and offer again
	Path    Type = "path"    // look for another path, by these servers as well if there are any, and offer again
	Answer  Type = "answer"  // SDP
	Stopped Type = "stopped" // answer to stop: everything is released
	Beat    Type = "beat"    // we are still there

	People     Type = "people"     // everybody in the room, each time
	Statistics Type = "statistics" // counters of the hop to the node
	Invitation Type = "invitation" // answer to invite; without a link there is none
	Refused    Type = "refused"    // what was asked for did not come to pass
)

// In is a message from the page. Which fields count depends on Type.
type In struct {
	Type Type `json:"type"`

	Conversation string `json:"conversation"` // hello of the agent's page
	Ticket       string `json:"ticket"`       // hello: sign-in of a browser that keeps no cookie
	Name         string `json:"name"`         // hello of the customer's page
	Visit        string `json:"visit"`        // hello: token of an earlier welcome, or of an invitation
	Live         bool   `json:"live"`         // hello: the page still has its peer connection

	SDP       string `json:"sdp"`
	ID        int    `json:"id"` // offer: its number; the answer has the same
	Candidate string `json:"candidate"`
	Mid       string `json:"mid"`

	On        bool `json:"on"`        // camera, mute, lock, watch, present
	Available bool `json:"available"` // camera: there is one that may be used

	Who  string `json:"who"`  // mute, admit, remove: ID of people
	Text string `json:"text"` // chat
}

// Limits of what a page may send, in bytes.
const (
	maxMessage   = 96 << 10
	maxSDP       = 64 << 10
	maxCandidate = 1 << 10
	maxToken     = 8 << 10
	maxShort     = 256
	maxText      = 4 << 10
)

// errMessage is a message that no page of ours sends.
var errMessage = errors.New("page: malformed message")

// Parse decodes and checks a message from a page.
func Parse(data []byte) (In, error) {
	var in In
	if len(data) > maxMessage {
		return in, fmt.Errorf("%w: %d bytes", errMessage, len(data))
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return in, fmt.Errorf("%w: not JSON", errMessage)
	}
	for _, field := range []struct {
		name, value string
		max         int
	}{
		{"type", string(in.Type), 32},
		{"conversation", in.Conversation, maxShort},
		{"ticket", in.Ticket, maxToken},
		{"name", in.Name, maxShort},
		{"visit", in.Visit, maxToken},
		{"sdp", in.SDP, maxSDP},
		{"candidate", in.Candidate, maxCandidate},
		{"mid", in.Mid, 32},
		{"who", in.Who, 128},
		{"text", in.Text, maxText},
	} {
		if len(field.value) > field.max {
			return In{}, fmt.Errorf("%w: %s has %d bytes, %d are allowed", errMessage, field.name, len(field.value), field.max)
		}
	}
	if in.Type == Offer && in.SDP == "" {
		return In{}, fmt.Errorf("%w: offer without SDP", errMessage)
	}
	return in, nil
}

// Out is a message to the page. Which fields count depends on Type.
type Out struct {
	Type      Type   `json:"type"`
	SDP       string `json:"sdp,omitempty"`
	ID        int    `json:"id,omitempty"` // answer: of the offer that it answers
	Candidate string `json:"candidate,omitempty"`
	Mid       string `json:"mid,omitempty"`
	Visit     string `json:"visit,omitempty"`
	Story     string `json:"story,omitempty"`
	Link      string `json:"link,omitempty"` // invitation, renew
	What      Type   `json:"what,omitempty"` // refused: the message that asked for it
	*Servers
	*View
	People   []Person  `json:"people,omitempty"`
	Messages []Message `json:"messages,omitempty"`
	Hop      *Hop      `json:"hop,omitempty"`
}

// Servers is the ICE configuration of a connect message.
type Servers struct {
	ICEServers []ICEServer `json:"iceServers"`
	RelayOnly  bool        `json:"relayOnly"`
}

// ICEServer is one entry of RTCConfiguration.iceServers (W3C WebRTC, section 4.2.4).
type ICEServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

// View is what a state message shows. The agent's page and the customer's each use their part.
type View struct {
	Status string `json:"status"`
	Step   string `json:"step,omitempty"`   // agent: which step of joining runs
	Pane   string `json:"pane,omitempty"`   // agent: what stands where there is no picture
	Notice string `json:"notice,omitempty"` // agent: a short word about the state of things

	Sending    bool `json:"sending"`              // agent: the customer can see the agent now
	Hidden     bool `json:"hidden,omitempty"`     // agent: the customer's picture is held back
	AgentVideo bool `json:"agentVideo,omitempty"` // customer: the agent shows a picture

	// Confirmed: the room has heard that the agent shows himself (see Sending).
	Confirmed bool `json:"confirmed,omitempty"`
	// Why is the weightiest reason why the customer does not see the agent, a code of the rules.
	Why string `json:"why,omitempty"`
	// Recording is the call's recording: active, paused, none, or empty while unknown.
	Recording string `json:"recording,omitempty"`
	// SignIn is how the agent's sign-in stands: ending, ended, or empty while it is good.
	SignIn string `json:"signIn,omitempty"`
	Room   *Room  `json:"room,omitempty"` // nil while we are in none
	// MayPresent: the page may share a screen now.
	MayPresent   bool          `json:"mayPresent,omitempty"`
	Presentation *Presentation `json:"presentation,omitempty"` // nil: nobody presents

	Error *Problem `json:"error,omitempty"`
}

// Problem is what went wrong, in words for the person at the page.
type Problem struct {
	Code    string `json:"code"`
	Message string `json:"message"` // what happened
	Next    string `json:"next"`    // what to do
	Retry   bool   `json:"retry"`   // Try again may help
	// Wait is after how many seconds the page tries again by itself; 0: it does not.
	Wait int `json:"wait,omitempty"`
}
