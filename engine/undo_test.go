package engine_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// last is the newest entry of the history.
func (b *bench) last() state.HistoryEntry {
	b.Helper()
	return b.entries(control.HistoryQuery{Limit: 1})[0]
}

func (b *bench) entries(q control.HistoryQuery) []state.HistoryEntry {
	b.Helper()
	h, err := b.face.History(b.Context(), q)
	if err != nil || len(h) == 0 {
		b.Fatalf("history: %v, %v", h, err)
	}
	return h
}

// undo undoes, and fails if it cannot.
func (b *bench) undo(req control.UndoRequest) control.UndoReport {
	b.Helper()
	r, err := b.face.Undo(b.Context(), req)
	if err != nil {
		b.Fatal(err)
	}
	return r
}

// refuses insists on an undo being refused with these words.
func (b *bench) refuses(req control.UndoRequest, words string) {
	b.Helper()
	writes := b.a.writes() + b.b.writes()
	if r, err := b.face.Undo(b.Context(), req); err == nil || !strings.Contains(err.Error(), words) {
		b.Errorf("undo of %+v: %+v, %v; want %q", req, r, err, words)
	}
	if n := b.a.writes() + b.b.writes() - writes; n != 0 {
		b.Errorf("a refused undo wrote %d times", n)
	}
}

// titled insists on one event with this title on both sides, and nothing else.
func (b *bench) titled(want string) { b.Helper(); b.quiet(); b.alike(want) }

func retitle(s string) func(*calendar.Content) { return func(c *calendar.Content) { c.Title = s } }

func TestUndoOfAnUpdate(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch")
	b.quiet()
	b.a.edit("Lunch", func(c *calendar.Content) { c.Title, c.Place = "Brunch", "Oslo" })
	b.quiet()
	entry := b.last()
	if entry.Requests != 1 || entry.Home != refA || entry.Was.Content.Title != "Lunch" || entry.Became.Content.Place != "Oslo" {
		t.Fatalf("entry %+v", entry)
	}
	writes := b.a.writes() + b.b.writes()
	r := b.undo(control.UndoRequest{Entry: entry.Seq, DryRun: true})
	if len(r.Undone) != 1 || r.Report.Updated != 2 || !r.Report.DryRun || b.a.writes()+b.b.writes() != writes {
		t.Fatalf("dry run: %+v", r)
	}
	b.restart() // nothing of it is kept
	b.titled("Brunch")
	r = b.undo(control.UndoRequest{Entry: entry.Seq})
	if r.Report.Updated != 2 || b.a.writes()+b.b.writes() != writes+2 {
		t.Errorf("undo: %+v", r)
	}
	b.titled("Lunch")
	if p := b.a.one("Lunch").Content.Place + b.b.one("Lunch").Content.Place; p != "" {
		t.Errorf("place %q", p)
	}
	b.refuses(control.UndoRequest{Entry: entry.Seq}, "it is so already")
	d, err := b.face.HistoryDetail(t.Context(), entry.Seq)
	if err != nil || d.UndoneBy == 0 || d.CannotUndo != "it is so already" || d.Forced || len(d.Fields) != 2 || d.Fields[0] != (control.FieldChange{Field: "title", Before: "Lunch", After: "Brunch", Changed: true}) {
		t.Errorf("detail: %+v, %v", d, err)
	}
	// An undo is a change like others: undone, it is as before it.
	undone := b.last()
	if len(undone.Undoes) != 1 || undone.Undoes[0] != entry.Seq || !strings.Contains(undone.Why, fmt.Sprintf("you undid entry %d", entry.Seq)) {
		t.Errorf("the undo's entry: %+v", undone)
	}
	b.undo(control.UndoRequest{Entry: undone.Seq})
	b.titled("Brunch")
	if p := b.a.one("Brunch").Content.Place; p != "Oslo" {
		t.Errorf("place %q", p)
	}
}

