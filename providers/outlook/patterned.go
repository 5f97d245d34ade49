package outlook

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/microsoft/kiota-abstractions-go/serialization"
	"github.com/microsoftgraph/msgraph-sdk-go/models"

	"github.com/twinday/twinday/providers/calendar"
)

// graph is the pattern as it is sent: the fields of its kind alone, since Graph
// checks the others too. zone is spelled as that of the start: Graph refuses
// two zones that differ.
func (p pattern) graph(zone string) models.PatternedRecurrenceable {
	out, pat, rng := models.NewPatternedRecurrence(), models.NewRecurrencePattern(), models.NewRecurrenceRange()
	pat.SetTypeEscaped(ptr(p.kind))
	pat.SetInterval(ptr(int32(p.interval)))
	if len(p.days) > 0 {
		var days []models.DayOfWeek
		for _, d := range p.days {
			days = append(days, models.SUNDAY_DAYOFWEEK+models.DayOfWeek(d))
		}
		pat.SetDaysOfWeek(days)
	}
	switch p.kind {
	case models.WEEKLY_RECURRENCEPATTERNTYPE:
		pat.SetFirstDayOfWeek(ptr(models.SUNDAY_DAYOFWEEK + models.DayOfWeek(p.weekStart))) // Graph's default is Sunday, RFC 5545's Monday
	case models.RELATIVEMONTHLY_RECURRENCEPATTERNTYPE, models.RELATIVEYEARLY_RECURRENCEPATTERNTYPE:
		pat.SetIndex(ptr(p.index))
	case models.ABSOLUTEMONTHLY_RECURRENCEPATTERNTYPE, models.ABSOLUTEYEARLY_RECURRENCEPATTERNTYPE:
		pat.SetDayOfMonth(ptr(int32(p.day)))
	}
	if p.month > 0 {
		pat.SetMonth(ptr(int32(p.month)))
	}
	start, _ := serialization.ParseDateOnly(p.start) // a date, or there would be no pattern
	rng.SetStartDate(start)
	rng.SetRecurrenceTimeZone(ptr(zone))
	switch {
	case p.count > 0:
		rng.SetTypeEscaped(ptr(models.NUMBERED_RECURRENCERANGETYPE))
		rng.SetNumberOfOccurrences(ptr(int32(p.count)))
	case p.end != "":
		end, _ := serialization.ParseDateOnly(p.end)
		rng.SetTypeEscaped(ptr(models.ENDDATE_RECURRENCERANGETYPE))
		rng.SetEndDate(end)
	default:
		rng.SetTypeEscaped(ptr(models.NOEND_RECURRENCERANGETYPE))
	}
	out.SetPattern(pat)
	out.SetRangeEscaped(rng)
	return out
}

