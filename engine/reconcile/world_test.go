package reconcile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/engine/mapping"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

var now = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

// world is a few pretend calendars and what is remembered of them: enough to
// run Reconcile as the engine does, with writes that always succeed.
type world struct {
	t         failer
	mirrors   []state.Mirror
	members   map[state.Ref]Member
	events    map[state.Ref]map[calendar.RemoteID]*calendar.Event // what the calendars hold
	gone      map[state.Ref]map[calendar.RemoteID]bool
	entities  map[state.EntityID]state.Entity
	pending   map[state.EntityID]bool
	dirty     map[Found]bool
	decisions map[string]state.Decision
	clock     time.Time
	seq       int
	writes    int
	notes     []state.HistoryEntry
	say       func(format string, args ...any) // tells what happens; may be nil
	// Whose memory this is, and who keeps the mirrors.
	installation string
	holds        map[state.MirrorID]Hold
	waiting      []Found
	seen         map[Found]time.Time // where it was long ago
	claims       map[state.MirrorID]Claim
	// habits are what services do to an event a moment after it was written there.
	habits  map[state.Ref]func(*calendar.Event)
	written []Found
}

// failer is what the world needs of a testing.T or a rapid.T.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func ref(name string) state.Ref {
	return state.Ref{Account: "a", Calendar: calendar.CalendarID(name)}
}

// caps of a calendar that holds everything, and of one like Google's.
var (
	faithful = calendar.Capabilities{Groups: calendar.AllGroups, Series: func(calendar.When) string { return "" }}
	plainer  = calendar.Capabilities{Groups: calendar.AllGroups.Without(calendar.GroupImportance), TitleLimit: 12, NotesLimit: 20,
		Availability: []calendar.Availability{calendar.Free, calendar.Busy}, Visibility: []calendar.Visibility{calendar.DefaultVisibility, calendar.Private}}
)

// newWorld mirrors the named calendars with each other. A name that ends in '-'
// is a plainer calendar, which holds no series; '~' keeps each occurrence on its day.
func newWorld(t failer, names ...string) *world {
	w := &world{t: t, clock: now, installation: "i1", members: map[state.Ref]Member{}, events: map[state.Ref]map[calendar.RemoteID]*calendar.Event{},
		gone: map[state.Ref]map[calendar.RemoteID]bool{}, entities: map[state.EntityID]state.Entity{}, pending: map[state.EntityID]bool{},
		dirty: map[Found]bool{}, decisions: map[string]state.Decision{}}
	w.mirror("m1", names...)
	return w
}

func (w *world) mirror(id state.MirrorID, names ...string) {
	m := state.Mirror{ID: id, Name: string(id)}
	for _, n := range names {
		caps := faithful
		if strings.HasSuffix(n, "-") {
			caps = plainer
		}
		if strings.HasSuffix(n, "~") {
			caps.Override = func(_ calendar.When, o calendar.Override) string {
				if o.Changed.Has(calendar.GroupWhen) && o.Content.When.Start.Local[:10] != o.Original.Local[:10] {
					return "it may not leave its day"
				}
				return ""
			}
		}
		r := ref(n)
		m.Members = append(m.Members, state.Member{Ref: r})
		if _, has := w.members[r]; !has {
			w.members[r] = Member{Name: n, Capabilities: caps, Writable: true, Ready: true}
			w.events[r] = map[calendar.RemoteID]*calendar.Event{}
			w.gone[r] = map[calendar.RemoteID]bool{}
		}
	}
	w.mirrors = append(w.mirrors, m)
}

// maps gives all directions of the first mirror a mapping, and has everything
// reconsidered, as the engine does.
func (w *world) maps(m state.Mapping) {
	w.mirrors = slices.Clone(w.mirrors)
	w.mirrors[0].Mappings = []state.PairMapping{{Mapping: m}}
	for r, evs := range w.events {
		for id := range evs {
			w.dirty[Found{r, id}] = true
		}
	}
}

func (w *world) tell(format string, args ...any) {
	if w.say != nil {
		w.say(format, args...)
	}
}

func (w *world) tick() time.Time { w.clock = w.clock.Add(time.Minute); return w.clock }

func hour(h int) calendar.When {
	at := func(h int) calendar.Time {
		return calendar.At(time.Date(2026, 3, 11, h, 0, 0, 0, time.UTC), time.UTC)
	}
	return calendar.When{Start: at(h), End: at(h + 1)}
}

