// Package genesys is the Genesys Cloud side of a video leg: it signs an agent in, reads a conversation,
// finds the session ID in it, and follows the agent's calls. It knows neither sessions nor Pexip, decides
// nothing about a call, and shows nothing to anybody.
//
//	browser ── AuthorizeURL ──► login.D ── code ──► SignIn ──► *Agent (one token, never printed)
//	                                                             │
//	            Conversation(id) ── GET /api/v2/conversations ───┤──► *Conversation (Source REST)
//	                                                             │        └─ AliasSource.SessionID
//	            Follow(on) ── channel, subscription, socket ─────┘──► Notification: Live, Blind, *Conversation
//
// The platform has two pictures of a call, and Conversation is the one shape for both:
//
//	REST   participants[].calls[]: the call fields stand in the last connected call; has the ANI name
//	event  participants[] are flat; no ANI name, so that the session ID comes from REST only
//
// SignIn reads the conversation that the agent signs in for while it learns who he is: one round trip less
// before the first picture.
//
// # One agent, one channel
//
// The platform allows twenty notification channels per user and OAuth client, and a channel made after them
// may look healthy and deliver nothing. So there is one channel per Agent, kept for as long as its token:
//
//	socket lost            same channel again: its subscription is put anew (which proves that the channel
//	                       is alive) and its address dialled. Two round trips, none of the twenty spent.
//	channel refused, mute  a new channel: the platform does not know the old one, four sockets in a row were
//	or a day old           refused or ended without a word, or its 24 hours are nearly over
//	socket_closing         a new channel at once, opened while the old socket is still read
//	token refreshed        a new channel: channels end with the token that made them
//
// Whoever holds agents should therefore keep one Agent per user rather than sign him in per widget.
// Nothing is replayed: after each Live the caller reads his conversations by REST, and between Blind and
// Live he must take it that the call is held. A channel that is open and deaf is not noticed here; reading
// the conversation every 10 to 30 seconds does.
//
// # The SDK
//
// Calls go through the platform's Go SDK, fenced in by sdk.go and wire.go. The SDK takes no context and no
// transport, closes its connection after each call, loses the status of 429 and 5xx answers and fails on
// an error body of "null". So each call gets a Configuration of its own, made without configuration file,
// watcher, logger, refresh or retries, over a transport of ours, which carries the caller's context, keeps
// connections alive, bounds answers, and turns each answer that is not a success into an *Error before the
// SDK sees it. The SDK's HTTP client is not exported: sdk.go reaches it by reflection, a test holds the
// pinned version to it, and a version without that field gives an error and not a call past our transport.
package genesys
