// Package pexrtctest is a Pexip Infinity Conferencing Node inside the process, in the manner of
// net/http/httptest, for tests and for demonstrations:
//
//	srv := pexrtctest.New(pexrtctest.Options{HostPIN: "1234"})
//	defer srv.Close()
//	// join agt4711 at srv.URL as host, cus4711 as guest; they meet in room 4711
//
// It owns the node's side of the client REST API v2, its rooms, and real WebRTC media, so that any
// client that joins real nodes, web browsers included, can join this one. It leaves the policy to
// [Options.PolicyURL] and [Options.Resolve], the telephone to [Options.Dial], and knows nothing of package pexrtc: its JSON
// is written from the platform's documentation, so that a mistake there cannot cancel out here.
//
//	           request_token, refresh, release    token.go, service.go
//	           events (SSE)                       events.go
//	client ──► conference requests, roster        control.go, participantcontrol.go, participant.go
//	           calls, ack, update, candidates     call.go, offer.go, answer.go, peer.go
//	  ▲
//	  │ RTP    source ─► sink ─► client           forward.go, keyframe.go
//	  ▼        who receives whom                  route.go, floor.go (slides)
//	           how much they can take, how late  path.go, bandwidth.go, playout.go
//
//	policy     what is this alias, who is that    policy.go
//	events     what happens, posted elsewhere     sink.go
//	who else   room opens ─► automatic legs       conference.go, dial.go
//	           a moving picture without a client  simulate.go, clip.go
//	tests      hooks, faults, state, Await…       faults.go, state.go, record.go
//
// # Media
//
// Nothing is mixed or transcoded. Each participant receives the main video and the audio of one
// other, the newest that sends any, and the slides of the presenter; what comes from changing
// sources leaves as one RTP stream. One video codec is answered per call: the one that the room
// uses if it is on offer, else the first of [Options.Codecs]. Participants whose codecs differ do
// not see each other. As nothing is transcoded, a sender is kept (REMB) to what the slowest of its
// receivers can take, by what receivers say and by the delay of what they get. Media listens on
// loopback unless [Options.MediaIPs] says otherwise.
//
// # Rooms
//
// A guest of a room with a host PIN waits until a host with media is in, an answered automatic leg
// with the role chair included, or until start_conference. A room ends when nobody is left who
// keeps it alive, and [Options.HostGoneTimeout] after its last host went.
//
// # Magic names
//
// With the default Resolve these aliases, alone or after agt or cus, show failures by hand:
//
//	pin.wrong          every PIN is an Invalid PIN
//	room.full          403 Participant limit reached
//	room.ends          an administrator ends the room after 10 s
//	host.late          guests wait for 10 s, host or not
//	media.drop         media dies 5 s after each ack, without a word
//	node.busy          503 Out of transcoding resource
//	node.maintenance   503 Maintenance mode
//
// # Test pictures
//
// clips/make.sh draws the simulated customer's picture with ffmpeg, once per codec.
package pexrtctest
