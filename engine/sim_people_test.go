package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// deed is what somebody does in one calendar: f.s acts with what e picks. It returns
// what was done in words, nothing if it could not be done.
type deed func(p *person) string

// person is someone at a calendar.
type person struct {
	*sim
	i int
	f *fake
	e entry
	r *rand.Rand
}

// deeds are all that people, services and organizers do, and how often.
var deeds = map[string]struct {
	often int
	do    deed
}{
	"add":        {9, (*person).add},
	"twin":       {1, (*person).twin},
	"edit":       {12, (*person).edit},
	"move":       {6, (*person).move},
	"allday":     {1, (*person).allDay},
	"repeat":     {3, (*person).repeat},
	"occur":      {8, (*person).occur},
	"cancel":     {3, (*person).cancel},
	"plain":      {2, (*person).plain},
	"split":      {2, (*person).split},
	"delete":     {5, (*person).remove},
	"clear":      {1, (*person).clear},
	"restore":    {3, (*person).restore},
	"paste":      {2, (*person).paste},
	"invite":     {2, (*person).invited},
	"answer":     {2, (*person).answer},
	"guests":     {4, (*person).guests},
	"private":    {2, (*person).private},
	"reorganize": {2, (*person).reorganize},
	"calloff":    {1, (*person).callOff},
	"bump":       {2, (*person).bump},

	"mapping":  {5, (*person).mapping},
	"off":      {1, (*person).off},
	"on":       {2, (*person).on},
	"pause":    {1, (*person).pause},
	"resume":   {2, (*person).resume},
	"decide":   {4, (*person).decideOne},
	"undo":     {2, nil}, // a pass of its own: see sim.do
	"moveto":   {4, (*person).moveTo},
	"forget":   {1, nil}, // a rest of its own: see sim.do
	"wait":     {2, (*person).wait},
	"signin":   {3, (*person).signInAgain},
	"readonly": {1, (*person).turnReadOnly},
	"writable": {2, (*person).turnWritable},
}

// betweenPasses can only be done when no pass runs.
var betweenPasses = []string{"mapping", "off", "on", "pause", "resume", "decide", "undo", "forget", "wait", "signin", "readonly", "writable", "clear"}

// act has somebody do something.
func (s *sim) act(e entry) {
	d, ok := deeds[e.verb]
	if !ok {
		s.fail("E", "there is no %q", e.verb)
		return
	}
	p := s.person(e)
	if did := d.do(p); did != "" {
		when := ""
		if e.at > 0 {
			when = fmt.Sprintf(" (in the pass, at point %d)", s.point)
		}
		s.tell("  %s in %s: %s%s", e.verb, s.name(p.i), did, when)
	}
}

// person is whoever acts.
func (s *sim) person(e entry) *person {
	i := e.side % len(s.fakes)
	return &person{s, i, s.fakes[i], e, rand.New(rand.NewPCG(uint64(e.pick), uint64(e.arg)))}
}

// at is the same person at another calendar.
func (p *person) at(j int) *person {
	other := *p
	other.i, other.f = j, p.fakes[j]
	return &other
}

// one picks an event that fits.
func (p *person) one(fits func(*held) bool) *held {
	live := slices.DeleteFunc(p.f.live(), func(h *held) bool { return !fits(h) })
	if len(live) == 0 {
		return nil
	}
	return live[p.e.pick%len(live)]
}

func mine(h *held) bool { return h.Organized && !h.Cancelled }

func series(h *held) bool { return mine(h) && recurs(h) }

// change is a person's edit: what they write over they have seen, and give up.
func (p *person) change(h *held, g calendar.Group, c calendar.Content) {
	p.touch(h.soul.of, p.i)
	p.gives(calendar.Content{}.Take(g, h.Content))
	h.Content = p.f.kept(h.Content.Take(g, c))
	if g == calendar.GroupWhen && len(h.Overrides) > 0 {
		// What services do about the occurrences that were changed differs.
		occurs, err := h.Content.When.Occurrences()
		for slot, o := range h.Overrides {
			has := err == nil && !h.Content.When.Recurrence.IsZero() && occurs.Has(o.Original)
			switch fits := p.f.Capabilities().Override; {
			case p.f.wipes, h.Content.When.Recurrence.IsZero(), !has && p.e.arg%2 == 0, has && fits != nil && fits(h.Content.When, o) != "":
				p.gives(o)
				h.override(slot, calendar.Override{})
			case !has:
				p.gives(o) // shown still, of no series
			}
		}
	}
	p.f.bare(h)
	p.f.touch(h)
}

