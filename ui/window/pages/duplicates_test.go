package pages

import (
	"testing"

	"fyne.io/fyne/v2/test"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/ui/window/pretend"
)

func TestDuplicatesAreShownAndRemoved(t *testing.T) {
	r := accounts(t)
	r.w.duplicates(r.w.status.Mirrors[0].Mirror)
	r.until("what is there twice", func() bool { return r.sees("Remove 2 events") })
	for _, s := range []string{"Stand-up", "stays", "Work · made Thu 15 Oct 2026 · linked with other calendars", "goes", "1 copy elsewhere goes with it",
		"has guests, too", "Left alone", "Another Twinday made this copy, and its event cannot be found"} {
		if !r.sees(s) {
			t.Errorf("the dialog does not say %q", s)
		}
	}
	boxes := r.checks()
	test.Tap(boxes[len(boxes)-1])
	r.tap("Remove 1 event")
	r.called(`CleanUp {"mirror":"m1","groups":["g1"]}`)
	r.until("how it went", func() bool {
		return r.sees("2 events were removed.") && r.sees("To bring them back: twinday undo --pass 483")
	})
	r.tap("Show in History")
	if r.w.shown != 2 || len(r.w.popups) != 0 {
		t.Errorf("page %d is shown, and %d dialogs", r.w.shown, len(r.w.popups))
	}
}

func TestWhatWasNotRemovedIsTold(t *testing.T) {
	r := accounts(t)
	r.w.cleanedUp(control.Report{Pass: 7, Failed: 1, Held: 2})
	if !r.sees("0 events were removed.") || !r.sees("1 step failed; History says why.") || !r.sees("2 changes wait for your decision.") || r.sees("twinday undo") {
		t.Errorf("the window shows %q", r.texts())
	}
}

func TestNothingIsThereTwice(t *testing.T) {
	r := lively(t)
	r.w.duplicates(r.w.status.Mirrors[0].Mirror)
	r.until("that nothing is", func() bool { return r.sees("Nothing is there twice.") })
	if r.sees("Remove") {
		t.Error("nothing can be removed")
	}
}

func TestAMirrorIsTakenOver(t *testing.T) {
	r := rigUp(t, pretend.Accounts(now), Options{})
	const watching = "Only watching: another Twinday (7f3a9c) keeps this mirror. It was at work 3 minutes ago."
	r.until("that it only watches", func() bool { return r.sees(watching) })
	r.tap("Calendars")
	if !r.sees(watching) {
		t.Error("the page of the mirrors does not say so")
	}
	r.tap("Take over…")
	r.tap("Cancel")
	if got := r.engine.Calls(); len(got) != 0 {
		t.Errorf("cancelled, and yet: %q", got)
	}
	r.tap("Take over…")
	r.tap("Take over")
	r.called("TakeOver m2")
	r.until("that it watches no more", func() bool { return !r.sees(watching) })
}
