package login

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/windows/registry"
)

// No test may touch the real Run key: this one has a key of its own.
const testKey = runKey(`Software\Twinday test of the Run key`)

func TestTheRunKeyHoldsTheCommandQuoted(t *testing.T) {
	t.Cleanup(func() { _ = registry.DeleteKey(registry.CURRENT_USER, string(testKey)) })
	command := []string{`C:\Program Files\Twinday\Twinday.exe`, "--data", `D:\with "quotes" and a backslash\`}
	s := &Starter{command, testKey}
	for _, want := range []struct{ on, hidden bool }{{}, {on: true}, {on: true, hidden: true}, {}, {}} {
		if err := s.Set(want.on, want.hidden); err != nil {
			t.Fatal(err)
		}
		if on, hidden, err := s.Get(); err != nil || on != want.on || hidden != want.hidden {
			t.Errorf("on %t, hidden %t, %v, want %+v", on, hidden, err, want)
		}
		wanted := command
		switch {
		case !want.on:
			wanted = nil
		case want.hidden:
			wanted = append(slices.Clone(command), "--hidden")
		}
		if found, err := testKey.read(); err != nil || !slices.Equal(found, wanted) {
			t.Errorf("the command is %q, %v, want %q", found, err, wanted)
		}
	}
	if err := s.Set(true, false); err != nil {
		t.Fatal(err)
	}
	k, err := registry.OpenKey(registry.CURRENT_USER, string(testKey), registry.QUERY_VALUE)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = k.Close() }()
	// Unquoted, Windows would try C:\Program.exe first (Microsoft, CreateProcess, Remarks).
	if line, _, err := k.GetStringValue(ID); err != nil || !strings.HasPrefix(line, `"C:\Program Files\`) {
		t.Errorf("the value is %s, %v", line, err)
	}
}
