package engine_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/engine/reconcile"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// soul is what the simulation knows an event by, whatever the engine believes: the
// meeting that a person made, and which part of it this is.
type soul struct {
	of   int
	slot string
	made bool // by the engine
	back bool // out of the bin, or moved: the person's, unless the engine takes it for what it was
	// moved: by a person, to where it is. away: to another calendar.
	moved, away bool
}

// oracle knows what people did, and finds out whether it holds.
type oracle struct {
	calm   bool // nobody acts, and services behave
	look   look
	nextID int
	one    map[int]int // souls that became one: found alike, and linked
	kin    map[int]int // from a clone to what it is a clone of
	tokens map[string]*token
	// hidden are the copies of invitations that were deleted, which means them alone.
	hidden   map[[2]int]bool
	deleted  map[int]bool // souls that a person deleted, somewhere
	ended    map[int]bool // families of souls that somebody ever deleted or called off, or a part of them
	agreed   map[state.EntityID]bool
	heard    map[state.EntityID]bool // guests may hear of it
	soulOf   map[state.EntityID]int  // as last seen
	touched  map[[2]int]bool         // souls, and the calendars in which people did something to them
	mails    []int                   // how many each service had sent before
	linked   int
	rough    bool // the last pass was cut off, or failed
	adopted  map[state.EntityID]map[state.Ref]bool
	recalled recalled
	excused  int
	checked  int // occurrences held against their home
}

// token is a text that only one edit has.
type token struct {
	soul  int
	where string
	given bool // a person gave it up: wrote over it, or deleted what showed it
	seen  bool // a whole pass has gone by
}

func newOracle() oracle {
	return oracle{one: map[int]int{}, kin: map[int]int{}, tokens: map[string]*token{}, hidden: map[[2]int]bool{},
		deleted: map[int]bool{}, ended: map[int]bool{}, agreed: map[state.EntityID]bool{}, heard: map[state.EntityID]bool{}, soulOf: map[state.EntityID]int{}, touched: map[[2]int]bool{}, mails: make([]int, 3)}
}

func (o *oracle) newSoul(kin int) soul {
	o.nextID++
	if kin != 0 {
		o.kin[o.nextID] = kin
	}
	return soul{of: o.nextID}
}

// root is the soul that stands for all that became one with it.
func (o *oracle) root(of int) int {
	for o.one[of] != 0 {
		of = o.one[of]
	}
	return of
}

func (o *oracle) touch(of, i int) { o.touched[[2]int{of, i}] = true }

// touchedElsewhere reports whether people did something to a meeting in another calendar.
func (o *oracle) touchedElsewhere(of, i int) bool {
	for k := range o.touched {
		if k[1] != i && o.family(o.root(k[0])) == o.family(o.root(of)) {
			return true
		}
	}
	return false
}

// isHidden reports whether the copy of an invitation was deleted in a calendar.
func (o *oracle) isHidden(of, i int) bool {
	for k := range o.hidden {
		if k[1] == i && o.root(k[0]) == o.root(of) {
			return true
		}
	}
	return false
}

func (o *oracle) family(of int) int {
	for o.kin[of] != 0 {
		of = o.kin[of]
	}
	return of
}

// word makes a token for an edit.
func (o *oracle) word(letter string, of int, where string) string {
	t := fmt.Sprintf("%s%d_", letter, len(o.tokens)+1)
	o.tokens[t] = &token{soul: of, where: where}
	return t
}

// clockOf makes a token that is a time of the day.
func (o *oracle) clockOf(of int, where string) string {
	n := len(o.tokens) + 1
	t := fmt.Sprintf("%02d:%02d:%02d", 6+n%12, n/12%60, n/720%60)
	o.tokens[t] = &token{soul: of, where: where}
	return t
}

var tokenForm = regexp.MustCompile(`[TPN]\d+_|\d\d:\d\d:\d\d`)

