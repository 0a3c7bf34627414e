package relay

import (
	"encoding/binary"

	"github.com/pion/rtcp"

	"github.com/videoleg/videoleg/pexrtc/capacity"
)

// readControl parses a compound RTCP packet (RFC 3550, 6.1). Transport-wide feedback stays as it came: package capacity reads
// it without allocations.
func readControl(raw []byte) (all []rtcp.Packet, err error) {
	for len(raw) > 0 {
		size := len(raw)
		if size >= 4 {
			size = min(size, 4*(int(binary.BigEndian.Uint16(raw[2:]))+1))
		}
		one := rtcp.RawPacket(raw[:size])
		raw = raw[size:]
		if capacity.IsFeedback(one) {
			all = append(all, &one)
			continue
		}
		packets, err := rtcp.Unmarshal(one)
		if err != nil {
			return nil, err
		}
		all = append(all, packets...)
	}
	return all, nil
}
