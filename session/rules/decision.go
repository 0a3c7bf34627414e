package rules

import "time"

// Action is one thing that the owner of the call is to do now, in the order given.
type Action interface{ action() }

type (
	// Join enters the conference. The leg starts dark: nothing reaches the customer before
	// SetVideo{On: true}. Answer with [Call.OnJoined] or [Call.OnJoinFailed].
	Join struct{}
	// Leave takes our own leg out, or gives up a join under way. It needs no answer.
	Leave struct{}
	// EndForAll ends the conference for everybody, releases our leg and closes the session. It
	// needs the host role. It also comes when the leg is gone: then the session closes, and
	// the conference ends if there is still a way to tell the node.
	EndForAll struct{}
	// Reread reads the conversation by REST and gives it back as a [Resync] snapshot. Until it
	// comes we are blind; retries after failures are the caller's.
	Reread struct{}
	// SetVideo opens or closes the way of the agent's picture to the customer: the gate at the
	// relay first, then video_unmuted and a keyframe request, or video_muted.
	SetVideo struct{ On bool }
	// SetMuted mirrors the agent's microphone flag to our participant on the node.
	SetMuted struct{ On bool }
	// StopPresentation ends the agent's screen share; it is not started again.
	StopPresentation struct{}
	// HideCustomer keeps the customer's picture from the agent, or gives it back. It comes while joining as well: the leg
	// begins so.
	HideCustomer struct{ On bool }
	// RemovePlayback disconnects a recorded announcement's leg from the conference.
	RemovePlayback struct{ UUID string }
)

func (Join) action()             {}
func (Leave) action()            {}
func (EndForAll) action()        {}
func (Reread) action()           {}
func (SetVideo) action()         {}
func (SetMuted) action()         {}
func (StopPresentation) action() {}
func (HideCustomer) action()     {}
func (RemovePlayback) action()   {}

// Decision is what follows from one input.
type Decision struct {
	Actions []Action
	Reasons []Reason
	// Wake is when [Call.OnTimer] is next due; zero is never. Each Decision's Wake replaces the
	// one before: there is one timer.
	Wake time.Time
}

func (d *Decision) do(a Action) { d.Actions = append(d.Actions, a) }
func (d *Decision) because(c ...Code) {
	for _, code := range c {
		d.Reasons = append(d.Reasons, code.Reason())
	}
}

// Code names a reason, for counters, the audit and the page's own words.
type Code string

// Reason is a Code with its row of the table (empty for none) and a sentence for the audit.
type Reason struct {
	Code  Code
	Row   string
	Words string
}

// Rows of the lifecycle table, in its order; before the first snapshot, NotRead.
const (
	NotRead       Code = "not-read"
	CallOver      Code = "call-over"
	AlertMissed   Code = "alert-missed"
	HungUp        Code = "hung-up"
	GoesOn        Code = "goes-on"
	Transferred   Code = "transferred"
	PeerEnded     Code = "peer-ended"
	Trouble       Code = "trouble"
	NotMine       Code = "not-mine"
	Ringing       Code = "ringing"
	Unclear       Code = "unclear"
	ConsultTarget Code = "consult-target"
	Ours          Code = "ours"
)

// Why the customer does not see the agent, apart from the row, and that he does again.
const (
	OnHold        Code = "on-hold"
	Consulting    Code = "consulting"
	CustomerAside Code = "customer-aside"
	NotListening  Code = "not-listening"
	SocketDown    Code = "socket-down"
	SignInEnded   Code = "sign-in-ended"
	RereadPending Code = "reread-pending"
	NotRecorded   Code = "not-recorded"
	RecordPaused  Code = "recording-paused"
	CameraOff     Code = "camera-off"
	Shown         Code = "shown"
)

// What else happened.
const (
	OtherConversation Code = "other-conversation"
	Duplicate         Code = "duplicate"
	OldSnapshot       Code = "old-snapshot"
	OldRead           Code = "old-read"
	LeftUnsaid        Code = "left-unsaid"
	JoinFailed        Code = "join-failed"
	Removed           Code = "removed"
	Dropped           Code = "dropped"
	DroppedAgain      Code = "dropped-again"
	CustomerGone      Code = "customer-gone"
	CustomerBack      Code = "customer-back"
	LeftAlone         Code = "left-alone"
	NoAnswer          Code = "no-answer"
	Playback          Code = "playback"
	Retry             Code = "retry"
)

var reasons = map[Code]Reason{
	NotRead:       {Words: "the call has not been read yet"},
	CallOver:      {Row: "L1", Words: "the customer's call is over"},
	AlertMissed:   {Row: "L2", Words: "the alert was missed or declined: the customer is back in the queue"},
	HungUp:        {Row: "L2a", Words: "the agent hung up and nobody else has the call"},
	GoesOn:        {Row: "L3", Words: "the agent hung up and the call goes on with someone else"},
	Transferred:   {Row: "L4", Words: "the call was transferred"},
	PeerEnded:     {Row: "L5", Words: "the agent's leg was ended from the other side: reading the call again soon"},
	Trouble:       {Row: "L6", Words: "the platform or the phone ended the agent's leg: the call may go to another agent"},
	NotMine:       {Row: "L7", Words: "the agent has no part in this call"},
	Ringing:       {Row: "L8", Words: "the agent has not answered"},
	Unclear:       {Row: "L9", Words: "the snapshot does not say where the customer is: keeping what is"},
	ConsultTarget: {Row: "L10", Words: "the agent is consulted: the customer is still the other agent's"},
	Ours:          {Row: "L11", Words: "the call is connected and ours"},

	OnHold:        {Words: "the call is on hold"},
	Consulting:    {Words: "the agent is consulting: the customer is on hold"},
	CustomerAside: {Words: "the customer has been put on hold"},
	NotListening:  {Words: "not listening to the call yet"},
	SocketDown:    {Words: "the notification socket is down: the call's state is unknown"},
	SignInEnded:   {Words: "the agent's sign-in has ended: the call's state is unknown"},
	RereadPending: {Words: "the call is being read again: its state is unknown until then"},
	NotRecorded:   {Words: "the call must be recorded and is not"},
	RecordPaused:  {Words: "the call must be recorded and its recording is paused"},
	CameraOff:     {Words: "the agent's camera is off"},
	Shown:         {Words: "the customer sees the agent"},

	OtherConversation: {Words: "dropped: another conversation"},
	Duplicate:         {Words: "nothing new"},
	OldSnapshot:       {Words: "dropped: older than what we know; reading the call again"},
	OldRead:           {Words: "dropped: an event overtook this read"},
	LeftUnsaid:        {Words: "the event does not say whether a hold is over: reading the call again"},
	JoinFailed:        {Words: "joining failed"},
	Removed:           {Words: "our leg was removed by someone: staying out"},
	Dropped:           {Words: "our leg was dropped: joining once more if the call is still on"},
	DroppedAgain:      {Words: "our leg was dropped again: staying out"},
	CustomerGone:      {Words: "the customer has left the conference: waiting for him to come back"},
	CustomerBack:      {Words: "the customer is back in the conference"},
	LeftAlone:         {Words: "the customer did not come back to the conference"},
	NoAnswer:          {Words: "whom the agent called did not come into the conference: leaving it to the voice call"},
	Playback:          {Words: "a recorded announcement joined the conference"},
	Retry:             {Words: "the agent asked to try again"},
}

// Reason is the code with its words.
func (c Code) Reason() Reason {
	r := reasons[c]
	r.Code = c
	return r
}
