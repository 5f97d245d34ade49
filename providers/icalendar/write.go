package icalendar

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

// Update writes a change into the object, as calendar.Provider's Update has it: fields
// outside the named groups and occurrences that are not named stay as they are. On an
// error, of Kind Invalid, the object is as before.
func (o *Object) Update(c calendar.Change, now time.Time) error {
	root, defined := o.root, maps.Clone(o.zones.defined)
	o.root = o.root.clone()
	if err := o.update(c, now); err != nil {
		o.root, o.zones.defined = root, defined
		return err
	}
	return nil
}

func invalid(field string, err error) error {
	return &calendar.Error{Op: "icalendar: write", Kind: calendar.Invalid, Field: field, Err: err}
}

func (o *Object) update(c calendar.Change, now time.Time) error {
	s := o.series()
	want := s.content
	for _, g := range c.Groups.And(writes) {
		want = want.Take(g, c.Content)
	}
	retimed := c.Groups.Has(calendar.GroupWhen) && (s.err != nil || !calendar.Equal(calendar.GroupWhen, want, s.content))
	switch err := checkWhen(want.When); {
	case retimed && err != nil:
		return invalid(string(calendar.GroupWhen), err)
	case s.err != nil && !retimed && len(c.Slots) > 0:
		return invalid("recurrence", s.err)
	case retimed && s.lone && len(s.at) > 0:
		return invalid("recurrence", errors.New("these are single occurrences of another's series: it has no rule here"))
	}
	if o.mark(s.master, c.Mark) {
		touch(s.master, now, false)
	}
	if s.lone && len(s.at) > 0 { // its first occurrence is one of those below
		return o.rewrite(s, want, c, now)
	}
	sequence := false
	if retimed {
		sequence = o.setRules(s.master, s.content.When, want.When)
		if want.When.Recurrence.IsZero() {
			for _, part := range slices.Concat(slices.Collect(maps.Values(s.at)), s.lost) {
				o.remove(part)
				sequence = true
			}
		}
	}
	groups := c.Groups
	if !retimed {
		groups = groups.Without(calendar.GroupWhen)
	}
	changed := o.patch(s.master, s.content, want, groups, now)
	if changed || sequence {
		touch(s.master, now, sequence || retimed)
	}
	if want.When.Recurrence.IsZero() || s.err != nil && !retimed {
		return nil
	}
	return o.rewrite(s, want, c, now)
}

// checkWhen refuses a time that cannot be written.
func checkWhen(w calendar.When) error {
	from, err1 := w.Start.Instant()
	to, err2 := w.End.Instant()
	switch err := errors.Join(err1, err2); {
	case err != nil:
		return err
	case w.Start.IsDate() != w.End.IsDate():
		return errors.New("it begins with a date and ends with a time, or the other way round")
	case to.Before(from) || w.AllDay() && !to.After(from):
		return errors.New("it ends before it begins")
	case !w.Recurrence.IsZero():
		_, err := w.Occurrences()
		return err
	}
	return nil
}