func (p *person) on9(days int) time.Time {
	d := p.clock.UTC().Truncate(24 * time.Hour)
	return d.AddDate(0, 0, days).Add(time.Duration(8+p.r.IntN(9)) * time.Hour)
}

func (p *person) zone() string {
	return []string{"UTC", "Europe/Berlin", "America/New_York"}[p.r.IntN(3)]
}

// when is some time that has its token as the clock.
func (p *person) when(of int, days int) calendar.When {
	day := p.on9(days).Format(time.DateOnly)
	start := calendar.Time{Local: day + "T" + p.clockOf(of, "the time in "+p.name(p.i)), Zone: p.zone()}
	at, _ := start.Instant()
	loc, _ := calendar.LoadZone(start.Zone)
	return calendar.When{Start: start, End: calendar.At(at.Add(time.Duration(1+p.r.IntN(4))*30*time.Minute), loc)}
}

func (p *person) rule(w calendar.When) []string {
	day := map[time.Weekday]string{0: "SU", 1: "MO", 2: "TU", 3: "WE", 4: "TH", 5: "FR", 6: "SA"}
	t, _ := time.Parse(time.DateOnly, w.Start.Local[:10])
	var rule string
	switch p.r.IntN(5) {
	case 0, 1:
		rule = fmt.Sprintf("RRULE:FREQ=DAILY;COUNT=%d", 3+p.r.IntN(5))
	case 2:
		rule = fmt.Sprintf("RRULE:FREQ=WEEKLY;COUNT=%d;BYDAY=%s", 2+p.r.IntN(4), day[t.Weekday()])
	case 3:
		rule = fmt.Sprintf("RRULE:FREQ=DAILY;INTERVAL=2;COUNT=%d", 3+p.r.IntN(4))
	default:
		if !p.f.wipes {
			rule = fmt.Sprintf("RRULE:FREQ=MONTHLY;COUNT=3;BYMONTHDAY=%d,%d", t.Day(), 1+(t.Day()+9)%28) // Outlook cannot hold it
			break
		}
		rule = "RRULE:FREQ=DAILY;COUNT=4"
	}
	lines, err := calendar.CanonicalRules(w.Start, []string{rule})
	if err != nil {
		panic(err)
	}
	return lines
}

func (p *person) newEvent(s soul, c calendar.Content) *held {
	id := calendar.RemoteID(fmt.Sprintf("own-%s%d", p.f.own, len(p.f.events)))
	h := &held{soul: s, Event: calendar.Event{ID: id, UID: fmt.Sprintf("%s@%s", id, p.name(p.i)), Organized: true, Created: p.f.clock(), Content: p.f.kept(c)}}
	p.f.events[id] = h
	p.touch(s.of, p.i)
	return h
}

func (p *person) add() string {
	s := p.newSoul(0)
	c := calendar.Content{Title: p.word("T", s.of, "a new title in "+p.name(p.i)), Availability: calendar.Busy, When: p.when(s.of, p.r.IntN(40)-3)}
	if p.r.IntN(4) == 0 {
		c.Title += " with a long name that is cut somewhere"
	}
	if p.r.IntN(8) == 0 {
		c.Title += " secret"
	}
	if p.r.IntN(3) == 0 {
		c.Place = p.word("P", s.of, "a new place in "+p.name(p.i)) + " "
	}
	if p.r.IntN(3) == 0 {
		c.Notes = calendar.NotesFromText(p.word("N", s.of, "new notes in "+p.name(p.i)))
	}
	if p.r.IntN(5) == 0 {
		c.Availability = p.availability()
	}
	if p.r.IntN(3) == 0 {
		c.When.Recurrence.Rules = p.rule(c.When)
	} else if p.r.IntN(6) == 0 {
		p.gives(c.When)
		c.When = days(c.When, 1+p.r.IntN(3))
	}
	h := p.newEvent(s, c)
	if p.r.IntN(8) == 0 {
		h.Guests = []calendar.Guest{{Person: calendar.Person{Name: "Gus", Email: "gus@x.test"}}}
	}
	p.f.touch(h)
	return fmt.Sprintf("%s %q %v %v", h.ID, h.Content.Title, h.Content.When, len(h.Guests))
}

