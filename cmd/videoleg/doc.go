// Command videoleg puts a video leg beside a Genesys Cloud voice call.
//
//	videoleg serve     the server, configured by VIDEOLEG_… variables (Config)
//	videoleg demo      the server and two stand-ins, a whole contact centre on localhost
//	videoleg check     says whether the configuration is right and the far ends answer
//	videoleg policy    prints the local policy for Pexip nodes that may not ask a server
//	videoleg version   what this is
//
// This package reads the configuration, wires the parts together, starts them and stops them in
// order. It holds no logic of calls, pages or far ends.
package main