// gives takes note that a person gave up what they saw.
func (o *oracle) gives(seen any) {
	for _, t := range tokenForm.FindAllString(text(seen), -1) {
		if x := o.tokens[t]; x != nil {
			x.given = true
		}
	}
}

// givesAll takes note that a person deleted a meeting, all of it that had crossed.
func (o *oracle) givesAll(h *held) {
	o.gives(h.Content)
	o.gives(h.Overrides)
	for _, t := range o.tokens {
		t.given = t.given || t.seen && o.root(t.soul) == o.root(h.soul.of)
	}
}

// givesSlot takes note that a person cancelled an occurrence, all of it that had crossed.
func (s *sim) givesSlot(h *held, slot string) {
	for _, f := range s.fakes {
		for _, x := range f.events {
			if s.root(x.soul.of) != s.root(h.soul.of) {
				continue
			}
			for _, t := range tokenForm.FindAllString(text(x.Overrides[slot]), -1) {
				if y := s.tokens[t]; y != nil && y.seen {
					y.given = true
				}
			}
		}
	}
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// born gives a copy that the engine made the soul of its home.
func (s *sim) born(i int, h *held, d calendar.Draft) {
	in, ok := s.intent(func(in state.Intent) bool { return in.Key == d.Key && in.Step.Ref == s.refs[i] })
	if !ok {
		s.fail("I2", "%q is made in %s without an intent in the journal: a crash now would make it twice", d.Content.Title, s.name(i))
		h.soul = soul{of: -1, made: true}
		return
	}
	h.soul = soul{of: -2, slot: in.Step.Slot, made: true}
	err := s.store.View(func(tx *store.Tx) error {
		e, ok, err := tx.Entity(in.Step.Entity)
		if ok {
			h.soul.made = e.Home != s.refs[i]              // or it is the event itself, put back
			if x := s.homeOf(e); x != nil && x.soul.made { // since this very pass it is none
				s.keptLeft()
			}
			for _, ref := range s.refs {
				for _, p := range e.Records[ref].Parts {
					if x := s.held(ref, p.ID); x != nil && (h.soul.of < 0 || ref == e.Home) {
						h.soul.of = s.root(x.soul.of)
					}
				}
			}
			if h.soul.of < 0 && e.Wish != nil { // an undo makes again what is gone
				x, _, err := tx.HistoryEntry(e.Wish.Undoes[0])
				if err != nil {
					return err
				}
				h.soul.of = s.newSoul(s.soulOf[x.Entity]).of
				s.soulOf[e.ID] = h.soul.of
			}
			if m := s.member(e.Home); m.Direction == state.TakeOnly && h.soul.made { // put back at home it goes nowhere
				s.fail("I6", "%q of %s, which only receives, goes to %s", d.Content.Title, e.Home, s.name(i))
			}
		}
		return err
	})
	if err != nil {
		s.fail("E", "%v", err)
	}
	if len(d.Content.Links.Attachments) > 0 {
		s.fail("I5", "a copy carries attachments")
	}
}

func (s *sim) member(ref state.Ref) state.Member {
	return s.mirror.Members[slices.Index(s.refs, ref)]
}

func (s *sim) held(ref state.Ref, id calendar.RemoteID) *held {
	return s.fakes[slices.Index(s.refs, ref)].events[id]
}

func (s *sim) intent(is func(state.Intent) bool) (found state.Intent, ok bool) {
	err := s.store.View(func(tx *store.Tx) error {
		open, err := tx.Intents()
		if at := slices.IndexFunc(open, is); at >= 0 {
			found, ok = open[at], true
		}
		return err
	})
	if err != nil {
		s.fail("E", "%v", err)
	}
	return found, ok
}

// permitted checks a write before it is sent (I6, and that it is in the journal).
func (s *sim) permitted(i int, call string) {
	kind := map[string][]state.StepKind{"create": {state.Create}, "delete": {state.Delete}, "respond": {state.Answer},
		"update": {state.Update, state.Create}, "occurrence": {state.Update, state.Create}}[call]
	if _, ok := s.intent(func(in state.Intent) bool { return in.Step.Ref == s.refs[i] && slices.Contains(kind, in.Step.Kind) }); !ok {
		s.fail("J", "%s in %s is sent with no intent in the journal", call, s.name(i))
	}
	s.intent(func(in state.Intent) bool {
		if h := s.held(in.Step.Ref, in.Step.Event); in.Step.Kind == state.Delete && in.Step.Ref == in.Step.Home && h != nil && !h.soul.made && !h.soul.back && !s.ended[s.family(s.root(h.soul.of))] {
			s.fail("I3", "%q in %s is a person's, and deleted though nobody has deleted it anywhere", h.Content.Title, in.Step.Ref)
		}
		return false
	})
	s.intent(func(in state.Intent) bool {
		if h := s.held(in.Step.Ref, in.Step.Event); in.Step.Kind == state.Update && h != nil && !h.soul.made && len(in.Step.Groups) > 0 &&
			!s.touchedElsewhere(h.soul.of, slices.Index(s.refs, in.Step.Ref)) {
			s.fail("I4", "%v of %q in %s, its home, is written though nobody has touched a copy: an echo", in.Step.Groups, h.Content.Title, in.Step.Ref)
		}
		return false
	})
	s.intent(func(in state.Intent) bool {
		if h := s.before(in); call == "create" && in.Step.Ref == s.refs[i] && h != nil && h.dead && h.key == in.Key {
			s.fail("I2", "%q is made again in %s under the key of what was deleted there, which is taken for ever", in.Step.Title, s.name(i))
		}
		return false
	})
	m := s.member(s.refs[i])
	switch {
	case m.Direction == state.SendOnly:
		s.fail("I6", "%s in %s, in which nothing is ever written", call, s.name(i))
	case m.Off && !s.leaving:
		s.fail("I6", "%s in %s, which is off", call, s.name(i))
	case s.mirror.Paused && !s.leaving:
		s.fail("I6", "%s in %s while the mirror is paused", call, s.name(i))
	}
}

// before is what was deleted, as is known, of what a step makes again.
func (s *sim) before(in state.Intent) (h *held) {
	_ = s.store.View(func(tx *store.Tx) error {
		e, _, err := tx.Entity(in.Step.Entity)
		if p := e.Part(in.Step.Ref, in.Step.Slot); p != nil && p.Before != nil {
			h = s.held(in.Step.Ref, p.Before.ID)
		}
		return err
	})
	return h
}

// start takes note of how things are before a pass.
func (s *sim) start() {
	s.linked = 0
	_ = s.store.View(func(tx *store.Tx) error {
		for _, r := range s.refs {
			s.linked = max(s.linked, tx.CountLinked(r))
		}
		return nil
	})
}

// hold checks what must hold at all times.
func (s *sim) hold(r control.Report, whole bool) {
	if err := s.store.Check(); err != nil {
		s.fail("E", "the store is not sound: %v", err)
	}
	s.keptLeft()
	s.nearAgain()
	s.links(whole)
	s.once(false)
	s.silent(r)
	s.guarded(r)
	s.rough = !whole
	s.crossed()
}

// crossed takes note of what the engine has read and is done with.
func (s *sim) crossed() {
	if s.mirror.Paused || slices.ContainsFunc(s.mirror.Members, func(m state.Member) bool { return m.Off }) {
		return
	}
	_ = s.store.View(func(tx *store.Tx) error {
		busy := map[state.EntityID]bool{}
		for _, id := range tx.PendingEntities() {
			busy[id] = true
		}
		open, err := tx.Intents()
		for _, in := range open {
			busy[in.Step.Entity] = true
		}
		for _, d := range tx.DirtyEvents() {
			if id, linked, _ := tx.EntityOf(d.Ref, d.ID); linked {
				busy[id] = true
			}
		}
		for _, ref := range s.refs {
			err = tx.EachReplica(ref, func(rep state.Replica) error {
				id, linked, _ := tx.EntityOf(ref, rep.Event.ID)
				read := text(rep.Event)
				if linked && busy[id] { // what was different in it when it was linked stays there
					e, _, _ := tx.Entity(id)
					read = ""
					for _, p := range e.Records[ref].Parts {
						read += text(p.Found)
					}
				}
				if !linked {
					return nil
				}
				for _, t := range tokenForm.FindAllString(read, -1) {
					if x := s.tokens[t]; x != nil {
						x.seen = true
					}
				}
				return nil
			})
		}
		return err
	})
}

// links checks that the engine links nothing but what belongs together. What came back, or
// is an event of its own by now, is that until a whole pass has looked at it.
func (s *sim) links(whole bool) {
	_ = s.store.View(func(tx *store.Tx) error {
		return tx.Entities(func(e state.Entity) error {
			first := 0
			for _, ref := range s.homeFirst(e) {
				for _, p := range e.Records[ref].Parts {
					h := s.held(ref, p.ID)
					if p.ID == "" || h == nil || h.soul.back && !whole {
						continue
					}
					s.soulOf[e.ID] = s.root(h.soul.of)
					switch of := s.root(h.soul.of); {
					case first == 0:
						first = of
					case of == first:
					case s.family(of) == s.family(first) && s.changePlaces(slices.Index(s.refs, ref), h, first):
					case s.family(of) == s.family(first) && s.movedBeside(tx, slices.Index(s.refs, ref), h, first):
					case s.family(of) == s.family(first):
						s.one[of] = first
					default:
						s.fail("I2", "%q and another meeting are taken for one in %s", h.Content.Title, s.name(slices.Index(s.refs, ref)))
					}
				}
			}
			return nil
		})
	})
}

// movedBeside reports whether an event is linked with a meeting that a person has moved to
// where it is, which the engine cannot know yet: a list is late, or a calendar is off. Both
// are the person's, and two events once it does (reconcile, TestMovedOntoAnother), so their
// souls do not become one.
func (s *sim) movedBeside(tx *store.Tx, i int, linked *held, of int) bool {
	return slices.ContainsFunc(s.fakes[i].live(), func(x *held) bool {
		_, known, _ := tx.EntityOf(s.refs[i], x.ID)
		return x != linked && x.soul.moved && !known && s.root(x.soul.of) == of
	})
}

func (s *sim) homeFirst(e state.Entity) []state.Ref {
	return append([]state.Ref{e.Home}, slices.DeleteFunc(slices.Clone(s.refs), func(r state.Ref) bool { return r == e.Home })...)
}

// changePlaces is for a copy that came back out of the bin after it had been made again, and
// before the store was lost: both bear the mark of a store that is gone, and which is the
// copy, and which the person's own, no other one can know. So the linked one is the copy,
// and shows what it did when it was deleted, since to link it writes nothing.
func (s *sim) changePlaces(i int, linked *held, of int) bool {
	lost := func(h *held) bool { return h.Mark.Mirror != "" && h.Mark.Installation != s.store.Installation() }
	if !linked.soul.back || !lost(linked) {
		return false
	}
	for _, h := range s.fakes[i].live() {
		if h.soul.made && s.root(h.soul.of) == of && h.soul.slot == linked.soul.slot && lost(h) {
			h.soul, linked.soul = linked.soul, h.soul
			s.recalled.adopted[[2]int{of, i}] = true
			return true
		}
	}
	return false
}

// once checks that no part of a meeting is in a calendar twice (I2). What was moved to
// where it is already may be, until everyone has rested, and as long as the service does
// not list it.
func (s *sim) once(rested bool) {
	for i, f := range s.fakes {
		seen := map[soul]*held{}
		moved := func(h *held) bool { return h.soul.moved && (!rested || !f.sees(h.Event)) } // the person put it there
		for _, h := range f.live() {
			if s.outOfSight(i, h) && !s.linkedNow(i, h) { // no store can know of it
				continue
			}
			if h.soul.made && s.recalls(s.recalled.out, h.soul.of, i) { // nor that the person did not want it
				continue
			}
			k := soul{of: s.root(h.soul.of), slot: h.soul.slot}
			x := seen[k]
			if x != nil && (h.soul.made || x.soul.made) && !moved(h) && !moved(x) {
				s.fail("I2", "%q is in %s twice: %s and %s (%q)", h.Content.Title, s.name(i), h.ID, x.ID, x.Content.Title)
			}
			seen[k] = h
		}
	}
}

// live lists the events that are there, oldest first.
func (f *fake) live() []*held {
	var out []*held
	for _, h := range f.events {
		if !h.dead {
			out = append(out, h)
		}
	}
	slices.SortFunc(out, func(a, b *held) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID)) })
	return out
}

