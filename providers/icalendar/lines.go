package icalendar

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

const (
	// maxObject bounds one calendar object, in bytes. Servers' own limits
	// (CALDAV:max-resource-size) are at or below it.
	maxObject = 16 << 20
	// maxLine bounds one unfolded line. Notes and inline attachments of a megabyte
	// exist; a line beyond this is no calendar.
	maxLine = 8 << 20
	// maxLines bounds the content lines of one file: each takes many times its length in
	// memory. The largest real export seen had 350 000.
	maxLines = 2_000_000
	// maxParts bounds the components of one event: the dates of one series are bounded
	// likewise (providers/calendar).
	maxParts = 10_000
	// maxComplaints is how many things of one file are complained of.
	maxComplaints = 1000
	// maxDepth bounds nesting: VCALENDAR, VEVENT, VALARM, and what VALARM may hold.
	maxDepth = 8
	// foldAt is the length of a physical line, in octets (RFC 5545 §3.1).
	foldAt = 75
)

// Complaint is one thing of a calendar file that could not be used as it stands; the
// rest of the file is read all the same.
type Complaint struct {
	Line     int    // of the file, from 1
	Property string // its name, "" if there is none
	Reason   string
}

// String reads "line 12: DTSTART: …". It quotes nothing of the file.
func (c Complaint) String() string {
	s := fmt.Sprintf("line %d: ", c.Line)
	if c.Property != "" {
		s += c.Property + ": "
	}
	return s + c.Reason
}

// line is one content line, unfolded, as it came: what is not changed is written back
// to the letter.
type line struct {
	number int // of its first physical line; 0 if it is ours
	text   string
	name   string // in capitals; "" if the line is malformed
	colon  int    // where its value begins, less one
}

// readLine takes a content line apart (RFC 5545 §3.1). Of a malformed one only the text
// is kept, so that it is written back.
func readLine(text string, number int) line {
	l := line{number: number, text: text}
	n := 0
	for n < len(text) && isNameByte(text[n]) {
		n++
	}
	if n == 0 || n == len(text) || text[n] != ';' && text[n] != ':' {
		return l
	}
	name := strings.ToUpper(text[:n])
	switch name {
	case "DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE", "RDATE":
		// Exchange and Outlook write TZID=tzone://Microsoft/Utc and TZID=(UTC+01:00) Berlin
		// without quotation marks. No time has a colon in it.
		if i := strings.LastIndexByte(text, ':'); i >= n {
			l.name, l.colon = name, i
			return l
		}
		return l
	}
	quoted := false
	for i := n; i < len(text); i++ {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case text[i] == ':' && !quoted:
			l.name, l.colon = name, i
			return l
		}
	}
	// A quotation mark without its other half is seen in CN parameters: the first colon serves.
	if i := strings.IndexByte(text[n:], ':'); i >= 0 {
		l.name, l.colon = name, n+i
	}
	return l
}

func isNameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}

// value is what stands behind the colon, not unescaped.
func (l line) value() string {
	if l.name == "" {
		return ""
	}
	return l.text[l.colon+1:]
}

// unescaped is the value as a TEXT.
func (l line) unescaped() string { return strings.Join(splitText(l.value(), 0), "") }

// parameter is one parameter of a line; several values are one text as they stand.
type parameter struct {
	name string // in capitals
	raw  string // with quotation marks and ^
}

// params lists the parameters of a line, in order.
func (l line) params() []parameter {
	if l.name == "" || l.colon <= len(l.name) {
		return nil
	}
	var out []parameter
	list := splitUnquoted(l.text[len(l.name)+1:l.colon], ';')
	if strings.Count(l.text[:l.colon], `"`)%2 == 1 {
		list = strings.Split(l.text[len(l.name)+1:l.colon], ";")
	}
	for _, p := range list {
		name, raw, _ := strings.Cut(p, "=")
		out = append(out, parameter{strings.ToUpper(strings.TrimSpace(name)), raw})
	}
	return out
}

// param is the first value of a parameter, "" if there is none. A TZID is one value,
// though commas are seen in it without quotation marks.
func (l line) param(name string) string {
	if name != "TZID" {
		return l.paramList(name)[0]
	}
	for _, p := range l.params() {
		if p.name == name {
			return decodeParam(p.raw)
		}
	}
	return ""
}

// paramList are all values of a parameter, a single "" if there is none.
func (l line) paramList(name string) []string {
	var out []string
	for _, p := range l.params() {
		if p.name == name {
			for _, v := range splitUnquoted(p.raw, ',') {
				out = append(out, decodeParam(v))
			}
		}
	}
	if out == nil {
		return []string{""}
	}
	return out
}

// splitUnquoted cuts s at each sep that is not within quotation marks.
func splitUnquoted(s string, sep byte) []string {
	var out []string
	quoted, from := false, 0
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			out = append(out, s[from:i])
			from = i + 1
		}
	}
	return append(out, s[from:])
}

