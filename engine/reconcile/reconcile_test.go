package reconcile

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

func title(s string) func(*calendar.Event) {
	return func(e *calendar.Event) { e.Content.Title = s }
}

func notes(s string) func(*calendar.Event) {
	return func(e *calendar.Event) { e.Content.Notes = calendar.NotesFromText(s) }
}

func place(s string) func(*calendar.Event) {
	return func(e *calendar.Event) { e.Content.Place = s }
}

func withGuest(e *calendar.Event) {
	e.Guests = []calendar.Guest{{Person: calendar.Person{Email: "g@x.test"}}}
}

func invitation(e *calendar.Event) { withGuest(e); e.Organized = false }

func uid(s string) func(*calendar.Event) { return func(e *calendar.Event) { e.UID = s } }

func at(w calendar.When) func(*calendar.Event) {
	return func(e *calendar.Event) { e.Content.When = w }
}

// Each scenario is a story told to a fresh world.
func TestReconcile(t *testing.T) {
	for name, story := range map[string]func(*testing.T){
		"a new event is made on the other side, once": func(t *testing.T) {
			w := newWorld(t, "work", "home")
			w.add("work", "Lunch")
			w.expect(`create "Lunch" in home`)
			w.expect()
			w.expect()
		},
		"it goes to every other member, and copies go nowhere": func(t *testing.T) {
			w := newWorld(t, "a", "b", "c")
			w.add("b", "Lunch")
			w.expect(`create "Lunch" in a`, `create "Lunch" in c`)
			w.settle()
		},
		"two mirrors that share a calendar leak nothing": func(t *testing.T) {
			w := newWorld(t, "work", "me")
			w.mirror("m2", "me", "family")
			w.add("work", "Board")
			w.add("me", "Dentist")
			w.expect(`create "Board" in me`, `create "Dentist" in work`, `create "Dentist" in family`)
			w.settle()
			if got := w.titles("family"); got != "Dentist" {
				t.Errorf("family sees %s", got)
			}
		},
		"a changed field of the home travels alone": func(t *testing.T) {
			w := newWorld(t, "work", "home")
			id := w.add("work", "Lunch")
			w.settle()
			w.edit("work", id, place("Oslo"))
			w.expect(`update "Lunch" in home (place)`)
			w.expect()
		},
		"what a copy moves near goes where it was too far ahead to go": func(t *testing.T) {
			w := newWorld(t, "a", "b", "c")
			c := w.members[ref("c")]
			c.Writable = false
			w.members[ref("c")] = c
			id := w.add("a", "Lunch")
			near := w.the("a", "Lunch").Content.When
			w.expect(`create "Lunch" in b`)
			w.edit("a", id, at(calendar.When{Start: calendar.Date(2027, 6, 1), End: calendar.Date(2027, 6, 2)}))
			w.settle()
			c.Writable = true
			w.members[ref("c")] = c
			w.edit("b", w.the("b", "Lunch").ID, at(near))
			w.expect(`create "Lunch" in c`, `update "Lunch" in a (time)`)
			w.settle()
		},
		"an edit of the copy goes home, and on to the other copies": func(t *testing.T) {
			w := newWorld(t, "a", "b", "c")
			w.add("a", "Lunch")
			w.settle()
			w.edit("b", w.the("b", "Lunch").ID, title("Brunch"))
			w.expect(`update "Brunch" in a (title)`, `update "Brunch" in c (title)`)
			w.settle()
		},
		"different fields edited on two sides merge": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Lunch")
			w.settle()
			w.edit("a", id, place("Oslo"))
			w.edit("b", w.the("b", "Lunch").ID, title("Brunch"))
			w.expect(`update "Brunch" in a (title)`, `update "Brunch" in b (place)`)
			w.expect()
			if got := w.the("b", "Brunch").Content.Place; got != "Oslo" {
				t.Errorf("place %q", got)
			}
		},
		"the same field edited on two sides: the later wins, the other is kept in history": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Lunch")
			w.settle()
			w.edit("b", w.the("b", "Lunch").ID, title("Brunch"))
			w.edit("a", id, title("Late lunch"))
			w.expect(`update "Late lunch" in b (title)`)
			w.expect()
			if i := slices.IndexFunc(w.notes, func(n state.HistoryEntry) bool { return n.Outcome == state.Overridden }); i < 0 || w.notes[i].Before.Title != "Brunch" {
				t.Errorf("the losing title is not in history: %+v", w.notes)
			}
		},
		"the same edit on both sides writes nothing": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Lunch")
			w.settle()
			w.edit("a", id, title("Brunch"))
			w.edit("b", w.the("b", "Lunch").ID, title("Brunch"))
			w.expect()
		},
		"a version that changes without content is nothing": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Lunch")
			w.settle()
			w.edit("a", id, func(*calendar.Event) {})
			w.expect()
		},
		"a provider that rewrites what it gets causes nothing": func(t *testing.T) {
			w := newWorld(t, "a", "b-")
			w.add("a", "Lunch", place("  Oslo  "))
			w.expect(`create "Lunch" in b-`)
			w.expect()
			if got := w.the("a", "Lunch").Content.Place; got != "  Oslo  " {
				t.Errorf("the home's place became %q", got)
			}
		},
		"a copy that shows less never shortens its home": func(t *testing.T) {
			w := newWorld(t, "a", "b-")
			w.maps(state.Mapping{ShowPrivate: true})
			w.add("a", "A very long title indeed", notes("a text that is much longer than the copy may hold"), func(e *calendar.Event) {
				e.Content.Availability, e.Content.Visibility = calendar.Away, calendar.Confidential
			})
			w.settle()
			c := w.the("b-", "A very long…")
			if c.Content.Availability != calendar.Busy || c.Content.Visibility != calendar.Private {
				t.Errorf("copy is %+v", c.Content)
			}
			w.edit("b-", c.ID, place("Oslo"))
			w.settle()
			h := w.the("a", "A very long title indeed").Content
			if h.Place != "Oslo" || h.Availability != calendar.Away || !strings.HasSuffix(h.Notes.Text(), "may hold") {
				t.Errorf("home is %+v", h)
			}
			w.edit("b-", c.ID, notes("short"))
			w.expect(`update "A very long title indeed" in b- (notes)`)
			if !strings.Contains(w.noted(state.Reverted), "shows only a part") {
				t.Errorf("no note: %+v", w.notes)
			}
		},
		"a deleted home takes its copies along": func(t *testing.T) {
			w := newWorld(t, "a", "b", "c")
			id := w.add("a", "Lunch")
			w.settle()
			w.remove("a", id)
			w.expect(`delete "Lunch" in b`, `delete "Lunch" in c`)
			w.expect()
			if len(w.entities) != 0 {
				t.Errorf("left over: %v", w.entities)
			}
		},
		"a deleted copy takes its home along": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.add("a", "Lunch")
			w.settle()
			w.remove("b", w.the("b", "Lunch").ID)
			w.expect(`delete "Lunch" in a`)
			w.expect()
		},
		"deleted on both sides is done": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Lunch")
			w.settle()
			w.remove("a", id)
			w.remove("b", w.the("b", "Lunch").ID)
			w.expect()
			w.expect()
		},
		"an edit beats a deletion": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Lunch")
			w.settle()
			w.remove("a", id)
			w.edit("b", w.the("b", "Lunch").ID, title("Brunch"))
			w.expect(`create "Brunch" in a`)
			w.settle()
			w.the("a", "Brunch")
			for _, e := range w.entities {
				if g := e.Records[ref("a")].Parts[0].Generation; g != 1 {
					t.Errorf("made again under generation %d", g)
				}
			}
		},
		"an organizer's cancellation beats an edit of the copy": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Lunch", invitation)
			w.settle()
			w.edit("a", id, func(e *calendar.Event) { e.Cancelled = true })
			w.edit("b", w.the("b", "Lunch").ID, title("Brunch"))
			w.expect(`delete "Lunch" in b`)
			w.expect()
		},
		"an edit of the copy of somebody else's meeting is put back": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.add("a", "Lunch", invitation)
			w.settle()
			w.edit("b", w.the("b", "Lunch").ID, title("Brunch"))
			w.expect(`update "Lunch" in b (title)`)
			w.expect()
			if !strings.Contains(w.noted(state.Reverted), "only its organizer") {
				t.Errorf("no note: %v", w.notes)
			}
		},
		"a deleted copy of somebody else's meeting stays deleted, the meeting stays": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.add("a", "Lunch", invitation)
			w.settle()
			w.remove("b", w.the("b", "Lunch").ID)
			w.expect()
			w.expect()
			w.the("a", "Lunch")
		},
		"an edit of the copy of a meeting with guests waits, and goes home when allowed": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.add("a", "Lunch", withGuest)
			w.settle()
			w.edit("b", w.the("b", "Lunch").ID, title("Brunch"))
			w.expect(`update "Lunch" in a (title) held: guests`)
			w.expect(`update "Lunch" in a (title) held: guests`)
			for fact := range w.decisions {
				w.decisions[fact] = state.Apply
			}
			w.expect(`update "Brunch" in a (title)`)
			w.expect()
		},
		"… or is put back when refused": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.add("a", "Lunch", withGuest)
			w.settle()
			w.edit("b", w.the("b", "Lunch").ID, title("Brunch"))
			w.expect(`update "Lunch" in a (title) held: guests`)
			for fact := range w.decisions {
				w.decisions[fact] = state.Drop
			}
			w.expect(`update "Lunch" in b (title)`)
			w.expect()
		},
		"the deletion of the copy of a meeting with guests waits": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.add("a", "Lunch", withGuest)
			w.settle()
			w.remove("b", w.the("b", "Lunch").ID)
			w.expect(`delete "Lunch" in a held: guests`)
			for fact := range w.decisions {
				w.decisions[fact] = state.Drop
			}
			w.expect(`create "Lunch" in b`)
			w.expect()
		},
		"what only I see of a meeting with guests needs no question": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.add("a", "Lunch", withGuest)
			w.settle()
			w.edit("b", w.the("b", "Lunch").ID, func(e *calendar.Event) { e.Content.Availability = calendar.Free })
			w.expect(`update "Lunch" in a (availability)`)
		},
		"many deletions at once wait, few do not": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			var ids []calendar.RemoteID
			for i := range 30 {
				ids = append(ids, w.add("a", fmt.Sprint("E", i), at(hour(i%20))))
			}
			w.settle()
			for _, id := range ids[:4] {
				w.remove("a", id)
			}
			if got := w.pass(); len(got) != 4 || strings.Contains(got[0], "held") {
				t.Fatalf("four deletions: %v", got)
			}
			for _, id := range ids[4:15] {
				w.remove("a", id)
			}
			if got := w.pass(); len(got) != 11 || strings.Count(strings.Join(got, ""), "held: mass deletion") != 11 {
				t.Fatalf("eleven deletions: %v", got)
			}
			w.remove("a", ids[15]) // one more does not slip through, nor let the others through
			if got := strings.Join(w.pass(), "\n"); strings.Count(got, "held: mass deletion") != 12 {
				t.Fatalf("the twelfth: %v", got)
			}
			n := 0
			for fact := range w.decisions {
				if w.decisions[fact] = state.Apply; n%2 == 0 {
					w.decisions[fact] = state.Drop
				}
				n++
			}
			before := w.writes
			w.settle()
			if got := w.writes - before; got != 12 {
				t.Errorf("six deletions and six put back make %d writes", got)
			}
			if a, b := w.titles("a"), w.titles("b"); a != b {
				t.Errorf("a holds %s\nb holds %s", a, b)
			}
		},
		"the same meeting on both sides is linked by its UID, nothing is written": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.add("a", "Lunch", uid("x"), place("Oslo"))
			id := w.add("b", "Lunch with Ann", uid("x"), at(hour(10)))
			w.expect(`adopt "Lunch with Ann" in b`)
			w.expect()
			w.edit("b", id, place("Bergen")) // only later edits travel
			w.expect(`update "Lunch" in a (place)`)
			if o := w.overridden(); o.Was.Content.Place != "Oslo" || o.Became.Content.Place != "Bergen" {
				t.Errorf("history does not keep what never was in b: %+v", o)
			}
			w.edit("b", id, place("Rome")) // which replaces what was typed there
			w.expect(`update "Lunch" in a (place)`)
			w.overridden()
			if got := w.the("a", "Lunch").Content.When; !calendar.Equal(calendar.GroupWhen, calendar.Content{When: got}, calendar.Content{When: hour(9)}) {
				t.Errorf("the time travelled too: %v", got)
			}
		},
		"look-alikes are linked one to one; what is left over crosses": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.add("a", "Lunch")
			w.add("a", "Lunch")
			w.add("b", "Lunch")
			w.expect(`adopt "Lunch" in b`, `create "Lunch" in b`)
			w.expect()
		},
		"a look-alike is linked with three members": func(t *testing.T) {
			w := newWorld(t, "a", "b", "c")
			w.add("a", "Lunch")
			w.add("c", "Lunch")
			w.expect(`adopt "Lunch" in c`, `create "Lunch" in b`)
			w.expect()
		},
		"of look-alikes of which the older one crosses nowhere the other is the home": func(t *testing.T) {
			w := newWorld(t, "a", "b", "c")
			w.maps(state.Mapping{Filter: state.Filter{Availability: []calendar.Availability{calendar.Busy}}})
			w.add("a", "Lunch", func(e *calendar.Event) { e.Content.Availability = calendar.Free })
			w.expect(`skip "Lunch" in a`)
			id := w.add("b", "Lunch")
			w.expect(`adopt "Lunch" in a`, `create "Lunch" in c`)
			w.expect()
			w.edit("b", id, place("Oslo"))
			w.expect(`update "Lunch" in a (place)`, `update "Lunch" in c (place)`)
			w.expect()
		},
		"a meeting to which both accounts are invited is left alone": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.add("a", "Board", invitation, uid("x"))
			w.add("b", "Board", invitation, uid("x"))
			w.expect(`skip "Board" in a`, `skip "Board" in b`)
			w.expect()
		},
		"a calendar that was not read waits for adoption": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.add("a", "Lunch")
			m := w.members[ref("b")]
			m.Ready = false
			w.members[ref("b")] = m
			w.expect()
			w.dirty[Found{ref("a"), "a1"}] = true // the engine keeps it dirty
			m.Ready = true
			w.members[ref("b")] = m
			w.add("b", "Lunch")
			w.expect(`adopt "Lunch" in b`)
		},
		"a new member meets its look-alikes": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Lunch")
			w.settle()
			w.mirror("m2", "a", "c")
			w.add("c", "Lunch")
			w.dirty[Found{ref("a"), id}] = true
			w.expect(`adopt "Lunch" in c`)
			w.settle()
		},
		"what looks alike in two mirrors is linked by what both have": func(t *testing.T) {
			for meeting, want := range map[bool]string{ // with guests it is at home where it is, and what looks like it in c is another one
				false: `adopt "Lunch" in b, adopt "Lunch" in c`, true: `adopt "Lunch" in a, create "Lunch" in a`} {
				w := newWorld(t, "a", "b") // a is looked at first
				w.mirror("m2", "a", "c")
				old := w.add("b", "Lunch")
				w.add("a", "Lunch")
				other := w.add("c", "Lunch")
				if meeting {
					w.edit("b", old, withGuest)
				}
				got := w.pass()
				slices.Sort(got)
				if got := strings.Join(got, ", "); got != want {
					t.Errorf("guests %v: %s", meeting, got)
				}
				w.settle()
				for _, e := range w.entities {
					for r, rec := range e.Records {
						if r != e.Home && rec.Mirror == "" {
							t.Errorf("guests %v: no mirror brings %q from %s to %s", meeting, e.Base.Title, e.Home, r)
						}
					}
				}
				w.edit("c", other, title("Secret"))
				w.settle()
				if got := w.titles("b"); meeting && got != "Lunch" {
					t.Errorf("b holds %s", got)
				}
			}
		},
		"of look-alikes that is the home from which a mirror leads to the others": func(t *testing.T) {
			for name, make := range map[string]func() *world{
				"work only sends": func() *world {
					w := newWorld(t, "work", "me", "family")
					w.mirrors[0].Members[0].Direction = state.SendOnly
					return w
				},
				"me only receives it": func() *world {
					w := newWorld(t, "work", "me")
					w.mirrors[0].Members[1].Direction = state.TakeOnly
					w.mirror("m2", "me", "family")
					return w
				},
			} {
				for _, meeting := range []bool{false, true} { // with guests it is another one, which goes on to the family
					w := make()
					w.mirrors[0].Mappings = []state.PairMapping{{From: ref("work"), Mapping: state.Mapping{Detail: state.BusyOnly}}}
					mine := w.add("me", "Lunch") // the older one
					if meeting {
						w.edit("me", mine, withGuest)
					}
					id := w.add("work", "Lunch")
					w.settle()
					for _, e := range w.entities {
						for r, rec := range e.Records {
							if r != e.Home && rec.Mirror == "" {
								t.Errorf("%s, guests %v: no mirror brings %q from %s to %s", name, meeting, e.Base.Title, e.Home, r)
							}
						}
					}
					w.edit("work", id, title("Layoffs"), notes("Secret"))
					w.settle()
					for _, n := range []string{"me", "family"} {
						if strings.Contains(w.titles(n), "Layoffs") {
							t.Errorf("%s, guests %v: %s holds %s", name, meeting, n, w.titles(n))
						}
					}
					if meeting && (w.gone[ref("me")][mine] || !strings.Contains(w.titles("family"), "Lunch")) {
						t.Errorf("%s: me holds %s, family %s", name, w.titles("me"), w.titles("family"))
					}
				}
			}
		},
		"declined, called off, past and far events stay where they are": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			day := func(d int) calendar.When {
				s := now.AddDate(0, 0, d)
				return calendar.When{Start: calendar.Date(s.Year(), s.Month(), s.Day()), End: calendar.Date(s.Year(), s.Month(), s.Day()+1)}
			}
			w.add("a", "declined", func(e *calendar.Event) { e.MyResponse = calendar.Declined })
			w.add("a", "off", func(e *calendar.Event) { e.Cancelled = true })
			w.add("a", "old", at(day(-40)))
			w.add("a", "far", at(day(500)))
			w.add("a", "birthday", func(e *calendar.Event) { e.Type = calendar.Birthday })
			w.add("a", "tomorrow", at(day(1)))
			w.expect(`skip "declined" in a`, `skip "off" in a`, `skip "old" in a`, `skip "far" in a`, `skip "birthday" in a`, `create "tomorrow" in b`)
		},
		"what a connector had to guess is in history": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.add("a", "Lunch", func(e *calendar.Event) { e.Doubt = "its time zone is not known" })
			w.settle()
			if got := w.noted(state.Noted); got != "Its time zone is not known" {
				t.Errorf("noted %q", got)
			}
		},
		"a one-way mirror takes nothing back": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.mirrors[0].Members[1].Direction = state.TakeOnly
			w.add("a", "Lunch")
			w.add("b", "Mine")
			w.expect(`create "Lunch" in b`)
			w.edit("b", w.the("b", "Lunch").ID, title("Brunch"))
			w.expect(`update "Lunch" in b (title)`)
			w.remove("b", w.the("b", "Lunch").ID)
			w.expect(`create "Lunch" in b`)
			w.settle()
		},
		"a member that only sends is never written": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.mirrors[0].Members[0].Direction = state.SendOnly
			w.add("a", "Lunch")
			w.add("b", "Mine")
			w.settle()
			w.edit("b", w.the("b", "Lunch").ID, title("Brunch"))
			w.expect(`update "Lunch" in b (title)`)
			if got := w.titles("a"); got != "Lunch" {
				t.Errorf("a holds %s", got)
			}
		},
		"a member that only sends is never written, whatever another mirror has with it": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.mirrors[0].Members[0].Direction = state.SendOnly
			w.mirror("m2", "a", "c")
			w.add("a", "Lunch")
			w.settle()
			w.edit("c", w.the("c", "Lunch").ID, title("Brunch"))
			w.settle()
			w.remove("c", w.the("c", "Lunch").ID)
			w.expect(`create "Lunch" in c`)
			w.settle()
			for _, n := range []string{"a", "b", "c"} {
				if got := w.titles(n); got != "Lunch" {
					t.Errorf("%s holds %s", n, got)
				}
			}
			if got := w.noted(state.Reverted); strings.Count(got, "is taken back: no mirror writes to “a”") != 2 {
				t.Errorf("history says %q", got)
			}
		},
		"nothing is deleted where a member only sends, though it was linked with what is gone": func(t *testing.T) {
			w := newWorld(t, "work", "family")
			w.mirrors[0].Members[0].Direction = state.SendOnly
			w.mirror("m2", "me", "work")
			mine := w.add("me", "Lunch")
			id := w.add("work", "Lunch")
			w.expect(`adopt "Lunch" in work`)
			w.remove("me", mine)
			w.expect()
			w.settle() // it is looked at again
			for _, n := range []string{"work", "family", "me"} {
				if got := w.titles(n); got != "Lunch" {
					t.Errorf("%s holds %s", n, got)
				}
			}
			if got := w.noted(state.Noted); w.gone[ref("work")][id] || got != "Deleted in “me”; it stays there, as an event of its own" {
				t.Errorf("history says %q", got)
			}
		},
		"what stays where a member only sends is copied nowhere before it is said whether what it was linked with goes": func(t *testing.T) {
			const all = "E0, E1, E2, E3, E4"
			for _, said := range []state.Decision{state.Apply, state.Drop} {
				w := newWorld(t, "work", "family")
				w.mirrors[0].Members[0].Direction = state.SendOnly
				w.mirror("m2", "me", "work", "phone")
				for i := range 5 {
					for _, n := range []string{"me", "work"} {
						w.add(n, fmt.Sprint("E", i), at(hour(9+i)))
					}
				}
				w.settle()
				for id := range w.events[ref("me")] {
					w.remove("me", id)
				}
				w.settle()
				if phone, family := w.titles("phone"), w.titles("family"); phone != all || family != "" {
					t.Errorf("before it is said, phone holds %s, family %s", phone, family)
				}
				w.decide(said)
				w.settle()
				for _, n := range []string{"work", "me", "phone"} {
					if got := w.titles(n); got != all {
						t.Errorf("%s: %s holds %s", said, n, got)
					}
				}
			}
		},
		"nothing is deleted where a member has come to send only while that waited for a word": func(t *testing.T) {
			const all = "E0, E1, E2, E3, E4"
			w := newWorld(t, "a", "b")
			for i := range 5 {
				w.add("a", fmt.Sprint("E", i), at(hour(9+i)))
			}
			w.settle()
			for id := range w.events[ref("b")] {
				w.remove("b", id)
			}
			w.settle()
			w.mirrors[0].Members[0].Direction = state.SendOnly
			w.decide(state.Apply)
			w.settle()
			if a, b := w.titles("a"), w.titles("b"); a != all || b != all {
				t.Errorf("a holds %q, b %q", a, b)
			}
			if got := w.noted(state.Reverted); !strings.HasPrefix(got, "Its deletion in “b” is taken back: the mirror “m1” takes no changes from “b” home") {
				t.Errorf("history says %q", got)
			}
		},
		"a copy goes, though a mirror only takes from its calendar since": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.mirror("m2", "b", "c")
			id := w.add("a", "Lunch")
			w.settle()
			w.mirrors[1].Members[0].Direction = state.SendOnly
			w.remove("a", id)
			w.settle()
			if a, b, c := w.titles("a"), w.titles("b"), w.titles("c"); a+b+c != "" {
				t.Errorf("a holds %q, b %q, c %q", a, b, c)
			}
		},
		"a calendar turned read-only is not written": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Lunch")
			w.settle()
			m := w.members[ref("b")]
			m.Writable = false
			w.members[ref("b")] = m
			w.edit("a", id, title("Brunch"))
			w.expect(`skip "Brunch" in b`)
		},
		"an edit that waits for a home that can only be read beats its deletion there": func(t *testing.T) {
			w := newWorld(t, "a", "b", "c")
			home := w.add("a", "Lunch")
			w.settle()
			w.edit("b", w.the("b", "Lunch").ID, at(hour(10)))
			w.planOnly() // it does not get there any more
			a := w.members[ref("a")]
			a.Writable = false
			w.members[ref("a")] = a
			w.remove("a", home)
			w.expect(`skip "Lunch" in a`, `update "Lunch" in c (time)`)
			if got := w.noted(state.Noted); !strings.Contains(got, "it is kept") {
				t.Errorf("history says %q", got)
			}
			w.edit("c", w.the("c", "Lunch").ID, place("Oslo"))
			w.expect(`skip "Lunch" in a`, `update "Lunch" in b (place)`)
			a.Writable = true
			w.members[ref("a")] = a
			w.settle()
			if got := w.the("a", "Lunch").Content; got.Place != "Oslo" || !calendar.Equal(calendar.GroupWhen, got, calendar.Content{When: hour(10)}) {
				t.Errorf("made again as %+v", got)
			}
		},
		"an edit that did not reach a copy beats its deletion, though the event crosses no more since": func(t *testing.T) {
			w := newWorld(t, "a", "b", "c")
			w.add("a", "Lunch")
			w.settle()
			w.edit("b", w.the("b", "Lunch").ID, at(hour(10)))
			w.planOnly()
			w.remove("c", w.the("c", "Lunch").ID)
			w.maps(state.Mapping{Filter: state.Filter{Exclude: "lunch"}})
			w.settle()
			if got := w.the("a", "Lunch").Content; !calendar.Equal(calendar.GroupWhen, got, calendar.Content{When: hour(10)}) {
				t.Errorf("at home it is %+v", got)
			}
			if w.titles("b") != "" || w.titles("c") != "" {
				t.Errorf("b holds %q, c %q", w.titles("b"), w.titles("c"))
			}
		},
		"the deletion of a copy counts though the event crosses no more since": func(t *testing.T) {
			w := newWorld(t, "a", "b", "c")
			w.add("a", "Lunch")
			w.settle()
			w.remove("c", w.the("c", "Lunch").ID)
			w.maps(state.Mapping{Filter: state.Filter{Exclude: "lunch"}})
			w.settle()
			if w.titles("a") != "" || w.titles("b") != "" {
				t.Errorf("a holds %q, b %q", w.titles("a"), w.titles("b"))
			}
		},
		"what is not there in a home that can only be read is deleted in a copy": func(t *testing.T) {
			w := newWorld(t, "a", "b", "c")
			home := w.add("a", "Lunch")
			w.settle()
			w.edit("b", w.the("b", "Lunch").ID, at(hour(10)))
			w.remove("a", home)
			a := w.members[ref("a")]
			w.planOnly()
			a.Writable = false
			w.members[ref("a")] = a
			w.pass()
			w.remove("b", w.the("b", "Lunch").ID)
			w.expect(`delete "Lunch" in c`)
			w.expect()
		},
		"a member that is toggled off rests": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Lunch")
			w.settle()
			w.mirrors[0].Members[1].Off = true
			w.edit("a", id, title("Brunch"))
			w.expect()
			w.mirrors[0].Members[1].Off = false
			w.dirty[Found{ref("a"), id}] = true
			w.expect(`update "Brunch" in b (title)`)
		},
		"an event restored from the bin comes back everywhere": func(t *testing.T) {
			w := newWorld(t, "a", "b", "c")
			id := w.add("a", "Lunch")
			w.settle()
			w.remove("a", id)
			out := Reconcile(w.input()) // the deletions are decided, but not done yet
			for _, e := range out.Entities {
				w.entities[e.ID] = e
				w.pending[e.ID] = true
			}
			delete(w.gone[ref("a")], id)
			w.edit("a", id, func(*calendar.Event) {})
			w.settle()
			for _, c := range []string{"a", "b", "c"} {
				w.the(c, "Lunch")
			}
		},
		"an edit rescued from under an unfinished write travels": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			w.add("a", "Lunch")
			w.settle()
			for id, e := range w.entities {
				e.Records[ref("b")].Parts[0].Rescued = &state.Rescued{Image: state.Image{}.With(calendar.GroupTitle, calendar.Content{Title: "Rescued"}),
					Updated: now.Add(time.Hour)}
				w.pending[id] = true
			}
			w.expect(`update "Rescued" in a (title)`, `update "Rescued" in b (title)`)
			w.expect()
		},
		"a refused change is not tried again until it changes": func(t *testing.T) {
			w := newWorld(t, "a", "b")
			id := w.add("a", "Lunch")
			w.settle()
			w.edit("a", id, title("Bad"))
			out := Reconcile(w.input())
			e := out.Entities[0]
			p := &e.Records[ref("b")].Parts[0]
			p.Refused, p.Wrote = "no", out.Steps[0].Want
			w.entities[e.ID] = e
			w.expect(`skip "Bad" in b`)
			w.edit("a", id, title("Good"))
			w.expect(`update "Good" in b (title)`)
		},
	} {
		t.Run(name, story)
	}
}