// silent checks that nobody got mail but by a rule or a decision (I5).
func (s *sim) silent(control.Report) {
	for i, f := range s.fakes {
		for _, m := range f.mails[s.mails[i]:] {
			_, id, _ := strings.Cut(m, " ")
			allowed := s.guests == state.ApplyGuests
			for e := range s.heard {
				_ = s.store.View(func(tx *store.Tx) error {
					for _, ref := range s.refs { // a person may have moved it since, within the pass
						by, ok, _ := tx.EntityOf(ref, calendar.RemoteID(id))
						allowed = allowed || ok && by == e
					}
					if _, there, _ := tx.Entity(e); !there { // done with
						allowed = true
					}
					return nil
				})
			}
			if !allowed {
				s.fail("I5", "guests in %s were told of: %s %q", s.name(i), m, f.events[calendar.RemoteID(id)].Content.Title)
			}
		}
		s.mails[i] = len(f.mails)
	}
}

// guarded checks the deletions of each pass (I7).
func (s *sim) guarded(r control.Report) {
	deleted := map[uint64]map[state.EntityID]bool{}
	for _, h := range s.history() {
		if h.Kind != state.Delete || h.Outcome != state.Done || s.agreed[h.Entity] || strings.Contains(h.Why, "series") || strings.Contains(h.Why, "occurrence") {
			continue
		}
		if deleted[h.Pass] == nil {
			deleted[h.Pass] = map[state.EntityID]bool{}
		}
		deleted[h.Pass][h.Entity] = true
	}
	for pass, l := range deleted {
		n := len(l)
		if pass+3 < r.Pass || s.rough {
			continue // checked then
		}
		if n > reconcile.MaxDeletions || pass == r.Pass && n >= reconcile.FewDeletions && n*reconcile.MaxShare > s.linked+r.Created+r.Adopted {
			s.fail("I7", "pass %d deleted %d events of %d, and nobody was asked", pass, n, s.linked)
		}
	}
}

