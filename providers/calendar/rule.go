package calendar

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Freq is the period in which a Rule repeats.
type Freq int

// The frequencies of RFC 5545, from the longest period to the shortest.
const (
	Yearly Freq = iota
	Monthly
	Weekly
	Daily
	Hourly
	Minutely
	Secondly
)

var freqNames = [...]string{"YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"}

// String names the frequency as RFC 5545 does: "WEEKLY".
func (f Freq) String() string {
	if f < 0 || int(f) >= len(freqNames) {
		return "Freq(" + strconv.Itoa(int(f)) + ")"
	}
	return freqNames[f]
}

// WeekdayNum is one entry of BYDAY: every Day (N is 0), or the N-th Day of the
// month or year, counted from its end when N is negative.
type WeekdayNum struct {
	Day time.Weekday
	N   int
}

var dayNames = [...]string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}

// String shows the entry as RFC 5545 does: "MO", "2TU", "-1FR".
func (d WeekdayNum) String() string {
	if d.N == 0 {
		return dayNames[d.Day]
	}
	return strconv.Itoa(d.N) + dayNames[d.Day]
}

// Rule is one RRULE (RFC 5545 §3.3.10), as it was written: what it leaves to the
// start of its series is left out here too. A Rule from ParseRule has its lists
// sorted and without duplicates, so that two Rules can be compared.
type Rule struct {
	Freq     Freq
	Interval int // at least 1
	Count    int // 0 if not given
	// Until is the last moment at which an occurrence may start: a date, a
	// moment in UTC (Zone "UTC"), or a floating wall clock of the series' own
	// zone (Zone ""). Zero if the rule has no such end.
	Until Time

	ByMonth    []int // 1 to 12
	ByWeekNo   []int // 1 to 53 and -1 to -53, weeks of ISO 8601 but for WeekStart
	ByYearDay  []int // 1 to 366 and -1 to -366
	ByMonthDay []int // 1 to 31 and -1 to -31
	ByDay      []WeekdayNum
	ByHour     []int // 0 to 23
	ByMinute   []int // 0 to 59
	BySecond   []int // 0 to 59
	BySetPos   []int // 1 to 366 and -1 to -366

	WeekStart time.Weekday // Monday where the rule says none
}

// Limits on a rule. Nothing that a person's calendar program writes comes near
// them; what does is refused before any of it is expanded.
const (
	// maxRuleLength is the longest RRULE line read, in bytes. Every number that
	// BYYEARDAY may list takes 3 100.
	maxRuleLength = 4000
	// maxRuleCount is the highest COUNT: a daily meeting for more than a century.
	// A counted rule is expanded from its start, so this bounds that work.
	maxRuleCount = 50_000
	// maxRuleYears is the longest time between two occurrences: nobody lives to
	// see the second.
	maxRuleYears = 100
	// maxPerDay is how often a rule may repeat in a day: every quarter of an
	// hour. Oftener is a mistake or an attack, unless the rule is plain and ends.
	maxPerDay = 96
)

// invalidRule is the refusal of a recurrence: Kind Invalid, Field "recurrence".
func invalidRule(format string, args ...any) error {
	return &Error{Op: "calendar: read recurrence", Kind: Invalid, Field: "recurrence", Err: fmt.Errorf(format, args...)}
}

