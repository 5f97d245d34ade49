package terminal

import (
	"errors"
	"fmt"
	"time"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/providers/calendar"
)

// seriesScript is what happens to series: a weekly one born at home, a monthly
// one born at work, and one with a rule that Outlook cannot hold.
func seriesScript(d demoDays) []demoEdit {
	first := d.day(3)
	for first.Weekday() != time.Tuesday {
		first = first.AddDate(0, 0, 1)
	}
	const runs = 12
	run := func(n int, title string, minutesLater int) DemoEvent { // the nth time, from 0: Tuesdays and Thursdays
		return timed(title, first.AddDate(0, 0, 7*(n/2)+2*(n%2)), 18, 30+minutesLater, 60)
	}
	const alone, both = "Running with Jo", "Running with Jo and Kim"

	// The last Friday of the nth month from the one after this.
	review := func(n int, title string) DemoEvent {
		t := time.Date(d.now.Year(), d.now.Month()+time.Month(n)+2, 0, 0, 0, 0, 0, d.now.Location())
		for t.Weekday() != time.Friday {
			t = t.AddDate(0, 0, -1)
		}
		return timed(title, t, 15, 0, 45)
	}
	const look = "Month in review"
	dayEarlier := func(e DemoEvent) DemoEvent { return dragged(e, -24*time.Hour) }

	// The 1st and 15th of the months after this: in Outlook each is an event of its own.
	const palms = "Palms"
	water := func(n int) DemoEvent {
		return allDay(palms, time.Date(d.now.Year(), d.now.Month()+time.Month(n/2)+1, 1+n%2*14, 0, 0, 0, 0, d.now.Location()))
	}
	watered := func(n int) DemoEvent { return dragged(water(n), 24*time.Hour) }

	return []demoEdit{
		{assets.Text("adds {{.Title}}, Tue and Thu", "Title", alone), atHome, repeats(atHome, run(0, alone, 0), fmt.Sprintf("RRULE:FREQ=WEEKLY;COUNT=%d;BYDAY=TU,TH", runs)),
			[]expectation{is(atWork, run(0, alone, 0)), is(atWork, run(1, alone, 0)), is(atWork, run(runs-1, alone, 0)), gone(atWork, run(runs, alone, 0))}},
		{assets.Text("drags its 2nd time an hour later"), atWork, drags(atWork, run(1, alone, 0), time.Hour),
			[]expectation{is(atHome, run(1, alone, 60)), gone(atHome, run(1, alone, 0)), is(atHome, run(2, alone, 0))}},
		{assets.Text("cancels the 3rd time"), atHome, cancels(atHome, run(2, alone, 0)),
			[]expectation{gone(atWork, run(2, alone, 0)), is(atWork, run(3, alone, 0)), is(atWork, run(1, alone, 60))}},
		{assets.Text("renames all of it"), atWork, renamesAll(atWork, run(0, alone, 0), both),
			[]expectation{is(atHome, run(0, both, 0)), is(atHome, run(1, both, 60)), gone(atHome, run(2, both, 0)), is(atHome, run(runs-1, both, 0)), gone(atHome, run(3, alone, 0))}},
		{assets.Text("starts earlier from the 5th on"), atHome, splits(atHome, run(4, both, 0), -30*time.Minute),
			[]expectation{is(atWork, run(3, both, 0)), is(atWork, run(4, both, -30)), is(atWork, run(runs-1, both, -30)), gone(atWork, run(4, both, 0)), gone(atWork, run(runs, both, -30))}},

		{assets.Text("adds {{.Title}}, last Fridays", "Title", look), atWork, repeats(atWork, review(0, look), "RRULE:FREQ=MONTHLY;BYDAY=-1FR"),
			[]expectation{is(atHome, review(0, look)), is(atHome, review(4, look))}},
		{assets.Text("ends it before the 5th time"), atWork, ends(atWork, review(4, look)),
			[]expectation{is(atHome, review(3, look)), gone(atHome, review(4, look))}},
		{assets.Text("drags the copy's 2nd to Thursday"), atHome, drags(atHome, review(1, look), -24*time.Hour),
			[]expectation{is(atWork, dayEarlier(review(1, look))), gone(atWork, review(1, look)), is(atWork, review(2, look))}},

		{assets.Text("adds {{.Title}}, 1st and 15th", "Title", palms), atHome, repeats(atHome, water(0), "RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15;COUNT=6"),
			[]expectation{is(atWork, water(0)), is(atWork, water(5)), gone(atWork, water(6))}},
		{assets.Text("moves its 2nd copy to the next day"), atWork, drags(atWork, water(1), 24*time.Hour),
			[]expectation{is(atHome, watered(1)), gone(atHome, water(1)), is(atHome, water(2))}},
		{assets.Text("deletes all of it"), atHome, deletes(atHome, water(0)),
			[]expectation{gone(atWork, water(0)), gone(atWork, watered(1)), gone(atWork, water(5))}},
	}
}