func (s *sim) history() (out []state.HistoryEntry) {
	err := s.store.View(func(tx *store.Tx) (err error) { out, err = tx.History(store.HistoryFilter{}); return err })
	if err != nil {
		s.fail("E", "%v", err)
	}
	return out
}

// judge checks what must hold when everyone rests: I1, I3.
func (s *sim) judge() {
	if s.failure != "" {
		return
	}
	s.nothingOpen()
	s.once(true)
	s.listed()
	hist := s.history()
	kept, deleted, lost := "", "", ""
	for _, h := range hist {
		switch {
		case h.Kind == state.Delete && strings.HasPrefix(h.Why, "deleted in") && !s.agreed[h.Entity]:
			deleted += text(h)
		case h.Outcome != state.Done || h.Kind == state.Delete || h.Kind == state.Answer:
			kept += text(h)
		}
		if len(h.Undoes) > 0 { // what an undo replaced, of which it had not known when it was asked for
			kept += text(h.Was)
		}
	}
	for _, f := range s.fakes {
		for _, h := range f.live() {
			kept += text(h.Event)
		}
	}
	for _, t := range slices.Sorted(maps.Keys(s.tokens)) {
		switch x := s.tokens[t]; {
		case x.given || strings.Contains(kept, t):
		case !strings.Contains(deleted, t):
			lost += fmt.Sprintf("\n  %s, %s", t, x.where)
		case t[2] == ':' && s.beats(x.soul): // every copy shows it, so who deleted one had not seen it
			lost += fmt.Sprintf("\n  %s, %s, in an event that was deleted though an edit beats that", t, x.where)
		}
	}
	if lost != "" {
		s.fail("I3", "what people typed is nowhere, and no history tells of it:%s", lost)
	}
	s.agree(hist)
}

