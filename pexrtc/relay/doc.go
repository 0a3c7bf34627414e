// Package relay carries video between an agent's browser and a Conferencing Node: RTP and RTCP, without transcoding,
// and never audio.
//
//	            ┌───────────────────────── Leg ─────────────────────────┐
//	browser ──► socket ► decrypt ► gate ► renumber ► encrypt ──────────► node
//	browser ◄────────── encrypt ◄ renumber ◄ gate ◄ decrypt ◄ socket ◄── node
//	            └─ hop (Browser) ─┘└─ forwarders ─┘└─ hop (Node) ─┘
//
// A packet crosses in the goroutine that reads it from its socket: no queue, no copy but the one into the history, no
// allocation; what was read together leaves together. Pion finds the path (ICE), agrees the keys (DTLS) and does the
// ciphers (SRTP); the rest is here:
//
//	socket, batch, train      packets as the system takes and gives them: many in one call
//	transport, dtls           a hop's encrypted connection
//	inbound, outbound         the streams that arrive on a hop, those that leave by it
//	line, slides              the two video lines: the camera's, and a shared screen's
//	forward, rewrite          what connects them
//	gaps, repair, history     what got lost is asked for, and sent, again, on each hop alone
//	reception, losses         measurement of what arrives, and of what far ends report lost
//	playout                   how long the browser waits for what is repaired on the other hop
//	control                   RTCP; package capacity writes transport-wide feedback on what arrives, and judges how much a path
//	                          takes, by the same on what we send
//	rate, keyframe            what crosses of it: bandwidth limits, requests for full pictures
//	codec, format             what both far ends can decode
//	stats                     what is counted
//
// A [Relay] is one per process and owns the ports: the browser hops of all legs share one UDP port (and one TCP port, if
// given); each node hop has a port of its own, because a node may send many calls from one address. A [Leg] is one per
// call and lasts as long as the call: when the page reloads, the leg takes the new page's offer while its place in the
// conference stays as it is. The order of calls:
//
//	OfferBrowser ─► NodeOffer ─► (pexrtc Call) ─► NodeAnswer ─► BrowserAnswer      first page
//	OfferBrowser ────────────────────────────────────────────► BrowserAnswer      after a reload
//
// One codec list is agreed across both hops, so packets are forwarded as they are; only their headers change: payload
// type, sequence number, timestamp and SSRC are each hop's own, and continuous whatever happens on the other side.
// Keyframe requests cross, coalesced; each hop repairs its own losses (NACK) and gives its own feedback (RTCP reports,
// transport-wide congestion control); bandwidth limits, those that receivers name and those that their feedback shows,
// cross as REMB. A path that has no room for repair, or on which packets would come too late, is sent nothing until its
// queue is empty, and then a keyframe.
//
// A shared screen has a line of its own beside the camera's, with its own forwarders, on the same transports. The browser's
// goes both ways from the start; the node's is turned by [Leg.TurnSlides] when somebody presents.
//
// Towards the node the gates are closed until [Leg.SetSending] and [Leg.SetPresenting] open them, and act at once: hold
// must not leak a picture.
//
// The package imports pexrtc for the types both need; it makes no requests. Callbacks come from goroutines of the media
// stack: they must not block, and must not call back into the leg.
package relay
