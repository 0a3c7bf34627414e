// Package pexrtctest is a Pexip Infinity Conferencing Node inside the process, in the manner of
// net/http/httptest.
package pexrtctest
