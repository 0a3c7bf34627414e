// Package genesystest is an in-process Genesys Cloud, in the manner of net/http/httptest: sign-in, REST API,
// notification socket, and a small agent desktop that hosts the Interaction Widget. Tests use it, and so does the demo.
//
//	srv := genesystest.New(genesystest.Options{Clients: …})
//	defer srv.Close()
//	call, err := srv.Call(ctx, genesystest.InboundCall{ANIName: "4711abcd"})
//	call.Answer(genesystest.AdaID)
//
// One address, [Server.URL], plays all hosts of a region:
//
//	/oauth/authorize  /oauth/token  /login  /logout     login.<region>   login.go, exchange.go, accounts.go
//	/api/v2/…                                           api.<region>     api.go, conversations.go, handover.go, notifications.go
//	/channels/…                                         streaming        socket.go, hub.go
//	/  /desktop/…                                       apps.<region>    desktop.go, interactions.go, control.go
//
// It owns the behaviour that a client of the platform can see: which participants a conversation gathers, what each
// action changes in them, and which snapshots are sent for it, duplicates and flaps included (call.go, transfer.go,
// consult.go, as values without network). It leaves out audio, roles and permissions beyond "yours or not", other
// media than calls, and everything that an agent's browser does not need. It writes its JSON from the platform's
// documentation and knows nothing of the client that it tests.
//
//	inbound call:  ivr ─► acd ─► alerting ─► connected ─► disconnected ─► terminated
//	                       ▲         │ declined, missed        │ transfer, consult, lost leg: a new entry each
//	                       └─────────┴─────────────────────────┘
//
// # Desktop and control
//
// The desktop at / takes ?agent=<login> and signs the browser in as that agent, so one browser profile is one agent;
// ?preview=1 loads the widget while the call still rings. Its buttons use the same API as scripts may: POST
// /desktop/api/<verb> with an application/json object; GET /desktop/api/state?agent=<login> tells what a desktop shows.
//
//	agent                                 answer decline no-answer hold resume mute unmute hangup phone-hangup done
//	agent, kind                           lose          the leg breaks with this disconnect type
//	agent, target (user or queue)         transfer
//	agent, target (user)                  consult
//	–                                     consult-complete consult-cancel
//	state                                 consult-speak DESTINATION|OBJECT|BOTH|CONFERENCE; record none|active|paused
//	on (default true)                     pause         secure pause
//	agent, code                           wrapup
//	–                                     customer-hangup customer-answer resend
//	name, address, queue                  call          an inbound call
//	name, address, target (user)          call          the same, past all queues
//	agent, address, name, queue           dial          an outbound call
//	agent, target (user)                  dial          a call to a colleague
//	–                                     simulate      Options.SimulateCustomer
//	agent, on (default true)              on-queue deaf
//	agent                                 drop-socket close-soon expire-token
//	ms                                    delay         from a change to its event
//
// Those above "call" take a conversation as well; without one they mean the agent's latest.
package genesystest