// add is a person making an event.
func (w *world) add(name, title string, change ...func(*calendar.Event)) calendar.RemoteID {
	w.seq++
	id := calendar.RemoteID(fmt.Sprintf("%s%d", name, w.seq))
	ev := &calendar.Event{ID: id, UID: "uid-" + string(id), Organized: true, Created: w.tick(), Updated: w.clock,
		Content: calendar.Content{Title: title, When: hour(9), Availability: calendar.Busy}}
	for _, f := range change {
		f(ev)
	}
	ev.Version = calendar.Version(fmt.Sprint(w.seq))
	w.events[ref(name)][id] = ev
	w.dirty[Found{ref(name), id}] = true
	return id
}

// edit is a person changing an event.
func (w *world) edit(name string, id calendar.RemoteID, changes ...func(*calendar.Event)) {
	ev := w.events[ref(name)][id]
	if ev == nil {
		w.t.Fatalf("no event %s in %s", id, name)
	}
	for _, f := range changes {
		f(ev)
	}
	w.seq++
	ev.Version, ev.Updated = calendar.Version(fmt.Sprint(w.seq)), w.tick()
	w.dirty[Found{ref(name), id}] = true
}

func (w *world) remove(name string, id calendar.RemoteID) {
	w.gone[ref(name)][id] = true
	w.dirty[Found{ref(name), id}] = true
}

// the finds the one event with a title in a calendar.
func (w *world) the(name, title string) *calendar.Event {
	w.t.Helper()
	var found *calendar.Event
	for id, ev := range w.events[ref(name)] {
		if !w.gone[ref(name)][id] && ev.Content.Title == title {
			if found != nil {
				w.t.Fatalf("%q is in %s twice", title, name)
			}
			found = ev
		}
	}
	if found == nil {
		w.t.Fatalf("%q is not in %s, which holds %s", title, name, w.titles(name))
	}
	return found
}

// lunchAt holds the place of the one "Lunch" in each calendar against the one wanted.
func (w *world) lunchAt(want string, names ...string) {
	w.t.Helper()
	for _, name := range names {
		if got := w.the(name, "Lunch").Content.Place; got != want {
			w.t.Fatalf("in %s it is at %q", name, got)
		}
	}
}

// readAt says when calendars were last read.
func (w *world) readAt(at time.Time, names ...string) {
	for _, name := range names {
		m := w.members[ref(name)]
		m.Read = at
		w.members[ref(name)] = m
	}
}

