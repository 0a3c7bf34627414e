// Package e2e runs the whole program in a real browser: the built binary between the two stand-ins,
// people in Chromium, packets that are counted.
//
//	centre_test.go   a contact centre of one test: stand-ins, the server's process, people's pages
//	call_test.go     calls from ring to hang-up, in both media modes
//	dark_test.go     media past us: when the node may see the agent
//	signin_test.go   ways to sign in
//	first_picture_test.go  how soon the agent sees the customer, in requests and in milliseconds
//	refuse_test.go   what goes wrong, and what the page says about it
//	signalling_test.go, broken_paths_test.go, survival_test.go, restart_test.go
//	                 sockets, tokens, paths of the media, nodes and servers that are lost in a call
//	reach_test.go, turn_test.go
//	                 networks that let little through, browsers and nodes that have little in common
//	widget_test.go   the agent's toolbar and its panels
//	demo_test.go     videoleg demo, as a newcomer
//	arrows_test.go   which package may import which
//
// The browser driver is e2e/browser. Without a Chromium the tests are skipped, saying so; with
// VIDEOLEG_E2E=required, as in make test, they fail.
package e2e
