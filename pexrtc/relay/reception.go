package relay

import (
	"time"

	"github.com/pion/rtcp"
)

// reception measures one stream as it arrives, for receiver reports (RFC 3550, 6.4 and appendix A). It is not safe for
// concurrent use.
type reception struct {
	ssrc     uint32
	base     uint32 // extended number of the first packet
	highest  uint32 // extended
	received uint32

	priorExpected, priorReceived uint32 // at the last report

	transit uint32 // of the last packet, in units of its clock
	jitter  float64

	report   uint32    // middle of the NTP time of the last sender report; 0: none yet
	reported time.Time // when it came
}

// packet notes one packet.
func (r *reception) packet(seq uint16, ts uint32, now time.Time) {
	transit := uint32(now.UnixMicro()*9/100) - ts // 90 kHz
	if r.received == 0 {
		r.base, r.highest, r.transit = uint32(seq), uint32(seq), transit
	}
	r.received++
	if ahead := int16(seq - uint16(r.highest)); ahead > 0 {
		r.highest += uint32(ahead)
	}
	d := float64(int32(transit - r.transit))
	r.transit = transit
	r.jitter += (max(d, -d) - r.jitter) / 16
}

// heard notes a sender report.
func (r *reception) heard(ntp uint64, now time.Time) { r.report, r.reported = uint32(ntp>>16), now }

// next is the report for the time since the last one, and the number of packets that did not come in it.
func (r *reception) next(now time.Time) (out rtcp.ReceptionReport, missed uint64) {
	expected := r.highest - r.base + 1
	lost := int64(expected) - int64(r.received)
	interval := int64(expected - r.priorExpected)
	gone := interval - int64(r.received-r.priorReceived)
	r.priorExpected, r.priorReceived = expected, r.received
	out = rtcp.ReceptionReport{
		SSRC: r.ssrc, LastSequenceNumber: r.highest, Jitter: uint32(min(r.jitter, 1<<31)),
		TotalLost: uint32(min(max(lost, 0), 1<<23-1)),
	}
	if interval > 0 && gone > 0 {
		out.FractionLost = uint8(min(gone*256/interval, 255))
	}
	if r.report != 0 {
		out.LastSenderReport = r.report
		out.Delay = uint32(now.Sub(r.reported) * 65536 / time.Second)
	}
	return out, uint64(max(gone, 0))
}

// ntp is a time as sender reports carry it: seconds since 1900 in 32.32 fixed point.
func ntp(t time.Time) uint64 {
	const from1900 = 2208988800
	return uint64(t.Unix()+from1900)<<32 | uint64(t.Nanosecond())<<32/uint64(time.Second)
}
