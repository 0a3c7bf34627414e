package rules

import "testing"

// Every row of the lifecycle table, on a leg that is live and shown, and with no leg at all.
func TestLifecycle(t *testing.T) {
	me := func(ws ...with) Participant { return agent("p-ag1", ada, ws...) }
	snapshot := func(ps ...Participant) []Participant { return ps }
	tests := []struct {
		name   string
		row    Code
		in     []Participant
		live   []Action // ordered when our leg is live
		none   []Action // ordered when there was never one
		unlive bool     // cannot follow a live leg of the same entry
	}{
		{name: "L1 customer hung up", row: CallOver, in: snapshot(customer(endedBy("peer")), me()),
			live: []Action{EndForAll{}}, none: []Action{EndForAll{}}},
		{name: "L1 customer terminated, my leg too", row: CallOver, in: snapshot(customer(terminatedBy("client")), me(terminatedBy("peer"))),
			live: []Action{EndForAll{}}, none: []Action{EndForAll{}}},
		{name: "L1 customer gave up while it rang", row: CallOver, in: snapshot(customer(endedBy("peer")), me(in("alerting"))),
			none: []Action{EndForAll{}}, unlive: true},
		{name: "L1 customer gone, no entry of mine", row: CallOver, in: snapshot(customer(endedBy("peer"))),
			live: []Action{EndForAll{}}, none: []Action{EndForAll{}}},
		{name: "L2 alert declined", row: AlertMissed, in: snapshot(customer(), queue(), me(endedBy("client"), neverConnected)), unlive: true},
		{name: "L2 alert missed", row: AlertMissed, in: snapshot(customer(), me(terminatedBy("transfer.noanswer"), neverConnected)), unlive: true},
		{name: "L2 alert timed out, customer missing", row: AlertMissed, in: snapshot(me(terminatedBy("timeout"), neverConnected)), unlive: true},
		{name: "L2a agent hung up in the desktop", row: HungUp, in: snapshot(customer(), queue(terminatedBy("transfer")), me(endedBy("client"))),
			live: []Action{EndForAll{}}, none: []Action{EndForAll{}}},
		{name: "L2a agent hung up on the phone", row: HungUp, in: snapshot(customer(), me(endedBy("endpoint"))),
			live: []Action{EndForAll{}}, none: []Action{EndForAll{}}},
		{name: "L2a a prefix of the kind", row: HungUp, in: snapshot(customer(), me(endedBy("endpoint.donotdisturb"))),
			live: []Action{EndForAll{}}, none: []Action{EndForAll{}}},
		{name: "L3 another agent is connected", row: GoesOn, in: snapshot(customer(), me(endedBy("client")), agent("p-ag2", bob)),
			live: []Action{Leave{}}},
		{name: "L3 another agent rings", row: GoesOn, in: snapshot(customer(), me(endedBy("endpoint")), agent("p-ag2", bob, in("alerting"))),
			live: []Action{Leave{}}},
		{name: "L3 a queue has the call", row: GoesOn, in: snapshot(customer(), me(endedBy("client")), queue()),
			live: []Action{Leave{}}},
		{name: "L4 transferred", row: Transferred, in: snapshot(customer(), me(endedBy("transfer")), agent("p-ag2", bob, in("alerting"))),
			live: []Action{Leave{}}},
		{name: "L4 straight to terminated", row: Transferred, in: snapshot(customer(), me(terminatedBy("transfer"))), live: []Action{Leave{}}},
		{name: "L4 consult transfer", row: Transferred, in: snapshot(customer(), me(endedBy("transfer.consult"))), live: []Action{Leave{}}},
		{name: "L5 by the other side", row: PeerEnded, in: snapshot(customer(), me(endedBy("peer"))), live: []Action{Leave{}}},
		{name: "L6 system", row: Trouble, in: snapshot(customer(), me(endedBy("system"))), live: []Action{Leave{}}},
		{name: "L6 transport failure", row: Trouble, in: snapshot(customer(), me(endedBy("transport.failure"))), live: []Action{Leave{}}},
		{name: "L6 no type at all", row: Trouble, in: snapshot(customer(), me(endedBy(""))), live: []Action{Leave{}}},
		{name: "L7 no entry of mine", row: NotMine, in: snapshot(customer(), agent("p-ag2", bob)), live: []Action{Leave{}}},
		{name: "L7 nobody at all", row: NotMine, live: []Action{Leave{}}},
		{name: "L8 alerting", row: Ringing, in: snapshot(customer(), queue(), me(in("alerting"))), unlive: true},
		{name: "L8 dialing", row: Ringing, in: snapshot(customer(), me(in("dialing"))), unlive: true},
		{name: "L8 parked", row: Ringing, in: snapshot(customer(), me(in("parked"))), live: []Action{Leave{}}},
		{name: "L9 customer dialing", row: Unclear, in: snapshot(customer(in("dialing"), id("p-new")), me())},
		{name: "L9 customer missing", row: Unclear, in: snapshot(me())},
		{name: "L10 consult target, customer on hold", row: ConsultTarget,
			in:   snapshot(customer(confined, consult), agent("p-ag2", bob, initiator), me(consult)),
			live: []Action{SetVideo{false}, StopPresentation{}}},
		{name: "L10 consult target put aside", row: ConsultTarget,
			in:   snapshot(customer(consult), agent("p-ag2", bob, initiator), me(consult, confined)),
			live: []Action{SetVideo{false}, StopPresentation{}}},
		{name: "L11 connected", row: Ours, in: snapshot(customer(), me()), none: []Action{Join{}}},
		{name: "L11 connected on hold", row: Ours, in: snapshot(customer(confined), me(held)),
			none: []Action{Join{}}, live: []Action{SetVideo{false}, StopPresentation{}}},
		{name: "L11 consult initiator", row: Ours, in: snapshot(customer(confined, consult), me(initiator), agent("p-ag2", bob, consult, in("alerting"))),
			none: []Action{Join{}}, live: []Action{SetVideo{false}, StopPresentation{}}},
		{name: "L11 conference", row: Ours, in: snapshot(customer(consult), agent("p-ag2", bob, initiator), me(consult)), none: []Action{Join{}}},
		{name: "L11 back after my first leg was transferred", row: Ours,
			in:   snapshot(customer(), me(terminatedBy("transfer")), agent("p-ag2", bob, terminatedBy("transfer")), agent("p-ag3", ada)),
			none: []Action{Join{}}},
		{name: "L11 eight legs of mine", row: Ours,
			in: snapshot(customer(), me(terminatedBy("timeout"), neverConnected), agent("p-2", ada, terminatedBy("client"), neverConnected),
				agent("p-3", ada, terminatedBy("transfer")), agent("p-4", ada), agent("p-5", ada, terminatedBy("client"), neverConnected)),
			none: []Action{Join{}}},
		{name: "L11 outbound to an external", row: Ours, in: snapshot(me(), customer(purpose("external"))), none: []Action{Join{}}},
		{name: "L11 between users", row: Ours, in: snapshot(me(purpose("user")), agent("p-ag2", bob, purpose("user"))),
			none: []Action{Join{}}, unlive: true},
		{name: "a colleague who hung up never ends a room", row: Unclear,
			in: snapshot(me(purpose("user")), agent("p-ag2", bob, purpose("user"), endedBy("client")))},
	}
	for _, tt := range tests {
		t.Run(tt.name+", no leg", func(t *testing.T) {
			p := play(t, Options{})
			p.read(tt.in...)
			p.wants(tt.none...)
			p.because(tt.row)
		})
		if tt.unlive {
			continue
		}
		t.Run(tt.name+", live leg", func(t *testing.T) {
			p := ready(t, Options{})
			p.event(tt.in...)
			p.wants(tt.live...)
			if got := p.call.View().Row; got != tt.row {
				t.Fatalf("got row %q, want %q", got, tt.row)
			}
		})
	}
}

