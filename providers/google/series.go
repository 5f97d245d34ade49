package google

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	gcal "google.golang.org/api/calendar/v3"

	"github.com/twinday/twinday/providers/calendar"
)

// series is a recurring event as Google keeps it: a master, and a resource of its
// own for every occurrence that was changed or deleted (guide 'Recurring
// events'). The neutral language has one Event for all of them.
type series struct {
	master     *gcal.Event
	exceptions []*gcal.Event
	zone       string // the calendar's own
}

// seriesPrefix tells the version of a series from an etag, which is a quoted number.
const seriesPrefix = "s:"

func isSeries(v calendar.Version) bool { return strings.HasPrefix(string(v), seriesPrefix) }

// holds says why a series cannot be held, "" if it can. Google stores whatever
// RFC 5545 allows; rules that repeat within the day are refused because none of
// its own programs writes or edits them.
func holds(w calendar.When) string {
	if w.Recurrence.IsZero() {
		return ""
	}
	if _, err := w.Occurrences(); err != nil {
		return err.Error()
	}
	for _, line := range w.Recurrence.Rules {
		if !strings.HasPrefix(line, "RRULE") {
			continue
		}
		r, err := calendar.ParseRule(line)
		if err != nil {
			return err.Error()
		}
		if r.Freq > calendar.Daily {
			return "Google Calendar repeats by days or longer, not " + strings.ToLower(r.Freq.String())
		}
	}
	return ""
}

// exception is what one occurrence of a series is instead of what the rule says.
type exception struct {
	calendar.Override
	item *gcal.Event // nil if only an EXDATE of the master says so
}

// bySlot gives the exceptions that stand on an occurrence of the rule, by slot,
// those that equal the master too (with an Override that says nothing). orphans
// are the other resources. An error means that the rule cannot be expanded.
//
// Cancelled are the EXDATEs and the cancelled occurrences together: Google
// itself never adds an EXDATE, it makes a cancelled resource. Where an EXDATE
// and a living occurrence contradict each other, the EXDATE is believed.
func (s series) bySlot() (set map[string]exception, orphans []*gcal.Event, err error) {
	master := fromGoogle(s.master, s.zone)
	w := master.Content.When
	_, exdates, err := calendar.SplitExdates(w.Start, s.master.Recurrence)
	if err != nil {
		return nil, nil, err
	}
	occurrences, err := w.Occurrences()
	if err != nil {
		return nil, nil, err
	}
	set = map[string]exception{}
	for _, g := range s.exceptions {
		original, ok := originalOf(g, w.Start)
		if !ok || !occurrences.Has(original) {
			orphans = append(orphans, g)
			continue
		}
		x := exception{overrideOf(g, original, master.Content, s.zone), g}
		// Two for one slot were never seen; should they be, the living one counts, then the newer.
		if old, twice := set[original.Slot()]; twice && !newer(g, old.item) {
			orphans = append(orphans, g)
			continue
		} else if twice {
			orphans = append(orphans, old.item)
		}
		set[original.Slot()] = x
	}
	for _, t := range exdates {
		if occurrences.Has(t) {
			set[t.Slot()] = exception{calendar.Override{Original: t, Cancelled: true}, set[t.Slot()].item}
		}
	}
	return set, orphans, nil
}

func newer(a, b *gcal.Event) bool {
	if (a.Status == "cancelled") != (b.Status == "cancelled") {
		return b.Status == "cancelled"
	}
	return instant(a.Updated).After(instant(b.Updated))
}

// originalOf is the start by the rule of a changed occurrence, in the zone of the series.
// It may come rendered in any offset; the instant counts. False if it is of
// another kind than the series (it was timed, the series now has dates).
func originalOf(g *gcal.Event, start calendar.Time) (calendar.Time, bool) {
	o := g.OriginalStartTime
	if o == nil || (o.Date != "") != start.IsDate() {
		return calendar.Time{}, false
	}
	t, err := timeOf(o, start.Zone)
	if err != nil {
		return calendar.Time{}, false
	}
	return inZone(t, start.Zone), true
}

// inZone is the same moment as a wall clock of another zone; a date stays.
func inZone(t calendar.Time, zone string) calendar.Time {
	at, err := t.Instant()
	loc, zoneErr := calendar.LoadZone(zone)
	if t.IsDate() || err != nil || zoneErr != nil {
		return t
	}
	return calendar.At(at, loc)
}

// slotTime is the start by the rule that a slot names, in the zone of the series.
func slotTime(slot string, start calendar.Time) (calendar.Time, error) {
	if t, err := time.Parse("20060102", slot); err == nil && start.IsDate() {
		return calendar.Date(t.Year(), t.Month(), t.Day()), nil
	}
	t, err := time.Parse("20060102T150405Z", slot)
	loc, zoneErr := calendar.LoadZone(start.Zone)
	if err != nil || zoneErr != nil {
		return calendar.Time{}, fmt.Errorf("%q names no occurrence of this series", slot)
	}
	return calendar.At(t, loc), nil
}

