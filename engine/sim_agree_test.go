package engine_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// occurrence is one thing that a person sees in a calendar.
type occurrence struct {
	calendar.Content
	at string
}

// seen expands events into what a person sees of them in the weeks around now.
func (s *sim) seen(list []*held) map[string]occurrence {
	from, to := s.clock.AddDate(0, 0, -25), s.clock.AddDate(0, 0, 380)
	out := map[string]occurrence{}
	add := func(c calendar.Content) {
		start, err := c.When.Start.Instant()
		if err != nil || start.Before(from) || !start.Before(to) {
			return
		}
		k := c.When.Start.String() + " to " + c.When.End.String()
		for n := 2; out[k].at != ""; n++ {
			k = fmt.Sprintf("%s to %s (%d)", c.When.Start, c.When.End, n)
		}
		out[k] = occurrence{c, k}
	}
	for _, h := range list {
		if h.Content.When.Recurrence.IsZero() {
			add(h.Content)
			continue
		}
		occurs, err := h.Content.When.Occurrences()
		if err != nil {
			continue
		}
		for t := range occurs.Between(from.AddDate(0, 0, -20), to.AddDate(0, 0, 20)) {
			o := h.Overrides[t.Slot()]
			o.Original = t // in the zone that the series has now
			if !o.Cancelled {
				add(h.Content.Occurrence(o))
			}
		}
	}
	return out
}

// agree holds each copy against its home, occurrence by occurrence, by rules of its
// own (I1). What the history says is left as it is, is.
func (s *sim) agree(hist []state.HistoryEntry) {
	left, leftIn := map[state.EntityID]bool{}, map[state.EntityID]map[state.Ref]bool{}
	told := map[state.EntityID]string{}
	s.adopted = map[state.EntityID]map[state.Ref]bool{}
	for _, h := range hist {
		if h.Kind == state.Adopt && (h.Pass > s.recalled.pass || strings.HasPrefix(h.Why, "same title")) {
			if s.adopted[h.Entity] == nil {
				s.adopted[h.Entity] = map[state.Ref]bool{}
			}
			s.adopted[h.Entity][h.Ref] = true
		}
		if stays(h) {
			left[h.Entity] = true
		}
		if insisted(hist, h) {
			if leftIn[h.Entity] == nil {
				leftIn[h.Entity] = map[state.Ref]bool{}
			}
			leftIn[h.Entity][h.Ref] = true
		}
		told[h.Entity] += h.Why + "\n"
	}
	for id, of := range s.soulOf {
		for was := range s.recalled.told {
			if s.root(was) == s.root(of) {
				told[id] += s.recalled.told[was]
				left[id] = left[id] || s.recalled.left[was]
			}
		}
	}
	_ = s.store.View(func(tx *store.Tx) error {
		for i, f := range s.fakes {
			for _, h := range f.live() {
				if h.Cancelled && slices.ContainsFunc(f.live(), func(x *held) bool { return !x.Cancelled && s.root(x.soul.of) == s.root(h.soul.of) }) {
					continue // an undo has made it again beside it
				}
				if h.soul.made {
					s.kept(tx, i, h, told)
					continue
				}
				id, linked, _ := tx.EntityOf(s.refs[i], h.ID)
				e, _, _ := tx.Entity(id)
				if linked && e.Home != s.refs[i] || s.orphaned(tx, i, h, linked) || !linked && h.soul.back && s.staysHome(i, h) {
					continue // a twin that was there already, or what no other store can know; or a copy of what does not cross
				}
				if h.Cancelled && !linked && s.stands(h) {
					continue // called off and there still, beside what it was made again as
				}
				said := slices.ContainsFunc([]string{"elet", "put back", "made again", "its copy goes", "crosses no more", "taken away again", "undid the making"}, func(w string) bool { return strings.Contains(told[id], w) }) ||
					slices.ContainsFunc(s.refs, func(r state.Ref) bool { return e.Records[r].Out }) // its copy there was to go, and its deletion means nothing at home
				for j := range s.fakes { // the copy of what does not cross was to go anyway
					crosses, sure := s.look.crosses(s, i, j, h)
					said = said || j != i && sure && !crosses
				}
				// What was moved beyond what its service lists, and to where it never showed, nobody can
				// know of: if what was made again in its place is deleted, it stays.
				_, known, _ := tx.Replica(s.refs[i], h.ID)
				said = said || h.soul.moved && !known && !f.sees(h.Event)
				if s.deleted[s.root(h.soul.of)] && !h.soul.back && !h.Cancelled && h.MyResponse != calendar.Declined && !said { // the copy of what is declined was to go anyway
					s.fail("I3", "%q in %s was deleted by a person and is there, and no history says why", h.Content.Title, s.name(i))
				}
				for j := range s.fakes {
					if j != i && !(linked && (left[id] || leftIn[id][s.refs[j]])) {
						s.compare(tx, i, j, h, e)
					} else if j != i {
						s.excused++
					}
				}
			}
		}
		return nil
	})
}

