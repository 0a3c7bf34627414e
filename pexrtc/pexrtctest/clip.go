package pexrtctest

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"sync"
	"sync/atomic"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
)

// clipRate is the frame rate of all clips, per second.
const (
	clipRate   = 20
	videoClock = 90_000
	mtu        = 1200
)

//go:embed clips/customer.vp8.ivf
var clipVP8 []byte

//go:embed clips/customer.vp9.ivf
var clipVP9 []byte

//go:embed clips/customer.h264
var clipH264 []byte

// clips are the test pictures by codec, each parsed at its first use.
var clips = map[string]func() []frame{
	VP8:  sync.OnceValue(func() []frame { return framesIVF(VP8, clipVP8) }),
	VP9:  sync.OnceValue(func() []frame { return framesIVF(VP9, clipVP9) }),
	H264: sync.OnceValue(func() []frame { return framesAnnexB(clipH264) }),
}

// frame is one coded picture.
type frame struct {
	data []byte
	key  bool
}

// framesIVF cuts an IVF file: 32 bytes of header, then for each frame its size, a timestamp, and
// the data.
func framesIVF(codec string, file []byte) []frame {
	var list []frame
	for rest := file[32:]; len(rest) > 12; {
		size := int(binary.LittleEndian.Uint32(rest))
		data := rest[12 : 12+size]
		list = append(list, frame{data, keyBitIVF(codec, data)})
		rest = rest[12+size:]
	}
	return list
}

// keyBitIVF reads the frame type from an uncompressed header: bit 0 in VP8 (RFC 6386 section 9.1),
// bit 2 of profile 0 in VP9.
func keyBitIVF(codec string, data []byte) bool {
	if codec == VP8 {
		return data[0]&0x01 == 0
	}
	return data[0]&0x04 == 0
}

// framesAnnexB cuts a byte stream at its access unit delimiters.
func framesAnnexB(file []byte) []frame {
	delimiter := []byte{0, 0, 0, 1, 9}
	var list []frame
	for _, unit := range bytes.Split(file, delimiter)[1:] {
		data := append(bytes.Clone(delimiter), unit...)
		list = append(list, frame{data, bytes.Contains(unit, []byte{0, 0, 1, 0x67})})
	}
	return list
}

// player loops a clip into a source.
type player struct {
	source   *source
	packets  rtp.Packetizer
	frames   []frame
	at       int
	idle     bool
	wantsKey atomic.Bool
}

func newPlayer(frames []frame, src *source, counts *counters) *player {
	p := &player{source: src, frames: frames, idle: true}
	payloader := map[string]rtp.Payloader{
		VP8:  &codecs.VP8Payloader{EnablePictureID: true},
		VP9:  &codecs.VP9Payloader{},
		H264: &codecs.H264Payloader{},
	}[src.codec]
	payloader.Payload(mtu, []byte{0}) // the VP8 payloader leaves picture ID 0 out, and browsers then wait for it
	p.packets = rtp.NewPacketizer(mtu, 96, 1, payloader, rtp.NewRandomSequencer(), videoClock)
	src.ask = func() {
		counts.keyframesTo.Add(1)
		p.wantsKey.Store(true)
	}
	return p
}

// next sends one frame. Without receivers it only keeps the time; a request for a keyframe, and
// the first receiver, make it jump ahead to the next one.
func (p *player) next() {
	f := p.frames[p.at]
	if !p.source.watched() {
		p.idle = true
		p.at = (p.at + 1) % len(p.frames)
		p.packets.SkipSamples(videoClock / clipRate)
		return
	}
	if p.wantsKey.Swap(false) || p.idle {
		p.idle = false
		for !p.frames[p.at].key {
			p.at = (p.at + 1) % len(p.frames)
		}
		f = p.frames[p.at]
	}
	for _, packet := range p.packets.Packetize(f.data, videoClock/clipRate) {
		p.source.forward(packet)
	}
	p.at = (p.at + 1) % len(p.frames)
}