func TestUndoOfWhatWasChangedSince(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch")
	b.quiet()
	b.a.edit("Lunch", retitle("Brunch"))
	b.quiet()
	entry := b.last()
	b.a.edit("Brunch", func(c *calendar.Content) { c.Place = "Oslo" }) // another field is no matter
	b.b.edit("Brunch", retitle("Dinner"))                              // not read yet
	b.refuses(control.UndoRequest{Entry: entry.Seq}, "its title was changed in “Main” just now, to “Dinner”; --force")
	b.quiet()
	b.refuses(control.UndoRequest{Entry: entry.Seq}, "its title was changed since, to “Dinner”; --force")
	if d, err := b.face.HistoryDetail(t.Context(), entry.Seq); err != nil || !d.Forced || !strings.HasPrefix(d.CannotUndo, "its title was changed since") {
		t.Errorf("nothing says that force would undo it: %+v, %v", d, err)
	}
	b.undo(control.UndoRequest{Entry: entry.Seq, Force: true})
	b.titled("Lunch")
	if p := b.b.one("Lunch").Content.Place; p != "Oslo" {
		t.Errorf("place %q", p)
	}
}

// What a copy does not show comes back as it was at home.
func TestUndoKnowsWhatTheCopyDoesNotShow(t *testing.T) {
	b := newBench(t)
	b.change(b.with(state.Mapping{Title: &state.TextLens{Lens: state.CopyLens, Limit: 10}}))
	b.a.add("A title that is long enough")
	b.quiet()
	b.a.edit("A title that is long enough", retitle("Another title that is long"))
	b.quiet()
	b.undo(control.UndoRequest{Entry: b.last().Seq})
	b.quiet()
	if got := b.a.titles(); got != "A title that is long enough" {
		t.Errorf("home holds %q", got)
	}
}

func TestUndoOfAnEditThatLost(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch")
	b.quiet()
	b.b.edit("Lunch", retitle("Early"))
	b.a.edit("Lunch", retitle("Late"))
	b.titled("Late")
	lost := b.find(state.Overridden)
	if lost.Rule != "conflicts: latest" || lost.Before.Title != "Early" {
		t.Errorf("%+v", lost)
	}
	b.undo(control.UndoRequest{Entry: lost.Seq})
	b.titled("Early")
}

// An edit that was taken back comes back when it may go home now.
func TestUndoOfAnEditThatWasTakenBack(t *testing.T) {
	b := newBench(t)
	b.sets(func(m *state.Mirror) { m.Guests = state.RevertGuests })
	b.a.add("Lunch", withGuest)
	b.quiet()
	b.b.edit("Lunch", retitle("Brunch"))
	b.titled("Lunch")
	back := b.find(state.Reverted)
	if back.Amiss() {
		t.Errorf("what the person's rule did is amiss: %+v", back)
	}
	r := b.undo(control.UndoRequest{Entry: back.Seq})
	if r.Report.Held != 1 || r.Report.Writes() != 0 {
		t.Fatalf("guests would hear of it: %+v", r)
	}
	b.restart()
	b.decide(state.Apply)
	b.titled("Brunch")
}

func withGuest(e *calendar.Event) {
	e.Guests = []calendar.Guest{{Person: calendar.Person{Email: "g@x.test"}}}
}

// find is the newest entry with an outcome.
func (b *bench) find(o state.Outcome) state.HistoryEntry {
	b.Helper()
	for _, x := range b.entries(control.HistoryQuery{}) {
		if x.Outcome == o {
			return x
		}
	}
	b.Fatalf("no entry is %s", o)
	return state.HistoryEntry{}
}

// decide says the same to all that is held.
func (b *bench) decide(d state.Decision) {
	b.Helper()
	held, err := b.face.Held(b.Context())
	if err != nil || len(held) == 0 {
		b.Fatalf("held: %v, %v", held, err)
	}
	var ids []string
	for _, h := range held {
		ids = append(ids, h.ID)
	}
	if err := b.face.Decide(b.Context(), control.Decide{IDs: ids, Decision: d}); err != nil {
		b.Fatal(err)
	}
}

func TestUndoOfACopy(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch")
	b.quiet()
	made := b.last()
	b.undo(control.UndoRequest{Entry: made.Seq})
	b.quiet()
	b.a.edit("Lunch", retitle("Brunch"))
	b.restart()
	b.quiet()
	if a, c := b.a.titles(), b.b.titles(); a != "Brunch" || c != "" {
		t.Fatalf("a: %s, b: %s", a, c)
	}
	if x := b.why("brunch"); !strings.Contains(strings.Join(x.Calendars[0].Says, " "), "you undid the making") || x.Calendars[0].There {
		t.Errorf("%+v", x)
	}
	b.refuses(control.UndoRequest{Entry: made.Seq}, "the copy is not there any more")
	b.undo(control.UndoRequest{Entry: b.last().Seq})
	b.titled("Brunch")
}

