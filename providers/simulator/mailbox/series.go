package mailbox

import (
	"fmt"
	"iter"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

// Slot names a moment as the original start of an occurrence: "20060102" for a
// date, else "20060102T150405Z".
func (m Moment) Slot() string {
	if m.Date != "" {
		return strings.ReplaceAll(m.Date, "-", "")
	}
	return m.UTC.UTC().Format("20060102T150405Z")
}

// SlotMoment reads a Slot as a moment in an IANA zone.
func SlotMoment(slot, zone string) (Moment, error) {
	if t, err := time.Parse("20060102", slot); err == nil {
		return Moment{Date: t.Format(time.DateOnly), UTC: t}, nil
	}
	t, err := time.Parse("20060102T150405Z", slot)
	if err != nil {
		return Moment{}, fmt.Errorf("mailbox: %q names no occurrence", slot)
	}
	return MomentOf(t, zone)
}

// MomentOf is the moment that reads as t in an IANA zone.
func MomentOf(t time.Time, zone string) (Moment, error) {
	loc, err := LoadZone(zone)
	if err != nil {
		return Moment{}, fmt.Errorf("mailbox: zone %q: %w", zone, err)
	}
	return Moment{Local: t.In(loc).Format("2006-01-02T15:04:05"), Zone: zone, UTC: t.UTC()}, nil
}

// Drag moves an event by the wall clock of its start; it keeps its length. An
// all-day event goes by whole days.
func (e *Event) Drag(by time.Duration) error {
	if e.Start.Date != "" {
		if by%(24*time.Hour) != 0 {
			return fmt.Errorf("%w: an all-day event moves by days, not by %s", ErrRefused, by)
		}
		for _, m := range []*Moment{&e.Start, &e.End} {
			t, err := time.Parse(time.DateOnly, m.Date)
			if err != nil {
				return err
			}
			m.UTC = t.Add(by)
			m.Date = m.UTC.Format(time.DateOnly)
		}
		return nil
	}
	length := e.End.UTC.Sub(e.Start.UTC)
	t, err := time.Parse("2006-01-02T15:04:05", e.Start.Local)
	if err != nil {
		return err
	}
	if e.Start, err = At(t.Add(by).Format("2006-01-02T15:04:05"), e.Start.Zone); err != nil {
		return err
	}
	e.End, err = MomentOf(e.Start.UTC.Add(length), e.End.Zone)
	return err
}

// At is when the occurrence of a slot happens by the rule: as long as the first
// one, exactly (RFC 5545 section 3.8.5.3).
func (e *Event) At(slot Moment) (start, end Moment) {
	length := e.End.UTC.Sub(e.Start.UTC)
	if slot.Date != "" {
		at := slot.UTC.Add(length)
		return Moment{Date: slot.Date, Zone: e.Start.Zone, UTC: slot.UTC}, Moment{Date: at.Format(time.DateOnly), Zone: e.End.Zone, UTC: at}
	}
	end, err := MomentOf(slot.UTC.Add(length), e.End.Zone)
	if err != nil {
		end = Moment{Local: slot.UTC.Add(length).Format("2006-01-02T15:04:05"), Zone: "UTC", UTC: slot.UTC.Add(length)}
	}
	return slot, end
}

// Rules are the occurrences of a series by its rule, exceptions not applied.
type Rules struct {
	start   Moment
	set     *calendar.Occurrences
	without []*calendar.Occurrences // of EXRULEs
	Endless bool                    // neither COUNT nor UNTIL ends it
}

// Rules reads the Recurrence lines of a master. An EXRULE takes away what it
// would generate. Lines that cannot be expanded are an error.
func (e *Event) Rules() (*Rules, error) {
	r := &Rules{start: e.Start}
	start := clock(e.Start)
	var lines []string
	for _, line := range e.Recurrence {
		line = unskip(line, e.Start)
		rest, ex := strings.CutPrefix(line, "EXRULE")
		if !ex {
			lines = append(lines, line)
			if strings.HasPrefix(line, "RRULE") && !strings.Contains(line, "COUNT=") && !strings.Contains(line, "UNTIL=") {
				r.Endless = true
			}
			continue
		}
		set, err := calendar.When{Start: start, Recurrence: calendar.Recurrence{Rules: []string{"RRULE" + rest}}}.Occurrences()
		if err != nil {
			return nil, err
		}
		r.without = append(r.without, set)
	}
	var err error
	r.set, err = calendar.When{Start: start, Recurrence: calendar.Recurrence{Rules: lines}}.Occurrences()
	return r, err
}

// Between gives the slots that start at or after from and before to; dates count
// from midnight UTC. A zero from or to is no bound.
func (r *Rules) Between(from, to time.Time) iter.Seq[Moment] {
	all := r.set.All()
	if !from.IsZero() || !to.IsZero() {
		if to.IsZero() {
			to = time.Date(4500, 1, 1, 0, 0, 0, 0, time.UTC)
		}
		all = r.set.Between(from, to)
	}
	return func(yield func(Moment) bool) {
		for t := range all {
			if !r.excluded(t) && !yield(r.moment(t)) {
				return
			}
		}
	}
}

// Has reports whether the rule has this slot.
func (r *Rules) Has(slot Moment) bool {
	if (slot.Date != "") != (r.start.Date != "") {
		return false
	}
	for m := range r.Between(slot.UTC, slot.UTC.Add(time.Second)) {
		return m.UTC.Equal(slot.UTC)
	}
	return false
}

// First is the first slot; false if there is none.
func (r *Rules) First() (Moment, bool) {
	for m := range r.Between(time.Time{}, time.Time{}) {
		return m, true
	}
	return Moment{}, false
}

// Before is how many occurrences the rule generates before a slot, those that an
// EXDATE takes away included: they count for COUNT.
func (r *Rules) Before(slot Moment) int {
	n, ok := r.set.Ordinal(clock(slot))
	if !ok {
		return 0
	}
	return n - 1
}

func (r *Rules) excluded(t calendar.Time) bool {
	for _, set := range r.without {
		if set.Has(t) {
			return true
		}
	}
	return false
}

func (r *Rules) moment(t calendar.Time) Moment {
	if t.IsDate() {
		at, _ := time.Parse(time.DateOnly, t.Local) // a reading that the set made
		return Moment{Date: t.Local, UTC: at}
	}
	at, err := instant(t.Local, t.Zone)
	if err == nil && t.Later {
		at, err = t.Instant()
	}
	if err != nil {
		return Moment{} // likewise
	}
	m, err := MomentOf(at, r.start.Zone)
	if err != nil {
		return Moment{Local: t.Local, Zone: t.Zone, UTC: at}
	}
	return m
}

// clock is a moment in the words of the recurrence package.
func clock(m Moment) calendar.Time {
	if m.Date != "" {
		return calendar.Time{Local: m.Date}
	}
	t := calendar.Time{Local: m.Local, Zone: m.Zone}
	if at, err := t.Instant(); err == nil && !at.Equal(m.UTC) {
		if loc, err := LoadZone(m.Zone); err == nil {
			return calendar.At(m.UTC, loc) // the hour that comes twice
		}
	}
	return t
}

var monthDay = regexp.MustCompile(`BYMONTHDAY=(\d+)(;|$)`)

// unskip writes RFC 7529's SKIP=BACKWARD, 'the last day if the month has no
// such day', as a rule that RFC 5545 knows. Other lines stay.
func unskip(line string, start Moment) string {
	if !strings.HasPrefix(line, "RRULE") || !strings.Contains(line, "SKIP=BACKWARD") {
		return line
	}
	name, rule, _ := strings.Cut(line, ":")
	var parts []string
	for p := range strings.SplitSeq(rule, ";") {
		if !strings.HasPrefix(p, "SKIP=") && !strings.HasPrefix(p, "RSCALE=") {
			parts = append(parts, p)
		}
	}
	rule = strings.Join(parts, ";")
	yearly := strings.Contains(rule, "FREQ=YEARLY")
	if !yearly && !strings.Contains(rule, "FREQ=MONTHLY") {
		return name + ":" + rule
	}
	text := start.Date + start.Local
	if !monthDay.MatchString(rule) && len(text) >= len(time.DateOnly) && !strings.Contains(rule, "BYDAY") {
		rule += ";BYMONTHDAY=" + strings.TrimPrefix(text[8:10], "0")
		if yearly && !strings.Contains(rule, "BYMONTH=") {
			rule += ";BYMONTH=" + strings.TrimPrefix(text[5:7], "0")
		}
	}
	if found := monthDay.FindStringSubmatch(rule); found != nil {
		if day, err := strconv.Atoi(found[1]); err == nil && day > 28 {
			list := "28"
			for d := 29; d <= day; d++ {
				list += "," + strconv.Itoa(d)
			}
			rule = monthDay.ReplaceAllString(rule, "BYMONTHDAY="+list+"$2") + ";BYSETPOS=-1"
		}
	}
	return name + ":" + rule
}
