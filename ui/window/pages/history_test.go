package pages

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/window/pretend"
)

func TestHistoryLoadsFurtherPagesWhenScrolled(t *testing.T) {
	r := lively(t)
	r.tap("History")
	r.until("the first page", func() bool { return len(r.w.hist.entries) == 100 })
	if !r.sees("Design review") || !r.sees("Changed in Calendar: time, place · moved in Work") || !r.sees("Linked with the one in Calendar, from Work · the same meeting") || !r.sees("15:02") {
		t.Errorf("the list shows:\n%s", strings.Join(r.texts(), "\n"))
	}
	r.w.hist.list.ScrollToBottom()
	r.until("the second page", func() bool { return len(r.w.hist.entries) == 200 })
	r.w.hist.list.ScrollToBottom()
	r.until("the last page", func() bool { return r.w.hist.all })
	if n := len(r.w.hist.entries); n != 260 {
		t.Errorf("%d entries, want 260", n)
	}
	for i, h := range r.w.hist.entries {
		if h.seq != uint64(260-i) {
			t.Fatalf("entry %d has number %d", i, h.seq)
		}
	}
}

func TestHistoryShowsNewEntriesAndKeepsTheChoice(t *testing.T) {
	r := lively(t)
	r.tap("History")
	r.until("the first page", func() bool { return len(r.w.hist.entries) == 100 })
	r.w.hist.list.Select(2) // the second entry of the newest sync
	r.until("the details", func() bool { return r.w.hist.detail.Visible() })
	for _, s := range []string{"Created in Work", "New in Calendar", "Room 4"} {
		if !r.sees(s) {
			t.Errorf("the details do not say %q", s)
		}
	}
	chosen := r.w.hist.chosen
	r.engine.Change(func(w *pretend.World) {
		w.Status.Pass++
		w.History = append([]state.HistoryEntry{{Seq: 261, Time: now, Kind: state.Create, Outcome: state.Done, Ref: pretend.Work, Title: "Brand new"}}, w.History...)
	})
	r.until("the new entry", func() bool { return r.w.hist.entries[0].title == "Brand new" })
	if r.w.hist.chosen != chosen || !r.sees("New in Calendar") {
		t.Error("the details went to another entry")
	}
}

func TestHistoryFilter(t *testing.T) {
	r := lively(t)
	r.tap("History")
	r.until("the first page", func() bool { return len(r.w.hist.entries) == 100 })
	r.w.hist.filter.SetText("dentist")
	r.until("the matches", func() bool { return len(r.w.hist.entries) > 0 && r.w.hist.query.Text == "dentist" })
	for _, h := range r.w.hist.entries {
		if h.title != "Dentist" {
			t.Fatalf("%q does not match", h.title)
		}
	}
	r.w.hist.filter.SetText("no such thing")
	r.until("nothing", func() bool { return r.sees("Nothing with “no such thing” in its title.") })
	r.w.hist.filter.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	r.until("everything", func() bool { return len(r.w.hist.entries) == 100 })
}

// chooseEntry turns to the history and chooses the entry with this number.
func (r *rig) chooseEntry(seq uint64) {
	r.t.Helper()
	r.tap("History")
	r.until("the entries", func() bool { return len(r.w.hist.entries) > 0 })
	r.w.hist.list.Select(r.w.hist.index(seq))
	r.until("the details", func() bool { return r.w.hist.detail.Visible() })
}

func TestHistoryIsGroupedByPass(t *testing.T) {
	r := lively(t)
	r.tap("History")
	r.until("the first page", func() bool { return len(r.w.hist.entries) == 100 })
	heads := 0
	for i, x := range r.w.hist.rows {
		if x.head {
			heads++
			r.w.hist.list.Select(i)
			if r.w.hist.detail.Visible() {
				t.Fatal("a head has details")
			}
		}
	}
	r.w.hist.list.ScrollToTop()
	if heads != 34 { // three entries a pass
		t.Errorf("%d heads", heads)
	}
	if !r.sees("15:02 · 3 entries") || !r.sees("Undo this sync…") {
		t.Errorf("the list shows:\n%s", strings.Join(r.texts(), "\n"))
	}
}

