// Package seal makes tokens that only this server can read and that nobody can forge: what the
// browser keeps for us (sign-in state, visits, links) without seeing inside.
//
// A token is AES-256-GCM over JSON. Each purpose has a key of its own (HKDF, RFC 5869), so that a
// token made for one use never opens for another, and carries the time at which it ends.
package seal
