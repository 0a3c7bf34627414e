package relay

import "time"

// Asking for lost packets.
const (
	maxGaps  = 128                     // missing at once; more is not repaired but begun anew with a keyframe
	nackWait = 10 * time.Millisecond   // a packet may just be late
	nackGap  = 40 * time.Millisecond   // least time between two requests for one packet
	nackLife = 1500 * time.Millisecond // then nobody waits for the packet any more
	maxTwice = 8                       // missing at once; more are not asked for twice: there is no room for them
)

// gaps are the packets of one stream that have not arrived. It is not safe for concurrent use.
type gaps struct {
	begun   bool
	highest uint16
	missing []gap         // in order of arrival of what follows them
	takes   time.Duration // from a request to the packet, on average; more than the round trip while a queue grows
}

type gap struct {
	seq   uint16
	since time.Time
	ask   time.Time // when to ask for it
	first time.Time // when that was first done
	asked int       // how often
}

// arrived notes a packet. hopeless says that so much is missing that only a keyframe helps.
func (g *gaps) arrived(seq uint16, now time.Time) (hopeless bool) {
	ahead := int16(seq - g.highest)
	switch {
	case !g.begun:
		g.begun, g.highest = true, seq
	case ahead <= 0:
		g.found(seq, now)
	case int(ahead)-1+len(g.missing) > maxGaps:
		g.missing, g.highest = g.missing[:0], seq
		return true
	default:
		for s := g.highest + 1; s != seq; s++ {
			g.missing = append(g.missing, gap{seq: s, since: now, ask: now.Add(nackWait)})
		}
		g.highest = seq
	}
	return false
}

// found says that seq was missing, and is no more.
func (g *gaps) found(seq uint16, now time.Time) bool {
	for i, m := range g.missing {
		if m.seq == seq {
			if m.asked > 0 {
				g.takes += (now.Sub(m.first) - g.takes) / 4
			}
			g.missing = append(g.missing[:i], g.missing[i+1:]...)
			return true
		}
	}
	return false
}

// due lists what to ask for now, given the round trip, and forgets what is too old: lost says that something was. A packet is
// asked for again when it should have come. Over a long path single packets are asked for twice each time: an answer that got
// lost, too, would cost another round trip.
func (g *gaps) due(now time.Time, rtt time.Duration) (seqs []uint16, lost bool) {
	kept := g.missing[:0]
	for _, m := range g.missing {
		if now.Sub(m.since) > nackLife {
			lost = true
			continue
		}
		if !m.ask.After(now) {
			seqs = append(seqs, m.seq)
			if m.asked++; m.asked == 1 {
				m.first = now
			}
			wait := max(nackGap, max(rtt, g.takes)*5/4)
			if rtt > farAway && m.asked%2 == 1 && len(g.missing) <= maxTwice {
				wait = nackGap
			}
			m.ask = now.Add(wait)
		}
		kept = append(kept, m)
	}
	g.missing = kept
	return seqs, lost
}