// overrideOf compares an occurrence, which Google gives in full, with what the
// master says it would be.
func overrideOf(g *gcal.Event, original calendar.Time, master calendar.Content, zone string) calendar.Override {
	o := calendar.Override{Original: original}
	if g.Status == "cancelled" { // nothing else is promised of it
		o.Cancelled = true
		return o
	}
	if !original.IsDate() {
		zone = original.Zone
	}
	now := fromGoogle(g, zone).Content
	now.When.Recurrence = calendar.Recurrence{}
	plain := master.Occurrence(o)
	if g.Start == nil || sameMoments(now.When, plain.When) {
		now.When = plain.When
	}
	for _, group := range calendar.Diff(now, plain) {
		o.Changed = append(o.Changed, group)
		o.Content = o.Content.Take(group, now)
	}
	return o
}

// sameMoments reports whether two times are the same on every clock: an
// occurrence may name another zone than its master and still be where the rule
// has it.
func sameMoments(a, b calendar.When) bool {
	return a.AllDay() == b.AllDay() && a.Start.Slot() == b.Start.Slot() && a.End.Slot() == b.End.Slot()
}

// event is the whole series. One whose rule cannot be expanded here keeps its
// place, as UnknownType and with the rule as it stands. Living occurrences that
// the rule no longer has are among the overrides: a person still sees them.
func (s series) event() calendar.Event {
	e := fromGoogle(s.master, s.zone)
	set, orphans, err := s.bySlot()
	if err != nil {
		e.Type = calendar.UnknownType
		e.Version = s.version(s.exceptions)
		return e
	}
	var own []*gcal.Event
	for slot, x := range set {
		if a, differs := s.answer(x.item, e); differs && !x.Cancelled {
			if e.Responses == nil {
				e.Responses = map[string]calendar.Response{}
			}
			e.Responses[slot] = a
			if x.IsZero() {
				own = append(own, x.item) // or a change of the answer alone would have no version
			}
		}
		if x.IsZero() {
			continue
		}
		if e.Overrides == nil {
			e.Overrides = map[string]calendar.Override{}
		}
		e.Overrides[slot] = x.Override
		if x.item == nil {
			continue
		}
		own = append(own, x.item)
		if t := instant(x.item.Updated); t.After(e.Updated) {
			e.Updated = t
		}
	}
	for slot, o := range s.leftovers(orphans) {
		e.Overrides = calendar.WithOverride(e.Overrides, slot, o)
	}
	e.Version = s.version(own)
	return e
}

// answer is the owner's own to an occurrence, and whether it differs from that to
// the whole series e.
func (s series) answer(g *gcal.Event, e calendar.Event) (calendar.Response, bool) {
	if g == nil || g.Status == "cancelled" || e.Organized {
		return calendar.NoResponse, false
	}
	row := ownRow(g)
	if row == nil {
		return calendar.NoResponse, false
	}
	a := responseOf(row.ResponseStatus)
	return a, a != e.MyResponse
}

// leftovers are the living occurrences among orphans, by the slot they once had.
// One that says nothing else still has a time where the rule has none.
func (s series) leftovers(orphans []*gcal.Event) map[string]calendar.Override {
	master := fromGoogle(s.master, s.zone).Content
	out := map[string]calendar.Override{}
	for _, g := range orphans {
		original, ok := originalOf(g, master.When.Start)
		if g.Status == "cancelled" || !ok {
			continue
		}
		o := overrideOf(g, original, master, s.zone)
		if o.IsZero() {
			o.Changed = o.Changed.With(calendar.GroupWhen)
			o.Content.When = master.When.At(original)
		}
		out[original.Slot()] = o
	}
	return out
}

// version is a digest of the master's etag and those of the exceptions that
// count: that say something, or were answered otherwise. A master's etag alone does
// not tell of its exceptions; what equals the master, or stands on no occurrence,
// is left out, since not all reads show it.
func (s series) version(counted []*gcal.Event) calendar.Version {
	tags := make([]string, 0, len(counted))
	for _, g := range counted {
		tags = append(tags, g.Id+" "+g.Etag)
	}
	slices.Sort(tags)
	sum := sha256.Sum256([]byte(s.master.Etag + "\n" + strings.Join(tags, "\n")))
	return calendar.Version(seriesPrefix + hex.EncodeToString(sum[:16]))
}

// rulesOf reads the rule of an event. What cannot be read stays as it is, with
// the error.
func rulesOf(start calendar.Time, lines []string) (calendar.Recurrence, error) {
	if len(lines) == 0 {
		return calendar.Recurrence{}, nil
	}
	kept, _, err := calendar.SplitExdates(start, lines)
	if err == nil {
		var canonical []string
		if canonical, err = calendar.CanonicalRules(start, kept); err == nil {
			return calendar.Recurrence{Rules: canonical}, nil
		}
	}
	return calendar.Recurrence{Rules: slices.Clone(lines)}, err
}
