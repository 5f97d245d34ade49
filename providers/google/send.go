package google

import (
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	gcal "google.golang.org/api/calendar/v3"

	"github.com/twinday/twinday/providers/calendar"
)

// Google's limits on reminders (reference of Events, reminders.overrides).
const (
	maxReminders   = 5
	maxReminderMin = 40320 // four weeks
)

// eventID makes Google's event id of a key: base32hex in lower case, which is the
// alphabet that events.insert allows (a-v, 0-9; RFC 2938 §3.1.2).
func eventID(k calendar.Key) (string, error) {
	b, err := hex.DecodeString(string(k))
	if err != nil || len(b) != 16 {
		return "", &calendar.Error{Kind: calendar.Invalid, Field: "key", Err: fmt.Errorf("%q is no key of 32 hexadecimal characters", k)}
	}
	return base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding).EncodeToString(b), nil
}

// propertyLimits are Google's (guide 'Extended properties': 44 characters of a
// name, beyond which a property is dropped, 1024 of a value, beyond which it is
// cut, 300 properties and 32 kB an event), less what the mark of a copy takes.
// Private properties of other programs count too; there are hardly ever any.
var propertyLimits = calendar.PropertyLimits{Count: 300 - 3, Name: 44, Value: 1024, Bytes: 32<<10 - 512}

// heldGroups are the groups that Google can hold and this connector writes.
// Links are read, never written: a conference belongs to its event, and
// attachments are files with permissions of their own.
var heldGroups = calendar.Groups{
	calendar.GroupWhen, calendar.GroupTitle, calendar.GroupNotes, calendar.GroupPlace,
	calendar.GroupAvailability, calendar.GroupVisibility, calendar.GroupReminders,
	calendar.GroupCategories, calendar.GroupProperties,
}

// insertBody is a whole new event. It names no attendees, whatever happens, so
// Google has no one to write to.
func insertBody(id string, m calendar.Mark, c calendar.Content) (*gcal.Event, error) {
	g, err := patchBody(heldGroups, c, nil)
	if err != nil {
		return nil, err
	}
	g.Id = id
	g.ForceSendFields, g.NullFields = nil, nil // there is nothing to clear yet
	g.Start.NullFields, g.End.NullFields = nil, nil
	sign(g, m)
	return g, nil
}

// sign adds a mark to a body; a patch leaves the private properties that it does not
// name.
func sign(g *gcal.Event, m calendar.Mark) {
	private := map[string]string{markInstallation: m.Installation, markMirror: m.Mirror, markEntity: m.Entity}
	maps.DeleteFunc(private, func(_, v string) bool { return v == "" })
	if len(private) > 0 {
		if g.ExtendedProperties == nil {
			g.ExtendedProperties = &gcal.EventExtendedProperties{}
		}
		g.ExtendedProperties.Private = private
	}
}

// patchBody says the named groups of c, and nothing else: patch leaves what a
// body does not name. What is empty is said to be empty. Groups that
// Google cannot hold are left out. now is the living event that the body goes
// over, nil for a new one; only needsNow groups ask for it.
func patchBody(groups calendar.Groups, c calendar.Content, now *gcal.Event) (*gcal.Event, error) {
	g := &gcal.Event{}
	for _, group := range groups {
		switch group {
		case calendar.GroupWhen:
			if err := setWhen(g, c.When); err != nil {
				return nil, err
			}
		case calendar.GroupTitle:
			g.Summary = c.Title
			g.ForceSendFields = append(g.ForceSendFields, "Summary")
		case calendar.GroupNotes:
			g.Description = sendNotes(c.Notes)
			g.ForceSendFields = append(g.ForceSendFields, "Description")
		case calendar.GroupPlace:
			g.Location = c.Place
			g.ForceSendFields = append(g.ForceSendFields, "Location")
		case calendar.GroupAvailability:
			setAvailability(g, c.Availability, now)
		case calendar.GroupVisibility:
			g.Visibility = sendVisibility(c.Visibility)
		case calendar.GroupReminders:
			g.Reminders = sendReminders(c.Reminders)
		case calendar.GroupCategories:
			if g.ColorId = sendColor(c.Color); g.ColorId == "" {
				g.NullFields = append(g.NullFields, "ColorId")
			}
		case calendar.GroupProperties:
			g.ExtendedProperties = sendProperties(c.Properties, now)
		}
	}
	return g, nil
}

func setWhen(g *gcal.Event, w calendar.When) error {
	invalid := func(err error) error {
		return &calendar.Error{Kind: calendar.Invalid, Field: string(calendar.GroupWhen), Err: err}
	}
	if why := holds(w); why != "" {
		return &calendar.Error{Kind: calendar.Invalid, Field: "recurrence", Err: errors.New(why)}
	}
	g.Recurrence = slices.Clone(w.Recurrence.Rules)
	if w.Start.IsDate() != w.End.IsDate() {
		return invalid(fmt.Errorf("one end is a date, the other a time: %s, %s", w.Start, w.End))
	}
	var err error
	if g.Start, err = sendTime(w.Start); err != nil {
		return invalid(err)
	}
	if g.End, err = sendTime(w.End); err != nil {
		return invalid(err)
	}
	return nil
}

