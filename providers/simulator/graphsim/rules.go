package graphsim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// This file turns RFC 5545 lines, in which a test describes what a person makes,
// into patterns and back. Only what Exchange can hold exactly is taken; the list
// is that of [MS-OXCICAL] 2.1.3.2.2. It knows nothing of how clients translate.

// rule is an RRULE's parts by name.
type rule map[string]string

// parseLines reads one RRULE and any EXDATE lines. The zone is the series'.
func parseLines(lines []string, e *mailbox.Event) (p pattern, cancelled []int, err error) {
	var rules []string
	for _, line := range lines {
		head, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		name, _, _ := strings.Cut(strings.ToUpper(head), ";")
		switch {
		case !ok:
			return p, nil, fmt.Errorf("%q is no recurrence line", line)
		case name == "RRULE":
			rules = append(rules, strings.ToUpper(value))
		case name == "EXDATE":
			_, zone, _ := strings.Cut(head[len(name):], "TZID=")
			days, err := exDates(value, strings.Trim(zone, `"`), e)
			if err != nil {
				return p, nil, err
			}
			cancelled = append(cancelled, days...)
		default:
			return p, nil, fmt.Errorf("not in Exchange: %s", name)
		}
	}
	if len(rules) != 1 {
		return p, nil, fmt.Errorf("not in Exchange: %d rules", len(rules))
	}
	p, err = parseRule(rules[0], e)
	return p, cancelled, err
}

// exDates are the days of an EXDATE in the zone of the series.
func exDates(value, zone string, e *mailbox.Event) ([]int, error) {
	var out []int
	for text := range strings.SplitSeq(value, ",") {
		day, ok := slotDay(text, e)
		if t, err := time.Parse("20060102T150405", text); err == nil {
			loc, known := location(orElse(zone, orElse(e.Start.Zone, "UTC")))
			if !known {
				return nil, fmt.Errorf("EXDATE: no zone %q", zone)
			}
			day, ok = dayNumber(naive(wall(t, loc, false), e.Start.Zone)), true
		}
		if !ok {
			return nil, fmt.Errorf("EXDATE: %q is no date", text)
		}
		out = append(out, day)
	}
	return out, nil
}

// slotDay is the original date that a slot names: "20060102T150405Z" or "20060102".
func slotDay(slot string, e *mailbox.Event) (int, bool) {
	if t, err := time.Parse("20060102", slot); err == nil {
		return dayNumber(t), true
	}
	t, err := time.Parse("20060102T150405Z", slot)
	if err != nil {
		return 0, false
	}
	return dayNumber(naive(t, orElse(e.Start.Zone, "UTC"))), true
}

var ruleDays = []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}

// parseRule is the pattern of an RRULE for an event; the error says what Exchange
// cannot hold.
func parseRule(text string, e *mailbox.Event) (pattern, error) {
	r := rule{}
	for part := range strings.SplitSeq(strings.TrimSuffix(text, ";"), ";") {
		name, value, ok := strings.Cut(part, "=")
		if !ok || r[name] != "" {
			return pattern{}, fmt.Errorf("RRULE: %q", part)
		}
		r[name] = value
	}
	start := wallOf(e.Start)
	p := pattern{interval: 1, start: dayNumber(start), first: time.Sunday, index: "first", rangeType: "noEnd"}
	if v := r["INTERVAL"]; v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			return p, fmt.Errorf("INTERVAL=%s", v)
		}
		p.interval = n
	}
	if err := r.atStart(start); err != nil {
		return p, err
	}
	byDay, err := r.days()
	if err != nil {
		return p, err
	}
	switch r["FREQ"] {
	case "DAILY":
		err = r.daily(&p, byDay)
	case "WEEKLY":
		err = r.weekly(&p, byDay, start)
	case "MONTHLY":
		err = r.monthly(&p, byDay, start)
	case "YEARLY":
		err = r.yearly(&p, byDay, start)
	default:
		err = fmt.Errorf("not in Exchange: FREQ=%s", r["FREQ"])
	}
	if err != nil {
		return p, err
	}
	if err := r.ends(&p, e, start); err != nil {
		return p, err
	}
	if first, ok := p.firstDay(); ok && first != p.start {
		return p, fmt.Errorf("the start is no occurrence of %s: Exchange would move it", text)
	}
	return p, nil
}

// only refuses all parts but these and those that go with every rule.
func (r rule) only(names ...string) error {
	names = append(names, "FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYHOUR", "BYMINUTE", "BYSECOND")
	for name, value := range r {
		if !slices.Contains(names, name) && !strings.HasPrefix(name, "X-") {
			return fmt.Errorf("not in Exchange: %s=%s with FREQ=%s", name, value, r["FREQ"])
		}
	}
	return nil
}

// atStart: hours and minutes may only repeat those of the start.
func (r rule) atStart(start time.Time) error {
	for name, n := range map[string]int{"BYHOUR": start.Hour(), "BYMINUTE": start.Minute(), "BYSECOND": start.Second()} {
		if v := r[name]; v != "" && v != strconv.Itoa(n) {
			return fmt.Errorf("not in Exchange: %s", name)
		}
	}
	return nil
}

