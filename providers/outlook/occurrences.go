package outlook

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/twinday/twinday/providers/calendar"
)

// overrides brings the occurrences of a series that was just read to the wanted
// overrides: those of Slots or, after a new time, all. It returns the series as
// it is then.
func (u *update) overrides(s *series, all bool) (calendar.Event, error) {
	todo := u.outstanding(s, all)
	if len(todo) == 0 {
		return s.event, nil
	}
	for _, slot := range todo {
		if o := u.want.Overrides[slot]; !o.IsZero() {
			if why := overrideFits(s.event.Content.When, o); why != "" {
				return calendar.Event{}, refused("write series", u.cal, calendar.GroupWhen, "%s", why)
			}
		}
	}
	if slices.ContainsFunc(todo, func(slot string) bool {
		return s.event.Overrides[slot].Cancelled && !u.want.Overrides[slot].Cancelled
	}) {
		var err error
		if s, err = u.reset(s); err != nil {
			return calendar.Event{}, err
		}
		todo = u.outstanding(s, true)
	}
	before := u.writes
	if err := u.slots(s, todo); err != nil {
		return calendar.Event{}, err
	}
	if u.writes == before {
		return s.event, nil
	}
	after, err := u.p.whole(u.ctx, u.cal, u.id)
	if err != nil {
		return calendar.Event{}, err
	}
	left := s.event
	left.Overrides = after.event.Overrides // far from now they are known only in part
	differs := len(compared(calendar.Diff(after.event.Content, left.Content))) > 0
	for slot := range s.found {
		is, was := after.event.Overrides[slot], s.event.Overrides[slot]
		if own, wrote := u.answers[slot]; wrote {
			was = own
		}
		left.Overrides = calendar.WithOverride(left.Overrides, slot, was)
		is.Changed, was.Changed = compared(is.Changed), compared(was.Changed)
		differs = differs || !is.Equal(was)
	}
	if differs {
		return left, nil
	}
	return after.event, nil
}

// compared are the groups by which it is told whether a series is as it was answered.
// Answers do not show hidden properties.
func compared(gs calendar.Groups) calendar.Groups {
	return gs.And(held).Without(calendar.GroupProperties)
}

// outstanding are the slots that are not as they are wanted. Of those that are not
// named, the ones that should be something and are as the rule has them belong to
// it: an earlier try may have been cut off after a reset.
func (u *update) outstanding(s *series, all bool) []string {
	slots := calendar.Slots(s.event.Overrides, u.want.Overrides)
	if all {
		return slots
	}
	slots = slices.DeleteFunc(slots, func(slot string) bool {
		_, listed := s.found[slot]
		wiped := listed && writable(s.event.Overrides[slot]).IsZero()
		return !wiped && !slices.Contains(u.want.Slots, slot)
	})
	for _, slot := range u.want.Slots { // one beyond what was read, that shall be as the rule has it
		_, listed := s.found[slot]
		if u.want.Overrides[slot].IsZero() && s.event.Overrides[slot].IsZero() && !listed {
			slots = append(slots, slot)
		}
	}
	return slots
}

// writable is what of an override can be written: not its links.
func writable(o calendar.Override) calendar.Override {
	o.Changed = o.Changed.Without(reads...)
	return o
}

// reset makes Exchange forget what was done to the occurrences: the range of the
// recurrence is written in another way, and then as it was. Nothing else is sent, so
// that the zone keeps its spelling.
func (u *update) reset(s *series) (*series, error) {
	p, err := readPattern(s.master.GetRecurrence())
	if err != nil {
		return nil, err
	}
	was := s.master.GetRecurrence().GetRangeEscaped()
	p.start = s.event.Content.When.Start.Local[:len(time.DateOnly)]
	if was.GetStartDate() != nil {
		p.start = was.GetStartDate().String()
	}
	other, err := p.nudged(s.event.Content.When)
	if err != nil {
		return nil, err
	}
	zone := val(was.GetRecurrenceTimeZone())
	v := version(s.master)
	for _, r := range []pattern{other, p} {
		body := models.NewEvent()
		body.SetOdataType(nil)
		body.SetRecurrence(r.graph(cmp.Or(zone, val(s.master.GetOriginalStartTimeZone()))))
		changed, err := u.patch(u.id, v, body)
		if err != nil {
			return nil, err
		}
		u.writes++
		v = ""
		if changed != nil {
			v = version(changed)
		}
	}
	return u.p.whole(u.ctx, u.cal, u.id)
}

// slots writes one occurrence after the other. Which days an occurrence may move
// to depends on where its neighbours are at the moment, so cancellations and ways
// back to the rule come first, and what the server refuses for its neighbours is
// tried again after the others, as long as that helps.
func (u *update) slots(s *series, todo []string) error {
	kind := func(slot string) int {
		o := u.want.Overrides[slot]
		switch {
		case o.Cancelled:
			return 0
		case !o.Changed.Has(calendar.GroupWhen):
			return 1
		}
		return 2
	}
	todo = slices.Clone(todo)
	slices.SortFunc(todo, func(a, b string) int { return cmp.Or(cmp.Compare(kind(a), kind(b)), cmp.Compare(a, b)) })
	first := true
	for len(todo) > 0 {
		var refused []string
		var why error
		for _, slot := range todo {
			err := u.slot(s, slot, first)
			first = false
			if a := answerOf(err); a != nil && a.is(crossing) {
				refused, why = append(refused, slot), err
				continue
			}
			if err != nil {
				return err
			}
		}
		if len(refused) == len(todo) {
			return why
		}
		todo = refused
	}
	return nil
}

