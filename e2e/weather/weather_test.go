package weather

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLink(t *testing.T) {
	const count, size = 10000, 1000
	begin := time.Now()
	for _, tc := range []struct {
		name       string
		sky        Sky
		every      time.Duration // between two packets
		least      int           // that arrive
		most       int
		soon, late time.Duration // of the delay
	}{
		{"fair", Sky{}, time.Millisecond, count, count, 0, 0},
		{"cut", Sky{Cut: true}, time.Millisecond, 0, 0, 0, 0},
		{"a twentieth lost", Sky{Loss: 0.05}, time.Millisecond, 9400, 9600, 0, 0},
		{"far away", Sky{Delay: 150 * time.Millisecond}, time.Millisecond, count, count, 150 * time.Millisecond, 150 * time.Millisecond},
		{"scattered", Sky{Jitter: 30 * time.Millisecond}, time.Millisecond, count, count, 0, 30 * time.Millisecond},
		// 8 Mbit/s on 4: half of them, behind a full queue
		{"narrow", Sky{Kbps: 4000}, time.Millisecond, 5000, 5200, 2 * time.Millisecond, usualQueue + 2*time.Millisecond},
		{"wide enough", Sky{Kbps: 9000}, time.Millisecond, count, count, 888 * time.Microsecond, 889 * time.Microsecond},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := link{sky: tc.sky, rand: rand.New(rand.NewPCG(7, 7))}
			arrived, soonest, latest := 0, time.Hour, time.Duration(0)
			for i := range count {
				now := begin.Add(time.Duration(i) * tc.every)
				at, ok := l.pass(now, size)
				if !ok {
					continue
				}
				arrived++
				soonest, latest = min(soonest, at.Sub(now)), max(latest, at.Sub(now))
			}
			if arrived < tc.least || arrived > tc.most {
				t.Errorf("%d of %d packets arrive, want %d to %d", arrived, count, tc.least, tc.most)
			}
			if arrived > 0 && (soonest < tc.soon || latest > tc.late) {
				t.Errorf("delays from %v to %v, want %v to %v", soonest, latest, tc.soon, tc.late)
			}
		})
	}
}

func TestWay(t *testing.T) {
	echo, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	seen := map[netip.AddrPort]bool{}
	echoed := make(chan struct{})
	go func() {
		defer close(echoed)
		buf := make([]byte, 100)
		for {
			n, from, err := echo.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			mu.Lock()
			seen[from] = true
			mu.Unlock()
			_, _ = echo.WriteToUDPAddrPort(buf[:n], from)
		}
	}()
	defer func() { echo.Close(); <-echoed }()
	w, err := New(echo.LocalAddr().(*net.UDPAddr).AddrPort())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	c, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(w.Addr))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()

	const far = 20 * time.Millisecond
	w.Both(Sky{Delay: far})
	began := time.Now()
	if _, err := c.Write([]byte("there and back")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	n, err := c.Read(buf)
	if err != nil || string(buf[:n]) != "there and back" || time.Since(began) < 2*far {
		t.Errorf("read %q, %v after %v", buf[:n], err, time.Since(began))
	}

	w.Set(Sky{Cut: true}, Sky{})
	if _, err := c.Write([]byte("lost")); err != nil {
		t.Fatal(err)
	}
	if err := c.SetReadDeadline(time.Now().Add(5 * far)); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(buf); err == nil {
		t.Errorf("over a way that is cut came %q", buf[:n])
	}
	w.Both(Sky{})
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("found")); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(buf); err != nil || string(buf[:n]) != "found" {
		t.Errorf("after the cut: read %q, %v", buf[:n], err)
	}

	w.Rebind()
	if _, err := c.Write([]byte("from elsewhere")); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(buf); err != nil || string(buf[:n]) != "from elsewhere" {
		t.Errorf("after a new binding: read %q, %v", buf[:n], err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(seen) != 2 {
		t.Errorf("the target has seen the client under %d addresses, want 2", len(seen))
	}
}
