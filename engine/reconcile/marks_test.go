package reconcile

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// paste is a person copying an event to a calendar, hidden properties and all.
func (w *world) paste(from string, id calendar.RemoteID, to, title string) calendar.RemoteID {
	was := *w.events[ref(from)][id]
	return w.add(to, title, func(e *calendar.Event) { e.Content, e.Mark = was.Content, was.Mark; e.Content.Title = title })
}

// forget loses the store: everything is met anew, under another installation.
func (w *world) forget(installation string) {
	w.entities, w.pending, w.installation = map[state.EntityID]state.Entity{}, map[state.EntityID]bool{}, installation
	w.seq++ // entities get other ids
	for r, evs := range w.events {
		for id := range evs {
			w.dirty[Found{r, id}] = true
		}
	}
}

func TestAMarkThatCameAlong(t *testing.T) {
	cases := []struct {
		name string
		do   func(w *world, home, copied calendar.RemoteID)
		a, b string
	}{
		{"pasted beside the copy", func(w *world, _, c calendar.RemoteID) { w.paste("b", c, "b", "Pasted") }, "Lunch, Pasted", "Lunch, Pasted"},
		{"pasted under the same title", func(w *world, _, c calendar.RemoteID) { w.paste("b", c, "b", "Lunch") }, "Lunch, Lunch", "Lunch, Lunch"},
		{"pasted beside the home", func(w *world, _, c calendar.RemoteID) { w.paste("b", c, "a", "Pasted") }, "Lunch, Pasted", "Lunch, Pasted"},
		{"pasted, and the copy is deleted", func(w *world, _, c calendar.RemoteID) { w.paste("b", c, "b", "Pasted"); w.remove("b", c) }, "Pasted", "Pasted"},
		{"pasted, and the meeting is deleted", func(w *world, h, c calendar.RemoteID) { w.paste("b", c, "b", "Pasted"); w.remove("a", h) }, "Pasted", "Pasted"},
		{"pasted twice", func(w *world, _, c calendar.RemoteID) { w.paste("b", w.paste("b", c, "b", "One"), "b", "Two") }, "Lunch, One, Two", "Lunch, One, Two"},
		{"back from the bin long after", func(w *world, h, c calendar.RemoteID) {
			w.remove("b", c)
			w.settle()
			delete(w.gone[ref("b")], c)
			w.edit("b", c, func(e *calendar.Event) {})
		}, "Lunch", "Lunch"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, "a", "b")
			home := w.add("a", "Lunch")
			w.settle()
			c.do(w, home, w.the("b", "Lunch").ID)
			w.settle()
			if a, b := w.titles("a"), w.titles("b"); a != c.a || b != c.b {
				t.Errorf("a holds %q, want %q; b holds %q, want %q", a, c.a, b, c.b)
			}
		})
	}
}

// A service splits a series of copies and carries the mark to the tail.
func TestATailWithTheMark(t *testing.T) {
	w := newWorld(t, "a", "b")
	w.add("a", "Weekly", func(e *calendar.Event) {
		e.Content.When.Recurrence.Rules = []string{"RRULE:FREQ=WEEKLY;COUNT=8;BYDAY=WE"}
	})
	w.settle()
	head := w.the("b", "Weekly").ID
	tail := w.paste("b", head, "b", "Weekly, later")
	w.edit("b", head, func(e *calendar.Event) {
		e.Content.When.Recurrence.Rules = []string{"RRULE:FREQ=WEEKLY;COUNT=4;BYDAY=WE"}
	})
	w.edit("b", tail, func(e *calendar.Event) {
		e.Content.When.Start.Local, e.Content.When.End.Local = "2026-04-08T09:00:00", "2026-04-08T10:00:00"
		e.Content.When.Recurrence.Rules = []string{"RRULE:FREQ=WEEKLY;COUNT=4;BYDAY=WE"}
	})
	w.settle()
	if got := w.the("a", "Weekly").Content.When.Recurrence.Rules[0]; !strings.Contains(got, "COUNT=4") {
		t.Errorf("the head at home repeats by %s", got)
	}
	w.the("a", "Weekly, later")
}

