//go:build race

package e2e

// raced says that the program under test is built as these tests are: with the race detector.
const raced = true