// beats reports whether an edit of a meeting beats its deletion: nobody else organizes it.
func (s *sim) beats(of int) bool {
	for _, f := range s.fakes {
		for _, h := range f.events {
			if s.family(s.root(h.soul.of)) == s.family(s.root(of)) && !h.Organized {
				return false
			}
		}
	}
	return true
}

// listed checks that what bears the mark of a store that is lost, and was left alone, is on
// the list of duplicates, as far as its service shows it: it is the person who can know.
func (s *sim) listed() {
	alone := map[reconcile.Found]*held{}
	for i, f := range s.fakes {
		for _, h := range f.live() {
			if h.Mark.Mirror != "" && h.Mark.Installation != s.store.Installation() && !h.Cancelled && f.sees(h.Event) && !s.linkedNow(i, h) {
				alone[reconcile.Found{Ref: s.refs[i], ID: h.ID}] = h
			}
		}
	}
	if len(alone) == 0 {
		return
	}
	d, err := s.Duplicates(context.Background(), s.mirror.ID)
	if err != nil {
		s.fail("E", "duplicates: %v", err)
	}
	all := slices.Clone(d.Stray)
	for _, g := range d.Groups {
		all = append(append(append(all, g.Stays), g.Go...), g.Kept...)
	}
	for _, x := range all {
		delete(alone, reconcile.Found{Ref: x.Ref, ID: x.ID})
	}
	for f, h := range alone {
		s.fail("I8", "%s %q is left alone, with the mark of a store that is lost, and no list of duplicates tells of it", f.ID, h.Content.Title)
	}
}