// The store is lost: marks lead home whatever a copy shows; of two with one mark the
// older is the copy; what has no home is left alone.
func TestALostStore(t *testing.T) {
	w := newWorld(t, "a", "b")
	w.maps(state.Mapping{Detail: state.BusyOnly})
	w.add("a", "Lunch")
	dentist := w.add("a", "Dentist")
	w.add("b", "Supper")
	w.settle()
	var copied calendar.RemoteID
	for id, ev := range w.events[ref("b")] {
		if names(ev.Mark, w.the("a", "Lunch").UID) {
			copied = id
		}
	}
	w.paste("b", copied, "b", "Pasted")
	w.gone[ref("a")][dentist] = true
	w.forget("i2")
	before := w.writes
	lines := strings.Join(w.pass(), "\n")
	if got := strings.Count(lines, "adopt"); got != 2 || !strings.Contains(lines, `skip "Busy" in b`) {
		t.Errorf("steps\n%s", lines)
	}
	if !w.claims["m1"].At.After(now) || w.claims["m1"].Installation != "i1" {
		t.Errorf("claims %+v", w.claims)
	}
	w.settle()
	if got := w.writes - before; got != 1 { // Pasted goes to a
		t.Errorf("%d writes", got)
	}
	if a, b := w.titles("a"), w.titles("b"); a != "Busy, Busy, Lunch" || b != "Busy, Busy, Pasted, Supper" {
		t.Errorf("a holds %s; b holds %s", a, b)
	}
	for _, e := range w.entities {
		if rec, ok := e.Records[ref("b")]; ok && e.Base.Title == "Lunch" && (rec.Parts[0].ID != copied || rec.Adopted) {
			t.Errorf("Lunch is linked to %+v", rec)
		}
	}
}

// Three calendars, and a series that one of them tells one by one.
func TestALostStoreOfASeriesInParts(t *testing.T) {
	w := newWorld(t, "a", "b", "c-")
	w.members[ref("c-")] = Member{Name: "c-", Writable: true, Ready: true, Capabilities: calendar.Capabilities{Groups: calendar.AllGroups}}
	w.add("a", "Weekly", func(e *calendar.Event) {
		e.Content.When.Recurrence.Rules = []string{"RRULE:FREQ=WEEKLY;COUNT=3;BYDAY=WE"}
	})
	w.settle()
	if got := w.titles("c-"); got != "Weekly, Weekly, Weekly" {
		t.Fatalf("c holds %s", got)
	}
	before := w.writes
	w.forget("i2")
	w.settle()
	if w.writes != before || len(w.entities) != 1 {
		t.Errorf("%d writes, %d entities", w.writes-before, len(w.entities))
	}
}

// noMonths is a calendar that holds no series of certain days of the month.
var noMonths = Member{Name: "c-", Writable: true, Ready: true, Capabilities: calendar.Capabilities{Groups: calendar.AllGroups, Series: func(x calendar.When) string {
	if strings.Contains(x.Recurrence.Rules[0], "MONTHLY") {
		return "it has no such rule"
	}
	return ""
}}}

func rule(rule string) func(*calendar.Event) {
	return func(e *calendar.Event) { e.Content.When.Recurrence.Rules = []string{rule} }
}

// A series whose copy is kept as it was, since it has guests, has a rule by now that can only
// be told one by one: another store knows that copy, and makes no others beside it.
func TestALostStoreOfASeriesThatWasKept(t *testing.T) {
	w := newWorld(t, "a", "c-")
	w.members[ref("c-")] = noMonths
	home := w.add("a", "Stand-up", rule("RRULE:FREQ=WEEKLY;COUNT=3;BYDAY=WE"))
	w.settle()
	w.edit("c-", w.the("c-", "Stand-up").ID, withGuest)
	w.edit("a", home, rule("RRULE:FREQ=MONTHLY;COUNT=3;BYMONTHDAY=11,21"))
	w.recalls("i2")
}

