package pages

import (
	"fmt"
	"strings"
	"testing"

	"fyne.io/fyne/v2/test"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/window/pretend"
)

// decisions is the window on its decisions page.
func decisions(t *testing.T, change func(*pretend.World)) *rig {
	t.Helper()
	world := pretend.Lively(now)
	if change != nil {
		change(&world)
	}
	r := rigUp(t, world, Options{})
	r.until("the state", func() bool { return r.w.known && r.w.calendars != nil })
	r.w.Turn("decisions")
	r.until("what waits", func() bool { return r.w.decide.read })
	return r
}

func TestHeldStepsAreDecided(t *testing.T) {
	r := decisions(t, nil)
	for _, s := range []string{"Decisions (2)", "Budget review", "Others would hear of it", "As it is in Work", "As it would be", "Tue 24 Nov 2026, 14:00 – 15:00 (Europe/Berlin)", "Tue 24 Nov 2026, 16:00 – 17:00 (Europe/Berlin)",
		"The time changed in Calendar, and Grace Hopper, Charles Babbage, Annabella Byron-Milbanke and 1 other guest would hear of it", "its guests may get mail about it.",
		"School play", "Many deletions at once", "Sat 12 Dec 2026, all day · Aula", "It is deleted in Family"} {
		if !r.sees(s) {
			t.Errorf("the page does not say %q:\n%s", s, strings.Join(r.texts(), "\n"))
		}
	}
	r.tap("Keep")
	r.called("Decide drop h2")
	r.until("it is off the list", func() bool { return !r.sees("School play") && r.sees("Decisions (1)") })
	r.tap("Change the meeting")
	r.called("Decide apply h1")
	r.until("nothing waits", func() bool { return r.sees("Nothing waits for you") && r.sees("Decisions") && !r.sees("Decisions (") })
}

func TestHeldDeletionsAreDecidedTogether(t *testing.T) {
	r := decisions(t, func(w *pretend.World) {
		gone := w.Held[1]
		w.Held = nil
		for _, id := range []string{"d1", "d2"} {
			gone.ID = id
			w.Held = append(w.Held, gone)
		}
	})
	r.tap("Keep all 2")
	r.called("Decide drop d1 d2")
}

func TestAnAnswerForGuestsIsRemembered(t *testing.T) {
	r := decisions(t, nil)
	test.Tap(r.box("Always do this in “Work – Office”"))
	r.tap("Put the copy back")
	if !r.sees("Always put the copy back?") || !r.sees("Nobody gets mail, and you are not asked.") || len(r.engine.Calls()) != 0 {
		t.Fatalf("the window shows:\n%s", strings.Join(r.texts(), "\n"))
	}
	r.tap("Cancel")
	if len(r.engine.Calls()) != 0 {
		t.Errorf("cancelled, and yet: %q", r.engine.Calls())
	}
	r.tap("Put the copy back")
	r.tap("Always do this")
	r.called("Decide drop h1")
	r.called(m1 + ` guests="revert"`)
}

func TestAConflictShowsBothChanges(t *testing.T) {
	r := decisions(t, func(w *pretend.World) {
		w.Held = []state.Held{{ID: "c1", Since: now, Step: state.Step{Kind: state.Update, Mirror: "m1", Ref: pretend.Work, Title: "Tea", Held: state.HoldConflict, Groups: calendar.Groups{calendar.GroupPlace},
			Reason: "its place was changed on two sides", Before: calendar.Content{Place: "Garden"}, Want: calendar.Content{Place: "Kitchen"}}}}
	})
	if !r.sees("The earlier change") || !r.sees("The later change") || !r.sees("Garden") || !r.sees("Kitchen") {
		t.Errorf("the page shows:\n%s", strings.Join(r.texts(), "\n"))
	}
	always := r.box("Always take the later one in “Work – Office”")
	test.Tap(always)
	if !r.button("Take the earlier one").Disabled() {
		t.Error("a rule that there is not could be made")
	}
	test.Tap(always)
	r.tap("Take the earlier one")
	r.called("Decide drop c1")
}

// A calendar that was emptied by mistake holds up thousands: the page stays quick.
func TestThousandsOfHeldStepsMakeAShortPage(t *testing.T) {
	r := decisions(t, func(w *pretend.World) {
		gone := w.Held[1]
		w.Held = nil
		for i := range 3000 {
			gone.ID, gone.Step.Title = fmt.Sprint("d", i), fmt.Sprint("Lesson ", i)
			w.Held = append(w.Held, gone)
		}
	})
	if n := len(r.w.decide.body.Objects); n > maxCards+5 {
		t.Errorf("%d objects", n)
	}
	if !r.sees("Delete all 3,000") || !r.sees("and 2,950 more") {
		t.Errorf("the page shows:\n%s", strings.Join(r.texts()[:20], "\n"))
	}
}
