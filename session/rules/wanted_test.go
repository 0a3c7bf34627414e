package rules

import "testing"

// What simpler apps get wrong, one case each, beside those of TestEdges.
func TestWanted(t *testing.T) {
	tests := []struct {
		name string
		play func(p *player)
		want []Action
	}{
		{"a stale leg of mine first in the list is not me", func(p *player) {
			p.event(customer(), agent("p-ag1", ada, terminatedBy("transfer")), agent("p-ag2", ada, terminatedBy("timeout"), neverConnected), agent("p-ag3", ada))
		}, nil},
		{"a disconnectType never heard of: out at once, the room stays", func(p *player) {
			p.event(customer(), agent("p-ag1", ada, endedBy("solar.flare")))
		}, []Action{Leave{}}},
		{"transfer.noanswer is a transfer", func(p *player) {
			p.event(customer(), agent("p-ag1", ada, endedBy("transfer.noanswer")))
			p.pass(2 * PeerReread)
		}, []Action{Leave{}}},
		{"transfer.consult is a transfer", func(p *player) {
			p.event(customer(), agent("p-ag1", ada, endedBy("transfer.consult")), agent("p-ag2", bob))
			p.pass(2 * PeerReread)
		}, []Action{Leave{}}},
		{"hung up at the phone is hung up", func(p *player) {
			p.event(customer(), agent("p-ag1", ada, endedBy("endpoint")))
		}, []Action{EndForAll{}}},
		{"an alert missed while another leg of mine is live changes nothing", func(p *player) {
			p.event(customer(), agent("p-ag1", ada), agent("p-ag2", ada, terminatedBy("client"), neverConnected))
		}, nil},
		{"joined as a conference the initiator is shown, although his marks remain", func(p *player) {
			p.event(customer(confined, consult), agent("p-ag1", ada, initiator), agent("p-ag2", bob, consult))
			p.event(customer(consult), agent("p-ag1", ada, initiator), agent("p-ag2", bob))
			p.pass(Settle)
		}, []Action{SetVideo{false}, StopPresentation{}, SetVideo{true}}},
		{"a microphone that changes during hold is mirrored, and the hold stays dark", func(p *player) {
			p.event(customer(confined), agent("p-ag1", ada, held))
			p.event(customer(confined), agent("p-ag1", ada, held, muted))
			p.event(customer(), agent("p-ag1", ada, muted))
			p.pass(Settle)
		}, []Action{SetVideo{false}, StopPresentation{}, SetMuted{true}, SetVideo{true}}},
		{"a socket that dies before a hold: dark through all of it", func(p *player) {
			p.blind(SocketDown)
			p.pass(PeerReread)
			p.live()
			p.read(customer(confined), agent("p-ag1", ada, held))
			p.pass(PeerReread)
		}, []Action{SetVideo{false}, StopPresentation{}, Reread{}}},
		{"a playback leg that comes twice is removed twice", func(p *player) {
			announcement := Member{UUID: "m-playback", Playback: true}
			for range 2 {
				p.roster(theCustomer, announcement)
				p.roster(theCustomer)
			}
		}, []Action{RemovePlayback{"m-playback"}, RemovePlayback{"m-playback"}}},
		{"the end comes once, however often it is told", func(p *player) {
			for range 3 {
				p.event(customer(endedBy("peer")), agent("p-ag1", ada, endedBy("peer")))
				p.read(customer(terminatedBy("peer")), agent("p-ag1", ada, terminatedBy("peer")))
			}
		}, []Action{EndForAll{}}},
		{"a colleague's hold in a conference makes both dark", func(p *player) {
			p.event(customer(), agent("p-ag1", ada), agent("p-ag2", bob))
			p.event(customer(confined), agent("p-ag1", ada), agent("p-ag2", bob, held))
		}, []Action{SetVideo{false}, StopPresentation{}}},
		{"my hang-up in a conference leaves it to the colleague", func(p *player) {
			p.event(customer(), agent("p-ag1", ada), agent("p-ag2", bob))
			p.event(customer(), agent("p-ag1", ada, endedBy("client")), agent("p-ag2", bob))
		}, []Action{Leave{}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := ready(t, Options{})
			tt.play(p)
			p.wants(tt.want...)
		})
	}
	t.Run("alone in the room is not counted while joining", func(t *testing.T) {
		p := play(t, Options{})
		p.event(customer(), agent("p-ag1", ada))
		p.roster(theCustomer)
		p.roster(contactCentre)
		p.pass(2 * AloneGrace)
		p.wants(Join{})
	})
	t.Run("the agent's second copy of the leg is no company", func(t *testing.T) {
		p := ready(t, Options{})
		p.roster(anAgent, anAgent, contactCentre)
		p.pass(AloneGrace)
		p.wants(EndForAll{})
	})
}