// One of the single events in which a series is told has guests, so all are kept as they are
// when the series could be told as one. Another store leaves alone those that it does not
// know of which occurrence they are: taken for the person's they would be copied home.
func TestALostStoreOfPartsThatWereKept(t *testing.T) {
	w := newWorld(t, "a", "b", "c-")
	w.members[ref("c-")] = noMonths
	home := w.add("a", "Stand-up", rule("RRULE:FREQ=MONTHLY;COUNT=3;BYMONTHDAY=11,21"))
	w.settle()
	parts := slices.Sorted(maps.Keys(w.events[ref("c-")]))
	w.edit("c-", parts[1], withGuest)
	w.edit("a", home, rule("RRULE:FREQ=WEEKLY;COUNT=3;BYDAY=WE"))
	w.settle()
	before := w.writes
	w.forget("i2")
	w.settle()
	for name, want := range map[string]string{"a": "Stand-up", "b": "Stand-up", "c-": "Stand-up, Stand-up, Stand-up"} {
		if got := w.titles(name); got != want {
			t.Errorf("%s holds %s", name, got)
		}
	}
	if w.writes != before {
		t.Errorf("%d writes", w.writes-before)
	}
}

// A meeting that was put off for more than a year stays linked with its copy, also by another
// store: brought forward after that, it takes the copy along.
func TestALostStoreOfWhatIsFarAhead(t *testing.T) {
	w := newWorld(t, "a", "b")
	home := w.add("a", "Lunch")
	w.settle()
	far := hour(9)
	far.Start.Local, far.End.Local = "2027-05-04T09:00:00", "2027-05-04T10:00:00"
	w.edit("a", home, at(far))
	w.recalls("i2")
	w.edit("a", home, at(hour(15)))
	w.settle()
	if got := w.the("b", "Lunch").Content.When; got.Start != hour(15).Start {
		t.Errorf("in b it is at %v", got)
	}
}

// While another installation keeps a mirror, nothing is written; what it makes is
// taken for the copy; after a take-over what is left to do is done.
func TestWatching(t *testing.T) {
	w := newWorld(t, "a", "b")
	w.holds = map[state.MirrorID]Hold{"m1": {Since: now, Watched: true}}
	home := w.add("a", "Lunch")
	w.pass()
	if w.writes != 0 || w.titles("b") != "" {
		t.Fatalf("%d writes", w.writes)
	}
	uid := w.events[ref("a")][home].UID
	other := calendar.Mark{Installation: "i2", Mirror: "m7", Entity: string(state.EntityID("e1").WithFingerprint(uid))}
	w.add("b", "Lunch!", func(e *calendar.Event) { e.Mark = other })
	w.pass()
	w.edit("a", home, func(e *calendar.Event) { e.Content.Place = "Oslo" })
	w.pass()
	if w.writes != 0 || len(w.entities) != 1 || w.claims["m1"].Installation != "" && w.claims["m1"].Installation != "i2" {
		t.Fatalf("%d writes, %d entities, claims %v", w.writes, len(w.entities), w.claims)
	}
	w.holds = map[state.MirrorID]Hold{"m1": {Since: w.clock}}
	for id := range w.entities {
		w.pending[id] = true
	}
	w.settle()
	if got := w.the("b", "Lunch!"); got.Content.Place != "Oslo" || w.writes != 1 || len(w.claims) != 0 {
		t.Errorf("b holds %+v after %d writes, claims %v", got.Content, w.writes, w.claims)
	}
	// A rival's second copy of the same meeting is left alone, and tells of the rival.
	other.Entity = string(state.EntityID("e2").WithFingerprint(uid))
	w.clock = w.clock.Add(time.Hour)
	w.add("b", "Lunch!", func(e *calendar.Event) { e.Mark = other })
	w.pass()
	if w.titles("a") != "Lunch" || w.claims["m1"].Installation != "i2" {
		t.Errorf("a holds %s, claims %v", w.titles("a"), w.claims)
	}
}

