package outlook

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/models"

	"github.com/twinday/twinday/providers/calendar"
)

// markID names the hidden property of a copy: an extended property under a
// GUID of Twinday's own.
const markID = "String {6b1f4c0e-2d53-4c8a-9a7e-51d0c2f7ab36} Name twinday"

// propertiesID names the one that holds all custom properties, as a JSON object
// of strings: Graph expands extended properties by their ids alone, so those with
// names of their own could not be found again.
const propertiesID = "String {6b1f4c0e-2d53-4c8a-9a7e-51d0c2f7ab36} Name twinday-properties"

// Outlook's own reminders for "as the calendar does by default".
const (
	defaultReminder       = 15 * time.Minute
	defaultReminderAllDay = 18 * time.Hour
)

// draftEvent is the body of a create. Every group is said outright, so that no
// default of the mailbox slips in; there are never attendees.
func draftEvent(d calendar.Draft, zones zoneNames) (models.Eventable, error) {
	e := models.NewEvent()
	e.SetOdataType(nil)
	e.SetTransactionId(ptr(keyUUID(d.Key)))
	for _, g := range held {
		if g == calendar.GroupProperties && len(d.Content.Properties) == 0 {
			continue // a new event has none
		}
		if err := put(e, g, d.Content, zones); err != nil {
			return nil, err
		}
	}
	return e, sign(e, d.Mark)
}

// sign adds a mark to a body, if there is one.
func sign(e models.Eventable, m calendar.Mark) error {
	if m == (calendar.Mark{}) {
		return nil
	}
	value, err := json.Marshal(m)
	if err != nil {
		return err
	}
	putHidden(e, markID, string(value))
	return nil
}

// putHidden adds an extended property to a body; others of the event stay as they
// are.
func putHidden(e models.Eventable, id, value string) {
	p := models.NewSingleValueLegacyExtendedProperty()
	p.SetId(ptr(id))
	p.SetValue(ptr(value))
	e.SetSingleValueExtendedProperties(append(e.GetSingleValueExtendedProperties(), p))
}

