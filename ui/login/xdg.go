package login

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// xdgEntry is a desktop entry in the autostart folder (freedesktop.org's Desktop
// Application Autostart Specification 0.5).
type xdgEntry struct{ dir string }

func (x xdgEntry) file() string { return filepath.Join(x.dir, ID+".desktop") }

func (x xdgEntry) read() ([]string, error) {
	text, err := os.ReadFile(x.file())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var command []string
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch value = strings.TrimSpace(value); strings.TrimSpace(key) {
		case "Hidden": // so desktops switch an entry off
			if value == "true" {
				return nil, nil
			}
		case "X-GNOME-Autostart-enabled":
			if value == "false" {
				return nil, nil
			}
		case "Exec":
			command = unquote(value)
		}
	}
	return command, nil
}

// write names the program in TryExec as well, so that desktops pass over the entry once
// the program is gone: whoever uninstalls it for all people cannot reach into their homes.
func (x xdgEntry) write(command []string) error {
	quoted := make([]string, len(command))
	for i, arg := range command {
		quoted[i] = quote(arg)
	}
	text := fmt.Sprintf(`[Desktop Entry]
Type=Application
Name=Twinday
Comment=Keeps your calendars alike
TryExec=%s
Exec=%s
Icon=%s
Terminal=false
X-GNOME-Autostart-enabled=true
`, strings.ReplaceAll(command[0], `\`, `\\`), strings.Join(quoted, " "), ID)
	return write(x.file(), text)
}

func (x xdgEntry) remove() error { return removeIfThere(x.file()) }

// quote writes an argument of an Exec key: in double quotes, with a backslash before what
// is special in them, and that backslash doubled, since the value is a string with escapes
// of its own (Desktop Entry Specification 1.5, "The Exec key"). A % begins a field code.
func quote(arg string) string {
	arg = strings.ReplaceAll(arg, "%", "%%")
	if arg != "" && !strings.ContainsAny(arg, " \t\n\"'\\><~|&;$*?#()`") {
		return arg
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range arg {
		switch r {
		case '"', '`', '$':
			b.WriteString(`\\`)
		case '\\':
			b.WriteString(`\\\`)
		}
		b.WriteRune(r)
	}
	b.WriteByte('"')
	return b.String()
}

// unquote takes an Exec key apart; what cannot be is left as it is.
func unquote(exec string) []string {
	exec = strings.ReplaceAll(exec, `\\`, `\`)
	var out []string
	var b strings.Builder
	in, within := false, false // an argument, quotes
	for i := 0; i < len(exec); i++ {
		c := exec[i]
		switch {
		case within && c == '\\' && i+1 < len(exec):
			i++
			b.WriteByte(exec[i])
		case c == '"':
			in, within = true, !within
		case !within && (c == ' ' || c == '\t'):
			if in {
				out = append(out, b.String())
				b.Reset()
			}
			in = false
		case c == '%' && i+1 < len(exec) && exec[i+1] == '%':
			i++
			fallthrough
		default:
			in = true
			b.WriteByte(c)
		}
	}
	if in {
		out = append(out, b.String())
	}
	return out
}
