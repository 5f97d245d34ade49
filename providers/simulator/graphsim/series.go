package graphsim

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// item is an event as it is shown: a single event or a series master as stored,
// or one occurrence of a series, made from its master and what was changed of it.
type item struct {
	*mailbox.Event
	master    *mailbox.Event // of an occurrence; nil otherwise
	day       int            // of an occurrence: its original date in the zone of the series
	exception bool
}

func whole(e *mailbox.Event) item { return item{Event: e} }

// typ is the item's eventType.
func (it item) typ() string {
	switch {
	case it.exception:
		return "exception"
	case it.master != nil:
		return "occurrence"
	case it.Pattern != nil:
		return "seriesMaster"
	}
	return "singleInstance"
}

// stored is what the mailbox holds of the item: itself, or its master.
func (it item) stored() *mailbox.Event {
	if it.master != nil {
		return it.master
	}
	return it.Event
}

// series is a master whose pattern was read.
type series struct {
	e     *mailbox.Event
	p     pattern
	first int
	later bool // see Quirks.LaterReading
	span  time.Duration
}

func (c *call) series(e *mailbox.Event) series { return seriesOf(e, c.quirks.LaterReading) }

func seriesOf(e *mailbox.Event, later bool) series {
	return series{e: e, p: patternOf(e), first: dayOf(e.Start), later: later, span: wallSpan(e)}
}

// slot is when the occurrence of a day takes place as long as nobody moves it: by
// the wall clock of the zone that the series starts in.
func (s series) slot(day int) (start, end mailbox.Moment) {
	if day == s.first {
		return s.e.Start, s.e.End
	}
	from := wallOf(s.e.Start).AddDate(0, 0, day-s.first)
	start = momentAt(from, s.e.Start, s.later)
	to := mailbox.Moment{Zone: s.e.Start.Zone, Date: s.e.Start.Date}
	end = momentAt(from.Add(s.span), to, s.later)
	if end.Date == "" && end.UTC.Before(start.UTC) { // the night the clocks go forward
		end = start
	}
	if s.e.End.Zone != s.e.Start.Zone && end.Date == "" {
		end = momentAt(naive(end.UTC, s.e.End.Zone), s.e.End, s.later)
	}
	return start, end
}

// at is the occurrence whose original date is the day. It is false for one that
// was deleted. That the pattern has the day is for the caller to know.
func (s series) at(day int) (item, bool) {
	x := s.e.Exceptions[dayText(day)]
	if x != nil && x.Deleted {
		return item{}, false
	}
	e := *s.e
	e.ID, e.UID = occurrenceID(s.e.ID, day), occurrenceUID(s.e.UID, day)
	e.Pattern, e.Exceptions, e.TransactionID = nil, nil, ""
	e.Start, e.End = s.slot(day)
	it := item{Event: &e, master: s.e, day: day}
	if x != nil {
		it.exception = true
		e.Extra = maps.Clone(e.Extra)
		for _, f := range modified(x) {
			fields[f](&e, x)
		}
	}
	return it, true
}

// has reports whether the pattern has an occurrence on the day.
func (s series) has(day int) bool {
	for d := range s.p.occurrences(day) {
		return d == day
	}
	return false
}

// within are the occurrences that meet a window, in the order of their original
// dates: those whose slot does, and those that were moved into it.
func (s series) within(from, to time.Time) []item {
	long := int(s.span/(24*time.Hour)) + 2
	low, high := dayNumber(from)-long, dayNumber(to)+2
	var out []item
	for day := range s.p.occurrences(low) {
		if day > high {
			break
		}
		if x := s.e.Exceptions[dayText(day)]; x != nil {
			continue // below
		}
		if it, _ := s.at(day); overlaps(it.Event, from, to) {
			out = append(out, it)
		}
	}
	for _, it := range s.exceptions() {
		if overlaps(it.Event, from, to) {
			out = append(out, it)
		}
	}
	slices.SortFunc(out, func(a, b item) int { return a.day - b.day })
	return out
}

