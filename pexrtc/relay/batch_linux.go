package relay

import (
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// batchPackets are read at once, at most.
const batchPackets = 16

// batch is what one system call has read from a socket (recvmmsg(2)). Not safe for concurrent use.
type batch struct {
	socket  syscall.RawConn // nil before the first read
	receive func(fd uintptr) bool
	err     error

	places  []*place
	headers []header // one for each place
	n, at   int      // packets that were read; that were taken
}

// place is memory for a packet and where it came from.
type place struct {
	from unix.RawSockaddrInet6 // long enough for IPv4
	data unix.Iovec
	buf  [packetSize]byte
}

// header is struct mmsghdr.
type header struct {
	unix.Msghdr
	n uint32
}

// next is the next packet; its bytes are good until the next read. any is false when all have been taken.
func (b *batch) next() (raw []byte, from netip.AddrPort, any bool) {
	if b.at == b.n {
		return nil, from, false
	}
	p, n := b.places[b.at], b.headers[b.at].n
	b.at++
	return p.buf[:n], p.sender(), true
}

// read waits for packets and takes those that are there. It allocates nothing after the first time.
func (b *batch) read(c *net.UDPConn) error {
	b.n, b.at = 0, 0
	if b.socket == nil {
		raw, err := c.SyscallConn()
		if err != nil {
			return err
		}
		b.socket, b.receive = raw, b.try
		b.make(1)
	}
	if err := b.socket.Read(b.receive); err != nil {
		return err
	}
	return b.err
}

// try is one call; false: there was nothing yet. It never waits, so that the scheduler need not know of it.
func (b *batch) try(fd uintptr) bool {
	for i := range b.headers {
		b.headers[i].Namelen = unix.SizeofSockaddrInet6
	}
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&b.headers[0])), uintptr(len(b.headers)), unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			b.n, b.err = int(n), nil
			return true
		case unix.EINTR:
		case unix.EAGAIN:
			return false
		default:
			b.err = os.NewSyscallError("recvmmsg", errno)
			return true
		}
	}
}

// grow makes room for batches from the next read on; a socket without media needs none.
func (b *batch) grow() {
	if len(b.places) < batchPackets {
		b.make(batchPackets)
	}
}

// make adds places up to n. Those of a batch in hand stay.
func (b *batch) make(n int) {
	for len(b.places) < n {
		p := &place{}
		p.data.Base = &p.buf[0]
		p.data.SetLen(len(p.buf))
		h := header{}
		h.Name = (*byte)(unsafe.Pointer(&p.from))
		h.Iov = &p.data
		h.SetIovlen(1)
		b.places, b.headers = append(b.places, p), append(b.headers, h)
	}
}

// sender is the address in from.
func (p *place) sender() netip.AddrPort {
	port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&p.from.Port))[:])
	if p.from.Family == unix.AF_INET {
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(&p.from))
		return netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), port)
	}
	ip := netip.AddrFrom16(p.from.Addr)
	if p.from.Scope_id != 0 {
		ip = ip.WithZone(strconv.FormatUint(uint64(p.from.Scope_id), 10))
	}
	return netip.AddrPortFrom(ip, port)
}

// sendWhole leaves it to the system to cut a train into packets, as late as it can (udp(7), UDP_SEGMENT).
func (s *socket) sendWhole(t *train, to netip.AddrPort) error {
	if t.control == nil {
		t.control = make([]byte, unix.CmsgSpace(2))
		h := (*unix.Cmsghdr)(unsafe.Pointer(&t.control[0]))
		h.Level, h.Type = unix.SOL_UDP, unix.UDP_SEGMENT
		h.SetLen(unix.CmsgLen(2))
	}
	binary.NativeEndian.PutUint16(t.control[unix.CmsgLen(0):], uint16(t.size))
	_, _, err := s.WriteMsgUDPAddrPort(t.packets, t.control, to)
	return err
}
