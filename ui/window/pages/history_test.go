package pages

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/window/pretend"
)

// historic is the lively window on its history.
func historic(t *testing.T) (*rig, *historyPage) {
	t.Helper()
	r := lively(t)
	r.tap("History")
	r.until("the first page", func() bool { return len(r.w.hist.marks) == historyPageSize })
	return r, r.w.hist
}

// pickOption chooses by its word.
func (r *rig) pickOption(p *pick, word string) {
	r.t.Helper()
	if !slices.Contains(p.Options, word) {
		r.t.Fatalf("no choice %q among %q", word, p.Options)
	}
	p.SetSelected(word)
}

// select chooses the row of the i-th entry.
func (p *historyPage) selectEntry(i int) { p.list.Select(p.row(i)) }

func TestHistoryLoadsFurtherPagesWhenScrolled(t *testing.T) {
	r, p := historic(t)
	for _, s := range []string{"Design review", "Changed in Calendar: time and place · moved in Work", "Linked with the one in Calendar, from Work · the same meeting", "15:02", "1 created · 1 changed · 1 deleted"} {
		if !r.sees(s) {
			t.Errorf("no %q; the list shows:\n%s", s, strings.Join(r.texts(), "\n"))
		}
	}
	p.list.ScrollToBottom()
	r.until("the last page", func() bool { return len(p.marks) > historyPageSize && p.next == 0 })
	if n := len(p.marks); n != 260 {
		t.Errorf("%d entries, want 260", n)
	}
	for i, m := range p.marks {
		if m.seq != uint64(260-i) {
			t.Fatalf("entry %d has number %d", i, m.seq)
		}
	}
}

func TestHistoryShowsNewEntriesAndKeepsTheChoice(t *testing.T) {
	r, p := historic(t)
	p.selectEntry(1)
	for _, s := range []string{"Created in Work", "New in Calendar", "Room 4"} {
		if !r.sees(s) {
			t.Errorf("the details do not say %q", s)
		}
	}
	chosen := p.chosen
	r.engine.Change(func(w *pretend.World) {
		w.Status.Pass++
		w.History = append([]state.HistoryEntry{{Seq: 261, Time: now, Pass: 483, Kind: state.Create, Outcome: state.Done, Ref: pretend.Work, Title: "Brand new"}}, w.History...)
	})
	r.until("the new entry", func() bool { return r.sees("Brand new") })
	if p.chosen != chosen || !r.sees("New in Calendar") {
		t.Error("the details went to another entry")
	}
}

func TestHistorySearch(t *testing.T) {
	r, p := historic(t)
	p.search.SetText("dentist")
	r.until("the matches", func() bool { return len(p.marks) > 0 && p.query.Text == "dentist" })
	for _, m := range p.marks {
		if h := p.kept[m.seq]; h.Title != "Dentist" {
			t.Fatalf("%q does not match", h.Title)
		}
	}
	p.search.SetText("no such thing")
	r.until("nothing", func() bool { return r.sees("Nothing of that kind happened.") })
	p.search.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	r.until("everything", func() bool { return len(p.marks) == historyPageSize && p.query.Text == "" })
}

