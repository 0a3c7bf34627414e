// Package agentapp is the agent's side over HTTP: the widget page beside a Genesys Cloud call, the
// sign-in, and the page's socket.
//
//	GET  /                 the widget: ?conversationid=ID, or ?pcConversationId=ID&pcEnvironment=…&pcLangTag=…
//	GET  /oauth/callback   where Genesys Cloud sends the browser back after the sign-in
//	POST /oauth/session    the same for a browser that keeps no cookie: proves itself, gets a ticket
//	GET  /session          the page's WebSocket
//	GET  /static/…         what the page is made of
//
// The sign-in never leaves the widget's frame, because Genesys Cloud is then the only site above
// itself and its own cookies work:
//
//	widget ── "Signing in", keeps a nonce ──► login.D (no click: the agent is signed in there)
//	       ◄── code and sealed state ── callback: cookie has the nonce? ── yes ──► the widget
//	                                                                    ── no ───► the page proves it
//
// A sign-in without a refresh token is renewed beside the call, before it ends or when it has: the page
// loads login.D in a hidden frame, whose way back ends at the callback, and hears of it by its socket.
// Where that wants a click, the page has a button that goes the way above; the leg waits for it.
//
// Tokens stay in this process. The browser holds a random session ID, in a cookie or, where the
// browser keeps none, in the page's memory. What happens in a call is the session's business.
package agentapp
