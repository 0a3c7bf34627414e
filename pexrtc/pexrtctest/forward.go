package pexrtctest

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
)

// keyframePause is the least time between two keyframe requests to one source.
const keyframePause = 300 * time.Millisecond

// traffic counts packets and payload bytes.
type traffic struct{ packets, bytes atomic.Uint64 }

func (t *traffic) add(p *rtp.Packet) {
	t.packets.Add(1)
	t.bytes.Add(uint64(len(p.Payload)))
}

// counters are what one participant has sent and received, seen from the node.
type counters struct {
	audioIn, audioOut          traffic
	videoIn, videoOut          traffic
	slidesIn, slidesOut        traffic
	keyframesFrom, keyframesTo atomic.Uint64
}

func (c *counters) in(k kind) *traffic {
	return map[kind]*traffic{audio: &c.audioIn, video: &c.videoIn, slides: &c.slidesIn}[k]
}

func (c *counters) out(k kind) *traffic {
	return map[kind]*traffic{audio: &c.audioOut, video: &c.videoOut, slides: &c.slidesOut}[k]
}

// source is one stream of media that a participant sends, and the sinks that it goes to. One
// goroutine forwards its packets.
type source struct {
	kind     kind
	codec    string
	received *traffic
	ask      func() // asks for a keyframe; nil where there are none
	limiter  limiter
	lateness lateness

	sinks   atomic.Pointer[[]*sink]
	lastAsk atomic.Int64 // Unix nanoseconds
}

// forward gives a packet to all sinks.
func (src *source) forward(p *rtp.Packet) {
	src.received.add(p)
	if sinks := src.sinks.Load(); sinks != nil {
		delay := src.lateness.arrived(p.SequenceNumber, time.Now())
		for _, k := range *sinks {
			k.write(src, p, delay)
		}
		src.limiter.passed(len(p.Payload), *sinks, time.Now())
	}
}

// watched reports whether anybody gets the source.
func (src *source) watched() bool {
	sinks := src.sinks.Load()
	return sinks != nil && len(*sinks) > 0
}

// wantKeyframe asks the sender for a keyframe, unless that was done just now.
func (src *source) wantKeyframe() {
	if src.ask == nil {
		return
	}
	now, last := time.Now().UnixNano(), src.lastAsk.Load()
	if now-last >= int64(keyframePause) && src.lastAsk.CompareAndSwap(last, now) {
		src.ask()
	}
}

// add and drop are called with Server.mu held, so that nobody else changes the list.
func (src *source) add(k *sink) {
	var sinks []*sink
	if old := src.sinks.Load(); old != nil {
		sinks = slices.Clone(*old)
	}
	sinks = append(sinks, k)
	src.sinks.Store(&sinks)
}

func (src *source) drop(k *sink) {
	sinks := slices.DeleteFunc(slices.Clone(*src.sinks.Load()), func(o *sink) bool { return o == k })
	src.sinks.Store(&sinks)
}

// sink is one stream that a participant receives: whatever source it is attached to comes out as
// one unbroken RTP stream.
type sink struct {
	kind  kind
	codec string
	clock uint32
	sent  *traffic
	track interface{ WriteRTP(*rtp.Packet) error }
	path  func() float64 // what the path to the receiver takes, in bit/s; 0: no limit seen
	said  bandwidth      // by the receiver

	playout uint8 // number of the playout-delay extension; 0: not agreed

	mu       sync.Mutex // everything below
	from     *source
	needKey  bool // nothing goes out before a keyframe starts
	fresh    bool // the next packet is the first of its source
	running  bool // something has gone out
	seq      uint16
	time     uint32
	lastSeq  uint16
	lastTime uint32
	lastAt   time.Time
}

// attach switches to another source, or to none; Server.mu is held.
func (k *sink) attach(src *source) {
	k.mu.Lock()
	old := k.from
	k.from = src
	if old != src {
		k.fresh = true
		k.needKey = k.kind != audio
	}
	k.mu.Unlock()
	if old == src {
		return
	}
	if old != nil {
		old.drop(k)
	}
	if src != nil {
		src.add(k)
		src.wantKeyframe()
	}
}

// wantKeyframe passes a receiver's request on.
func (k *sink) wantKeyframe() {
	k.mu.Lock()
	src := k.from
	k.mu.Unlock()
	if src != nil {
		src.wantKeyframe()
	}
}

// write sends a packet of src on, if the sink is still attached to it.
func (k *sink) write(src *source, p *rtp.Packet, delay time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.from != src {
		return
	}
	if k.needKey {
		if !startsKeyframe(k.codec, p.Payload) {
			src.wantKeyframe()
			return
		}
		k.needKey = false
	}
	if k.fresh {
		k.begin(p)
	}
	out := rtp.Packet{Payload: p.Payload, Header: rtp.Header{
		Version: 2, Marker: p.Marker, Padding: p.Padding, PaddingSize: p.Header.PaddingSize,
		SequenceNumber: p.SequenceNumber + k.seq, Timestamp: p.Timestamp + k.time,
	}}
	playWith(&out.Header, k.playout, delay)
	if int16(out.SequenceNumber-k.lastSeq) > 0 || !k.running {
		k.lastSeq, k.lastTime, k.lastAt = out.SequenceNumber, out.Timestamp, time.Now()
	}
	k.running = true
	if k.track.WriteRTP(&out) == nil {
		k.sent.add(&out)
	}
}

// begin fits the first packet of a source to what went out before: the next number, and the time
// that has passed since.
func (k *sink) begin(p *rtp.Packet) {
	k.fresh = false
	if !k.running {
		return
	}
	passed := uint32(max(1, time.Since(k.lastAt).Seconds()*float64(k.clock)))
	k.seq = k.lastSeq + 1 - p.SequenceNumber
	k.time = k.lastTime + passed - p.Timestamp
}
