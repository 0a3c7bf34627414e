package relay

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"github.com/videoleg/videoleg/pexrtc/capacity"
)

// cipher encrypts what a hop sends. Safe for concurrent use; its lock guards the streams of the hop as well.
type cipher struct {
	write func(*train) error // to the far end

	mu     sync.Mutex
	keys   *srtp.Context // guarded by mu, as the rest; nil: not connected yet
	tag    int           // bytes that encryption adds to a packet
	exts   extensions    // that the far end wants on each packet
	path   capacity.Path
	wait   time.Duration // least delay with which the far end should play; 0: as it likes
	header rtp.Header    // reused
	train  train         // encrypted, and not sent yet
}

// outbound is a stream that a hop sends: numbered by a forwarder, encrypted here, and kept for a while in case a
// packet gets lost. Safe for concurrent use.
type outbound struct {
	*cipher
	ssrc   uint32   // retransmissions have the next one
	memory int      // bytes of the history
	sent   *history // nil: nothing yet
	credit int      // bytes that may be sent again: never more than were sent
	resort resort   // when more is to be repaired than there is room for, or comes too late

	repair    [128]uint8 // payload types for retransmissions, by type; 0: packets are sent again as they were
	repairSeq uint16     // of the last retransmission
	again     []byte     // reused: a retransmission

	losses         losses // that the far end reports
	packets, bytes uint32 // as sender reports count them
	lastTS         uint32
	lastAt         time.Time // zero: nothing sent
}

const (
	packetSize = 2048 // bytes; no packet of ours is larger
	headerSize = 12
	extsFrame  = 4 // before extensions
	overhead   = 64
	resendGap  = 10 * time.Millisecond  // least time between two retransmissions of one packet
	tooLate    = 500 * time.Millisecond // that a picture may wait on its path
	restMost   = 3 * time.Second        // for which nothing is sent
)

// newOutbound keeps as many bytes for repair as its stream has in one second of kbps.
func newOutbound(kbps int, write func(*train) error) *outbound {
	return &outbound{
		cipher: &cipher{write: write, train: newTrain()},
		ssrc:   rand.Uint32()>>1 | 1, memory: min(max(kbps*125, 64<<10), 512<<10),
	}
}

// beside makes another stream of the same connection.
func (o *outbound) beside() *outbound {
	return &outbound{cipher: o.cipher, ssrc: o.ssrc + 2, memory: o.memory}
}

// connect lets packets pass from now on.
func (c *cipher) connect(keys *srtp.Context, tag int, exts extensions) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys, c.tag, c.exts = keys, tag, exts
}

// told takes transport-wide feedback on what was sent, and puts down in e what it shows. fell says that the path takes
// less than it seemed to; hopeless, that what it has yet to carry would be too late.
func (o *outbound) told(raw []byte, e *estimate, now time.Time) (fell, hopeless bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	fell = o.path.Told(raw, now.UnixMicro())
	e.path.Store(uint64(o.path.Limit()))
	e.gets.Store(uint64(o.path.Rate()))
	return fell, o.sent != nil && now.After(o.resort.last) && o.queued(now) > tooLate
}

// queued is for how long a packet would wait on the path; o.mu is held.
func (o *outbound) queued(now time.Time) time.Duration {
	return time.Duration(o.path.Queued(now.UnixMicro())) * time.Microsecond
}

// repairAs sends retransmissions of these codecs to this side under types of their own, where that is agreed.
func (o *outbound) repairAs(pairs []pair, side Hop) {
	o.mu.Lock()
	defer o.mu.Unlock()
	clear(o.repair[:])
	for _, p := range pairs {
		o.repair[p.side(side)&0x7f] = p.repair[side]
	}
}

// send takes a packet under numbers and a payload type of this stream. It leaves with flush, or before. It allocates nothing
// after the first.
func (o *outbound) send(in packet, pt uint8, seq uint16, ts uint32, now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	size := headerSize + o.exts.size() + len(in.payload) + int(in.padding)
	if o.keys == nil || size > packetSize-overhead {
		return false
	}
	if o.sent == nil { // a line that nobody uses takes no memory
		o.sent, o.again = newHistory(o.memory), make([]byte, packetSize)
	}
	b := o.sent.room(size)
	n := o.putHeader(b, in, pt, seq, ts, now)
	n += copy(b[n:], in.payload)
	if in.padding > 0 {
		clear(b[n:])
		b[len(b)-1] = in.padding
	}
	o.sent.keep(seq, size)
	if !o.seal(b) {
		return false
	}
	o.packets++
	o.bytes += uint32(len(in.payload))
	o.lastTS, o.lastAt = ts, now
	o.earn(size)
	return true
}

// earn adds to the credit what a packet of this size is worth: as much again or, on a path that is full, an eighth, for not more
// than a second. What is lost there is not for want of repair, which must leave room for the queue to empty.
func (o *outbound) earn(size int) {
	most := len(o.sent.ring)
	if o.path.Full() {
		size, most = size/8, int(o.path.Limit()/8/8)
	}
	o.credit = min(o.credit+size, most)
}

// putHeader writes the RTP header (RFC 3550, 5.1; RFC 8285) and returns its size.
func (o *outbound) putHeader(b []byte, in packet, pt uint8, seq uint16, ts uint32, now time.Time) int {
	b[0], b[1] = 2<<6, pt
	if in.padding > 0 {
		b[0] |= 0x20
	}
	if in.marker {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], seq)
	binary.BigEndian.PutUint32(b[4:], ts)
	binary.BigEndian.PutUint32(b[8:], o.ssrc)
	size := o.exts.size()
	if size == 0 {
		return headerSize
	}
	b[0] |= 0x10
	binary.BigEndian.PutUint16(b[12:], rtp.ExtensionProfileOneByte)
	binary.BigEndian.PutUint16(b[14:], uint16(size/4-1))
	o.stamp(b, now)
	return headerSize + size
}

