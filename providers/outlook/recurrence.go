package outlook

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/models"

	"github.com/twinday/twinday/providers/calendar"
)

// pattern is Graph's patternedRecurrence in plain values (Microsoft
// "recurrencePattern" and "recurrenceRange resource type"). It has at most one
// occurrence a day. Only the fields of its kind are set.
type pattern struct {
	kind      models.RecurrencePatternType
	interval  int
	days      []time.Weekday // weekly and relative kinds, from Sunday on
	weekStart time.Weekday   // weekly
	index     models.WeekIndex
	day       int // of the month; absolute kinds. One that the month lacks means its last day (EWS "DayOfMonth").
	month     int // yearly kinds

	start string // date of the first occurrence
	end   string // date of the last day, "" if there is none
	count int    // 0 if not numbered
}

const (
	// maxCount is the highest number of occurrences: COUNT has three digits at
	// most in [MS-OXCICAL] 2.1.3.2.2.
	maxCount = 999
	// maxDays and maxInterval are the highest intervals, of days and of longer
	// periods, that Outlook's own dialog takes. Graph documents none.
	maxDays     = 999
	maxInterval = 99
	// forEver is the year from which an end date means none: Exchange's calendar
	// stops on 1 September 4500.
	forEver = "4500"
)

// seriesFits is Capabilities.Series: why Outlook cannot hold a series with this
// time and rule, "" if it can hold exactly this one. Graph knows few shapes; what
// is not exactly one of them is refused, never approximated.
func seriesFits(w calendar.When) string {
	if _, err := patternOf(w); err != nil {
		return err.Error()
	}
	return ""
}

// patternOf turns the rule of a series into Graph's pattern. The error says in
// words why there is none.
func patternOf(w calendar.When) (pattern, error) {
	if w.Start.IsDate() != w.End.IsDate() {
		return pattern{}, fmt.Errorf("start %q and end %q do not make a span", w.Start, w.End)
	}
	for _, t := range []calendar.Time{w.Start, w.End} {
		if err := unmistakable(t); err != nil {
			return pattern{}, err
		}
	}
	_, exdates, err := calendar.SplitExdates(w.Start, w.Recurrence.Rules)
	if err != nil {
		return pattern{}, refusal(err)
	}
	lines, err := calendar.CanonicalRules(w.Start, w.Recurrence.Rules)
	if err != nil {
		return pattern{}, refusal(err)
	}
	if len(lines) != 1 || !strings.HasPrefix(lines[0], "RRULE:") || len(exdates) > 0 {
		return pattern{}, errors.New("a series in Outlook has one rule and no dates of its own")
	}
	rule, err := calendar.ParseRule(lines[0])
	if err != nil {
		return pattern{}, refusal(err)
	}
	p, err := shape(rule)
	if err != nil {
		return pattern{}, err
	}
	p.start = w.Start.Local[:len(time.DateOnly)]
	if !p.fits(p.start) {
		return pattern{}, errors.New("the first meeting does not follow the rule")
	}
	if err := p.limit(w, rule); err != nil {
		return pattern{}, err
	}
	return p, p.check(w)
}

// refusal is the cause alone, in words for a person.
func refusal(err error) error {
	if e, ok := errors.AsType[*calendar.Error](err); ok && e.Err != nil {
		return e.Err
	}
	return err
}

// unmistakable refuses a wall clock that a clock change skips or repeats: what
// Graph would take it for is not documented, and a series repeats it.
func unmistakable(t calendar.Time) error {
	i, err := t.Instant()
	if err != nil || t.IsDate() {
		return err
	}
	loc, err := calendar.LoadZone(t.Zone)
	if err != nil {
		return err
	}
	if calendar.At(i, loc) != t || shownTwice(t, i) {
		return fmt.Errorf("the clock does not show %s exactly once", t)
	}
	return nil
}

