// Package events takes what Pexip Infinity's event sinks tell (version 2, single and bulk), and
// keeps the live picture of our rooms over all nodes.
//
//	node A ──┐            parse        runs                 rooms
//	node B ──┼─ POST ──►  messages ──► seen before? ──► who is where ──► Changed
//	node C ──┘                         restarted?
//
// Events come at least once, in order from each node and in none between nodes. A number belongs to
// one run of a node's sink; a restart begins anew at 1 (runs). What is older than what is known
// changes nothing, and a leg or room that has ended does not come back (rooms): an event may thus be
// applied twice, by two replicas for instance, without harm. What was lost while nobody listened
// stays lost, so the next event of a leg is enough to know it.
//
// Several replicas share what any of them was told (Config.Share), and so know the same.
//
// Only rooms with our service tag are kept. Deciding anything is others' business, as is who may
// post. Events are 1 to 5 s late: they are a second witness, after a participant's own stream.
package events
