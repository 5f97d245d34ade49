package pages

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/window/pretend"
)

// speakGerman has a test speak German.
func speakGerman(t *testing.T) {
	t.Helper()
	assets.Speak("de")
	t.Cleanup(func() { assets.Speak("en") })
}

func TestRulesInGermanWords(t *testing.T) {
	speakGerman(t)
	for _, c := range []struct{ rule, want string }{
		{"FREQ=DAILY;INTERVAL=3;COUNT=1", "alle 3 Tage, einmal"},
		{"FREQ=WEEKLY;COUNT=8;BYDAY=TU,TH", "jede Woche am Di und Do, 8-mal"},
		{"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU,WE,TH,FR", "alle 2 Wochen montags bis freitags"},
		{"FREQ=MONTHLY;BYMONTHDAY=1,22", "jeden Monat am 1. und 22."},
		{"FREQ=MONTHLY;BYDAY=3FR", "jeden Monat am 3. Fr"},
		{"FREQ=MONTHLY;BYSETPOS=-2;BYDAY=MO,TU,WE,TH,FR", "jeden Monat am vorletzten Werktag"},
		{"FREQ=MONTHLY;BYMONTHDAY=-5", "jeden Monat am 5.-letzten Tag"},
		{"FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "jedes Jahr am letzten So im März"},
		{"FREQ=WEEKLY;UNTIL=20261201", "jede Woche, bis Di, 1. Dezember 2026"},
	} {
		w := calendar.When{Start: calendar.Time{Local: "2026-11-24"}, Recurrence: calendar.Recurrence{Rules: []string{"RRULE:" + c.rule}}}
		if got := repeatText(w); got != c.want {
			t.Errorf("%s: %q, want %q", c.rule, got, c.want)
		}
	}
}

func TestComposedLinesInGerman(t *testing.T) {
	speakGerman(t)
	moved := state.Step{Kind: state.Update, Groups: calendar.Groups{calendar.GroupWhen, calendar.GroupPlace}}
	filtered := state.Mapping{Detail: state.Everything}
	if err := set(&filtered, "filter.days", "mon-wed,sun"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ got, want string }{
		{happened(state.HistoryEntry{Kind: state.Update, Outcome: state.Done, Groups: moved.Groups}, "Arbeit"), "In Arbeit geändert: Zeit und Ort"},
		{stepWords(moved, "Arbeit"), "In Arbeit ändern: Zeit und Ort"},
		{filtersLine(filtered), "nichts Abgelehntes, Mo–Mi, So"},
		{groupText(calendar.GroupReminders, calendar.Content{Reminders: calendar.Reminders{Before: []time.Duration{10 * time.Minute, 24 * time.Hour}}}), "10 Min. vorher, 1 Tag vorher"},
		{groupText(calendar.GroupWhen, calendar.Content{When: calendar.When{Start: date("2026-12-12"), End: date("2026-12-13")}}), "Sa, 12. Dezember 2026, ganztägig"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestWhatTheEngineSaysIsGermanToo(t *testing.T) {
	speakGerman(t)
	world := pretend.Lively(now)
	world.Status.Faces.Language = "de"
	world.Status.Activity, world.Status.Summary = control.Fine, "All is well: 128 events alike"
	world.Status.Problems = []control.ProblemNote{{Account: "a", What: "Google cannot be reached for ada@home.example (EOF)", WayOut: "Check the network; Twinday tries again by itself.", Since: now}}
	world.History = []state.HistoryEntry{{Seq: 1, Time: now, Kind: state.Update, Outcome: state.Done, Title: "Tea", Groups: calendar.Groups{calendar.GroupPlace},
		Ref: state.Ref{Account: "a", Calendar: "b"}, Why: "place changed in “Work”; failed: still under way"}}
	r := rigUp(t, world, Options{})
	r.until("the status", func() bool { return r.w.known })
	for _, want := range []string{"Alles gut: 128 Termine sind gleich", "Google ist für ada@home.example nicht zu erreichen (EOF)", "Prüfe das Netzwerk"} {
		if !r.sees(want) {
			t.Errorf("the page does not say %q:\n%q", want, r.texts())
		}
	}
	r.w.show(2)
	r.until("the history", func() bool { return r.sees("Ort in „Work“ geändert; fehlgeschlagen: noch im Gange") })
}

func TestHomeIsGerman(t *testing.T) {
	speakGerman(t)
	world := pretend.Lively(now)
	world.Status.Faces.Language = "de"
	r := rigUp(t, world, Options{})
	for _, want := range []string{"Di, 24. Nov. – Mo, 30. Nov.", "in mehreren Kalendern", "Aktivität", "Änderungen", "Letzte 14 Tage: 85 Änderungen (am meisten am Do, 19. Nov.: 31), 9.942 Anfragen"} {
		r.until(want, func() bool { return r.sees(want) })
	}
	r.meeting("Choir").tapped()
	for _, want := range []string{"Sein Verlauf", "Warum ist das hier?", "sein Ursprung"} {
		if !r.sees(want) {
			t.Errorf("the card does not say %q:\n%q", want, r.texts())
		}
	}
}

// German words are longer, and half of a small screen is narrow.
func TestPagesFitIntoANarrowWindow(t *testing.T) {
	speakGerman(t)
	world := pretend.Lively(now)
	world.Status.Faces.Language = "de"
	r := rigUp(t, world, Options{})
	r.until("the calendars' names", func() bool { return r.w.calendars != nil })
	for i := range r.w.pages {
		r.w.show(i)
		if got := r.w.win.Content().MinSize().Width; got > 650 {
			t.Errorf("with page %d the window wants to be %.0f wide", i, got)
		}
	}
	r.w.win.Resize(fyne.NewSize(650, 450))
	r.w.show(1)
	r.visible(func(o fyne.CanvasObject) {
		if l, ok := o.(*widget.Label); ok && l.Text == "Calendar" && l.Size().Width < 100 {
			t.Errorf("a calendar's name has %.0f", l.Size().Width)
		}
	})
}
