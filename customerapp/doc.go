// Package customerapp is the customer's side over HTTP: the page on which a customer agrees, checks
// camera and microphone, and talks.
//
//	GET /          the page; where VIDEOLEG_ADHOC_SESSIONS allows it, it starts a session of its own
//	GET /i/TOKEN   the same for an invitation, or a page that says kindly why not
//	GET /visit     the page's WebSocket
//	GET /static/…  what the page is made of
//	GET /policy/…  what Pexip asks (pexrtc/policy), behind credentials; off without them
//	/api/v1/…      invitations for websites, chats and e-mails, and what became of their calls;
//	               openapi.json describes it
//	POST /events   what Pexip tells (pexrtc/events), the same
//
// A customer holds a sealed visit token in the page: it names the session and nothing else, and
// brings a reloaded page back to it. PINs and the node's tokens stay in this process. What happens
// in a visit is the session's business.
package customerapp
