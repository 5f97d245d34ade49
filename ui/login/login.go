// Package login has Twinday start when the person logs in: an XDG autostart entry, on
// Windows a value of the Run key, on macOS a launch agent. It touches nothing else, and
// must not import Fyne or the engine.
package login

import (
	"fmt"
	"os/exec"
	"slices"

	"github.com/twinday/twinday/assets"
)

// ID is the program's name among the others that start at login; files are named after it.
const ID = "app.twinday.Twinday"

// Starter looks the entry up and changes it. Command is what to start: the program's path
// and its arguments, to which --hidden is added.
type Starter struct {
	Command []string
	place   place
}

// place is where a system keeps the command lines that it starts at login.
type place interface {
	// read gives the arguments of ours, nil if there is none or it is switched off.
	read() ([]string, error)
	write(command []string) error
	remove() error
}

const hiddenFlag = "--hidden"

// New makes a Starter for this system and this person.
func New(command []string) *Starter { return &Starter{command, here()} }

// Get tells whether Twinday starts at login, and whether hidden: without its window, so
// that the tray's icon is all that shows. Where the desktop's own settings switched it
// off, it is off.
func (s *Starter) Get() (on, hidden bool, err error) {
	command, err := s.place.read()
	if err != nil {
		return false, false, fmt.Errorf("%s: %w", assets.Text("Start at login"), err)
	}
	return command != nil, slices.Contains(command, hiddenFlag), nil
}

// Gone reports whether what starts at login is a program that is not there any more.
func (s *Starter) Gone() (bool, error) {
	command, err := s.place.read()
	if err != nil {
		return false, fmt.Errorf("start at login: %w", err)
	}
	if len(command) == 0 {
		return false, nil
	}
	_, err = exec.LookPath(command[0])
	return err != nil, nil
}

// Set changes it. What starts is the program as it is called now, so a program that was
// moved should be set anew.
func (s *Starter) Set(on, hidden bool) error {
	var err error
	if on {
		command := slices.Clone(s.Command)
		if hidden {
			command = append(command, hiddenFlag)
		}
		err = s.place.write(command)
	} else {
		err = s.place.remove()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", assets.Text("Start at login"), err)
	}
	return nil
}