// rewrite brings the occurrences of a series about, under its new master content want.
// The master's own component is written by then.
func (o *Object) rewrite(s series, want calendar.Content, c calendar.Change, now time.Time) error {
	// With a time, the whole set is given; else only what is named.
	retimed := c.Groups.Has(calendar.GroupWhen)
	set := maps.Clone(s.set)
	named := map[string]bool{}
	for _, slot := range c.Slots {
		named[slot] = true
	}
	if retimed {
		set = c.Overrides
	} else {
		for slot := range named {
			delete(set, slot)
			if v := c.Overrides[slot]; !v.IsZero() {
				if set == nil {
					set = map[string]calendar.Override{}
				}
				set[slot] = v
			}
		}
	}
	parts := s.at
	if retimed {
		parts = o.carried(s, want.When)
		for _, part := range s.lost {
			o.remove(part)
		}
	}
	master := s.master
	sequence := false // the master's, for what only its EXDATEs say
	if retimed && !s.lone {
		kept := map[string]bool{}
		for slot, v := range set {
			kept[slot] = v.Cancelled
		}
		o.dropExdates(master, func(slot string) bool { return !kept[slot] })
	}
	for _, slot := range slices.Sorted(maps.Keys(set)) {
		v, part := set[slot], parts[slot]
		delete(parts, slot)
		original := want.When.Original(slot)
		if original.IsZero() {
			return invalid("recurrence", errors.New("an occurrence has no slot"))
		}
		if v.Cancelled {
			if part != nil && !s.set[slot].Cancelled || part != nil && retimed {
				o.remove(part)
				part = nil
				sequence = true
			}
			if part == nil && !s.lone && o.addExdate(master, original, want.When) {
				sequence = true
			}
			continue
		}
		content := want.Occurrence(v)
		if err := checkWhen(content.When); err != nil {
			return invalid(string(calendar.GroupWhen), err)
		}
		if !s.lone && o.dropExdates(master, func(x string) bool { return x == slot }) {
			sequence = true
		}
		fresh := part == nil
		if fresh {
			part = o.occurrence(master, now)
		} else if part.word("STATUS") == "CANCELLED" {
			part.setWord("STATUS", master.word("STATUS"))
		}
		groups := c.Groups
		if fresh || retimed || named[slot] {
			groups = writes
		}
		was := o.read(part).content
		if sameMoments(was.When, content.When) && !retimed && !fresh {
			groups = groups.Without(calendar.GroupWhen)
		}
		moved := !sameMoments(was.When, content.When)
		changed := o.patch(part, was, content, groups, now)
		if o.setOriginal(part, original) || fresh {
			changed = true
		}
		if changed {
			touch(part, now, (moved || s.set[slot].Cancelled) && !fresh)
		}
	}
	// What is left says nothing else than the master, or is to.
	for _, slot := range slices.Sorted(maps.Keys(parts)) {
		part := parts[slot]
		if named[slot] || retimed {
			if s.lone {
				o.backToMaster(part, want, now)
				continue
			}
			o.remove(part)
			sequence = true
			continue
		}
		if o.patch(part, o.read(part).content, want.Occurrence(calendar.Override{Original: want.When.Original(slot)}), c.Groups.Without(calendar.GroupWhen), now) {
			touch(part, now, false)
		}
	}
	for slot := range named {
		if set[slot].IsZero() && !s.lone {
			if o.dropExdates(master, func(x string) bool { return x == slot }) {
				sequence = true
			}
			o.plainPeriod(master, slot)
		}
	}
	if sequence && !s.lone {
		touch(master, now, true)
	}
	return nil
}

// backToMaster makes a lone occurrence as the first one is, at its own time.
func (o *Object) backToMaster(part *component, want calendar.Content, now time.Time) {
	content := want.Occurrence(calendar.Override{Original: inZone(o.original(part), want.When.Start.Zone)})
	if o.patch(part, o.read(part).content, content, writes, now) {
		touch(part, now, true)
	}
}

// carried are the components of occurrences by the slots they have under a new time or
// rule: the third stays the third. What has no such occurrence is removed.
func (o *Object) carried(s series, w calendar.When) map[string]*component {
	out := map[string]*component{}
	was, err1 := s.content.When.Occurrences()
	is, err2 := w.Occurrences()
	for _, slot := range slices.Sorted(maps.Keys(s.at)) {
		part := s.at[slot]
		if err1 != nil || err2 != nil {
			o.remove(part)
			continue
		}
		original := s.content.When.Original(slot)
		if is.Has(original) {
			out[slot] = part
			continue
		}
		n, ok := was.Ordinal(original)
		if !ok {
			o.remove(part)
			continue
		}
		var to calendar.Time
		for t := range is.All() {
			if n--; n == 0 {
				to = t
				break
			}
		}
		if slot := to.Slot(); to.IsZero() || out[slot] != nil {
			o.remove(part)
		} else {
			out[slot] = part
		}
	}
	return out
}

// occurrence adds a component for one occurrence: the master's, without its rule. Guests
// and organizer are in it, or the guests would be taken off that occurrence (RFC 5546 §3.2.2).
func (o *Object) occurrence(master *component, now time.Time) *component {
	c := master.clone()
	c.drop("RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID")
	if _, has := c.get("CREATED"); has {
		c.set(stampLine("CREATED", now))
	}
	at := len(o.root.items)
	for i, it := range o.root.items {
		if it.sub != nil && it.sub.name == "VEVENT" {
			at = i + 1
		}
	}
	o.root.items = slices.Insert(o.root.items, at, item{sub: c})
	return c
}

func (o *Object) remove(c *component) {
	o.root.dropFunc(func(it item) bool { return it.sub == c })
}

// setOriginal writes RECURRENCE-ID, of the type and in the zone of DTSTART (RFC 5545
// §3.8.4.4), unless it says so already, or in UTC. It says whether it did.
func (o *Object) setOriginal(c *component, original calendar.Time) bool {
	l, has := c.get("RECURRENCE-ID")
	if has {
		t, err := o.time(l, l.value())
		if err == nil && t.IsDate() == original.IsDate() && t.Slot() == original.Slot() && (t.Zone == original.Zone || t.Zone == "UTC") {
			return false
		}
	}
	o.defineZone(original)
	c.set(o.timeLine("RECURRENCE-ID", original, l.params()))
	return true
}

