package calendar

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/teambition/rrule-go"
)

// generator gives the slots of one rule. It is the only user of rrule-go, which
// is asked for one thing: the wall clocks of a rule as if they were UTC, from the
// start of a period on, without COUNT and UNTIL. Start, COUNT, UNTIL, zones and
// week numbers are done here, because the library goes wrong on them wherever
// the zone's offset changes, in the first partial week (BYSETPOS), and around
// the turn of the year (BYWEEKNO).
type generator struct {
	rule  Rule // with what start implies filled in
	clock *clock
	first int64 // the wall clock of the series' start, as written
	start slot
	gap   bool  // first lies in a gap
	until int64 // last instant at which an occurrence may start

	option rrule.ROption
	empty  bool // the rule yields nothing but start

	counted func() []slot // with COUNT: all slots, expanded once
	barren  func() bool   // like empty, but found out by looking, once
}

func newGenerator(r Rule, c *clock, start Time) (*generator, error) {
	if c.dates() && r.Freq > Daily {
		return nil, invalidRule("FREQ=%s does not go with an all-day event", r.Freq)
	}
	first, err := start.wall()
	if err != nil {
		return nil, invalidRule("start: %w", err)
	}
	g := &generator{rule: r.filled(first, c.dates()), clock: c, first: first, until: math.MaxInt64}
	g.start, g.gap = c.again().resolve(first)
	if start.Later {
		at, err := start.Instant()
		if err != nil {
			return nil, invalidRule("start: %w", err)
		}
		g.start = c.again().read(at.Unix())
	}
	if g.until, err = r.lastMoment(c); err != nil {
		return nil, err
	}
	if days := (g.until-g.start.at)/daySeconds + 1; !r.Until.IsZero() &&
		r.perDay() > maxPerDay && days > int64(maxRuleCount/r.perDay()) {
		return nil, invalidRule("FREQ=%s until %s is more than %d occurrences", r.Freq, r.Until, maxRuleCount)
	}
	g.option, g.empty = g.rule.libraryOption(first)
	g.barren = sync.OnceValue(func() bool {
		_, found := g.search(0, g.first, func(int64) bool { return false })
		return !found
	})
	if r.Count > 0 {
		g.counted = sync.OnceValue(func() []slot { return slices.Collect(g.run(minMoment)) })
	}
	return g, nil
}

// lastMoment is UNTIL as an instant: a date counts to the end of that day, a
// floating time is read, in the series' zone.
func (r Rule) lastMoment(c *clock) (int64, error) {
	if r.Until.IsZero() {
		return math.MaxInt64, nil
	}
	wall, err := r.Until.wall()
	switch {
	case err != nil:
		return 0, invalidRule("UNTIL: %w", err)
	case c.dates() || r.Until.Zone == "UTC":
		return wall, nil
	case r.Until.IsDate():
		return c.again().at(wall+daySeconds).at - 1, nil
	default:
		return c.again().at(wall).at, nil
	}
}

// from gives the slots that start at or after the instant from, in order.
func (g *generator) from(from int64) iter.Seq[slot] {
	if g.counted == nil {
		return g.run(from)
	}
	list := g.counted()
	i, _ := slices.BinarySearchFunc(list, from, func(s slot, from int64) int { return cmp.Compare(s.at, from) })
	return slices.Values(list[i:])
}

// run turns wall clocks into slots, in the order of their instants: one that a
// gap moves forward may land among or after those that follow it.
func (g *generator) run(from int64) iter.Seq[slot] {
	return func(yield func(slot) bool) {
		c := g.clock.again()
		var moved []slot // over a gap, waiting for their place
		last := from - 1
		emit := func(s slot) bool {
			if s.at <= last || s.at > g.until {
				return true
			}
			last = s.at
			return yield(s)
		}
		release := func(upTo int64) bool {
			for len(moved) > 0 && moved[0].at <= upTo {
				s := moved[0]
				moved = moved[1:]
				if !emit(s) {
					return false
				}
			}
			return true
		}
		n := 0
		for wall := range g.walls(c, from) {
			if n++; g.rule.Count > 0 && n > g.rule.Count {
				break
			}
			s, gap := g.start, g.gap
			if wall != g.first {
				s, gap = c.resolve(wall)
			}
			switch {
			case s.at < g.start.at: // start is the second of two readings, this the first
			case gap:
				// No gap is longer than the day that Samoa left out in 2011.
				if !release(s.at - 2*daySeconds) {
					return
				}
				moved = append(moved, s)
			default:
				if !release(s.at) || !emit(s) {
					return
				}
			}
			if s.at-2*daySeconds > g.until {
				break
			}
		}
		release(maxMoment)
	}
}

// The Gregorian calendar repeats itself, weekdays included, every 400 years.
const (
	cycleYears   = 400
	cycleSeconds = 146_097 * daySeconds
)