func (b *bench) why(word string) control.Explanation {
	b.Helper()
	x, err := b.face.Why(b.Context(), control.WhyRequest{Event: word})
	if err != nil || len(x) != 1 {
		b.Fatalf("why %s: %+v, %v", word, x, err)
	}
	return x[0]
}

func TestUndoOfADeletion(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch", func(e *calendar.Event) { e.Content.Place = "Oslo" })
	b.a.add("Stand-up", func(e *calendar.Event) {
		e.Content.When.Recurrence.Rules = []string{"RRULE:FREQ=DAILY;COUNT=5"}
		slot := e.Content.When.Original("20260312T090000Z")
		e.Overrides = map[string]calendar.Override{slot.Slot(): {Original: slot, Cancelled: true}}
	})
	b.a.add("Board", withGuest)
	b.quiet()
	for _, title := range []string{"Lunch", "Stand-up", "Board"} {
		b.a.remove(title)
	}
	b.titled("")
	for _, x := range b.entries(control.HistoryQuery{Limit: 3}) {
		if x.Kind != state.Delete {
			t.Fatalf("%+v", x)
		}
		r := b.undo(control.UndoRequest{Entry: x.Seq})
		if says := r.Undone[0].Says; (x.Title == "Board") != strings.Contains(says, "without its guests") {
			t.Errorf("%s: %q", x.Title, says)
		}
		if r.Report.Created != 2 {
			t.Errorf("%s: %+v", x.Title, r.Report)
		}
		b.refuses(control.UndoRequest{Entry: x.Seq}, "there is an event with its title and times")
	}
	b.titled("Board, Lunch, Stand-up")
	for _, f := range []*fake{b.a, b.b} {
		if len(f.one("Board").Guests) != 0 || f.one("Lunch").Content.Place != "Oslo" || !f.one("Stand-up").Overrides["20260312T090000Z"].Cancelled {
			t.Errorf("made again: %+v", f.one("Stand-up"))
		}
	}
	// Its timeline goes back to what it was before.
	line := b.entries(control.HistoryQuery{Event: "lunch"})
	var kinds []string
	for _, x := range line {
		kinds = append(kinds, string(x.Kind))
	}
	if got := strings.Join(kinds, " "); got != "create create delete create" {
		t.Errorf("timeline: %s", got)
	}
	// And undone again, it goes from both sides.
	for _, x := range line[:2] {
		if x.Ref == refA {
			b.undo(control.UndoRequest{Entry: x.Seq})
		}
	}
	b.titled("Board, Stand-up")
}

// What was deleted by many, and agreed to, comes back as a whole, and goes as a whole.
func TestUndoOfAMassDeletion(t *testing.T) {
	b := newBench(t)
	for i := range 12 {
		b.a.add(fmt.Sprint("E", i))
	}
	b.quiet()
	all := b.a.titles()
	for i := range 12 {
		b.a.remove(fmt.Sprint("E", i))
	}
	b.sync()
	b.decide(state.Apply)
	pass := b.sync().Pass
	b.titled("")
	if got := len(b.entries(control.HistoryQuery{Pass: pass})); got != 12 {
		t.Fatalf("%d entries of the pass", got)
	}
	r := b.undo(control.UndoRequest{Pass: pass})
	if len(r.Undone) != 12 || len(r.Left) != 0 || r.Report.Created != 24 {
		t.Fatalf("%+v", r)
	}
	b.titled(all)
	// The undo of that deletes them all again: more than usual, so it is asked about,
	// unless that was seen in the plan.
	again := r.Report.Pass
	plan := b.undo(control.UndoRequest{Pass: again, DryRun: true})
	if plan.Report.Held != 24 || len(plan.Undone) != 24 {
		t.Fatalf("plan: %+v", plan)
	}
	var seen []string
	for _, s := range plan.Report.Steps {
		seen = append(seen, s.Fact)
	}
	if r := b.undo(control.UndoRequest{Pass: again, Seen: seen}); r.Report.Deleted != 24 {
		t.Fatalf("%+v", r.Report)
	}
	b.titled("")
}