// patchEvent is the body of an update: a fresh event (an event that was read
// and changed would send nothing or everything, depending on the SDK's mood) with
// the named groups only.
func patchEvent(groups calendar.Groups, want calendar.Content, zones zoneNames) (models.Eventable, error) {
	e := models.NewEvent()
	e.SetOdataType(nil)
	for _, g := range calendar.AllGroups {
		if !groups.Has(g) {
			continue
		}
		if err := put(e, g, want, zones); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// put sets the fields of one group. What is empty is cleared.
func put(e models.Eventable, g calendar.Group, c calendar.Content, zones zoneNames) error {
	switch g {
	case calendar.GroupWhen:
		return putWhen(e, c.When, zones)
	case calendar.GroupTitle:
		e.SetSubject(ptr(c.Title))
	case calendar.GroupNotes:
		b := models.NewItemBody()
		b.SetContentType(ptr(models.HTML_BODYTYPE))
		b.SetContent(ptr(c.Notes.HTML))
		e.SetBody(b)
	case calendar.GroupPlace:
		l := models.NewLocation()
		l.SetOdataType(nil)
		l.SetDisplayName(ptr(c.Place))
		e.SetLocation(l)
	case calendar.GroupAvailability:
		e.SetShowAs(ptr(showAs(c.Availability)))
	case calendar.GroupVisibility:
		e.SetSensitivity(ptr(sensitivity(c.Visibility)))
	case calendar.GroupImportance:
		e.SetImportance(ptr(urgency(c.Importance)))
	case calendar.GroupReminders:
		putReminders(e, c)
	case calendar.GroupCategories:
		e.SetCategories(append([]string{}, c.Categories...)) // null would be left out
	case calendar.GroupProperties:
		return putProperties(e, c.Properties)
	}
	return nil
}

// putProperties writes all properties as one. None are an empty object: Graph has
// no way to take an extended property off an event.
func putProperties(e models.Eventable, props map[string]string) error {
	if props == nil {
		props = map[string]string{}
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // it only makes them longer
	if err := enc.Encode(props); err != nil {
		return err
	}
	putHidden(e, propertiesID, strings.TrimSuffix(b.String(), "\n"))
	return nil
}

// putWhen sets start, end and isAllDay, always all three: Graph refuses
// isAllDay alone. All-day events are midnight to midnight in UTC, the neutral
// zone: consumer mailboxes make it UTC anyhow, and it is read back as dates. A
// series has its recurrence with them: Graph refuses a new zone without.
func putWhen(e models.Eventable, w calendar.When, zones zoneNames) error {
	if w.Start.IsZero() || w.End.IsZero() || w.Start.IsDate() != w.End.IsDate() {
		return fmt.Errorf("start %q and end %q do not make a span", w.Start, w.End)
	}
	graphTime := graphTime
	if !w.Recurrence.IsZero() {
		graphTime = graphClock
	}
	start, err := graphTime(w.Start, zones)
	if err != nil {
		return err
	}
	end, err := graphTime(w.End, zones)
	if err != nil {
		return err
	}
	if !w.Recurrence.IsZero() {
		p, err := patternOf(w)
		if err != nil {
			return err
		}
		e.SetRecurrence(p.graph(val(start.GetTimeZone())))
	}
	e.SetIsAllDay(ptr(w.AllDay()))
	e.SetStart(start)
	e.SetEnd(end)
	return nil
}

// zoneNames says how zones are spelled to the server.
type zoneNames int

const (
	ianaNames    zoneNames = iota // as the event has them
	windowsNames                  // Windows names of zones with the same clocks, else UTC
)

// graphTime writes a wall clock and its zone, without an offset: one inside
// dateTime would win over the zone. A reading that the clocks skip is moved
// to the one that shows the same instant. One that the clocks show twice is
// written in UTC: which of the two Graph would take is not documented.
func graphTime(t calendar.Time, zones zoneNames) (models.DateTimeTimeZoneable, error) {
	d := models.NewDateTimeTimeZone()
	if t.IsDate() {
		d.SetDateTime(ptr(t.Local + "T00:00:00"))
		d.SetTimeZone(ptr("UTC"))
		return d, nil
	}
	i, err := t.Instant()
	if err != nil {
		return nil, err
	}
	loc, err := calendar.LoadZone(t.Zone)
	if err != nil {
		return nil, err
	}
	name := t.Zone
	if zones == windowsNames {
		var ok bool
		if name, ok = windowsZone(t.Zone); !ok {
			loc, name = time.UTC, "UTC"
		}
	}
	at := calendar.At(i, loc)
	if shownTwice(at, i) {
		at, name = calendar.At(i, time.UTC), "UTC"
	}
	d.SetDateTime(ptr(at.Local))
	d.SetTimeZone(ptr(name))
	return d, nil
}

// graphClock writes a time of a series: the wall clock as it is, for it repeats.
// (patternOf saw to it that the clock shows it once.) A zone that the server does
// not know by either name cannot be replaced by UTC, which has no summer.
func graphClock(t calendar.Time, zones zoneNames) (models.DateTimeTimeZoneable, error) {
	name := t.Zone
	if t.IsDate() {
		return graphTime(t, zones)
	}
	if zones == windowsNames {
		var ok bool
		if name, ok = windowsZone(t.Zone); !ok {
			return nil, fmt.Errorf("no time zone %s in Outlook", t.Zone)
		}
	}
	d := models.NewDateTimeTimeZone()
	d.SetDateTime(ptr(t.Local))
	d.SetTimeZone(ptr(name))
	return d, nil
}

// shownTwice reports whether the wall clock t, which means i, also means another
// moment.
func shownTwice(t calendar.Time, i time.Time) bool {
	t.Later = !t.Later
	other, err := t.Instant()
	return err == nil && !other.Equal(i)
}

// putReminders says on or off outright (Graph's default is on). Of several, the
// last one before the start is kept.
func putReminders(e models.Eventable, c calendar.Content) {
	before, on := time.Duration(0), false
	switch {
	case len(c.Reminders.Before) > 0:
		before, on = c.Reminders.Before[0], true
		for _, b := range c.Reminders.Before[1:] {
			before = min(before, b)
		}
	case c.Reminders.Default && c.When.AllDay():
		before, on = defaultReminderAllDay, true
	case c.Reminders.Default:
		before, on = defaultReminder, true
	}
	e.SetIsReminderOn(ptr(on))
	if on {
		e.SetReminderMinutesBeforeStart(ptr(int32(before / time.Minute)))
	}
}

func showAs(a calendar.Availability) models.FreeBusyStatus {
	switch a {
	case calendar.Free:
		return models.FREE_FREEBUSYSTATUS
	case calendar.Tentative:
		return models.TENTATIVE_FREEBUSYSTATUS
	case calendar.Away:
		return models.OOF_FREEBUSYSTATUS
	case calendar.Elsewhere:
		return models.WORKINGELSEWHERE_FREEBUSYSTATUS
	}
	return models.BUSY_FREEBUSYSTATUS
}

func sensitivity(v calendar.Visibility) models.Sensitivity {
	switch v {
	case calendar.Personal:
		return models.PERSONAL_SENSITIVITY
	case calendar.Private:
		return models.PRIVATE_SENSITIVITY
	case calendar.Confidential:
		return models.CONFIDENTIAL_SENSITIVITY
	}
	return models.NORMAL_SENSITIVITY
}

func urgency(i calendar.Importance) models.Importance {
	switch i {
	case calendar.LowImportance:
		return models.LOW_IMPORTANCE
	case calendar.HighImportance:
		return models.HIGH_IMPORTANCE
	}
	return models.NORMAL_IMPORTANCE
}

// keyUUID writes a key the way UUIDs are written; anything else stays as it is.
func keyUUID(k calendar.Key) string {
	s := string(k)
	if len(s) != 32 {
		return s
	}
	return strings.Join([]string{s[:8], s[8:12], s[12:16], s[16:20], s[20:]}, "-")
}

// readMark finds the mark among the hidden properties; they come only when
// expanded, and never in a delta read.
func readMark(e models.Eventable) (m calendar.Mark) {
	if json.Unmarshal([]byte(hidden(e, markID)), &m) != nil {
		return calendar.Mark{}
	}
	return m
}

// readProperties are the custom properties; nil for none, and for what is not ours.
func readProperties(e models.Eventable) map[string]string {
	return properties(hidden(e, propertiesID))
}

func properties(text string) map[string]string {
	var props map[string]string
	if json.Unmarshal([]byte(text), &props) != nil || len(props) == 0 {
		return nil
	}
	return props
}

// hidden is the value of an extended property; "" if it was not shown.
func hidden(e models.Eventable, id string) string {
	for _, p := range e.GetSingleValueExtendedProperties() {
		if strings.EqualFold(val(p.GetId()), id) { // the case of the GUID may differ from how it was written
			return val(p.GetValue())
		}
	}
	return ""
}
