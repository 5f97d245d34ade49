package calendar

import (
	"slices"
	"strings"
	"time"
)

// CanonicalRules returns the RRULE and RDATE lines of a Recurrence that begins at
// start in one spelling, whichever provider wrote them: lines that generate the
// same occurrences from the same start compare equal, as far as spellings in use
// go. Parts are in a fixed order; what start implies (the weekday of a weekly
// rule, the day of a monthly one, day and month of a yearly one) is written out;
// INTERVAL=1, a WKST and a time of day that change nothing are left out; UNTIL
// is the last occurrence itself, in UTC or as a date; RDATE lines are one line of
// moments in UTC or of dates. Of several ways to say the same, one is taken: the
// first Friday is BYDAY=1FR, every working day is weekly, every twelve months is
// yearly. EXDATE lines are left out: see SplitExdates.
//
// It is idempotent. Errors are those of ParseRule and When.Occurrences.
func CanonicalRules(start Time, rules []string) ([]string, error) {
	set, err := newOccurrenceSet(start, rules)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, g := range set.rules {
		out = append(out, g.canonical().String())
	}
	slices.Sort(out)
	out = slices.Compact(out)
	if len(set.rdates) > 0 {
		out = append(out, rdateLine(set.clock, set.rdates))
	}
	return out, nil
}

func rdateLine(c *clock, dates []slot) string {
	list := make([]string, 0, len(dates))
	for _, d := range dates {
		if c.dates() {
			list = append(list, time.Unix(d.at, 0).UTC().Format("20060102"))
		} else {
			list = append(list, time.Unix(d.at, 0).UTC().Format("20060102T150405Z"))
		}
	}
	name := "RDATE:"
	if c.dates() {
		name = "RDATE;VALUE=DATE:"
	}
	return name + strings.Join(list, ",")
}

// canonical is the rule in its one spelling.
func (g *generator) canonical() Rule {
	r := g.rule
	if !r.Until.IsZero() {
		alone := &occurrenceSet{clock: g.clock, rules: []*generator{g}}
		switch last, ok := lastOf(alone.slots, g.until, g.step()); {
		case g.until >= maxMoment:
			r.Until = Time{} // some programs write "for ever" as the year 9999
		case ok:
			r.Until = g.clock.moment(last.at)
		default:
			r.Until = g.clock.moment(g.until)
		}
	}
	// Each rewriting may make another possible; a chain of four is the longest.
	for range 8 {
		before := r.String()
		r = r.simpler(g.first)
		if r.String() == before {
			break
		}
	}
	r.WeekStart = r.weekStartThatMatters(g.first)
	return r.withoutImpliedClock(g.first, g.clock.dates())
}

// moment is an instant as UNTIL writes it: in UTC, or a date.
func (c *clock) moment(at int64) Time {
	t := time.Unix(at, 0).UTC()
	if c.dates() {
		return Time{Local: t.Format(dateLayout)}
	}
	return Time{Local: t.Format(clockLayout), Zone: "UTC"}
}

