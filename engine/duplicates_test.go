package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

func (b *bench) duplicates() control.Duplicates {
	b.Helper()
	d, err := b.face.Duplicates(b.Context(), "")
	if err != nil {
		b.Fatal(err)
	}
	return d
}

func (b *bench) cleanUp(d control.Duplicates) control.Report {
	b.Helper()
	req := control.CleanUp{}
	for _, g := range d.Groups {
		req.Groups = append(req.Groups, g.ID)
	}
	r, err := b.face.CleanUp(b.Context(), req)
	if err != nil || r.Failed+r.Held > 0 {
		b.Fatalf("%+v, %v", r, err)
	}
	return r
}

// Another tool has kept the calendars alike before, and left copies on both sides.
func TestLeftoversOfAnotherTool(t *testing.T) {
	b := newBench(t)
	for i := range 8 { // far more than the guard lets pass at once
		title := fmt.Sprint("Meeting ", i)
		b.a.add(title)
		b.a.add(strings.ToUpper(title) + " ")
		b.b.add(title)
		b.b.add(title)
	}
	b.a.add("Alone")
	b.quiet()
	before := b.a.writes() + b.b.writes()
	d := b.duplicates()
	if len(d.Groups) != 8 || len(d.Groups[0].Go) == 0 || b.a.writes()+b.b.writes() != before {
		t.Fatalf("%d groups: %+v", len(d.Groups), d.Groups)
	}
	all := []string{b.a.titles(), b.b.titles()}
	r := b.cleanUp(d)
	if r.Deleted == 0 || r.Held != 0 {
		t.Fatalf("%+v", r)
	}
	b.quiet()
	for _, f := range []*fake{b.a, b.b} {
		if got := strings.Count(strings.ToLower(f.titles()), "meeting"); got != 8 {
			t.Errorf("%d meetings are left: %s", got, f.titles())
		}
	}
	if d := b.duplicates(); len(d.Groups) != 0 {
		t.Errorf("still twice: %+v", d.Groups)
	}
	h, err := b.face.History(t.Context(), control.HistoryQuery{Text: "meeting 3"})
	if err != nil {
		t.Fatal(err)
	}
	gone := 0
	for _, e := range h {
		if e.Kind == state.Delete && e.Before.Title != "" && !e.Before.When.Start.IsZero() {
			gone++
		}
	}
	if gone == 0 {
		t.Errorf("history has no state from before: %+v", h)
	}
	if held, _ := b.face.Held(t.Context()); len(held) != 0 {
		t.Errorf("held: %+v", held)
	}
	b.undo(control.UndoRequest{Pass: r.Pass})
	b.quiet()
	for i, f := range []*fake{b.a, b.b} { // a copy comes back with its meeting's spelling
		if got := f.titles(); strings.Count(strings.ToLower(got), "meeting") != strings.Count(strings.ToLower(all[i]), "meeting") {
			t.Errorf("after the undo there are %s, not %s", got, all[i])
		}
	}
}

func TestWhichDuplicateStays(t *testing.T) {
	guests := func(e *calendar.Event) {
		e.Guests = []calendar.Guest{{Person: calendar.Person{Name: "Ada", Email: "ada@z.test"}}}
	}
	cases := []struct {
		name      string
		do        func(b *bench)
		stays     string // "id in calendar"
		goes      int
		kept      int
		untouched bool
	}{
		{"the older", func(b *bench) { b.a.add("Lunch"); b.sync(); b.a.add("Lunch") }, "own-0", 1, 0, false},
		{"the one with guests", func(b *bench) { b.a.add("Lunch"); b.sync(); b.a.add("Lunch", guests) }, "own-1", 1, 0, false},
		{"both have guests", func(b *bench) { b.a.add("Lunch", guests); b.a.add("Lunch", guests) }, "own-0", 0, 1, false},
		{"at other times", func(b *bench) {
			b.a.add("Lunch")
			b.a.add("Lunch", func(e *calendar.Event) {
				e.Content.When.Start.Local, e.Content.When.End.Local = "2026-03-11T09:30:00", "2026-03-11T10:30:00"
			})
		}, "", 0, 0, true},
		{"a series and a single one", func(b *bench) {
			b.a.add("Lunch")
			b.a.add("Lunch", func(e *calendar.Event) { e.Content.When.Recurrence.Rules = []string{"RRULE:FREQ=WEEKLY;BYDAY=WE"} })
		}, "", 0, 0, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			c.do(b)
			b.quiet()
			d := b.duplicates()
			if c.untouched {
				if len(d.Groups) != 0 {
					t.Errorf("%+v", d.Groups)
				}
				return
			}
			if len(d.Groups) != 1 || len(d.Groups[0].Go) != c.goes || len(d.Groups[0].Kept) != c.kept || string(d.Groups[0].Stays.ID) != c.stays {
				t.Fatalf("%+v", d.Groups)
			}
			b.cleanUp(d)
			b.quiet()
			if c.goes == 1 {
				b.alike("Lunch")
			}
		})
	}
}

