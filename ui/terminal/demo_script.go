package terminal

import (
	"errors"
	"strings"
	"time"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/providers/calendar"
)

// demoEdit is one thing that a person does elsewhere, in the service's own web
// page or on a telephone, and what must be so after the next pass.
type demoEdit struct {
	what   string
	side   int
	do     func(*demoRun) error
	expect []expectation
}

// expectation is a meeting that a side must show, or with gone must not.
type expectation struct {
	side  int
	event DemoEvent // Notes and Place only if given
	gone  bool
}

// unmet says what is not as expected, empty if all is.
func (x expectation) unmet(events []DemoEvent) string {
	for _, e := range events {
		if sightOf(e) != sightOf(x.event) {
			continue
		}
		switch {
		case x.gone:
			return assets.Text("“{{.Title}}” is still there", "Title", e.Title)
		case !strings.Contains(e.Notes, x.event.Notes):
			return assets.Text("“{{.Title}}” has other notes", "Title", e.Title)
		case x.event.Place != "" && e.Place != x.event.Place:
			return assets.Text("“{{.Title}}” has another place", "Title", e.Title)
		}
		return ""
	}
	if x.gone {
		return ""
	}
	return assets.Text("“{{.Title}}” is not there", "Title", x.event.Title)
}

// demoScript is what happens in the demo: all that people do to meetings, on
// both sides, to originals and to copies, first to single ones, then to series.
func demoScript(now time.Time, zone string) []demoEdit {
	loc, err := calendar.LoadZone(zone)
	if err != nil {
		loc = time.UTC
	}
	days := demoDays{now.In(loc)}
	return append(singlesScript(days), seriesScript(days)...)
}

// demoDays are the days around now, in the zone of the demo's people.
type demoDays struct{ now time.Time }

// day is n days from now, on to Monday if that is a weekend.
func (d demoDays) day(n int) time.Time {
	t := time.Date(d.now.Year(), d.now.Month(), d.now.Day()+n, 0, 0, 0, 0, d.now.Location())
	for t.Weekday() == time.Saturday || t.Weekday() == time.Sunday {
		t = t.AddDate(0, 0, 1)
	}
	return t
}

// timed is a meeting of some minutes on a day.
func timed(title string, on time.Time, hour, minute, minutes int) DemoEvent {
	loc := on.Location()
	start := time.Date(on.Year(), on.Month(), on.Day(), hour, minute, 0, 0, loc)
	return DemoEvent{Title: title,
		Start: calendar.At(start, loc), End: calendar.At(start.Add(time.Duration(minutes)*time.Minute), loc)}
}

// allDay is an all-day meeting of one day.
func allDay(title string, on time.Time) DemoEvent {
	return DemoEvent{Title: title,
		Start: calendar.Date(on.Year(), on.Month(), on.Day()), End: calendar.Date(on.Year(), on.Month(), on.Day()+1)}
}

func is(side int, e DemoEvent) expectation   { return expectation{side: side, event: e} }
func gone(side int, e DemoEvent) expectation { return expectation{side: side, event: e, gone: true} }

// singlesScript is what happens to single meetings.
func singlesScript(d demoDays) []demoEdit {
	day := d.day
	dentist := timed("Dentist at the old bridge", day(1), 10, 0, 45)
	moved := timed(dentist.Title, day(1), 11, 30, 45)
	both := timed("Dentist (bring the card)", day(1), 11, 30, 45)
	both.Place = "Bridge Street 3"
	interview := timed("Interview with Ada", day(2), 14, 0, 60)
	renamed := timed("Interview with Ada Lovelace", day(2), 14, 0, 60)
	noted := renamed
	noted.Notes = "Ask about the engine."
	off := day(7)
	dayOff := allDay("Day off in the garden", off)
	longer := dayOff
	longer.End = calendar.Date(off.Year(), off.Month(), off.Day()+2)

	return []demoEdit{
		{assets.Text("adds {{.Title}}", "Title", dentist.Title), atHome, adds(atHome, dentist), []expectation{is(atWork, dentist)}},
		{assets.Text("adds {{.Title}}", "Title", interview.Title), atWork, adds(atWork, interview), []expectation{is(atHome, interview)}},
		{assets.Text("moves it to 11:30"), atHome, edits(atHome, dentist, func(e *DemoEvent) { e.Start, e.End = moved.Start, moved.End }),
			[]expectation{is(atWork, moved), gone(atWork, dentist)}},
		{assets.Text("renames the interview"), atWork, edits(atWork, interview, func(e *DemoEvent) { e.Title = renamed.Title }),
			[]expectation{is(atHome, renamed), gone(atHome, interview)}},
		{assets.Text("adds notes to the copy"), atHome, edits(atHome, renamed, func(e *DemoEvent) { e.Notes = noted.Notes }),
			[]expectation{is(atWork, noted)}},
		{assets.Text("adds {{.Title}}", "Title", dayOff.Title), atHome, adds(atHome, dayOff), []expectation{is(atWork, dayOff)}},
		{assets.Text("makes the copy of it a day longer"), atWork, edits(atWork, dayOff, func(e *DemoEvent) { e.End = longer.End }),
			[]expectation{is(atHome, longer)}},
		{assets.Text("renames it, as home sets its place"), atWork, together(
			edits(atWork, moved, func(e *DemoEvent) { e.Title = both.Title }),
			edits(atHome, moved, func(e *DemoEvent) { e.Place = both.Place })),
			[]expectation{is(atHome, both), is(atWork, both)}},
		{assets.Text("deletes the dentist"), atHome, deletes(atHome, both), []expectation{gone(atWork, both)}},
		{assets.Text("deletes the copy of the day off"), atWork, deletes(atWork, longer), []expectation{gone(atHome, longer)}},
	}
}

func adds(side int, e DemoEvent) func(*demoRun) error {
	return func(d *demoRun) error {
		id, err := d.sides[side].Add(e)
		if err == nil {
			d.born[side][id] = true
		}
		return err
	}
}

func edits(side int, e DemoEvent, change func(*DemoEvent)) func(*demoRun) error {
	return func(d *demoRun) error {
		id, err := d.find(side, e)
		if err != nil {
			return err
		}
		return d.sides[side].Edit(id, change)
	}
}

// deletes takes an event away, and its original on the other side from those
// that must stay.
func deletes(side int, e DemoEvent) func(*demoRun) error {
	return func(d *demoRun) error {
		id, err := d.find(side, e)
		if err != nil {
			return err
		}
		delete(d.born[side], id)
		if id, err := d.find(1-side, e); err == nil {
			delete(d.born[1-side], id)
		}
		return d.sides[side].Delete(id)
	}
}

func together(all ...func(*demoRun) error) func(*demoRun) error {
	return func(d *demoRun) error {
		for _, f := range all {
			if err := f(d); err != nil {
				return err
			}
		}
		return nil
	}
}

// find is the id of the event that looks like e.
func (d *demoRun) find(side int, e DemoEvent) (string, error) {
	for _, x := range d.sides[side].Events() {
		if sightOf(x) == sightOf(e) {
			return x.ID, nil
		}
	}
	return "", errors.New(assets.Text("{{.Side}} does not hold “{{.Title}}”", "Side", d.sides[side].Name(), "Title", e.Title))
}