// stamp writes the extensions of a packet that leaves now: its transport-wide number or, where nobody asks for that, the
// time; and how long the receiver should wait for others.
func (c *cipher) stamp(b []byte, now time.Time) {
	exts := b[headerSize+extsFrame : headerSize+c.exts.size()]
	clear(exts)
	switch {
	case c.exts.sequence != 0:
		exts[0] = c.exts.sequence<<4 | 1
		binary.BigEndian.PutUint16(exts[1:], c.path.Sent(len(b), now.UnixMicro()))
		exts = exts[3:]
	case c.exts.sendTime != 0:
		exts[0] = c.exts.sendTime<<4 | 2
		putSendTime((*[3]byte)(exts[1:]), now)
		exts = exts[4:]
	}
	if c.exts.playout != 0 {
		exts[0] = c.exts.playout<<4 | 2
		putPlayout((*[3]byte)(exts[1:]), c.wait)
	}
}

// delay tells the far end to play what it gets with at least this delay.
func (c *cipher) delay(least time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wait = least
}

// seal encrypts a packet, which leaves with depart; the lock is held. Done again with the same packet it gives the same
// bytes.
func (c *cipher) seal(plain []byte) bool {
	n := len(plain) + c.tag
	if !c.train.takes(n) {
		c.depart()
	}
	wire := c.train.add(n)
	if sealed, err := c.keys.EncryptRTP(wire[:0], plain, &c.header); err != nil || len(sealed) != n {
		c.train.clear()
		return false
	}
	return true
}

// flush sends what send has taken.
func (c *cipher) flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.depart()
}

// depart is flush; the lock is held. What cannot be sent is lost, as datagrams are.
func (c *cipher) depart() {
	if len(c.train.packets) > 0 {
		_ = c.write(&c.train)
		c.train.clear()
	}
}

// resend answers a request for lost packets with those that are still known, as long as the credit lasts, and returns
// their number. One packet is sent at most twice in a round trip, and once on a path that is full. hopeless says that such a
// path has no room for the repair: a keyframe is shorter.
func (o *outbound) resend(pairs []rtcp.NackPair, trip time.Duration) (sent int, hopeless bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.keys == nil || o.sent == nil {
		return 0, false
	}
	now, full, short := time.Now(), o.path.Full(), false
	if !full {
		trip /= 2
	}
	for _, p := range pairs {
		p.Range(func(seq uint16) bool {
			switch b := o.sent.again(seq, now, max(trip, resendGap)); {
			case b == nil:
			case len(b) > o.credit:
				short = true
			case o.seal(o.retransmission(b)):
				o.credit -= len(b)
				sent++
			}
			return true
		})
	}
	o.depart()
	return sent, full && short && o.resort.due(now)
}

// forget sends what send has taken, and leaves nothing to send again.
func (o *outbound) forget() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.depart()
	if o.sent != nil {
		o.sent.forget()
	}
}

// giveUp forgets what could be sent again, and returns how long the path takes to carry what it has.
func (o *outbound) giveUp(now time.Time) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent.forget()
	rest := min(o.queued(now), restMost)
	o.resort.last = now.Add(rest)
	return rest
}

// retransmission is what to send in place of b, which got lost: a packet of the repair stream that contains it (RFC 4588,
// 4), or, if none is agreed, b itself. o.mu is held.
func (o *outbound) retransmission(b []byte) []byte {
	pt := o.repair[b[1]&0x7f]
	if pt == 0 {
		return b
	}
	head := headerSize + o.exts.size()
	o.repairSeq++
	r := o.again[:len(b)+2]
	copy(r, b[:head])
	copy(r[head:], b[2:4]) // the original sequence number
	copy(r[head+2:], b[head:])
	r[1] = b[1]&0x80 | pt
	binary.BigEndian.PutUint16(r[2:], o.repairSeq)
	binary.BigEndian.PutUint32(r[8:], o.ssrc+1)
	o.stamp(r, time.Now())
	return r
}

// control sends RTCP packets as one.
func (c *cipher) control(packets ...rtcp.Packet) error {
	plain, err := rtcp.Marshal(packets)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keys == nil {
		return nil
	}
	wire, err := c.keys.EncryptRTCP(nil, plain, nil)
	if err != nil {
		return err
	}
	return c.write(&train{packets: wire, size: len(wire)})
}

// reported takes the far end's report on the stream, and returns the share that gets lost; ok is false if it is too early to
// say.
func (o *outbound) reported(r rtcp.ReceptionReport) (share float64, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.losses.reported(r)
}

// used says that the stream has begun.
func (o *outbound) used() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return !o.lastAt.IsZero()
}

// report describes the stream at this moment, with reports on the other direction; a receiver report if it has not begun.
func (o *outbound) report(now time.Time, reports []rtcp.ReceptionReport) rtcp.Packet {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.lastAt.IsZero() {
		return &rtcp.ReceiverReport{SSRC: o.ssrc, Reports: reports}
	}
	return &rtcp.SenderReport{
		SSRC: o.ssrc, NTPTime: ntp(now), RTPTime: o.lastTS + uint32(now.Sub(o.lastAt)*clockRate/time.Second),
		PacketCount: o.packets, OctetCount: o.bytes, Reports: reports,
	}
}

// putSendTime writes now as 24 bits of seconds in 6.18 fixed point (abs-send-time).
func putSendTime(b *[3]byte, now time.Time) {
	fixed := uint64(now.UnixMicro()) % 64_000_000 << 18 / 1_000_000
	b[0], b[1], b[2] = byte(fixed>>16), byte(fixed>>8), byte(fixed)
}