// Copies that show nothing look alike, and are none.
func TestBusyCopiesAreNoDuplicates(t *testing.T) {
	b := newBench(t)
	b.mirror.Mappings = []state.PairMapping{{Mapping: state.Mapping{Detail: state.BusyOnly}}}
	if _, err := b.face.ChangeMirror(t.Context(), control.ChangeMirror{Mirror: b.mirror}); err != nil {
		t.Fatal(err)
	}
	b.a.add("Lunch")
	b.a.add("Gym")
	b.quiet()
	if d := b.duplicates(); b.b.titles() != "Busy, Busy" || len(d.Groups) != 0 {
		t.Errorf("b holds %s: %+v", b.b.titles(), d.Groups)
	}
	// The person's own beside a copy is another matter of theirs, too.
	b.b.add("Busy")
	b.quiet()
	if d := b.duplicates(); len(d.Groups) != 0 {
		t.Errorf("%+v", d.Groups)
	}
}

// What changed since it was shown is not removed.
func TestADuplicateThatChangedStays(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch")
	b.a.add("Lunch")
	b.quiet()
	d := b.duplicates()
	b.a.edit("Lunch", func(c *calendar.Content) { c.Place = "Oslo" })
	if _, err := b.face.CleanUp(t.Context(), control.CleanUp{Groups: []string{d.Groups[0].ID}}); err == nil || !strings.Contains(err.Error(), "changed") {
		t.Errorf("%v", err)
	}
	b.quiet()
	b.alike("Lunch, Lunch")
	b.b.fault = func(call string) (before, after error) {
		if call == "changes" {
			return b.b.err(calendar.Unavailable), nil
		}
		return nil, nil
	}
	if _, err := b.face.Duplicates(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("with a calendar that cannot be read: %v", err)
	}
}

// A second computer's copies of the same meetings are listed, whatever they show.
func TestARivalsCopies(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch")
	b.quiet()
	uid := b.a.one("Lunch").UID
	b.b.add("Busy", func(e *calendar.Event) {
		e.Created = b.clock.Add(-time.Hour)
		e.Mark = calendar.Mark{Installation: "other-installation", Mirror: "m1", Entity: string(state.EntityID("eother0001").WithFingerprint(uid))}
	})
	b.b.add("Elsewhere", func(e *calendar.Event) {
		e.Created = b.clock.Add(-time.Hour)
		e.Mark = calendar.Mark{Installation: "other-installation", Mirror: "m1", Entity: string(state.EntityID("eother0002").WithFingerprint("nowhere"))}
	})
	b.quiet()
	if b.a.titles() != "Lunch" {
		t.Fatalf("a holds %s", b.a.titles())
	}
	d := b.duplicates()
	if len(d.Groups) != 1 || d.Groups[0].Go[0].Title != "Busy" || len(d.Stray) != 1 || d.Stray[0].Title != "Elsewhere" {
		t.Fatalf("%+v", d)
	}
	b.cleanUp(d)
	b.quiet()
	if b.a.titles() != "Lunch" || b.b.titles() != "Elsewhere, Lunch" {
		t.Errorf("a holds %s; b holds %s", b.a.titles(), b.b.titles())
	}
}

