package graphsim

import (
	"iter"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// occurrences gives the days of a pattern at or after from, in order, before any
// is moved or deleted. Without a number of occurrences it costs the same however
// long ago the series began. Written anew here, as a second opinion on the
// recurrence that clients use.
func (p pattern) occurrences(from int) iter.Seq[int] {
	return func(yield func(int) bool) {
		end := lastDay
		if p.rangeType == "endDate" {
			end = p.end
		}
		period, n := 0, 0
		if p.count == 0 && from > p.start {
			period = p.periodOf(from)
		}
		for ; ; period++ {
			days, beyond := p.inPeriod(period)
			if beyond {
				return
			}
			for _, day := range days {
				if day < p.start {
					continue
				}
				if n++; day > end || p.count > 0 && n > p.count {
					return
				}
				if day >= from && !yield(day) {
					return
				}
			}
		}
	}
}

// firstDay is the first occurrence's day; false if the range holds none.
func (p pattern) firstDay() (int, bool) {
	for day := range p.occurrences(p.start) {
		return day, true
	}
	return 0, false
}

// periodOf is a period that begins at or before the day, and close to it.
func (p pattern) periodOf(day int) int {
	a, b := civil(p.start), civil(day)
	months := (b.Year()-a.Year())*12 + int(b.Month()) - int(a.Month())
	n := 0
	switch p.kind {
	case "daily":
		n = (day - p.start) / p.interval
	case "weekly":
		n = (day - p.weekStart()) / (7 * p.interval)
	case "absoluteMonthly", "relativeMonthly":
		n = months / p.interval
	default:
		n = (b.Year() - a.Year()) / p.interval
	}
	return max(0, n)
}

// weekStart is the first day of the week in which the series starts.
func (p pattern) weekStart() int {
	return p.start - int(civil(p.start).Weekday()-p.first+7)%7
}

// inPeriod lists the days of the n-th day, week, month or year, in order. The
// first ones may lie before the start. Beyond is past the end of the calendar.
func (p pattern) inPeriod(n int) (days []int, beyond bool) {
	step := n * p.interval
	if step > lastDay+800_000 { // in days, weeks, months or years: past all of them
		return nil, true
	}
	switch p.kind {
	case "daily":
		return []int{p.start + step}, p.start+step > lastDay
	case "weekly":
		week := p.weekStart() + 7*step
		for i := range 7 {
			if p.days[(int(p.first)+i)%7] {
				days = append(days, week+i)
			}
		}
		return days, week > lastDay
	}
	at := civil(p.start)
	year, month := at.Year(), int(at.Month())-1+step
	if p.kind == "absoluteYearly" || p.kind == "relativeYearly" {
		year, month = at.Year()+step, p.month-1
	}
	year, month = year+month/12, month%12
	if year > 4500 {
		return nil, true
	}
	return []int{p.inMonth(year, time.Month(month+1))}, false
}

// inMonth is the one day of a month. A day that the month lacks means its last
// one (Exchange Web Services, "DayOfMonth").
func (p pattern) inMonth(year int, month time.Month) int {
	n := daysIn(year, month)
	first := dayNumber(time.Date(year, month, 1, 0, 0, 0, 0, time.UTC))
	if p.dayOfMonth > 0 {
		return first + min(p.dayOfMonth, n) - 1
	}
	weekday := int(civil(first).Weekday())
	var among []int
	for i := range n {
		if p.days[(weekday+i)%7] {
			among = append(among, first+i)
		}
	}
	switch p.index {
	case "second":
		return among[1]
	case "third":
		return among[2]
	case "fourth":
		return among[3]
	case "last":
		return among[len(among)-1]
	}
	return among[0]
}

func daysIn(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

const daySeconds = 24 * 60 * 60

func civil(day int) time.Time { return time.Unix(int64(day)*daySeconds, 0).UTC() }

// dayNumber is the day on which t is, by its own clock.
func dayNumber(t time.Time) int {
	y, m, d := t.Date()
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / daySeconds)
}

func dayText(day int) string { return civil(day).Format(time.DateOnly) }

func parseDay(v any) (int, bool) {
	text, _ := v.(string)
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || text == zeroDate {
		return 0, false
	}
	return dayNumber(t), true
}

// wallOf is the moment's reading, as if it were in UTC.
func wallOf(m mailbox.Moment) time.Time {
	if m.Date != "" {
		t, err := time.Parse(time.DateOnly, m.Date)
		if err == nil {
			return t
		}
	}
	if t, err := time.Parse(wallLayout, m.Local); err == nil {
		return t
	}
	return naive(instant(m), m.Zone)
}

// naive is the reading of an instant in a zone, as if it were in UTC.
func naive(t time.Time, zone string) time.Time {
	loc, ok := location(zone)
	if !ok {
		loc = time.UTC
	}
	t = t.In(loc)
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

func dayOf(m mailbox.Moment) int { return dayNumber(wallOf(m)) }

// shiftDays moves a moment by whole days of its own clock.
func shiftDays(m mailbox.Moment, days int) mailbox.Moment {
	if days == 0 {
		return m
	}
	return momentAt(wallOf(m).AddDate(0, 0, days), m, false)
}

// momentAt is the moment like another one at which the clock shows t.
func momentAt(t time.Time, like mailbox.Moment, later bool) mailbox.Moment {
	loc, ok := location(like.Zone)
	if !ok {
		loc = time.UTC
	}
	out := mailbox.Moment{Zone: like.Zone, UTC: wall(t, loc, later).UTC()}
	if like.Date != "" {
		out.Date = t.Format(time.DateOnly)
	} else {
		out.Local = t.Format(wallLayout)
	}
	return out
}

// wallSpan is the length of an event by the clock of the zone it starts in: what
// Exchange keeps of the end of a series ([MS-OXOCAL] 2.2.1.44.1, EndTimeOffset).
func wallSpan(e *mailbox.Event) time.Duration {
	if e.AllDay || e.Start.Zone == e.End.Zone {
		return wallOf(e.End).Sub(wallOf(e.Start))
	}
	return naive(instant(e.End), e.Start.Zone).Sub(wallOf(e.Start))
}
