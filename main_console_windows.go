package main

import win "golang.org/x/sys/windows"

// showsColors has a console understand the escape sequences of colours, which a plain one
// would print as they are, and reports whether it does (Microsoft, "Console Virtual
// Terminal Sequences").
func showsColors(fd int) bool {
	var mode uint32
	h := win.Handle(fd)
	return win.GetConsoleMode(h, &mode) == nil && win.SetConsoleMode(h, mode|win.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
