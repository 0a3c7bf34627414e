package genesystest

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// IDs of the default organization: two agents, both members of both queues.
const (
	OrganizationID = "0a0a0a0a-0000-4000-8000-000000000000"
	AdaID          = "ada00000-0000-4000-8000-000000000001"
	BobID          = "b0b00000-0000-4000-8000-000000000002"
	VideoQueueID   = "c0de0000-0000-4000-8000-000000000001" // wrap-up is asked for
	BackOfficeID   = "c0de0000-0000-4000-8000-000000000002" // no wrap-up
)

// Options says what the stand-in is like. The zero value is a working contact centre without OAuth clients.
type Options struct {
	Listener net.Listener // nil = 127.0.0.1:0; closed by Close
	URL      string       // base URL as browsers see it; "" = http:// and the listener's address
	Log      *slog.Logger // nil = silent

	Clients []OAuthClient // more can be added by AddClient
	Users   []User        // none = Ada Lovelace and Bob Martin
	Queues  []Queue       // none = Video and Back office

	WidgetURL         string // address of the Interaction Widget with {{pcConversationId}} and friends; "" = no panel
	WidgetSandbox     string // the integration's comma list; "" = allow-scripts,allow-same-origin,allow-forms,allow-modals
	WidgetPermissions string // "" = camera, microphone and what a video page may want besides
	WidgetHooks       *Hooks // nil = stop, focus and blur
	Environment       string // {{pcEnvironment}}; "" = mypurecloud.com
	TargetEnv         string // {{gcTargetEnv}}; "" = prod
	Language          string // {{pcLangTag}}; "" = en-us

	TokenLife         time.Duration // of access tokens; 0 = 24 h
	RotateRefresh     bool          // a refresh token works once and is replaced
	RateLimit         int           // requests a minute and token; 0 = 300, negative = none
	HeartbeatInterval time.Duration // of notification sockets; 0 = 30 s
	EventDelay        time.Duration // from a change to its event; the real one is about 450 ms
	SnapshotGap       time.Duration // between the snapshots of one action; 0 = 70 ms
	AlertTimeout      time.Duration // an unanswered alert ends after this; 0 = never
	NoRecording       bool          // the trunk does not record; else recording starts as an agent answers

	// SimulateCustomer is behind the desktop's button "Simulate a customer call"; nil hides the button.
	// Its context ends with the server or after a minute.
	SimulateCustomer func(ctx context.Context) error

	// Trunk carries a call that an agent has dialled to its far end, lets that answer (CustomerAnswers) or not
	// (CustomerHangup), and returns when it is over. Its context ends with the server. nil leaves it dialling.
	Trunk func(ctx context.Context, out OutboundCall, call *Conversation)

	// OnRequest may spoil a request before it is handled; nil or a nil Fault = normal. Called concurrently.
	OnRequest func(*http.Request) *Fault
}

// OAuthClient is a client as set up in the organization.
type OAuthClient struct {
	ID           string
	Secret       string   // "" = public client: code grant with PKCE only, no refresh token
	RedirectURIs []string // compared exactly
}

// User is an agent. Functions that take a user accept ID or Login.
type User struct {
	ID, Login, Name, Email string
	Queues                 []string // IDs; nil = all
	OffQueue               bool     // starts off queue, so nothing alerts
}

// Queue is a routing queue.
type Queue struct {
	ID, Name string
	NoWrapup bool // agents owe no wrap-up; a transfer then shows the leg's end in three snapshots instead of one
}

// Hooks says which lifecycle messages the desktop sends to the widget, as the integration's advanced settings do.
type Hooks struct {
	Bootstrap bool `json:"bootstrap"`
	Focus     bool `json:"focus"`
	Blur      bool `json:"blur"`
	Stop      bool `json:"stop"`
}

// Fault is what happens to a request instead of an answer.
type Fault struct {
	Delay      time.Duration // wait first
	Drop       bool          // then cut the connection
	Status     int           // or answer this; 0 = go on normally
	Body       string        // "" = the platform's error object
	RetryAfter time.Duration // header, in whole seconds rounded up
}

const (
	defaultSandbox     = "allow-scripts,allow-same-origin,allow-forms,allow-modals"
	defaultPermissions = "camera,microphone,display-capture,autoplay,fullscreen,clipboard-write,picture-in-picture"
)

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if len(o.Users) == 0 {
		o.Users = []User{
			{ID: AdaID, Login: "ada", Name: "Ada Lovelace", Email: "ada@example.com"},
			{ID: BobID, Login: "bob", Name: "Bob Martin", Email: "bob@example.com"},
		}
	}
	if len(o.Queues) == 0 {
		o.Queues = []Queue{{ID: VideoQueueID, Name: "Video"}, {ID: BackOfficeID, Name: "Back office", NoWrapup: true}}
	}
	if o.WidgetHooks == nil {
		o.WidgetHooks = &Hooks{Focus: true, Blur: true, Stop: true}
	}
	setDefault(&o.WidgetSandbox, defaultSandbox)
	setDefault(&o.WidgetPermissions, defaultPermissions)
	setDefault(&o.Environment, "mypurecloud.com")
	setDefault(&o.TargetEnv, "prod")
	setDefault(&o.Language, "en-us")
	setDefault(&o.TokenLife, 24*time.Hour)
	setDefault(&o.RateLimit, 300)
	setDefault(&o.HeartbeatInterval, 30*time.Second)
	setDefault(&o.SnapshotGap, 70*time.Millisecond)
	return o
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