// sendTime says one end of an event. The members of the other kind are cleared,
// or a patch would merge both. A wall clock goes with its offset, which
// tells the hour that comes twice apart, and with its zone.
func sendTime(t calendar.Time) (*gcal.EventDateTime, error) {
	if t.IsZero() {
		return nil, fmt.Errorf("no time is given")
	}
	at, err := t.Instant()
	if err != nil {
		return nil, err
	}
	if t.IsDate() {
		return &gcal.EventDateTime{Date: t.Local, NullFields: []string{"DateTime", "TimeZone"}}, nil
	}
	loc, err := calendar.LoadZone(t.Zone)
	if err != nil {
		return nil, err
	}
	return &gcal.EventDateTime{DateTime: at.In(loc).Format(time.RFC3339), TimeZone: t.Zone, NullFields: []string{"Date"}}, nil
}

// sendNotes says notes as plain text when that says it all and will be read as
// such, else as HTML.
func sendNotes(n calendar.Notes) string {
	if n.IsPlain() {
		if text := n.Text(); !htmlHint.MatchString(text) && calendar.NotesFromText(text) == n {
			return text
		}
	}
	return n.HTML
}

// needsNow reports whether a write of the groups depends on what it goes over.
func needsNow(groups calendar.Groups) bool {
	return groups.Has(calendar.GroupAvailability) || groups.Has(calendar.GroupProperties)
}

// setAvailability says who may book over the event, and whether it is certain:
// Google's tentative is a status, which is the organizer's alone to change, while
// transparency is each guest's own (guide 'Calendars and events'). A status is
// only said where it differs, so that nothing is said of an event that was
// cancelled meanwhile. The zero value says nothing.
func setAvailability(g *gcal.Event, a calendar.Availability, now *gcal.Event) {
	if a == "" || now != nil && now.EventType == "workingLocation" { // always transparent (guide 'Event types')
		return
	}
	g.Transparency = "opaque"
	if a == calendar.Free {
		g.Transparency = "transparent"
	}
	was := "confirmed" // as a new event is
	if now != nil && now.Status != "" {
		was = now.Status
	}
	if was == "cancelled" || now != nil && !ours(now) {
		return
	}
	if status := certainty(a); status != was {
		g.Status = status
	}
}

// certainty is the status of a living event of this availability.
func certainty(a calendar.Availability) string {
	if a == calendar.Tentative {
		return "tentative"
	}
	return "confirmed"
}

// ours reports whether this calendar may change what all guests share.
func ours(g *gcal.Event) bool {
	return g.Organizer == nil || g.Organizer.Self || g.GuestsCanModify
}

// sendColor is Google's id of a colour, whose names are in the order of the ids;
// empty if it is none of them.
func sendColor(name string) string {
	if i := slices.Index(calendar.Colors, name); i >= 0 {
		return strconv.Itoa(i + 1)
	}
	return ""
}

// sendProperties makes the shared properties what is wanted: 'shared' are those
// for every guest's copy, 'private' those of this one (guide 'Extended
// properties'), which are other programs' and hold our mark, and are not named. A
// patch merges, so that each key that shall go is said to be null. nil if there
// is nothing to say.
func sendProperties(want map[string]string, now *gcal.Event) *gcal.EventExtendedProperties {
	out := &gcal.EventExtendedProperties{Shared: fitting(want)}
	if now != nil {
		for key := range propertiesOf(now) {
			if _, stays := out.Shared[key]; !stays {
				out.NullFields = append(out.NullFields, "Shared."+key)
			}
		}
	}
	if len(out.Shared) == 0 && len(out.NullFields) == 0 {
		return nil
	}
	slices.Sort(out.NullFields)
	out.ForceSendFields = []string{"Shared"} // or the nulls would not be sent, either
	return out
}

// fitting are the properties that Google holds whole. It would drop a long name,
// cut a long value, of which half is none, and refuse the event for too many; all
// but the first are not sent.
func fitting(want map[string]string) map[string]string {
	out, size := map[string]string{}, 0
	for _, name := range slices.Sorted(maps.Keys(want)) {
		value := want[name]
		if name == "" || len(name) > propertyLimits.Name || utf8.RuneCountInString(value) > propertyLimits.Value {
			continue
		}
		if size += len(name) + len(value); size > propertyLimits.Bytes || len(out) == propertyLimits.Count {
			break
		}
		out[name] = value
	}
	return out
}

func sendVisibility(v calendar.Visibility) string {
	switch v {
	case calendar.Public:
		return "public"
	case calendar.Personal, calendar.Private:
		return "private"
	case calendar.Confidential:
		return "confidential"
	}
	return "default"
}

// sendReminders always says both members: a reminders object without useDefault
// does not turn the defaults off, and overrides that a patch does not name stay.
func sendReminders(r calendar.Reminders) *gcal.EventReminders {
	out := &gcal.EventReminders{UseDefault: r.Default, ForceSendFields: []string{"UseDefault", "Overrides"}}
	if r.Default {
		return out // the two exclude each other
	}
	minutes := make([]int64, 0, len(r.Before))
	for _, d := range r.Before {
		minutes = append(minutes, min(max(0, int64(d/time.Minute)), maxReminderMin))
	}
	slices.Sort(minutes)
	minutes = slices.Compact(minutes)
	for _, m := range minutes[:min(len(minutes), maxReminders)] {
		out.Overrides = append(out.Overrides, &gcal.EventReminder{Method: "popup", Minutes: m, ForceSendFields: []string{"Minutes"}})
	}
	return out
}
