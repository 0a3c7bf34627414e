package relay

import (
	"testing"
	"time"
)

func TestReception(t *testing.T) {
	now := time.Unix(1000, 0)
	r := reception{ssrc: 7}
	for i := range uint16(100) {
		if i%10 != 5 { // a tenth is lost
			r.packet(65500+i, uint32(i)*3000, now.Add(time.Duration(i)*time.Second/30))
		}
	}
	r.heard(ntp(now), now)
	got, missed := r.next(now.Add(time.Second / 2))
	if got.SSRC != 7 || got.LastSequenceNumber != 65599 || got.TotalLost != 10 || got.FractionLost != 25 || missed != 10 {
		t.Errorf("report %+v, want 10 of 100 lost up to 65599", got)
	}
	if got.Jitter > 1 {
		t.Errorf("jitter %d of an even stream", got.Jitter)
	}
	if got.Delay != 32768 || got.LastSenderReport != uint32(ntp(now)>>16) {
		t.Errorf("sender report %d, %d/65536 s ago", got.LastSenderReport, got.Delay)
	}
	if again, missed := r.next(now); again.FractionLost != 0 || again.TotalLost != 10 || missed != 0 {
		t.Errorf("nothing new: %+v", again)
	}
}
