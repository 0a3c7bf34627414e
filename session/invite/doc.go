// Package invite says which sessions there are: it mints invitations, seals their links, lets
// customers redeem them, and answers whether a session is open.
//
//	API ── Invite ──► Session (open) ── Redeem ──► Session (open, in use) ── End ──► ended
//	front page ── Begin ─────────────────────────────┘    │
//	                     Withdraw, or its time is over ───┴──► withdrawn, expired
//
// A session is a customer's room at Pexip and what leads there: the session ID names the conference,
// ends both aliases, and is the caller's name at Genesys Cloud. A session begins with an invitation,
// whose link is the only way in, or ad hoc on the customer app's front page. Nobody gets into the
// room of a session that is not open: Pexip's policy questions ask Lookup.
//
// What a session's calls were is recorded with it.
//
// Where sessions are kept is others' business (Records, Order; session/store has both), as are HTTP,
// who may invite, and the pages that customers see.
package invite