func days(w calendar.When, n int) calendar.When {
	t, _ := time.Parse(time.DateOnly, w.Start.Local[:10])
	e := t.AddDate(0, 0, n)
	return calendar.When{Start: calendar.Date(t.Date()), End: calendar.Date(e.Date())}
}

func (p *person) availability() calendar.Availability {
	l := p.f.Capabilities().Availability
	return l[p.r.IntN(len(l))]
}

// twin puts the same meeting into another calendar by hand, too.
func (p *person) twin() string {
	h := p.one(func(h *held) bool { return mine(h) && !h.soul.made && len(h.Guests) == 0 })
	if h == nil {
		return ""
	}
	other := p.at((p.i + 1) % len(p.fakes))
	if other.f.refuses(h.Content.When, nil) != nil {
		return ""
	}
	c := h.Content
	c.Title = strings.TrimSuffix(c.Title, "…")
	t := other.newEvent(p.newSoul(h.soul.of), c)
	other.f.touch(t)
	return fmt.Sprintf("%q by hand in %s too", c.Title, other.name(other.i))
}

func (p *person) edit() string {
	h := p.one(func(h *held) bool { return !h.Cancelled })
	if h == nil {
		return ""
	}
	held := slices.DeleteFunc(slices.Clone(p.f.Capabilities().Groups), func(g calendar.Group) bool {
		own := g == calendar.GroupReminders || g == calendar.GroupCategories
		return g == calendar.GroupWhen || !own && !h.Organized
	})
	held = append(held, calendar.GroupTitle, calendar.GroupPlace)
	g := held[p.r.IntN(len(held))]
	if !h.Organized {
		g = calendar.GroupReminders
	}
	var c calendar.Content
	switch g {
	case calendar.GroupTitle:
		c.Title = p.word("T", h.soul.of, "a title in "+p.name(p.i))
		if p.r.IntN(4) == 0 {
			c.Title += " which is rather a long one, too long for some"
		}
		if p.r.IntN(8) == 0 {
			c.Title += " secret"
		}
	case calendar.GroupPlace:
		c.Place = p.word("P", h.soul.of, "a place in "+p.name(p.i))
	case calendar.GroupNotes:
		c.Notes = calendar.NotesFromText(p.word("N", h.soul.of, "notes in "+p.name(p.i)))
	case calendar.GroupAvailability:
		c.Availability = p.availability()
	case calendar.GroupVisibility:
		l := p.f.Capabilities().Visibility
		c.Visibility = l[p.r.IntN(len(l))]
	case calendar.GroupImportance:
		c.Importance = []calendar.Importance{calendar.LowImportance, calendar.HighImportance, calendar.NormalImportance}[p.r.IntN(3)]
	case calendar.GroupReminders:
		c.Reminders.Before = []time.Duration{time.Duration(5+p.r.IntN(50)) * time.Minute}
		if p.r.IntN(2) == 0 {
			c.Reminders.Before = append(c.Reminders.Before, time.Duration(2+p.r.IntN(50))*time.Hour)
		}
	case calendar.GroupCategories:
		c.Categories, c.Color = []string{fmt.Sprintf("Cat %d", p.r.IntN(5))}, calendar.Colors[p.r.IntN(len(calendar.Colors))]
	case calendar.GroupProperties:
		c.Properties = map[string]string{"key": fmt.Sprint(p.r.IntN(1000))}
	}
	p.change(h, g, c)
	return fmt.Sprintf("%s of %s %q", g, h.ID, text(calendar.Content{}.Take(g, h.Content)))
}

