package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
)

// screen is a display of the test's own, and a person before it: they read what stands
// there (with tesseract, since Fyne tells a Linux desktop nothing of its texts), click
// where they read it, and type.
type screen struct {
	*testing.T
	display, bus string
	shots        int
}

// screenPatience is how long a person waits for something to show; the machine may be busy.
const screenPatience = 90 * time.Second

// newScreen starts a display and a session bus.
func newScreen(t *testing.T, width, height int) *screen {
	t.Helper()
	s := &screen{T: t}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	x := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", fmt.Sprintf("%dx%dx24", width, height), "-nolisten", "tcp")
	x.ExtraFiles = []*os.File{w}
	s.starts(x)
	_ = w.Close()
	number, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("Xvfb (Debian package xvfb) shows no display: %v", err)
	}
	s.display = ":" + strings.TrimSpace(number)
	d := exec.Command("dbus-daemon", "--session", "--nofork", "--print-address=1", "--address=unix:dir="+t.TempDir())
	out, err := d.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.starts(d)
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("dbus-daemon (Debian package dbus) gives no address: %v", err)
	}
	s.bus = strings.TrimSpace(address)
	return s
}

// starts runs a program until the test ends.
func (s *screen) starts(c *exec.Cmd) {
	s.Helper()
	if err := c.Start(); err != nil {
		s.Fatalf("%s is needed: %v", c.Path, err)
	}
	s.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
}

// env is the environment of a program that shows itself here, half as large again as
// usual, in English: so it is read without mistakes.
func (s *screen) env() []string {
	return append(os.Environ(), "DISPLAY="+s.display, "WAYLAND_DISPLAY=", "DBUS_SESSION_BUS_ADDRESS="+s.bus,
		"FYNE_SCALE=1.5", "FYNE_THEME=light", "LC_ALL=C.UTF-8", "LANGUAGE=", "LIBGL_ALWAYS_SOFTWARE=1")
}

// do runs a tool of the person's.
func (s *screen) do(name string, args ...string) []byte {
	s.Helper()
	c := exec.Command(name, args...)
	c.Env = s.env()
	out, err := c.Output()
	if err != nil {
		s.Fatalf("%s %q: %v", name, args, err)
	}
	return out
}

// word is one that stands on the screen.
type word struct {
	text       string // letters and digits alone, in small letters
	x, y, w, h int
}

// letters are what of a text is read without mistakes.
func letters(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}

// reads is all that stands on the screen now, word by word, line by line.
func (s *screen) reads() []word {
	s.Helper()
	s.shots++
	file := filepath.Join(s.TempDir(), fmt.Sprintf("screen-%d.png", s.shots))
	s.do("import", "-silent", "-window", "root", file)
	return s.readsFile(file)
}

func (s *screen) readsFile(file string) []word {
	s.Helper()
	r := csv.NewReader(bytes.NewReader(s.do("tesseract", file, "-", "--psm", "11", "tsv")))
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = '\t', true, -1
	rows, err := r.ReadAll()
	if err != nil {
		s.Fatal(err)
	}
	var out []word
	for _, row := range rows {
		if len(row) < 12 || row[0] != "5" { // a word
			continue
		}
		n := make([]int, 4)
		for i := range n {
			n[i], _ = strconv.Atoi(row[6+i])
		}
		if text := letters(row[11]); text != "" {
			out = append(out, word{text, n[0], n[1], n[2], n[3]})
		}
	}
	return out
}

// locate looks for a text, which may be in several words or run together with its neighbours,
// and gives the place in its middle; the last one where it stands several times.
func locate(words []word, text string) (x, y int, ok bool) {
	want := letters(text)
	for first := range words {
		joined := ""
		for last := first; last < len(words) && len(joined) < len(want)+20; last++ {
			if last > first && abs(words[last].y-words[last-1].y) > 12 { // another line
				break
			}
			joined += words[last].text
			at := strings.Index(joined, want)
			if at < 0 {
				continue
			}
			if at < len(words[first].text) { // it begins in this word
				a, b := words[first], words[last]
				x, y, ok = (a.x+b.x+b.w)/2, a.y+a.h/2, true
			}
			break
		}
	}
	return x, y, ok
}

func abs(n int) int { return max(n, -n) }

// sees waits until a text stands on the screen.
func (s *screen) sees(texts ...string) []word {
	s.Helper()
	var words []word
	for end := time.Now().Add(screenPatience); ; {
		words = s.reads()
		missing := ""
		for _, text := range texts {
			if _, _, ok := locate(words, text); !ok {
				missing = text
			}
		}
		if missing == "" {
			return words
		}
		if time.Now().After(end) {
			s.keep()
			var all []string
			for _, w := range words {
				all = append(all, w.text)
			}
			s.Fatalf("%q does not stand on the screen: %s", missing, strings.Join(all, " "))
		}
	}
}

// keep puts the screen aside, for whoever looks into a failure.
func (s *screen) keep() {
	if dir := os.Getenv("TWINDAY_SHOTS"); dir != "" {
		s.do("import", "-silent", "-window", "root", filepath.Join(dir, strings.ReplaceAll(s.Name(), "/", "-")+".png"))
	}
}

// clicks clicks on a text, once it stands there.
func (s *screen) clicks(text string) {
	s.Helper()
	x, y, _ := locate(s.sees(text), text)
	s.do("xdotool", "mousemove", strconv.Itoa(x), strconv.Itoa(y), "sleep", "0.1", "click", "1")
}

// presses presses keys, as xdotool calls them: "ctrl+3", "Tab", "Escape".
func (s *screen) presses(keys ...string) {
	s.Helper()
	s.do("xdotool", append([]string{"key", "--delay", "60"}, keys...)...)
}
