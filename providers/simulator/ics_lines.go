package simulator

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-ical"
	"golang.org/x/text/encoding/charmap"
)

const (
	// maxICSBytes bounds what is read of one file: the largest real export seen
	// was under 10 MB, and everything is held in memory.
	maxICSBytes = 64 << 20
	// maxICSLine bounds one unfolded line. Notes of a megabyte exist; a line
	// beyond this is not a calendar.
	maxICSLine = 4 << 20
	// maxICSDepth bounds nesting: VCALENDAR, VEVENT, VALARM is three.
	maxICSDepth = 8
)

// icsLine is one unfolded content line and where in the file it begins.
type icsLine struct {
	number int // of its first physical line, from 1
	text   string
}

// icsProp is a property and the line it was read from.
type icsProp struct {
	ical.Prop
	line int
}

// icsComponent is a component with its properties in file order.
type icsComponent struct {
	name     string
	line     int // of its BEGIN
	props    []icsProp
	children []*icsComponent
	bad      []Problem // lines inside it that could not be read
}

// get returns the first property with this name.
func (c *icsComponent) get(name string) (icsProp, bool) {
	for _, p := range c.props {
		if p.Name == name {
			return p, true
		}
	}
	return icsProp{}, false
}

// all returns every property with one of these names, in file order.
func (c *icsComponent) all(names ...string) []icsProp {
	var found []icsProp
	for _, p := range c.props {
		for _, n := range names {
			if p.Name == n {
				found = append(found, p)
			}
		}
	}
	return found
}

// text returns the unescaped value of the first property with this name.
func (c *icsComponent) text(name string) string {
	p, ok := c.get(name)
	if !ok {
		return ""
	}
	return unescapeText(p.Value)
}

var errICSTooLong = fmt.Errorf("line is longer than %d MB", maxICSLine>>20)

// unfoldICS reads the content lines of r: CRLF or LF, folded lines joined
// (RFC 5545 §3.1: in octets, so that a fold inside a character does no harm),
// a byte order mark dropped, and what is not UTF-8 read as Windows-1252.
// On an error it returns the lines before it as well.
func unfoldICS(r io.Reader) ([]icsLine, error) {
	br := bufio.NewReaderSize(io.LimitReader(r, maxICSBytes+1), 64<<10)
	var (
		lines   []icsLine
		current []byte
		begin   int
		total   int
	)
	flush := func() {
		if len(bytes.TrimSpace(current)) > 0 {
			lines = append(lines, icsLine{begin, decodeICSText(current)})
		}
		current = current[:0]
	}
	for number := 1; ; number++ {
		physical, err := readPhysicalLine(br)
		if err != nil && !errors.Is(err, io.EOF) {
			flush()
			return lines, err
		}
		if total += len(physical); total > maxICSBytes {
			flush()
			return lines, fmt.Errorf("file is larger than %d MB", maxICSBytes>>20)
		}
		if number == 1 {
			physical = bytes.TrimPrefix(physical, []byte("\xef\xbb\xbf"))
		}
		if len(physical) > maxICSLine {
			return lines, errICSTooLong
		}
		atEnd := err != nil
		physical = bytes.TrimRight(physical, "\r\n")
		switch {
		case len(physical) > 0 && (physical[0] == ' ' || physical[0] == '\t') && len(current) > 0:
			current = append(current, physical[1:]...)
			if len(current) > maxICSLine {
				return lines, errICSTooLong
			}
		case len(physical) > 0:
			flush()
			current, begin = append(current, physical...), number
		case !atEnd: // an empty line ends a folded one: nothing to go on with
			flush()
		}
		if atEnd {
			flush()
			return lines, nil
		}
	}
}

// readPhysicalLine reads to the next line feed, which it includes.
func readPhysicalLine(br *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := br.ReadSlice('\n')
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
		if len(line) > maxICSLine {
			return nil, errICSTooLong
		}
	}
}

func decodeICSText(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	// Old exports are in Latin-1, which Windows-1252 contains for all printable
	// characters. Its decoder maps every byte to something.
	s, _ := charmap.Windows1252.NewDecoder().Bytes(b)
	return string(s)
}