func (p *person) move() string {
	h := p.one(mine)
	if h == nil {
		return ""
	}
	ahead := p.r.IntN(40) - 3
	if p.r.IntN(15) == 0 {
		ahead = 420 // too far
	}
	w := p.when(h.soul.of, ahead)
	if h.Content.When.AllDay() {
		p.gives(w)
		w = days(w, 1)
	}
	if !h.Content.When.Recurrence.IsZero() {
		w.Recurrence.Rules = p.rule(w)
	}
	p.change(h, calendar.GroupWhen, calendar.Content{When: w})
	return fmt.Sprintf("%s %q to %v", h.ID, h.Content.Title, w)
}

func (p *person) allDay() string {
	h := p.one(func(h *held) bool { return mine(h) && h.Content.When.Recurrence.IsZero() })
	if h == nil {
		return ""
	}
	w := days(h.Content.When, 1)
	if h.Content.When.AllDay() {
		w = p.when(h.soul.of, 3)
	}
	p.change(h, calendar.GroupWhen, calendar.Content{When: w})
	return fmt.Sprintf("%s %q %v", h.ID, h.Content.Title, w)
}

// repeat makes a series of a single event, a single event of a series, or changes its rule.
func (p *person) repeat() string {
	h := p.one(func(h *held) bool { return mine(h) && h.soul.slot == "" })
	if h == nil {
		return ""
	}
	w := h.Content.When
	switch {
	case w.Recurrence.IsZero():
		w.Recurrence.Rules = p.rule(w)
	case p.r.IntN(3) == 0:
		w.Recurrence = calendar.Recurrence{}
	default:
		w.Recurrence.Rules = p.rule(w)
	}
	p.change(h, calendar.GroupWhen, calendar.Content{When: w})
	return fmt.Sprintf("%s %q %v", h.ID, h.Content.Title, w.Recurrence)
}

// slot picks an occurrence of a series.
func (p *person) slot(h *held) (calendar.Time, bool) {
	occurs, err := h.Content.When.Occurrences()
	if err != nil {
		return calendar.Time{}, false
	}
	var all []calendar.Time
	for t := range occurs.All() {
		if all = append(all, t); len(all) == 12 {
			break
		}
	}
	if len(all) == 0 {
		return calendar.Time{}, false
	}
	return all[p.e.arg%len(all)], true
}

func (p *person) setOverride(h *held, slot string, o calendar.Override) {
	p.touch(h.soul.of, p.i)
	p.gives(h.Overrides[slot])
	h.override(slot, o)
	p.f.bare(h)
	p.f.touch(h)
}

func (p *person) occur() string {
	h := p.one(series)
	if h == nil {
		return ""
	}
	at, ok := p.slot(h)
	if !ok {
		return ""
	}
	o := h.Overrides[at.Slot()]
	if o.Cancelled {
		return ""
	}
	o.Original, o.Changed = at, slices.Clone(o.Changed)
	switch p.r.IntN(3) {
	case 0:
		o.Content.Title, o.Changed = p.word("T", h.soul.of, "an occurrence's title in "+p.name(p.i)), o.Changed.With(calendar.GroupTitle)
	case 1:
		o.Content.Place, o.Changed = p.word("P", h.soul.of, "an occurrence's place in "+p.name(p.i)), o.Changed.With(calendar.GroupPlace)
	default:
		if at.IsDate() {
			return ""
		}
		n := len(p.tokens)
		day, _ := time.Parse(time.DateOnly, at.Local[:10])
		clock := p.clockOf(h.soul.of, "an occurrence's time in "+p.name(p.i))
		start := calendar.Time{Local: day.AddDate(0, 0, p.r.IntN(3)-1).Format(time.DateOnly) + "T" + clock, Zone: at.Zone}
		i, _ := start.Instant()
		loc, _ := calendar.LoadZone(start.Zone)
		o.Content.When = calendar.When{Start: start, End: calendar.At(i.Add(time.Hour), loc)}
		o.Changed = o.Changed.With(calendar.GroupWhen)
		if fits := p.f.Capabilities().Override; fits != nil && fits(h.Content.When, o) != "" {
			if delete(p.tokens, clock); len(p.tokens) != n {
				panic("tokens")
			}
			return ""
		}
	}
	p.gives(calendar.Content{Title: h.Content.Title}.Take(calendar.GroupTitle, calendar.Content{})) // nothing: the master's stays
	p.setOverride(h, at.Slot(), o)
	return fmt.Sprintf("%s %q at %s: %s", h.ID, h.Content.Title, at, text(h.Overrides[at.Slot()].Content))
}

