package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

// lists makes the next complete listings of a fake leave events out; what it
// leaves out, get finds or not.
func (f *fake) lists(leaveOut func(title string) bool, gone bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.oldest = len(f.log) + 1 // the cursor has expired
	f.hidden, f.denied = leaveOut, gone
}

// A calendar that suddenly lists less than was known: nothing is deleted that was
// not asked for, and the number of questions is bounded.
func TestListingThatCannotBeTrue(t *testing.T) {
	const events = 300
	all := func(string) bool { return true }
	some := func(title string) bool { return !strings.HasSuffix(title, "7") }
	for _, c := range []struct {
		name     string
		leaveOut func(string) bool
		denied   bool // get does not find them either
		shown    string
	}{
		{"nothing, though the events are there", all, false, "it lists 0 of 300 events, and some of the others are there"},
		{"a few, though the others are there", some, false, "it lists 30 of 300 events, and some of the others are there"},
		{"nothing, and nothing is found", all, true, "it suddenly lists 0 of 300 events"},
		{"a few, and the others are not found", some, true, "it suddenly lists 30 of 300 events"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			for i := range events {
				b.a.add(fmt.Sprintf("Event %03d", i))
			}
			b.quiet()
			b.a.lists(c.leaveOut, c.denied)
			for range 5 {
				gets, writes := b.a.count("get"), b.a.writes()+b.b.writes()
				r := b.sync()
				if n := b.a.count("get") - gets; n > 20 {
					t.Errorf("%d events were asked for", n)
				}
				if b.a.writes()+b.b.writes() != writes || r.Held != 0 {
					t.Errorf("%d writes, %d held", b.a.writes()+b.b.writes()-writes, r.Held)
				}
				if len(r.Problems) != 1 || !strings.Contains(r.Problems[0].What, c.shown) || r.Problems[0].WayOut == "" {
					t.Errorf("shown as %+v, want %q", r.Problems, c.shown)
				}
				*b.clock = b.clock.Add(2 * time.Minute)
			}
			b.b.add("Meanwhile") // the other calendar goes on, and what was there comes back
			b.a.lists(nil, false)
			b.quiet()
			if x, y := b.a.titles(), b.b.titles(); x != y || strings.Count(x, "Event") != events || !strings.Contains(x, "Meanwhile") {
				t.Errorf("%d and %d titles", strings.Count(x, ",")+1, strings.Count(y, ",")+1)
			}
		})
	}
}

// What still looks so an hour later is believed, and then the person is asked:
// nothing is deleted by itself.
func TestAnEmptiedCalendarIsBelievedInTheEnd(t *testing.T) {
	b := newBench(t)
	for i := range 100 {
		b.a.add(fmt.Sprintf("Event %03d", i))
	}
	b.quiet()
	b.a.lists(func(string) bool { return true }, true)
	for range 3 {
		if r := b.sync(); len(r.Problems) != 1 {
			t.Fatalf("problems %+v", r.Problems)
		}
		*b.clock = b.clock.Add(25 * time.Minute)
	}
	gets := b.a.count("get")
	r := b.sync()
	if r.Held != 100 || r.Writes() != 0 || len(r.Problems) != 0 || b.a.count("get")-gets > 20 {
		t.Errorf("held %d, writes %d, problems %+v, %d questions", r.Held, r.Writes(), r.Problems, b.a.count("get")-gets)
	}
	if n := strings.Count(b.b.titles(), "Event"); n != 100 {
		t.Errorf("the other calendar holds %d", n)
	}
}

// A few that are missing are asked for one by one: those that are gone go, and a
// listing that leaves out what is there is read again.
func TestFewMissingAreAskedFor(t *testing.T) {
	b := newBench(t)
	for i := range 100 {
		b.a.add(fmt.Sprintf("Event %03d", i))
	}
	b.quiet()
	b.a.remove("Event 007")
	b.a.lists(func(title string) bool { return title == "Event 005" }, false)
	for i := range 3 { // it may leave out new ones too: read again, and believed in the end
		if r := b.sync(); (len(r.Problems) == 0) != (i == 2) {
			t.Errorf("read %d: problems %+v", i, r.Problems)
		}
	}
	b.quiet()
	if x := b.b.titles(); strings.Contains(x, "007") || !strings.Contains(x, "005") {
		t.Errorf("the other calendar holds %s", x)
	}
}

// Hundreds of tombstones that may mean something else: a sample confirms them.
func TestManyAmbiguousTombstones(t *testing.T) {
	b := newBench(t)
	for i := range 200 {
		b.a.add(fmt.Sprintf("Event %03d", i))
	}
	b.quiet()
	b.a.unsure = true
	for i := range 150 {
		b.a.remove(fmt.Sprintf("Event %03d", i))
	}
	gets := b.a.count("get")
	if r := b.sync(); r.Held != 150 || b.a.count("get")-gets > 20 {
		t.Errorf("held %d, %d questions", r.Held, b.a.count("get")-gets)
	}
}

// A calendar goes between the read and the write of a pass: that its events are not
// found is no deletion, whether the write was refused or cut off.
func TestACalendarThatGoesInMidPassDeletesNothing(t *testing.T) {
	for _, cut := range []bool{false, true} {
		t.Run(fmt.Sprint("cut=", cut), func(t *testing.T) {
			b := newBench(t)
			b.a.add("Lunch")
			b.a.add("Dinner")
			b.quiet()
			b.a.edit("Lunch", func(c *calendar.Content) { c.Place = "Oslo" })
			b.b.between = func(call string) {
				if call == "update" {
					b.b.mu.Lock()
					b.b.gone = true
					b.b.mu.Unlock()
				}
			}
			b.b.fault = func(call string) (before, after error) {
				if cut && call == "update" {
					return b.b.err(calendar.Unavailable), nil
				}
				return nil, nil
			}
			for range 4 {
				b.sync()
			}
			if got := b.a.titles(); got != "Dinner, Lunch" {
				t.Fatalf("home holds %q", got)
			}
			b.b.between, b.b.fault, b.b.gone = nil, nil, false
			b.quiet()
			b.alike("Dinner, Lunch")
			if got := b.b.one("Lunch").Content.Place; got != "Oslo" {
				t.Errorf("the edit is lost: %q", got)
			}
		})
	}
}

// A deletion that was cut off is not done because the whole calendar is away.
func TestACutDeletionOutlivesACalendarThatIsAway(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch")
	b.a.add("Dinner")
	b.quiet()
	b.a.remove("Lunch")
	b.b.fault = func(call string) (before, after error) {
		if call == "delete" && !b.b.gone {
			return b.b.err(calendar.Unavailable), nil
		}
		return nil, nil
	}
	b.sync()
	b.b.gone = true
	b.sync()
	b.b.gone, b.b.fault = false, nil
	b.quiet()
	b.alike("Dinner")
}
