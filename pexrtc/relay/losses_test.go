package relay

import (
	"testing"

	"github.com/pion/rtcp"
)

func TestLosses(t *testing.T) {
	type report struct {
		seq, lost uint32
		share     float64 // -1: none
	}
	for _, tt := range []struct {
		name    string
		reports []report
	}{
		{"a tenth", []report{{1000, 0, -1}, {1100, 10, 0.1}, {1200, 20, 0.1}}},
		{"one of three, and then none", []report{{1000, 0, -1}, {1003, 1, -1}, {1020, 1, -1}, {1100, 1, 0.01}}},
		{"over the end of the numbers", []report{{1<<32 - 40, 4, -1}, {60, 9, 0.05}}},
		{"repaired", []report{{1000, 20, -1}, {1100, 10, 0}, {1200, 20, 0.1}}},
		{"more came than were lost", []report{{1000, 0, -1}, {1100, 1<<24 - 5, 0}, {1200, 5, 0.1}}},
		{"all", []report{{1000, 0, -1}, {1100, 100, 1}}},
		{"numbered anew", []report{{9000, 500, -1}, {100, 0, -1}, {200, 10, 0.1}}},
		{"more lost than sent", []report{{1000, 0, -1}, {1100, 5000, -1}, {1200, 5000, 0}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var l losses
			for i, r := range tt.reports {
				share, ok := l.reported(rtcp.ReceptionReport{LastSequenceNumber: r.seq, TotalLost: r.lost, FractionLost: 255})
				if ok != (r.share >= 0) || ok && share != r.share {
					t.Errorf("report %d: %v, %v, want %v", i, share, ok, r.share)
				}
			}
		})
	}
}
