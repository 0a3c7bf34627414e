package relay

import (
	"encoding/binary"
	"time"

	"github.com/pion/rtcp"
)

// repaired takes a retransmission of a packet of type of (RFC 4588, 4), if that packet was missing: what came before must
// not be sent twice under one number.
func (a *arrival) repaired(in packet, of uint8, size int, now time.Time) {
	if len(in.payload) < 2 || a.source == nil {
		return // padding, by which the far end probes for bandwidth
	}
	in.sequence, in.payloadType, in.payload = binary.BigEndian.Uint16(in.payload), of, in.payload[2:]
	if a.gaps.found(in.sequence, now) {
		a.forward.forward(a.source, in, size, now)
	}
}

// mend sees to it that what is missing is asked for soon; i.mu is held.
func (i *inbound) mend() {
	if i.repair == nil {
		i.repair = time.AfterFunc(nackWait, i.ask)
	}
}

// ask requests what is missing, until nothing is.
func (i *inbound) ask() {
	rtt := i.hop.roundTrip()
	i.mu.Lock()
	defer i.mu.Unlock()
	i.repair = nil
	if i.hop.leg.ctx.Err() != nil || !i.hop.current() {
		return
	}
	for c := range i.lines {
		a := &i.lines[c]
		now := time.Now()
		seqs, lost := a.gaps.due(now, rtt)
		if lost && a.resort.due(now) {
			a.forward.from.keyframes.ask()
		}
		if len(a.gaps.missing) > 0 {
			i.mend()
		}
		if a.source != nil && len(seqs) > 0 {
			i.hop.end.nacksSent.Add(uint64(len(seqs)))
			i.hop.control(&rtcp.TransportLayerNack{
				SenderSSRC: i.hop.out[mainVideo].ssrc, MediaSSRC: a.source.ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(seqs),
			})
		}
	}
}