// recalls loses the store, and fails unless the same events belong together afterwards as
// did before, with nothing written for it.
func (w *world) recalls(installation string) {
	w.t.Helper()
	together := func() string {
		var out []string
		for _, e := range w.entities {
			said := "home " + e.Home.String()
			for _, r := range sortedRefs(e.Records) {
				said += fmt.Sprintf(", %v", e.Records[r].Parts[0].ID)
			}
			out = append(out, said)
		}
		slices.Sort(out)
		return strings.Join(out, "\n")
	}
	w.settle()
	was, before := together(), w.writes
	w.forget(installation)
	w.settle()
	if is := together(); is != was || w.writes != before {
		w.t.Fatalf("%d writes after the store was lost; it knew\n%s\nand knows\n%s", w.writes-before, was, is)
	}
}

// A home that is made again, twice and with the store lost in between, is known by one
// fingerprint all the while: the copy that was edited, and not written since the home was
// made first, stays the copy, and not a clone whose mark is of a later day.
func TestAHomeMadeAgainAndAgain(t *testing.T) {
	w := newWorld(t, "a", "b", "c")
	w.add("c", "Lunch")
	w.settle()
	again := func(to string) {
		t.Helper()
		w.remove("c", w.the("c", "Lunch").ID)
		w.remove("a", w.the("a", "Lunch").ID)
		w.edit("b", w.the("b", "Lunch").ID, place(to))
		w.settle()
	}
	again("Oslo")
	w.recalls("i2")
	again("Rome")
	w.paste("a", w.the("a", "Lunch").ID, "b", "Pasted")
	w.recalls("i3")
}

// Of two meetings that look the same, one has no copy when the store is lost: that of the
// other one is not taken for it.
func TestACopyOfWhatLooksTheSame(t *testing.T) {
	w := newWorld(t, "a", "b")
	bare, home := w.add("a", "Lunch"), w.add("a", "Lunch")
	w.settle()
	var copied calendar.RemoteID
	for id, ev := range w.events[ref("b")] {
		if names(ev.Mark, w.events[ref("a")][home].UID) {
			copied = id
		} else {
			w.gone[ref("b")][id] = true
		}
	}
	before := w.writes
	w.forget("i2")
	w.settle()
	if w.writes != before+1 || w.titles("b") != "Lunch, Lunch" {
		t.Errorf("%d writes, b holds %s", w.writes-before, w.titles("b"))
	}
	for _, e := range w.entities {
		if h := e.Records[ref("a")].Parts[0].ID; (e.Records[ref("b")].Parts[0].ID == copied) != (h == home) {
			t.Errorf("%s is linked to %s; the copy of %s is %s, and %s has none", h, e.Records[ref("b")].Parts[0].ID, home, copied, bare)
		}
	}
}

// A meeting and its copy are restored, and the copy was given another time before it was
// deleted that never went home: they are two meetings, since both cannot be true of one.
func TestACopyRestoredWithATimeOfItsOwn(t *testing.T) {
	for name, change := range map[string]func(*calendar.Event){"at another time": at(hour(15)), "as a series": func(e *calendar.Event) {
		e.Content.When.Recurrence.Rules = []string{"RRULE:FREQ=DAILY;COUNT=3"}
	}} {
		t.Run(name, func(t *testing.T) {
			for _, both := range []bool{true, false} { // restored in one pass, or the meeting first
				w := newWorld(t, "a", "b")
				home := w.add("a", "Lunch")
				w.settle()
				copied := w.the("b", "Lunch").ID
				w.remove("a", home)
				w.settle()
				delete(w.gone[ref("a")], home)
				w.edit("a", home)
				if !both {
					w.ready("b", false)
					w.pass()
					w.ready("b", true)
				}
				delete(w.gone[ref("b")], copied)
				w.edit("b", copied, change)
				w.settle()
				if w.sameAgenda("a", "b"); w.titles("a") != "Lunch, Lunch" {
					t.Errorf("a holds %q", w.titles("a"))
				}
			}
		})
	}
}