func TestHistoryIsPickedByMirrorAndKind(t *testing.T) {
	r := lively(t)
	r.tap("History")
	r.until("the first page", func() bool { return len(r.w.hist.entries) == 100 })
	r.turn("All mirrors", "Family life")
	r.until("those of a mirror", func() bool { return len(r.w.hist.entries) > 0 && r.w.hist.query.Mirror == "m2" })
	r.turn("Everything that happened", "Failed, lost, taken back")
	r.until("what was taken back", func() bool { return len(r.w.hist.entries) > 0 && r.w.hist.query.Amiss })
	for _, h := range r.w.hist.entries {
		if h.title != "Concert" {
			t.Errorf("%q is picked", h.title)
		}
	}
	if r.sees("Undo this sync…") {
		t.Error("a sync of which only a part is shown can be undone as a whole")
	}
	r.turn("Failed, lost, taken back", "What was linked")
	r.until("nothing", func() bool { return r.sees("Nothing of that kind.") })
}

func TestAnEntryIsUndoneOnceItsPlanWasSeen(t *testing.T) {
	r := lively(t)
	r.chooseEntry(259)
	for _, s := range []string{"Before", "After", "0 requests were made for it"} {
		if !r.sees(s) {
			t.Errorf("the details do not say %q:\n%s", s, strings.Join(r.texts(), "\n"))
		}
	}
	r.tap("Undo…")
	r.until("the plan", func() bool { return r.sees("What undoing does") })
	asked := strings.Join(r.engine.Calls(), "\n")
	if !strings.Contains(asked, "{Entry:259 Pass:0 Force:false DryRun:true Seen:[]}") || strings.Contains(asked, "DryRun:false") {
		t.Fatalf("asked for %s", asked)
	}
	r.tap("Undo")
	r.until("it is undone", func() bool {
		return strings.Contains(strings.Join(r.engine.Calls(), "\n"), "{Entry:259 Pass:0 Force:false DryRun:false Seen:[]}")
	})
	r.until("nothing is left in the way", func() bool { return len(r.w.popups) == 0 })
	r.tap("Undo this sync…")
	r.until("the plan of a pass", func() bool { return strings.Contains(strings.Join(r.engine.Calls(), "\n"), "{Entry:0 Pass:4") })
}

func TestTheTimelineOfOneMeeting(t *testing.T) {
	r := lively(t)
	r.chooseEntry(259)
	r.tap("Its timeline")
	r.until("its entries alone", func() bool { return len(r.w.hist.entries) == 1 && r.sees("Only “Dentist”, on all sides") })
	r.tap("Show everything")
	r.until("all again", func() bool { return len(r.w.hist.entries) == 100 })
}

func TestWhyAnEventIsHereIsSaid(t *testing.T) {
	r := rigUp(t, pretend.Lively(now), Options{})
	r.engine.Change(func(w *pretend.World) {
		w.Why = []control.Explanation{{Title: "Dentist", Born: "it was made in Work", Calendars: []control.Reach{{Ref: pretend.Office, There: true, Says: []string{"it is a copy"}}, {Ref: pretend.Family, Says: []string{"no mirror leads there"}}}, Waits: []string{"an edit waits"}}}
	})
	r.until("the state", func() bool { return r.w.calendars != nil && r.w.known })
	r.chooseEntry(259)
	r.tap("Why is it here?")
	r.until("the explanation", func() bool {
		return r.sees("It was made in Work") && r.sees("It is a copy") && r.sees("No mirror leads there") && r.sees("An edit waits")
	})
}

// A hundred thousand entries: what is built and asked for is what is looked at.
func TestALargeHistoryIsReadAsItIsLookedAt(t *testing.T) {
	const n = 100_000
	world := pretend.Lively(now)
	base := world.History[0]
	world.History = make([]state.HistoryEntry, n)
	for i := range world.History {
		h := base
		h.Seq, h.Pass, h.Time, h.Title = uint64(n-i), uint64((n-i)/10), now.Add(-time.Duration(i)*time.Minute), fmt.Sprint("Event ", n-i)
		world.History[i] = h
	}
	r := rigUp(t, world, Options{})
	r.until("the state", func() bool { return r.w.known && r.w.calendars != nil })
	r.tap("History")
	for page := 1; page <= 30; page++ {
		r.until("a page", func() bool { return len(r.w.hist.entries) == page*historyPageSize })
		r.w.hist.list.ScrollToBottom()
	}
	built := 0
	r.visible(func(o fyne.CanvasObject) {
		if _, ok := o.(*historyRow); ok {
			built++
		}
	})
	if built > 40 {
		t.Errorf("%d rows are built", built)
	}
	r.w.hist.list.ScrollToTop()
	if !r.sees("Event 100000") {
		t.Error("the newest is not on top")
	}
}