// readPattern reads a patternedRecurrence; of fields that its kind does not use,
// Graph gives defaults that mean nothing.
func readPattern(r models.PatternedRecurrenceable) (pattern, error) {
	if r == nil || r.GetPattern() == nil || r.GetRangeEscaped() == nil || r.GetPattern().GetTypeEscaped() == nil || r.GetRangeEscaped().GetTypeEscaped() == nil {
		return pattern{}, errors.New("the recurrence has no pattern or no range")
	}
	pat, rng := r.GetPattern(), r.GetRangeEscaped()
	p := pattern{kind: *pat.GetTypeEscaped(), interval: max(1, int(val(pat.GetInterval())))}
	switch p.kind {
	case models.WEEKLY_RECURRENCEPATTERNTYPE:
		p.weekStart = time.Weekday(val(pat.GetFirstDayOfWeek()) - models.SUNDAY_DAYOFWEEK)
	case models.RELATIVEMONTHLY_RECURRENCEPATTERNTYPE, models.RELATIVEYEARLY_RECURRENCEPATTERNTYPE:
		p.index = val(pat.GetIndex())
	case models.ABSOLUTEMONTHLY_RECURRENCEPATTERNTYPE, models.ABSOLUTEYEARLY_RECURRENCEPATTERNTYPE:
		p.day = int(val(pat.GetDayOfMonth()))
		if p.day < 1 || p.day > 31 {
			return p, fmt.Errorf("day %d of a month", p.day)
		}
	}
	switch p.kind {
	case models.ABSOLUTEYEARLY_RECURRENCEPATTERNTYPE, models.RELATIVEYEARLY_RECURRENCEPATTERNTYPE:
		p.month = int(val(pat.GetMonth()))
		if p.month < 1 || p.month > 12 {
			return p, fmt.Errorf("month %d", p.month)
		}
	}
	switch p.kind {
	case models.WEEKLY_RECURRENCEPATTERNTYPE, models.RELATIVEMONTHLY_RECURRENCEPATTERNTYPE, models.RELATIVEYEARLY_RECURRENCEPATTERNTYPE:
		for _, d := range pat.GetDaysOfWeek() {
			p.days = append(p.days, time.Weekday(d-models.SUNDAY_DAYOFWEEK))
		}
		slices.Sort(p.days)
		if p.days = slices.Compact(p.days); len(p.days) == 0 {
			return p, errors.New("no days of the week")
		}
	}
	switch *rng.GetTypeEscaped() {
	case models.NUMBERED_RECURRENCERANGETYPE:
		if p.count = int(val(rng.GetNumberOfOccurrences())); p.count < 1 {
			return p, errors.New("no number of occurrences")
		}
	case models.ENDDATE_RECURRENCERANGETYPE:
		if rng.GetEndDate() == nil {
			return p, errors.New("no end date")
		}
		if p.end = rng.GetEndDate().String(); p.end >= forEver {
			p.end = ""
		}
	}
	return p, nil
}

// rule is the RRULE that repeats exactly as the pattern does, without its end.
func (p pattern) rule() calendar.Rule {
	r := calendar.Rule{Interval: p.interval, WeekStart: time.Monday}
	if p.month > 0 {
		r.ByMonth = []int{p.month}
	}
	switch p.kind {
	case models.DAILY_RECURRENCEPATTERNTYPE:
		r.Freq = calendar.Daily
	case models.WEEKLY_RECURRENCEPATTERNTYPE:
		r.Freq, r.WeekStart = calendar.Weekly, p.weekStart
	case models.ABSOLUTEMONTHLY_RECURRENCEPATTERNTYPE, models.RELATIVEMONTHLY_RECURRENCEPATTERNTYPE:
		r.Freq = calendar.Monthly
	default:
		r.Freq = calendar.Yearly
	}
	if p.day > 0 {
		p.monthDay(&r)
		return r
	}
	n := 0
	if p.kind == models.RELATIVEMONTHLY_RECURRENCEPATTERNTYPE || p.kind == models.RELATIVEYEARLY_RECURRENCEPATTERNTYPE {
		if n = int(p.index-models.FIRST_WEEKINDEX) + 1; p.index == models.LAST_WEEKINDEX {
			n = -1
		}
	}
	if n != 0 && len(p.days) > 1 {
		r.BySetPos, n = []int{n}, 0
	}
	for _, d := range p.days {
		r.ByDay = append(r.ByDay, calendar.WeekdayNum{Day: d, N: n})
	}
	return r
}

// monthDay says the day of the month, where Exchange takes the last day of a
// month that has no such day.
func (p pattern) monthDay(r *calendar.Rule) {
	longest, shortest := 31, 28
	if p.month > 0 {
		longest = longestMonth(p.month)
		if p.month != 2 {
			shortest = longest
		}
	}
	switch {
	case p.day <= shortest:
		r.ByMonthDay = []int{p.day}
	case p.day >= longest:
		r.ByMonthDay = []int{-1}
	default: // the 29th or 30th of any month
		for d := shortest; d <= p.day; d++ {
			r.ByMonthDay = append(r.ByMonthDay, d)
		}
		r.BySetPos = []int{-1}
	}
}