func (p *person) cancel() string {
	h := p.one(series)
	if h == nil {
		return ""
	}
	at, ok := p.slot(h)
	if !ok {
		return ""
	}
	p.givesSlot(h, at.Slot())
	p.setOverride(h, at.Slot(), calendar.Override{Original: at, Cancelled: true})
	return fmt.Sprintf("%s %q at %s", h.ID, h.Content.Title, at)
}

// plain puts an occurrence back as the rule has it.
func (p *person) plain() string {
	h := p.one(func(h *held) bool { return series(h) && len(h.Overrides) > 0 })
	if h == nil {
		return ""
	}
	slots := slotsIn(h.Overrides)
	slot := slots[p.e.arg%len(slots)]
	p.setOverride(h, slot, calendar.Override{})
	return fmt.Sprintf("%s %q at %s", h.ID, h.Content.Title, slot)
}

// split ends a series before an occurrence and makes another of the rest, with
// whatever hidden properties there were.
func (p *person) split() string {
	h := p.one(series)
	if h == nil {
		return ""
	}
	occurs, err := h.Content.When.Occurrences()
	if err != nil {
		return ""
	}
	var all []calendar.Time
	for t := range occurs.All() {
		if all = append(all, t); len(all) == 12 {
			break
		}
	}
	if len(all) < 3 || !strings.Contains(h.Content.When.Recurrence.Rules[0], "DAILY") {
		return ""
	}
	n := 1 + p.r.IntN(len(all)-2)
	interval := ""
	if strings.Contains(h.Content.When.Recurrence.Rules[0], "INTERVAL=2") {
		interval = "INTERVAL=2;"
	}
	rule := func(w calendar.When, count int) []string {
		lines, err := calendar.CanonicalRules(w.Start, []string{fmt.Sprintf("RRULE:FREQ=DAILY;%sCOUNT=%d", interval, count)})
		if err != nil {
			panic(err)
		}
		return lines
	}
	tail := h.Content
	tail.When = h.Content.When.At(all[n])
	tail.When.Recurrence.Rules = rule(tail.When, len(all)-n)
	head := h.Content.When
	head.Recurrence.Rules = rule(head, n)
	mark, uid := h.Mark, h.UID
	p.change(h, calendar.GroupWhen, calendar.Content{When: head})
	t := p.newEvent(p.newSoul(h.soul.of), tail)
	if t.Mark = mark; p.f.wipes {
		t.UID = uid + "_R"
	}
	p.f.touch(t)
	return fmt.Sprintf("%s %q before %s: %s", h.ID, h.Content.Title, all[n], t.ID)
}

func (p *person) drop(h *held) {
	p.touch(h.soul.of, p.i)
	p.givesAll(h)
	p.ended[p.family(p.root(h.soul.of))] = true
	h.dead = true
	p.f.touch(h)
	known := !h.soul.made
	_ = p.store.View(func(tx *store.Tx) error {
		_, linked, err := tx.EntityOf(p.refs[p.i], h.ID)
		known = known || linked // else: made by a request of which nobody knows yet how it ended
		return err
	})
	twice := slices.ContainsFunc(p.f.live(), func(x *held) bool { // it was moved to where its copy is, and one of both goes
		return x.soul.moved && p.root(x.soul.of) == p.root(h.soul.of)
	})
	_, going := p.intent(func(in state.Intent) bool { // by a request of which nobody knows yet how it ended
		return in.Step.Kind == state.Delete && in.Step.Ref == p.refs[p.i] && in.Step.Event == h.ID
	})
	if h.soul.slot == "" && known && !twice && !going {
		p.deleted[p.root(h.soul.of)] = true
	}
	if (h.soul.made || h.soul.back) && p.invitation(h) {
		p.hidden[[2]int{p.root(h.soul.of), p.i}] = true
	}
}

// invitation reports whether what a copy is of has another organizer.
func (p *person) invitation(h *held) bool {
	for _, f := range p.fakes {
		for _, x := range f.events {
			if !x.soul.made && p.family(p.root(x.soul.of)) == p.family(p.root(h.soul.of)) && !x.Organized {
				return true
			}
		}
	}
	return false
}