func TestHistoryFilters(t *testing.T) {
	r, p := historic(t)
	check := func(what string, ok func(h state.HistoryEntry) bool) {
		t.Helper()
		r.until(what, func() bool { return !p.loading && len(p.marks) > 0 })
		for _, m := range p.marks {
			if h := p.kept[m.seq]; !ok(h) {
				t.Fatalf("%s: %+v", what, h)
			}
		}
	}
	r.pickOption(p.filter.where, "Mirror Family life")
	check("a mirror", func(h state.HistoryEntry) bool { return h.Mirror == "m2" })
	r.pickOption(p.filter.where, "Calendar (ada@outlook.example)")
	check("a calendar", func(h state.HistoryEntry) bool { return h.Ref == pretend.Office || h.From == pretend.Office })
	r.pickOption(p.filter.what, "Created")
	check("a kind", func(h state.HistoryEntry) bool { return h.Kind == state.Create })
	r.pickOption(p.filter.what, "All changes")
	p.filter.problems.SetChecked(true)
	check("problems", func(h state.HistoryEntry) bool { return sortOf(h) == wasTrouble })
	p.showAll()
	r.pickOption(p.filter.when, "Yesterday")
	check("a day", func(h state.HistoryEntry) bool { return h.Time.Day() == 23 })
	r.pickOption(p.filter.what, "Linked")
	r.pickOption(p.filter.where, "Mirror Family life")
	r.until("nothing", func() bool { return r.sees("Nothing of that kind happened.") })
	r.tap("Show everything")
	r.until("everything", func() bool { return len(p.marks) == historyPageSize })
	if p.filter.where.Selected != "Everywhere" || p.filter.when.Selected != "Any time" {
		t.Error("the filters still say that something is left out")
	}
}

func TestAHundredThousandEntriesScroll(t *testing.T) {
	const n = 100_000
	world := pretend.Lively(now)
	world.History = make([]state.HistoryEntry, n)
	for i := range world.History {
		world.History[i] = state.HistoryEntry{Seq: uint64(n - i), Pass: uint64(1 + (n-i)/4), Time: now.Add(-time.Duration(i) * time.Minute), Kind: state.Update, Outcome: state.Done,
			Entity: "e1", Mirror: "m1", Ref: pretend.Work, Title: fmt.Sprint("Meeting ", n-i), Why: "it changed"}
	}
	world.History[n-10].Title = "Needle"
	r := rigUp(t, world, Options{})
	r.hang = time.After(time.Minute)
	r.w.win.Resize(fyne.NewSize(980, 420)) // fewer rows to draw
	r.until("the names", func() bool { return r.sees("Work – Calendar") })
	r.tap("History")
	p := r.w.hist
	r.until("the first page", func() bool { return len(p.marks) == historyPageSize })
	most := 0
	for p.next != 0 {
		known := len(p.marks)
		p.list.ScrollToBottom()
		r.until("an older page", func() bool { return len(p.marks) > known && !p.loading })
		most = max(most, len(p.kept))
	}
	p.list.ScrollToBottom()
	if len(p.marks) != n {
		t.Fatalf("%d entries are known at the end", len(p.marks))
	}
	if !r.sees("Meeting 1") {
		t.Errorf("at the end:\n%s", strings.Join(r.texts(), "\n"))
	}
	for _, part := range []int{3, 2, 1, 0} { // and back, in leaps
		p.list.ScrollTo(len(p.rows) * part / 4)
		r.until("the entries that were let go", func() bool { return !p.loading && p.missing < 0 && !slices.Contains(r.texts(), "…") })
		most = max(most, len(p.kept))
	}
	if !r.sees("Meeting 100000") {
		t.Errorf("back at the top:\n%s", strings.Join(r.texts(), "\n"))
	}
	if most > keptMost+historyPageSize {
		t.Errorf("%d entries were whole in memory", most)
	}
	for _, q := range r.engine.Asked() {
		if q.Limit != historyPageSize {
			t.Fatalf("%d entries were asked for at once", q.Limit)
		}
	}
	if rows := r.rowsBuilt(); rows > 60 {
		t.Errorf("%d rows are built", rows)
	}

	p.search.SetText("needle") // which is far back: it is looked for in parts
	r.until("the one", func() bool { return len(p.marks) == 1 && p.next == 0 })
	if parts := len(r.engine.Asked()); parts < 5 {
		t.Errorf("%d parts", parts)
	}
	p.search.SetText("nothing at all")
	r.until("looking", func() bool { return r.sees("Looking further back…") })
	r.tap("Home")
	r.until("it stops when the page is left", func() bool { return !p.loading })
	if p.next == 0 {
		t.Error("the search went on behind another page")
	}
	r.tap("History")
	r.until("the end", func() bool { return r.sees("Nothing of that kind happened.") })
	asked := len(r.engine.Asked())
	r.engine.Change(func(w *pretend.World) { w.Status.Pass++ })
	r.until("it is looked for again", func() bool { return len(r.engine.Asked()) > asked && !p.loading })
	if q := r.engine.Asked()[asked]; q.Since.IsZero() || len(r.engine.Asked()) > asked+2 {
		t.Errorf("each pass has all of the history looked through again: %+v", q)
	}
}

