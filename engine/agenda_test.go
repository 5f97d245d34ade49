package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// agenda is a week from Monday 9 March 2026, a line for each meeting.
func (b *bench) agenda() (lines []string) {
	b.Helper()
	from := time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)
	a, err := b.face.Agenda(b.Context(), control.AgendaQuery{From: from, To: from.AddDate(0, 0, 7)})
	if err != nil || a.More {
		b.Fatalf("%+v, %v", a, err)
	}
	for _, x := range a.Entries {
		line := x.Start.Local + " " + x.Title
		for _, p := range x.Places {
			line += " " + string(p.Ref.Account)
			if p.Home {
				line += "*"
			}
			if p.Title != x.Title {
				line += " as " + p.Title
			}
			if p.Detail != "" {
				line += " " + string(p.Detail)
			}
		}
		lines = append(lines, line)
	}
	return lines
}

func same(t testing.TB, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n%s\nwant:\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestTheAgendaShowsEachMeetingOnce(t *testing.T) {
	b := newBench(t)
	b.sets(func(m *state.Mirror) {
		m.Mappings = []state.PairMapping{{From: refA, Mapping: state.Mapping{Version: state.MappingVersion, Detail: state.BusyOnly}}}
	})
	b.a.add("Lunch") // on Wednesday 11 March, at nine
	b.a.add("Stand-up", func(e *calendar.Event) {
		e.Content.When = calendar.When{Start: calendar.Time{Local: "2026-03-02T08:00:00", Zone: "UTC"}, End: calendar.Time{Local: "2026-03-02T08:15:00", Zone: "UTC"},
			Recurrence: calendar.Recurrence{Rules: []string{"RRULE:FREQ=DAILY;COUNT=10"}}}
		moved := calendar.Time{Local: "2026-03-10T08:00:00", Zone: "UTC"}
		off := calendar.Time{Local: "2026-03-09T08:00:00", Zone: "UTC"}
		e.Overrides = calendar.WithOverride(nil, moved.Slot(), calendar.Override{Original: moved, Changed: calendar.Groups{calendar.GroupWhen},
			Content: calendar.Content{When: calendar.When{Start: calendar.Time{Local: "2026-03-13T17:00:00", Zone: "UTC"}, End: calendar.Time{Local: "2026-03-13T17:15:00", Zone: "UTC"}}}})
		e.Overrides = calendar.WithOverride(e.Overrides, off.Slot(), calendar.Override{Original: off, Cancelled: true})
	})
	b.b.add("Holiday", func(e *calendar.Event) {
		e.Content.When = calendar.When{Start: calendar.Date(2026, 3, 8), End: calendar.Date(2026, 3, 10)}
	})
	b.b.add("Doctor", func(e *calendar.Event) { // shows less than the mirror says
		e.Content.Visibility = calendar.Private
		e.Content.When = calendar.When{Start: calendar.Date(2026, 3, 15), End: calendar.Date(2026, 3, 16)}
	})
	b.b.add("Called off", func(e *calendar.Event) { e.Cancelled = true })
	b.b.add("Next week", func(e *calendar.Event) {
		e.Content.When = calendar.When{Start: calendar.Date(2026, 3, 16), End: calendar.Date(2026, 3, 17)}
	})
	b.quiet()
	same(t, "the week", b.agenda(), []string{
		"2026-03-08 Holiday ann@y.test* ann@x.test",
		"2026-03-11T08:00:00 Stand-up ann@x.test* ann@y.test as Busy busy only",
		"2026-03-11T09:00:00 Lunch ann@x.test* ann@y.test as Busy busy only",
		"2026-03-13T17:00:00 Stand-up ann@x.test* ann@y.test as Busy busy only",
		"2026-03-15 Doctor ann@y.test* ann@x.test as Busy busy only",
	})
	b.a.remove("Lunch")
	b.quiet()
	if got := b.agenda(); len(got) != 4 {
		t.Errorf("after one went: %q", got)
	}
}

func TestAnAgendaIsBounded(t *testing.T) {
	b := newBench(t)
	for _, q := range []control.AgendaQuery{{}, {From: *b.clock, To: b.clock.AddDate(1, 0, 0)}, {From: *b.clock, To: b.clock.Add(-time.Hour)}} {
		_, err := b.face.Agenda(t.Context(), q)
		if e, ok := errors.AsType[*control.Error](err); !ok || e.Code != control.CodeUsage {
			t.Errorf("%v: %v", q, err)
		}
	}
	b.a.add("All the time", func(e *calendar.Event) {
		e.Content.When.Recurrence.Rules = []string{"RRULE:FREQ=MINUTELY;INTERVAL=15"}
	})
	b.sync()
	a, err := b.face.Agenda(t.Context(), control.AgendaQuery{From: *b.clock, To: b.clock.AddDate(0, 0, 60)})
	if err != nil || len(a.Entries) != 5000 || !a.More {
		t.Errorf("%d entries, more: %v, %v", len(a.Entries), a.More, err)
	}
}

func TestWhatIsDoneInADayIsCounted(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch")
	b.a.add("Dentist")
	b.quiet()
	before, err := b.face.Days(t.Context(), 3)
	if err != nil || len(before) != 3 || before[2].Day != "2026-03-10" || before[2].Changes != 2 || before[2].Requests < 4 || before[1].Requests != 0 {
		t.Fatalf("%+v, %v", before, err)
	}
	b.restart()
	b.later(24 * time.Hour)
	b.a.remove("Lunch")
	b.quiet()
	after, err := b.face.Days(t.Context(), 2)
	if err != nil || after[0] != before[2] || after[1].Changes != 1 {
		t.Fatalf("%+v, %v", after, err)
	}
	b.later(100 * 24 * time.Hour)
	b.sync()
	if old, err := b.face.Days(t.Context(), 92); err != nil || slices.ContainsFunc(old, func(x control.DayCount) bool { return x.Changes > 0 }) {
		t.Errorf("what is too old is still there: %+v, %v", old, err)
	}
	if _, err := b.face.Days(t.Context(), 0); err == nil {
		t.Error("no day was counted up")
	}
}

func TestTheFirstPassTellsHowFarItIs(t *testing.T) {
	b := newBench(t)
	for i := range 40 {
		b.a.add(fmt.Sprint("Meeting ", i))
	}
	var seen []control.Progress
	b.b.between = func(call string) {
		if call != "create" {
			return
		}
		s, err := b.Status(t.Context())
		if err != nil || s.Progress == nil {
			t.Errorf("%+v, %v", s.Progress, err)
			return
		}
		seen = append(seen, *s.Progress)
	}
	b.quiet()
	if len(seen) != 40 || seen[0].Done != 0 || seen[0].Total != 40 || seen[0].Rate != 0 {
		t.Fatalf("%d times: %+v", len(seen), seen[:1])
	}
	last := seen[39]
	if last.Done < 30 || last.Rate <= 0 || last.Left <= 0 || last.Left > time.Hour {
		t.Errorf("at the end: %+v", last)
	}
	if s, err := b.Status(t.Context()); err != nil || s.Progress != nil {
		t.Errorf("afterwards: %+v, %v", s.Progress, err)
	}
}

// bare is a bench with accounts and no mirror.
func bare(t *testing.T) *bench {
	t.Helper()
	b := newBench(t)
	if _, err := b.face.RemoveMirror(t.Context(), control.RemoveMirror{ID: b.mirror.ID}); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTheFirstPassIsLookedAtBeforeThereIsAMirror(t *testing.T) {
	b := bare(t)
	b.a.add("Lunch")
	b.b.add("Dentist")
	b.a.add("Same")
	b.b.add("Same")
	m := state.Mirror{Members: []state.Member{{Ref: refA}, {Ref: refB}}}
	r, err := b.face.PlanMirror(t.Context(), m)
	if err != nil || r.Created != 2 || r.Adopted != 1 || b.a.writes()+b.b.writes() != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	if ms, err := b.face.Mirrors(t.Context()); err != nil || len(ms) != 0 {
		t.Errorf("a mirror was made: %+v, %v", ms, err)
	}
	m.Members[1].Direction = state.TakeOnly
	if r, err := b.face.PlanMirror(t.Context(), m); err != nil || r.Created != 1 {
		t.Errorf("one way: %+v, %v", r, err)
	}
	m.Members = m.Members[:1]
	_, err = b.face.PlanMirror(t.Context(), m)
	if e, ok := errors.AsType[*control.Error](err); !ok || e.Code != control.CodeUsage {
		t.Errorf("of one calendar: %v", err)
	}
	if err := b.add(state.Member{Ref: refA}, state.Member{Ref: refB}); err != nil {
		t.Fatal(err)
	}
	b.quiet()
	b.alike("Dentist, Lunch, Same")
}

func TestAMadeUpMeetingShowsWhatAMirrorWouldTell(t *testing.T) {
	b := bare(t)
	m := state.Mirror{Members: []state.Member{{Ref: refA}, {Ref: refB}},
		Mappings: []state.PairMapping{{From: refA, Mapping: state.Mapping{Detail: state.BusyOnly}}}}
	meeting := calendar.Content{Title: "Budget", Place: "Room 4", Availability: calendar.Busy, When: calendar.When{Start: calendar.Date(2026, 3, 11), End: calendar.Date(2026, 3, 12)}}
	all, err := b.face.Preview(t.Context(), control.PreviewRequest{As: &m, Meeting: meeting})
	if err != nil || len(all) != 2 {
		t.Fatalf("%+v, %v", all, err)
	}
	shown := map[state.Ref]string{}
	for _, p := range all {
		for _, f := range p.Fields {
			if f.Field == calendar.GroupTitle || f.Field == calendar.GroupPlace {
				shown[p.To] += f.Copy + "."
			}
		}
	}
	if shown[refB] != "Busy.." || shown[refA] != "Budget.Room 4." || all[0].Detail != state.BusyOnly {
		t.Errorf("%+v", shown)
	}
	m.Members[1].Direction = state.SendOnly
	if all, err := b.face.Preview(t.Context(), control.PreviewRequest{As: &m, Meeting: meeting}); err != nil || len(all) != 1 || all[0].To != refA {
		t.Errorf("one way: %+v, %v", all, err)
	}
	if b.a.writes()+b.b.writes() != 0 {
		t.Error("something was written")
	}
}

// What was unticked in the plan is not done: not at first, and not later.
func TestWhatIsLeftOutOfAPlanIsNeverDone(t *testing.T) {
	b := bare(t)
	b.a.add("Lunch")
	b.a.add("Secret")
	b.b.add("Dentist")
	b.b.add("Hush")
	b.a.add("Same")
	b.b.add("Same", func(e *calendar.Event) { e.Content.Place = "Oslo" })
	b.a.add("Linked")
	b.b.add("Linked")
	m := state.Mirror{Members: []state.Member{{Ref: refA}, {Ref: refB}}}
	plan, err := b.face.PlanMirror(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	unticked := []control.StepResult{}
	for _, s := range plan.Steps {
		if slices.Contains([]string{"Secret", "Hush", "Same"}, s.Title) {
			unticked = append(unticked, s)
		}
	}
	if len(unticked) != 3 {
		t.Fatalf("the plan: %+v", plan.Steps)
	}
	left := control.LeaveOut(unticked)
	m.LeftOut = left
	without, err := b.face.PlanMirror(t.Context(), m)
	if err != nil || without.Created != 2 || without.Adopted != 1 {
		t.Fatalf("the plan without them: %+v, %v", without, err)
	}
	if _, err := b.face.AddMirror(t.Context(), control.NewMirror{Members: m.Members, LeftOut: left}); err != nil {
		t.Fatal(err)
	}
	check := func(when string) {
		t.Helper()
		b.quiet()
		if x, y := b.a.titles(), b.b.titles(); x != "Dentist, Linked, Lunch, Same, Secret" || y != "Dentist, Hush, Linked, Lunch, Same" {
			t.Errorf("%s: %q and %q", when, x, y)
		}
		if x, y := b.a.one("Same").Content, b.b.one("Same").Content; x.Place == y.Place {
			t.Errorf("%s: what was not to be linked is alike", when)
		}
	}
	check("at first")
	b.restart()
	check("after a restart")
	for i, f := range []*fake{b.a, b.b} {
		f.edit("Same", func(c *calendar.Content) { c.Notes = calendar.NotesFromText(fmt.Sprint("changed ", i)) })
	}
	b.a.edit("Secret", func(c *calendar.Content) { c.Place = "At home" })
	b.b.edit("Hush", func(c *calendar.Content) { c.Place = "At home" })
	check("after edits")
	b.later(24 * time.Hour) // everything is looked at again
	check("on the next day")
	b.a.expired, b.b.expired = true, true
	check("after all was read anew")
	if says := strings.Join(b.why("Secret").Calendars[0].Says, " "); !strings.Contains(says, "you left it out") {
		t.Errorf("why it is not there: %q", says)
	}
	made := b.status().Mirrors[0].Mirror
	if made.LeftOut = nil; len(b.status().Mirrors[0].LeftOut) != len(left) {
		t.Errorf("the mirror says that %d are left out", len(b.status().Mirrors[0].LeftOut))
	}
	b.change(made)
	b.quiet()
	if x, y := b.a.titles(), b.b.titles(); x != "Dentist, Hush, Linked, Lunch, Same, Secret" || y != x {
		t.Errorf("taken in after all: %q and %q", x, y)
	}
	many := make([]state.LeftOut, 1001)
	_, err = b.face.AddMirror(t.Context(), control.NewMirror{Members: m.Members, LeftOut: many})
	if e, ok := errors.AsType[*control.Error](err); !ok || e.Code != control.CodeUsage {
		t.Errorf("a thousand and one: %v", err)
	}
}
