package calendar

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Limits on the lines of a Recurrence.
const (
	// maxRuleLines is how many RRULE lines are merged. One is the rule; imported
	// calendars have been seen with two.
	maxRuleLines = 8
	// maxDates is how many RDATE and EXDATE values a series may carry together:
	// every day of 27 years, many times what a provider stores.
	maxDates = 10_000
	// maxLineLength is the longest RDATE or EXDATE line, in bytes: that many
	// dates, written as periods.
	maxLineLength = maxDates * 34
)

// recurrenceLines are the lines of a Recurrence, read.
type recurrenceLines struct {
	rules   []Rule
	rdates  []slot
	exdates []slot
}

// readLines reads the lines of a Recurrence that begins at c's start. Dates come
// back sorted and without duplicates.
func readLines(c *clock, start Time, lines []string) (recurrenceLines, error) {
	var out recurrenceLines
	dates := 0
	for _, line := range lines {
		if len(line) > maxLineLength {
			return out, invalidRule("a line is %d characters long; at most %d are read", len(line), maxLineLength)
		}
		name, params, value := splitLine(line)
		switch name {
		case "RRULE":
			if len(out.rules) == maxRuleLines {
				return out, invalidRule("more than %d RRULE lines", maxRuleLines)
			}
			r, err := ParseRule(value)
			if err != nil {
				return out, err
			}
			out.rules = append(out.rules, r)
		case "RDATE", "EXDATE":
			if dates += strings.Count(value, ",") + 1; dates > maxDates {
				return out, invalidRule("more than %d RDATE and EXDATE values", maxDates)
			}
			list, err := readDates(c, start, name, params, value)
			if err != nil {
				return out, err
			}
			if name == "RDATE" {
				out.rdates = append(out.rdates, list...)
			} else {
				out.exdates = append(out.exdates, list...)
			}
		case "EXRULE":
			// Dropped from RFC 5545; what it takes away cannot be written anywhere else.
			return out, invalidRule("EXRULE is not supported")
		default:
			return out, invalidRule("%q is no RRULE, RDATE or EXDATE line", short(line))
		}
	}
	out.rdates, out.exdates = sortedSlots(out.rdates), sortedSlots(out.exdates)
	return out, nil
}

// SplitExdates takes the EXDATE lines out of rules: kept are the other lines as
// they were, exdates what the EXDATE lines name, in order, as wall clocks of
// start's zone (or dates). An EXDATE that is a date on a timed series means that
// day at the time of start. Errors are those of ParseRule.
func SplitExdates(start Time, rules []string) (kept []string, exdates []Time, err error) {
	c, err := newClock(start)
	if err != nil {
		return nil, nil, err
	}
	var taken []string
	for _, line := range rules {
		if name, _, _ := splitLine(line); name == "EXDATE" {
			taken = append(taken, line)
		} else {
			kept = append(kept, line)
		}
	}
	lines, err := readLines(c, start, taken)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range lines.exdates {
		exdates = append(exdates, c.time(s))
	}
	return kept, exdates, nil
}

// splitLine cuts "NAME;PARAM=x:VALUE" at the first colon outside quotes. A bare
// "FREQ=…" is taken for an RRULE.
func splitLine(line string) (name, params, value string) {
	quoted := false
	for i := range len(line) {
		switch line[i] {
		case '"':
			quoted = !quoted
		case ':':
			if quoted {
				continue
			}
			name, params, _ = strings.Cut(line[:i], ";")
			return strings.ToUpper(strings.TrimSpace(name)), params, strings.TrimSpace(line[i+1:])
		}
	}
	if len(line) >= 5 && strings.EqualFold(line[:5], "FREQ=") {
		return "RRULE", "", line
	}
	return "", "", line
}

// readDates reads the values of an RDATE or EXDATE line. Of a period only the
// start counts.
func readDates(c *clock, start Time, name, params, value string) ([]slot, error) {
	zone := c
	for p := range strings.SplitSeq(params, ";") {
		key, v, _ := strings.Cut(p, "=")
		v = strings.Trim(strings.TrimSpace(v), `"`)
		if strings.EqualFold(strings.TrimSpace(key), "TZID") && v != c.zone && !c.dates() {
			loc, err := LoadZone(v)
			if err != nil {
				return nil, invalidRule("%s: %w", name, err)
			}
			zone = &clock{zone: v, loc: loc}
		}
	}
	var list []slot
	for item := range strings.SplitSeq(value, ",") {
		item, _, _ = strings.Cut(strings.TrimSpace(item), "/")
		if item == "" {
			continue // a trailing comma
		}
		t, err := parseMoment(item)
		if err != nil {
			return nil, invalidRule("%s: %q is no date or time", name, short(item))
		}
		wall, err := t.wall()
		if err != nil {
			return nil, invalidRule("%s: %w", name, err)
		}
		switch {
		case c.dates():
			list = append(list, slot{at: floorDay(wall), wall: floorDay(wall)})
		case t.IsDate():
			first, err := start.wall()
			if err != nil {
				return nil, err
			}
			list = append(list, c.at(wall+first-floorDay(first)))
		case t.Zone == "UTC":
			list = append(list, c.read(wall))
		default:
			list = append(list, c.read(zone.at(wall).at))
		}
	}
	return list, nil
}

func parseUntil(value string) (Time, error) {
	t, err := parseMoment(value)
	if err != nil {
		return Time{}, invalidRule("UNTIL=%s is no date or time", short(value))
	}
	return t, nil
}

// parseMoment reads RFC 5545's forms of a date, a floating wall clock (Zone "")
// and a moment in UTC (Zone "UTC").
func parseMoment(s string) (Time, error) {
	if len(s) == len("20060102") {
		t, err := time.Parse("20060102", s)
		return Time{Local: t.Format(dateLayout)}, err
	}
	zone := ""
	if n := len(s) - 1; n >= 0 && (s[n] == 'Z' || s[n] == 'z') {
		s, zone = s[:n], "UTC"
	}
	t, err := time.Parse("20060102T150405", strings.ToUpper(s))
	return Time{Local: t.Format(clockLayout), Zone: zone}, err
}

// basicForm writes what parseMoment reads.
func basicForm(t Time) string {
	s := strings.NewReplacer("-", "", ":", "").Replace(t.Local)
	if t.Zone == "UTC" {
		s += "Z"
	}
	return s
}

func sortedSlots(list []slot) []slot {
	slices.SortFunc(list, func(a, b slot) int { return cmp.Compare(a.at, b.at) })
	return slices.CompactFunc(list, func(a, b slot) bool { return a.at == b.at })
}