// rowsBuilt counts the rows of the history that can be seen.
func (r *rig) rowsBuilt() (n int) {
	r.visible(func(o fyne.CanvasObject) {
		if _, ok := o.(*historyRow); ok {
			n++
		}
	})
	return n
}

func TestTrail(t *testing.T) {
	entries := func(passes ...uint64) (out []state.HistoryEntry) {
		for i, p := range passes {
			out = append(out, state.HistoryEntry{Seq: uint64(1000 - i), Pass: p, Kind: state.Create, Outcome: state.Done})
		}
		return out
	}
	all := entries(9, 8, 8, 7, 6, 6, 6, 5)
	want := []int32{0, ^1, 1, 2, 3, ^4, 4, 5, 6, 7}
	for cut := range all {
		var tr trail
		tr.older(all[:cut], 0)
		tr.older(all[cut:], 0)
		if !slices.Equal(tr.rows, want) {
			t.Errorf("cut at %d: %v, want %v", cut, tr.rows, want)
		}
		var back trail
		back.older(all[cut:], 0)
		back.newer(all[:cut], 0)
		if !slices.Equal(back.rows, want) {
			t.Errorf("newer than %d: %v, want %v", cut, back.rows, want)
		}
		for i := range all {
			if row := tr.row(i); tr.rows[row] != int32(i) || tr.find(uint64(1000-i)) != i {
				t.Errorf("entry %d is said to be in row %d", i, row)
			}
		}
	}
	plain := trail{plain: true}
	plain.older(all, 0)
	if len(plain.rows) != len(all) || plain.grouped(1) {
		t.Errorf("a story has rows of passes: %v", plain.rows)
	}
}

func TestAChangeIsUndone(t *testing.T) {
	r, p := historic(t)
	r.engine.Change(func(w *pretend.World) {
		w.Undoing = control.UndoReport{Undone: []control.UndoNote{{Entry: 260, Title: "Design review", Says: "it is without its guests then"}},
			Report: control.Report{Deleted: 1, Steps: []control.StepResult{{Step: state.Step{Kind: state.Delete, Ref: pretend.Office, Title: "Design review", Reason: "undo", Fact: "f1"}}}}}
	})
	p.selectEntry(0)
	r.until("the details", func() bool { return !r.button("Undo…").Disabled() })
	r.tap("Undo…")
	r.until("the plan", func() bool { return r.sees("“Design review” becomes as it was before.") })
	for _, s := range []string{"1 event is deleted.", "It is without its guests then", "Delete in Calendar · undo"} {
		if !r.sees(s) && !r.sees(strings.ToLower(s[:1])+s[1:]) {
			t.Errorf("the plan does not say %q:\n%s", s, strings.Join(r.texts(), "\n"))
		}
	}
	if slices.ContainsFunc(r.engine.Calls(), func(s string) bool { return strings.HasPrefix(s, "Undo") && !strings.Contains(s, `"dryRun":true`) }) {
		t.Error("it was undone before it was agreed to")
	}
	r.tap("Undo")
	r.called(`Undo {"entry":260,"seen":["f1"]}`)
	r.until("no dialog", func() bool { return len(r.w.popups) == 0 })
}

