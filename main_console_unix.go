//go:build !windows

package main

// showsColors reports whether a terminal understands the escape sequences of colours: all
// do, but Windows' old ones.
func showsColors(int) bool { return true }
