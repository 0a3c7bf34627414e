// Package membership sees to it that no participant of ours stays behind in a room, whatever becomes of
// the node or of this process while it leaves. It knows each participant by the call, or the customer's
// session, that it belongs to.
//
//	joined, refreshed ── Keep ───► record in the state: the membership, sealed
//	leaves ──────────── Release ─► the node; if it fails, again and again until it has worked or the
//	                               token has run out. The record goes when the participant has
//	starts ──────────── New ─────► what this holder's earlier process has left is released
//	joins ───────────── MakeWay ─► waits a moment for all that; takes the call over from other holders
//
// A customer's participant is released in the same way, but not recorded: his media goes past us, and he
// talks on while we are away.
//
// # Whose records
//
// Processes that share the state are told apart by their Holder. At its start a process releases what
// its own holder has left, as that process must be dead, and nothing of any other. A record of another
// holder is acted upon only when its very call is joined here: the page has come to this process, so the
// call is this one's now. It takes the record over before it releases the participant. The other
// process, should it live and want its place in the room back, finds the record taken and stays out:
// two would throw each other out for ever.
//
// The state is a help and no more: calls go on without it, and what is not recorded is left to the
// node's timer, two minutes, or to the one who joins next and sees it in the roster.
package membership
