package login

import (
	"errors"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// runKey is the path, below the person's own, of the key whose values start at login
// (Microsoft, "Run and RunOnce Registry Keys"). One of them is ours.
type runKey string

func here() place { return runKey(`Software\Microsoft\Windows\CurrentVersion\Run`) }

func (r runKey) read() ([]string, error) {
	k, err := registry.OpenKey(registry.CURRENT_USER, string(r), registry.QUERY_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = k.Close() }()
	line, _, err := k.GetStringValue(ID)
	if errors.Is(err, registry.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return windows.DecomposeCommandLine(line)
}

func (r runKey) write(command []string) error {
	k, _, err := registry.CreateKey(registry.CURRENT_USER, string(r), registry.SET_VALUE)
	if err != nil {
		return err
	}
	defer func() { _ = k.Close() }()
	return k.SetStringValue(ID, windows.ComposeCommandLine(command))
}

func (r runKey) remove() error {
	k, err := registry.OpenKey(registry.CURRENT_USER, string(r), registry.SET_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = k.Close() }()
	if err := k.DeleteValue(ID); !errors.Is(err, registry.ErrNotExist) {
		return err
	}
	return nil
}
