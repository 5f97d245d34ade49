package login

import (
	"errors"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// runKey names a value of the person's Run key (Microsoft, "Run and RunOnce Registry Keys").
type runKey struct{}

const runPath = `Software\Microsoft\Windows\CurrentVersion\Run`

func here() place { return runKey{} }

func (runKey) read() ([]string, error) {
	k, err := registry.OpenKey(registry.CURRENT_USER, runPath, registry.QUERY_VALUE)
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

func (runKey) write(command []string) error {
	k, _, err := registry.CreateKey(registry.CURRENT_USER, runPath, registry.SET_VALUE)
	if err != nil {
		return err
	}
	defer func() { _ = k.Close() }()
	return k.SetStringValue(ID, windows.ComposeCommandLine(command))
}

func (runKey) remove() error {
	k, err := registry.OpenKey(registry.CURRENT_USER, runPath, registry.SET_VALUE)
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