func (p *person) remove() string {
	h := p.one(func(*held) bool { return true })
	if h == nil {
		return ""
	}
	p.drop(h)
	return fmt.Sprintf("%s %q", h.ID, h.Content.Title)
}

// clear deletes nearly everything at once.
func (p *person) clear() string {
	if p.r.IntN(2) == 0 {
		for range 8 { // so that there is something to lose
			p.add()
		}
		return "eight events"
	}
	n := 0
	for _, h := range p.f.live() {
		if p.r.IntN(5) > 0 {
			p.drop(h)
			n++
		}
	}
	return fmt.Sprintf("%d events deleted", n)
}

// restore takes something out of the bin.
func (p *person) restore() string {
	var dead []*held
	for _, h := range p.f.events {
		if h.dead && !h.Cancelled && !h.soul.away {
			dead = append(dead, h)
		}
	}
	if len(dead) == 0 {
		return ""
	}
	slices.SortFunc(dead, func(a, b *held) int { return a.Created.Compare(b.Created) })
	h := dead[p.e.pick%len(dead)]
	delete(p.deleted, p.root(h.soul.of))
	var first bool
	_ = p.store.View(func(tx *store.Tx) error {
		_, linked, _ := tx.EntityOf(p.refs[p.i], h.ID)
		if linked { // else it is another copy that was hidden
			delete(p.hidden, [2]int{p.root(h.soul.of), p.i})
		}
		first = !linked && p.recalled.first != nil && h.soul.made && !p.hasHome(h, false)
		return nil
	})
	// Unless the engine takes it for what it was, it is a person's from now on: it may
	// have been put back already when nobody knew that it was there again.
	slot := h.soul.slot
	h.soul = p.newSoul(h.soul.of)
	h.soul.slot, h.soul.back = slot, true
	if first {
		p.recalled.first[[2]int{h.soul.of, p.i}] = true
	}
	p.touch(h.soul.of, p.i)
	h.dead = false
	p.f.touch(h)
	return fmt.Sprintf("%s %q", h.ID, h.Content.Title)
}

// paste copies an event with all that is hidden in it.
func (p *person) paste() string {
	h := p.one(func(h *held) bool { return mine(h) && len(h.Guests) == 0 })
	if h == nil {
		return ""
	}
	to := p
	if p.r.IntN(3) == 0 {
		to = p.at((p.i + 1) % len(p.fakes))
	}
	c := h.Content
	s := p.newSoul(h.soul.of)
	if p.r.IntN(2) == 0 {
		rules := c.When.Recurrence
		c.When = p.when(s.of, 2+p.r.IntN(20))
		if !rules.IsZero() {
			c.When.Recurrence.Rules = to.rule(c.When)
		}
	}
	if to.f.refuses(c.When, nil) != nil {
		return ""
	}
	x := to.newEvent(s, c)
	x.Mark = h.Mark
	to.f.touch(x)
	return fmt.Sprintf("%s %q into %s as %s", h.ID, h.Content.Title, to.name(to.i), x.ID)
}

// invited is an invitation that arrives.
func (p *person) invited() string {
	s := p.newSoul(0)
	c := calendar.Content{Title: p.word("T", s.of, "an invitation in "+p.name(p.i)), Availability: calendar.Tentative, When: p.when(s.of, 1+p.r.IntN(30))}
	if p.r.IntN(3) == 0 {
		c.When.Recurrence.Rules = p.rule(c.When)
	}
	h := p.newEvent(s, c)
	h.Organized, h.MyResponse = false, calendar.NeedsAction
	h.Organizer = calendar.Person{Name: "Olga", Email: "olga@x.test"}
	h.Guests = []calendar.Guest{{Person: calendar.Person{Name: "Gus", Email: "gus@x.test"}}}
	p.f.touch(h)
	return fmt.Sprintf("%s %q", h.ID, h.Content.Title)
}