// nothingOpen checks that the store has nothing left to do, and knows what is there.
func (s *sim) nothingOpen() {
	err := s.store.View(func(tx *store.Tx) error {
		open, err := tx.Intents()
		if len(open) > 0 {
			s.fail("I1", "an intent is stuck: %s %q", open[0].Step.Kind, open[0].Step.Title)
		}
		for _, id := range tx.PendingEntities() {
			e, _, _ := tx.Entity(id)
			s.fail("I1", "something is still to be done for %q", e.Base.Title)
		}
		for i, f := range s.fakes {
			for _, h := range f.live() {
				rep, ok, err := tx.Replica(s.refs[i], h.ID)
				if err != nil {
					return err
				}
				if f.ahead > 0 && !f.sees(h.Event) && (!ok || rep.Deleted) { // nothing tells of it, or that it came back
					continue
				}
				if !ok || rep.Deleted || len(calendar.Diff(rep.Event.Content, h.Content).Without(f.hides...)) > 0 || len(calendar.Slots(rep.Event.Overrides, h.Overrides)) > 0 {
					s.fail("I1", "%q in %s is not known as it is (known %v, deleted %v, other %v %v)", h.Content.Title, s.name(i), ok, rep.Deleted,
						calendar.Diff(rep.Event.Content, h.Content), calendar.Slots(rep.Event.Overrides, h.Overrides))
				}
			}
		}
		return err
	})
	if err != nil {
		s.fail("E", "%v", err)
	}
}
