package main

import (
	"image/png"
	"io"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/simulator"
)

// desktop is the built program on a screen, with two services that are processes of their own
// and an account signed in to at each.
type desktop struct {
	*screen
	*doomed
}

// newDesktop builds the program and signs in; no calendars mirror each other yet.
func newDesktop(t *testing.T) *desktop {
	t.Helper()
	s := newScreen(t, 1500, 1080)
	d := &doomed{dir: t.TempDir(), people: people{T: t, random: rand.New(rand.NewPCG(1, 1)), today: time.Now()}}
	d.twinday = filepath.Join(t.TempDir(), "twinday")
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-w", "-o", d.twinday, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	d.env = append(s.env(), "XDG_RUNTIME_DIR="+t.TempDir(), "XDG_CONFIG_HOME="+t.TempDir())
	for _, service := range []string{onGoogle, onOutlook} {
		d.sides = append(d.sides, d.serve(service))
	}
	return &desktop{s, d}
}

// quit ends Twinday and its window.
func (d *desktop) quit(app *process) {
	select {
	case <-app.ended:
		return
	default:
	}
	_ = exec.Command(d.twinday, "--data", d.dir, "quit").Run()
	select {
	case <-app.ended:
	case <-time.After(screenPatience):
		d.doomed.Error("it does not end when it is told to quit")
	}
}

// A person opens the window for the first time and finds their way by what they read: from
// the first run through a first sync, an edit of the copy and its history to an undo; then the
// settings, and another language.
func TestAPersonAtTheWindow(t *testing.T) {
	d := newDesktop(t)
	google, outlook := d.sides[0], d.sides[1]
	day := time.Now().AddDate(0, 0, 9)
	start := time.Date(day.Year(), day.Month(), day.Day(), 10, 0, 0, 0, berlin)
	google.must("POST", "events", timed(when(start, time.Hour)).with("title", "Harbour walk"), nil)
	app := d.doomed.start(io.Discard)
	t.Cleanup(func() { d.quit(app) })

	d.sees("Connect your accounts")
	d.goesOn()
	d.sees("Choose what mirrors what", "What others see")
	for _, at := range []string{"robin@google.example", "Calendar"} { // each stands below its account
		d.ticks(at)
	}
	d.goesOn()
	d.sees("Look and start", "1 copy is made")
	d.goesOn()
	d.sees("1 event alike")
	holds := func(s *side, title string) (id string, yes bool) {
		var events []simulator.ControlEvent
		s.must("GET", "events", nil, &events)
		if len(events) != 1 {
			t.Fatalf("%s holds %d events", s.name, len(events))
		}
		return events[0].ID, events[0].Title == title
	}
	id, yes := holds(outlook, "Harbour walk")
	if !yes {
		t.Fatal("Outlook holds another event")
	}

	outlook.must("PATCH", "events/"+url.PathEscape(id), entry{"title": "Lighthouse visit"}, nil)
	d.presses("ctrl+r", "ctrl+3")
	d.sees("Lighthouse visit", "Harbour walk")
	if _, yes := holds(google, "Lighthouse visit"); !yes {
		t.Fatal("the edit did not cross")
	}
	d.clicks("Lighthouse visit")
	d.clicks("Undo…")
	d.sees("Undo this change", "What happens")
	d.goesOn()
	deadline := time.Now().Add(screenPatience)
	for {
		_, atHome := holds(google, "Harbour walk")
		_, atCopy := holds(outlook, "Harbour walk")
		if atHome && atCopy {
			break
		}
		if time.Now().After(deadline) {
			d.keep()
			t.Fatal("it was not undone")
		}
		d.reads() // which takes a moment
	}

	d.presses("Escape")
	d.clicks("Settings")
	d.sees("Quiet hours", "Look for changes", "Start at login")
	d.command("settings", "set", "--language", "de")
	d.sees("Einstellungen", "Entscheidungen", "Ruhezeit")
	d.quit(app)
	if strings.Contains(app.complained.String(), "panic") {
		t.Error(app.complained.String())
	}
}

// goesOn clicks the button that goes on: the lowest that is blue, or red where something
// is deleted. Its word, white on a colour, is not read without mistakes.
func (d *desktop) goesOn() {
	d.doomed.Helper()
	file := filepath.Join(d.doomed.TempDir(), "button.png")
	d.do("import", "-silent", "-window", "root", file)
	f, err := os.Open(file)
	d.must(err)
	defer func() { _ = f.Close() }()
	picture, err := png.Decode(f)
	d.must(err)
	like := func(x, y, red, green, blue int) bool {
		r, g, b, _ := picture.At(x, y).RGBA()
		return abs(int(r>>8)-red)+abs(int(g>>8)-green)+abs(int(b>>8)-blue) < 12
	}
	loud := func(x, y int) bool { return like(x, y, 0x2b, 0x74, 0xc4) || like(x, y, 0xc3, 0x2f, 0x36) }
	const wide, edge = 60, 12 // wider than a box or a number in a circle; above the lower edge
	size := picture.Bounds()
	for y := size.Max.Y - 1; y >= 0; y-- {
		for x, run := 0, 0; x < size.Max.X; x++ {
			if !loud(x, y) {
				run = 0
				continue
			}
			if run++; run == wide {
				d.do("xdotool", "mousemove", strconv.Itoa(x-wide/2), strconv.Itoa(y-edge), "sleep", "0.1", "click", "1")
				return
			}
		}
	}
	d.keep()
	d.doomed.Fatal("no button goes on")
}

// ticks clicks the box before a calendar's name, the last place where that stands.
func (d *desktop) ticks(name string) {
	d.doomed.Helper()
	words := d.sees(name, "What mirrors what")
	left, _, _ := locate(words, "Choose what mirrors what") // its middle
	for _, w := range words {
		if w.text == "choose" {
			left = w.x // the boxes stand below the beginning of the heading
		}
	}
	_, y, _ := locate(words, name)
	d.do("xdotool", "mousemove", strconv.Itoa(left+12), strconv.Itoa(y), "sleep", "0.1", "click", "1")
}
