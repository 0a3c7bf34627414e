// Package session is one call from start to end: it brings a person's page, the conversation at
// Genesys Cloud and the conference at Pexip together, and follows all three.
//
//	agent's page ── page.Conn ──► Call ──► rules (what to do)     customer's page ──► Visit
//	                               │  ├──► pexrtc.Participant      joins as a guest, │ with audio:
//	genesys.Agent ── Follow ──────►│  └──► leg (relay or bypass)   media bypasses us ▼
//	                               ▼                                     pexrtc.Participant
//	                             Calls (who is where)              Visits
//
// Every Call and every Visit has one owner goroutine (owner). Callbacks of pages, far ends and
// timers post closures to it and touch nothing themselves. What to do about an event is decided in
// session/rules, which is pure; this package does it.
//
// A Call belongs to one agent and one conversation, whichever of his windows shows it. It outlives
// its page: a reload comes back to the same participant. It ends with the conversation, or when no
// page has shown it for a while, and always releases what it made on the node. Its parts:
//
//	call         the conversation, its rules and what they order
//	window, view the page that shows it, and what that is told
//	stay         the participant, from join to leave; beyond that, membership
//	negotiation  the page's offers, on their way to the leg and back
//	leg, bypass  media through us, and past us
//	flags        what the node and the page are told of who is dark or mute
//	failover     ways back to the conference when one breaks
//	presentation shared screens, his own and others'
//
// An agent whose page was here once is followed for as long as his sign-in lasts: the next call that rings
// for him is read before its page opens (foreseen), and a sign-in that cannot be refreshed is renewed by
// the page in time.
//
// Pexip's events are a second witness (News): of what customers elsewhere do, of the call to the contact
// centre, of the quality of media, and of rooms that close, whose calls the Recorder writes down. A call
// that the agent has dialled has a device at its far end, which is watched for (device).
package session
