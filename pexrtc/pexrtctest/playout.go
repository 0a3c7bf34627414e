package pexrtctest

import (
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

const (
	playoutURI = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
	// lateFor is how long one late packet counts.
	lateFor = 10 * time.Second
	// mostLate is the longest delay that a receiver is told of.
	mostLate   = 600 * time.Millisecond
	maxMissing = 256
)

// lateness measures how late repaired packets of a source come. Receivers are told to wait as long, as a real node does
// before it encodes anew: they cannot see the path that the packets got lost on. The goroutine that forwards owns it.
type lateness struct {
	begun   bool
	highest uint16
	missed  [maxMissing]time.Time // by number: when it was seen to be missing

	worst, before time.Duration // of this stretch of lateFor, and of the last
	since         time.Time
}

// arrived notes a packet and returns the delay with which the source can be played without gaps; 0: any.
func (l *lateness) arrived(seq uint16, now time.Time) time.Duration {
	if now.Sub(l.since) > lateFor {
		l.worst, l.before, l.since = 0, l.worst, now
	}
	ahead := int16(seq - l.highest)
	switch {
	case !l.begun || ahead > maxMissing || ahead < -maxMissing:
		l.begun, l.highest, l.missed = true, seq, [maxMissing]time.Time{}
	case ahead > 0:
		for l.highest++; l.highest != seq; l.highest++ {
			l.missed[l.highest%maxMissing] = now
		}
		l.missed[seq%maxMissing] = time.Time{}
	case !l.missed[seq%maxMissing].IsZero():
		l.worst = min(max(l.worst, now.Sub(l.missed[seq%maxMissing])), mostLate)
		l.missed[seq%maxMissing] = time.Time{}
	}
	return max(l.worst, l.before)
}

// playoutID is the number under which a receiver takes the playout-delay extension; 0: it does not.
func playoutID(sender *webrtc.RTPSender) uint8 {
	for _, e := range sender.GetParameters().HeaderExtensions {
		if e.URI == playoutURI {
			return uint8(e.ID)
		}
	}
	return 0
}

// playWith asks the receiver of a packet to play with at least this delay.
func playWith(h *rtp.Header, id uint8, delay time.Duration) {
	const most = 1000 // in 10 ms, as is the delay
	if id == 0 || delay == 0 {
		return
	}
	v := uint32(delay/(10*time.Millisecond))<<12 | most
	_ = h.SetExtension(id, []byte{byte(v >> 16), byte(v >> 8), byte(v)})
}
