package googlesim

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// person is a bench with the series of a person in it: five Tuesdays at 10 in
// Berlin, from 3 March, the last after the change of the clocks.
func person(t *testing.T, switches ...func(*mailbox.GoogleSwitches)) (*bench, string) {
	t.Helper()
	b := newBench(t, switches...)
	id, err := b.server.AddSeries("primary", mailbox.Event{
		ID: "tues1", Title: "Stand-up", Place: "Room 1", Private: map[string]string{"twin": "t1"},
		Start:      mailbox.Moment{Local: "2026-03-03T10:00:00", Zone: "Europe/Berlin"},
		End:        mailbox.Moment{Local: "2026-03-03T10:30:00", Zone: "Europe/Berlin"},
		Recurrence: []string{"RRULE:FREQ=WEEKLY;INTERVAL=1;COUNT=5"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b, id
}

// view is what the person sees of the calendar in 2026: starts in UTC, titles.
func view2026(t *testing.T, b *bench) string {
	t.Helper()
	list, err := b.server.Agenda("primary", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, o := range list {
		out = append(out, o.Start.Format("0102T1504")+" "+o.Title)
	}
	return strings.Join(out, ", ")
}

const plain = "0303T0900 Stand-up, 0310T0900 Stand-up, 0317T0900 Stand-up, 0324T0900 Stand-up, 0331T0800 Stand-up"

func TestAPersonWorksWithASeries(t *testing.T) {
	const (
		second, fourth, fifth = "20260310T090000Z", "20260324T090000Z", "20260331T080000Z"
		head                  = "0303T0900 Stand-up, 0310T0900 Stand-up, 0317T0900 Stand-up"
	)
	retro := func(e *mailbox.Event) { e.Title = "Retro" }
	later := func(e *mailbox.Event) {
		e.Start.Local, e.End.Local = e.Start.Local[:11]+"12:00:00", e.Start.Local[:11]+"12:30:00"
	}
	for _, c := range []struct {
		name string
		act  func(*Server, string) error
		view string
		told string // by an increment
	}{
		{"drags one", func(s *Server, id string) error { return s.MoveOccurrence("primary", id, fifth, 25*time.Hour) },
			strings.Replace(plain, "0331T0800", "0401T0900", 1), "tues1_20260331T080000Z/confirmed"},
		{"drags one twice", func(s *Server, id string) error {
			return errors.Join(s.MoveOccurrence("primary", id, fourth, time.Hour), s.MoveOccurrence("primary", id, fourth, time.Hour))
		}, strings.Replace(plain, "0324T0900", "0324T1100", 1), "tues1_20260324T090000Z/confirmed"},
		{"edits one", func(s *Server, id string) error { return s.EditOccurrence("primary", id, second, retro) },
			strings.Replace(plain, "0310T0900 Stand-up", "0310T0900 Retro", 1), "tues1_20260310T090000Z/confirmed"},
		{"edits nothing", func(s *Server, id string) error {
			return s.EditOccurrence("primary", id, second, func(*mailbox.Event) {})
		}, plain, ""},
		{"cancels one", func(s *Server, id string) error { return s.CancelOccurrence("primary", id, second) },
			strings.Replace(plain, "0310T0900 Stand-up, ", "", 1), "tues1_20260310T090000Z/cancelled"},
		{"cancels one and takes it back", func(s *Server, id string) error {
			return errors.Join(s.CancelOccurrence("primary", id, second), s.RestoreOccurrence("primary", id, second))
		}, plain, "tues1_20260310T090000Z/confirmed"},
		{"renames all", func(s *Server, id string) error { return s.EditSeries("primary", id, retro) },
			strings.ReplaceAll(plain, "Stand-up", "Retro"), "tues1/confirmed"},
		{"moves all", func(s *Server, id string) error { return s.EditSeries("primary", id, later) },
			"0303T1100 Stand-up, 0310T1100 Stand-up, 0317T1100 Stand-up, 0324T1100 Stand-up, 0331T1000 Stand-up", "tues1/confirmed"},
		{"changes the zone of all", func(s *Server, id string) error {
			return s.EditSeries("primary", id, func(e *mailbox.Event) { e.Start.Zone, e.End.Zone = "America/New_York", "America/New_York" })
		}, "0303T1500 Stand-up, 0310T1400 Stand-up, 0317T1400 Stand-up, 0324T1400 Stand-up, 0331T1400 Stand-up", "tues1/confirmed"},
		{"changes the rule", func(s *Server, id string) error {
			return s.EditSeries("primary", id, func(e *mailbox.Event) { e.Recurrence = []string{"RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=2"} })
		}, "0303T0900 Stand-up, 0317T0900 Stand-up", "tues1/confirmed"},
		{"this and following, renamed", func(s *Server, id string) error { _, err := s.SplitSeries("primary", id, fourth, retro); return err },
			head + ", 0324T0900 Retro, 0331T0800 Retro", "tues1/confirmed tues1_R20260324T090000/confirmed"},
		{"this and following, later", func(s *Server, id string) error { _, err := s.SplitSeries("primary", id, fourth, later); return err },
			head + ", 0324T1100 Stand-up, 0331T1000 Stand-up", "tues1/confirmed tues1_R20260324T090000/confirmed"},
		{"this and following, twice", func(s *Server, id string) error {
			tail, err := s.SplitSeries("primary", id, fourth, retro)
			_, err2 := s.SplitSeries("primary", tail, fifth, func(e *mailbox.Event) { e.Title = "Party" })
			return errors.Join(err, err2)
		}, head + ", 0324T0900 Retro, 0331T0800 Party", "tues1/confirmed tues1_R20260324T090000/confirmed tues1_R20260331T080000/confirmed"},
		{"this and following from the first", func(s *Server, id string) error {
			tail, err := s.SplitSeries("primary", id, "20260303T090000Z", retro)
			if tail != id {
				err = fmt.Errorf("tail %q", tail)
			}
			return err
		}, strings.ReplaceAll(plain, "Stand-up", "Retro"), "tues1/confirmed"},
		{"deletes this and following", func(s *Server, id string) error { return s.DeleteFollowing("primary", id, fourth) }, head, "tues1/confirmed"},
		{"deletes all following", func(s *Server, id string) error { return s.DeleteFollowing("primary", id, "20260303T090000Z") }, "", "tues1/cancelled"},
		{"deletes all", func(s *Server, id string) error { return s.DeleteSeries("primary", id) }, "", "tues1/cancelled"},
		{"makes it one event", func(s *Server, id string) error { return s.ToSingle("primary", id) }, "0303T0900 Stand-up", "tues1/confirmed"},
		{"makes it one event and a series again", func(s *Server, id string) error {
			return errors.Join(s.ToSingle("primary", id), s.ToSeries("primary", id, "RRULE:FREQ=DAILY;COUNT=2"))
		}, "0303T0900 Stand-up, 0304T0900 Stand-up", "tues1/confirmed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, id := person(t)
			_, token := b.read("")
			if err := c.act(b.server, id); err != nil {
				t.Fatal(err)
			}
			if got := view2026(t, b); got != c.view {
				t.Errorf("the person sees\n %s\nwant\n %s", got, c.view)
			}
			wantRead(t, b, "syncToken="+token, c.told)
			// The API's own expansion shows the same instants.
			a := b.want(200, "GET", events+"?singleEvents=true&orderBy=startTime&timeZone=UTC", "")
			var starts []string
			for _, i := range a.items() {
				at := i["start"].(obj)["dateTime"].(string)
				starts = append(starts, strings.NewReplacer("-", "", ":", "").Replace(at[5:16])+" "+i["summary"].(string))
			}
			if got := strings.Join(starts, ", "); got != c.view {
				t.Errorf("singleEvents shows\n %s\nwant\n %s", got, c.view)
			}
			if n := len(b.box.Mails()); n != 0 {
				t.Errorf("%d mails", n)
			}
		})
	}
}

func TestThePartsOfASplitSeries(t *testing.T) {
	b, id := person(t)
	tail, err := b.server.SplitSeries("primary", id, "20260324T090000Z", func(e *mailbox.Event) { e.Title = "Retro" })
	if err != nil {
		t.Fatal(err)
	}
	if tail != "tues1_R20260324T090000" {
		t.Errorf("tail %s", tail)
	}
	head, rest := b.want(200, "GET", events+"/"+id, ""), b.want(200, "GET", events+"/"+tail, "")
	if got := fmt.Sprint(head.body["recurrence"]); got != "[RRULE:FREQ=WEEKLY;UNTIL=20260324T085959Z]" {
		t.Errorf("head: %s", got)
	}
	if got := fmt.Sprint(rest.body["recurrence"]); got != "[RRULE:FREQ=WEEKLY;COUNT=2]" {
		t.Errorf("tail: %s", got)
	}
	if rest.text("iCalUID") == head.text("iCalUID") || rest.text("extendedProperties", "private", "twin") != "t1" {
		t.Errorf("the tail has its own iCalUID and the head's private properties: %s", rest.raw)
	}
	a := b.want(200, "GET", events+"/"+tail+"/instances", "")
	wantItems(t, "instances without the _R part", a, "tues1_20260324T090000Z/confirmed tues1_20260331T080000Z/confirmed")
	if got := a.items()[0]["recurringEventId"]; got != tail {
		t.Errorf("recurringEventId %v", got)
	}
	b.want(200, "PATCH", events+"/tues1_20260331T080000Z", `{"location":"Attic"}`)
	if got := b.want(200, "GET", events+"/tues1_20260331T080000Z", ""); got.text("recurringEventId") != tail || got.text("summary") != "Retro" {
		t.Errorf("an exception of the tail: %s", got.raw)
	}
	list, err := b.server.Occurrences("primary", tail, time.Time{}.AddDate(2025, 0, 0), time.Time{}.AddDate(2026, 0, 0))
	if err != nil || len(list) != 2 || list[1].Slot != "20260331T080000Z" || list[1].Place != "Attic" || list[1].Series != tail {
		t.Errorf("the tail's occurrences: %+v, %v", list, err)
	}
}

func TestExceptionsWhenASeriesIsSplitOrCutShort(t *testing.T) {
	const fourth, fifth = "20260324T090000Z", "20260331T080000Z"
	shift := func(e *mailbox.Event) { e.Start.Local, e.End.Local = "2026-03-24T12:00:00", "2026-03-24T12:30:00" }
	for _, c := range []struct {
		name       string
		keeps      bool
		act        func(*Server, string) error
		view, told string
	}{
		{"split: reset", false, func(s *Server, id string) error { _, err := s.SplitSeries("primary", id, fourth, nil); return err },
			"0324T0900 Stand-up, 0331T0800 Stand-up", "tues1/confirmed tues1_R20260324T090000/confirmed"},
		{"split: handed over", true, func(s *Server, id string) error { _, err := s.SplitSeries("primary", id, fourth, nil); return err },
			"0331T0800 Retro", "tues1/confirmed tues1_R20260324T090000/confirmed tues1_20260324T090000Z/cancelled tues1_20260331T080000Z/confirmed"},
		{"split to another time", true, func(s *Server, id string) error { _, err := s.SplitSeries("primary", id, fourth, shift); return err },
			"0324T1100 Stand-up, 0331T1000 Stand-up", "tues1/confirmed tues1_R20260324T090000/confirmed tues1_20260331T080000Z/cancelled"},
		{"deleted from there on", false, func(s *Server, id string) error { return s.DeleteFollowing("primary", id, fourth) },
			"", "tues1/confirmed tues1_20260331T080000Z/cancelled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, id := person(t, func(s *mailbox.GoogleSwitches) { s.SplitKeepsExceptions = c.keeps })
			err := errors.Join(b.server.CancelOccurrence("primary", id, fourth),
				b.server.EditOccurrence("primary", id, fifth, func(e *mailbox.Event) { e.Title = "Retro" }))
			_, token := b.read("")
			if err = errors.Join(err, c.act(b.server, id)); err != nil {
				t.Fatal(err)
			}
			want := strings.TrimSuffix("0303T0900 Stand-up, 0310T0900 Stand-up, 0317T0900 Stand-up, "+c.view, ", ")
			if got := view2026(t, b); got != want {
				t.Errorf("the person sees\n %s\nwant\n %s", got, want)
			}
			wantRead(t, b, "syncToken="+token, c.told)
		})
	}
}

func TestAPersonSplitsAllDaySeriesAndExtraDates(t *testing.T) {
	b := newBench(t)
	id, err := b.server.AddSeries("primary", mailbox.Event{ID: "dai1s", Title: "Trip",
		Start: mailbox.Moment{Date: "2026-03-03"}, End: mailbox.Moment{Date: "2026-03-05"},
		Recurrence: []string{"RRULE:FREQ=WEEKLY;UNTIL=20260324", "RDATE;VALUE=DATE:20260305,20260326", "EXDATE;VALUE=DATE:20260317"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := view2026(t, b); got != "0303T0000 Trip, 0305T0000 Trip, 0310T0000 Trip, 0324T0000 Trip, 0326T0000 Trip" {
		t.Errorf("before: %s", got)
	}
	if err := b.server.MoveOccurrence("primary", id, "20260310", 48*time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := b.server.MoveOccurrence("primary", id, "20260310", time.Hour); !errors.Is(err, mailbox.ErrRefused) {
		t.Errorf("by an hour: %v", err)
	}
	tail, err := b.server.SplitSeries("primary", id, "20260324", func(e *mailbox.Event) { e.Title = "Tour" })
	if err != nil || tail != "dai1s_R20260324" {
		t.Fatalf("tail %s, %v", tail, err)
	}
	if got := view2026(t, b); got != "0303T0000 Trip, 0305T0000 Trip, 0312T0000 Trip, 0324T0000 Tour, 0326T0000 Tour" {
		t.Errorf("after: %s", got)
	}
	wantItems(t, "the tail", b.want(200, "GET", events+"/"+tail+"/instances", ""), "dai1s_20260324/confirmed dai1s_20260326/confirmed")
}

func TestWhatAPersonCannotDo(t *testing.T) {
	b, id := person(t)
	s := b.server
	nothing := func(*mailbox.Event) {}
	_, noRule := s.AddSeries("primary", mailbox.Event{Start: mailbox.Moment{Date: "2026-03-03"}, End: mailbox.Moment{Date: "2026-03-04"}})
	_, noSlot := s.SplitSeries("primary", id, "20260311T090000Z", nothing)
	for name, c := range map[string]struct{ got, want error }{
		"another calendar":      {s.DeleteSeries("none", id), mailbox.ErrNoCalendar},
		"another series":        {s.EditSeries("primary", "none", nothing), mailbox.ErrNoEvent},
		"no occurrence there":   {s.CancelOccurrence("primary", id, "20260311T090000Z"), mailbox.ErrNoOccurrence},
		"no slot at all":        {s.CancelOccurrence("primary", id, "soon"), mailbox.ErrNoOccurrence},
		"a split between slots": {noSlot, mailbox.ErrNoOccurrence},
		"a series without rule": {noRule, mailbox.ErrRefused},
		"a rule for one":        {s.EditOccurrence("primary", id, "20260310T090000Z", func(e *mailbox.Event) { e.Recurrence = []string{"RRULE:FREQ=DAILY"} }), mailbox.ErrRefused},
		"a bad rule":            {s.ToSeries("primary", id, "RRULE:FREQ=SOMETIMES"), mailbox.ErrRefused},
		"back what is there":    {s.RestoreOccurrence("primary", id, "20260310T090000Z"), mailbox.ErrNoOccurrence},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	if got := view2026(t, b); got != plain {
		t.Errorf("something changed: %s", got)
	}
}
