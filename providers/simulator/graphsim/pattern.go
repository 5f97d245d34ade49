package graphsim

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// pattern is a patternedRecurrence, checked and understood (Microsoft
// "patternedRecurrence", "recurrencePattern", "recurrenceRange resource type").
// Days are counted from 1 January 1970, in the zone of the series.
type pattern struct {
	kind                        string // of recurrencePatternType
	interval, month, dayOfMonth int
	days                        [7]bool // by time.Weekday
	first                       time.Weekday
	index                       string // of weekIndex
	rangeType                   string // of recurrenceRangeType
	start, end                  int    // days; end is inclusive, of an endDate range only
	count                       int    // of a numbered range only
	zone                        string // as spelled
}

// Limits of a series.
const (
	maxOccurrences = 999 // [MS-OXCICAL] 2.1.3.2.2: COUNT has at most three digits
	zeroDate       = "0001-01-01"
)

// lastDay is the last that a series may end on (Exchange Web Services,
// ErrorRecurrenceEndDateTooBig).
var lastDay = dayNumber(time.Date(4500, 9, 1, 0, 0, 0, 0, time.UTC))

func invalidProperty() *apiError {
	return badRequest("ErrorPropertyValidationFailure", "At least one property failed validation.")
}

func invalidRange(msg string) *apiError { return badRequest("ErrorInvalidRecurrenceRange", msg) }

// newPattern reads a recurrence from an accepted body. Required fields must be
// there, and those that the type ignores must be valid all the same.
func newPattern(rec map[string]any, daySubsets bool) (pattern, *apiError) {
	pat, _ := rec["pattern"].(map[string]any)
	rng, _ := rec["range"].(map[string]any)
	p := pattern{
		interval: number(pat["interval"]), month: number(pat["month"]), dayOfMonth: number(pat["dayOfMonth"]),
		count: number(rng["numberOfOccurrences"]),
	}
	p.kind, _ = pat["type"].(string)
	p.index, _ = pat["index"].(string)
	p.rangeType, _ = rng["type"].(string)
	p.zone, _ = rng["recurrenceTimeZone"].(string)
	if p.kind == "" || p.rangeType == "" || p.interval < 1 || p.month < 0 || p.month > 12 ||
		p.dayOfMonth < 0 || p.dayOfMonth > 31 || p.count < 0 || p.count > maxOccurrences {
		return p, invalidProperty()
	}
	list, _ := pat["daysOfWeek"].([]any)
	for _, x := range list {
		p.days[weekday(x)] = true
	}
	if v := pat["firstDayOfWeek"]; v != nil {
		p.first = weekday(v)
	}
	p.index = orElse(p.index, "first")
	if err := p.required(len(list) > 0, daySubsets); err != nil {
		return p, err
	}
	return p, p.readRange(rng)
}

// required asks for what the type needs, and clears what it ignores.
func (p *pattern) required(days, daySubsets bool) *apiError {
	relative := p.kind == "relativeMonthly" || p.kind == "relativeYearly"
	absolute := p.kind == "absoluteMonthly" || p.kind == "absoluteYearly"
	yearly := p.kind == "absoluteYearly" || p.kind == "relativeYearly"
	switch {
	case (relative || p.kind == "weekly") && !days, absolute && p.dayOfMonth == 0, yearly && p.month == 0:
		return invalidProperty()
	case relative && !daySubsets && !p.nameableDays():
		// Exchange Web Services only know single days, 'day', 'weekday' and 'weekendDay'.
		return badRequest("ErrorInvalidRecurrencePattern", "The recurrence pattern is not valid: these days of the week cannot be combined.")
	case p.kind == "absoluteYearly" && p.dayOfMonth > daysIn(2024, time.Month(p.month)):
		return invalidProperty()
	}
	if !absolute {
		p.dayOfMonth = 0
	}
	if !yearly {
		p.month = 0
	}
	if !relative {
		p.index = "first"
		if p.kind != "weekly" {
			p.days = [7]bool{}
		}
	}
	if p.kind != "weekly" {
		p.first = time.Sunday
	}
	return nil
}

// nameableDays: one day, all seven, the five or the two.
func (p *pattern) nameableDays() bool {
	n := 0
	for _, on := range p.days {
		if on {
			n++
		}
	}
	weekend := p.days[time.Saturday] && p.days[time.Sunday]
	return n == 1 || n == 7 || n == 2 && weekend || n == 5 && !p.days[time.Saturday] && !p.days[time.Sunday]
}

func (p *pattern) readRange(rng map[string]any) *apiError {
	var ok bool
	if p.start, ok = parseDay(rng["startDate"]); !ok {
		return invalidProperty()
	}
	end, hasEnd := parseDay(rng["endDate"])
	switch p.rangeType {
	case "endDate":
		if !hasEnd {
			return invalidProperty()
		}
		if end > lastDay {
			return badRequest("ErrorRecurrenceEndDateTooBig", "The end date of the recurrence is beyond September 1, 4500.")
		}
		if end < p.start {
			return invalidRange("The end date of the recurrence is earlier than its start date.")
		}
		p.end, p.count = end, 0
	case "numbered":
		if p.count == 0 {
			return invalidProperty()
		}
	default:
		p.count = 0
	}
	if p.start > lastDay {
		return badRequest("ErrorRecurrenceEndDateTooBig", "The recurrence is beyond September 1, 4500.")
	}
	return nil
}

