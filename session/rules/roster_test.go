package rules

import (
	"testing"
	"time"
)

func TestAlone(t *testing.T) {
	tests := []struct {
		name string
		play func(p *player)
		want []Action
	}{
		{"customer gone for the whole grace", func(p *player) {
			p.roster(anAgent, contactCentre)
			p.pass(AloneGrace)
		}, []Action{EndForAll{}}},
		{"a moment less", func(p *player) {
			p.roster(anAgent, contactCentre)
			p.pass(AloneGrace - 1)
		}, nil},
		{"a reload", func(p *player) {
			p.roster(contactCentre)
			p.pass(AloneGrace - 1)
			p.roster(contactCentre, theCustomer)
			p.pass(time.Hour)
		}, nil},
		{"two reloads, each with its own grace", func(p *player) {
			for range 2 {
				p.roster()
				p.pass(AloneGrace / 2)
				p.roster(theCustomer)
			}
			p.pass(time.Hour)
		}, nil},
		{"a customer who said goodbye is not waited for", func(p *player) {
			p.goodbye()
			p.roster(contactCentre)
		}, []Action{EndForAll{}}},
		{"a goodbye after he has gone", func(p *player) {
			p.roster(contactCentre)
			p.goodbye()
		}, []Action{EndForAll{}}},
		{"a goodbye alone ends nothing", func(p *player) {
			p.goodbye()
			p.pass(time.Hour)
		}, nil},
		{"one of two customers says goodbye, the other reloads", func(p *player) {
			other := Member{UUID: "m-other"}
			p.roster(theCustomer, other)
			p.goodbye()
			p.roster(theCustomer)
			p.roster()
			p.pass(AloneGrace - 1)
		}, nil},
		{"a goodbye while blind waits until we see", func(p *player) {
			p.blind(SocketDown)
			p.goodbye()
			p.roster(contactCentre)
		}, []Action{SetVideo{false}, StopPresentation{}}},
		{"a second agent is not a customer", func(p *player) {
			p.roster(anAgent, Member{UUID: "m-bob", CallTag: AgentTag + "other"})
			p.pass(AloneGrace)
		}, []Action{EndForAll{}}},
		{"a room system with the agent's name is a customer", func(p *player) {
			p.roster(Member{UUID: "m-room"})
			p.pass(time.Hour)
		}, nil},
		{"a control-only participant counts", func(p *player) {
			p.roster(Member{UUID: "m-api"})
			p.pass(time.Hour)
		}, nil},
		{"the roster is not synced", func(p *player) {
			p.rosterLost()
			p.pass(time.Hour)
		}, nil},
		{"the roster is lost during the grace", func(p *player) {
			p.roster(contactCentre)
			p.pass(AloneGrace / 2)
			p.rosterLost()
			p.pass(time.Hour)
		}, nil},
		{"blind: only when we see again", func(p *player) {
			p.blind(SocketDown)
			p.roster(contactCentre)
			p.pass(time.Hour)
			p.live()
			p.read(customer(), agent("p-ag1", ada))
		}, []Action{SetVideo{false}, StopPresentation{}, Reread{}, EndForAll{}}},
		{"a consult target never ends the other's room", func(p *player) {
			p.event(customer(confined, consult), agent("p-ag2", bob, initiator), agent("p-ag1", ada, consult))
			p.roster(contactCentre)
			p.pass(time.Hour)
		}, []Action{SetVideo{false}, StopPresentation{}}},
		{"on hold as well", func(p *player) {
			p.event(customer(confined), agent("p-ag1", ada, held))
			p.roster(contactCentre)
			p.pass(AloneGrace)
		}, []Action{SetVideo{false}, StopPresentation{}, EndForAll{}}},
		{"after the end nothing joins again", func(p *player) {
			p.roster(contactCentre)
			p.pass(AloneGrace)
			p.event(customer(), agent("p-ag1", ada, muted))
			p.retry()
			p.read(customer(), agent("p-ag1", ada))
		}, []Action{EndForAll{}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := ready(t, Options{})
			tt.play(p)
			p.wants(tt.want...)
		})
	}
	t.Run("a customer who never came is waited for", func(t *testing.T) {
		p := play(t, Options{})
		p.event(customer(), agent("p-ag1", ada))
		p.joined()
		p.roster(contactCentre)
		p.pass(time.Hour)
		p.wants(Join{}, SetVideo{false})
	})
}