func TestWhatChangedSinceIsUndoneByForceOnly(t *testing.T) {
	r, p := historic(t)
	r.engine.Change(func(w *pretend.World) {
		w.CannotUndo = "its place was changed since, to “Room 9”; --force undoes it all the same, and that change with it"
	})
	p.selectEntry(0)
	r.until("why not", func() bool { return r.sees("Its place was changed since, to “Room 9”.") })
	if !r.button("Undo…").Disabled() || r.sees("--force") {
		t.Error("it is offered as if it could be undone, or in the terminal's words")
	}
	r.tap("Undo it all the same…")
	if !r.sees("what came after it is lost") {
		t.Error("nothing explains what force means")
	}
	r.tap("Show what happens")
	r.called(`Undo {"entry":260,"force":true,"dryRun":true}`)
	r.until("the plan", func() bool { return r.sees("What was changed since is given up with it.") })
	r.tap("Cancel")
	if slices.Contains(r.engine.Calls(), `Undo {"entry":260,"force":true}`) {
		t.Error("it was done all the same")
	}
}

func TestAPassIsUndone(t *testing.T) {
	r, p := historic(t)
	p.list.Select(0) // the row of pass 482
	if !r.sees("Sync 482") || !r.sees("Undo this sync…") {
		t.Fatalf("the details show:\n%s", strings.Join(r.texts(), "\n"))
	}
	r.engine.Change(func(w *pretend.World) {
		w.Undoing = control.UndoReport{Undone: []control.UndoNote{{Entry: 260}, {Entry: 259}}, Left: []control.UndoNote{{Entry: 258, Title: "Rehearsal", Says: "only its organizer can change this meeting"}}}
	})
	r.tap("Undo this sync…")
	r.until("the plan", func() bool { return r.sees("2 changes are undone, 1 stays as it is.") })
	if !r.sees("Only its organizer can change this meeting.") {
		t.Error("what is left is not told")
	}
	r.tap("Undo")
	r.called(`Undo {"pass":482}`)
}

func TestTheStoryOfAMeeting(t *testing.T) {
	r, p := historic(t)
	r.engine.Change(func(w *pretend.World) {
		for _, i := range []int{0, 5, 200} {
			w.History[i].Entity = "e0"
		}
	})
	p.selectEntry(0)
	r.tap("Its whole story")
	r.until("the story", func() bool { return len(p.marks) == 3 && !p.loading })
	if !r.sees("All that happened to “Design review”, in every calendar") {
		t.Errorf("nothing says whose story it is:\n%s", strings.Join(r.texts(), "\n"))
	}
	r.tap("Show everything")
	r.until("everything", func() bool { return len(p.marks) == historyPageSize && p.search.Visible() })
}

func TestWhyAMeetingIsHere(t *testing.T) {
	r, p := historic(t)
	r.engine.Change(func(w *pretend.World) {
		w.Why = []control.Explanation{{Title: "Design review", Home: pretend.Work, Born: "It was born in “Work” on 2 Nov 2026",
			Waits:     []string{"the next pass would update it"},
			Calendars: []control.Reach{{Ref: pretend.Office, There: true, Detail: state.BusyOnly, Says: []string{"it crosses by the mirror “Work – Office”"}}, {Ref: pretend.Family, Says: []string{"no mirror leads there"}}}}}
	})
	p.selectEntry(0)
	r.tap("Why is it here?")
	r.called(`Why {"entity":"e0"}`)
	r.until("the answer", func() bool { return r.sees("It was born in “Work” on 2 Nov 2026.") })
	for _, s := range []string{"The next pass would update it.", "It crosses by the mirror “Work – Office”.", "Shows: Busy only", "No mirror leads there.", "Family (family@home.example)"} {
		if !r.sees(s) {
			t.Errorf("no %q in\n%s", s, strings.Join(r.texts(), "\n"))
		}
	}
}

func TestHistoryInASmallWindow(t *testing.T) {
	r, p := historic(t)
	r.w.win.Resize(fyne.NewSize(700, 500))
	p.selectEntry(0)
	if p.list.Visible() && r.rowsBuilt() > 0 {
		t.Error("list and details share a width that is too small for both")
	}
	test.Tap(r.button("")) // the cross
	if r.rowsBuilt() == 0 {
		t.Error("the list does not come back")
	}
}
