// Package capacity finds out how much a network path takes, from what its far end tells of the packets that arrive there:
// transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01), judged by Google Congestion Control
// (draft-ietf-rmcat-gcc-02) with the line fit of libwebrtc in place of the draft's filter.
//
//	Path.Sent ──► departures ─┐
//	                          ├─► queue: does the delay grow?   ─┐
//	Path.Told ──► feedback  ──┤                                  ├─► Path.Limit
//	                          └─► meter: how much arrives?      ─┘
//
// For whoever sends to us, [Arrivals] writes the same feedback on what arrives here.
//
// It is arithmetic: no socket, no clock, no goroutine. Numbering packets and carrying feedback is the caller's; so is slowing
// down whoever sends. The relay and the stand-in node have it in common, as it speaks nobody's language but the network's:
// what it knows of Pexip is nothing.
package capacity