// dragged is the event moved by the wall clock, whole days if it is all-day.
func dragged(e DemoEvent, by time.Duration) DemoEvent {
	move := func(t calendar.Time) calendar.Time {
		at, err := t.Instant()
		if err != nil {
			return t // the script's own times are good
		}
		if t.IsDate() {
			at = at.Add(by)
			return calendar.Date(at.Year(), at.Month(), at.Day())
		}
		loc, err := calendar.LoadZone(t.Zone)
		if err != nil {
			return t
		}
		at = at.In(loc)
		return calendar.At(time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), int(by/time.Second), 0, loc), loc)
	}
	e.Start, e.End = move(e.Start), move(e.End)
	return e
}

// repeats adds a series that begins with e.
func repeats(side int, e DemoEvent, rule string) func(*demoRun) error {
	return func(d *demoRun) error {
		id, err := d.sides[side].AddSeries(e, rule)
		if err == nil {
			d.born[side][id] = true
		}
		return err
	}
}

// onSeries does something to the series that shows e, at that occurrence.
func onSeries(side int, e DemoEvent, f func(d *demoRun, s DemoSide, id, slot string) error) func(*demoRun) error {
	return func(d *demoRun) error {
		for _, x := range d.agenda(side) {
			if x.Slot != "" && sightOf(x) == sightOf(e) {
				return f(d, d.sides[side], x.ID, x.Slot)
			}
		}
		return errors.New(assets.Text("no series on {{.Side}} shows “{{.Title}}”", "Side", d.sides[side].Name(), "Title", e.Title))
	}
}

// drags moves a meeting by the wall clock: one occurrence of a series, or what
// stands for it where the series could not be held.
func drags(side int, e DemoEvent, by time.Duration) func(*demoRun) error {
	return func(d *demoRun) error {
		if _, err := d.find(side, e); err == nil {
			to := dragged(e, by)
			return edits(side, e, func(e *DemoEvent) { e.Start, e.End = to.Start, to.End })(d)
		}
		return onSeries(side, e, func(_ *demoRun, s DemoSide, id, slot string) error { return s.MoveOccurrence(id, slot, by) })(d)
	}
}

func cancels(side int, e DemoEvent) func(*demoRun) error {
	return onSeries(side, e, func(_ *demoRun, s DemoSide, id, slot string) error { return s.CancelOccurrence(id, slot) })
}

func renamesAll(side int, e DemoEvent, title string) func(*demoRun) error {
	return onSeries(side, e, func(_ *demoRun, s DemoSide, id, _ string) error { return s.RenameSeries(id, title) })
}

func splits(side int, e DemoEvent, by time.Duration) func(*demoRun) error {
	return onSeries(side, e, func(d *demoRun, s DemoSide, id, slot string) error {
		tail, err := s.SplitSeries(id, slot, by)
		if err == nil {
			d.born[side][tail] = true
		}
		return err
	})
}

func ends(side int, e DemoEvent) func(*demoRun) error {
	return onSeries(side, e, func(_ *demoRun, s DemoSide, id, slot string) error { return s.DeleteFollowing(id, slot) })
}
