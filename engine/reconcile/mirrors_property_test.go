package reconcile

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// maze is a world of several mirrors that share calendars, some of which only send or only
// take, and of what people did in them.
type maze struct {
	*world
	rt    *rapid.T
	names []string
	n     int
	// made is how many events people made that start at a time, deleted whether one of them was
	// deleted since, born which ones they made.
	made    map[string]int
	deleted map[string]bool
	born    map[Found]string
	// seen is where a word may be seen, of those that were typed into notes and places of the
	// events that start at a time.
	seen map[string]map[string]map[string]bool
}

func newMaze(t *rapid.T) *maze {
	m := &maze{world: newWorld(t), rt: t, made: map[string]int{}, deleted: map[string]bool{}, born: map[Found]string{},
		seen: map[string]map[string]map[string]bool{}}
	m.say, m.mirrors = t.Logf, nil
	for k := range rapid.IntRange(1, 3).Draw(t, "mirrors") {
		members := rapid.Permutation([]string{"a", "b", "c", "d"}).Draw(t, "members")[:rapid.IntRange(2, 3).Draw(t, "size")]
		for _, name := range members {
			if !slices.Contains(m.names, name) {
				m.names = append(m.names, name)
			}
		}
		m.mirror(state.MirrorID(fmt.Sprint("m", k)), members...)
		made := &m.mirrors[k]
		made.Members[rapid.IntRange(0, len(members)-1).Draw(t, "which")].Direction =
			rapid.SampledFrom([]state.Direction{state.TwoWay, state.SendOnly, state.TakeOnly}).Draw(t, "direction")
		made.Mappings = rapid.SampledFrom([][]state.PairMapping{
			nil,
			{{Mapping: state.Mapping{Title: &state.TextLens{Prefix: fmt.Sprintf("[m%d] ", k)}}}},
			{{Mapping: state.Mapping{Detail: state.BusyOnly}}},
			{{From: made.Members[0].Ref, Mapping: state.Mapping{Detail: state.TitleAndTime}}},
		}).Draw(t, "mappings")
		t.Logf("mirror %+v", *made)
	}
	slices.Sort(m.names)
	return m
}

// reaches are the calendars that get what is born in a calendar, and all of it if whole.
func (m *maze) reaches(home state.Ref, whole bool) map[string]bool {
	to := map[string]bool{string(home.Calendar): true}
	for _, x := range m.mirrors {
		h, in := member(x, home)
		for _, t := range x.Members {
			if in && h.Direction != state.TakeOnly && t.Ref != home && Written(m.mirrors, t.Ref) &&
				(!whole || x.Mapping(home, t.Ref).Detail == state.Everything) {
				to[string(t.Ref.Calendar)] = true
			}
		}
	}
	return to
}

// word is a new one, to be typed in a calendar into an event that is at home in another one.
func (m *maze) word(at state.Ref, when calendar.When, home state.Ref) string {
	m.n++
	w := fmt.Sprint("W", m.n)
	seen := m.reaches(at, true)
	if Written(m.mirrors, at) { // else it is its own once what it is linked with is deleted
		seen = map[string]bool{string(at.Calendar): true}
	}
	in := Input{Mirrors: slices.Clone(m.mirrors)}
	for i := range in.Mirrors {
		in.Mirrors[i].Paused = false
	}
	if by := in.targets(home); by[at] != "" || at == home { // no mirror takes it home else
		maps.Copy(seen, m.reaches(home, true))
	}
	if m.seen[when.Start.Local] == nil {
		m.seen[when.Start.Local] = map[string]map[string]bool{}
	}
	m.seen[when.Start.Local][w] = seen
	return w
}

func (m *maze) make(name, title string, when calendar.When, change ...func(*calendar.Event)) {
	m.made[when.Start.Local]++
	id := m.add(name, title, append(change, at(when), notes(m.word(ref(name), when, ref(name))))...)
	m.born[Found{ref(name), id}] = when.Start.Local
	m.tell("%s: %s %q is made", name, id, title)
}

// pick is any event, and the calendar that it is at home in.
func (m *maze) pick() (name string, ev *calendar.Event, home state.Ref) {
	name = rapid.SampledFrom(m.names).Draw(m.rt, "calendar")
	var live []*calendar.Event
	for id, ev := range m.events[ref(name)] {
		if !m.gone[ref(name)][id] {
			live = append(live, ev)
		}
	}
	if len(live) == 0 {
		return name, nil, ref(name)
	}
	slices.SortFunc(live, func(a, b *calendar.Event) int { return strings.Compare(string(a.ID), string(b.ID)) })
	ev = rapid.SampledFrom(live).Draw(m.rt, "event")
	for _, e := range m.entities {
		if slices.ContainsFunc(e.Records[ref(name)].Parts, func(p state.Part) bool { return p.ID == ev.ID }) {
			return name, ev, e.Home
		}
	}
	return name, ev, ref(name)
}

// resume has mirrors at work, or all of them, and looks at everything once more.
func (m *maze) resume(all bool) {
	m.mirrors = slices.Clone(m.mirrors)
	i := -1
	if !all {
		i = rapid.IntRange(0, len(m.mirrors)-1).Draw(m.rt, "mirror")
		m.mirrors[i].Paused = !m.mirrors[i].Paused
		m.tell("mirror %d is paused: %v", i, m.mirrors[i].Paused)
	}
	for k := range m.mirrors {
		m.mirrors[k].Paused = m.mirrors[k].Paused && !all
	}
	for r, evs := range m.events {
		for id := range evs {
			m.dirty[Found{r, id}] = true
		}
	}
}