// slot writes one occurrence. Only the first one may rely on what was just read:
// our own writes give the others new versions, so they are read again.
func (u *update) slot(s *series, slot string, fresh bool) error {
	want, now := u.want.Overrides[slot], s.event.Overrides[slot]
	if now.Cancelled && want.Cancelled {
		return nil
	}
	o, known := s.found[slot]
	switch {
	case !known:
		var err error
		if o, now, known, err = u.find(s, slot); err != nil {
			return err
		}
	case !fresh:
		e, err := u.p.read(u.ctx, u.cal, o.id, &users.ItemCalendarsItemEventsEventItemRequestBuilderGetQueryParameters{
			Select: fields, Expand: []string{hiddenExpanded},
		})
		switch k := kindOf(err); {
		case k == calendar.NotFound || k == calendar.Gone:
			known = false
		case err != nil:
			return err
		default:
			is := calendar.Override{Original: o.slot}
			if isException(e) {
				is = s.overrideOf(o.slot, e)
			}
			if !writable(is).Equal(writable(now)) {
				return errStale
			}
			o.version = version(e)
		}
	}
	switch {
	case !known && want.Cancelled:
		return nil
	case !known: // it was cancelled meanwhile, or is none of the series
		return &calendar.Error{Op: "write occurrence", Kind: calendar.Conflict, Err: errors.New("there is no such occurrence any more")}
	case want.Cancelled:
		return u.cancel(o)
	}
	return u.edit(s, o, now, want)
}

func (u *update) cancel(o occurrence) error {
	h := headers()
	h.Add("If-Match", string(o.version))
	err := u.p.event(u.cal, o.id).Delete(u.ctx, &users.ItemCalendarsItemEventsEventItemRequestBuilderDeleteRequestConfiguration{Headers: h})
	if err != nil && kindOf(err) != calendar.NotFound {
		return err
	}
	u.writes++
	u.answered(o.slot, calendar.Override{Original: o.slot, Cancelled: true})
	return nil
}

// answered takes note of what an occurrence has become.
func (u *update) answered(slot calendar.Time, o calendar.Override) {
	if u.answers == nil {
		u.answers = map[string]calendar.Override{}
	}
	u.answers[slot.Slot()] = o
}

// edit writes the groups in which the occurrence is not as it is wanted; those
// that it overrides no more get the master's values.
func (u *update) edit(s *series, o occurrence, now, want calendar.Override) error {
	master := s.event.Content
	now.Original, want.Original = o.slot, o.slot
	from, to := master.Occurrence(now), master.Occurrence(want)
	var groups calendar.Groups
	for _, g := range calendar.Diff(from, to) {
		if held.Has(g) {
			groups = append(groups, g)
		}
	}
	if groups.Has(calendar.GroupNotes) && val(s.master.GetIsOnlineMeeting()) {
		return onlineNotes(u.cal)
	}
	if len(groups) == 0 {
		return nil
	}
	answer, err := u.p.writeTimes(func(zones zoneNames) (models.Eventable, error) {
		body, err := patchEvent(groups, to, zones)
		if err != nil {
			return nil, refused("write occurrence", u.cal, calendar.GroupWhen, "%w", err)
		}
		return u.patch(o.id, o.version, body)
	})
	if err != nil {
		return err
	}
	if u.writes++; answer != nil && val(answer.GetId()) != "" {
		u.answered(o.slot, s.overrideOf(o.slot, answer))
	}
	return nil
}

// find looks for an occurrence outside of what was read, around its own day.
func (u *update) find(s *series, slot string) (o occurrence, now calendar.Override, ok bool, err error) {
	rule, err := s.event.Content.When.Occurrences()
	if err != nil {
		return o, now, false, err
	}
	at, err := slotTime(slot)
	if err != nil {
		return o, now, false, err
	}
	near := series{event: s.event, master: s.master, attached: s.attached, found: map[string]occurrence{}}
	m := match{s: &near, rule: rule, byDay: map[string]calendar.Time{}, days: occurrenceDays(s.master)}
	for t := range rule.Between(at, at.Add(time.Second)) {
		m.expected = append(m.expected, t)
		m.byDay[t.Local[:len(time.DateOnly)]] = t
	}
	items, err := u.p.instances(u.ctx, u.cal, &near, at.AddDate(0, 0, -2), at.AddDate(0, 0, 2), append(slices.Clone(fields), "originalStart"))
	if err != nil {
		return o, now, false, err
	}
	m.take(items)
	if o, ok = near.found[slot]; ok && isException(o.item) {
		now = s.overrideOf(o.slot, o.item)
	}
	return o, now, ok, nil
}

// slotTime is the instant that a slot names; of a date, its midnight in UTC.
func slotTime(slot string) (time.Time, error) {
	for _, layout := range []string{"20060102T150405Z", "20060102"} {
		if t, err := time.Parse(layout, slot); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q names no occurrence", slot)
}
