// Package membershiptest is the state that participants are recorded in, for tests: in memory, and at
// fault when asked.
package membershiptest