func (w *world) titles(name string) string {
	var out []string
	for id, ev := range w.events[ref(name)] {
		if !w.gone[ref(name)][id] {
			out = append(out, ev.Content.Title)
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// input is what the engine would load.
func (w *world) input() Input {
	in := Input{Now: w.clock, Installation: w.installation, Holds: w.holds, Moves: map[Found]Found{}, Origins: map[Found]Found{}, Mirrors: w.mirrors, Members: w.members, Replicas: map[state.Ref]map[calendar.RemoteID]state.Replica{},
		Alike: map[Found][]Found{}, Decisions: w.decisions, Linked: map[state.MirrorID]int{"m1": len(w.entities)}}
	linked := map[Found]state.EntityID{}
	for _, e := range w.entities {
		for r, rec := range e.Records {
			for _, p := range rec.Parts {
				if p.ID != "" {
					linked[Found{r, p.ID}] = e.ID
				}
			}
		}
	}
	for r, evs := range w.events {
		in.Replicas[r] = map[calendar.RemoteID]state.Replica{}
		for id, ev := range evs {
			in.Replicas[r][id] = state.Replica{Event: *ev, Deleted: w.gone[r][id], Seen: cmp.Or(w.seen[Found{r, id}], w.clock)}
		}
	}
	want := maps.Clone(w.pending)
	met := map[Found]bool{}
	var meet func(Found)
	meet = func(d Found) {
		if id, ok := linked[d]; ok {
			want[id] = true
			return
		}
		if w.gone[d.Ref][d.ID] || met[d] {
			return
		}
		met[d] = true
		in.Found = append(in.Found, d)
		ev := w.events[d.Ref][d.ID]
		want[state.EntityID(ev.Mark.Entity)] = true
		for r, evs := range w.events {
			for id, x := range evs {
				other := Found{r, id}
				if other == d || w.gone[r][id] {
					continue
				}
				if _, is := linked[other]; names(ev.Mark, x.UID) || sameMark(*ev, *x) || is && names(x.Mark, ev.UID) {
					meet(other)
				}
				if _, is := linked[other]; is && x.UID == ev.UID && r != d.Ref && r.Account == d.Ref.Account {
					in.Origins[d] = other
					meet(other)
				}
			}
		}
	}
	for d := range w.dirty {
		meet(d)
	}
	alike := func(f Found) {
		ev := w.events[f.Ref][f.ID]
		for r, evs := range w.events {
			var would calendar.Content // what its copy would show
			if m := in.Way(f.Ref, r); m != nil {
				would, _ = Shown(m, mapping.Source{Content: ev.Content, Facts: ev.Facts()})
			}
			for id, x := range evs {
				if _, has := linked[Found{r, id}]; r == f.Ref || has || w.gone[r][id] {
					continue
				}
				if looksAlike(would, x.Content) || x.UID == ev.UID || names(x.Mark, ev.UID) || names(ev.Mark, x.UID) || sameMark(*ev, *x) || x.Content.Title == ev.Content.Title && calendar.Equal(calendar.GroupWhen, x.Content, ev.Content) {
					in.Alike[f] = append(in.Alike[f], Found{r, id})
				}
			}
		}
	}
	for _, f := range in.Found {
		alike(f)
	}
	for id := range want {
		if e, ok := w.entities[id]; ok {
			in.Entities = append(in.Entities, e)
			for r, rec := range e.Records {
				for _, p := range rec.Parts {
					for to, evs := range w.events {
						for x, ev := range evs {
							_, is := linked[Found{to, x}]
							if was := w.events[r][p.ID]; was != nil && w.gone[r][p.ID] && to.Account == r.Account && !is && !w.gone[to][x] && ev.UID == was.UID {
								in.Moves[Found{r, p.ID}] = Found{to, x}
							}
						}
					}
				}
			}
			if f := (Found{e.Home, e.Records[e.Home].Parts[0].ID}); w.events[f.Ref][f.ID] != nil {
				alike(f)
			}
		}
	}
	minted := len(w.entities) + w.seq*1000
	in.Mint = func() state.EntityID { minted++; return state.EntityID(fmt.Sprintf("e%06d", minted)) }
	return in
}

// pass runs Reconcile and does its steps. It returns them, one line each.
func (w *world) pass() []string {
	w.tell("pass")
	out := Reconcile(w.input())
	w.dirty, w.pending = map[Found]bool{}, map[state.EntityID]bool{}
	w.waiting, w.claims = out.Waiting, out.Claims
	for _, f := range out.Waiting {
		w.dirty[f] = true
	}
	w.notes = append(w.notes, out.Notes...)
	for _, e := range out.Entities {
		w.entities[e.ID] = e
	}
	var lines []string
	for _, s := range out.Steps {
		lines = append(lines, line(s))
		w.tell("  %s: %s", line(s), s.Reason)
		if s.Held != "" {
			w.pending[s.Entity] = true
			if _, known := w.decisions[s.Fact]; !known {
				w.decisions[s.Fact] = state.Undecided
			}
			continue
		}
		w.do(s)
	}
	for id, e := range w.entities {
		if e.Deleted && !e.Live() {
			delete(w.entities, id)
		}
	}
	return lines
}

func line(s state.Step) string {
	l := fmt.Sprintf("%s %q in %s", s.Kind, s.Title, s.Ref.Calendar)
	if s.Slot != "" {
		l = fmt.Sprintf("%s %q at %s in %s", s.Kind, s.Title, s.Slot, s.Ref.Calendar)
	}
	if s.Kind == state.Update {
		var what []string
		if len(s.Groups) > 0 {
			what = append(what, words(s.Groups))
		}
		if len(s.Slots) > 0 {
			what = append(what, strings.Join(s.Slots, " "))
		}
		l += " (" + strings.Join(what, ", ") + ")"
	}
	if s.Held != "" {
		l += " held: " + string(s.Held)
	}
	return l
}

// do is a write that succeeds. A plainer calendar cuts and trims what it gets.
func (w *world) do(s state.Step) {
	if !s.Kind.Writes() {
		return
	}
	w.writes++
	w.seq++
	e := w.entities[s.Entity]
	p := e.Part(s.Ref, s.Slot)
	var waiting state.Image // edits that wait for the person go on counting as edits
	if ev := w.events[s.Ref][s.Event]; ev != nil && s.Kind == state.Update {
		for _, g := range calendar.Diff(ev.Content, p.Read).Without(s.Groups...) {
			waiting = waiting.With(g, p.Read)
		}
		for _, slot := range calendar.Slots(ev.Overrides, p.ReadOverrides) {
			if !slices.Contains(s.Slots, slot) && !s.Groups.Has(calendar.GroupWhen) {
				waiting = waiting.WithSlot(slot, p.ReadOverrides[slot])
			}
		}
	}
	switch s.Kind {
	case state.Create:
		id := calendar.RemoteID(fmt.Sprintf("%s%d", s.Ref.Calendar, w.seq))
		w.events[s.Ref][id] = &calendar.Event{ID: id, UID: "uid-" + string(id), Organized: true, Created: w.tick(),
			Mark: calendar.Mark{Installation: w.installation, Mirror: string(s.Mirror), Entity: string(s.Entity)}, Content: w.stored(s.Ref, s.Want), Overrides: maps.Clone(s.Overrides)}
		p.ID, p.Made, p.Wrote, p.WroteOverrides = id, true, s.Want, maps.Clone(s.Overrides)
	case state.Update:
		ev := w.events[s.Ref][s.Event]
		if ev == nil || w.gone[s.Ref][s.Event] {
			w.t.Fatalf("update of what is not there: %+v", s)
		}
		if s.IfVersion != ev.Version {
			w.t.Fatalf("update of %s in %s under version %s, it has %s", s.Event, s.Ref, s.IfVersion, ev.Version)
		}
		for _, g := range s.Groups {
			ev.Content = ev.Content.Take(g, w.stored(s.Ref, s.Want))
			p.Wrote = p.Wrote.Take(g, s.Want)
		}
		for _, slot := range s.Slots {
			ev.Overrides = calendar.WithOverride(ev.Overrides, slot, s.Overrides[slot])
			p.WroteOverrides = calendar.WithOverride(p.WroteOverrides, slot, s.Overrides[slot])
		}
		if s.Groups.Has(calendar.GroupWhen) { // as Graph does, and the connector writes them again
			ev.Overrides = maps.Clone(s.Overrides)
			p.WroteOverrides = maps.Clone(s.Overrides)
		}
		p.Dirty, p.DirtySlots = p.Dirty.Without(s.Groups...), nil
		if p.By != "" && s.Ref != e.Home && len(s.Groups) > 0 { // our mark goes along
			p.By, p.Bore, ev.Mark = "", ev.Mark, calendar.Mark{Installation: w.installation, Mirror: string(s.Mirror), Entity: string(s.Entity)}
		}
	case state.Answer:
		w.edit(string(s.Ref.Calendar), s.Event, func(e *calendar.Event) { e.MyResponse = s.Response })
		e.Answer = calendar.NoResponse
		w.entities[e.ID] = e
		return
	case state.Delete:
		w.gone[s.Ref][s.Event] = true
		p.Gone = true
		w.written = append(w.written, Found{s.Ref, s.Event})
		return
	}
	ev := w.events[s.Ref][p.ID]
	ev.Version, ev.Updated = calendar.Version(fmt.Sprint(w.seq)), w.tick()
	p.Version, p.Read, p.ReadOverrides = ev.Version, ev.Content, maps.Clone(ev.Overrides)
	for _, g := range waiting.Groups {
		p.Read = p.Read.Take(g, waiting.Content)
	}
	for _, slot := range waiting.Slots {
		p.ReadOverrides = calendar.WithOverride(p.ReadOverrides, slot, waiting.Overrides[slot])
	}
	w.dirty[Found{s.Ref, p.ID}] = true // the echo in the next feed
	w.written = append(w.written, Found{s.Ref, p.ID})
}

// indulge has services follow their habits.
func (w *world) indulge() {
	for _, f := range w.written {
		if habit := w.habits[f.Ref]; habit != nil && !w.gone[f.Ref][f.ID] {
			w.edit(string(f.Ref.Calendar), f.ID, habit)
		}
	}
	w.written = nil
}

func (w *world) stored(r state.Ref, c calendar.Content) calendar.Content {
	if strings.HasSuffix(string(r.Calendar), "-") {
		c.Place = strings.TrimSpace(c.Place)
		c.Reminders = calendar.Reminders{Before: []time.Duration{15 * time.Minute}} // its own default
	}
	return c
}

// settle runs passes until nothing is written, and fails if that takes long.
func (w *world) settle() {
	w.t.Helper()
	for range 6 {
		if before := w.writes; len(w.pass()) == 0 || w.writes == before {
			before = w.writes
			if w.pass(); w.writes != before {
				w.t.Fatalf("a pass after quiet wrote")
			}
			return
		}
	}
	w.t.Fatalf("never quiet")
}

func (w *world) expect(want ...string) {
	w.t.Helper()
	got := w.pass()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		w.t.Fatalf("steps\n got %s\nwant %s", strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

func (w *world) noted(o state.Outcome) string {
	var out []string
	for _, n := range w.notes {
		if n.Outcome == o {
			out = append(out, n.Why)
		}
	}
	return strings.Join(out, "\n")
}

// sameMark is how the store finds the events that bear one mark.
func sameMark(a, b calendar.Event) bool {
	f := state.EntityID(a.Mark.Entity).Fingerprint()
	return f != "" && f == state.EntityID(b.Mark.Entity).Fingerprint()
}