// shape finds the pattern that repeats exactly as a canonical rule does.
func shape(r calendar.Rule) (pattern, error) {
	p := pattern{interval: r.Interval, weekStart: r.WeekStart}
	if len(r.ByHour)+len(r.ByMinute)+len(r.BySecond) > 0 || r.Freq > calendar.Daily {
		return p, errors.New("in Outlook no series happens several times a day")
	}
	if len(r.ByWeekNo)+len(r.ByYearDay) > 0 {
		return p, errors.New("in Outlook nobody counts weeks or days of the year")
	}
	switch {
	case r.Freq == calendar.Yearly && len(r.ByMonth) == 1:
		p.month = r.ByMonth[0]
	case len(r.ByMonth) > 0:
		return p, errors.New("in Outlook no series keeps to some months only")
	case r.Freq == calendar.Yearly:
		return p, errors.New("a yearly series in Outlook has one month")
	}
	switch r.Freq {
	case calendar.Daily:
		p.kind = models.DAILY_RECURRENCEPATTERNTYPE
		if len(r.ByDay)+len(r.ByMonthDay)+len(r.BySetPos) > 0 {
			return p, errors.New("in Outlook no days are left out of a daily series")
		}
		return p, nil
	case calendar.Weekly:
		p.kind = models.WEEKLY_RECURRENCEPATTERNTYPE
		p.days = weekdays(r.ByDay)
		if p.days == nil || len(r.BySetPos) > 0 {
			return p, errors.New("a weekly series in Outlook is on certain weekdays")
		}
		return p, nil
	}
	if len(r.ByDay) > 0 {
		return p, p.relative(r)
	}
	return p, p.absolute(r)
}

// absolute reads BYMONTHDAY. A day that not all months have is skipped by a rule
// and moved to the last day by Exchange: only the forms that say the latter
// are the same.
func (p *pattern) absolute(r calendar.Rule) error {
	p.kind = models.ABSOLUTEMONTHLY_RECURRENCEPATTERNTYPE
	longest := 31
	if p.month > 0 {
		p.kind = models.ABSOLUTEYEARLY_RECURRENCEPATTERNTYPE
		longest = longestMonth(p.month)
	}
	shortest := longest
	if p.month == 0 || p.month == 2 {
		shortest = 28
	}
	days, last := r.ByMonthDay, slices.Equal(r.BySetPos, []int{-1})
	switch {
	case len(days) == 1 && len(r.BySetPos) == 0 && days[0] == -1:
		p.day = longest
		return nil
	case len(days) == 1 && len(r.BySetPos) == 0 && days[0] > 0 && days[0] <= shortest:
		p.day = days[0]
		return nil
	case len(days) > 1 && last && days[0] > 0 && days[0] <= shortest && days[len(days)-1]-days[0] == len(days)-1:
		// "the 30th, or else the last day": BYMONTHDAY=28,29,30;BYSETPOS=-1
		p.day = min(days[len(days)-1], longest)
		return nil
	case len(days) == 1 && len(r.BySetPos) == 0 && days[0] > 28:
		return fmt.Errorf("not every month has a day %d, and Outlook would take the last one instead", days[0])
	}
	return errors.New("a series in Outlook has one day of the month")
}

// relative reads BYDAY: the index-th of some weekdays in the month.
func (p *pattern) relative(r calendar.Rule) error {
	p.kind = models.RELATIVEMONTHLY_RECURRENCEPATTERNTYPE
	if p.month > 0 {
		p.kind = models.RELATIVEYEARLY_RECURRENCEPATTERNTYPE
	}
	pos := 0
	switch {
	case len(r.ByDay) == 1 && r.ByDay[0].N != 0 && len(r.ByMonthDay)+len(r.BySetPos) == 0:
		p.days, pos = []time.Weekday{r.ByDay[0].Day}, r.ByDay[0].N
	case len(r.BySetPos) == 1 && len(r.ByMonthDay) == 0:
		p.days, pos = weekdays(r.ByDay), r.BySetPos[0]
	case len(r.ByDay) == 1 && len(r.BySetPos) == 0: // the Monday from 8 to 14 is the second one
		p.days, pos = weekdays(r.ByDay), weekOf(r.ByMonthDay)
	}
	if p.days == nil || pos == 0 {
		return errors.New("a series in Outlook has one day a month")
	}
	if !slices.Contains([]int{-1, 1, 2, 3, 4}, pos) {
		return fmt.Errorf("in Outlook there are the first to fourth and the last day of a kind in a month, not number %d", pos)
	}
	// Graph's page has an example of two days; Exchange Web Services, below it, know
	// these sets only.
	workdays, weekend := []time.Weekday{1, 2, 3, 4, 5}, []time.Weekday{0, 6}
	if n := len(p.days); n != 1 && n != 7 && !slices.Equal(p.days, workdays) && !slices.Equal(p.days, weekend) {
		return errors.New("in Outlook there are one weekday, working days, weekend days or any day in a month")
	}
	p.index = models.LAST_WEEKINDEX
	if pos > 0 {
		p.index = models.FIRST_WEEKINDEX + models.WeekIndex(pos-1)
	}
	return nil
}