// A mirror ends: of what it made nothing stays (or all does), whatever has become of
// it, and nothing else goes.
func TestLeavingCleanly(t *testing.T) {
	for _, keep := range []bool{false, true} {
		b := newBench(t)
		b.b.noSeries = "it holds no series"
		b.a.add("Lunch")
		b.a.add("Adopted")
		b.b.add("Adopted")
		b.a.add("Weekly", func(e *calendar.Event) {
			e.Content.When.Recurrence.Rules = []string{"RRULE:FREQ=WEEKLY;COUNT=3;BYDAY=WE"}
		})
		b.a.add("Out of scope")
		b.quiet()
		b.b.paste("Lunch", "Pasted") // the person's
		b.mirror.Mappings = []state.PairMapping{{Mapping: state.Mapping{OutOfScope: state.Keep, Filter: state.Filter{Exclude: "scope"}}}}
		if m, err := b.face.ChangeMirror(t.Context(), control.ChangeMirror{Mirror: b.mirror}); err != nil {
			t.Fatal(err)
		} else {
			b.mirror = m
		}
		b.quiet()
		if got := b.b.titles(); got != "Adopted, Lunch, Out of scope, Pasted, Weekly, Weekly, Weekly" {
			t.Fatalf("b holds %s", got)
		}
		b.b.edit("Lunch", func(c *calendar.Content) { c.Place = "Oslo" }) // not carried home yet
		home, there := b.a.titles(), b.b.titles()

		if !keep { // a calendar that cannot be reached: nothing half done
			b.b.fault = func(call string) (before, after error) {
				if call == "changes" {
					return b.b.err(calendar.Unavailable), nil
				}
				return nil, nil
			}
			if _, err := b.face.RemoveMirror(t.Context(), control.RemoveMirror{ID: b.mirror.ID}); err == nil {
				t.Fatal("copies were removed from a calendar that cannot be reached")
			}
			b.b.fault = nil
			if b.a.titles() != home || b.b.titles() != there {
				t.Errorf("a holds %s; b holds %s", b.a.titles(), b.b.titles())
			}
		}
		if _, err := b.face.RemoveMirror(t.Context(), control.RemoveMirror{ID: b.mirror.ID, KeepCopies: keep}); err != nil {
			t.Fatal(err)
		}
		wantA, wantB := "Adopted, Lunch, Out of scope, Weekly", "Adopted, Pasted"
		if keep {
			wantA, wantB = home, there
		}
		if got := b.b.titles(); got != wantB {
			t.Errorf("keep=%v: b holds %s, want %s", keep, got, wantB)
		}
		if got := b.a.titles(); got != wantA {
			t.Errorf("keep=%v: a holds %s, want %s", keep, got, wantA)
		}
		before := b.a.writes() + b.b.writes()
		b.sync()
		if b.a.writes()+b.b.writes() != before {
			t.Error("a pass after the end wrote")
		}
		if !keep {
			h, err := b.face.History(t.Context(), control.HistoryQuery{Text: "lunch", Limit: 1})
			if err != nil || len(h) != 1 || h[0].Before.Place != "Oslo" {
				t.Errorf("an edit that was not carried home is lost: %+v, %v", h, err)
			}
			continue
		}
		// The same calendars again: what was kept is known, and made no second time.
		m, err := b.face.AddMirror(t.Context(), control.NewMirror{Members: []state.Member{{Ref: refA}, {Ref: refB}}})
		if err != nil {
			t.Fatal(err)
		}
		b.mirror = m
		b.quiet()
		if b.watching() != "" || b.b.titles() != there || b.a.titles() != home {
			t.Errorf("again: watching %q; a holds %s; b holds %s", b.watching(), b.a.titles(), b.b.titles())
		}
	}
}

// A mirror ends while a write is under way whose outcome is not known.
func TestLeavingWhileAWriteIsUnderWay(t *testing.T) {
	for _, keep := range []bool{false, true} {
		b := newBench(t)
		b.a.add("Lunch")
		b.b.fault = func(call string) (before, after error) {
			if call == "create" {
				return nil, b.b.err(calendar.Unavailable)
			}
			return nil, nil
		}
		b.sync()
		_, err := b.face.RemoveMirror(t.Context(), control.RemoveMirror{ID: b.mirror.ID, KeepCopies: keep})
		if keep != (err == nil) {
			t.Errorf("keep=%v: %v", keep, err)
		}
		b.b.fault = nil
		if !keep {
			if _, err = b.face.RemoveMirror(t.Context(), control.RemoveMirror{ID: b.mirror.ID}); err != nil {
				t.Fatal(err)
			}
		}
		before := b.b.titles()
		b.sync()
		if want := map[bool]string{true: "Lunch", false: ""}[keep]; b.b.titles() != want || before != want || b.a.titles() != "Lunch" {
			t.Errorf("keep=%v: b holds %q, then %q", keep, before, b.b.titles())
		}
	}
}
