package graphsim

import (
	"strconv"
	"strings"
	"time"
)

// prefer is what the Prefer headers of one request ask for. It is not sticky:
// next and delta links carry none of it.
type prefer struct {
	zoneName  string // as spelled; "" means UTC
	zone      *time.Location
	text      bool // bodies as text
	maxPage   int  // 0: not asked
	immutable bool

	honoured []string
}

// parsePrefer reads several headers or one merged header, in any order.
func parsePrefer(headers []string) (prefer, *apiError) {
	p := prefer{zone: time.UTC}
	for _, item := range splitQuoted(strings.Join(headers, ","), ',') {
		key, val, _ := strings.Cut(strings.TrimSpace(item), "=")
		val = strings.Trim(strings.TrimSpace(val), `"`)
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "outlook.timezone":
			loc, ok := location(val)
			if !ok {
				return p, badZone(val)
			}
			p.zone, p.zoneName = loc, val
			p.honoured = append(p.honoured, `outlook.timezone="`+val+`"`)
		case "outlook.body-content-type":
			if v := strings.ToLower(val); v == "text" || v == "html" {
				p.text = v == "text"
				p.honoured = append(p.honoured, `outlook.body-content-type="`+v+`"`)
			}
		case "odata.maxpagesize", "maxpagesize":
			if n, err := strconv.Atoi(val); err == nil && n > 0 {
				p.maxPage = min(n, maxPage)
				p.honoured = append(p.honoured, "odata.maxpagesize="+strconv.Itoa(p.maxPage))
			}
		case "idtype":
			if strings.EqualFold(val, "ImmutableId") {
				p.immutable = true
				p.honoured = append(p.honoured, `IdType="ImmutableId"`)
			}
		}
	}
	return p, nil
}

// applied says in the answer what was honoured.
func (p prefer) applied(rep *reply) {
	if rep == nil || len(p.honoured) == 0 {
		return
	}
	if rep.header == nil {
		rep.header = map[string]string{}
	}
	rep.header["Preference-Applied"] = strings.Join(p.honoured, ", ")
}

// splitQuoted splits at sep outside of double and single quotes and brackets.
func splitQuoted(s string, sep byte) []string {
	var out []string
	depth, start := 0, 0
	var quote byte
	for i := range len(s) {
		switch ch := s[i]; {
		case quote != 0:
			if ch == quote {
				quote = 0
			}
		case ch == '"' || ch == '\'':
			quote = ch
		case ch == '(':
			depth++
		case ch == ')':
			depth--
		case ch == sep && depth == 0:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}
