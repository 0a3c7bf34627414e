//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package store

import "os"

// lock does nothing where the standard library has no file locks: there, starting one process for
// a directory is the administrator's care.
func lock(*os.File) error { return nil }
