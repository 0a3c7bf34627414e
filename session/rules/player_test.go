package rules

import (
	"slices"
	"testing"
	"time"
)

const (
	conversation = "c0ffee00-0000-4000-8000-000000000001"
	ada, bob     = "u-ada", "u-bob"
)

var start = time.Date(2026, 9, 1, 9, 0, 0, 0, time.UTC)

// player plays a call to the rules and checks what they order.
type player struct {
	t    *testing.T
	call Call
	now  time.Time
	last Decision
	all  []Action // since the last wants
}

func play(t *testing.T, o Options) *player {
	return &player{t: t, call: New(conversation, ada, o), now: start}
}

// ready is a call of Ada's that is connected, joined and shown to the customer.
func ready(t *testing.T, o Options) *player {
	p := play(t, o)
	p.live()
	p.read(recorded(customer(), agent("p-ag1", ada))...)
	p.camera(true)
	p.joined()
	p.roster(theCustomer, contactCentre)
	p.pass(Settle)
	p.wants(Reread{}, Join{}, SetVideo{false}, SetVideo{true})
	return p
}

func (p *player) take(c Call, d Decision) {
	p.call, p.last = c, d
	p.all = append(p.all, d.Actions...)
}

func (p *player) event(ps ...Participant) {
	p.take(p.call.OnSnapshot(Snapshot{ConversationID: conversation, Participants: ps}, p.now))
}

func (p *player) read(ps ...Participant) {
	p.take(p.call.OnSnapshot(Snapshot{ConversationID: conversation, Source: Resync, Participants: ps}, p.now))
}

func (p *player) live()                   { p.take(p.call.OnLive(p.now)) }
func (p *player) blind(why Code)          { p.take(p.call.OnBlind(why, p.now)) }
func (p *player) camera(on bool)          { p.take(p.call.OnCamera(on, p.now)) }
func (p *player) joined()                 { p.take(p.call.OnJoined(p.now)) }
func (p *player) joinFailed()             { p.take(p.call.OnJoinFailed(p.now)) }
func (p *player) removed(words string)    { p.take(p.call.OnRemoved(words, p.now)) }
func (p *player) retry()                  { p.take(p.call.OnRetry(p.now)) }
func (p *player) goodbye()                { p.take(p.call.OnGoodbye(p.now)) }
func (p *player) roster(ms ...Member)     { p.take(p.call.OnRoster(ms, true, p.now)) }
func (p *player) rosterLost(ms ...Member) { p.take(p.call.OnRoster(ms, false, p.now)) }

// pass lets time go by, waking the rules when they asked for it.
func (p *player) pass(d time.Duration) {
	end := p.now.Add(d)
	for w := p.last.Wake; !w.IsZero() && !w.After(end); w = p.last.Wake {
		if w.After(p.now) {
			p.now = w
		}
		p.take(p.call.OnTimer(p.now))
		if !p.last.Wake.IsZero() && !p.last.Wake.After(p.now) {
			p.t.Fatalf("woken at %v, the rules want to be woken at %v again", p.now, p.last.Wake)
		}
	}
	p.now = end
}

// wants checks all that was ordered since the last time.
func (p *player) wants(want ...Action) {
	p.t.Helper()
	if !slices.Equal(p.all, want) {
		p.t.Fatalf("got actions %#v\nwant %#v\nreasons %v", p.all, want, p.last.Reasons)
	}
	p.all = nil
}

func (p *player) because(want ...Code) {
	p.t.Helper()
	var got []Code
	for _, r := range p.last.Reasons {
		got = append(got, r.Code)
		if r.Words == "" {
			p.t.Errorf("reason %q has no words", r.Code)
		}
	}
	if !slices.Equal(got, want) {
		p.t.Fatalf("got reasons %q, want %q", got, want)
	}
}

func (p *player) phase(want Phase) {
	p.t.Helper()
	if got := p.call.View().Phase; got != want {
		p.t.Fatalf("got phase %q, want %q", got, want)
	}
}

func (p *player) dark(want ...Code) {
	p.t.Helper()
	if got := p.call.View().Dark; !slices.Equal(got, want) {
		p.t.Fatalf("got dark %q, want %q", got, want)
	}
}

var (
	theCustomer   = Member{UUID: "m-cust", CallTag: "videoleg:customer:4711abcd"}
	anAgent       = Member{UUID: "m-ada", CallTag: AgentTag + "4711abcd"}
	contactCentre = Member{UUID: "m-sip", AudioOnly: true}
)

type with func(*Participant)

func participant(p Participant, ws []with) Participant {
	for _, w := range ws {
		w(&p)
	}
	return p
}

// customer and agent are connected, with every flag said, as real snapshots have them.
func customer(ws ...with) Participant {
	return participant(Participant{ID: "p-cust", Purpose: "customer", State: "connected",
		Held: No, Muted: No, Confined: No, ConnectedTime: start}, ws)
}

func agent(id, user string, ws ...with) Participant {
	return participant(Participant{ID: id, Purpose: "agent", UserID: user, State: "connected",
		Held: No, Muted: No, Confined: No, ConnectedTime: start}, ws)
}

func queue(ws ...with) Participant {
	return participant(Participant{ID: "p-acd", Purpose: "acd", State: "connected", Held: No, Muted: No, Confined: No}, ws)
}

// recorded marks the first participant as being recorded.
func recorded(ps ...Participant) []Participant {
	ps[0].RecordingState = "active"
	return ps
}

func held(p *Participant)      { p.Held = Yes }
func muted(p *Participant)     { p.Muted = Yes }
func confined(p *Participant)  { p.Confined = Yes }
func consult(p *Participant)   { p.ConsultParticipantID = "p-cust" }
func initiator(p *Participant) { p.ConsultParticipantID, p.ConsultInitiator = "p-cust", true }

func purpose(s string) with { return func(p *Participant) { p.Purpose = s } }
func id(s string) with      { return func(p *Participant) { p.ID = s } }

// in is a state before connected.
func in(state string) with {
	return func(p *Participant) { p.State, p.ConnectedTime = state, time.Time{} }
}

func endedBy(disconnectType string) with {
	return func(p *Participant) {
		p.State, p.DisconnectType, p.EndTime = "disconnected", disconnectType, start.Add(time.Hour)
	}
}

func terminatedBy(disconnectType string) with {
	return func(p *Participant) { endedBy(disconnectType)(p); p.State = "terminated" }
}

func neverConnected(p *Participant) { p.ConnectedTime = time.Time{} }

func connectedAt(t time.Time) with { return func(p *Participant) { p.ConnectedTime = t } }

func holdFrom(t time.Time) with {
	return func(p *Participant) { p.Held, p.StartHoldTime = Yes, t }
}