// rest has passes run until one has nothing to do, nor to wait for, and another one.
func (m *maze) rest() {
	for range 10 {
		before := m.writes
		if m.pass(); m.writes == before && len(m.waiting) == 0 {
			if m.pass(); m.writes != before {
				m.t.Fatalf("a pass after quiet wrote")
			}
			return
		}
	}
	m.t.Fatalf("never quiet")
}

// quiet decides what is held, has all come to rest, and looks at every calendar.
func (m *maze) quiet() {
	m.rest()
	m.decide(rapid.SampledFrom([]state.Decision{state.Apply, state.Drop}).Draw(m.rt, "decision"))
	m.rest()
	for _, f := range m.written {
		if !Written(m.mirrors, f.Ref) {
			m.t.Fatalf("%s was written in %s, which only sends", f.ID, f.Ref)
		}
	}
	m.written = nil
	at := map[string]map[string]int{}
	for _, name := range m.names {
		at[name] = map[string]int{}
		for id, ev := range m.events[ref(name)] {
			if m.gone[ref(name)][id] {
				continue
			}
			at[name][ev.Content.When.Start.Local]++
			for _, word := range strings.Fields(ev.Content.Place + " " + ev.Content.Notes.Text()) {
				if may, typed := m.seen[ev.Content.When.Start.Local][word]; typed && !may[name] {
					m.t.Fatalf("%s shows %s in %s %q, and may be seen in %v", name, word, id, ev.Content.Title, may)
				}
			}
		}
	}
	for f, when := range m.born {
		if m.gone[f.Ref][f.ID] && !m.deleted[when] {
			m.t.Fatalf("%s of %s is lost", f.ID, f.Ref)
		}
	}
	paused := slices.ContainsFunc(m.mirrors, func(x state.Mirror) bool { return x.Paused })
	for f, when := range m.born {
		for _, name := range m.names {
			n, want := at[name][when], 0
			if m.reaches(f.Ref, false)[name] {
				want = 1
			}
			if alone := m.made[when] == 1; n > m.made[when] || !paused && alone && !m.deleted[when] && n != want {
				m.t.Fatalf("%s of %s is in %s %d times, of %d that were made", f.ID, f.Ref, name, n, m.made[when])
			}
		}
	}
}

// People make, edit and delete events in calendars that several mirrors share, on their ways
// in one direction or both, with passes, pauses and lost stores in between. When they stop:
// nothing was written where a mirror only takes; each event is where a mirror leads to from
// its home, once, and nowhere else (I1, I2); nothing that somebody made is gone unless it was
// deleted (I3); no word is seen where a mirror shows less, or does not lead to; and a further
// pass writes nothing (I4, in rest).
func TestSeveralMirrorsProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMaze(t)
		t.Repeat(map[string]func(*rapid.T){
			"make": func(t *rapid.T) {
				m.n++
				start := time.Date(2026, 3, 11, 0, 0, 0, 0, time.UTC).Add(time.Duration(m.n) * 30 * time.Minute)
				when := calendar.When{Start: calendar.At(start, time.UTC), End: calendar.At(start.Add(30*time.Minute), time.UTC)}
				places := rapid.Permutation(m.names).Draw(t, "where")
				title := fmt.Sprint("T", m.n)
				m.make(places[0], title, when)
				for _, name := range places[1:rapid.SampledFrom([]int{1, 1, 2, len(places)}).Draw(t, "twins")] {
					prefix := rapid.SampledFrom([]string{"", "", "[m0] ", "[m1] "}).Draw(t, "tag")
					guest := rapid.SampledFrom([]func(*calendar.Event){func(*calendar.Event) {}, func(*calendar.Event) {}, withGuest}).Draw(t, "guests")
					m.make(name, prefix+title, when, guest)
				}
			},
			"edit": func(*rapid.T) {
				if name, ev, home := m.pick(); ev != nil {
					word := m.word(ref(name), ev.Content.When, home)
					m.edit(name, ev.ID, place(word))
					m.tell("%s: %s %q is at %s (home %s)", name, ev.ID, ev.Content.Title, word, home)
				}
			},
			"guests": func(*rapid.T) {
				name, ev, _ := m.pick()
				if ev == nil {
					return
				}
				if len(ev.Guests) == 0 {
					m.edit(name, ev.ID, withGuest)
				} else {
					m.edit(name, ev.ID, func(e *calendar.Event) { e.Guests = nil })
				}
				m.tell("%s: %s %q has %d guests", name, ev.ID, ev.Content.Title, len(ev.Guests))
			},
			"delete": func(*rapid.T) {
				if name, ev, _ := m.pick(); ev != nil {
					m.deleted[ev.Content.When.Start.Local] = true
					m.remove(name, ev.ID)
					m.tell("%s: %s %q is deleted", name, ev.ID, ev.Content.Title)
				}
			},
			"pause": func(*rapid.T) { m.resume(false) },
			"forget": func(*rapid.T) { // all at work, or what is found meanwhile is another's
				m.resume(true)
				m.quiet()
				m.n++
				m.tell("the store is lost")
				maps.DeleteFunc(m.seen, func(when string, _ map[string]map[string]bool) bool {
					return m.made[when] > 1 // what was linked with nothing written may be two events now
				})
				m.forget(fmt.Sprint("i", m.n))
				m.quiet()
			},
			"pass":  func(*rapid.T) { m.pass() },
			"quiet": func(*rapid.T) { m.quiet() },
		})
		m.resume(true)
		m.quiet()
	})
}
