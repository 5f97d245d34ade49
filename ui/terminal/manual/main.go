// Command manual writes a manual page for each command into the folder given, from
// what the commands say of themselves: `go run ./ui/terminal/manual VERSION FOLDER`.
// They are dated by SOURCE_DATE_EPOCH. It is a program of its own so that Twinday
// does not carry what makes them.
package main

import (
	"log"
	"os"

	"github.com/spf13/cobra/doc"

	"github.com/twinday/twinday/ui/terminal"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: manual VERSION FOLDER")
	}
	header := &doc.GenManHeader{Section: "1", Source: "Twinday " + os.Args[1], Manual: "Twinday"}
	if err := doc.GenManTree(terminal.Commands("~/.local/share/twinday"), header, os.Args[2]); err != nil {
		log.Fatal(err)
	}
}
