package graphsim

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

type predicate func(item) bool

var (
	comparison  = regexp.MustCompile(`^([A-Za-z]+(?:/[A-Za-z]+)?) (eq|ne|ge|gt|le|lt) (.+)$`)
	startsWith  = regexp.MustCompile(`^startswith\(\s*subject\s*,\s*'((?:[^']|'')*)'\s*\)$`)
	anyProperty = regexp.MustCompile(`^singleValueExtendedProperties/[Aa]ny\(\s*(\w+)\s*:\s*(.+)\)$`)
	quoted      = regexp.MustCompile(`^'((?:[^']|'')*)'$`)
)

// parseFilter understands the handful of filters that the service is known to
// take: terms joined by 'and'.
func (c *call) parseFilter() (predicate, *apiError) {
	text, ok := c.param("$filter")
	if !ok {
		return func(item) bool { return true }, nil
	}
	var all []predicate
	for _, term := range splitWord(text, " and ") {
		p, err := c.parseTerm(strings.TrimSpace(term))
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return func(e item) bool {
		return !slices.ContainsFunc(all, func(p predicate) bool { return !p(e) })
	}, nil
}

func (c *call) parseTerm(term string) (predicate, *apiError) {
	invalid := badRequest("ErrorInvalidRequest", "The query filter contains one or more invalid nodes.")
	if m := startsWith.FindStringSubmatch(term); m != nil {
		prefix := strings.ToLower(strings.ReplaceAll(m[1], "''", "'"))
		return func(e item) bool { return strings.HasPrefix(strings.ToLower(e.Title), prefix) }, nil
	}
	if m := anyProperty.FindStringSubmatch(term); m != nil {
		return propertyTerm(m[1], m[2])
	}
	m := comparison.FindStringSubmatch(term)
	if m == nil {
		return nil, invalid
	}
	name, op, lit := m[1], m[2], strings.TrimSpace(m[3])
	text, isText := "", false
	if q := quoted.FindStringSubmatch(lit); q != nil {
		text, isText = strings.ReplaceAll(q[1], "''", "'"), true
	}
	switch name {
	case "iCalUId", "subject", "transactionId":
		if !isText || op != "eq" {
			return nil, invalid
		}
		get := map[string]func(item) string{
			"iCalUId": func(e item) string { return e.UID }, "subject": func(e item) string { return e.Title },
		}[name]
		if get == nil {
			return nil, badRequest("InefficientFilter", "The filter on '"+name+"' is too complex.")
		}
		return func(e item) bool { return get(e) == text }, nil
	case "start/dateTime", "end/dateTime":
		at, ok := windowTime(text) // a text, compared in UTC
		if !isText || !ok {
			return nil, invalid
		}
		return byTime(op, at, func(e item) time.Time {
			if name == "start/dateTime" {
				return instant(e.Start)
			}
			return instant(e.End)
		}), nil
	case "lastModifiedDateTime", "createdDateTime":
		at, err := time.Parse(time.RFC3339Nano, lit)
		if isText || err != nil {
			return nil, invalid
		}
		return byTime(op, at, func(e item) time.Time {
			if name == "createdDateTime" {
				return e.Created
			}
			return e.Updated
		}), nil
	case "isAllDay":
		if op != "eq" || lit != "true" && lit != "false" {
			return nil, invalid
		}
		return func(e item) bool { return e.AllDay == (lit == "true") }, nil
	case "type":
		if !isText || op != "eq" || !slices.Contains(enums["eventType"], text) {
			return nil, invalid
		}
		return func(e item) bool { return e.typ() == text }, nil
	}
	if _, ok := shapes["event"][strings.SplitN(name, "/", 2)[0]]; ok {
		return nil, invalid
	}
	return nil, c.noProperty(name)
}

// propertyTerm is ep/id eq '…' and ep/value eq '…' behind Any; the id matches as
// an exact text.
func propertyTerm(v, inner string) (predicate, *apiError) {
	want := map[string]string{}
	for _, t := range splitWord(inner, " and ") {
		m := comparison.FindStringSubmatch(strings.TrimSpace(t))
		var q []string
		if m != nil && m[2] == "eq" {
			q = quoted.FindStringSubmatch(m[3])
		}
		if q == nil || m[1] != v+"/id" && m[1] != v+"/value" {
			return nil, badRequest("ErrorInvalidRequest", "The query filter contains one or more invalid nodes.")
		}
		want[strings.TrimPrefix(m[1], v+"/")] = strings.ReplaceAll(q[1], "''", "'")
	}
	id, ok := want["id"]
	value, hasValue := want["value"]
	if !ok {
		return nil, badRequest("ErrorInvalidRequest", "The query filter needs the id of the extended property.")
	}
	return func(e item) bool {
		got, has := e.Private[id]
		return has && (!hasValue || got == value)
	}, nil
}

func byTime(op string, at time.Time, get func(item) time.Time) predicate {
	return func(e item) bool {
		d := get(e).Compare(at)
		switch op {
		case "eq":
			return d == 0
		case "ne":
			return d != 0
		case "ge":
			return d >= 0
		case "gt":
			return d > 0
		case "le":
			return d <= 0
		}
		return d < 0
	}
}

// splitWord splits at a word outside of quotes and brackets.
func splitWord(s, word string) []string {
	var out []string
	depth, start, inQuote := 0, 0, false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\'':
			inQuote = !inQuote
		case inQuote:
		case s[i] == '(':
			depth++
		case s[i] == ')':
			depth--
		case depth == 0 && strings.HasPrefix(s[i:], word):
			out = append(out, s[start:i])
			start = i + len(word)
			i = start - 1
		}
	}
	return append(out, s[start:])
}
