package googlesim

import (
	"regexp"
	"slices"
	"strings"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// badRule is the refusal of a recurrence line.
func badRule() *apiError { return invalid("Invalid recurrence rule.") }

// readRecurrence reads the lines of a series: RRULE, EXRULE, RDATE and EXDATE,
// never DTSTART or DTEND (reference, property recurrence). It wants the zones that
// a timed series repeats in.
func (c *call) readRecurrence(e *mailbox.Event, d obj) error {
	rows, _ := d["recurrence"].([]any)
	if len(rows) == 0 {
		e.Recurrence = nil
		return nil
	}
	if e.Series != "" {
		return invalid("An instance of a recurring event cannot recur.")
	}
	for _, side := range []string{"start", "end"} {
		m, _ := d[side].(obj)
		if zone, _ := m["timeZone"].(string); zone == "" && !e.AllDay {
			return invalid("Missing time zone definition for " + side + " time.")
		}
	}
	var lines []string
	for _, r := range rows {
		line, _ := r.(string)
		lines = append(lines, line)
	}
	return c.setRecurrence(e, lines)
}

// setRecurrence checks lines and stores them as the service would.
func (s *Server) setRecurrence(e *mailbox.Event, lines []string) error {
	e.Recurrence = nil
	for _, line := range lines {
		line, err := s.recurrenceLine(strings.TrimSpace(line), e.AllDay)
		if err != nil {
			return err
		}
		e.Recurrence = append(e.Recurrence, line)
	}
	if !slices.ContainsFunc(e.Recurrence, func(l string) bool { return strings.HasPrefix(l, "RRULE") || strings.HasPrefix(l, "RDATE") }) {
		return badRule()
	}
	if _, err := e.Rules(); err != nil {
		return badRule()
	}
	return nil
}

var (
	utcForm  = regexp.MustCompile(`^\d{8}T\d{6}Z$`)
	wallForm = regexp.MustCompile(`^\d{8}T\d{6}$`)
	dateForm = regexp.MustCompile(`^\d{8}$`)
)

// recurrenceLine checks one line and normalises it.
func (s *Server) recurrenceLine(line string, allDay bool) (string, error) {
	head, value, ok := strings.Cut(line, ":")
	if !ok || value == "" {
		return "", badRule()
	}
	name, params, _ := strings.Cut(strings.ToUpper(head), ";")
	switch name {
	case "RRULE", "EXRULE":
		return s.ruleLine(line, name, strings.ToUpper(value), allDay)
	case "RDATE", "EXDATE":
		zoned := strings.Contains(params, "TZID=")
		for item := range strings.SplitSeq(strings.ToUpper(value), ",") {
			good := utcForm.MatchString(item) || zoned && wallForm.MatchString(item)
			if allDay {
				good = dateForm.MatchString(item)
			}
			if !good {
				return "", badRule()
			}
		}
		return line, nil
	}
	return "", badRule()
}

// ruleOrder is the order in which the service writes the parts of a rule.
var ruleOrder = []string{"RSCALE", "FREQ", "WKST", "UNTIL", "COUNT", "INTERVAL"}

// ruleLine checks a rule: the parts that RFC 5545 knows, SKIP of RFC 7529, and an
// UNTIL in the form of the start: a date, or an instant in UTC.
func (s *Server) ruleLine(line, name, rule string, allDay bool) (string, error) {
	var parts, plain []string
	for p := range strings.SplitSeq(strings.Trim(rule, ";"), ";") {
		key, v, _ := strings.Cut(p, "=")
		switch {
		case key == "UNTIL" && allDay && !dateForm.MatchString(v), key == "UNTIL" && !allDay && !utcForm.MatchString(v):
			return "", badRule()
		case key == "SKIP" && v != "OMIT" && v != "BACKWARD":
			return "", badRule()
		}
		if key != "SKIP" && key != "RSCALE" {
			plain = append(plain, p)
		}
		if p != "INTERVAL=1" {
			parts = append(parts, p)
		}
	}
	if _, err := calendar.ParseRule(strings.Join(plain, ";")); err != nil {
		return "", badRule()
	}
	if s.Switches.KeepRuleText {
		return line, nil
	}
	if s.Switches.AddWeekStart && !strings.Contains(rule, "WKST=") {
		parts = append(parts, "WKST=MO")
	}
	rank := func(p string) int {
		key, _, _ := strings.Cut(p, "=")
		if i := slices.Index(ruleOrder, key); i >= 0 {
			return i
		}
		return len(ruleOrder)
	}
	slices.SortStableFunc(parts, func(a, b string) int { return rank(a) - rank(b) })
	return name + ":" + strings.Join(parts, ";"), nil
}