// settle fits a new pattern to its event: the zones must agree, startDate must be
// the date of the start (Microsoft "recurrenceRange resource type"), and a start
// on which the pattern has no occurrence moves to the next that it has, silently
// (observed by third parties). asked is whether the request named the start too;
// if not, a startDate from before such a move is understood.
func (p *pattern) settle(e *mailbox.Event, asked, keepAllDayZone bool) *apiError {
	coerced := e.AllDay && !keepAllDayZone
	switch {
	case p.zone == "" || coerced:
		if _, ok := location(p.zone); p.zone != "" && !ok {
			return badZone(p.zone)
		}
		p.zone = orElse(e.Start.Zone, "UTC")
	default:
		if _, ok := location(p.zone); !ok {
			return badZone(p.zone)
		}
		if !sameZone(p.zone, e.Start.Zone) {
			return invalidProperty()
		}
	}
	first, ok := p.firstDay()
	if !ok {
		return badRequest("ErrorRecurrenceHasNoOccurrence", "The recurrence has no occurrences.")
	}
	if at := dayOf(e.Start); p.start != at && (asked || first != at) {
		return invalidRange("The start date of the recurrence is not the date of the event's start.")
	}
	e.Start, e.End = shiftDays(e.Start, first-dayOf(e.Start)), shiftDays(e.End, first-dayOf(e.Start))
	p.start = first
	return p.fits(e)
}

// fits refuses occurrences that are longer than the time to the next one
// (Exchange Web Services, ErrorOccurrenceTimeSpanTooBig).
func (p *pattern) fits(e *mailbox.Event) *apiError {
	span := wallSpan(e)
	last, seen := 0, 0
	for day := range p.occurrences(p.start) {
		if seen > 0 && span > time.Duration(day-last)*24*time.Hour {
			return badRequest("ErrorOccurrenceTimeSpanTooBig", "The duration of an occurrence is longer than the interval of the recurrence.")
		}
		if last, seen = day, seen+1; seen > 60 { // five years of months, more than a year of weeks
			break
		}
	}
	return nil
}

// json is the recurrence as it is read back: with defaults in place of what the
// type ignores.
func (p *pattern) json() map[string]any {
	pat := map[string]any{
		"type": p.kind, "interval": p.interval, "month": p.month, "dayOfMonth": p.dayOfMonth,
		"firstDayOfWeek": enums["dayOfWeek"][p.first], "index": p.index,
	}
	if p.days != [7]bool{} {
		list := []any{}
		for d, on := range p.days {
			if on {
				list = append(list, enums["dayOfWeek"][d])
			}
		}
		pat["daysOfWeek"] = list
	}
	rng := map[string]any{
		"type": p.rangeType, "startDate": dayText(p.start), "endDate": zeroDate,
		"numberOfOccurrences": p.count, "recurrenceTimeZone": p.zone,
	}
	if p.rangeType == "endDate" {
		rng["endDate"] = dayText(p.end)
	}
	return map[string]any{"pattern": pat, "range": rng}
}

// patternOf is the pattern of a stored series.
func patternOf(e *mailbox.Event) pattern {
	p, err := newPattern(e.Pattern, true)
	if err != nil { // it was checked when it was stored
		panic("graphsim: stored pattern: " + err.msg)
	}
	return p
}

// same reports whether two patterns say the same, however they spell the zone.
func (p pattern) same(q pattern) bool {
	if !sameZone(p.zone, q.zone) {
		return false
	}
	p.zone = q.zone
	return p == q
}

func number(v any) int {
	switch n := v.(type) {
	case int:
		return n
	case json.Number:
		i, err := n.Int64() // accept checked that it is an Int32
		if err == nil {
			return int(i)
		}
	}
	return 0
}

func weekday(v any) time.Weekday {
	text, _ := v.(string)
	return time.Weekday(max(0, slices.Index(enums["dayOfWeek"], text)))
}

// sameZone reports whether two names mean one zone: Windows and IANA names, and
// the several IANA zones that Windows knows under one name. Those keep the same
// clocks, which is what is compared, over the years that matter.
func sameZone(a, b string) bool {
	la, ok1 := location(orElse(a, "UTC"))
	lb, ok2 := location(orElse(b, "UTC"))
	if !ok1 || !ok2 {
		return a == b
	}
	if la.String() == lb.String() {
		return true
	}
	for t := time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC); t.Year() < 2036; t = t.Add(7 * 24 * time.Hour) {
		_, x := t.In(la).Zone()
		_, y := t.In(lb).Zone()
		if x != y {
			return false
		}
	}
	return true
}