// A person copied a copy beside its home and linked it with a meeting of theirs that looks
// the same. After the store was lost the stray mark tells nothing of the others that bear
// it, nor makes a copy of the person's event.
func TestALostStoreWithAStrayMark(t *testing.T) {
	w := newWorld(t, "a", "b", "c")
	home := w.add("c", "Lunch")
	w.settle()
	twin := w.add("a", "Lunch")
	pasted := w.paste("b", w.the("b", "Lunch").ID, "c", "Lunch")
	w.edit("c", home, at(hour(15)))
	w.settle()
	linked := func() string {
		for _, e := range w.entities {
			if e.Home == ref("a") && e.Records[ref("a")].Parts[0].ID == twin && e.Records[ref("c")].Parts[0].ID == pasted {
				return fmt.Sprint("linked, here before: ", e.Records[ref("c")].Adopted)
			}
		}
		return "apart"
	}
	if got := linked(); got != "linked, here before: true" {
		t.Fatal(got)
	}
	w.recalls("i2")
	if got := linked(); got != "linked, here before: true" {
		t.Error(got)
	}
}

// The store was lost, and a meeting lies too far ahead to cross now, but not its copy: that
// is its copy all the same.
func TestALostStoreOfWhatIsTooFarAhead(t *testing.T) {
	w := newWorld(t, "a", "b")
	home := w.add("a", "Lunch")
	w.settle()
	w.edit("a", home, at(calendar.When{Start: calendar.Date(2027, 6, 1), End: calendar.Date(2027, 6, 2)}))
	w.forget("i2")
	before := w.writes
	w.settle()
	if w.writes != before || len(w.entities) != 1 {
		t.Fatalf("%d writes, %d entities", w.writes-before, len(w.entities))
	}
	for _, e := range w.entities {
		if rec := e.Records[ref("b")]; len(rec.Parts) != 1 || rec.Adopted || e.Home != ref("a") {
			t.Errorf("home %s, %+v", e.Home, rec)
		}
	}
}

// Who copies a home that was made again copies its mark: the copies lead to both, and are
// of the one whose UID they name, or else of the one that they show.
func TestACloneOfAHomeMadeAgain(t *testing.T) {
	for _, to := range []string{"a", "b"} {
		w := newWorld(t, "a", "b", "c")
		w.maps(state.Mapping{Detail: state.BusyOnly})
		home := w.add("b", "Lunch")
		w.settle()
		w.remove("b", home)
		w.edit("c", w.the("c", "Busy").ID, at(hour(11)))
		w.settle()
		w.paste("b", w.the("b", "Lunch").ID, to, "Pasted")
		w.recalls("i2")
	}
}

// An event that was pasted from a copy, and has copies of its own, bears the copy's very
// mark. It is looked at first here, and leaves the copy to its meeting.
func TestACloneThatIsAHome(t *testing.T) {
	for _, to := range []string{"a", "b"} {
		w := newWorld(t, "a", "b", "c")
		first := w.add("b", "Breakfast")
		w.settle()
		// Lunch is a clone itself, so that it too bears a mark of a Twinday that is gone.
		w.paste("a", w.the("a", "Breakfast").ID, "b", "Lunch")
		w.remove("b", first)
		w.recalls("i2")
		w.remove("a", w.the("a", "Lunch").ID) // made again by i2; the copy in c is still of i1
		w.edit("c", w.the("c", "Lunch").ID, place("Oslo"))
		w.settle()
		one, other := w.the("c", "Lunch").ID, w.the("a", "Lunch").ID
		w.seq = 100 // a101 comes before a11
		w.paste("c", one, to, "Pasted")
		w.paste("a", other, "c", "Other")
		w.recalls("i3")
	}
}

// Somebody copies a home that was made again and its copy at once: those two are no one
// meeting, though the mark of the one leads to the other. Since the copy was written anew,
// no mark is the same as another.
func TestClonesOfAHomeMadeAgainAndOfItsCopy(t *testing.T) {
	for _, written := range []bool{false, true} {
		w := newWorld(t, "a", "b")
		home := w.add("a", "Lunch")
		w.settle()
		w.remove("a", home)
		w.edit("b", w.the("b", "Lunch").ID, place("Oslo"))
		w.recalls("i2")
		one := w.paste("b", w.the("b", "Lunch").ID, "a", "One")
		w.remove("a", one) // its mark is that of the day
		if written {
			w.edit("a", w.the("a", "Lunch").ID, place("Rome"))
		}
		w.settle()
		delete(w.gone[ref("a")], one)
		w.edit("a", one)
		w.paste("a", w.the("a", "Lunch").ID, "b", "Two")
		w.settle()
		if a, b := w.titles("a"), w.titles("b"); a != "Lunch, One, Two" || b != a {
			t.Errorf("written %v: a holds %s; b holds %s", written, a, b)
		}
	}
}