// repeated gives w the canonical rule of the pattern. A start on which the
// pattern has no occurrence moves to the first that it has: Exchange does not
// count it (observed by third parties), the neutral language does.
func (p pattern) repeated(w calendar.When) (calendar.When, error) {
	r := p.rule()
	if len(w.Start.Local) < len(time.DateOnly) {
		return w, errors.New("the series has no start")
	}
	if !p.fits(w.Start.Local[:len(time.DateOnly)]) {
		w.Recurrence.Rules = []string{r.String()}
		o, err := w.Occurrences()
		if err != nil {
			return w, err
		}
		n := 0
		for t := range o.All() {
			if n++; n == 2 { // the first is the start itself
				w = w.At(t)
				break
			}
		}
		if n < 2 {
			return w, errors.New("the pattern has no occurrence")
		}
	}
	r.Count = p.count
	if p.end != "" {
		r.Until = calendar.Time{Local: p.end}
		if !w.AllDay() {
			end, err := calendar.Time{Local: p.end + "T23:59:59", Zone: w.Start.Zone}.Instant()
			if err != nil {
				return w, err
			}
			r.Until = calendar.At(end, time.UTC)
		}
	}
	lines, err := calendar.CanonicalRules(w.Start, []string{r.String()})
	if err != nil {
		return w, err
	}
	w.Recurrence.Rules = lines
	return w, nil
}

// seriesWhen reads the time of a series from its master.
//
// The zone in which it repeats is that of the start, in the spelling of
// originalStartTimeZone, or recurrenceTimeZone where the former cannot be
// resolved ("tzone://Microsoft/Custom") or keeps other clocks. Where neither
// can, it is UTC: the mailbox's own zone would be the better guess, but reading it
// takes a permission (MailboxSettings.Read) that is not asked for.
func seriesWhen(e models.Eventable) (calendar.When, error) {
	p, err := readPattern(e.GetRecurrence())
	if err != nil {
		return calendar.When{}, err
	}
	w := when(e)
	if !val(e.GetIsAllDay()) {
		zone := seriesZone(e)
		w.Start = clock(e.GetStart(), zone)
		if end := val(e.GetOriginalEndTimeZone()); end == val(e.GetOriginalStartTimeZone()) {
			w.End = clock(e.GetEnd(), zone)
		} else if _, ok := ianaZone(end); !ok {
			w.End = clock(e.GetEnd(), zone)
		}
	}
	if w.Start.IsZero() || w.End.IsZero() {
		return w, errors.New("the series has no times")
	}
	return p.repeated(w)
}

// seriesZone is the IANA zone in which a master repeats.
func seriesZone(e models.Eventable) string {
	start, ok1 := ianaZone(val(e.GetOriginalStartTimeZone()))
	repeats, ok2 := "", false
	if r := e.GetRecurrence(); r != nil && r.GetRangeEscaped() != nil {
		repeats, ok2 = ianaZone(val(r.GetRangeEscaped().GetRecurrenceTimeZone()))
	}
	at, _ := instant(e.GetStart())
	switch {
	case ok1 && (!ok2 || sameClocks(start, repeats, at)):
		return start
	case ok2:
		return repeats
	}
	return "UTC"
}

// sameClocks reports whether two zones show the same time throughout the two
// years after a moment.
func sameClocks(a, b string, from time.Time) bool {
	la, err1 := calendar.LoadZone(a)
	lb, err2 := calendar.LoadZone(b)
	if err1 != nil || err2 != nil {
		return false
	}
	for week := range 104 {
		t := from.AddDate(0, 0, 7*week)
		_, x := t.In(la).Zone()
		_, y := t.In(lb).Zone()
		if x != y {
			return false
		}
	}
	return true
}
