//go:build !linux

package relay

import (
	"errors"
	"net"
	"net/netip"
)

// batch is one packet where the system gives no more in one call. Not safe for concurrent use.
type batch struct {
	buf  [packetSize]byte
	n    int
	from netip.AddrPort
	any  bool
}

// next is the next packet; its bytes are good until the next read. any is false when all have been taken.
func (b *batch) next() (raw []byte, from netip.AddrPort, any bool) {
	any, b.any = b.any, false
	return b.buf[:b.n], b.from, any
}

// read waits for a packet.
func (b *batch) read(c *net.UDPConn) (err error) {
	b.n, b.from, err = c.ReadFromUDPAddrPort(b.buf[:])
	b.any = err == nil
	return err
}

func (b *batch) grow() {}

// sendWhole is for systems that can cut a train into packets.
func (s *socket) sendWhole(*train, netip.AddrPort) error { return errors.ErrUnsupported }
