package relay

import (
	"math/rand/v2"
	"time"
)

const (
	clockRate = 90000 // of every video codec here, in Hz
	// jumps of the sequence number beyond these begin a new stretch: such a gap is no loss that anybody repairs.
	maxAhead  = 3000
	maxBehind = 1000
)

// rewriter gives the packets of changing sources one continuous numbering (RFC 3550, 5.1). A stretch is a run of
// packets of one source without interruption; within it, order and gaps are kept, so that losses stay visible and
// repairable. It is not safe for concurrent use.
type rewriter struct {
	began   bool  // a stretch is open
	base    int64 // extended input number with which the stretch began
	highest int64 // extended input number, highest of the stretch

	seqOffset int64  // output number = input number + seqOffset
	tsOffset  uint32 // the same for timestamps

	used   bool      // anything was sent yet
	outSeq uint16    // of the packet numbered highest
	outTS  uint32    // of the same
	at     time.Time // when it was sent
}

// restart ends the stretch: the next packet continues where the last one stopped, whatever its numbers.
func (r *rewriter) restart() { r.began = false }

// next translates a packet's numbers; ok is false for a packet of an earlier stretch that comes late.
func (r *rewriter) next(seq uint16, ts uint32, now time.Time) (outSeq uint16, outTS uint32, ok bool) {
	if !r.began {
		r.begin(seq, ts, now)
	}
	jump := int64(int16(seq - uint16(r.highest)))
	if jump > maxAhead || jump < -maxBehind {
		r.begin(seq, ts, now)
		jump = 0
	}
	extended := r.highest + jump
	if extended < r.base {
		return 0, 0, false
	}
	outSeq, outTS = uint16(extended+r.seqOffset), ts+r.tsOffset
	if jump >= 0 {
		r.highest, r.outSeq, r.outTS, r.at, r.used = extended, outSeq, outTS, now, true
	}
	return outSeq, outTS, true
}

// begin opens a stretch with this packet. Its timestamp follows the last one by the time that has passed.
func (r *rewriter) begin(seq uint16, ts uint32, now time.Time) {
	if !r.used {
		r.outSeq, r.outTS, r.at = uint16(rand.Uint32()), rand.Uint32(), now
	}
	passed := max(now.Sub(r.at), time.Second/30)
	r.base, r.highest, r.began = int64(seq), int64(seq), true
	r.seqOffset = int64(r.outSeq) + 1 - int64(seq)
	r.tsOffset = r.outTS + uint32(passed*clockRate/time.Second) - ts
}
