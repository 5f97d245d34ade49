// Starter is Twinday.exe, the one that a person clicks and that starts at login. It runs
// bin\twinday.exe, which is a program for terminals like its brothers on other systems, so
// that there its output, its pipes, its exit codes and Ctrl-C are as they should be; by
// itself such a program opens a console. This one has none, and gives it none. The same is
// done by Emacs' runemacs.exe and Python's pythonw.exe. It imports nothing of Twinday.
package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/windows"
)

// childrensPatience is how long the program's own children, such as a demo that goes on,
// may keep its output open after it has ended.
const childrensPatience = time.Second

func main() {
	exe, err := os.Executable()
	if err != nil {
		complain(err.Error())
	}
	program := filepath.Join(filepath.Dir(exe), "bin", "twinday.exe")
	var said tail
	cmd := exec.Command(program, os.Args[1:]...)
	cmd.Stdout, cmd.Stderr = &said, &said
	// Not DETACHED_PROCESS: the console programs that it starts would open one each.
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NO_WINDOW}
	cmd.WaitDelay = childrensPatience
	err = cmd.Run()
	var ended *exec.ExitError
	switch words := strings.TrimSpace(string(said)); {
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
	case !errors.As(err, &ended):
		complain(err.Error() + "\n\nTwinday.exe and the folder bin belong together: unpack both of them.")
	case words != "": // if not, somebody ended it
		complain(words)
	default:
		os.Exit(ended.ExitCode())
	}
}

// complain shows the person what went wrong. There is no other place for it.
func complain(words string) {
	text, err := windows.UTF16PtrFromString(strings.ReplaceAll(words, "\x00", ""))
	if err == nil {
		_, _ = windows.MessageBox(0, text, windows.StringToUTF16Ptr("Twinday"), windows.MB_OK|windows.MB_ICONERROR|windows.MB_SETFOREGROUND)
	}
	os.Exit(1)
}

// tail keeps the end of what is written to it: as much as a person may want to read.
type tail []byte

const tailSize = 1500

func (t *tail) Write(p []byte) (int, error) {
	*t = append(*t, p...)
	if extra := len(*t) - tailSize; extra > 0 {
		*t = append((*t)[:0], (*t)[extra:]...)
	}
	return len(p), nil
}