// ParseRule reads an RRULE value or line ("FREQ=DAILY" or "RRULE:FREQ=DAILY"). It
// forgives lower case, spaces after commas, a trailing semicolon and X- parts.
// Of RFC 7529 it takes RSCALE=GREGORIAN and SKIP=OMIT, which say nothing new.
//
// A rule that is malformed, outside the limits of RFC 5545 §3.3.10, or endless
// at a pace that no calendar has, is refused with an Error of Kind Invalid and
// Field "recurrence" that names the part. HOURLY is fine, endless too, and so is
// MINUTELY from every quarter of an hour on; what is faster must be a plain rule
// with COUNT or UNTIL. BYSETPOS with BYWEEKNO, on which nobody agrees, is refused.
func ParseRule(s string) (Rule, error) {
	if len(s) > maxRuleLength {
		return Rule{}, invalidRule("RRULE is %d characters long; at most %d are read", len(s), maxRuleLength)
	}
	text := strings.ToUpper(strings.TrimSpace(s))
	text = strings.TrimPrefix(text, "RRULE:")
	r := Rule{Freq: -1, Interval: 1, WeekStart: time.Monday}
	seen := map[string]bool{}
	for part := range strings.SplitSeq(text, ";") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || value == "" {
			return Rule{}, invalidRule("RRULE part %q has no value", short(part))
		}
		if strings.HasPrefix(name, "X-") {
			continue
		}
		if seen[name] {
			return Rule{}, invalidRule("RRULE has two %s parts", short(name))
		}
		seen[name] = true
		if err := r.set(name, value); err != nil {
			return Rule{}, err
		}
	}
	return r, r.check()
}

// set reads one part into r.
func (r *Rule) set(name, value string) (err error) {
	switch name {
	case "FREQ":
		r.Freq = Freq(slices.Index(freqNames[:], value))
		if r.Freq < 0 {
			return invalidRule("FREQ=%s is no frequency", short(value))
		}
	case "INTERVAL":
		r.Interval, err = ruleNumber(name, value)
	case "COUNT":
		r.Count, err = ruleNumber(name, value)
	case "UNTIL":
		r.Until, err = parseUntil(value)
	case "WKST":
		i := slices.Index(dayNames[:], value)
		if i < 0 {
			return invalidRule("WKST=%s is no weekday", short(value))
		}
		r.WeekStart = time.Weekday(i)
	case "BYDAY":
		r.ByDay, err = parseByDay(value)
	case "BYMONTH":
		r.ByMonth, err = ruleList(name, value, 1, 12, false)
	case "BYWEEKNO":
		r.ByWeekNo, err = ruleList(name, value, 1, 53, true)
	case "BYYEARDAY":
		r.ByYearDay, err = ruleList(name, value, 1, 366, true)
	case "BYMONTHDAY":
		r.ByMonthDay, err = ruleList(name, value, 1, 31, true)
	case "BYHOUR":
		r.ByHour, err = ruleList(name, value, 0, 23, false)
	case "BYMINUTE":
		r.ByMinute, err = ruleList(name, value, 0, 59, false)
	case "BYSECOND":
		r.BySecond, err = ruleList(name, value, 0, 60, false)
		if n := len(r.BySecond); n > 0 && r.BySecond[n-1] == 60 {
			// No clock here shows a leap second; RFC 5545 §3.3.12 has it taken as 59.
			r.BySecond[n-1] = 59
			r.BySecond = slices.Compact(r.BySecond)
		}
	case "BYSETPOS":
		r.BySetPos, err = ruleList(name, value, 1, 366, true)
	case "RSCALE": // RFC 7529
		if value != "GREGORIAN" {
			return invalidRule("RSCALE=%s: only the Gregorian calendar is known", short(value))
		}
	case "SKIP": // RFC 7529
		if value != "OMIT" {
			return invalidRule("SKIP=%s: days that a month lacks can only be left out", short(value))
		}
	default:
		return invalidRule("RRULE part %s is not known", short(name))
	}
	return err
}