func TestPlaybackLegIsRemovedEachTime(t *testing.T) {
	leg := func(uuid string) Member {
		return Member{UUID: uuid, AudioOnly: true, Playback: true}
	}
	p := ready(t, Options{})
	p.roster(theCustomer, leg("pb-1"))
	p.roster(theCustomer, leg("pb-1"))
	p.wants(RemovePlayback{"pb-1"})
	p.roster(theCustomer)
	p.roster(theCustomer, leg("pb-2"))
	p.roster(theCustomer, leg("pb-2"), leg("pb-1"))
	p.wants(RemovePlayback{"pb-2"}, RemovePlayback{"pb-1"})
}

func TestRemoved(t *testing.T) {
	dropped := func(p *player) { p.removed("Ice failure") }
	on := func(p *player) { p.read(customer(), agent("p-ag1", ada)) }
	tests := []struct {
		name string
		play func(p *player)
		want []Action
		out  Code
	}{
		{"by another participant", func(p *player) { p.removed("Disconnected by another participant"); p.pass(time.Hour) }, nil, Removed},
		{"by an administrator", func(p *player) { p.removed("Conference terminated by an administrator"); p.pass(time.Hour) }, nil, Removed},
		{"by a program", func(p *player) { p.removed("API initiated participant disconnect"); p.pass(time.Hour) }, nil, Removed},
		{"removed, and events go on", func(p *player) {
			p.removed("Disconnected by another participant")
			p.event(customer(), agent("p-ag1", ada, muted))
			p.read(customer(), agent("p-ag1", ada))
		}, nil, Removed},
		{"removed, and the agent tries again", func(p *player) {
			p.removed("Disconnected by another participant")
			p.retry()
		}, []Action{Join{}}, ""},
		{"removed, and the call comes back to me", func(p *player) {
			p.removed("Disconnected by another participant")
			p.event(customer(), agent("p-ag1", ada, endedBy("transfer")), agent("p-ag3", ada))
		}, []Action{Join{}}, ""},
		{"dropped: not before the time", func(p *player) { dropped(p); p.pass(RejoinAfter - 1) }, nil, Dropped},
		{"dropped: an event does not join, the read does", func(p *player) {
			dropped(p)
			p.event(customer(), agent("p-ag1", ada, muted))
			p.read(customer(), agent("p-ag1", ada, muted)) // a watch-dog's
			p.pass(RejoinAfter)
			on(p)
		}, []Action{Reread{}, Join{}}, ""},
		{"dropped, and the call is over", func(p *player) {
			dropped(p)
			p.pass(RejoinAfter)
			p.read(customer(endedBy("peer")), agent("p-ag1", ada))
		}, []Action{Reread{}, EndForAll{}}, ""},
		{"dropped, and the agent does not wait", func(p *player) { dropped(p); p.retry(); p.pass(time.Hour) }, []Action{Join{}}, ""},
		{"dropped twice", func(p *player) {
			dropped(p)
			p.pass(RejoinAfter)
			on(p)
			p.joined()
			dropped(p)
			p.pass(time.Hour)
			on(p)
		}, []Action{Reread{}, Join{}, SetVideo{false}}, DroppedAgain},
		{"dropped twice, long apart", func(p *player) {
			dropped(p)
			p.pass(RejoinAfter)
			on(p)
			p.joined()
			p.pass(RejoinRenewed)
			dropped(p)
			p.pass(RejoinAfter)
			on(p)
		}, []Action{Reread{}, Join{}, SetVideo{false}, SetVideo{true}, Reread{}, Join{}}, ""},
		{"told of a leg that is no more", func(p *player) {
			p.event(customer(), agent("p-ag1", ada, endedBy("transfer")))
			dropped(p)
			p.pass(time.Hour)
		}, []Action{Leave{}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := ready(t, Options{})
			tt.play(p)
			p.wants(tt.want...)
			if got := p.call.View().Out; got != tt.out {
				t.Errorf("got out %q, want %q", got, tt.out)
			}
		})
	}
}