func (p *person) answer() string {
	h := p.one(func(h *held) bool { return !h.Organized && !h.Cancelled })
	if h == nil {
		return ""
	}
	h.MyResponse = []calendar.Response{calendar.Accepted, calendar.Declined, calendar.Maybe}[p.r.IntN(3)]
	if h.MyResponse == calendar.Declined && p.f.letsGo {
		p.drop(h)
	} else {
		p.f.touch(h)
	}
	return fmt.Sprintf("%s %q %s", h.ID, h.Content.Title, h.MyResponse)
}

// guests invites somebody, or no longer: at home or from a copy, whatever is on its way
// there.
func (p *person) guests() string {
	h := p.one(mine)
	if h == nil {
		return ""
	}
	if len(h.Guests) > 0 {
		h.Guests = nil
	} else {
		h.Guests = []calendar.Guest{{Person: calendar.Person{Name: "Gus", Email: "gus@x.test"}}}
		p.ownBeside(h)
	}
	p.f.touch(h)
	return fmt.Sprintf("%s %q: %d", h.ID, h.Content.Title, len(h.Guests))
}

func (p *person) private() string {
	h := p.one(mine)
	if h == nil {
		return ""
	}
	v := calendar.Private
	if h.Content.Visibility == v {
		v = calendar.DefaultVisibility
	}
	p.change(h, calendar.GroupVisibility, calendar.Content{Visibility: v})
	return fmt.Sprintf("%s %q %q", h.ID, h.Content.Title, v)
}

// reorganize is an organizer who changes their meeting.
func (p *person) reorganize() string {
	h := p.one(func(h *held) bool { return !h.Organized && !h.Cancelled })
	if h == nil {
		return ""
	}
	if p.r.IntN(2) == 0 {
		p.change(h, calendar.GroupTitle, calendar.Content{Title: p.word("T", h.soul.of, "an organizer's title in "+p.name(p.i))})
	} else {
		w := p.when(h.soul.of, 1+p.r.IntN(30))
		w.Recurrence = h.Content.When.Recurrence
		if !w.Recurrence.IsZero() {
			w.Recurrence.Rules = p.rule(w)
		}
		p.change(h, calendar.GroupWhen, calendar.Content{When: w})
	}
	return fmt.Sprintf("%s %q", h.ID, h.Content.Title)
}

// callOff is an organizer who cancels their meeting; it may stand there still.
func (p *person) callOff() string {
	h := p.one(func(h *held) bool { return !h.Organized && !h.Cancelled })
	if h == nil {
		return ""
	}
	for _, t := range p.tokens { // an organizer's word beats an edit
		t.given = t.given || p.root(t.soul) == p.root(h.soul.of)
	}
	p.ended[p.family(p.root(h.soul.of))] = true
	h.Cancelled = true
	h.dead = p.r.IntN(2) == 0
	p.f.touch(h)
	return fmt.Sprintf("%s %q", h.ID, h.Content.Title)
}

// bump is a service that gives an event another version for no reason.
func (p *person) bump() string {
	h := p.one(func(*held) bool { return true })
	if h == nil {
		return ""
	}
	p.f.touch(h)
	return string(h.ID)
}

// changed changes the mirror.
func (p *person) changed() {
	if err := p.sim.change(); err != nil {
		p.fail("E", "change the mirror: %v", err)
	}
}

func (p *person) mapping() string {
	p.look = looks[p.e.pick%len(looks)]
	p.changed()
	return p.look.name
}

func (p *person) off() string {
	p.mirror.Members = slices.Clone(p.mirror.Members)
	p.mirror.Members[p.i].Off = true
	p.changed()
	return "off"
}

func (p *person) on() string {
	p.mirror.Members = slices.Clone(p.mirror.Members)
	for i := range p.mirror.Members {
		p.mirror.Members[i].Off = false
	}
	p.changed()
	return "all on"
}

func (p *person) pause() string  { p.mirror.Paused = true; p.changed(); return "paused" }
func (p *person) resume() string { p.mirror.Paused = false; p.changed(); return "on again" }

func (p *person) decideOne() string {
	held, err := p.Held(context.Background())
	if err != nil || len(held) == 0 {
		return ""
	}
	x := held[p.e.pick%len(held)]
	p.decide(x, p.e.arg%3 > 0)
	return "decided"
}

