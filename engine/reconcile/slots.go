package reconcile

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/engine/mapping"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// cancelling says what an edit does about an occurrence being cancelled.
type cancelling int

const (
	unsaid cancelling = iota
	yes
	no // it was cancelled, and is not any more
)

// slotEdit is what a person did to one occurrence of a series in one member.
type slotEdit struct {
	ref     state.Ref
	part    string // the part it was seen in: "" the series, else one that stands alone
	slot    string
	cancel  cancelling
	set     calendar.Groups   // groups that were given a value of their own
	drop    calendar.Groups   // groups that are as in the master again
	now     calendar.Override // what the series shows there; not of a part that stands alone
	content calendar.Content  // with set
	updated time.Time
	rescued bool // it was found under a write of ours
	again   bool // it is no edit, but counts once more: see hasAgain
}

// String says all that matters of an edit, for telling edits apart.
func (s slotEdit) String() string {
	body, err := json.Marshal(over(calendar.Content{}, s.set, s.content))
	if err != nil {
		panic(err) // plain data always marshals
	}
	return fmt.Sprintf("%s %s %d %v %v %s", s.ref, s.slot, s.cancel, s.set, s.drop, body)
}

func slotsOf(edits []slotEdit) []string {
	var out []string
	for _, ed := range edits {
		out = append(out, ed.slot)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// overrideEdits compares the overrides of a series with those last read.
func (r *reconciler) overrideEdits(e state.Entity, ref state.Ref, p *state.Part, rep state.Replica) []slotEdit {
	now, updated := rep.Event.Overrides, rep.Event.Updated
	slots := calendar.Slots(now, p.ReadOverrides)
	if p.Rescued != nil {
		// Our own unfinished write lies over these: they are written again.
		now = maps.Clone(now)
		for _, slot := range p.Rescued.Slots {
			if now == nil {
				now = map[string]calendar.Override{}
			}
			now[slot] = p.Rescued.Overrides[slot]
			slots = with(slots, slot)
			p.DirtySlots = with(p.DirtySlots, slot)
		}
	}
	var out []slotEdit
	for _, slot := range slots {
		was, is := p.ReadOverrides[slot], now[slot]
		ed := slotEdit{ref: ref, slot: slot, now: is, content: is.Content, updated: updated, rescued: p.Rescued != nil && slices.Contains(p.Rescued.Slots, slot)}
		if is.IsZero() {
			ed.now = calendar.Override{}
		}
		switch {
		case is.Cancelled:
			ed.cancel = yes
		case was.Cancelled:
			ed.cancel = no
		}
		for _, g := range r.groups(e, ref) {
			if is.Cancelled {
				break
			}
			in, before := is.Changed.Has(g), was.Changed.Has(g)
			switch {
			case in && (!before || !calendar.Equal(g, is.Content, was.Content)):
				ed.set = ed.set.With(g)
			case !in && before:
				ed.drop = ed.drop.With(g)
			}
		}
		if ed.cancel == unsaid && len(ed.set) == 0 && len(ed.drop) == 0 {
			readOverride(p, slot, is) // nothing that travels
			continue
		}
		out = append(out, ed)
	}
	return out
}

// aloneEdits compares an occurrence that stands alone with what was last read.
func (r *reconciler) aloneEdits(e state.Entity, ref state.Ref, p *state.Part, rep state.Replica) []slotEdit {
	ed := slotEdit{ref: ref, part: p.Slot, slot: p.Slot, content: rep.Event.Content, updated: rep.Event.Updated}
	for _, g := range r.groups(e, ref) {
		if !calendar.Equal(g, rep.Event.Content, p.Read) {
			ed.set = ed.set.With(g)
		}
	}
	if !ed.content.When.Recurrence.IsZero() && ed.set.Has(calendar.GroupWhen) {
		p.Read, p.Dirty = p.Read.Take(calendar.GroupWhen, ed.content), p.Dirty.With(calendar.GroupWhen)
		ed.set = ed.set.Without(calendar.GroupWhen)
		r.note(e, state.Reverted, ref, calendar.Groups{calendar.GroupWhen}, "one occurrence of a series cannot repeat by itself: the rule it was given in "+r.name(ref)+" is taken back",
			calendar.Content{When: ed.content.When}, r.occurrence(e, p.Slot))
	}
	if p.Rescued != nil {
		for _, g := range p.Rescued.Groups {
			if r.groups(e, ref).Has(g) {
				ed.set, ed.content, ed.rescued = ed.set.With(g), ed.content.Take(g, p.Rescued.Content), true
				p.Dirty = p.Dirty.With(g)
			}
		}
	}
	if len(ed.set) == 0 {
		return nil
	}
	return []slotEdit{ed}
}

func readOverride(p *state.Part, slot string, o calendar.Override) {
	p.ReadOverrides = calendar.WithOverride(p.ReadOverrides, slot, o)
}

func with(slots []string, slot string) []string {
	if slices.Contains(slots, slot) {
		return slots
	}
	return append(slices.Clone(slots), slot)
}

// refuseSlot marks an occurrence to be written again as it was.
func (r *reconciler) refuseSlot(e *state.Entity, ed slotEdit, why string) *state.HistoryEntry {
	r.seen(e, ed)
	r.rewrite(e, ed)
	n := r.note(*e, state.Reverted, ed.ref, ed.set, "the change of "+r.slotWords(*e, []string{ed.slot})+" in "+r.name(ed.ref)+" is taken back: "+why,
		ed.content, r.occurrence(*e, ed.slot))
	n.Slots, n.Was, n.Became = []string{ed.slot}, r.lostSlot(*e, ed), state.Image{}.WithSlot(ed.slot, e.Overrides[ed.slot])
	n.BeforeOverrides, n.AfterOverrides = n.Was.Overrides, n.Became.Overrides
	return n
}

// seen takes what an edit shows as read.
func (r *reconciler) seen(e *state.Entity, ed slotEdit) {
	p := e.Part(ed.ref, ed.part)
	if ed.part == "" {
		readOverride(p, ed.slot, ed.now)
		return
	}
	for _, g := range ed.set {
		p.Read = p.Read.Take(g, ed.content)
	}
	if ed.cancel == yes {
		p.Gone = true
	}
}

// rewrite has an occurrence written again as the base has it.
func (r *reconciler) rewrite(e *state.Entity, ed slotEdit) {
	p := e.Part(ed.ref, ed.part)
	switch {
	case ed.part == "":
		p.DirtySlots = with(p.DirtySlots, ed.slot)
	case p.Gone:
		remake(p)
	default:
		p.Dirty = p.Dirty.With(ed.set...)
	}
}

// mergeSlots folds the edits of single occurrences into the base, each slot by
// itself and by field group; then it lets go of overrides without an occurrence.
func (r *reconciler) mergeSlots(e *state.Entity, f *folding, edits []slotEdit) {
	occurrences, err := e.Base.When.Occurrences()
	exists := func(slot string) bool {
		return err == nil && !e.Base.When.Recurrence.IsZero() && occurrences.Has(e.Base.When.Original(slot))
	}
	for _, slot := range slices.Sorted(maps.Keys(e.Overrides)) {
		if exists(slot) {
			continue
		}
		if o := e.Overrides[slot]; !o.Cancelled {
			r.note(*e, state.Overridden, e.Home, o.Changed, "the series no longer has an occurrence that had been changed on its own", o.Content, calendar.Content{})
		}
		delete(e.Overrides, slot)
		f.changed = true
	}
	r.wishSlots(e, f)
	edits = append(edits, r.hasAgain(*e, *f, exists)...)
	slices.SortStableFunc(edits, func(a, b slotEdit) int {
		return cmp.Or(cmp.Compare(a.slot, b.slot), a.updated.Compare(b.updated), compareBool(a.ref == e.Home, b.ref == e.Home), cmp.Compare(b.ref.String(), a.ref.String()))
	})
	held := f.heldGroups.Has(calendar.GroupWhen) // and with it, which occurrences there are to be
	edits = slices.DeleteFunc(edits, func(ed slotEdit) bool {
		lapsed := !held && exists(ed.slot) && r.lapsed(*e, *f, ed)
		if lapsed {
			r.seen(e, ed)
			r.rewrite(e, ed)
		}
		return lapsed
	})
	if held {
		edits = slices.DeleteFunc(edits, func(ed slotEdit) bool {
			waits := !exists(ed.slot) || r.lapsed(*e, *f, ed)
			if waits {
				f.heldSlots = with(f.heldSlots, ed.slot)
				f.contested = append(f.contested, asked{ref: ed.ref, slots: []slotEdit{ed}})
			}
			return waits
		})
	}
	edits = r.contestSlots(e, f, edits, exists)
	edits = slices.DeleteFunc(edits, func(ed slotEdit) bool { return !ed.again && r.foreverSlot(e, ed) })
	for len(edits) > 0 {
		slot := edits[0].slot
		n := 0
		for n < len(edits) && edits[n].slot == slot {
			n++
		}
		if exists(slot) {
			r.mergeSlot(e, f, slot, edits[:n])
		} else {
			for _, ed := range edits[:n] {
				r.seen(e, ed)
				switch p := e.Part(ed.ref, ed.part); {
				case ed.part != "": // should the series have it again, it is written as the base has it
					p.Dirty = p.Dirty.With(ed.set...)
				case ed.ref == e.Home && !ed.now.IsZero() && r.guests(*e): // it stays there: they might be told
				case ed.now.IsZero():
					p.WroteOverrides = calendar.WithOverride(p.WroteOverrides, slot, calendar.Override{})
				default: // a leftover that a person still sees there: taken away
					p.DirtySlots = with(p.DirtySlots, slot)
				}
				if (ed.cancel == unsaid || ed.cancel == no) && len(ed.set) > 0 {
					r.note(*e, state.Overridden, ed.ref, ed.set, "an occurrence was changed in "+r.name(ed.ref)+", but the series no longer has it", ed.content, calendar.Content{})
				}
			}
		}
		edits = edits[n:]
	}
}

// hasAgain are the occurrences that the home still shows of an older rule, since nothing is
// written there, or guests might have been told of their end, and that its series has once more:
// they count again.
func (r *reconciler) hasAgain(e state.Entity, f folding, exists func(string) bool) []slotEdit {
	p := whole(e, e.Home)
	rep, there := r.Replicas[e.Home][p.ID]
	if !there || rep.Deleted || len(rep.Event.Overrides) == 0 || calendar.Equal(calendar.GroupWhen, e.Base, calendar.Content{When: f.was}) {
		return nil
	}
	before, err := f.was.Occurrences()
	if err != nil {
		return nil
	}
	var out []slotEdit
	for _, slot := range slices.Sorted(maps.Keys(rep.Event.Overrides)) {
		is := rep.Event.Overrides[slot]
		if !exists(slot) || !f.was.Recurrence.IsZero() && before.Has(f.was.Original(slot)) || !is.Equal(p.ReadOverrides[slot]) ||
			slices.Contains(p.DirtySlots, slot) || slices.Contains(f.wish.Slots, slot) {
			continue
		}
		ed := slotEdit{ref: e.Home, slot: slot, now: is, set: is.Changed, content: is.Content, updated: rep.Event.Updated, again: true}
		if is.Cancelled {
			ed.cancel = yes
		}
		out = append(out, ed)
	}
	return out
}

// lapsed reports whether an occurrence is as its series again only since a person gave the
// series another time there, and that does not stand. Services drop what was changed of
// occurrences with the old time (Exchange always does, see providers/outlook, Update); nobody
// meant the occurrence.
func (r *reconciler) lapsed(e state.Entity, f folding, ed slotEdit) bool {
	now, timed := f.timed[ed.ref]
	if !timed || ed.part != "" || ed.rescued || !ed.now.IsZero() {
		return false
	}
	home, _ := r.atHome(e, ed.ref, calendar.GroupWhen, r.source(e), now)
	return !calendar.Equal(calendar.GroupWhen, home, e.Base)
}

// mergeSlot folds the edits of one occurrence, oldest first: later ones win, and
// a change beats a cancellation.
func (r *reconciler) mergeSlot(e *state.Entity, f *folding, slot string, edits []slotEdit) {
	before := e.Overrides[slot]
	result := before
	result.Original = e.Base.When.Original(slot)
	result.Changed = slices.Clone(result.Changed)
	carried := make([]calendar.Content, len(edits)) // what each edit's set is at home
	own := make([]calendar.Groups, len(edits))      // what of it is the copy's own
	refused := make([]calendar.Groups, len(edits))  // what of it no lens carries home
	changes := func(ed slotEdit) bool { return len(ed.set) > 0 }
	edits = slices.DeleteFunc(slices.Clone(edits), func(ed slotEdit) bool {
		why := r.unfitOccurrence(*e, ed)
		if why != "" {
			r.refuseSlot(e, ed, r.name(e.Home)+" cannot hold it: "+why).Unfit = true
		}
		return why != ""
	})
	if len(edits) == 0 {
		return
	}
	carried, own, refused = carried[:len(edits)], own[:len(edits)], refused[:len(edits)]
	lost := make([]state.Image, len(edits)) // what each would have made of it
	for i, ed := range edits {
		lost[i] = r.lostSlot(*e, ed)
	}
	for i, ed := range edits {
		switch ed.cancel {
		case yes:
			if other := slices.IndexFunc(edits, func(x slotEdit) bool { return x.ref != ed.ref && changes(x) }); other < 0 && !r.unseen(*e, ed, before) {
				result = calendar.Override{Original: result.Original, Cancelled: true}
			}
		case no:
			result.Cancelled = false
		}
		for _, g := range ed.set {
			if result.Cancelled {
				result = calendar.Override{Original: result.Original}
			}
			here := mapping.Source{Content: e.Base.Occurrence(result), Facts: e.Facts, Slot: slot}
			home, verdict := r.atHome(*e, ed.ref, g, here, ed.content)
			if verdict == mapping.Own {
				own[i] = own[i].With(g)
			}
			if verdict == mapping.Refused {
				refused[i] = refused[i].With(g)
			}
			if verdict == mapping.Own || verdict == mapping.Refused {
				continue
			}
			home.When.Recurrence = calendar.Recurrence{}
			carried[i] = carried[i].Take(g, home)
			if plain := e.Base.Occurrence(calendar.Override{Original: result.Original}); calendar.Equal(g, home, plain) {
				result.Changed = result.Changed.Without(g)
			} else {
				result.Changed, result.Content = result.Changed.With(g), result.Content.Take(g, home)
			}
		}
		for _, g := range ed.drop {
			if ed.ref != e.Home {
				here := mapping.Source{Content: e.Base.Occurrence(result), Facts: e.Facts, Slot: slot}
				if _, v := r.mapping(*e, ed.ref).Put(g, here, whole(*e, ed.ref).Read); v == mapping.Refused || v == mapping.Own {
					refused[i] = refused[i].With(g)
					continue
				}
			}
			result.Changed = result.Changed.Without(g)
		}
	}
	for _, g := range calendar.AllGroups {
		if !result.Changed.Has(g) {
			result.Content = result.Content.Take(g, calendar.Content{})
		}
	}
	e.Overrides = calendar.WithOverride(e.Overrides, slot, result)
	if !result.Equal(before) {
		f.changed, f.from = true, edits[len(edits)-1].ref
	}
	final := e.Base.Occurrence(result)
	if i := slices.IndexFunc(edits, func(ed slotEdit) bool { return ed.cancel == yes }); i >= 0 && result.Cancelled {
		r.overlooked(*e, edits[i], before)
	}
	if last := edits[len(edits)-1]; !result.Equal(before) && (r.unseen(*e, last, before) || !result.Cancelled && len(r.asFound(*e, last, before).And(before.Changed)) > 0) {
		n := r.note(*e, state.Overridden, last.ref, before.Changed, r.slotWords(*e, []string{slot})+" was changed in "+r.name(last.ref)+" before an earlier change had reached it; the later one was kept", before.Content, final)
		n.Slots, n.Was, n.Became = []string{slot}, state.Image{}.WithSlot(slot, before), state.Image{}.WithSlot(slot, e.Overrides[slot])
		n.BeforeOverrides, n.AfterOverrides = n.Was.Overrides, n.Became.Overrides
	}
	for i, ed := range edits {
		stands := (ed.cancel != yes || result.Cancelled) && (ed.cancel != no || !result.Cancelled)
		for _, g := range ed.set {
			stands = stands && (own[i].Has(g) || refused[i].Has(g) || !result.Cancelled && calendar.Equal(g, carried[i], final))
		}
		for _, g := range ed.drop {
			stands = stands && (refused[i].Has(g) || !result.Changed.Has(g))
		}
		r.seen(e, ed)
		if len(refused[i]) > 0 {
			r.rewrite(e, ed)
			n := r.note(*e, state.Reverted, ed.ref, refused[i], "the change of "+r.slotWords(*e, []string{slot})+" in "+r.name(ed.ref)+" is taken back: the copy shows only a part of it", ed.content, final)
			n.Slots = []string{slot}
		}
		if !stands {
			r.rewrite(e, ed)
			n := r.note(*e, state.Overridden, ed.ref, ed.set, r.slotWords(*e, []string{slot})+" was changed on two sides; another change was kept", ed.content, final)
			n.Rule, n.Slots, n.Was, n.Became = f.rules[slot], []string{slot}, lost[i], state.Image{}.WithSlot(slot, e.Overrides[slot])
			n.BeforeOverrides, n.AfterOverrides = n.Was.Overrides, n.Became.Overrides
			continue
		}
		r.agree(e, ed)
		if r.amended(*e, ed, own[i]) {
			r.rewrite(e, ed)
		}
	}
}

// overlooked tells of what was changed of an occurrence before it was cancelled in a copy that
// does not show such changes, or was linked without them: who cancelled it did not know.
func (r *reconciler) overlooked(e state.Entity, ed slotEdit, before calendar.Override) {
	if ed.ref == e.Home || before.Cancelled || len(before.Changed) == 0 {
		return
	}
	plain := calendar.Override{Original: before.Original}
	hidden := before.Changed.Without(calendar.Diff(r.shownThere(e, ed.ref, before), r.shownThere(e, ed.ref, plain))...)
	hidden = before.Changed.And(hidden.With(r.asFound(e, ed, before)...))
	if len(hidden) == 0 {
		return
	}
	n := r.note(e, state.Overridden, ed.ref, hidden, words(hidden)+" of "+r.slotWords(e, []string{ed.slot})+" had been changed, which "+r.name(ed.ref)+" does not show, when it was cancelled there", before.Content, calendar.Content{})
	n.Slots, n.Was, n.Became = []string{ed.slot}, state.Image{}.WithSlot(ed.slot, before), state.Image{}.WithSlot(ed.slot, e.Overrides[ed.slot])
	n.BeforeOverrides, n.AfterOverrides = n.Was.Overrides, n.Became.Overrides
}

// shownThere is what a copy is to show of an occurrence.
func (r *reconciler) shownThere(e state.Entity, ref state.Ref, o calendar.Override) calendar.Content {
	return r.mapping(e, ref).Get(r.source(e).Occurrence(o))
}

// asFound are the groups of an occurrence that a copy showed otherwise than it was to, since it
// still was as it was found: linking wrote nothing.
func (r *reconciler) asFound(e state.Entity, ed slotEdit, before calendar.Override) calendar.Groups {
	if ed.ref == e.Home {
		return nil
	}
	p, want := e.Part(ed.ref, ed.part), r.shownThere(e, ed.ref, before)
	if ed.part != "" {
		return calendar.Diff(p.Read, want).And(p.Found.Groups)
	}
	o := p.ReadOverrides[ed.slot]
	if !slices.Contains(p.Found.Slots, ed.slot) || !o.Equal(p.Found.Overrides[ed.slot]) {
		return nil
	}
	o.Original = e.Base.When.Original(ed.slot)
	return calendar.Diff(p.Read.Occurrence(o), want)
}

// unseen reports whether what the base had of an occurrence, a change of its own, had not
// reached a member when it was edited there.
func (r *reconciler) unseen(e state.Entity, ed slotEdit, before calendar.Override) bool {
	p := e.Part(ed.ref, ed.part)
	switch {
	case before.IsZero(), before.Cancelled:
		return false
	case ed.rescued, ed.part == "" && slices.Contains(p.DirtySlots, ed.slot):
		return true
	}
	e.Overrides = calendar.WithOverride(e.Overrides, ed.slot, before)
	if ed.part != "" {
		want, _ := r.slotWant(e, ed)
		return len(calendar.Diff(want, p.Wrote).And(r.groups(e, ed.ref))) > 0
	}
	want, told := r.shape(e, ed.ref).Parts[""]
	if !told { // the series is about to go there, and its occurrences to be told one by one
		return !before.Equal(p.WroteOverrides[ed.slot])
	}
	return !want.Overrides[ed.slot].Equal(p.WroteOverrides[ed.slot])
}

// amended reports whether the copy is to show an edited occurrence otherwise than
// the person left it, but for what is the copy's own.
func (r *reconciler) amended(e state.Entity, ed slotEdit, own calendar.Groups) bool {
	if ed.ref == e.Home {
		return false
	}
	want, o := r.slotWant(e, ed)
	for _, g := range slices.Concat(ed.set, ed.drop).Without(own...) {
		if ed.part != "" {
			if !calendar.Equal(g, want, ed.content) {
				return true
			}
			continue
		}
		if o.Changed.Has(g) != ed.now.Changed.Has(g) || !calendar.Equal(g, o.Content, ed.now.Content) {
			return true
		}
	}
	return false
}

// unfitOccurrence says why the home calendar cannot hold an occurrence where a copy
// has moved it.
func (r *reconciler) unfitOccurrence(e state.Entity, ed slotEdit) string {
	fits := r.Members[e.Home].Capabilities.Override
	if ed.ref == e.Home || fits == nil || !ed.set.Has(calendar.GroupWhen) {
		return ""
	}
	o := calendar.Override{Original: e.Base.When.Original(ed.slot), Changed: calendar.Groups{calendar.GroupWhen}}
	o.Content.When = ed.content.When
	return fits(e.Base.When, o)
}

// agree takes what an edit shows of an occurrence as what the member was asked to
// show; what others changed of it is still to be written there.
func (r *reconciler) agree(e *state.Entity, ed slotEdit) {
	p := e.Part(ed.ref, ed.part)
	want, o := r.slotWant(*e, ed)
	if ed.part != "" {
		for _, g := range ed.set {
			p.Wrote = p.Wrote.Take(g, want)
		}
		return
	}
	if ed.cancel != yes {
		wrote := p.WroteOverrides[ed.slot]
		if wrote.Cancelled {
			wrote = calendar.Override{}
		}
		for _, g := range slices.Concat(ed.set, ed.drop) {
			if wrote.Changed = wrote.Changed.Without(g); o.Changed.Has(g) {
				wrote.Changed = wrote.Changed.With(g)
			}
			wrote.Content = wrote.Content.Take(g, o.Content)
		}
		wrote.Original = e.Base.When.Original(ed.slot)
		o = wrote
	}
	p.WroteOverrides = calendar.WithOverride(p.WroteOverrides, ed.slot, o)
}

// slotWant is what a member should show of an occurrence where it was edited: its
// content, if it stands alone there, else the override of the series. (The shape of all
// of the series says the same, at the price of all of it.)
func (r *reconciler) slotWant(e state.Entity, ed slotEdit) (calendar.Content, calendar.Override) {
	o, ok := e.Overrides[ed.slot]
	if ed.ref == e.Home {
		return calendar.Content{}, o
	}
	if !ok {
		o = calendar.Override{Original: e.Base.When.Original(ed.slot)}
	}
	m := r.mapping(e, ed.ref)
	if ed.part == "" {
		return calendar.Content{}, m.Override(r.source(e), o)
	}
	return m.Get(r.source(e).Occurrence(o)), calendar.Override{}
}

// occurrence is the content of one occurrence of the base.
func (r *reconciler) occurrence(e state.Entity, slot string) calendar.Content {
	o, ok := e.Overrides[slot]
	if !ok {
		o = calendar.Override{Original: e.Base.When.Original(slot)}
	}
	return e.Base.Occurrence(o)
}

// slotWords names occurrences for a person: "the 3rd occurrence (24 Mar 2026)".
func (r *reconciler) slotWords(e state.Entity, slots []string) string {
	if len(slots) != 1 {
		return fmt.Sprintf("%d occurrences", len(slots))
	}
	at := e.Base.When.Original(slots[0])
	day := at.Local
	if t, err := time.Parse(time.DateOnly, at.Local[:min(len(at.Local), len(time.DateOnly))]); err == nil {
		day = t.Format("2 Jan 2006")
	}
	occurrences, err := e.Base.When.Occurrences()
	if err != nil {
		return "the occurrence on " + day
	}
	n, ok := occurrences.Ordinal(at)
	if !ok {
		return "the occurrence on " + day
	}
	return fmt.Sprintf("the %s occurrence (%s)", ordinal(n), day)
}

func ordinal(n int) string {
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		suffix = []string{"th", "st", "nd", "rd", "th", "th", "th", "th", "th", "th"}[n%10]
	}
	return fmt.Sprintf("%d%s", n, suffix)
}

// exists reports whether the series has an occurrence in a slot.
func (r *reconciler) exists(e state.Entity, slot string) bool { return has(e.Base.When, slot) }

func has(w calendar.When, slot string) bool {
	occurrences, err := w.Occurrences()
	return err == nil && !w.Recurrence.IsZero() && occurrences.Has(w.Original(slot))
}

// what says what a step does to the occurrences it names.
func (r *reconciler) what(e state.Entity, was, want map[string]calendar.Override, slots []string) string {
	verbs := map[string]bool{}
	for _, slot := range slots {
		o := want[slot]
		switch {
		case o.Cancelled && !e.Overrides[slot].Cancelled:
			verbs["told as a meeting of its own"] = true
		case o.Cancelled:
			verbs["cancelled"] = true
		case o.IsZero() && !r.exists(e, slot):
			verbs["taken away, since the series no longer has it,"] = true
		case o.IsZero() || was[slot].Cancelled:
			verbs["put back"] = true
		case o.Changed.Has(calendar.GroupWhen) && !calendar.Equal(calendar.GroupWhen, o.Content, was[slot].Content):
			verbs["moved"] = true
		default:
			verbs["changed"] = true
		}
	}
	return r.slotWords(e, slots) + " " + strings.Join(slices.Sorted(maps.Keys(verbs)), " or ")
}