// weekdays are the days of BYDAY from Sunday on; nil if there are none or one
// is numbered.
func weekdays(list []calendar.WeekdayNum) (days []time.Weekday) {
	for _, d := range list {
		if d.N != 0 {
			return nil
		}
		days = append(days, d.Day)
	}
	slices.Sort(days)
	return slices.Compact(days)
}

// weekOf tells which seven days of the month these are: 1 for 1 to 7, -1 for the
// last seven, 0 for any others.
func weekOf(days []int) int {
	if len(days) != 7 || days[6]-days[0] != 6 || days[0] < 0 && days[6] > 0 {
		return 0
	}
	switch {
	case days[0] == -7:
		return -1
	case days[0] > 0 && days[0]%7 == 1:
		return days[0]/7 + 1
	}
	return 0
}

func longestMonth(month int) int {
	return time.Date(2024, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// limit reads COUNT and UNTIL. An end date is that of the last occurrence: the
// rule's UNTIL may be anywhere before the next.
func (p *pattern) limit(w calendar.When, r calendar.Rule) error {
	switch {
	case r.Count > maxCount:
		return fmt.Errorf("a series in Outlook ends after %d meetings at most", maxCount)
	case r.Count > 0:
		p.count = r.Count
	case !r.Until.IsZero():
		o, err := w.Occurrences()
		if err != nil {
			return refusal(err)
		}
		last, ok := o.Last()
		if !ok {
			return errors.New("the series has no meeting before it ends")
		}
		p.end = last.Local[:len(time.DateOnly)]
	}
	return nil
}

// check holds the rest against Exchange's limits.
func (p pattern) check(w calendar.When) error {
	most := maxInterval
	if p.kind == models.DAILY_RECURRENCEPATTERNTYPE {
		most = maxDays
	}
	if p.interval > most {
		return fmt.Errorf("in Outlook there is every %d at most, not every %d", most, p.interval)
	}
	length, err := wallLength(w)
	if err != nil {
		return err
	}
	if length < 0 {
		return fmt.Errorf("the end %q is before the start %q", w.End, w.Start)
	}
	if days := p.closest(); length > time.Duration(days)*24*time.Hour {
		return errors.New("each meeting would last into the next one, which Outlook does not allow")
	}
	return nil
}

// wallLength is the length of an occurrence by the clock of the zone it starts
// in, as Exchange keeps it ([MS-OXOCAL] 2.2.1.44.1, EndTimeOffset).
func wallLength(w calendar.When) (time.Duration, error) {
	end := w.End
	if !w.AllDay() {
		i, err := end.Instant()
		if err != nil {
			return 0, err
		}
		loc, err := calendar.LoadZone(w.Start.Zone)
		if err != nil {
			return 0, err
		}
		end = calendar.At(i, loc)
	}
	from, err1 := time.Parse(wallLayout(w.Start), w.Start.Local)
	to, err2 := time.Parse(wallLayout(end), end.Local)
	return to.Sub(from), errors.Join(err1, err2)
}

func wallLayout(t calendar.Time) string {
	if t.IsDate() {
		return time.DateOnly
	}
	return "2006-01-02T15:04:05"
}

// closest is the fewest days from one occurrence to the next, or fewer.
func (p pattern) closest() int {
	switch p.kind {
	case models.DAILY_RECURRENCEPATTERNTYPE:
		return p.interval
	case models.WEEKLY_RECURRENCEPATTERNTYPE:
		at := make([]int, 0, 8)
		for _, d := range p.days {
			at = append(at, int(d-p.weekStart+7)%7)
		}
		slices.Sort(at)
		at = append(at, at[0]+7*p.interval)
		days := 7 * p.interval
		for i := range at[1:] {
			days = min(days, at[i+1]-at[i])
		}
		return days
	case models.ABSOLUTEMONTHLY_RECURRENCEPATTERNTYPE, models.RELATIVEMONTHLY_RECURRENCEPATTERNTYPE:
		return 26 * p.interval
	}
	return 357 * p.interval
}

// farthest is the most days from one occurrence to the next, or more.
func (p pattern) farthest() int {
	switch p.kind {
	case models.DAILY_RECURRENCEPATTERNTYPE:
		return p.interval
	case models.WEEKLY_RECURRENCEPATTERNTYPE:
		return 7*p.interval + 7
	case models.ABSOLUTEMONTHLY_RECURRENCEPATTERNTYPE, models.RELATIVEMONTHLY_RECURRENCEPATTERNTYPE:
		return 31*p.interval + 8
	}
	return 366*p.interval + 8
}

// fits reports whether the pattern has an occurrence on a date if a period
// begins there.
func (p pattern) fits(date string) bool {
	d, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return false
	}
	if p.month > 0 && int(d.Month()) != p.month {
		return false
	}
	inMonth := time.Date(d.Year(), d.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
	switch p.kind {
	case models.DAILY_RECURRENCEPATTERNTYPE:
		return true
	case models.WEEKLY_RECURRENCEPATTERNTYPE:
		return slices.Contains(p.days, d.Weekday())
	case models.ABSOLUTEMONTHLY_RECURRENCEPATTERNTYPE, models.ABSOLUTEYEARLY_RECURRENCEPATTERNTYPE:
		return d.Day() == min(p.day, inMonth)
	}
	if !slices.Contains(p.days, d.Weekday()) {
		return false
	}
	before, after := 0, 0 // days of the kind in this month
	for i := 1; i <= inMonth; i++ {
		if slices.Contains(p.days, d.AddDate(0, 0, i-d.Day()).Weekday()) {
			if i < d.Day() {
				before++
			} else if i > d.Day() {
				after++
			}
		}
	}
	if p.index == models.LAST_WEEKINDEX {
		return after == 0
	}
	return before == int(p.index-models.FIRST_WEEKINDEX)
}

// overrideFits is Capabilities.Override: why Outlook cannot hold this override of
// that series, "" if it can.
//
// Exchange does not let an occurrence move to or before the day of the previous
// one, nor to or after the day of the next, nor into its time (Graph "Update
// event", ErrorOccurrenceCrossingBoundary); a meeting of a daily series can
// only move within its day. Which days count where a neighbour is itself moved
// or cancelled is not documented: here every neighbour stands where the rule
// has it. Two neighbours that are moved towards each other may still cross; that
// is for the server to refuse.
func overrideFits(w calendar.When, o calendar.Override) string {
	if o.Cancelled {
		return ""
	}
	occurrences, err := w.Occurrences()
	if err != nil {
		return refusal(err).Error()
	}
	if !occurrences.Has(o.Original) {
		return fmt.Sprintf("the series has no meeting on %s", o.Original)
	}
	if !o.Changed.Has(calendar.GroupWhen) {
		return ""
	}
	p, err := patternOf(w)
	if err != nil {
		return err.Error()
	}
	moved := o.Content.When
	if !moved.Recurrence.IsZero() {
		return "one meeting of a series cannot repeat by itself"
	}
	from, err1 := moved.Start.Instant()
	to, err2 := moved.End.Instant()
	at, err3 := o.Original.Instant()
	if err := errors.Join(err1, err2, err3); err != nil {
		return err.Error()
	}
	if moved.Start.IsDate() != moved.End.IsDate() || to.Before(from) {
		return fmt.Sprintf("start %q and end %q do not make a span", moved.Start, moved.End)
	}
	reach := time.Duration(p.farthest()+2) * 24 * time.Hour
	var before calendar.Time
	for t := range occurrences.Between(at.Add(-reach), at) {
		before = t
	}
	day, last := dayIn(w, moved.Start, 0), dayIn(w, moved.End, -time.Second)
	if moved.Start == moved.End {
		last = day
	}
	if !before.IsZero() {
		b := w.At(before)
		if day <= before.Local[:len(time.DateOnly)] || day < dayIn(w, b.End, -time.Second) {
			return "Outlook does not move a meeting of a series to or before the day of the previous one"
		}
		if end, err := b.End.Instant(); err == nil && from.Before(end) && moved.AllDay() == w.AllDay() {
			return "Outlook does not move a meeting of a series into the time of the previous one"
		}
	}
	for next := range occurrences.Between(at.Add(time.Second), at.Add(reach)) {
		if day >= next.Local[:len(time.DateOnly)] {
			return "Outlook does not move a meeting of a series to or after the day of the next one"
		}
		start, err := next.Instant()
		if last > next.Local[:len(time.DateOnly)] || err == nil && to.After(start) && moved.AllDay() == w.AllDay() {
			return "Outlook does not move a meeting of a series into the time of the next one"
		}
		break
	}
	return ""
}

// dayIn is the date of a time, shifted by a little, on the series' own clock.
func dayIn(w calendar.When, t calendar.Time, by time.Duration) string {
	i, err := t.Instant()
	if err != nil {
		return ""
	}
	i = i.Add(by)
	if t.IsDate() {
		return i.Format(time.DateOnly)
	}
	zone := w.Start.Zone
	if w.AllDay() {
		zone = t.Zone
	}
	loc, err := calendar.LoadZone(zone)
	if err != nil {
		loc = time.UTC
	}
	return i.In(loc).Format(time.DateOnly)
}