// staysHome reports whether an event in calendar i came back, and what it was a copy of is
// in another one, and does not cross.
func (s *sim) staysHome(i int, h *held) bool {
	for j, f := range s.fakes {
		for _, x := range f.live() {
			crosses, sure := s.look.crosses(s, j, i, x)
			if j != i && !x.soul.made && s.family(s.root(x.soul.of)) == s.family(s.root(h.soul.of)) && !(crosses && sure) {
				return true
			}
		}
	}
	return false
}

// stands reports whether a meeting is there in another event than this one.
func (s *sim) stands(one *held) bool {
	return slices.ContainsFunc(s.fakes, func(f *fake) bool {
		return slices.ContainsFunc(f.live(), func(h *held) bool {
			return h != one && !h.soul.made && !h.Cancelled && s.root(h.soul.of) == s.root(one.soul.of)
		})
	})
}

// kept checks that a copy belongs to an event, or is said to be kept.
func (s *sim) kept(tx *store.Tx, i int, h *held, told map[state.EntityID]string) {
	id, linked, _ := tx.EntityOf(s.refs[i], h.ID)
	if !linked && (s.outOfSight(i, h) || s.recalled.alone[h] && s.orphaned(tx, i, h, linked)) { // kept for its guests, by a store that is lost
		s.excused++
		return
	}
	if !linked {
		s.fail("I1", "%q in %s was made by Twinday, which knows nothing of it", h.Content.Title, s.name(i))
	}
	for j, f := range s.fakes {
		if j != i && slices.ContainsFunc(f.live(), func(x *held) bool { return s.root(x.soul.of) == s.root(h.soul.of) && !x.soul.made }) {
			return
		}
	}
	if !strings.Contains(told[id], "kept") && !strings.Contains(told[id], "put back") {
		s.fail("I1", "%q is left in %s, and what it is a copy of is gone", h.Content.Title, s.name(i))
	}
}

func recurs(h *held) bool { return !h.Content.When.Recurrence.IsZero() }

// compare holds what is in calendar j against an event whose home is i.
func (s *sim) compare(tx *store.Tx, i, j int, home *held, e state.Entity) {
	rec := e.Records[s.refs[j]]
	var there []*held
	for _, h := range s.fakes[j].live() {
		if s.root(h.soul.of) == s.root(home.soul.of) {
			there = append(there, h)
		}
	}
	from, to := s.mirror.Members[i], s.mirror.Members[j]
	way := from.Direction != state.TakeOnly && to.Direction != state.SendOnly
	want, sure := s.look.crosses(s, i, j, home)
	if e.ID == "" && want && s.twinStays(tx, i, j, home) {
		s.excused++
		return
	}
	switch {
	case rec.Kept || rec.Out || s.recalls(s.recalled.first, home.soul.of, j) || s.wasAdopted(e.ID, home.soul.of, j) && (recurs(home) || slices.ContainsFunc(there, recurs) || s.outOfSight(j, home)) || s.isHidden(home.soul.of, j) || !sure:
		s.excused++
		return
	case !way || !want:
		for _, h := range there {
			_, linked, _ := tx.EntityOf(s.refs[j], h.ID)
			if h.soul.made && !(s.recalled.alone[h] && s.orphaned(tx, j, h, linked)) { // kept for its guests, by a store that is lost
				s.fail("I1", "%q of %s is in %s, where it does not belong", home.Content.Title, s.name(i), s.name(j))
			}
		}
		return
	}
	a, b := s.seen([]*held{home}), s.seen(there)
	var missing, more []string
	for k, x := range a {
		y, ok := b[k]
		if !ok {
			missing = append(missing, k)
			continue
		}
		s.checked++
		if why := s.look.differ(s, i, j, x.Content, y.Content, s.wasAdopted(e.ID, home.soul.of, j)); why != "" {
			s.fail("I1", "%q of %s at %s shows in %s otherwise: %s", home.Content.Title, s.name(i), k, s.name(j), why)
		}
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			more = append(more, k)
		}
	}
	slices.Sort(missing)
	slices.Sort(more)
	if len(missing)+len(more) > 0 {
		s.fail("I1", "%q of %s is in %s at other times: missing %v, there besides %v", home.Content.Title, s.name(i), s.name(j), missing, more)
	}
}