// touch stamps what was changed. SEQUENCE counts revisions that matter to guests
// (RFC 5546 §2.1.4).
func touch(c *component, now time.Time, sequence bool) {
	c.set(stampLine("DTSTAMP", now))
	c.set(stampLine("LAST-MODIFIED", now))
	if sequence {
		n, _ := strconv.Atoi(c.word("SEQUENCE"))
		c.set(newLine("SEQUENCE", strconv.Itoa(max(n, 0)+1)))
	}
}

func (o *Object) mark(c *component, m calendar.Mark) bool {
	if m == (calendar.Mark{}) || m == markOf(c) {
		return false
	}
	for _, p := range [][2]string{{markInstallation, m.Installation}, {markMirror, m.Mirror}, {markEntity, m.Entity}} {
		c.setText(p[0], p[1])
	}
	return true
}

// setText writes a TEXT; the line's parameters stay, but one that says that the text is
// found elsewhere in other words.
func (c *component) setText(name, text string) {
	if text == "" {
		c.drop(name)
		return
	}
	var kept []parameter
	if l, ok := c.get(name); ok {
		kept = slices.DeleteFunc(l.params(), func(p parameter) bool { return p.name == "ALTREP" })
	}
	c.set(newLine(name, escapeText(text), kept...))
}

// setWord writes a keyword, or takes it off.
func (c *component) setWord(name, word string) {
	if word == "" {
		c.drop(name)
		return
	}
	if c.word(name) != word {
		c.set(newLine(name, word))
	}
}

// patch writes the groups in which a component reads as was and is to read as want. It says
// whether there were any.
func (o *Object) patch(c *component, was, want calendar.Content, groups calendar.Groups, now time.Time) bool {
	changed := false
	for _, g := range groups.And(writes) {
		if calendar.Equal(g, was, want) {
			continue
		}
		changed = true
		switch g {
		case calendar.GroupWhen:
			o.setWhen(c, was.When, want.When)
		case calendar.GroupTitle:
			c.setText("SUMMARY", want.Title)
		case calendar.GroupNotes:
			c.setText("DESCRIPTION", want.Notes.Text())
			c.drop(altNotes, "STYLED-DESCRIPTION")
			if !want.Notes.IsPlain() {
				c.add(newLine(altNotes, escapeText(want.Notes.HTML), parameter{"FMTTYPE", "text/html"}))
			}
		case calendar.GroupPlace:
			c.setText("LOCATION", want.Place)
		case calendar.GroupAvailability:
			c.setAvailability(want.Availability)
		case calendar.GroupVisibility:
			c.setWord("CLASS", map[calendar.Visibility]string{
				calendar.Personal: "PRIVATE", calendar.Private: "PRIVATE", calendar.Confidential: "CONFIDENTIAL"}[want.Visibility])
		case calendar.GroupImportance:
			c.setWord("PRIORITY", map[calendar.Importance]string{
				calendar.HighImportance: "1", calendar.LowImportance: "9"}[want.Importance])
		case calendar.GroupReminders:
			o.setReminders(c, want)
		case calendar.GroupCategories:
			c.setCategories(was, want)
		case calendar.GroupProperties:
			c.drop(customProperty)
			for _, name := range slices.Sorted(maps.Keys(want.Properties)) {
				c.add(newLine(customProperty, escapeText(url.QueryEscape(name)+"="+url.QueryEscape(want.Properties[name]))))
			}
		}
	}
	return changed
}

func (c *component) has(name string) bool {
	_, ok := c.get(name)
	return ok
}

// setAvailability writes the three properties that say it, so that programs that know only
// one read what comes nearest.
func (c *component) setAvailability(a calendar.Availability) {
	transp, status, microsoft := "OPAQUE", c.word("STATUS"), "BUSY"
	if status == "TENTATIVE" {
		status = "CONFIRMED"
	}
	switch a {
	case calendar.Free:
		transp, microsoft = "TRANSPARENT", "FREE"
	case calendar.Tentative:
		status, microsoft = "TENTATIVE", "TENTATIVE"
	case calendar.Away:
		microsoft = "OOF"
	case calendar.Elsewhere:
		// It does not take the time, as Google has it (guide 'Working location').
		transp, microsoft = "TRANSPARENT", "WORKINGELSEWHERE"
	}
	c.setWord("TRANSP", transp)
	c.setWord("STATUS", status)
	if c.has(busyStatus) || a == calendar.Away || a == calendar.Elsewhere {
		c.setWord(busyStatus, microsoft)
	}
}