func TestEveryReasonHasWords(t *testing.T) {
	for code, r := range reasons {
		if r.Words == "" || code.Reason().Code != code {
			t.Errorf("reason %q: got %+v", code, code.Reason())
		}
	}
}

func TestOnlyTheFirstKindOfAnEndCounts(t *testing.T) {
	p := ready(t, Options{})
	p.event(customer(), agent("p-ag1", ada, endedBy("transfer")))
	p.event(customer(), agent("p-ag1", ada, endedBy("peer")))
	p.event(customer(), agent("p-ag1", ada, terminatedBy("peer")))
	p.wants(Leave{})
	p.pass(2 * PeerReread)
	p.wants() // L4, not L5: no read
}

func TestPeerEndIsReadAgain(t *testing.T) {
	p := ready(t, Options{})
	p.event(customer(), agent("p-ag1", ada, endedBy("peer")))
	p.wants(Leave{})
	p.pass(PeerReread - 1)
	p.wants()
	p.pass(1)
	p.wants(Reread{})
	p.read(customer(endedBy("peer")), agent("p-ag1", ada, terminatedBy("peer")))
	p.wants(EndForAll{})
	p.phase(PhaseEnded)
	p.pass(PeerReread)
	p.wants()
}

func TestPeerEndFollowedByTheCustomersEnd(t *testing.T) {
	p := ready(t, Options{})
	p.event(customer(), agent("p-ag1", ada, endedBy("peer")))
	p.event(customer(endedBy("peer")), agent("p-ag1", ada, endedBy("peer")))
	p.wants(Leave{}, EndForAll{})
	p.pass(2 * PeerReread)
	p.wants() // the planned read was cancelled
}
