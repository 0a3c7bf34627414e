// Package browser drives a headless Chromium for the tests of the whole program. It speaks in what
// people see: pages, frames, and elements by their accessible role and name.
//
//	b := browser.Start(t)
//	ada := b.Open(desktop.URL)                        // a person: own cookies, own record
//	ada.Button("Answer").Click()                      // a real mouse, real hit test
//	widget := ada.Frame("Video")                      // by title, in the page's process or not
//	widget.AwaitStatus("In call")
//	widget.Video("Customer video").AwaitMoving()      // decoded frames, pixels that change
//	ada.NeverReceived(pin, token)                     // headers, bodies, socket messages
//	ada.NoProblems()                                  // console errors, CSP violations
//
// Everything waits by itself, inside the page, until a deadline; what does not come true fails the
// test with the page's accessible outline and a screenshot. Nothing here sleeps.
//
// Every person's requests pass a proxy of the test's own. It records what comes back, can keep all
// cookies away, and is a trap: a request whose host is not this machine is refused and fails the test.
//
// Where there is no Chromium, tests are skipped, saying so; with VIDEOLEG_E2E=required they fail.
package browser