func TestUndoOfAPass(t *testing.T) {
	b := newBench(t)
	for i := range 30 {
		b.a.add(fmt.Sprintf("E%02d", i))
	}
	made := b.sync().Pass
	b.quiet()
	before := b.a.titles()
	for i := range 30 {
		b.a.edit(fmt.Sprintf("E%02d", i), func(c *calendar.Content) { c.Title = "New " + c.Title })
	}
	pass := b.sync().Pass
	b.quiet()
	after := b.a.titles()
	b.b.edit("New E07", retitle("Mine"))
	r := b.undo(control.UndoRequest{Pass: pass})
	if len(r.Undone) != 29 || len(r.Left) != 1 || r.Left[0].Title != "New E07" || !strings.Contains(r.Left[0].Says, "just now, to “Mine”") {
		t.Fatalf("undone %d, left %+v", len(r.Undone), r.Left)
	}
	b.titled(strings.Replace(before, "E07, ", "", 1) + ", Mine")
	// That pass is undone in turn, and what it carried across besides.
	if r = b.undo(control.UndoRequest{Pass: r.Report.Pass}); len(r.Left) != 0 || len(r.Undone) != 2*29+1 {
		t.Fatalf("undone %d, left %+v", len(r.Undone), r.Left)
	}
	b.titled(after)
	// The pass that made thirty copies: they go, and stay away, once that was seen.
	plan := b.undo(control.UndoRequest{Pass: made, DryRun: true})
	if plan.Report.Held != 30 {
		t.Fatalf("plan: %+v", plan.Report)
	}
	r = b.undo(control.UndoRequest{Pass: made})
	if r.Report.Held != 30 || r.Report.Deleted != 0 {
		t.Fatalf("unseen: %+v", r.Report)
	}
	b.decide(state.Apply)
	b.quiet()
	if b.b.titles() != "" || b.a.titles() != after {
		t.Errorf("a: %s\nb: %s", b.a.titles(), b.b.titles())
	}
}

// A crash between the wish and the write loses nothing and does nothing twice.
func TestAnUndoSurvivesACrash(t *testing.T) {
	for _, call := range []string{"update", "create"} {
		for _, landed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s landed=%v", call, landed), func(t *testing.T) {
				b := newBench(t)
				b.a.add("Lunch")
				b.quiet()
				if call == "update" {
					b.a.edit("Lunch", retitle("Brunch"))
				} else {
					b.a.remove("Lunch")
				}
				b.quiet()
				entry := b.last()
				for _, f := range []*fake{b.a, b.b} {
					failed := false
					f.fault = func(c string) (before, after error) {
						if c != call || failed {
							return nil, nil
						}
						failed = true
						if landed {
							return nil, f.err(calendar.Unavailable)
						}
						return f.err(calendar.Unavailable), nil
					}
				}
				r := b.undo(control.UndoRequest{Entry: entry.Seq})
				if r.Report.Failed != 2 {
					t.Fatalf("%+v", r.Report)
				}
				b.restart()
				*b.clock = b.clock.Add(time.Hour)
				b.titled("Lunch")
				if x := b.last(); len(x.Undoes) != 1 || x.Undoes[0] != entry.Seq || x.Requests < 2 {
					t.Errorf("entry %+v", x)
				}
			})
		}
	}
}

// The wish outlives a pass that could not even read.
func TestAWishOutlivesAPassThatCouldNotRead(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch")
	b.quiet()
	b.b.edit("Lunch", retitle("Brunch"))
	b.quiet()
	entry := b.last()
	if entry.Ref != refA { // the copy's edit went home
		t.Fatalf("%+v", entry)
	}
	reads := 0
	b.a.fault = func(c string) (before, after error) {
		if c == "changes" {
			reads++
		}
		if c == "changes" && reads == 2 {
			return b.a.err(calendar.Unavailable), nil
		}
		return nil, nil
	}
	b.undo(control.UndoRequest{Entry: entry.Seq})
	b.restart()
	*b.clock = b.clock.Add(time.Hour)
	b.titled("Lunch")
	for range 2 { // and it is done once
		b.restart()
		b.titled("Lunch")
	}
}