// What was copied from a copy before that was written under our own mark is no sign of
// another Twinday at work, though it is read later and nothing bears its mark any more.
func TestACloneWithAMarkThatWasReplaced(t *testing.T) {
	w := newWorld(t, "a", "b", "c")
	w.add("a", "Lunch")
	w.settle()
	w.forget("i2")
	w.settle()
	w.holds = map[state.MirrorID]Hold{"m1": {Since: w.clock}}
	pasted := w.paste("b", w.the("b", "Lunch").ID, "b", "Pasted")
	delete(w.dirty, Found{ref("b"), pasted}) // the list of b is late
	w.edit("a", w.the("a", "Lunch").ID, place("Oslo"))
	w.settle()
	w.dirty[Found{ref("b"), pasted}] = true
	w.settle()
	for _, name := range []string{"a", "b", "c"} {
		if got := w.titles(name); got != "Lunch, Pasted" || len(w.claims) > 0 {
			t.Errorf("%s holds %s; claims %v", name, got, w.claims)
		}
	}
}

// A copy of an invitation that was given guests of its own is a copy still.
func TestALostStoreAndACopyWithGuests(t *testing.T) {
	w := newWorld(t, "a", "b")
	w.add("a", "Lunch", invitation)
	w.settle()
	w.edit("b", w.the("b", "Lunch").ID, withGuest)
	w.recalls("i2")
}

// Two meetings look the same, and one of them has a copy beside the other: its mark says
// which of the two goes with the one over there.
func TestALostStoreAndALookAlikeBesideTheCopy(t *testing.T) {
	w := newWorld(t, "a", "b")
	w.ready("b", false) // Lunch in a has not crossed yet
	one := w.add("a", "Lunch")
	w.pass()
	w.gone[ref("a")][one] = true
	w.ready("b", true)
	w.add("b", "Lunch")
	w.settle()
	delete(w.gone[ref("a")], one) // out of the bin, where it looks like what came meanwhile
	copied := w.the("b", "Lunch").ID
	w.forget("i2")
	w.settle()
	for _, e := range w.entities {
		if len(e.Records) == 2 && e.Records[ref("b")].Parts[0].ID == copied && e.Records[ref("a")].Parts[0].ID == one {
			t.Errorf("what was in a before is taken for the copy")
		}
	}
}

// A clone with copies of its own is no copy, though its original's copy is gone and its mark
// is the only one there that leads to the original.
func TestALostStoreAndACloneInPlaceOfTheCopy(t *testing.T) {
	w := newWorld(t, "a", "b", "c")
	w.add("a", "Lunch")
	w.settle()
	copied := w.the("c", "Lunch").ID
	w.paste("c", copied, "c", "Pasted")
	w.settle()
	w.gone[ref("c")][copied] = true // an undo took it away, which only the lost store knew
	w.forget("i2")
	w.settle()
	for _, name := range []string{"a", "b", "c"} {
		if got := w.titles(name); got != "Lunch, Pasted" {
			t.Errorf("%s holds %s", name, got)
		}
	}
	for _, e := range w.entities {
		if e.Base.Title == "Pasted" && e.Home != ref("c") {
			t.Errorf("the home of Pasted is %s", e.Home)
		}
	}
}