// decodeParam takes the quotation marks off and undoes RFC 6868 §3.2.
func decodeParam(s string) string {
	s = strings.Trim(strings.TrimSpace(s), `"`)
	if !strings.Contains(s, "^") {
		return s
	}
	return fromCarets.Replace(s)
}

var (
	fromCarets = strings.NewReplacer("^n", "\n", "^'", `"`, "^^", "^")
	toCarets   = strings.NewReplacer("^", "^^", "\r\n", "^n", "\n", "^n", "\r", "^n", `"`, "^'")
	escapes    = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`)
)

// encodeParam is the other way round (RFC 6868 §3.1), in quotation marks where RFC 5545
// §3.2 wants them.
func encodeParam(s string) string {
	s = toCarets.Replace(withoutControls(s))
	if strings.ContainsAny(s, ":;,") {
		return `"` + s + `"`
	}
	return s
}

// withoutControls drops the characters that no value may hold (RFC 5545 §3.1, CONTROL),
// and makes UTF-8 of what is none.
func withoutControls(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// newLine makes a line of a raw value. Parameters without a value are left out.
func newLine(name, value string, params ...parameter) line {
	var b strings.Builder
	b.WriteString(name)
	for _, p := range params {
		if p.raw != "" {
			b.WriteString(";" + p.name + "=" + p.raw)
		}
	}
	colon := b.Len()
	b.WriteString(":" + value)
	return line{text: b.String(), name: name, colon: colon}
}

// escapeText writes a TEXT value (RFC 5545 §3.3.11).
func escapeText(s string) string {
	return escapes.Replace(withoutControls(s))
}

// splitText splits a TEXT list at each bare sep (0: not at all) and unescapes its parts.
// Bare commas in a single text and unknown escapes stand: many programs write them.
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

// unfold reads content lines: CRLF or LF, folded lines joined (RFC 5545 §3.1: in octets,
// so that a fold inside a character does no harm), a byte order mark dropped, what is no
// UTF-8 taken for Windows-1252.
func unfold(data []byte) ([]line, error) {
	var (
		lines   []line
		current []byte
		begin   int
	)
	flush := func() {
		if len(bytes.Trim(current, " \t")) > 0 {
			lines = append(lines, readLine(decodeText(current), begin))
		}
		current = current[:0]
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	for number := 1; len(data) > 0; number++ {
		physical, rest, _ := bytes.Cut(data, []byte("\n"))
		data = rest
		physical = bytes.ReplaceAll(physical, []byte("\r"), nil)
		switch {
		case len(physical) == 0: // some programs put empty lines between, even within a folded one
		case (physical[0] == ' ' || physical[0] == '\t') && len(current) > 0:
			current = append(current, physical[1:]...)
		default:
			flush()
			current, begin = append(current, bytes.TrimLeft(physical, " \t")...), number
		}
		if len(lines) > maxLines {
			return nil, fmt.Errorf("it has more than %d lines", maxLines)
		}
		if len(current) > maxLine {
			return nil, fmt.Errorf("line %d is longer than %d MB", begin, maxLine>>20)
		}
	}
	flush()
	return lines, nil
}

func decodeText(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	// Old exports are in Latin-1, which Windows-1252 contains for all that can be printed.
	s, _ := charmap.Windows1252.NewDecoder().Bytes(b)
	return string(s)
}

// readAll reads all of r, or an error if it is longer than limit.
func readAll(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, tooLarge(limit)
	}
	return data, nil
}

func tooLarge(limit int64) error { return fmt.Errorf("it is larger than %d MB", limit>>20) }

// component is one component with its lines and components in their order.
type component struct {
	name   string // in capitals
	number int    // of its BEGIN
	closed bool   // its END was there
	items  []item
}

// item is a line, or a component.
type item struct {
	line
	sub *component
}

// tree builds the components of lines. What does not fit is complained of and left out,
// but a malformed line within a component is kept with it. A component that is cut off
// ends where another begins that it cannot hold.
func tree(lines []line) (roots []*component, complaints []Complaint, err error) {
	var open []*component
	stray := false
	complain := func(l int, property, reason string) {
		if len(complaints) < maxComplaints {
			complaints = append(complaints, Complaint{l, property, reason})
		}
	}
	for _, l := range lines {
		switch l.name {
		case "BEGIN":
			name := strings.ToUpper(strings.TrimSpace(l.value()))
			// Neither an event nor a calendar holds one of these: what is open is cut off.
			if name == "VEVENT" || name == "VTIMEZONE" || name == "VCALENDAR" {
				for len(open) > 0 && (open[len(open)-1].name != "VCALENDAR" || name == "VCALENDAR") {
					c := open[len(open)-1]
					complain(c.number, "", "END:"+c.name+" is missing")
					open = open[:len(open)-1]
				}
			}
			c := &component{name: name, number: l.number}
			switch {
			case len(open) >= maxDepth:
				return nil, complaints, fmt.Errorf("line %d: components are nested more than %d deep", l.number, maxDepth)
			case len(open) > 0:
				parent := open[len(open)-1]
				parent.items = append(parent.items, item{sub: c})
			default:
				roots = append(roots, c)
			}
			open = append(open, c)
		case "END":
			name := strings.ToUpper(strings.TrimSpace(l.value()))
			at := len(open) - 1
			for at >= 0 && open[at].name != name {
				at--
			}
			if at < 0 {
				complain(l.number, "", "an END that closes nothing")
				continue
			}
			for _, c := range open[at+1:] {
				complain(c.number, "", "END:"+c.name+" is missing")
			}
			open[at].closed = true
			open = open[:at]
		default:
			if len(open) == 0 {
				if !stray {
					complain(l.number, "", "text outside of BEGIN:VCALENDAR")
				}
				stray = true
				continue
			}
			if l.name == "" {
				complain(l.number, "", "no content line: a name and a colon are missing")
			}
			c := open[len(open)-1]
			c.items = append(c.items, item{line: l})
		}
	}
	for _, c := range open {
		complain(c.number, "", "END:"+c.name+" is missing")
	}
	return roots, complaints, nil
}

var errNotCalendar = errors.New("no iCalendar file: there is no BEGIN:VCALENDAR")

// subs lists the components of a name, in order.
func (c *component) subs(name string) []*component {
	var out []*component
	for _, it := range c.items {
		if it.sub != nil && it.sub.name == name {
			out = append(out, it.sub)
		}
	}
	return out
}

// get is the first line of a name.
func (c *component) get(name string) (line, bool) {
	for _, it := range c.items {
		if it.sub == nil && it.name == name {
			return it.line, true
		}
	}
	return line{}, false
}

// all lists the lines of these names, in order.
func (c *component) all(names ...string) []line {
	var out []line
	for _, it := range c.items {
		for _, n := range names {
			if it.sub == nil && it.name == n {
				out = append(out, it.line)
			}
		}
	}
	return out
}

// text is the first line of a name as a TEXT, "" if there is none.
func (c *component) text(name string) string {
	l, _ := c.get(name)
	return l.unescaped()
}

// word is the first line of a name, a keyword, in capitals.
func (c *component) word(name string) string {
	l, _ := c.get(name)
	return strings.ToUpper(strings.TrimSpace(l.value()))
}

// set puts a line in the place of the first of its name, or behind the other lines; more
// of its name go.
func (c *component) set(l line) {
	named := func(it item) bool { return it.sub == nil && it.name == l.name }
	at := slices.IndexFunc(c.items, named)
	if at < 0 {
		c.add(l)
		return
	}
	c.items[at] = item{line: l}
	rest := slices.DeleteFunc(c.items[at+1:], named)
	c.items = c.items[:at+1+len(rest)]
}

// add puts lines behind the others, and before the components.
func (c *component) add(lines ...line) {
	at := slices.IndexFunc(c.items, func(it item) bool { return it.sub != nil })
	if at < 0 {
		at = len(c.items)
	}
	for i, l := range lines {
		c.items = slices.Insert(c.items, at+i, item{line: l})
	}
}

// drop removes the lines of these names, and says whether there were any.
func (c *component) drop(names ...string) bool {
	return c.dropFunc(func(it item) bool {
		for _, n := range names {
			if it.sub == nil && it.name == n {
				return true
			}
		}
		return false
	})
}

func (c *component) dropFunc(gone func(item) bool) bool {
	n := len(c.items)
	c.items = slices.DeleteFunc(c.items, gone)
	return len(c.items) < n
}

// clone is a copy that shares no items.
func (c *component) clone() *component {
	out := *c
	out.items = make([]item, len(c.items))
	for i, it := range c.items {
		if it.sub != nil {
			it.sub = it.sub.clone()
		}
		out.items[i] = it
	}
	return &out
}

// write writes the component, folded, with CRLF.
func (c *component) write(b *bytes.Buffer) {
	fold(b, "BEGIN:"+c.name)
	for _, it := range c.items {
		if it.sub != nil {
			it.sub.write(b)
		} else {
			fold(b, it.text)
		}
	}
	fold(b, "END:"+c.name)
}

// fold writes one line in pieces of at most 75 octets, none of which ends within a
// character.
func fold(b *bytes.Buffer, s string) {
	room := foldAt
	for len(s) > room {
		n := room
		for n > 1 && !utf8.RuneStart(s[n]) {
			n--
		}
		b.WriteString(s[:n])
		b.WriteString("\r\n ")
		s, room = s[n:], foldAt-1
	}
	b.WriteString(s)
	b.WriteString("\r\n")
}
