package calendar

import (
	"slices"
	"time"

	"github.com/teambition/rrule-go"
)

// filled is the rule with what RFC 5545 §3.3.10 takes from the series' start
// (first, a wall clock as if UTC) written out, and what means nothing left out.
func (r Rule) filled(first int64, dates bool) Rule {
	t := time.Unix(first, 0).UTC()
	r.Interval = max(1, r.Interval)
	r.ByDay = sortedDays(r.ByDay)
	if r.Freq > Monthly {
		// A number means nothing here (RFC 2445 §4.3.10); RFC 5545 forbids it.
		for i := range r.ByDay {
			r.ByDay[i].N = 0
		}
		r.ByDay = sortedDays(r.ByDay)
	}
	// "Every Monday" has the third Monday in it.
	r.ByDay = slices.DeleteFunc(r.ByDay, func(d WeekdayNum) bool {
		return d.N != 0 && slices.Contains(r.ByDay, WeekdayNum{Day: d.Day})
	})
	if len(r.ByDay) == 0 && len(r.ByMonthDay) == 0 && len(r.ByYearDay) == 0 {
		switch {
		case len(r.ByWeekNo) > 0 || r.Freq == Weekly:
			r.ByDay = []WeekdayNum{{Day: t.Weekday()}}
		case r.Freq == Yearly:
			if len(r.ByMonth) == 0 {
				r.ByMonth = []int{int(t.Month())}
			}
			r.ByMonthDay = []int{t.Day()}
		case r.Freq == Monthly:
			r.ByMonthDay = []int{t.Day()}
		}
	}
	if dates {
		// RFC 5545 §3.3.10: ignored where DTSTART is a date.
		r.ByHour, r.ByMinute, r.BySecond = nil, nil, nil
	}
	if len(r.ByHour) == 0 && r.Freq < Hourly {
		r.ByHour = []int{t.Hour()}
	}
	if len(r.ByMinute) == 0 && r.Freq < Minutely {
		r.ByMinute = []int{t.Minute()}
	}
	if len(r.BySecond) == 0 && r.Freq < Secondly {
		r.BySecond = []int{t.Second()}
	}
	return r
}

// libraryOption is a filled rule as rrule-go reads it rightly, without start and
// end; empty if the rule can match nothing, on which the library may panic or
// run for ever.
func (r Rule) libraryOption(first int64) (o rrule.ROption, empty bool) {
	weekdays := [...]rrule.Weekday{rrule.SU, rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA}
	o = rrule.ROption{
		Freq:       [...]rrule.Frequency{rrule.YEARLY, rrule.MONTHLY, rrule.WEEKLY, rrule.DAILY, rrule.HOURLY, rrule.MINUTELY, rrule.SECONDLY}[r.Freq],
		Interval:   r.Interval,
		Wkst:       weekdays[r.WeekStart],
		Bymonth:    r.ByMonth,
		Bymonthday: r.ByMonthDay,
		Byyearday:  r.ByYearDay,
		Byhour:     r.ByHour,
		Byminute:   r.ByMinute,
		Bysecond:   r.BySecond,
	}
	if len(r.ByWeekNo) > 0 {
		o.Interval = 1 // generator.inWeek counts years of weeks
	}
	days := r.explicitDays()
	for _, d := range days {
		o.Byweekday = append(o.Byweekday, weekdays[d.Day].Nth(d.N))
	}
	largest := r.largestSet()
	for _, pos := range r.BySetPos {
		if max(pos, -pos) <= largest {
			o.Bysetpos = append(o.Bysetpos, pos)
		}
	}
	empty = len(days) == 0 && len(r.ByDay) > 0 ||
		len(o.Bysetpos) == 0 && len(r.BySetPos) > 0 ||
		!r.hasDay() || !r.meetsClock(first)
	return o, empty
}

// explicitDays is BYDAY in which either every entry has a number or none has. The
// library takes "3MO,WE" for Wednesdays that are a third Monday. Numbers that no
// month or year reaches are left out: the library reads past its tables.
func (r Rule) explicitDays() []WeekdayNum {
	most := 5
	if r.Freq == Yearly && len(r.ByMonth) == 0 {
		most = 53
	}
	numbered := slices.ContainsFunc(r.ByDay, func(d WeekdayNum) bool { return d.N != 0 })
	var days []WeekdayNum
	for _, d := range r.ByDay {
		switch {
		case d.N == 0 && numbered:
			for n := range most {
				days = append(days, WeekdayNum{d.Day, n + 1})
			}
		case d.N >= -most && d.N <= most:
			days = append(days, d)
		}
	}
	return days
}

// largestSet is the most occurrences that one period can have before BYSETPOS
// picks from them.
func (r Rule) largestSet() int {
	n := [...]int{366, 31, 7, 1, 1, 1, 1}[r.Freq]
	if r.Freq < Hourly {
		n *= len(r.ByHour)
	}
	if r.Freq < Minutely {
		n *= len(r.ByMinute)
	}
	if r.Freq < Secondly {
		n *= len(r.BySecond)
	}
	return n
}

// hasDay is false for a rule of days that no month has: the 30th of February.
func (r Rule) hasDay() bool {
	if len(r.ByMonth) == 0 || len(r.ByMonthDay) == 0 {
		return true
	}
	for _, m := range r.ByMonth {
		longest := time.Date(2000, time.Month(m)+1, 0, 0, 0, 0, 0, time.UTC).Day()
		for _, d := range r.ByMonthDay {
			if max(d, -d) <= longest {
				return true
			}
		}
	}
	return false
}

// meetsClock tells whether steps of less than a day, taken from first, ever meet
// a time of day that the rule allows. Otherwise the library never returns.
func (r Rule) meetsClock(first int64) bool {
	if r.Freq < Hourly {
		return true
	}
	unit := r.Freq.atLeast()
	perDay := daySeconds / unit
	step := gcd(int64(r.Interval), perDay)
	any := func(list []int, n int64) bool { return len(list) == 0 || slices.Contains(list, int(n)) }
	for n := floorDiv(first, unit) % step; n < perDay; n += step {
		s := n * unit
		if n >= 0 && any(r.ByHour, s/3600) && (r.Freq < Minutely || any(r.ByMinute, s/60%60)) &&
			(r.Freq < Secondly || any(r.BySecond, s%60)) {
			return true
		}
	}
	return false
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
