//go:build linux

package caldavlab

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

// part is a component of iCalendar: its unfolded lines, and what it holds.
type part struct {
	name  string
	lines []string
	parts []*part
}

func parsePart(text string) *part {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n ", "")
	stack := []*part{{}}
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		top := stack[len(stack)-1]
		if name, ok := strings.CutPrefix(line, "BEGIN:"); ok {
			p := &part{name: name}
			top.parts = append(top.parts, p)
			stack = append(stack, p)
		} else if strings.HasPrefix(line, "END:") {
			stack = stack[:len(stack)-1]
		} else {
			top.lines = append(top.lines, line)
		}
	}
	return stack[0].parts[0]
}

func (p *part) String() string {
	var b bytes.Buffer
	p.write(&b)
	return b.String()
}

func (p *part) write(b *bytes.Buffer) {
	fmt.Fprintf(b, "BEGIN:%s\r\n", p.name)
	for _, l := range p.lines {
		for i, r := range l { // folded at 60 characters, far below what is allowed
			if i > 0 && i%60 == 0 {
				b.WriteString("\r\n ")
			}
			b.WriteRune(r)
		}
		b.WriteString("\r\n")
	}
	for _, c := range p.parts {
		c.write(b)
	}
	fmt.Fprintf(b, "END:%s\r\n", p.name)
}

// is reports whether a line is of one of these properties.
func is(line string, names ...string) bool {
	name := line[:strings.IndexAny(line+":", ":;")]
	return slices.Contains(names, name)
}

func (p *part) drop(names ...string) {
	p.lines = slices.DeleteFunc(p.lines, func(l string) bool { return is(l, names...) })
}

func (p *part) value(name string) string {
	for _, l := range p.lines {
		if is(l, name) {
			return l[strings.IndexByte(l, ':')+1:]
		}
	}
	return ""
}

func (p *part) set(lines ...string) {
	for _, l := range lines {
		p.drop(l[:strings.IndexAny(l, ":;")])
	}
	p.lines = append(p.lines, lines...)
}

func (p *part) events() (list []*part) {
	for _, c := range p.parts {
		if c.name == "VEVENT" {
			list = append(list, c)
		}
	}
	return list
}

func (p *part) master() *part {
	for _, e := range p.events() {
		if e.value("RECURRENCE-ID") == "" {
			return e
		}
	}
	return nil
}

// moment is a time as a property's parameters and value.
func moment(t calendar.Time) string {
	digits := strings.NewReplacer("-", "", ":", "").Replace(t.Local)
	switch {
	case t.IsDate():
		return ";VALUE=DATE:" + digits
	case t.Zone == "UTC":
		return ":" + digits + "Z"
	}
	return ";TZID=" + t.Zone + ":" + digits
}

func attendee(g calendar.Guest) string {
	role := "REQ-PARTICIPANT"
	if g.Optional {
		role = "OPT-PARTICIPANT"
	}
	return fmt.Sprintf("ATTENDEE;CN=%s;ROLE=%s;PARTSTAT=%s;RSVP=TRUE:mailto:%s", g.Name, role, partstats[g.Response], g.Email)
}

// sortedParameters makes lines comparable that a server wrote its own way.
func sortedParameters(line string) string {
	head, value, _ := strings.Cut(line, ":mailto:")
	if value == "" {
		return line
	}
	parts := strings.Split(head, ";")
	slices.Sort(parts)
	return strings.Join(parts, ";") + ":mailto:" + value
}

// duration is how long the component is by the clock on the wall.
func duration(p *part) time.Duration {
	start, end := p.value("DTSTART"), p.value("DTEND")
	layout := basic[:len(strings.TrimSuffix(start, "Z"))]
	a, _ := time.Parse(layout, strings.TrimSuffix(start, "Z"))
	b, _ := time.Parse(layout, strings.TrimSuffix(end, "Z"))
	return b.Sub(a)
}

func after(t calendar.Time, d time.Duration) calendar.Time {
	layout := "2006-01-02T15:04:05"[:len(t.Local)]
	wall, _ := time.Parse(layout, t.Local)
	t.Local = wall.Add(d).Format(layout)
	return t
}

// without is a rule without some of its parts.
func without(rule string, names ...string) string {
	parts := slices.DeleteFunc(strings.Split(rule, ";"), func(p string) bool {
		name, _, _ := strings.Cut(p, "=")
		return slices.Contains(names, name)
	})
	return strings.Join(parts, ";")
}

// rest is a rule with a COUNT after the first n.
func rest(rule string, n int) string {
	for p := range strings.SplitSeq(rule, ";") {
		if count, ok := strings.CutPrefix(p, "COUNT="); ok {
			all, _ := strconv.Atoi(count)
			return without(rule, "COUNT") + fmt.Sprintf(";COUNT=%d", max(1, all-n))
		}
	}
	return rule
}

// whenOf is the time of a component.
func whenOf(p *part) calendar.When {
	read := func(name string) calendar.Time {
		for _, l := range p.lines {
			if !is(l, name) {
				continue
			}
			head, value, _ := strings.Cut(l, ":")
			_, zone, _ := strings.Cut(head, "TZID=")
			zone, _, _ = strings.Cut(zone, ";")
			if t, err := time.Parse("20060102", value); err == nil {
				return calendar.Date(t.Year(), t.Month(), t.Day())
			}
			if utc, ok := strings.CutSuffix(value, "Z"); ok {
				value, zone = utc, "UTC"
			}
			t, _ := time.Parse(basic, value)
			return calendar.Time{Local: t.Format("2006-01-02T15:04:05"), Zone: strings.Trim(zone, `"`)}
		}
		return calendar.Time{}
	}
	w := calendar.When{Start: read("DTSTART"), End: read("DTEND")}
	for _, l := range p.lines {
		if is(l, "RRULE", "RDATE") {
			w.Recurrence.Rules = append(w.Recurrence.Rules, l)
		}
	}
	return w
}
