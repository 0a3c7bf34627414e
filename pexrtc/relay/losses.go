package relay

import "github.com/pion/rtcp"

// lossSample is how many packets a share of lost ones is taken over, at least. Browsers report with each request for
// repair, so that the fraction in one report may be of three packets.
const lossSample = 50

// losses follows what one far end reports of one stream of ours (RFC 3550, 6.4.1). It is not safe for concurrent use.
type losses struct {
	begun bool
	seq   uint32 // extended number of the last packet before the sample
	lost  int32  // packets lost until then; repair may lower it
}

// reported takes a report. ok is false as long as it ends no sample.
func (l *losses) reported(r rtcp.ReceptionReport) (share float64, ok bool) {
	lost := int32(r.TotalLost<<8) >> 8 // of 24 bits, signed
	expected := int32(r.LastSequenceNumber - l.seq)
	if l.begun && expected >= 0 && expected < lossSample {
		return 0, false
	}
	gone := max(lost-l.lost, 0)
	first := !l.begun
	*l = losses{true, r.LastSequenceNumber, lost}
	if first || expected < gone {
		return 0, false // the stream was numbered anew
	}
	return float64(gone) / float64(expected), true
}
