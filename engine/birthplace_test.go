package engine_test

import (
	"slices"
	"testing"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// What comes back where its copy was, since its own calendar is not written or takes part no
// more, shows no more there than the copy did.
func TestUndoOfADeletionShowsNoMoreThanItsCopyDid(t *testing.T) {
	for _, c := range []struct{ takenOut, ofA bool }{{}, {takenOut: true}, {takenOut: true, ofA: true}} {
		b := newBench(t)
		z := newFake(b.now)
		b.connector.fakes["ann@z.test"] = z
		b.signIn("ann@z.test")
		b.sets(func(m *state.Mirror) {
			m.Members[0].Direction = state.SendOnly
			m.Mappings = []state.PairMapping{{Mapping: state.Mapping{Detail: state.BusyOnly}}}
			if c.ofA {
				m.Mappings[0].From = refA
			}
		})
		b.a.add("Layoffs", daily, func(e *calendar.Event) { e.Content.Notes = calendar.NotesFromText("Secret") })
		b.a.override("Layoffs", calendar.Override{Original: secondDay, Changed: calendar.Groups{calendar.GroupPlace, calendar.GroupAvailability},
			Content: calendar.Content{Place: "Oslo", Availability: calendar.Free}})
		b.quiet()
		b.a.remove("Layoffs")
		b.quiet()
		entry := b.last()
		if c.takenOut {
			b.sets(func(m *state.Mirror) {
				m.Members = []state.Member{{Ref: refB}, {Ref: state.Ref{Account: "ann@z.test", Calendar: calID}}}
				m.Mappings = []state.PairMapping{{Mapping: state.Mapping{Detail: state.BusyOnly}}}
				if c.ofA { // of what is born elsewhere copies show everything
					m.Mappings = nil
				}
			})
		}
		b.undo(control.UndoRequest{Entry: entry.Seq})
		b.quiet()
		back := b.b.one("Busy")
		if o := back.Overrides[secondDay.Slot()]; b.a.titles() != "" || back.Content.When.Recurrence.IsZero() || back.Content.Notes.Text() != "" || o.Content.Place != "" || o.Content.Availability != calendar.Free {
			t.Errorf("a: %s, b: %+v", b.a.titles(), back)
		}
		if c.takenOut && z.titles() != "Busy" {
			t.Errorf("z: %s", z.titles())
		}
	}
}

// What comes back where its copy was is an event of that calendar from then on: it goes from there
// to no other one that it was not in, or that showed less of it, unless that is forced.
func TestUndoOfADeletionGoesNowhereElse(t *testing.T) {
	for name, set := range map[string]func(b *bench, refZ state.Ref){
		"another mirror leads on": func(b *bench, refZ state.Ref) {
			b.sets(func(m *state.Mirror) { m.Members[0].Direction = state.SendOnly })
			if _, err := b.face.AddMirror(t.Context(), control.NewMirror{Members: []state.Member{{Ref: refB}, {Ref: refZ}}}); err != nil {
				t.Fatal(err)
			}
		},
		"copies there show less": func(b *bench, refZ state.Ref) {
			b.sets(func(m *state.Mirror) {
				m.Members = []state.Member{{Ref: refA, Direction: state.SendOnly}, {Ref: refB}, {Ref: refZ}}
				m.Mappings = []state.PairMapping{{From: refA, To: refZ, Mapping: state.Mapping{Detail: state.BusyOnly}}}
			})
		},
	} {
		b := newBench(t)
		z := newFake(b.now)
		b.connector.fakes["ann@z.test"] = z
		b.signIn("ann@z.test")
		set(b, state.Ref{Account: "ann@z.test", Calendar: calID})
		b.a.add("Layoffs")
		b.quiet()
		b.a.remove("Layoffs")
		b.quiet()
		entries := b.entries(control.HistoryQuery{})
		entry := entries[slices.IndexFunc(entries, func(x state.HistoryEntry) bool { return x.Ref == refB && x.Kind == state.Delete })]
		b.refuses(control.UndoRequest{Entry: entry.Seq}, "made again in “Main” it would go to “Main”, where it was not, or showed less; --force makes it all the same")
		b.quiet()
		if b.b.titles() != "" || z.titles() != "" {
			t.Errorf("%s: b: %s, z: %s", name, b.b.titles(), z.titles())
		}
		b.undo(control.UndoRequest{Entry: entry.Seq, Force: true})
		b.quiet()
		if b.b.titles() != "Layoffs" || z.titles() != "Layoffs" {
			t.Errorf("%s, forced: b: %s, z: %s", name, b.b.titles(), z.titles())
		}
	}
}

// What a pass deleted comes back everywhere, though one of its calendars only takes, from where
// nothing goes out; or it is told where it does not.
func TestUndoOfADeletionWhereACalendarOnlyTakes(t *testing.T) {
	for _, take := range []int{1, 2} {
		for _, off := range []bool{false, true} {
			b := newBench(t)
			z := newFake(b.now)
			b.connector.fakes["ann@z.test"] = z
			b.signIn("ann@z.test")
			set := func(m *state.Mirror) {
				m.Members = []state.Member{{Ref: refA, Direction: state.SendOnly}, {Ref: refB}, {Ref: state.Ref{Account: "ann@z.test", Calendar: calID}}}
				m.Members[take].Direction = state.TakeOnly
			}
			b.sets(set)
			b.a.add("Lunch")
			b.quiet()
			b.a.remove("Lunch")
			b.quiet()
			if off {
				b.sets(func(m *state.Mirror) { set(m); m.Members[3-take].Off = true })
			}
			r := b.undo(control.UndoRequest{Pass: b.last().Pass})
			b.quiet()
			if off {
				for _, x := range r.Left {
					if x.Says != "it is made again in “Main”, from where no mirror leads there" {
						t.Errorf("%d: it says %q", take, x.Says)
					}
				}
				if b.b.titles()+z.titles() != "Lunch" {
					t.Errorf("%d: b: %s, z: %s", take, b.b.titles(), z.titles())
				}
			} else if b.b.titles() != "Lunch" || z.titles() != "Lunch" {
				t.Errorf("%d: b: %s, z: %s", take, b.b.titles(), z.titles())
			}
		}
	}
}

// A calendar that only sends in one mirror is written by no other: what was deleted there comes
// back elsewhere, and what was changed there stays so.
func TestUndoWhereOneMirrorOnlyTakes(t *testing.T) {
	b := newBench(t)
	z := newFake(b.now)
	b.connector.fakes["ann@z.test"] = z
	b.signIn("ann@z.test")
	b.sets(func(m *state.Mirror) { m.Members[0].Direction = state.SendOnly })
	if _, err := b.face.AddMirror(t.Context(), control.NewMirror{Members: []state.Member{{Ref: refA}, {Ref: state.Ref{Account: "ann@z.test", Calendar: calID}}}}); err != nil {
		t.Fatal(err)
	}
	b.a.add("Lunch")
	b.quiet()
	b.a.edit("Lunch", retitle("Brunch"))
	b.quiet()
	b.refuses(control.UndoRequest{Entry: b.last().Seq}, "“Main” is in no mirror at work that writes to it")
	b.titled("Brunch")
	b.a.remove("Brunch")
	b.quiet()
	entry := b.last()
	b.undo(control.UndoRequest{Entry: entry.Seq})
	b.quiet()
	where := map[state.Ref]*fake{refB: b.b}[entry.Ref]
	if where == nil {
		where = z
	}
	if b.a.titles() != "" || where.titles() != "Brunch" || b.why("brunch").Home != entry.Ref {
		t.Errorf("a: %s, b: %s, z: %s: %+v", b.a.titles(), b.b.titles(), z.titles(), b.why("brunch"))
	}
}