// check refuses what is no rule, and what would never end.
func (r *Rule) check() error {
	switch {
	case r.Freq < Yearly || r.Freq > Secondly:
		return invalidRule("RRULE has no FREQ")
	case r.Interval < 1:
		return invalidRule("INTERVAL=%d: must be at least 1", r.Interval)
	case r.Interval > r.Freq.longestInterval():
		return invalidRule("INTERVAL=%d: repeats less than once in %d years", r.Interval, maxRuleYears)
	case r.Count < 0 || r.Count > maxRuleCount:
		return invalidRule("COUNT=%d: must be 1 to %d", r.Count, maxRuleCount)
	case r.Count > 0 && !r.Until.IsZero():
		return invalidRule("COUNT and UNTIL exclude each other")
	case len(r.ByWeekNo) > 0 && r.Freq != Yearly:
		return invalidRule("BYWEEKNO goes with FREQ=YEARLY only")
	case len(r.ByYearDay) > 0 && (r.Freq == Monthly || r.Freq == Weekly || r.Freq == Daily):
		return invalidRule("BYYEARDAY does not go with FREQ=%s", r.Freq)
	case len(r.ByMonthDay) > 0 && r.Freq == Weekly:
		return invalidRule("BYMONTHDAY does not go with FREQ=WEEKLY")
	case len(r.ByWeekNo) > 0 && len(r.BySetPos) > 0:
		return invalidRule("BYSETPOS does not go with BYWEEKNO")
	case len(r.ByWeekNo) > 0 && slices.ContainsFunc(r.ByDay, func(d WeekdayNum) bool { return d.N != 0 }):
		return invalidRule("BYDAY with numbers does not go with BYWEEKNO")
	case r.Count == 0 && r.Until.IsZero() && r.perDay() > maxPerDay:
		return invalidRule("FREQ=%s without end repeats more than %d times a day", r.Freq, maxPerDay)
	case max(1, len(r.ByHour))*max(1, len(r.ByMinute))*max(1, len(r.BySecond)) > maxPerDay:
		// The library makes a period's occurrences all at once.
		return invalidRule("BYHOUR, BYMINUTE and BYSECOND name more than %d times of day", maxPerDay)
	case r.Freq > Hourly && r.stepsPerDay() > maxPerDay && r.limited():
		// The library takes every step, also through centuries in which none counts.
		return invalidRule("FREQ=%s;INTERVAL=%d with BY… parts takes more than %d steps a day", r.Freq, r.Interval, maxPerDay)
	}
	return nil
}

const daySeconds = 24 * 60 * 60

// atLeast is the shortest that the period can be, in seconds.
func (f Freq) atLeast() int64 {
	return [...]int64{365 * daySeconds, 28 * daySeconds, 7 * daySeconds, daySeconds, 60 * 60, 60, 1}[f]
}

// longestInterval is how many periods maxRuleYears have.
func (f Freq) longestInterval() int {
	const days = maxRuleYears * 1461 / 4
	return [...]int{maxRuleYears, maxRuleYears * 12, days / 7, days, days * 24, days * 24 * 60, days * daySeconds}[f]
}

// stepsPerDay is the most periods of the rule that begin in one day.
func (r *Rule) stepsPerDay() int {
	if r.Freq <= Daily {
		return 1
	}
	return (int(daySeconds/r.Freq.atLeast())-1)/r.Interval + 1
}

// limited tells whether any BY… part is given.
func (r *Rule) limited() bool {
	return len(r.ByMonth)+len(r.ByWeekNo)+len(r.ByYearDay)+len(r.ByMonthDay)+len(r.ByDay)+
		len(r.ByHour)+len(r.ByMinute)+len(r.BySecond)+len(r.BySetPos) > 0
}

// perDay is the most occurrences that the rule can have in one day.
func (r *Rule) perDay() int {
	atLeastOne := func(list []int) int { return max(1, len(list)) }
	n := r.stepsPerDay()
	if r.Freq < Hourly {
		n *= atLeastOne(r.ByHour)
	} else if len(r.ByHour) > 0 {
		n = min(n, (n*len(r.ByHour)-1)/24+1)
	}
	if r.Freq < Minutely {
		n *= atLeastOne(r.ByMinute)
	}
	if r.Freq < Secondly {
		n *= atLeastOne(r.BySecond)
	}
	return n
}

