package pages

import (
	"cmp"
	"slices"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
)

const (
	// mostLanes is how many meetings stand side by side in a day; more could not be read.
	mostLanes = 3
	// mostBars is how many rows of all-day meetings are drawn.
	mostBars = 3
	// shortest is as tall as a meeting is drawn at least, in hours.
	shortest = 0.6
	// The hours that are drawn in any case: a working day.
	firstHour, lastHour = 8, 18
)

// weekBlock is what is drawn in one place: a meeting, or several for which there is no
// room (rest).
type weekBlock struct {
	entry int
	rest  []int // of several: their entries
	day   int
	last  int     // of a bar: its last day
	row   int     // of a bar
	from  float64 // hours on the day's wall clock
	to    float64
	lane  int
	lanes int
}

// weekPlan is a week as it is drawn.
type weekPlan struct {
	blocks, bars []weekBlock
	rows         int // of bars
	from, to     int // hours
}

// planWeek places meetings in the days from start on, which is a midnight. Meetings that
// overlap stand side by side; those that last a day or longer are bars.
func planWeek(entries []control.AgendaEntry, start time.Time, days int) weekPlan {
	p := weekPlan{from: firstHour, to: lastHour}
	perDay := make([][]weekBlock, days)
	var bars []weekBlock
	for i, e := range entries {
		from, to, allDay := span(e, start.Location())
		if to.Before(from) {
			continue
		}
		if allDay || to.Sub(from) >= 24*time.Hour {
			if first, last := dayOf(from, start), dayOf(to.Add(-time.Nanosecond), start); last >= 0 && first < days {
				bars = append(bars, weekBlock{entry: i, day: max(first, 0), last: min(max(last, first), days-1)})
			}
			continue
		}
		for d := max(dayOf(from, start), 0); d < days; d++ {
			begin, end := start.AddDate(0, 0, d), start.AddDate(0, 0, d+1)
			if !to.After(begin) && !from.Equal(begin) {
				break
			}
			b := weekBlock{entry: i, day: d, to: 24}
			if from.After(begin) {
				b.from = hourOf(from)
			}
			if to.Before(end) {
				b.to = hourOf(to)
			}
			if b.to = max(b.to, b.from+shortest); b.to > 24 {
				b.from, b.to = 24-shortest, 24
			}
			perDay[d] = append(perDay[d], b)
		}
	}
	for _, day := range perDay {
		p.blocks = append(p.blocks, sideBySide(day)...)
	}
	for _, b := range p.blocks {
		p.from, p.to = min(p.from, int(b.from)), max(p.to, int(b.to+0.99))
	}
	p.bars, p.rows = stack(bars, days)
	return p
}

// span is when a meeting is, on the wall clock of loc; a date begins at its midnight there.
func span(e control.AgendaEntry, loc *time.Location) (from, to time.Time, allDay bool) {
	moment := func(t calendar.Time) time.Time {
		if t.IsDate() {
			d, _ := time.ParseInLocation(time.DateOnly, t.Local, loc)
			return d
		}
		at, _ := t.Instant()
		return at.In(loc)
	}
	return moment(e.Start), moment(e.End), e.Start.IsDate()
}

// dayOf counts the days from start to t.
func dayOf(t, start time.Time) int {
	utc := func(t time.Time) time.Time {
		y, m, d := t.Date()
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	}
	return int(utc(t).Sub(utc(start)) / (24 * time.Hour))
}

func hourOf(t time.Time) float64 { return float64(t.Hour()) + float64(t.Minute())/60 }

// sideBySide gives the meetings of a day lanes, so that none covers another.
func sideBySide(day []weekBlock) (out []weekBlock) {
	slices.SortStableFunc(day, func(a, b weekBlock) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to)) })
	for len(day) > 0 {
		n, end := 1, day[0].to // those that hang together
		for n < len(day) && day[n].from < end {
			end = max(end, day[n].to)
			n++
		}
		out = append(out, lanes(day[:n])...)
		day = day[n:]
	}
	return out
}

// lanes places meetings that hang together. What finds no lane is drawn as one.
func lanes(group []weekBlock) (out []weekBlock) {
	place := func(most int) (placed, over []weekBlock, used int) {
		var ends []float64
		for _, b := range group {
			lane := slices.IndexFunc(ends, func(end float64) bool { return end <= b.from })
			switch {
			case lane >= 0:
				ends[lane] = b.to
			case len(ends) == most:
				over = append(over, b)
				continue
			default:
				lane, ends = len(ends), append(ends, b.to)
			}
			b.lane = lane
			placed = append(placed, b)
		}
		return placed, over, len(ends)
	}
	out, over, used := place(mostLanes)
	if len(over) > 0 { // the last lane is for those without one
		out, over, used = place(mostLanes - 1)
		rest := weekBlock{day: over[0].day, from: over[0].from, to: over[0].to, lane: used}
		for _, b := range over {
			rest.rest = append(rest.rest, b.entry)
			rest.to = max(rest.to, b.to)
		}
		out, used = append(out, rest), used+1
	}
	for i := range out {
		out[i].lanes = used
	}
	return out
}

// stack gives bars rows. Where there are too many, the last row counts those that are
// not drawn, day by day.
func stack(bars []weekBlock, days int) (out []weekBlock, rows int) {
	slices.SortStableFunc(bars, func(a, b weekBlock) int { return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(b.last, a.last)) })
	var ends []int // of the rows: the last day that is taken
	over := make([][]int, days)
	for _, b := range bars {
		row := slices.IndexFunc(ends, func(last int) bool { return last < b.day })
		switch {
		case row >= 0:
			ends[row] = b.last
		case len(ends) < mostBars:
			row, ends = len(ends), append(ends, b.last)
		default:
			for d := b.day; d <= b.last; d++ {
				over[d] = append(over[d], b.entry)
			}
			continue
		}
		b.row = row
		out = append(out, b)
	}
	rows = len(ends)
	for d, rest := range over {
		if len(rest) > 0 {
			out = append(out, weekBlock{rest: rest, day: d, last: d, row: mostBars})
			rows = mostBars + 1
		}
	}
	return out, rows
}