func (c *component) setCategories(was, want calendar.Content) {
	if was.Color != want.Color {
		c.setWord("COLOR", "")
		if word := colorWords[want.Color]; word != "" {
			c.set(newLine("COLOR", word))
		}
	}
	was.Color = want.Color
	if calendar.Equal(calendar.GroupCategories, was, want) {
		return
	}
	list := make([]string, 0, len(want.Categories))
	for _, s := range want.Categories {
		list = append(list, escapeText(s))
	}
	c.drop(wholeCategories)
	if slices.ContainsFunc(want.Categories, func(s string) bool { return strings.Contains(s, ",") }) {
		b, _ := json.Marshal(want.Categories) // strings: cannot fail
		c.set(newLine(wholeCategories, base64.RawURLEncoding.EncodeToString(b)))
	}
	if len(list) == 0 {
		c.drop("CATEGORIES")
		return
	}
	c.set(newLine("CATEGORIES", strings.Join(list, ",")))
}

// setReminders takes off the alarms that a copy knows and that are not wanted, and adds
// those that are missing. Alarms of other kinds stay.
func (o *Object) setReminders(c *component, want calendar.Content) {
	var wanted []time.Duration
	if !want.Reminders.Default { // which iCalendar has no word for
		wanted = slices.Clone(want.Reminders.Before)
	}
	c.dropFunc(func(it item) bool {
		if it.sub == nil || it.sub.name != "VALARM" {
			return false
		}
		before, ok := o.reminderOf(it.sub, want.When)
		if !ok {
			return false
		}
		if i := slices.Index(wanted, before); i >= 0 {
			wanted = slices.Delete(wanted, i, i+1)
			return false
		}
		return true
	})
	title := want.Title
	if title == "" {
		title = "Reminder" // DESCRIPTION may not be missing (RFC 5545 §3.6.6)
	}
	for _, before := range slices.Compact(slices.Sorted(slices.Values(wanted))) {
		alarm := &component{name: "VALARM", closed: true}
		alarm.add(newLine("ACTION", "DISPLAY"), newLine("DESCRIPTION", escapeText(title)), newLine("TRIGGER", formatBefore(before)))
		c.items = append(c.items, item{sub: alarm})
	}
}

// setWhen writes start and end, without the rule. A length that was given as a DURATION is
// an end from then on.
func (o *Object) setWhen(c *component, was, want calendar.When) {
	for _, p := range []struct {
		name     string
		was, now calendar.Time
	}{{"DTSTART", was.Start, want.Start}, {"DTEND", was.End, want.End}} {
		l, has := c.get(p.name)
		if has && p.was == p.now {
			// A floating start takes no rule that ends at a moment (RFC 5545 §3.3.10, UNTIL).
			if t, err := o.time(l, l.value()); err == nil && t.Time == p.now && !(t.floating && !want.Recurrence.IsZero()) {
				continue
			}
		}
		o.defineZone(p.now)
		c.set(o.timeLine(p.name, p.now, l.params()))
	}
	c.drop("DURATION", noLength)
	o.shorten(c, want)
	if c.has(allDayEvent) {
		c.setWord(allDayEvent, strings.ToUpper(strconv.FormatBool(want.AllDay())))
	}
	o.sweepZones()
}

// shorten says the length of an event whose end reads no later than its start: DTEND must
// be later (RFC 5545 §3.8.2.2), and Cyrus refuses it otherwise. It is one over the hour
// that comes twice, or one without length: Cyrus takes none of those (though RFC 5545
// §3.6.1 has them), so it is written as one of a second that is to be none.
func (o *Object) shorten(c *component, want calendar.When) {
	start, err1 := want.Start.Instant()
	end, err2 := want.End.Instant()
	if err1 != nil || err2 != nil || want.AllDay() || want.Start.Zone != want.End.Zone || want.End.Local > want.Start.Local {
		return
	}
	c.drop("DTEND")
	if !end.After(start) {
		c.set(newLine(noLength, "TRUE"))
		end = start.Add(time.Second)
	}
	c.set(newLine("DURATION", strings.TrimPrefix(formatBefore(end.Sub(start)), "-")))
}

