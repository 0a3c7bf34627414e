package pexrtctest_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"github.com/videoleg/videoleg/pexrtc/pexrtctest"
)

func TestTwoVideoOnlyLegsSeeEachOther(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	a := join(t, srv, "agt4711", "", "Ada").dial(want{codec: "VP8"})
	b := join(t, srv, "cus4711", "", "Bob").dial(want{codec: "VP8"})
	a.sendMain("from-ada")
	b.sendMain("from-bob")
	a.receive("main", "from-bob")
	b.receive("main", "from-ada")
	if strings.Contains(a.answer, "m=audio") {
		t.Errorf("answer to a video-only offer has audio:\n%s", a.answer)
	}
	for _, p := range srv.Participants("4711") {
		if p.HasAudio || !p.HasVideo || p.VideoCodec != "VP8" || !p.Connected || p.Protocol != "webrtc" {
			t.Errorf("participant %+v, want connected VP8 without audio", p)
		}
	}
}

func TestFirstPacketIsAKeyframe(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	a := join(t, srv, "agt4711", "", "Ada").dial(want{codec: "VP8"})
	a.sendMain("from-ada")
	await(t, srv, "Ada sends", func(p pexrtctest.Participant) bool { return p.VideoIn.Packets > 5 })
	b := join(t, srv, "cus4711", "", "Bob").dial(want{codec: "VP8"})
	if p := b.receive("main", ""); p.Payload[1]&0x01 != 0 {
		t.Errorf("first payload % x is no keyframe", p.Payload)
	}
	p := await(t, srv, "Ada", named("Ada"))
	if p.KeyframesWanted == 0 {
		t.Error("Ada was not asked for a keyframe when Bob came")
	}
}

func TestKeyframeRequestIsPassedOn(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	a := join(t, srv, "agt4711", "", "Ada").dial(want{codec: "VP8"})
	b := join(t, srv, "cus4711", "", "Bob").dial(want{codec: "VP8"})
	a.sendMain("from-ada")
	p := b.receive("main", "from-ada")
	before := await(t, srv, "Ada", named("Ada")).KeyframesWanted
	await(t, srv, "request passed on", func(now pexrtctest.Participant) bool {
		if err := b.peer.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: p.SSRC}}); err != nil {
			t.Error(err)
		}
		return now.DisplayName == "Ada" && now.KeyframesWanted > before
	})
	if bob := await(t, srv, "Bob", named("Bob")); bob.KeyframesAsked == 0 {
		t.Errorf("Bob's request was not counted: %+v", bob)
	}
}

func TestNoMediaBeforeAck(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	a := join(t, srv, "agt4711", "", "Ada").dial(want{codec: "VP8"})
	b := join(t, srv, "cus4711", "", "Bob").offer(want{codec: "VP8"})
	a.sendMain("from-ada")
	b.sendMain("from-bob")
	await(t, srv, "both send", func(p pexrtctest.Participant) bool { return p.DisplayName == "Ada" && p.VideoIn.Packets > 10 })
	bob := await(t, srv, "both send", func(p pexrtctest.Participant) bool { return p.DisplayName == "Bob" && p.VideoIn.Packets > 10 })
	if bob.Acked || bob.VideoOut.Packets != 0 {
		t.Errorf("before ack Bob got %+v", bob.VideoOut)
	}
	if ada := await(t, srv, "Ada", named("Ada")); ada.VideoOut.Packets != 0 {
		t.Errorf("before Bob's ack Ada got %+v", ada.VideoOut)
	}
	b.acknowledge()
	b.receive("main", "from-ada")
	a.receive("main", "from-bob")
}

func TestWaitingRoomHasNoMedia(t *testing.T) {
	srv := start(t, pexrtctest.Options{HostPIN: hostPIN})
	b := join(t, srv, "cus4711", "none", "Bob").dial(want{codec: "VP8"})
	b.sendMain("from-bob")
	carl := join(t, srv, "cus4711", "none", "Carl").dial(want{codec: "VP8"})
	await(t, srv, "Bob sends", func(p pexrtctest.Participant) bool { return p.DisplayName == "Bob" && p.VideoIn.Packets > 10 })
	if p := await(t, srv, "Carl", named("Carl")); p.VideoOut.Packets != 0 {
		t.Errorf("waiting Carl got %+v", p.VideoOut)
	}
	a := join(t, srv, "agt4711", hostPIN, "Ada").dial(want{codec: "VP8"})
	a.receive("main", "from-bob")
	carl.receive("main", "from-bob")
}

