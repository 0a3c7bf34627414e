package relay

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

// floorKeys are known to both sides: the floor has no handshake.
func floorKeys() *srtp.Context {
	c, err := srtp.CreateContext(make([]byte, 16), make([]byte, 12), srtp.ProtectionProfileAeadAes128Gcm)
	if err != nil {
		panic(err)
	}
	return c
}

// newRawEnd is an end that speaks SRTP and nothing else.
func newRawEnd(b *testing.B) *benchEnd {
	e := newBenchEnd()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	fail(b, err)
	done := make(chan struct{})
	e.enc, e.dec, e.sequence = floorKeys(), floorKeys(), ours.sequence
	e.raw = c
	e.close = func() {
		_ = c.Close()
		<-done
	}
	go func() {
		defer close(done)
		buf := make([]byte, packetSize)
		for {
			n, _, err := c.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			e.receive(buf[:n])
		}
	}()
	close(e.connected)
	return e
}

func (e *benchEnd) address() string { return e.raw.LocalAddr().String() }

// aim says where to send.
func (e *benchEnd) aim(b *testing.B, to string) {
	addr, err := netip.ParseAddrPort(to)
	fail(b, err)
	e.write = func(p []byte) error {
		_, err := e.raw.WriteToUDPAddrPort(p, addr)
		return err
	}
}

// floor is the least that a relay has to do: receive, decrypt, encrypt, send.
type floor struct {
	conn *net.UDPConn
	to   map[netip.AddrPort]*floorWay // complete before the first packet
}

type floorWay struct {
	to       netip.AddrPort
	in, out  *srtp.Context
	from     rtp.Header
	sendable rtp.Header
}

func newFloor() (*floor, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadBuffer(socketBuffer)
	return &floor{conn: conn, to: map[netip.AddrPort]*floorWay{}}, nil
}

func (f *floor) leg(_ int, addresses string) (string, error) {
	a, b, _ := strings.Cut(addresses, " ")
	one, err := netip.ParseAddrPort(a)
	if err != nil {
		return "", err
	}
	other, err := netip.ParseAddrPort(b)
	if err != nil {
		return "", err
	}
	f.to[one] = &floorWay{to: other, in: floorKeys(), out: floorKeys()}
	f.to[other] = &floorWay{to: one, in: floorKeys(), out: floorKeys()}
	return f.conn.LocalAddr().String(), nil
}

func (f *floor) answer(int, string) (string, error) { return "", nil }

func (f *floor) start() { go f.run() }

func (f *floor) run() {
	buf, wire := make([]byte, packetSize), make([]byte, packetSize)
	for {
		n, from, err := f.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		w := f.to[from]
		if w == nil {
			continue
		}
		plain, err := w.in.DecryptRTP(buf, buf[:n], &w.from)
		if err != nil {
			continue
		}
		if out, err := w.out.EncryptRTP(wire, plain, &w.sendable); err == nil {
			_, _ = f.conn.WriteToUDPAddrPort(out, w.to)
		}
	}
}
