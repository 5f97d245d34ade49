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