func TestUndoOfAnOccurrence(t *testing.T) {
	b := newBench(t)
	const slot = "20260312T090000Z"
	b.a.add("Stand-up", func(e *calendar.Event) { e.Content.When.Recurrence.Rules = []string{"RRULE:FREQ=DAILY;COUNT=5"} })
	b.quiet()
	touch := func(f *fake, o calendar.Override) {
		f.mu.Lock()
		h := f.one("Stand-up")
		o.Original = h.Content.When.Original(slot)
		h.override(slot, o)
		f.touch(h)
		f.mu.Unlock()
		b.quiet()
	}
	touch(b.a, calendar.Override{Changed: calendar.Groups{calendar.GroupTitle}, Content: calendar.Content{Title: "Sit-down"}})
	changed := b.last()
	touch(b.b, calendar.Override{Cancelled: true})
	called := b.last()
	d, err := b.face.HistoryDetail(t.Context(), called.Seq)
	if err != nil || len(d.Fields) != 2 || d.Fields[0] != (control.FieldChange{Field: "when", At: slot, Before: "as in the series", After: "cancelled", Changed: true}) {
		t.Errorf("%+v, %v", d.Fields, err)
	}
	b.refuses(control.UndoRequest{Entry: changed.Seq}, "the occurrence was changed since")
	shows := func() string {
		b.quiet()
		x, y := b.a.one("Stand-up").Overrides[slot], b.b.one("Stand-up").Overrides[slot]
		if !x.Equal(y) {
			t.Errorf("a: %+v\nb: %+v", x, y)
		}
		return fmt.Sprintf("%v %s", x.Cancelled, x.Content.Title)
	}
	b.undo(control.UndoRequest{Entry: called.Seq})
	if got := shows(); got != "false Sit-down" {
		t.Error(got)
	}
	b.undo(control.UndoRequest{Entry: changed.Seq})
	if got := shows(); got != "false " {
		t.Error(got)
	}
	b.undo(control.UndoRequest{Entry: b.last().Seq})
	if got := shows(); got != "false Sit-down" {
		t.Error(got)
	}
}

// Where a series is told in single events, a change of it is many, and its undo is one.
func TestUndoOfASeriesToldInSingleEvents(t *testing.T) {
	b := newBench(t)
	b.b.noSeries = "it holds none"
	rule := func(n int) func(*calendar.Content) {
		return func(c *calendar.Content) {
			c.When.Recurrence.Rules = []string{fmt.Sprintf("RRULE:FREQ=DAILY;COUNT=%d", n)}
		}
	}
	b.a.add("Stand-up", func(e *calendar.Event) { rule(3)(&e.Content) })
	made := b.sync().Pass
	b.quiet()
	shows := func(title string, n int) {
		t.Helper()
		b.quiet()
		if got := strings.Count(b.b.titles(), title); got != n || !strings.Contains(b.a.titles(), title) {
			t.Fatalf("a: %s\nb: %s\nwant %d of %s", b.a.titles(), b.b.titles(), n, title)
		}
	}
	b.a.edit("Stand-up", rule(5))
	longer := b.sync().Pass
	shows("Stand-up", 5)
	b.a.edit("Stand-up", retitle("Sit-down"))
	pass := b.sync().Pass
	shows("Sit-down", 5)
	undo := func(pass uint64) uint64 {
		t.Helper()
		r := b.undo(control.UndoRequest{Pass: pass})
		if len(r.Left) > 0 {
			t.Fatalf("left %+v", r.Left)
		}
		return r.Report.Pass
	}
	again := undo(pass)
	shows("Stand-up", 5)
	undo(again)
	shows("Sit-down", 5)
	again = undo(longer)
	shows("Sit-down", 3)
	undo(again)
	shows("Sit-down", 5)
	b.refuses(control.UndoRequest{Entry: b.entries(control.HistoryQuery{Pass: made})[0].Seq}, "others were there before")
	b.a.remove("Sit-down")
	gone := b.sync().Pass
	b.titled("")
	undo(gone)
	shows("Sit-down", 5)
}

