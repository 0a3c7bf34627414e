// Package relay carries video between an agent's browser and a Conferencing Node: RTP and RTCP, without transcoding,
// and never audio.
//
//	browser ◄── SRTP ──► [ browser hop │ forwarders │ node hop ] ◄── SRTP ──► node
//	                                    Leg
//
// A [Relay] is one per process and owns the ports: every hop of every leg shares one UDP port (and one TCP port, if
// given). A [Leg] is one per call and lasts as long as the call: when the page reloads, the leg takes the new page's
// offer while its place in the conference stays as it is. The order of calls:
//
//	OfferBrowser ─► NodeOffer ─► (pexrtc Call) ─► NodeAnswer ─► BrowserAnswer      first page
//	OfferBrowser ────────────────────────────────────────────► BrowserAnswer      after a reload
//
// One codec list is agreed across both hops, so packets are forwarded as they are; only their headers change: payload
// type, sequence number, timestamp and SSRC are each hop's own, and continuous whatever happens on the other side.
// Keyframe requests cross, coalesced; each hop repairs its own losses (NACK) and gives its own feedback (RTCP reports,
// transport-wide congestion control); bandwidth limits cross as REMB.
//
// Towards the node the gate is closed until [Leg.SetSending] opens it, and acts at once: hold must not leak a picture.
//
// The package imports pexrtc for the types both need; it makes no requests. Callbacks come from goroutines of the media
// stack: they must not block, and must not call back into the leg.
package relay