// nthDay is an entry of BYDAY.
type nthDay struct{ n, day int }

func (r rule) days() ([]nthDay, error) {
	if r["BYDAY"] == "" {
		return nil, nil
	}
	var out []nthDay
	for text := range strings.SplitSeq(r["BYDAY"], ",") {
		if len(text) < 2 {
			return nil, fmt.Errorf("BYDAY: %q", text)
		}
		day := slices.Index(ruleDays, text[len(text)-2:])
		n := 0
		if num := text[:len(text)-2]; num != "" {
			var err error
			if n, err = strconv.Atoi(num); err != nil {
				return nil, fmt.Errorf("BYDAY: %q", text)
			}
		}
		if day < 0 {
			return nil, fmt.Errorf("BYDAY: %q", text)
		}
		out = append(out, nthDay{n, day})
	}
	return out, nil
}

func (r rule) daily(p *pattern, byDay []nthDay) error {
	p.kind = "daily"
	if len(byDay) == 0 {
		return r.only()
	}
	if p.interval != 1 {
		return fmt.Errorf("not in Exchange: weekdays with every %d days", p.interval)
	}
	p.kind, p.first = "weekly", time.Monday
	if err := p.plainDays(byDay); err != nil {
		return err
	}
	return r.only("BYDAY")
}

func (p *pattern) plainDays(byDay []nthDay) error {
	for _, d := range byDay {
		if d.n != 0 {
			return fmt.Errorf("numbered weekdays where there is no month")
		}
		p.days[d.day] = true
	}
	return nil
}

func (r rule) weekly(p *pattern, byDay []nthDay, start time.Time) error {
	p.kind, p.first = "weekly", time.Monday
	if v := r["WKST"]; v != "" {
		p.first = time.Weekday(max(0, slices.Index(ruleDays, v)))
	}
	if len(byDay) == 0 {
		byDay = []nthDay{{0, int(start.Weekday())}}
	}
	if err := p.plainDays(byDay); err != nil {
		return err
	}
	return r.only("BYDAY")
}

func (r rule) monthly(p *pattern, byDay []nthDay, start time.Time) error {
	if len(byDay) == 0 {
		p.kind = "absoluteMonthly"
		if err := r.dayOfMonth(p, start.Day(), 28); err != nil {
			return err
		}
		return r.only("BYMONTHDAY", "BYSETPOS")
	}
	if p.interval == 1 && r["BYSETPOS"] == "" && !slices.ContainsFunc(byDay, func(d nthDay) bool { return d.n != 0 }) {
		p.kind, p.first = "weekly", time.Monday // every Monday of every month
		if err := p.plainDays(byDay); err != nil {
			return err
		}
		return r.only("BYDAY")
	}
	p.kind = "relativeMonthly"
	if err := r.nth(p, byDay); err != nil {
		return err
	}
	return r.only("BYDAY", "BYSETPOS")
}

func (r rule) yearly(p *pattern, byDay []nthDay, start time.Time) error {
	p.month = int(start.Month())
	if v := r["BYMONTH"]; v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 12 {
			return fmt.Errorf("not in Exchange: BYMONTH=%s", v)
		}
		p.month = n
	} else if len(byDay) > 0 || r["BYMONTHDAY"] != "" {
		return fmt.Errorf("not in Exchange: %s of the year without its month", orElse(r["BYDAY"], r["BYMONTHDAY"]))
	}
	if len(byDay) > 0 {
		p.kind = "relativeYearly"
		if err := r.nth(p, byDay); err != nil {
			return err
		}
		return r.only("BYMONTH", "BYDAY", "BYSETPOS")
	}
	p.kind = "absoluteYearly"
	if err := r.dayOfMonth(p, start.Day(), daysIn(2023, time.Month(p.month))); err != nil {
		return err
	}
	return r.only("BYMONTH", "BYMONTHDAY", "BYSETPOS")
}

// dayOfMonth takes a day that every such month has, or one of the spellings of
// "this day or the last one": Exchange clamps where RFC 5545 leaves out.
func (r rule) dayOfMonth(p *pattern, day, every int) error {
	switch list, pos := r["BYMONTHDAY"], r["BYSETPOS"]; {
	case pos != "":
		clamped := map[string]int{"28,29": 29, "28,29,30": 30, "28,29,30,31": 31}[list]
		if pos != "-1" || clamped == 0 {
			return fmt.Errorf("not in Exchange: BYMONTHDAY=%s;BYSETPOS=%s", list, pos)
		}
		p.dayOfMonth = min(clamped, daysOfMonth(p))
		return nil
	case list == "-1":
		p.dayOfMonth = daysOfMonth(p)
		return nil
	case list != "":
		n, err := strconv.Atoi(list)
		if err != nil || n < 1 {
			return fmt.Errorf("not in Exchange: BYMONTHDAY=%s", list)
		}
		day = n
	}
	if day > every {
		return fmt.Errorf("not in Exchange: day %d, which it takes as the last day where a month lacks it", day)
	}
	p.dayOfMonth = day
	return nil
}

