// Package page is the line between the server and one open page: JSON messages over a WebSocket.
//
//	page ──► In (hello, offer, candidate, camera, …) ──► its call or visit
//	page ◄── Out (state, answer, connect, …)         ◄── its call or visit
//
// It owns the messages' shapes and limits, keep-alive, and what happens to a page that reads too
// slowly: it loses its connection, comes back, and is told the whole state again. What a message
// means is the session's business; who may open a page is the apps'.
package page