// twinStays reports whether an event that is not linked has a twin in calendar j, put there
// by a person, which does not cross: to make a copy beside it would have it there twice.
func (s *sim) twinStays(tx *store.Tx, i, j int, one *held) bool {
	return slices.ContainsFunc(s.fakes[j].live(), func(x *held) bool {
		_, linked, _ := tx.EntityOf(s.refs[j], x.ID)
		crosses, sure := s.look.crosses(s, j, i, x)
		return !x.soul.made && !linked && sure && !crosses && s.family(s.root(x.soul.of)) == s.family(s.root(one.soul.of)) &&
			strings.TrimSpace(x.Content.Title) == strings.TrimSpace(one.Content.Title) && calendar.Equal(calendar.GroupWhen, x.Content, one.Content)
	})
}

// own lists what is to stay when the mirror is removed.
func (s *sim) own() (out []string) {
	for i, f := range s.fakes {
		for _, h := range f.live() {
			copied := h.soul.made
			foreign := s.recalled.bore[h] || h.Mark.Mirror != "" && h.Mark.Installation != s.store.Installation() // by a copy-paste, or not: no store can know
			if h.soul.back || foreign {                                                                           // what it is now, the engine says
				_ = s.store.View(func(tx *store.Tx) error {
					id, _, _ := tx.EntityOf(s.refs[i], h.ID)
					e, ok, err := tx.Entity(id)
					rec := e.Records[s.refs[i]]
					at := slices.IndexFunc(rec.Parts, func(p state.Part) bool { return p.ID == h.ID })
					rep, _, _ := tx.Replica(s.refs[i], h.ID)
					untold := f.ahead > 0 && !f.sees(h.Event) && rep.Deleted // that it came back
					copied = ok && e.Home != s.refs[i] && at >= 0 && !rec.WasHere(rec.Parts[at]) && !untold
					return err
				})
			}
			if !copied || len(h.Guests) > 0 || (s.outOfSight(i, h) || s.recalled.alone[h]) && !s.linkedNow(i, h) {
				out = append(out, s.name(i)+" "+string(h.ID)+" "+h.Content.Title)
			}
		}
	}
	return out
}

func (s *sim) everything() (out []string) {
	for i, f := range s.fakes {
		for _, h := range f.live() {
			out = append(out, s.name(i)+" "+string(h.ID)+" "+h.Content.Title)
		}
	}
	return out
}

// look is what the copies of a simulation show, in terms of its own.
type look struct {
	name    string
	detail  state.Detail
	prefix  string
	exclude string // events with this in the title do not cross
	busy    bool   // nor do free ones
	only    int    // the look is of copies in this calendar, others show everything; -1: of all
	copies  bool   // reminders too
}

var looks = []look{
	{name: "everything", only: -1},
	{name: "title and time", detail: state.TitleAndTime, only: -1},
	{name: "busy only", detail: state.BusyOnly, only: -1},
	{name: "a prefix", prefix: "[A] ", only: -1},
	{name: "no secrets", exclude: "secret", only: -1},
	{name: "busy times", busy: true, only: -1},
	{name: "busy only in A", detail: state.BusyOnly, only: 0},
	{name: "a prefix in B", prefix: "[B] ", only: 1},
	{name: "reminders", copies: true, only: -1},
}

// mappings are those that have copies look so.
func (l look) mappings(refs []state.Ref) []state.PairMapping {
	m := state.Mapping{Detail: l.detail, Filter: state.Filter{Exclude: l.exclude}}
	if l.prefix != "" {
		m.Title = &state.TextLens{Lens: state.CopyLens, Prefix: l.prefix}
	}
	if l.busy {
		m.Filter.Availability = []calendar.Availability{calendar.Busy, calendar.Tentative, calendar.Away, calendar.Elsewhere}
	}
	if l.copies {
		m.Reminders = &state.ReminderLens{Lens: state.Copy}
	}
	p := state.PairMapping{Mapping: m}
	if l.only >= 0 {
		p.To = refs[l.only]
	}
	return []state.PairMapping{p}
}