// Of two pairs that all look the same one has a copy with a mark: it goes with its home,
// and the other two with each other, whichever is looked at first.
func TestALostStoreAndPairsThatLookTheSame(t *testing.T) {
	for _, seq := range []int{0, 96} { // ids in another order
		w := newWorld(t, "a", "b")
		w.seq = seq
		other := w.add("b", "Lunch")
		w.add("a", "Lunch")
		w.settle()
		home := w.add("a", "Lunch")
		w.settle()
		copied := calendar.RemoteID("")
		for id, ev := range w.events[ref("b")] {
			if id != other && ev.Mark.Entity != "" {
				copied = id
			}
		}
		w.forget("i2")
		w.settle()
		for _, e := range w.entities {
			a, b := e.Records[ref("a")].Parts, e.Records[ref("b")].Parts
			if len(a) != 1 || len(b) != 1 || (a[0].ID == home) != (b[0].ID == copied) {
				t.Errorf("seq %d: linked are %v and %v", seq, a, b)
			}
		}
	}
}

// A person's clone whose original is gone, and the store with it, is the person's when it
// is linked by its look with what they made elsewhere: its mark leads nowhere, and says
// nothing of who keeps the mirror.
func TestACloneOfWhatIsGoneHasATwin(t *testing.T) {
	w := newWorld(t, "a", "b")
	home := w.add("b", "Lunch")
	w.settle()
	w.paste("a", w.the("a", "Lunch").ID, "a", "Lunch")
	w.remove("b", home)
	w.settle()
	w.gone[ref("b")] = map[calendar.RemoteID]bool{}
	clear(w.events[ref("b")])
	w.forget("i2")
	w.settle()
	w.add("b", "Lunch")
	w.settle()
	for _, e := range w.entities {
		if rec, ok := e.Records[ref("a")]; ok && !rec.Adopted && e.Home != ref("a") {
			t.Errorf("the clone is taken for a copy")
		}
	}
	if len(w.entities) != 1 || len(w.claims) > 0 {
		t.Errorf("%d events, claims %v", len(w.entities), w.claims)
	}
}

// A calendar only sends since copies were made in it. Once the store is lost they are left alone
// there: they are no events of the person's, to be copied back to where they came from, nor to
// where others of them are.
func TestCopiesWhereAMemberOnlySendsSince(t *testing.T) {
	for _, home := range []state.Direction{state.TwoWay, state.SendOnly} {
		for _, m := range []state.Mapping{{}, {Detail: state.BusyOnly}} {
			w := newWorld(t, "a", "b", "c")
			w.mirrors[0].Members[1].Direction = home
			w.mirrors[0].Mappings = []state.PairMapping{{Mapping: m}}
			w.add("b", "Lunch")
			w.settle()
			w.mirrors[0].Members[0].Direction = state.SendOnly
			w.add("a", "Dinner")
			w.settle()
			before := w.writes
			w.forget("i2")
			w.settle()
			if w.writes != before {
				t.Errorf("%q, %q: %d writes: a holds %s, b %s, c %s", home, m.Detail, w.writes-before, w.titles("a"), w.titles("b"), w.titles("c"))
			}
			for _, e := range w.entities {
				if _, has := e.Records[ref("a")]; has && e.Home == ref("b") {
					t.Errorf("%q, %q: %q is linked where no mirror leads", home, m.Detail, e.Base.Title)
				}
			}
		}
	}
}

// A series was entered by hand in calendars of two mirrors. Once the store is lost the one that has
// copies is the home still, whichever is older, or there would be more of them.
func TestOfLookAlikesTheOneWithCopiesIsTheHome(t *testing.T) {
	w := newWorld(t, "b", "a", "c-")
	w.mirrors[0].Members[1].Direction = state.TakeOnly
	w.mirror("m2", "d", "a", "c-")
	w.mirrors[1].Mappings = []state.PairMapping{{Mapping: state.Mapping{Title: &state.TextLens{Prefix: "[m2] "}}}}
	for _, n := range []string{"d", "b", "a"} {
		w.add(n, "Lunch", weekly, func(e *calendar.Event) { e.Content.When.Recurrence.Rules = []string{"RRULE:FREQ=WEEKLY;COUNT=3"} })
	}
	w.settle()
	before, got := w.writes, w.titles("c-")
	w.forget("i2")
	w.settle()
	if now := w.titles("c-"); now != got || w.writes != before {
		t.Errorf("c holds %s, and held %s", now, got)
	}
}
