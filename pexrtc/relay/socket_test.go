package relay

import (
	"net"
	"testing"
)

// TestStrays: what belongs to nobody is counted; only what may be of a path that is just found goes on to the ICE stack.
func TestStrays(t *testing.T) {
	s := testSocket(t, "127.0.0.1")
	from, err := net.DialUDP("udp", nil, s.LocalAddr().(*net.UDPAddr))
	must(t, err)
	defer from.Close()
	stun, media := make([]byte, 20), append([]byte{0x80, 96}, make([]byte, 20)...)
	for _, raw := range [][]byte{{}, {0x80}, make([]byte, 7), []byte("GET / HTTP/1.1\r\n\r\n"), append([]byte{255}, stun...), media, stun} {
		_, err := from.Write(raw)
		must(t, err)
	}
	b := make([]byte, 100)
	for _, want := range [][]byte{media, stun} {
		n, _, err := s.ReadFromAddrPort(b)
		must(t, err)
		if n != len(want) || b[0] != want[0] {
			t.Fatalf("%x goes on, want %x", b[:n], want)
		}
	}
	if got := s.routes.strays.Load(); got != 6 {
		t.Errorf("%d strays, want 6", got)
	}
}