// at is the look in one calendar.
func (l look) at(j int) look {
	if l.only >= 0 && l.only != j {
		return looks[0]
	}
	return l
}

// crosses says whether an event goes from i to j, as far as that is sure.
func (l look) crosses(s *sim, i, j int, h *held) (crosses, sure bool) {
	l = l.at(j)
	w := h.Content.When
	start, err := w.Start.Instant()
	if err != nil || h.Cancelled {
		return false, true
	}
	if w.Recurrence.IsZero() && start.Before(s.clock.AddDate(0, 0, -24)) || start.After(s.clock.AddDate(0, 0, 370)) {
		return false, false
	}
	if h.MyResponse == calendar.Declined {
		return false, true
	}
	if n := s.fakes[i].Capabilities().TitleLimit; l.exclude != "" && n > 0 && len([]rune(h.Content.Title)) >= n {
		return false, false // what the filter looks at may have been cut off here
	}
	odd := func(c calendar.Content) bool {
		return l.exclude != "" && strings.Contains(strings.ToLower(c.Title), l.exclude) || l.busy && c.Availability == calendar.Free
	}
	if m := s.fakes[i].Capabilities().TitleLimit; l.exclude != "" && m > 0 && len([]rune(h.Content.Title)) == m {
		return false, false // what it cuts of a title that was typed in a copy may be what is looked for
	}
	for _, o := range h.Overrides {
		if !o.Cancelled && odd(h.Content.Occurrence(o)) != odd(h.Content) {
			return false, false // some of its occurrences do
		}
	}
	if !w.Recurrence.IsZero() { // over for long, or with nothing in the window
		if len(s.seen([]*held{h})) == 0 {
			return false, false
		}
	}
	return !odd(h.Content), true
}

// differ says in what a copy in j of an event of i is not as it should be.
func (l look) differ(s *sim, i, j int, home, copied calendar.Content, adopted bool) string {
	l = l.at(j)
	caps := s.fakes[j].Capabilities()
	private := home.Visibility != calendar.DefaultVisibility && home.Visibility != calendar.Public
	title, place := l.prefix+home.Title, home.Place
	switch {
	case private || l.detail == state.BusyOnly:
		title, place = "Busy", ""
	case l.detail == state.TitleAndTime:
		place = ""
	}
	if adopted {
		return ""
	}
	flat := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	if m := s.fakes[i].Capabilities().TitleLimit; m > 0 && len([]rune(home.Title)) == m && strings.HasPrefix(flat(copied.Title), flat(cut(title, m-4))) {
		// typed in a copy, and longer than the home can hold
	} else if n := caps.TitleLimit; n > 0 && len([]rune(title)) > n {
		cut, ok := strings.CutSuffix(copied.Title, "…")
		if !ok || !strings.HasPrefix(title, cut) || len([]rune(copied.Title)) < n/2 {
			return fmt.Sprintf("title %q, at home %q", copied.Title, title)
		}
	} else if flat(title) != flat(copied.Title) {
		return fmt.Sprintf("title %q instead of %q", copied.Title, title)
	}
	if flat(place) != flat(copied.Place) {
		return fmt.Sprintf("place %q instead of %q", copied.Place, place)
	}
	availability := home.Availability
	if availability == "" {
		availability = calendar.Busy
	}
	if !slices.Contains(caps.Availability, availability) {
		availability = calendar.Busy
	}
	if availability != copied.Availability {
		return fmt.Sprintf("availability %q instead of %q", copied.Availability, availability)
	}
	for _, t := range tokenForm.FindAllString(home.Notes.HTML, -1) {
		shown := strings.Contains(copied.Notes.HTML, t)
		if open := !private && l.detail == state.Everything; open != shown && (open || s.tokens[t] != nil) && len(home.Notes.HTML) < 100 {
			return fmt.Sprintf("notes %q, at home %q", copied.Notes.HTML, home.Notes.HTML)
		}
	}
	if l.copies && !private && home.Reminders.Before != nil && !home.Reminders.Default {
		if got := copied.Reminders.Before; len(got) == 0 || got[0] != home.Reminders.Before[0] {
			return fmt.Sprintf("reminders %v, at home %v", got, home.Reminders.Before)
		}
	}
	return ""
}