// undo takes back one of the latest changes, or all of a pass, undos included. Whoever
// does gives up what the change had brought, and with force what came after it.
func (p *person) undo() {
	l := slices.DeleteFunc(p.history(), func(h state.HistoryEntry) bool { return h.Pass == 0 }) // what was noted before the first pass
	if l = l[:min(len(l), 30)]; len(l) == 0 {
		return
	}
	ctx := context.Background()
	req := control.UndoRequest{Entry: l[p.e.pick%len(l)].Seq, Force: p.e.arg%4 == 0}
	if pass := l[p.e.pick%len(l)].Pass; p.e.arg%3 == 0 && pass > 0 { // an entry made between passes is of none
		req.Entry, req.Pass = 0, pass
	}
	p.run(func() (control.Report, error) {
		dry := req
		dry.DryRun = true
		plan, err := p.Undo(ctx, dry)
		for _, s := range plan.Report.Steps {
			if s.Kind == state.Delete && s.Fact != "" && p.e.arg%2 == 0 {
				req.Seen = append(req.Seen, s.Fact)
				p.agreed[s.Entity] = true
			}
		}
		if err == nil {
			p.tell("  undo of entry %d, pass %d, force %v: %d undone, %d left", req.Entry, req.Pass, req.Force, len(plan.Undone), len(plan.Left))
			p.undone(plan.Undone, req.Force)
			var out control.UndoReport
			out, err = p.Undo(ctx, req)
			p.undone(out.Undone, req.Force)
			plan.Report = out.Report
		}
		if says, ok := errors.AsType[*control.Error](err); ok && (says.Code == control.CodeFailed || says.Code == control.CodeNotFound) {
			p.tell("  undo: %s", says.Message)
			err = nil
		}
		return plan.Report, err
	})
}

// undone takes note of what undos mean.
func (p *person) undone(notes []control.UndoNote, force bool) {
	for _, x := range p.history() {
		if !slices.ContainsFunc(notes, func(n control.UndoNote) bool { return n.Entry == x.Seq }) {
			continue
		}
		p.gives([]any{x.After, x.AfterOverrides, x.Became})
		of := p.root(p.soulOf[x.Entity])
		for i, f := range p.fakes {
			p.touch(of, i)
			for _, h := range f.live() {
				if force && p.root(h.soul.of) == of {
					p.gives(h.Event)
				}
			}
		}
		switch {
		case x.Kind == state.Delete:
			delete(p.deleted, of)
			p.movedUnknown(of)
		case x.Kind == state.Create && x.Ref == x.Home: // all of it goes
			p.deleted[of], p.ended[p.family(of)] = true, true
			for _, t := range p.tokens {
				t.given = t.given || p.root(t.soul) == of
			}
		}
	}
}

// movedUnknown takes note that an event is made again which was not deleted, but moved to
// where no list has shown it yet: nobody could know, and both are there now.
func (p *person) movedUnknown(of int) {
	_ = p.store.View(func(tx *store.Tx) error {
		for i, f := range p.fakes {
			for _, h := range f.live() {
				_, known, err := tx.Replica(p.refs[i], h.ID)
				if err != nil {
					return err
				}
				if !known && h.soul.moved && !h.soul.made && p.root(h.soul.of) == of {
					slot := h.soul.slot
					h.soul = p.newSoul(h.soul.of)
					h.soul.slot, h.soul.back, h.soul.moved = slot, true, true
				}
			}
		}
		return nil
	})
}

func (p *person) wait() string {
	d := time.Duration(1+p.e.arg%60) * time.Hour
	p.clock = p.clock.Add(d)
	return d.String()
}

func (p *person) signInAgain() string {
	for i, f := range p.fakes {
		if f.signedOut {
			if err := p.signIn(i); err != nil {
				p.fail("E", "sign in again: %v", err)
			}
		}
	}
	return "signed in"
}

func (p *person) turnReadOnly() string {
	p.f.readOnly = true
	if p.e.arg%2 == 0 {
		_, _ = p.Calendars(context.Background(), "", true)
	}
	return "can only be read"
}

func (p *person) turnWritable() string {
	for _, f := range p.fakes {
		f.readOnly = false
	}
	_, _ = p.Calendars(context.Background(), "", true)
	return "can be written"
}
