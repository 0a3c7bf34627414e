package pexrtctest

import (
	"encoding/binary"
	"sync"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"

	"github.com/videoleg/videoleg/pexrtc/capacity"
)

// path numbers what goes to one client and estimates how much its path takes. As an [interceptor.Factory] it makes itself: it
// is for one connection.
type path struct {
	interceptor.NoOp

	mu       sync.Mutex // guards the rest
	estimate capacity.Path
}

// NewInterceptor is the factory's.
func (to *path) NewInterceptor(string) (interceptor.Interceptor, error) { return to, nil }

// takes is what the path takes in bit/s; 0: it has shown no limit.
func (to *path) takes() float64 {
	to.mu.Lock()
	defer to.mu.Unlock()
	return to.estimate.Limit()
}

// BindLocalStream numbers the packets of a stream, where that was agreed.
func (to *path) BindLocalStream(stream *interceptor.StreamInfo, writer interceptor.RTPWriter) interceptor.RTPWriter {
	var id uint8
	for _, e := range stream.RTPHeaderExtensions {
		if e.URI == sdp.TransportCCURI {
			id = uint8(e.ID)
		}
	}
	if id == 0 {
		return writer
	}
	return interceptor.RTPWriterFunc(func(h *rtp.Header, payload []byte, a interceptor.Attributes) (int, error) {
		if err := h.SetExtension(id, to.number(len(payload))); err != nil {
			return 0, err
		}
		return writer.Write(h, payload, a)
	})
}

func (to *path) number(size int) []byte {
	to.mu.Lock()
	defer to.mu.Unlock()
	return binary.BigEndian.AppendUint16(nil, to.estimate.Sent(size, time.Now().UnixMicro()))
}

// BindRTCPReader looks for feedback among what the client says.
func (to *path) BindRTCPReader(reader interceptor.RTCPReader) interceptor.RTCPReader {
	return interceptor.RTCPReaderFunc(func(b []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) {
		n, a, err := reader.Read(b, a)
		if err == nil {
			to.told(b[:n])
		}
		return n, a, err
	})
}

// told takes a compound packet (RFC 3550, 6.1).
func (to *path) told(raw []byte) {
	to.mu.Lock()
	defer to.mu.Unlock()
	var h rtcp.Header
	for h.Unmarshal(raw) == nil {
		size := min(4*(int(h.Length)+1), len(raw))
		to.estimate.Told(raw[:size], time.Now().UnixMicro())
		raw = raw[size:]
	}
}