func TestVideoMutedIsNotForwarded(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	a := join(t, srv, "agt4711", "", "Ada").dial(want{codec: "VP8"})
	b := join(t, srv, "cus4711", "", "Bob").dial(want{codec: "VP8"})
	a.sendMain("from-ada")
	b.receive("main", "from-ada")
	a.must(a.self("video_muted"), nil)
	at := await(t, srv, "Bob", named("Bob")).VideoOut.Packets
	sent := await(t, srv, "Ada", named("Ada")).VideoIn.Packets
	await(t, srv, "Ada goes on", func(p pexrtctest.Participant) bool { return p.DisplayName == "Ada" && p.VideoIn.Packets > sent+10 })
	if now := await(t, srv, "Bob", named("Bob")).VideoOut.Packets; now > at {
		t.Errorf("%d packets went to Bob after video_muted", now-at)
	}
	a.must(a.self("video_unmuted"), nil)
	await(t, srv, "Bob sees again", func(p pexrtctest.Participant) bool { return p.DisplayName == "Bob" && p.VideoOut.Packets > at })
}

func TestSourceSwitchKeepsOneStream(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	b := join(t, srv, "cus4711", "", "Bob").dial(want{codec: "VP8"})
	a := join(t, srv, "agt4711", "", "Ada").dial(want{codec: "VP8"})
	a.sendMain("from-ada")
	b.receive("main", "from-ada")
	c := join(t, srv, "cus4711", "", "Carl").dial(want{codec: "VP8"})
	c.sendMain("from-carl")
	last := b.receive("main", "from-ada")
	for {
		p := b.receive("main", "")
		if p.SSRC != last.SSRC {
			t.Fatalf("SSRC changed from %d to %d", last.SSRC, p.SSRC)
		}
		if p.SequenceNumber != last.SequenceNumber+1 {
			t.Fatalf("sequence jumped from %d to %d", last.SequenceNumber, p.SequenceNumber)
		}
		if step := p.Timestamp - last.Timestamp; step == 0 || step > 10*90000 {
			t.Fatalf("time went from %d to %d", last.Timestamp, p.Timestamp)
		}
		if strings.Contains(string(p.Payload), "from-carl") {
			break
		}
		last = p
	}
	c.must("release_token", nil)
	b.receive("main", "from-ada")
}

func TestAudioIsForwarded(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	a := join(t, srv, "agt4711", "", "Ada").dial(want{codec: "VP8", audio: true})
	b := join(t, srv, "cus4711", "", "Bob").dial(want{codec: "VP8", audio: true})
	join(t, srv, "agt4711", "", "Video only").dial(want{codec: "VP8"})
	a.send(a.sound, func(bool) []byte { return []byte{0xf8, 0xff, 0xfe} })
	await(t, srv, "Bob hears", func(p pexrtctest.Participant) bool { return p.DisplayName == "Bob" && p.AudioOut.Packets > 3 })
	a.must(a.self("mute"), nil)
	before := await(t, srv, "Bob", named("Bob")).AudioOut.Packets
	sent := await(t, srv, "Ada", named("Ada")).AudioIn.Packets
	await(t, srv, "Ada goes on", func(p pexrtctest.Participant) bool { return p.DisplayName == "Ada" && p.AudioIn.Packets > sent+5 })
	if after := await(t, srv, "Bob", named("Bob")).AudioOut.Packets; after > before {
		t.Errorf("%d packets of muted audio", after-before)
	}
	if p := await(t, srv, "third", named("Video only")); p.HasAudio || p.AudioOut.Packets != 0 {
		t.Errorf("video-only leg %+v", p)
	}
	if b.peer.ConnectionState() != webrtc.PeerConnectionStateConnected {
		t.Errorf("Bob is %s", b.peer.ConnectionState())
	}
}

func TestSlides(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	a := join(t, srv, "agt4711", "", "Ada").dial(want{codec: "VP8", slides: "inactive"})
	b := join(t, srv, "cus4711", "", "Bob").dial(want{codec: "VP8", slides: "inactive"})
	events := b.listen()
	a.update("sendonly")
	a.must(a.self("take_floor"), nil)
	if got := events.next("presentation_start"); got["presenter_uuid"] != a.uuid || got["presenter_name"] != "Ada" {
		t.Errorf("presentation_start %v", got)
	}
	if !strings.Contains(a.answer, "a=content:slides\r\n") || !strings.Contains(a.answer, "a=recvonly\r\n") {
		t.Errorf("answer to sendonly slides:\n%s", a.answer)
	}
	b.update("recvonly")
	a.send(a.slide, func(bool) []byte { return vp8Frame(true, "the-slides") })
	b.receive("slides", "the-slides")
	if p := await(t, srv, "Ada", named("Ada")); !p.Presenting || srv.Conferences()[0].Presenter != p.UUID {
		t.Errorf("presenter %+v", p)
	}
	b.must(b.self("take_floor"), nil)
	if got := a.listen().next("presentation_start"); got["presenter_uuid"] != b.uuid {
		t.Errorf("Ada learns of %v, want Bob", got)
	}
	b.must(b.self("release_floor"), nil)
	if c := srv.Conferences()[0]; c.Presenter != "" {
		t.Errorf("presenter after release: %s", c.Presenter)
	}
	a.must(a.self("take_floor"), nil)
	a.must("release_token", nil)
	events.next("presentation_stop")
}

