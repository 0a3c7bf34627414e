package relay

import "time"

// stallTime is how long neither media nor reports may come before media that flowed has stalled: far ends report every
// second or two while any flows.
const stallTime = 5 * time.Second

// Signs of life of a far end.
type Signs struct {
	// Silence: so long nothing has come, not even answers to checks, of which each second has one. 0: something has come
	// since this was asked last, or there is no path.
	Silence time.Duration
	// Stalled: media flowed and has ceased, and its reports too, though the path answers checks. A far end that sees us at
	// an address that we do not have any more sends there.
	Stalled bool
}

// watch is what is known of one far end from asking Signs; its one caller's.
type watch struct {
	packets uint64
	flowed  time.Time // when media was last seen to have come; zero: not since it stalled
}

// Signs tells whether a far end is there. Only one goroutine may ask, several times a second.
func (l *Leg) Signs(side Hop) Signs {
	e := []*end{Browser: l.browser, Node: l.node}[side]
	h, w, packets, now := e.hop.Load(), &e.watch, e.packetsIn.Load(), time.Now()
	if h == nil {
		*w = watch{packets: packets}
		return Signs{}
	}
	if packets != w.packets {
		w.packets, w.flowed = packets, now
		return Signs{}
	}
	reported := time.Unix(0, e.reportedAt.Load())
	s := Signs{Silence: min(h.transport.silence(), now.Sub(reported))}
	if !w.flowed.IsZero() && now.Sub(w.flowed) > stallTime && now.Sub(reported) > stallTime {
		w.flowed = time.Time{}
		s.Stalled = true
	}
	return s
}