// String is the rule as an RRULE line in canonical form: parts in a fixed order,
// INTERVAL=1 and WKST=MO left out, lists sorted and without duplicates.
func (r Rule) String() string {
	var b strings.Builder
	b.WriteString("RRULE:FREQ=" + r.Freq.String())
	if r.Interval > 1 {
		fmt.Fprintf(&b, ";INTERVAL=%d", r.Interval)
	}
	if r.Count > 0 {
		fmt.Fprintf(&b, ";COUNT=%d", r.Count)
	}
	if !r.Until.IsZero() {
		b.WriteString(";UNTIL=" + basicForm(r.Until))
	}
	for _, l := range []struct {
		name string
		list []int
	}{{"BYMONTH", r.ByMonth}, {"BYWEEKNO", r.ByWeekNo}, {"BYYEARDAY", r.ByYearDay}, {"BYMONTHDAY", r.ByMonthDay}} {
		writeList(&b, l.name, l.list)
	}
	if len(r.ByDay) > 0 {
		var days []string
		for _, d := range sortedDays(r.ByDay) {
			days = append(days, d.String())
		}
		b.WriteString(";BYDAY=" + strings.Join(days, ","))
	}
	for _, l := range []struct {
		name string
		list []int
	}{{"BYHOUR", r.ByHour}, {"BYMINUTE", r.ByMinute}, {"BYSECOND", r.BySecond}, {"BYSETPOS", r.BySetPos}} {
		writeList(&b, l.name, l.list)
	}
	if r.WeekStart != time.Monday {
		b.WriteString(";WKST=" + dayNames[r.WeekStart])
	}
	return b.String()
}

func writeList(b *strings.Builder, name string, list []int) {
	for i, n := range sortedSet(list) {
		if i == 0 {
			b.WriteString(";" + name + "=")
		} else {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(n))
	}
}

func sortedSet(list []int) []int {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// sortedDays orders by number, then from Monday to Sunday.
func sortedDays(list []WeekdayNum) []WeekdayNum {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b WeekdayNum) int {
		return cmp.Or(cmp.Compare(a.N, b.N), cmp.Compare((a.Day+6)%7, (b.Day+6)%7))
	})
	return slices.Compact(list)
}

// ruleNumber reads a positive number of at most nine digits.
func ruleNumber(name, value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || len(value) > 9 {
		return 0, invalidRule("%s=%s is not a number that can be used", name, short(value))
	}
	if n < 1 {
		return 0, invalidRule("%s=%d: must be at least 1", name, n)
	}
	return n, nil
}

// ruleList reads numbers from low to high and, where counting from the end makes
// sense, from -low to -high.
func ruleList(name, value string, low, high int, negative bool) ([]int, error) {
	var list []int
	for item := range strings.SplitSeq(value, ",") {
		item = strings.TrimSpace(item)
		n, err := strconv.Atoi(item)
		if err != nil || len(item) > 4 {
			return nil, invalidRule("%s: %q is not a number", name, short(item))
		}
		if size := max(n, -n); size < low || size > high || n < 0 && !negative {
			return nil, invalidRule("%s: %d is out of range", name, n)
		}
		list = append(list, n)
	}
	return sortedSet(list), nil
}

func parseByDay(value string) ([]WeekdayNum, error) {
	var list []WeekdayNum
	for item := range strings.SplitSeq(value, ",") {
		item = strings.TrimSpace(item)
		if len(item) < 2 || len(item) > 5 {
			return nil, invalidRule("BYDAY: %q is no weekday", short(item))
		}
		number, name := item[:len(item)-2], item[len(item)-2:]
		day := slices.Index(dayNames[:], name)
		if day < 0 {
			return nil, invalidRule("BYDAY: %q is no weekday", item)
		}
		d := WeekdayNum{Day: time.Weekday(day)}
		if number != "" {
			n, err := strconv.Atoi(number)
			if err != nil || n == 0 || n < -53 || n > 53 {
				return nil, invalidRule("BYDAY: %q is out of range", item)
			}
			d.N = n
		}
		list = append(list, d)
	}
	return sortedDays(list), nil
}

// short keeps what a refusal quotes readable.
func short(s string) string {
	if len(s) > 24 {
		return strings.ToValidUTF8(s[:24], "") + "…"
	}
	return s
}