// meets reports whether any occurrence meets the window.
func (s series) meets(from, to time.Time) bool {
	for _, it := range s.exceptions() {
		if overlaps(it.Event, from, to) {
			return true
		}
	}
	high := dayNumber(to) + 2
	for day := range s.p.occurrences(dayNumber(from) - int(s.span/(24*time.Hour)) - 2) {
		if day > high {
			return false
		}
		if s.e.Exceptions[dayText(day)] == nil {
			if it, _ := s.at(day); overlaps(it.Event, from, to) {
				return true
			}
		}
	}
	return false
}

// exceptions are the changed occurrences, by original date.
func (s series) exceptions() []item {
	var out []item
	for _, key := range slices.Sorted(maps.Keys(s.e.Exceptions)) {
		if day, ok := parseDay(key); ok {
			if it, ok := s.at(day); ok {
				out = append(out, it)
			}
		}
	}
	return out
}

// cancelled are the original dates of the deleted occurrences, in order.
func (s series) cancelled() []string {
	var out []string
	for _, key := range slices.Sorted(maps.Keys(s.e.Exceptions)) {
		if s.e.Exceptions[key].Deleted {
			out = append(out, key)
		}
	}
	return out
}

// fields are what of an occurrence can differ from its master, by the name under
// which 'modified' keeps them. What is not modified follows the master
// ([MS-OXOCAL] 2.2.1.44.2, OverrideFlags).
var fields = map[string]func(dst, src *mailbox.Event){
	"when":        func(d, s *mailbox.Event) { d.Start, d.End, d.AllDay = s.Start, s.End, s.AllDay },
	"subject":     func(d, s *mailbox.Event) { d.Title = s.Title },
	"body":        func(d, s *mailbox.Event) { d.Body, d.BodyIsHTML, d.Conference = s.Body, s.BodyIsHTML, s.Conference },
	"location":    func(d, s *mailbox.Event) { d.Place = s.Place; copyExtra(d, s, "locations") },
	"reminder":    func(d, s *mailbox.Event) { d.Reminders = s.Reminders; copyExtra(d, s, "reminderMinutesBeforeStart") },
	"importance":  func(d, s *mailbox.Event) { d.Importance = s.Importance },
	"sensitivity": func(d, s *mailbox.Event) { d.Sensitivity = s.Sensitivity },
	"showAs":      func(d, s *mailbox.Event) { d.ShowAs = s.ShowAs },
	"categories":  func(d, s *mailbox.Event) { d.Categories = s.Categories },
	"attendees":   func(d, s *mailbox.Event) { d.Attendees = s.Attendees; copyExtra(d, s, "respondedAt") },
	"attachments": func(d, s *mailbox.Event) { d.Attachments = s.Attachments },
	"properties":  func(d, s *mailbox.Event) { d.Private = s.Private },
	"extensions":  func(d, s *mailbox.Event) { d.Extensions = s.Extensions },
	"flags": func(d, s *mailbox.Event) {
		copyExtra(d, s, "responseRequested", "allowNewTimeProposals", "hideAttendees", "isDraft")
	},
}

// fieldOf says to which field a property of a body belongs; a property that is
// not here has the field of its own name.
var fieldOf = map[string]string{
	"start": "when", "end": "when", "isAllDay": "when", "isOnlineMeeting": "body", "locations": "location",
	"isReminderOn": "reminder", "reminderMinutesBeforeStart": "reminder", "singleValueExtendedProperties": "properties",
	"responseRequested": "flags", "allowNewTimeProposals": "flags", "hideAttendees": "flags", "isDraft": "flags",
}

func copyExtra(d, s *mailbox.Event, names ...string) {
	if d.Extra == nil {
		d.Extra = map[string]any{}
	}
	for _, name := range names {
		if delete(d.Extra, name); s.Extra[name] != nil {
			d.Extra[name] = s.Extra[name]
		}
	}
}

