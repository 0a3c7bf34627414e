package pexrtctest_test

import (
	"testing"

	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

func TestSimulatedCustomer(t *testing.T) {
	for _, codec := range []string{"VP8", "H264", "VP9"} {
		t.Run(codec, func(t *testing.T) {
			srv := start(t, pexrtctest.Options{HostPIN: hostPIN})
			sim, err := srv.SimulateCustomer("cus4711", "Carl")
			if err != nil {
				t.Fatal(err)
			}
			if p := await(t, srv, "Carl", named("Carl")); p.Role != "guest" || p.ServiceType != "waiting_room" || !p.HasVideo || p.UUID != sim.UUID {
				t.Errorf("simulated %+v", p)
			}
			a := join(t, srv, "agt4711", hostPIN, "Ada").dial(want{codec: codec})
			last := a.receive("main", "").Timestamp
			frames := 0
			for frames < 30 {
				if p := a.receive("main", ""); p.Timestamp != last {
					if step := p.Timestamp - last; step != 90000/20 {
						t.Fatalf("frame after %d ticks, want 4500", step)
					}
					last = p.Timestamp
					frames++
				}
			}
			sim.Leave()
			if err := srv.AwaitGone(limit(t), named("Carl")); err != nil {
				t.Error(err)
			}
			<-sim.Done()
			sim.Leave()
		})
	}
}

func TestSimulatedCustomerIsRemoved(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	sim, err := srv.SimulateCustomer("cus4711", "Carl")
	if err != nil {
		t.Fatal(err)
	}
	srv.EndConference("4711", "Conference terminated by an administrator")
	<-sim.Done()
	if _, err := srv.SimulateCustomer("no such alias", "Carl"); err == nil {
		t.Error("an unknown alias was joined")
	}
}