// parseICS builds the components of lines. What does not fit the grammar
// becomes a problem, and the rest goes on: an unreadable line costs itself, a
// component without its END costs that component.
func parseICS(lines []icsLine) (roots []*icsComponent, problems []Problem) {
	var open []*icsComponent
	stray := false
	for _, l := range lines {
		head := strings.ToUpper(strings.TrimSpace(l.text))
		switch {
		case strings.HasPrefix(head, "BEGIN:"):
			name := strings.TrimSpace(head[len("BEGIN:"):])
			// Neither an event nor a calendar holds one of these: what is open is cut off.
			if name == "VEVENT" || name == "VTIMEZONE" || name == "VCALENDAR" {
				open, problems = cutOff(open, problems, func(c *icsComponent) bool {
					return c.name != "VCALENDAR" || name == "VCALENDAR"
				})
			}
			c := &icsComponent{name: name, line: l.number}
			switch {
			case len(open) >= maxICSDepth:
				problems = append(problems, Problem{Line: l.number, Reason: fmt.Sprintf("components are nested more than %d deep", maxICSDepth)})
				return roots, problems
			case len(open) > 0:
				parent := open[len(open)-1]
				parent.children = append(parent.children, c)
			default:
				roots = append(roots, c)
			}
			open = append(open, c)
		case strings.HasPrefix(head, "END:"):
			name := strings.TrimSpace(head[len("END:"):])
			at := -1
			for i := range open {
				if open[i].name == name {
					at = i
				}
			}
			if at < 0 {
				problems = append(problems, Problem{Line: l.number, Reason: "END:" + name + " closes nothing"})
				continue
			}
			depth := at
			inner := open[depth+1:]
			_, problems = cutOff(inner, problems, func(*icsComponent) bool { return true })
			open = open[:depth]
		case len(open) == 0:
			if !stray {
				problems = append(problems, Problem{Line: l.number, Reason: "not iCalendar: text outside of BEGIN:VCALENDAR"})
			}
			stray = true
		default:
			c := open[len(open)-1]
			p, err := parseICSProp(l)
			if err != nil {
				c.bad = append(c.bad, Problem{Line: l.number, Reason: err.Error()})
				continue
			}
			c.props = append(c.props, p)
		}
	}
	_, problems = cutOff(open, problems, func(*icsComponent) bool { return true })
	return roots, problems
}

// cutOff closes the open components that drop names, from the innermost out,
// and reports them as unreadable. A VCALENDAR without its end still counts.
func cutOff(open []*icsComponent, problems []Problem, drop func(*icsComponent) bool) ([]*icsComponent, []Problem) {
	for len(open) > 0 {
		c := open[len(open)-1]
		if !drop(c) {
			break
		}
		open = open[:len(open)-1]
		reason := "END:" + c.name + " is missing"
		if c.name != "VCALENDAR" {
			reason += ": left out"
		}
		problems = append(problems, Problem{Line: c.line, UID: c.text("UID"), Reason: reason})
		if c.name != "VCALENDAR" {
			c.name = "" // no longer a component that anybody looks for
		}
	}
	return open, problems
}

// parseICSProp lets the library parse one content line. Some malformed lines
// make it panic (a parameter value that ends with the line), hence the guard.
func parseICSProp(l icsLine) (p icsProp, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("malformed line %s", quoteStart(l.text))
		}
	}()
	const frame = "X-LINE"
	cal, err := ical.NewDecoder(strings.NewReader("BEGIN:VCALENDAR\nBEGIN:" + frame + "\n" + l.text + "\nEND:" + frame + "\nEND:VCALENDAR\n")).Decode()
	if err != nil {
		return icsProp{}, fmt.Errorf("%s in %s", strings.TrimPrefix(err.Error(), "ical: "), quoteStart(l.text))
	}
	for _, props := range cal.Children[0].Props {
		if len(props) == 1 {
			return icsProp{props[0], l.number}, nil
		}
	}
	return icsProp{}, fmt.Errorf("malformed line %s", quoteStart(l.text))
}

// quoteStart quotes as much of s as fits in a message.
func quoteStart(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return fmt.Sprintf("%q…", string(r[:most]))
	}
	return fmt.Sprintf("%q", s)
}

// unescapeText undoes the escapes of a TEXT value (RFC 5545 §3.3.11). Unlike
// the library it takes bare commas and unknown escapes as they stand, for many
// programs write them.
func unescapeText(s string) string {
	return strings.Join(splitText(s, 0), "")
}

// splitText splits a TEXT list at each bare sep (0: not at all) and unescapes
// its parts.
func splitText(s string, sep byte) []string {
	var (
		parts []string
		b     strings.Builder
	)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			switch s[i] {
			case 'n', 'N':
				b.WriteByte('\n')
			case '\\', ';', ',', ':', '"':
				b.WriteByte(s[i])
			default:
				b.WriteByte('\\')
				b.WriteByte(s[i])
			}
		case c == sep && sep != 0:
			parts = append(parts, b.String())
			b.Reset()
		default:
			b.WriteByte(c)
		}
	}
	return append(parts, b.String())
}
