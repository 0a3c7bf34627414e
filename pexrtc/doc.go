// Package pexrtc is a client for the Pexip Infinity client REST API v2: it joins a conference, keeps the
// participant alive, tells what happens in the room, and places the participant's media call.
//
//	Client ── Join ──► Participant ── Call ──► Call      what we ask: one method per request
//	                        │
//	                        └── Run ──► on(Event)         what happens to us, until it is over
//	                            ├─ token   refreshed at a third of its life, never twice at once
//	                            └─ stream  server-sent events, reopened with the token of the moment
//
// A Participant is one roster entry on one node. [Participant.Run] must be running for as long as the
// participant is to live: it refreshes the token, follows the event stream, and returns the reason when the
// participation is over. [Participant.Release] leaves: it ends the calls, hands back the token, and makes Run return.
//
// Who remembers a [Membership] can release the participant by it when the process that joined is gone.
//
// Errors are [*Error]; errors.Is tells their kind (ErrPIN, ErrNoConference, ErrCapacity, …), which is what a
// caller decides on:
//
//	ErrNode, ErrTokenLost   join again, on whichever node answers
//	ErrRemoved, ErrEnded    it is over: do not come back by yourself
//	ErrPIN, ErrNoConference the request is wrong: asking again makes the node block our address
//
// The functions of sdp.go are pure: they read and write session descriptions and know no network.
// Media is not made here: pexrtc/relay has the peer connections, pexrtc/pexrtctest a node to test against.
// The package knows nothing about contact centres, sessions or pages.
package pexrtc