// simpler rewrites a filled rule that has a more common spelling, one step at a
// time. Every step keeps the occurrences, in order, from every start that is in
// the first period.
func (r Rule) simpler(first int64) Rule {
	start := time.Unix(first, 0).UTC()
	oneTime := len(r.ByHour) <= 1 && len(r.ByMinute) <= 1 && len(r.BySecond) <= 1 && r.Freq < Hourly
	numbered := slices.ContainsFunc(r.ByDay, func(d WeekdayNum) bool { return d.N != 0 })
	positions := len(r.BySetPos) > 0
	exactDays := len(r.ByMonthDay)+len(r.ByYearDay)+len(r.ByWeekNo) > 0
	allDays := len(r.ByDay) == 7 && !numbered
	inOneMonth := r.Freq == Monthly || r.Freq == Yearly && len(r.ByMonth) == 1

	switch {
	// All months, all hours: no limit.
	case len(r.ByMonth) == 12 && r.Freq != Yearly:
		r.ByMonth = nil
	case len(r.ByHour) == 24 && r.Freq >= Hourly:
		r.ByHour = nil
	case allDays && (r.Freq >= Daily || exactDays && len(r.ByWeekNo) == 0):
		r.ByDay = nil

	// The k-th Friday; the k-th of all days.
	case positions && oneTime && inOneMonth && !exactDays && len(r.ByDay) == 1 && !numbered && within(r.BySetPos, 5):
		day := r.ByDay[0].Day
		r.ByDay = nil
		for _, pos := range r.BySetPos {
			r.ByDay = append(r.ByDay, WeekdayNum{Day: day, N: pos})
		}
		r.BySetPos, r.ByDay = nil, sortedDays(r.ByDay)
	case positions && oneTime && inOneMonth && !exactDays && allDays && within(r.BySetPos, 31):
		r.ByMonthDay, r.ByDay, r.BySetPos = r.BySetPos, nil, nil

	// Every twelve months is every year; a month picked every year is yearly.
	case r.Freq == Monthly && r.Interval%12 == 0 && (len(r.ByMonth) == 0 || slices.Contains(r.ByMonth, int(start.Month()))):
		r.Freq, r.Interval, r.ByMonth = Yearly, r.Interval/12, []int{int(start.Month())}
	case r.Freq == Monthly && r.Interval == 1 && len(r.ByMonth) > 0 && (!positions || len(r.ByMonth) == 1):
		r.Freq = Yearly
	// A day of every month of every year is monthly.
	case r.Freq == Yearly && r.Interval == 1 && !positions && len(r.ByWeekNo)+len(r.ByYearDay) == 0 &&
		(len(r.ByMonth) == 12 || len(r.ByMonth) == 0 && len(r.ByMonthDay) > 0 && !numbered):
		r.Freq, r.ByMonth = Monthly, nil
	case r.Freq == Daily && r.Interval == 1 && !positions && len(r.ByMonthDay) > 0:
		r.Freq = Monthly

	// Every seven days is every week; all days of the week are every day.
	case r.Freq == Daily && r.Interval%7 == 0 && !positions && len(r.ByMonthDay) == 0 && len(r.ByDay) == 0:
		r.Freq, r.Interval, r.ByDay = Weekly, r.Interval/7, []WeekdayNum{{Day: start.Weekday()}}
	case allDays && r.Interval == 1 && !positions && !exactDays:
		r.Freq, r.ByDay = Daily, nil
	case len(r.ByDay) > 0 && !numbered && r.Interval == 1 && !positions && !exactDays && r.Freq != Weekly && r.Freq <= Daily:
		r.Freq = Weekly
	}
	return r
}

func within(list []int, most int) bool {
	return !slices.ContainsFunc(list, func(n int) bool { return n > most || n < -most })
}

// weekStartThatMatters is Monday unless the start of the week changes which days
// occur; then it is the first weekday, from Monday on, that gives the same days.
func (r Rule) weekStartThatMatters(first int64) time.Weekday {
	start := time.Unix(first, 0).UTC().Weekday()
	switch {
	case len(r.ByWeekNo) > 0:
		return r.WeekStart
	case r.Freq != Weekly:
		return time.Monday
	case len(r.BySetPos) > 0:
		return r.WeekStart
	case r.Interval == 1:
		return time.Monday
	}
	// How many days each day of the rule lies from start, within start's week.
	days := func(weekStart time.Weekday) (list []int) {
		for _, d := range r.ByDay {
			list = append(list, int((d.Day-weekStart+7)%7)-int((start-weekStart+7)%7))
		}
		return list
	}
	for i := range time.Weekday(7) {
		if w := (time.Monday + i) % 7; slices.Equal(days(w), days(r.WeekStart)) {
			return w
		}
	}
	return r.WeekStart
}

// withoutImpliedClock leaves out a time of day that is start's own.
func (r Rule) withoutImpliedClock(first int64, dates bool) Rule {
	t := time.Unix(first, 0).UTC()
	if dates || r.Freq < Hourly && slices.Equal(r.ByHour, []int{t.Hour()}) {
		r.ByHour = nil
	}
	if dates || r.Freq < Minutely && slices.Equal(r.ByMinute, []int{t.Minute()}) {
		r.ByMinute = nil
	}
	if dates || r.Freq < Secondly && slices.Equal(r.BySecond, []int{t.Second()}) {
		r.BySecond = nil
	}
	return r
}