func TestICERestart(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	a := join(t, srv, "agt4711", "", "Ada").dial(want{codec: "VP8"})
	b := join(t, srv, "cus4711", "", "Bob").dial(want{codec: "VP8"})
	a.sendMain("from-ada")
	b.receive("main", "from-ada")
	offer, err := b.peer.CreateOffer(&webrtc.OfferOptions{ICERestart: true})
	if err != nil {
		t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(b.peer)
	if err := b.peer.SetLocalDescription(offer); err != nil {
		t.Fatal(err)
	}
	<-gathered
	old := b.answer
	sdp := b.must(b.self("calls/"+b.call+"/update"), map[string]any{"sdp": b.peer.LocalDescription().SDP}).(string)
	b.setAnswer(sdp)
	b.acknowledge()
	ufrag := regexp.MustCompile(`a=ice-ufrag:(\S+)`)
	if ufrag.FindString(old) == ufrag.FindString(sdp) {
		t.Error("the node kept its ICE credentials")
	}
	for len(b.packets) > 0 {
		<-b.packets
	}
	b.receive("main", "from-ada")
}

func TestTrickledCandidates(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	a := join(t, srv, "agt4711", "", "Ada").dial(want{codec: "VP8"})
	for _, candidate := range []string{
		"candidate:1 1 udp 2130706431 127.0.0.1 40000 typ host",
		"a=candidate:2 1 udp 2130706431 127.0.0.1 40001 typ host",
		"candidate:3 1 udp 2130706431 0f3c.local 40002 typ host",
		"junk", "",
	} {
		if got := a.must(a.self("calls/"+a.call+"/new_candidate"), map[string]string{"candidate": candidate, "mid": "0"}); got != nil {
			t.Errorf("%q: %v, want null", candidate, got)
		}
	}
}

func TestEndOfACall(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	a := join(t, srv, "agt4711", "", "Ada").dial(want{codec: "VP8"})
	events := a.listen()
	a.must(a.self("calls/"+a.call+"/disconnect"), nil)
	if p := await(t, srv, "Ada", named("Ada")); p.HasVideo || p.CallUUID != "" {
		t.Errorf("after disconnect %+v", p)
	}
	second := a.member.dial(want{codec: "VP8"})
	if !srv.DisconnectCall(a.uuid, "Media process disconnected") {
		t.Fatal("no call to disconnect")
	}
	if got := events.next("call_disconnected"); got["call_uuid"] != second.call || got["reason"] != "Media process disconnected" {
		t.Errorf("call_disconnected %v", got)
	}
	if srv.CloseMedia(a.uuid) {
		t.Error("CloseMedia found media after the call's end")
	}
}

func TestCloseMediaSaysNothing(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	a := join(t, srv, "agt4711", "", "Ada").dial(want{codec: "VP8"})
	await(t, srv, "connected", func(p pexrtctest.Participant) bool { return p.Connected })
	if !srv.CloseMedia(a.uuid) {
		t.Fatal("no media to close")
	}
	p := await(t, srv, "cut", func(p pexrtctest.Participant) bool { return !p.Connected })
	if p.CallUUID != a.call || !p.HasVideo {
		t.Errorf("the node admits it: %+v", p)
	}
}

func TestDropMediaAfter(t *testing.T) {
	srv := start(t, pexrtctest.Options{Resolve: func(string) (pexrtctest.Service, error) {
		return pexrtctest.Service{Name: "4711", DropMediaAfter: 50 * time.Millisecond}, nil
	}})
	join(t, srv, "agt4711", "", "Ada").dial(want{codec: "VP8"})
	await(t, srv, "dropped", func(p pexrtctest.Participant) bool { return p.Acked && !p.Connected })
}

func TestFarEndsLossEndsTheCall(t *testing.T) {
	srv := start(t, pexrtctest.Options{})
	a := join(t, srv, "agt4711", "", "Ada").dial(want{codec: "VP8"})
	b := join(t, srv, "cus4711", "", "Bob").dial(want{codec: "VP8"})
	a.sendMain("from-ada")
	b.receive("main", "from-ada")
	a.must("release_token", nil)
	if err := srv.AwaitGone(limit(t), named("Ada")); err != nil {
		t.Error(err)
	}
	if p := await(t, srv, "Bob", named("Bob")); !p.Connected {
		t.Errorf("Bob lost his call with Ada's: %+v", p)
	}
}
