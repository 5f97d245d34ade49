package calendar

import (
	"cmp"
	"iter"
	"math"
	"slices"
)

// occurrenceSet is a series: the union of its rules and RDATEs, and what EXDATEs
// take away.
type occurrenceSet struct {
	clock   *clock
	rules   []*generator
	rdates  []slot
	fixed   []slot // RDATEs, and start where there is no rule; in order
	exdates map[int64]bool
}

func newOccurrenceSet(start Time, rules []string) (*occurrenceSet, error) {
	c, err := newClock(start)
	if err != nil {
		return nil, err
	}
	lines, err := readLines(c, start, rules)
	if err != nil {
		return nil, err
	}
	s := &occurrenceSet{clock: c, rdates: lines.rdates, fixed: lines.rdates, exdates: map[int64]bool{}}
	for _, r := range lines.rules {
		g, err := newGenerator(r, c, start)
		if err != nil {
			return nil, err
		}
		s.rules = append(s.rules, g)
	}
	if len(s.rules) == 0 {
		at, err := start.Instant()
		if err != nil {
			return nil, invalidRule("start: %w", err)
		}
		s.fixed = sortedSlots(append(slices.Clone(s.fixed), c.again().read(at.Unix())))
	}
	for _, x := range lines.exdates {
		s.exdates[x.at] = true
	}
	return s, nil
}

// moment is the instant of t, if t is of the series' kind.
func (s *occurrenceSet) moment(t Time) (int64, bool) {
	if t.IsZero() || t.IsDate() != s.clock.dates() {
		return 0, false
	}
	if t.Zone == s.clock.zone && !t.Later {
		wall, err := t.wall()
		return s.clock.again().at(wall).at, err == nil
	}
	at, err := t.Instant()
	return at.Unix(), err == nil
}

// slots gives what the rules and RDATEs generate from one instant to before
// another, in order, each once, EXDATEs included.
func (s *occurrenceSet) slots(from, to int64) iter.Seq[slot] {
	return func(yield func(slot) bool) {
		for x := range s.merged(from) {
			if x.at >= to {
				return
			}
			if x.at >= from && !yield(x) {
				return
			}
		}
	}
}

func (s *occurrenceSet) merged(from int64) iter.Seq[slot] {
	var sources []iter.Seq[slot]
	if len(s.fixed) > 0 {
		sources = append(sources, slices.Values(s.fixed))
	}
	for _, g := range s.rules {
		sources = append(sources, g.from(from))
	}
	if len(sources) == 1 {
		return sources[0]
	}
	return func(yield func(slot) bool) {
		type head struct {
			slot
			next func() (slot, bool)
		}
		var heads []head
		for _, source := range sources {
			next, stop := iter.Pull(source)
			defer stop()
			if x, ok := next(); ok {
				heads = append(heads, head{x, next})
			}
		}
		last := int64(math.MinInt64)
		for len(heads) > 0 {
			first := slices.MinFunc(heads, func(a, b head) int { return cmp.Compare(a.at, b.at) })
			if first.at != last && !yield(first.slot) {
				return
			}
			last = first.at
			for i := range heads {
				if heads[i].at == last {
					x, ok := heads[i].next()
					if !ok {
						heads = slices.Delete(heads, i, i+1)
					} else {
						heads[i].slot = x
					}
					break
				}
			}
		}
	}
}

// times gives the slots that no EXDATE takes away, as Times.
func (o *Occurrences) times(from, to int64) iter.Seq[Time] {
	return func(yield func(Time) bool) {
		for x := range o.set.kept(from, to) {
			if !yield(o.set.clock.time(x)) {
				return
			}
		}
	}
}

func (s *occurrenceSet) kept(from, to int64) iter.Seq[slot] {
	return func(yield func(slot) bool) {
		for x := range s.slots(from, to) {
			if !s.exdates[x.at] && !yield(x) {
				return
			}
		}
	}
}

func (s *occurrenceSet) last() (Time, bool) {
	end, step := int64(minMoment), int64(daySeconds)
	if n := len(s.fixed); n > 0 {
		end = s.fixed[n-1].at
	}
	for _, g := range s.rules {
		e, ok := g.end()
		if !ok {
			return Time{}, false
		}
		end, step = max(end, e), max(step, g.step())
	}
	x, ok := lastOf(s.kept, end, step)
	if !ok {
		return Time{}, false
	}
	return s.clock.time(x), true
}

// lastOf finds the last slot at or before end, looking back over ever longer
// stretches, the first a few steps long.
func lastOf(slots func(from, to int64) iter.Seq[slot], end, step int64) (found slot, ok bool) {
	end = min(end, maxMoment)
	to := end + 1
	for span := 4 * step; !ok && to > minMoment; span *= 16 {
		from := end - span
		if span > maxMoment {
			from = minMoment
		}
		for x := range slots(from, to) {
			found, ok = x, true
		}
		to = from
	}
	return found, ok
}

// end is an instant after which the rule has no occurrence; false if it goes on.
func (g *generator) end() (int64, bool) {
	switch {
	case g.counted != nil:
		list := g.counted()
		if len(list) == 0 {
			return minMoment, true
		}
		return list[len(list)-1].at, true
	case g.empty:
		return min(g.start.at, g.until), true
	default:
		return g.until, g.until < maxMoment
	}
}

// step is about how long it takes from one occurrence to the next, in seconds.
func (g *generator) step() int64 { return g.rule.Freq.atLeast() * int64(g.rule.Interval) }
