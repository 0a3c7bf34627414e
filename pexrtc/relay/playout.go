package relay

import "time"

// How long a browser should wait for packets that get lost on the other hop.
const (
	farAway      = 60 * time.Millisecond  // round trip from which a repair is late for a picture
	repairMargin = 60 * time.Millisecond  // for what a repair takes beside the round trip: noticing the gap, asking, jitter
	mostWait     = 800 * time.Millisecond // beyond it a picture that stops is better than one that is late
	waitLasts    = 10                     // intervals after the last request
)

// playout tells a receiver of losses behind the relay: it sees only the last, short part of the path, so it does not
// know how long a repair of the first takes, shows what it has, and stops when a packet is missing. One goroutine.
type playout struct {
	asked uint64 // packets that were asked for until the last interval
	left  int    // intervals that it goes on
}

// next is the delay for the coming interval, given what was asked for so far and the round trip on the hop where it was.
func (p *playout) next(asked uint64, trip time.Duration) time.Duration {
	p.left--
	if asked > p.asked {
		p.asked, p.left = asked, waitLasts
	}
	if p.left <= 0 || trip < farAway {
		return 0
	}
	return min(trip+repairMargin, mostWait)
}

// mostPlayout is the longest delay a receiver may choose for itself: as long as it likes.
const mostPlayout = 10 * time.Second

// putPlayout writes the playout-delay extension: least and most delay, in 12 bits of 10 ms each
// (webrtc.googlesource.com/src/+/main/docs/native-code/rtp-hdrext/playout-delay).
func putPlayout(b *[3]byte, least time.Duration) {
	const unit = 10 * time.Millisecond
	v := uint32(least/unit)<<12 | uint32(mostPlayout/unit)
	b[0], b[1], b[2] = byte(v>>16), byte(v>>8), byte(v)
}
