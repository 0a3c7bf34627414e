package relay

import (
	"bytes"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

func TestTrain(t *testing.T) {
	for _, tt := range []struct {
		name  string
		sizes []int // as they come
		want  []int // packets of each train
	}{
		{"one", []int{1000}, []int{1}},
		{"of one size", []int{1000, 1000, 1000}, []int{3}},
		{"a shorter one is the last", []int{1000, 1000, 30, 30, 1000}, []int{3, 1, 1}},
		{"a longer one leaves by the next", []int{30, 1000, 1000}, []int{1, 2}},
		{"the room has an end", slices.Repeat([]int{2000}, 8), []int{6, 2}},
		{"so has what the system takes", slices.Repeat([]int{20}, trainPackets+1), []int{trainPackets, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all, content := newTrain(), byte(0)
			var got []int
			var wrote []byte
			depart := func() {
				n := 0
				must(t, all.each(func(b []byte) error {
					wrote = append(wrote, b[0], b[len(b)-1])
					n++
					return nil
				}))
				got = append(got, n)
				all.clear()
			}
			var want []byte
			for _, size := range tt.sizes {
				if !all.takes(size) {
					depart()
				}
				content++
				copy(all.add(size), bytes.Repeat([]byte{content}, size))
				want = append(want, content, content)
			}
			depart()
			if !slices.Equal(got, tt.want) || !bytes.Equal(wrote, want) {
				t.Errorf("trains of %v packets, want %v; contents %v, want %v", got, tt.want, wrote, want)
			}
		})
	}
	if all := newTrain(); all.takes(trainBytes + 1) {
		t.Error("takes a packet that is longer than any train")
	}
}

// TestTrainArrivesAsPackets: whether the system cuts them or not.
func TestTrainArrivesAsPackets(t *testing.T) {
	ips := []string{"127.0.0.1"}
	if here, err := LocalIPs(); err == nil && slices.ContainsFunc(here, net.IPv6loopback.Equal) {
		ips = append(ips, "::1")
	}
	for _, ip := range ips {
		for _, single := range []bool{false, true} {
			from, to := testSocket(t, ip), testSocket(t, ip)
			w := way{socket: from, to: to.LocalAddr().(*net.UDPAddr).AddrPort()}
			w.single.Store(single)
			all := newTrain()
			for n, size := range []int{1000, 1000, 1000, 17} {
				b := all.add(size)
				b[0] = byte(n)
			}
			must(t, w.send(&all))
			if w.single.Load() != single {
				t.Log("this system cuts no trains")
			}
			buf := make([]byte, packetSize)
			for n, size := range []int{1000, 1000, 1000, 17} {
				got, sender, err := to.ReadFromAddrPort(buf)
				must(t, err)
				if got != size || buf[0] != byte(n) || sender != from.LocalAddr().(*net.UDPAddr).AddrPort() {
					t.Errorf("%s, single %t: packet %d of %d bytes from %s, want %d of %d", ip, single, buf[0], got, sender, n, size)
				}
			}
		}
	}
}

func TestTrainThatCannotLeave(t *testing.T) {
	s := testSocket(t, "127.0.0.1")
	must(t, s.Close())
	w, all := way{socket: s, to: netip.MustParseAddrPort("127.0.0.1:9")}, newTrain()
	all.add(100)
	all.add(100)
	if w.send(&all) == nil {
		t.Error("sent on a closed socket")
	}
}

// TestWhatIsReadTogetherLeavesTogether: media is handed over packet by packet, and then its transports are told, before
// anything else is handed on, or waited for.
func TestWhatIsReadTogetherLeavesTogether(t *testing.T) {
	far, s := testSocket(t, "127.0.0.1"), testSocket(t, "127.0.0.1")
	address, to := far.LocalAddr().(*net.UDPAddr).AddrPort(), s.LocalAddr().(*net.UDPAddr).AddrPort()
	var seen []byte
	tr := &transport{media: func(raw []byte) { seen = append(seen, raw[0], raw[2]) }, drained: func() { seen = append(seen, '|') }}
	s.routes.move(tr, address)
	rtp := func(n byte) []byte { return append([]byte{0x80, 96, n}, make([]byte, headerSize)...) }
	for _, b := range [][]byte{rtp(1), rtp(2), {0x80, 200, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0}, append([]byte{0, 1, 'S'}, make([]byte, 17)...)} {
		_, err := far.WriteToAddrPort(b, to)
		must(t, err)
	}
	buf := make([]byte, packetSize)
	n, from, err := s.ReadFromAddrPort(buf)
	must(t, err)
	if n != 20 || buf[2] != 'S' || from != address {
		t.Errorf("handed on %v from %s", buf[:n], from)
	}
	if got := bytes.ReplaceAll(seen, []byte{'|'}, nil); !bytes.Equal(got, []byte{0x80, 1, 0x80, 2, 0x80, 3}) || seen[len(seen)-1] != '|' {
		t.Errorf("the transport saw %v", seen)
	}
	if back := tr.route.Load().back.Load(); back == nil || back.socket != s || back.to != address {
		t.Errorf("the way back is %+v", back)
	}
	s.routes.move(tr, netip.AddrPortFrom(address.Addr(), 1))
	if tr.route.Load().back.Load() != nil {
		t.Error("knows the way back to an address from which nothing has come")
	}
}

// TestClosedGateHoldsNothingBack that was taken while it was open, and lets nothing go later.
func TestClosedGateHoldsNothingBack(t *testing.T) {
	f, s, w := newTestForwarder(t, nil)
	in := packet{payloadType: 120, payload: []byte("abc")}
	f.forward(s, in, 20, time.Now())
	if len(w.all) != 0 {
		t.Fatal("did not wait for the packets behind it")
	}
	f.setOpen(false)
	if len(w.all) != 1 {
		t.Errorf("%d packets had left when the gate was closed, want 1", len(w.all))
	}
	f.flush()
	if len(w.all) != 1 {
		t.Errorf("%d packets have left, of which one before the gate was closed", len(w.all))
	}
}

// TestSocketAllocatesNothing from packet to packet.
func TestSocketAllocatesNothing(t *testing.T) {
	far, s := testSocket(t, "127.0.0.1"), testSocket(t, "127.0.0.1")
	back := &way{socket: far, to: s.LocalAddr().(*net.UDPAddr).AddrPort()}
	tr := &transport{media: func([]byte) {}, drained: func() {}}
	s.routes.move(tr, far.LocalAddr().(*net.UDPAddr).AddrPort())
	all, buf := newTrain(), make([]byte, packetSize)
	all.add(100)[0] = 0x80
	all.add(100)[0] = 0x80
	all.add(50)[0] = 1 // not media: reading ends
	pass := func() {
		must(t, back.send(&all))
		_, _, err := s.ReadFromAddrPort(buf)
		must(t, err)
	}
	pass()
	if n := testing.AllocsPerRun(200, pass); n != 0 {
		t.Errorf("%v allocations for three packets, want 0", n)
	}
}

func testSocket(t *testing.T, ip string) *socket {
	t.Helper()
	c, err := listenAt(net.ParseIP(ip), 0, privateBuffer)
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return &socket{UDPConn: c, routes: newRoutes(new(atomic.Uint64))}
}