// A series whose home is off comes back in a calendar that can hold it, whichever entry
// of the pass is the first; where there is none, the undo says why.
func TestUndoOfASeriesWhoseHomeIsOff(t *testing.T) {
	off := func(b *bench, i int) {
		t.Helper()
		m, err := b.face.Mirrors(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		changed := m[0].Mirror
		changed.Members[i].Off = true
		b.change(changed)
	}
	b, c := three(t)
	b.b.noSeries = "it holds none"
	c.add("Stand-up", daily)
	b.quiet()
	c.remove("Stand-up")
	gone := b.sync().Pass
	b.quiet()
	off(b, 2)
	if r := b.undo(control.UndoRequest{Pass: gone}); len(r.Left) > 0 {
		t.Fatalf("left %+v", r.Left)
	}
	b.quiet()
	if n := strings.Count(b.b.titles(), "Stand-up"); n != 5 || b.a.one("Stand-up").Content.When.Recurrence.IsZero() {
		t.Errorf("a: %s\nb: %s", b.a.titles(), b.b.titles())
	}
	b.a.remove("Stand-up")
	gone = b.sync().Pass
	b.quiet()
	off(b, 0)
	r, err := b.face.Undo(t.Context(), control.UndoRequest{Pass: gone})
	if err != nil || len(r.Undone) > 0 || len(r.Left) == 0 {
		t.Errorf("%+v, %v", r, err)
	}
	for _, x := range r.Left {
		if !strings.Contains(x.Says, "in no mirror at work") {
			t.Errorf("it says %q", x.Says)
		}
	}
}

// A held undo of many copies, dropped, leaves them.
func TestAnUndoThatIsDroppedLeavesTheCopies(t *testing.T) {
	b := newBench(t)
	for i := range 12 {
		b.a.add(fmt.Sprint("E", i))
	}
	made := b.sync().Pass
	b.quiet()
	if r := b.undo(control.UndoRequest{Pass: made}); r.Report.Held != 12 {
		t.Fatalf("%+v", r.Report)
	}
	b.decide(state.Drop)
	b.quiet()
	if b.a.titles() != b.b.titles() || strings.Count(b.b.titles(), "E") != 12 {
		t.Errorf("a: %s\nb: %s", b.a.titles(), b.b.titles())
	}
	if s, _ := b.face.Status(t.Context()); s.Held != 0 {
		t.Errorf("still held: %d", s.Held)
	}
}

// That a copy shows less now is the mirror's doing: there is nothing to take back.
func TestUndoOfAMappingsDoing(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch", func(e *calendar.Event) { e.Content.Place = "Oslo" })
	b.quiet()
	b.change(b.with(state.Mapping{Detail: state.BusyOnly}))
	b.quiet()
	if why := b.last().Why; !strings.HasSuffix(why, "brought in line with what the mirror “Main – Main” shows there") {
		t.Errorf("why: %s", why)
	}
	b.refuses(control.UndoRequest{Entry: b.last().Seq}, "was brought in line with what its mirror shows there")
}

func TestUndoThatMakesNoSense(t *testing.T) {
	b := newBench(t)
	b.a.add("Both", func(e *calendar.Event) { e.UID = "same" })
	b.b.add("Both", func(e *calendar.Event) { e.UID = "same" })
	b.quiet()
	b.refuses(control.UndoRequest{Entry: b.last().Seq}, "nothing was written")
	b.a.add("Odd", func(e *calendar.Event) { e.Doubt = "its zone is not known" })
	b.quiet()
	b.refuses(control.UndoRequest{Entry: b.find(state.Noted).Seq}, "it only notes something")
	for _, c := range []struct {
		req  control.UndoRequest
		code control.ErrorCode
	}{{control.UndoRequest{}, control.CodeUsage}, {control.UndoRequest{Entry: 1, Pass: 1}, control.CodeUsage}, {control.UndoRequest{Entry: 999}, control.CodeNotFound}, {control.UndoRequest{Pass: 999}, control.CodeNotFound}} {
		var e *control.Error
		if _, err := b.face.Undo(t.Context(), c.req); !errors.As(err, &e) || e.Code != c.code {
			t.Errorf("%+v: %v", c.req, err)
		}
	}
	b.a.remove("Odd")
	b.quiet()
	for _, x := range b.entries(control.HistoryQuery{Text: "odd"}) {
		if x.Kind == state.Create {
			b.refuses(control.UndoRequest{Entry: x.Seq}, "the event is gone; undo its deletion first")
		}
	}
}
