package events_test

import (
	"testing"

	"github.com/videoleg/videoleg/pexrtc/events"
)

// What is known of a room when it closes: since when it ran, and who was in it.
func TestRecordOfARoom(t *testing.T) {
	s := newSink(t)
	second := conference("4711abcd")
	second["start_time"] = began - 2
	s.tell(
		event(nodeA, 1, 1, "conference_started", conference("4711abcd")),
		event(nodeB, 1, 2, "conference_started", second),
		event(nodeA, 2, 2, "conference_updated", map[string]any{"name": "4711abcd", "is_started": true}),
		event(nodeA, 3, 2, "conference_updated", map[string]any{"name": "4711abcd", "is_locked": true}),
		event(nodeA, 4, 3, "participant_connected", person("ada", "is_client_muted", true, "is_presenting", true)),
		event(nodeB, 2, 4, "participant_connected", centre()),
	)
	room, _ := s.Room("4711abcd")
	if !room.Started || !room.Locked || room.Began.Unix() != began-2 || len(room.Nodes) != 2 || !room.Legs[0].Muted || !room.Legs[0].Sharing {
		t.Errorf("running: %+v", room)
	}
	s.tell(
		event(nodeA, 5, 9, "participant_disconnected", person("ada", "end_time", began+8.5, "disconnect_reason", "Call disconnected")),
		event(nodeB, 3, 9, "participant_disconnected", centre("disconnect_time", began+8)),
		event(nodeA, 6, 10, "conference_ended", conference("4711abcd")),
		event(nodeB, 4, 11, "conference_ended", conference("4711abcd")),
	)
	got := s.last.Room
	if s.last.What != events.Closed || len(got.Legs) != 0 || len(got.Gone) != 2 || got.Told.Unix() != began+11 {
		t.Fatalf("closed: %+v", s.last)
	}
	if ada := got.Gone[0]; ada.UUID != "ada" || ada.Left.UnixMilli() != began*1000+8500 || ada.Reason != "Call disconnected" {
		t.Errorf("the customer: %+v", ada)
	}
	if sip := got.Gone[1]; !sip.Answered || sip.Left.Unix() != began+8 {
		t.Errorf("the contact centre: %+v", sip)
	}
}

// What a leg's media was like is told while it lasts, and when it has ended: even after the leg.
func TestMediaIsCounted(t *testing.T) {
	s := newSink(t)
	media := map[string]any{"uuid": "ada", "media_streams": []any{
		map[string]any{"stream_type": "video", "rx_codec": "VP8", "rx_bitrate": 1200, "rx_packet_loss": "0.5", "rx_resolution": "1280x720", "tx_packet_loss": nil},
		map[string]any{"stream_type": "audio", "tx_codec": "opus"},
	}}
	s.tell(
		event(nodeA, 1, 1, "participant_connected", person("ada")),
		event(nodeA, 2, 2, "participant_media_stream_window", map[string]any{"uuid": "ada", "call_quality_was": "1_good", "call_quality_now": "4_terrible",
			"recent_quality": []any{"1_good"}, "packet_loss_history": []any{0.1, 30}}),
	)
	s.want("opened 4711abcd", "joined 4711abcd ada", "rated 4711abcd ada")
	s.tell(
		event(nodeA, 3, 3, "participant_disconnected", person("ada")),
		event(nodeA, 4, 3.1, "participant_media_streams_destroyed", media),
	)
	s.want("left 4711abcd ada", "counted 4711abcd ada")
	streams := s.last.Leg.Streams
	if len(streams) != 2 || streams[0].Kind != "video" || streams[0].InLoss != 0.5 || streams[0].InKbps != 1200 || streams[0].InPicture != "1280x720" || streams[1].Out != "opus" {
		t.Errorf("streams %+v", streams)
	}
	if gone := s.last.Room.Gone; len(gone) != 1 || len(gone[0].Streams) != 2 || gone[0].Quality[0].Now != "4_terrible" {
		t.Errorf("the room remembers %+v", gone)
	}
	s.tell(event(nodeA, 5, 4, "conference_ended", conference("4711abcd")), event(nodeA, 6, 5, "participant_media_streams_destroyed", media))
	s.want("closed 4711abcd")
}

// The last word of a room that is over, from a node that was slow, does not open it again.
func TestLateDisconnect(t *testing.T) {
	s := newSink(t)
	s.tell(
		event(nodeA, 1, 1, "conference_started", conference("4711abcd")),
		event(nodeA, 2, 5, "conference_ended", conference("4711abcd")),
		event(nodeB, 9, 6, "participant_disconnected", person("ada")),
	)
	s.want("opened 4711abcd", "closed 4711abcd")
}