// daysOfMonth is the highest day that the pattern's month can have.
func daysOfMonth(p *pattern) int {
	if p.month == 0 {
		return 31
	}
	return daysIn(2024, time.Month(p.month))
}

var indexes = map[int]string{1: "first", 2: "second", 3: "third", 4: "fourth", -1: "last"}

// nth takes BYDAY=2MO, and BYDAY=MO,TU;BYSETPOS=2.
func (r rule) nth(p *pattern, byDay []nthDay) error {
	n := byDay[0].n
	if pos := r["BYSETPOS"]; pos != "" && n == 0 {
		var err error
		if n, err = strconv.Atoi(pos); err != nil {
			return fmt.Errorf("not in Exchange: BYSETPOS=%s", pos)
		}
	} else if pos != "" || len(byDay) > 1 {
		return fmt.Errorf("not in Exchange: BYDAY=%s", r["BYDAY"])
	}
	index, ok := indexes[n]
	if !ok {
		return fmt.Errorf("not in Exchange: BYDAY=%s;BYSETPOS=%s", r["BYDAY"], r["BYSETPOS"])
	}
	p.index = index
	for _, d := range byDay {
		if len(byDay) > 1 && d.n != 0 {
			return fmt.Errorf("not in Exchange: BYDAY=%s", r["BYDAY"])
		}
		p.days[d.day] = true
	}
	return nil
}

// ends reads COUNT and UNTIL; the end date is the last local date whose
// occurrence starts in time.
func (r rule) ends(p *pattern, e *mailbox.Event, start time.Time) error {
	switch count, until := r["COUNT"], r["UNTIL"]; {
	case count != "":
		n, err := strconv.Atoi(count)
		if err != nil || n < 1 || n > maxOccurrences {
			return fmt.Errorf("not in Exchange: COUNT=%s", count)
		}
		p.rangeType, p.count = "numbered", n
	case until != "":
		p.rangeType = "endDate"
		if t, err := time.Parse("20060102", until); err == nil {
			p.end = dayNumber(t)
			return nil
		}
		loc, ok := location(orElse(e.Start.Zone, "UTC"))
		if !ok {
			loc = time.UTC
		}
		t, err := time.Parse("20060102T150405Z", until)
		if err != nil {
			if t, err = time.Parse("20060102T150405", until); err != nil {
				return fmt.Errorf("UNTIL=%s", until)
			}
			t = wall(t, loc, false)
		}
		p.end = dayNumber(naive(t, loc.String()))
		if wall(civil(p.end).Add(start.Sub(civil(p.start))), loc, false).After(t) {
			p.end--
		}
	}
	return nil
}

// line writes a pattern as an RRULE.
func (p pattern) line(e *mailbox.Event) string {
	freq := map[string]string{"daily": "DAILY", "weekly": "WEEKLY", "absoluteMonthly": "MONTHLY", "relativeMonthly": "MONTHLY",
		"absoluteYearly": "YEARLY", "relativeYearly": "YEARLY"}[p.kind]
	parts := []string{"FREQ=" + freq}
	add := func(name string, v any) { parts = append(parts, fmt.Sprintf("%s=%v", name, v)) }
	if p.interval > 1 {
		add("INTERVAL", p.interval)
	}
	if p.month > 0 {
		add("BYMONTH", p.month)
	}
	switch leap := p.month == 2 && p.dayOfMonth == 29; {
	case p.dayOfMonth == 0:
	case p.dayOfMonth <= 28 || p.month > 0 && !leap:
		add("BYMONTHDAY", p.dayOfMonth)
	case p.dayOfMonth == 31:
		add("BYMONTHDAY", -1)
	default: // this day, or the last one of a month that lacks it
		add("BYMONTHDAY", "28,29,30"[:3*(p.dayOfMonth-28)+2])
		add("BYSETPOS", -1)
	}
	var days []string
	for d, on := range p.days {
		if on {
			days = append(days, ruleDays[d])
		}
	}
	if len(days) > 0 {
		add("BYDAY", strings.Join(days, ","))
	}
	for n, index := range indexes {
		if strings.HasPrefix(p.kind, "relative") && index == p.index {
			add("BYSETPOS", n)
		}
	}
	if p.kind == "weekly" && p.first != time.Monday {
		add("WKST", ruleDays[p.first])
	}
	switch p.rangeType {
	case "numbered":
		add("COUNT", p.count)
	case "endDate":
		if e.AllDay {
			add("UNTIL", civil(p.end).Format("20060102"))
			break
		}
		loc, ok := location(p.zone)
		if !ok {
			loc = time.UTC
		}
		add("UNTIL", wall(civil(p.end+1).Add(-time.Second), loc, true).UTC().Format("20060102T150405Z"))
	}
	return "RRULE:" + strings.Join(parts, ";")
}
