// Package policy answers what Pexip Infinity asks about an alias: the external policy of a policy
// profile, and the same answers as a local policy, a jinja2 script that runs on the nodes.
//
//	GET /policy/v1/service/configuration    what is this alias?       the room, a refusal, or 404
//	GET /policy/v1/participant/properties   who is that who joins?    role and name, or a refusal
//	GET /policy/v1/…                        everything else           go on as without us
//
// Two prefixes are ours: cus<ID> is the customer's alias and agt<ID> the agent's, both of one room
// named <ID>. For them the answer is always explicit, so that trouble here never opens a room. An
// alias of somebody else gets 404 at once: the node then does what it would have done without us.
//
//	             ┌─ not our prefix ─────────────────────────► 404, Pexip's own configuration
//	dial in ─────┼─ our prefix, session open ──┬─ cus ──────► the room; it calls the contact centre
//	             │                             └─ agt ──────► the same room
//	             └─ our prefix, anything else ──────────────► reject, with the reason
//	dial out ────── our service tag ────────────────────────► the same room
//
// Agents may also dial video devices, by aliases of a configured pattern (Rooms.Outbound). The voice call
// that their trunk then brings opens a room named like the alias, and the room calls the device:
//
//	dial in ─────┬─ a device's alias, by SIP ───────────────► the room; it calls the device
//	             └─ agt and a device's alias ───────────────► the same room
//
// A join asks several times (an api participant first, its media later, and every node of the
// room), so an answer depends on the question and on the session alone: nothing is counted here.
//
// Whether a session is open is for the given function to say. Credentials, addresses and limits
// of the HTTP face are the caller's: Policy is a plain http.Handler.
package policy
