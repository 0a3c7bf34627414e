// Package rules follows one agent's part in one conversation: from what was known, an input and
// the time, to what is known now, what to do, and why. It is pure: no I/O, no goroutine, no clock.
// Its owner (session.Call) gives it notifications, REST reads, the node's roster and the life of
// its own leg, carries out the actions in order, and calls [Call.OnTimer] at [Decision.Wake]. How a
// leg is joined, an alias found or a read retried is the owner's.
//
// Two rules stand above the tables. The customer never sees the agent while the call is held,
// ringing, not yet ours, or while we are blind (socket down, or a read of the call pending). A room
// is never ended for everybody on an ambiguous snapshot.
//
// # Words
//
//	me       the last connected entry of mine (purpose agent or user); else the last that has
//	         not ended; else the last
//	ended    disconnected or terminated
//	pending  neither connected nor ended: alerting, dialing, parked, ...
//	far end  purposes customer and external; in a call between users, the other user
//	gone     at least one far end is known, from this or any earlier snapshot, and all have ended
//	present  a far end of this snapshot is connected
//	unclear  neither
//	parked   a far end is connected and confined: he hears music
//	held     parked, or me.held
//
// # Lifecycle: the first row that matches
//
//	row   me                             far end   others            output
//	L1    any                            gone      any               end for everyone
//	L2    ended, was never connected     not gone  any               leave
//	L2a   ended: client, endpoint        not gone  none              end for everyone
//	L3    ended: client, endpoint        not gone  an agent not      leave
//	                                               ended, or a queue
//	L4    ended: transfer                not gone  any               leave
//	L5    ended: peer                    not gone  any               leave; read again after 5 s
//	L6    ended: anything else           not gone  any               leave
//	L7    no entry                       not gone  any               leave
//	L8    pending                        not gone  any               leave
//	L9    connected                      unclear   any               keep what is
//	L10   connected, consulted (not the  present   any               keep what is, dark
//	      initiator), and the customer
//	      or an agent is put aside
//	L11   connected                      present   any               join
//
// The end's kind is the part of disconnectType before its first dot, and of several the first said.
// After an end for everyone only a new entry of mine opens the call again. An event in which a
// participant goes backwards (ended to connected, an earlier time, a hold that is already over) is
// older than what is known: it is dropped, and the call is read again.
//
// # The agent's picture to the customer
//
//	off, at once   held; consulted (L10); blind; recording required and not active; camera off
//	on             none of these, after 750 ms without a change of the call or of our sight
//
// The agent's own camera does not start the 750 ms: they settle what the platform says. A screen
// share stops when the picture goes off for any reason but the camera, and is not started again.
//
// # More outputs
//
//	microphone       mirrored to our participant always, also during hold; no effect on video
//	customer hidden  from the agent, while held, if the deployment wants it
//	leg dropped      by someone: stay out. Else: read after 1.5 s, join once more if still ours
//	alone            no video or api participant but agents: 30 s (none, if he said goodbye), then
//	                 end for everyone. Counted only when synced, ours and not blind, and if a
//	                 customer was ever in
//	playback leg     sip:...playback@...: removed each time it appears
package rules