// modified names the fields of a stored exception that differ from the master's.
func modified(x *mailbox.Event) []string {
	list, _ := x.Extra["modified"].([]any)
	var out []string
	for _, f := range list {
		if name, _ := f.(string); fields[name] != nil {
			out = append(out, name)
		}
	}
	return out
}

// setException stores what an occurrence has become, with the fields that were
// changed besides those that were changed before.
func setException(it item, next *mailbox.Event, changed []string) {
	key := dayText(it.day)
	if old := it.master.Exceptions[key]; old != nil {
		changed = append(changed, modified(old)...)
	}
	slices.Sort(changed)
	list := []any{}
	for _, f := range slices.Compact(changed) {
		if fields[f] != nil {
			list = append(list, f)
		}
	}
	x := next.Clone()
	if x.Extra == nil {
		x.Extra = map[string]any{}
	}
	x.Extra["modified"] = list
	setSlot(it.master, key, x)
}

// deleteSlot takes an occurrence out of its series.
func deleteSlot(it item) {
	setSlot(it.master, dayText(it.day), &mailbox.Event{ID: it.ID, UID: it.UID, Deleted: true, Status: "cancelled"})
}

func setSlot(master *mailbox.Event, key string, x *mailbox.Event) {
	if master.Exceptions == nil {
		master.Exceptions = map[string]*mailbox.Event{}
	}
	master.Exceptions[key] = x
}

// The id of an occurrence is its master's with a marker and the original date at
// midnight in .NET ticks (as third parties found in real ids): it stays when the
// occurrence becomes an exception or is moved, and is another when the series
// has other dates.
const (
	slotMarker = "UQAI" // 51 00 08 in base64
	slotLength = len(slotMarker) + 12
	ticksEpoch = 719162 // days from year 1 to 1970
	ticksPer   = uint64(daySeconds) * 10_000_000
)

func occurrenceID(master string, day int) string {
	ticks := binary.BigEndian.AppendUint64(nil, uint64(day+ticksEpoch)*ticksPer)
	return strings.TrimRight(master, "=") + slotMarker + base64.URLEncoding.EncodeToString(ticks)
}

// splitID takes an occurrence's id apart into what its master's may be, and the day.
func splitID(id string) (masters []string, day int, ok bool) {
	cut := len(id) - slotLength
	if cut < 1 || !strings.HasPrefix(id[cut:], slotMarker) {
		return nil, 0, false
	}
	raw, err := base64.URLEncoding.DecodeString(id[cut+len(slotMarker):])
	if err != nil || len(raw) != 8 {
		return nil, 0, false
	}
	ticks := binary.BigEndian.Uint64(raw)
	if ticks%ticksPer != 0 || ticks/ticksPer > uint64(lastDay+ticksEpoch) {
		return nil, 0, false
	}
	return []string{id[:cut] + "=", id[:cut], id[:cut] + "=="}, int(ticks/ticksPer) - ticksEpoch, true
}

// occurrenceUID is the iCalUId of one occurrence: its date stands in the blob
// ([MS-OXOCAL] 2.2.1.27, PidLidGlobalObjectId).
func occurrenceUID(uid string, day int) string {
	const head = 32 // hexadecimal digits before the date
	t := civil(day)
	date := fmt.Sprintf("%04X%02X%02X", t.Year(), int(t.Month()), t.Day())
	if len(uid) < head+8 || uid[head:head+8] != "00000000" {
		return uid + "-" + date
	}
	return uid[:head] + date + uid[head+8:]
}

// itemByID finds an event or an occurrence by either type of id; live ones only.
func (c *call) itemByID(cal *mailbox.Calendar, id string) (item, bool) {
	if e := eventByID(cal, id); e != nil {
		return whole(e), !e.Deleted
	}
	masters, day, ok := splitID(id)
	if !ok {
		return item{}, false
	}
	for _, m := range masters {
		if e := eventByID(cal, m); e != nil && !e.Deleted && e.Pattern != nil {
			if s := c.series(e); s.has(day) {
				return s.at(day)
			}
		}
	}
	return item{}, false
}
