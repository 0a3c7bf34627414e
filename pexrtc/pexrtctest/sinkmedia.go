package pexrtctest

import (
	"errors"
	"time"
)

// sinkWindow is the data of participant_media_stream_window. It names no conference.
type sinkWindow struct {
	UUID    string    `json:"uuid"`
	Was     string    `json:"call_quality_was"`
	Now     string    `json:"call_quality_now"`
	Recent  []string  `json:"recent_quality"`
	LossHis []float64 `json:"packet_loss_history"`
}

// sinkDestroyed is the data of participant_media_streams_destroyed.
type sinkDestroyed struct {
	UUID    string       `json:"uuid"`
	Streams []sinkStream `json:"media_streams"`
}

type sinkStream struct {
	Type      string  `json:"stream_type"`
	Node      string  `json:"node"`
	StartTime float64 `json:"start_time"`
	EndTime   float64 `json:"end_time"`
	RxCodec   string  `json:"rx_codec"`
	TxCodec   string  `json:"tx_codec"`
	RxBitrate int     `json:"rx_bitrate"` // kbit/s
	TxBitrate int     `json:"tx_bitrate"`
	RxPackets int     `json:"rx_packets_received"`
	TxPackets int     `json:"tx_packets_sent"`
	RxLost    int     `json:"rx_packets_lost"`
	TxLost    int     `json:"tx_packets_lost"`
	RxLoss    float64 `json:"rx_packet_loss"`
	TxLoss    float64 `json:"tx_packet_loss"`
}

const (
	qualityUnknown = "0_unknown"
	qualityGood    = "1_good"
)

// Rate lets the node find the media of a participant of another quality: 0_unknown, 1_good, 2_ok, 3_bad
// or 4_terrible. Its event sink tells.
func (s *Server) Rate(uuid, quality string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.participants[uuid]
	if p == nil {
		return errors.New("pexrtctest: rate: no participant " + uuid)
	}
	s.rate(p, quality)
	return nil
}

// rate is Rate with s.mu held.
func (s *Server) rate(p *participant, quality string) {
	was := p.quality
	setDefault(&was, qualityUnknown)
	p.quality = quality
	if quality != was {
		s.tell("participant_media_stream_window", sinkWindow{p.uuid, was, quality, []string{was, quality}, []float64{}})
	}
}

// tellStreams tells what a call carried, when it ends; s.mu is held. Between browsers and this node
// nothing is lost.
func (s *Server) tellStreams(p *participant, c *call) {
	if !c.acked {
		return
	}
	now := time.Now()
	seconds := max(now.Sub(p.joined).Seconds(), 0.001)
	data := sinkDestroyed{UUID: p.uuid, Streams: []sinkStream{}}
	for _, line := range []struct {
		kind      kind
		name      string
		codec     string
		wasAgreed bool
	}{{audio, "audio", "opus", p.hasAudio}, {video, "video", c.videoCodec(), p.hasVideo}, {slides, "presentation", c.videoCodec(), false}} {
		in, out := p.counts.in(line.kind).public(), p.counts.out(line.kind).public()
		if !line.wasAgreed && in.Packets+out.Packets == 0 {
			continue
		}
		data.Streams = append(data.Streams, sinkStream{
			Type: line.name, Node: nodeAddress, StartTime: epoch(p.joined), EndTime: epoch(now), RxCodec: line.codec, TxCodec: line.codec,
			RxBitrate: int(float64(in.Bytes) * 8 / 1000 / seconds), TxBitrate: int(float64(out.Bytes) * 8 / 1000 / seconds),
			RxPackets: in.Packets, TxPackets: out.Packets,
		})
	}
	p.quality = ""
	s.tell("participant_media_streams_destroyed", data)
}