// setRules writes the rule set, if it is another, and says so.
func (o *Object) setRules(c *component, was, want calendar.When) bool {
	if want.Recurrence.IsZero() {
		return c.drop("RRULE", "RDATE", "EXDATE", "EXRULE")
	}
	if was.Start.IsDate() != want.Start.IsDate() {
		c.drop("EXDATE")
	}
	if slices.Equal(was.Recurrence.Rules, want.Recurrence.Rules) {
		return false
	}
	c.drop("RRULE", "RDATE", "EXRULE")
	for _, rule := range want.Recurrence.Rules {
		l := readLine(rule, 0)
		if l.name != "RDATE" {
			c.add(l)
			continue
		}
		// A date list is in UTC in the neutral language; here on the clock of the series.
		for v := range strings.SplitSeq(l.value(), ",") {
			if t := want.Original(v); !t.IsZero() {
				o.defineZone(t)
				c.add(o.timeLine("RDATE", t, nil))
			}
		}
	}
	return true
}

// addExdate takes an occurrence out, and says whether it was not out already.
func (o *Object) addExdate(c *component, original calendar.Time, w calendar.When) bool {
	out := false
	slot := original.Slot()
	o.eachDate(c, "EXDATE", w.Start, func(_ string, x string) bool {
		out = out || x == slot
		return true
	})
	if out {
		return false
	}
	o.defineZone(original)
	c.add(o.timeLine("EXDATE", original, nil))
	return true
}

// dropExdates puts occurrences back in, and says whether there were any.
func (o *Object) dropExdates(c *component, gone func(slot string) bool) bool {
	dropped := false
	l, _ := c.get("DTSTART")
	start, err := o.time(l, l.value())
	if err != nil {
		return false
	}
	o.eachDate(c, "EXDATE", start.Time, func(_, slot string) bool {
		if gone(slot) {
			dropped = true
			return false
		}
		return true
	})
	return dropped
}

// plainPeriod makes the date of a slot one without a length of its own.
func (o *Object) plainPeriod(c *component, slot string) {
	for i, it := range c.items {
		if it.sub != nil || it.name != "RDATE" || !strings.Contains(it.value(), "/") {
			continue
		}
		var rest []string
		var plain []line
		for v := range strings.SplitSeq(it.value(), ",") {
			from, _, period := strings.Cut(v, "/")
			if t, err := o.time(it.line, from); period && err == nil && t.Slot() == slot {
				plain = append(plain, o.timeLine("RDATE", t.Time, nil))
			} else {
				rest = append(rest, v)
			}
		}
		if len(plain) == 0 {
			continue
		}
		c.items = slices.Delete(c.items, i, i+1)
		if len(rest) > 0 {
			c.add(newLine("RDATE", strings.Join(rest, ","), it.params()...))
		}
		c.add(plain...)
		return
	}
}

// eachDate goes through the dates of the lines of a name, each with its slot in the series
// that begins at start, and drops those that are not to be kept.
func (o *Object) eachDate(c *component, name string, start calendar.Time, keep func(value, slot string) bool) {
	out := c.items[:0:0]
	for _, it := range c.items {
		if it.sub != nil || it.name != name {
			out = append(out, it)
			continue
		}
		var values []string
		all := strings.Split(it.value(), ",")
		for _, v := range all {
			t, err := o.time(it.line, v)
			if err != nil {
				values = append(values, v)
				continue
			}
			at := t.Time
			if at.IsDate() && !start.IsDate() { // that day, at the time of start
				at = calendar.Time{Local: at.Local + start.Local[len("2006-01-02"):], Zone: start.Zone}
			} else if start.IsDate() && !at.IsDate() {
				at = calendar.Time{Local: at.Local[:len("2006-01-02")]}
			}
			if keep(v, at.Slot()) {
				values = append(values, v)
			}
		}
		switch {
		case len(values) == len(all):
			out = append(out, it)
		case len(values) > 0:
			out = append(out, item{line: newLine(name, strings.Join(values, ","), it.params()...)})
		}
	}
	c.items = out
}

// Respond writes the owner's answer to an invitation, in all of its components; false if
// the owner is not invited.
func (o *Object) Respond(r calendar.Response, now time.Time) bool {
	word := map[calendar.Response]string{calendar.Accepted: "ACCEPTED", calendar.Maybe: "TENTATIVE",
		calendar.Declined: "DECLINED", calendar.NeedsAction: "NEEDS-ACTION"}[r]
	found := false
	for _, c := range o.events() {
		invited := false
		for i, it := range c.items {
			if it.sub != nil || it.name != "ATTENDEE" || !o.owner.is(it.value()) && !o.owner.is(it.param("EMAIL")) {
				continue
			}
			invited = true
			params := slices.DeleteFunc(it.params(), func(p parameter) bool { return p.name == "PARTSTAT" || p.name == "RSVP" })
			c.items[i].line = newLine("ATTENDEE", it.value(), append(params, parameter{"PARTSTAT", word})...)
		}
		if invited {
			touch(c, now, false)
		}
		found = found || invited
	}
	return found && word != ""
}