// walls gives the rule's wall clocks in order: start first, then what the library
// finds from the period on in which from lies.
//
// The library looks for the next occurrence until the year 9999, which takes up
// to half a second where there is none. So it is shown the same calendar some
// cycles later, between the years 9200 and 9999: what does not happen in 400
// years never does. Where it comes to its end it is asked again.
func (g *generator) walls(c *clock, from int64) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		last := g.first - 1
		if from <= g.start.at {
			if !yield(g.first) {
				return
			}
			last = g.first
		} else {
			// Two days are more than any offset and any gap.
			last = max(last, from+c.offsetOrZero(from)-2*daySeconds)
		}
		if g.empty || from > g.start.at && g.barren() {
			return
		}
		for period := g.periodOf(max(g.first, last)); ; {
			end, found := g.search(period, last, func(wall int64) bool {
				last = wall
				return yield(wall)
			})
			if !found || end >= maxMoment {
				return
			}
			period = g.periodOf(end)
		}
	}
}

// search has the library look from a period on for wall clocks after one; it
// returns where it came to the end of its calendar, maxMoment if it was stopped or
// the year 4500 is over, and whether there was any.
func (g *generator) search(period, after int64, yield func(wall int64) bool) (end int64, found bool) {
	begin := g.periodStart(period)
	shift := int64((9599-time.Unix(begin, 0).UTC().Year())/cycleYears) * cycleSeconds
	option := g.option
	option.Dtstart = time.Unix(begin+shift, 0).UTC()
	option.Until = libraryEnd
	library, err := rrule.NewRRule(option)
	if err != nil {
		return maxMoment, false // cannot be: ParseRule checks all that the library checks
	}
	next := library.Iterator()
	for t, ok := next(); ok; t, ok = next() {
		wall := t.Unix() - shift
		if wall <= after || len(g.rule.ByWeekNo) > 0 && !g.inWeek(wall) {
			continue
		}
		if wall >= maxMoment {
			return maxMoment, found
		}
		found = true
		if !yield(wall) {
			return maxMoment, true
		}
	}
	return libraryEnd.Unix() - shift, found
}

var libraryEnd = time.Date(9999, time.December, 31, 23, 59, 59, 0, time.UTC)

// periodOf is the number of the last period of the rule that begins at or before
// wall; the first, in which the series starts, is 0.
func (g *generator) periodOf(wall int64) int64 {
	interval := int64(g.option.Interval)
	a, b := time.Unix(g.first, 0).UTC(), time.Unix(wall, 0).UTC()
	switch g.rule.Freq {
	case Yearly:
		return int64(b.Year()-a.Year()) / interval
	case Monthly:
		return int64((b.Year()-a.Year())*12+int(b.Month())-int(a.Month())) / interval
	}
	return (wall - g.periodStart(0)) / g.rule.Freq.atLeast() / interval
}

// periodStart is the wall clock at which the n-th period begins.
func (g *generator) periodStart(n int64) int64 {
	n *= int64(g.option.Interval)
	t := time.Unix(g.first, 0).UTC()
	switch g.rule.Freq {
	case Yearly:
		return time.Date(t.Year()+int(n), time.January, 1, 0, 0, 0, 0, time.UTC).Unix()
	case Monthly:
		return time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC).Unix()
	case Weekly:
		days := int64(t.Weekday()-g.rule.WeekStart+7) % 7
		return floorDay(g.first) + (n*7-days)*daySeconds
	}
	unit := g.rule.Freq.atLeast()
	return (floorDiv(g.first, unit) + n) * unit
}

// inWeek tells whether the day of wall is in one of BYWEEKNO's weeks of one of
// the rule's years. A week belongs to the year that has most of its days, which
// need not be the year of each of them (RFC 5545 §3.3.10).
func (g *generator) inWeek(wall int64) bool {
	year, week := weekOf(wall, g.rule.WeekStart)
	first, _ := weekOf(g.first, g.rule.WeekStart)
	if year < first || (year-first)%g.rule.Interval != 0 {
		return false
	}
	// The 28th of December is in the last week of its year.
	_, weeks := weekOf(time.Date(year, time.December, 28, 0, 0, 0, 0, time.UTC).Unix(), g.rule.WeekStart)
	return slices.Contains(g.rule.ByWeekNo, week) || slices.Contains(g.rule.ByWeekNo, week-weeks-1)
}

func weekOf(wall int64, start time.Weekday) (year, week int) {
	t := time.Unix(wall, 0).UTC()
	middle := t.AddDate(0, 0, 3-int(t.Weekday()-start+7)%7)
	return middle.Year(), (middle.YearDay()-1)/7 + 1
}

func (c *clock) offsetOrZero(at int64) int64 {
	if c.dates() {
		return 0
	}
	return c.offset(at)
}
