package terminal

import (
	"slices"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/providers/calendar"
)

// judgeSafety counts what may never happen, on the simulators' own data.
func (d *demoRun) judgeSafety() {
	shown := [2][]DemoEvent{d.agenda(atHome), d.agenda(atWork)}
	var born [2][]DemoEvent
	for i := range d.sides {
		for _, e := range shown[i] {
			if d.born[i][e.ID] {
				born[i] = append(born[i], e)
			}
		}
	}
	d.sum.Sides, d.sum.Duplicates, d.sum.Mails, d.sum.Unknown = nil, 0, 0, 0
	for i, s := range d.sides {
		c, events := s.Counts(), s.Events()
		t := DemoTail{Name: s.Name(), Shown: len(shown[i]), Lost: len(d.born[i]), Mails: c.Mails, Unknown: list(c.Unknown),
			Duplicates: countDuplicates(shown[i], born[i], born[1-i])}
		if d.reshaped {
			t.Duplicates = 0
		}
		t.Events, t.Series = tallyKinds(events)
		for _, e := range events {
			if d.born[i][e.ID] {
				t.Lost--
			}
		}
		d.sum.Sides = append(d.sum.Sides, t)
		d.sum.Duplicates += t.Duplicates
		d.sum.Mails += t.Mails
		d.sum.Unknown += len(t.Unknown)
		for _, u := range t.Unknown {
			d.wrong(assets.Text("{{.Side}} does not know what it was asked: {{.Request}}", "Side", t.Name, "Request", u))
		}
		if t.Duplicates > 0 {
			d.wrong(assets.Count("{{.Side}} holds {{.N}} duplicates", t.Duplicates, "Side", t.Name))
		}
		if t.Mails > 0 {
			d.wrong(assets.Count("{{.Side}} would have sent {{.N}} mails", t.Mails, "Side", t.Name))
		}
	}
	d.sum.LeftAlone = len(d.skipped)
}

// sureDays are the days around now that every provider sees whatever its
// window's exact edges: the design's window is 30 days back and 400 on.
const sureBack, sureOn = 29, 398

// judge is judgeSafety, and that both sides hold the same and are at rest.
func (d *demoRun) judge() {
	d.judgeSafety()
	for i, s := range d.sides {
		t, other := &d.sum.Sides[i], d.sides[1-i]
		if t.Lost > 0 {
			d.wrong(assets.Count("{{.Side}} lost {{.N}} events that a person made", t.Lost, "Side", t.Name))
		}
		gone := missing(d.wanted(1-i), d.agenda(i))
		gone = slices.DeleteFunc(gone, func(e DemoEvent) bool {
			differed := d.linked[1-i][e.ID] && d.apart[1-i][sightOf(e)]
			if differed {
				d.sum.Differing++
			}
			return differed
		})
		t.Missing = len(gone)
		for _, e := range gone[:min(len(gone), 5)] {
			d.wrong(assets.Text("{{.Side}} does not hold “{{.Title}}” ({{.When}}) as {{.Other}} does",
				"Side", t.Name, "Title", e.Title, "When", whenWords(calendar.When{Start: e.Start, End: e.End}), "Other", other.Name()))
		}
		if n := len(gone) - 5; n > 0 {
			d.wrong(assets.Count("{{.Side}} lacks {{.N}} more of what {{.Other}} holds", n, "Side", t.Name, "Other", other.Name()))
		}
		d.sum.LastPassWrites += s.Counts().Writes - d.writes[i]
	}
	if n := d.sum.Differing; n > 0 {
		d.note(assets.Count("{{.N}} meetings are left as they were: both sides held their events before, and differently", n))
	}
	if d.sum.LastPassWrites > 0 {
		d.wrong(assets.Text("the last pass had nothing to do and wrote all the same"))
	}
	if d.sum.Failed > 0 {
		d.wrong(assets.Count("{{.N}} steps failed", d.sum.Failed))
	}
}

// privateTitle is what the copy of a private event is called: the two are the same
// meeting under this one title.
const privateTitle = "Busy"

// agenda is what a side's calendar shows on the days that every provider sees.
func (d *demoRun) agenda(side int) []DemoEvent {
	now := d.Now()
	shown, err := d.sides[side].Agenda(now.AddDate(0, 0, -sureBack), now.AddDate(0, 0, sureOn))
	if err != nil {
		d.wrong(assets.Text("{{.Side}} does not show its calendar: {{.Why}}", "Side", d.sides[side].Name(), "Why", err))
	}
	whole := map[string]DemoEvent{}
	for _, e := range d.sides[side].Events() {
		whole[e.ID] = e
	}
	for i := range shown {
		e := &shown[i]
		e.Notes, e.Apart, e.Private = whole[e.ID].Notes, whole[e.ID].Apart, whole[e.ID].Private
		if e.Private {
			e.Title = privateTitle
		}
	}
	return shown
}

// wanted are the meetings of a side that must be on the other side too.
func (d *demoRun) wanted(side int) []DemoEvent {
	now := d.Now()
	from, to := now.AddDate(0, 0, -sureBack), now.AddDate(0, 0, sureOn)
	return slices.DeleteFunc(d.agenda(side), func(e DemoEvent) bool {
		start, err := e.Start.Instant()
		end, err2 := e.End.Instant()
		return e.Apart || d.left[side][e.ID] || err != nil || err2 != nil || start.Before(from) || end.After(to)
	})
}
