package terminal

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"

	"github.com/twinday/twinday/assets"
)

// writeJSON prints one document in one line.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// list makes a nil slice print as [] and not as null.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// table collects rows and prints them in aligned columns.
type table struct {
	heads []string
	soft  []bool
	rows  [][]string
	faint map[int]bool // rows that are less worth a look
}

// newTable begins a table with the heads given, "|" between them. A column that is cut
// when the terminal is too narrow has a '~' after its head, which is not printed.
func newTable(heads string) *table {
	t := &table{}
	for h := range strings.SplitSeq(heads, "|") {
		name, soft := strings.CutSuffix(strings.TrimSpace(h), "~")
		t.heads, t.soft = append(t.heads, name), append(t.soft, soft)
	}
	return t
}

// add appends a row; its cells are made fit to print.
func (t *table) add(cells ...string) {
	for i := range cells {
		cells[i] = clean(cells[i])
	}
	t.rows = append(t.rows, cells)
}

// addFaint appends a row that is less worth a look: a default.
func (t *table) addFaint(cells ...string) {
	if t.faint == nil {
		t.faint = map[int]bool{}
	}
	t.faint[len(t.rows)] = true
	t.add(cells...)
}

// softest is the least width that a soft column is cut to.
const softest = 12

// widths says how wide each column may be for the table to fit limit cells
// (0: no limit).
func (t *table) widths(limit int) []int {
	w := make([]int, len(t.heads))
	for _, row := range append([][]string{t.heads}, t.rows...) {
		for i, c := range row {
			w[i] = max(w[i], runewidth.StringWidth(c))
		}
	}
	if limit == 0 {
		return w
	}
	total := 2 * (len(w) - 1)
	for _, x := range w {
		total += x
	}
	for total > limit {
		widest := -1
		for i, x := range w {
			if t.soft[i] && x > softest && (widest < 0 || x > w[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break // it does not fit; the terminal wraps it
		}
		w[widest]--
		total--
	}
	return w
}

// print writes the table, its head emphasised where colours are welcome.
func (a *app) print(t *table) {
	w := t.widths(a.Width)
	a.row(w, t.heads, bold)
	for i, row := range t.rows {
		if t.faint[i] {
			a.row(w, row, dim)
		} else {
			a.row(w, row, plain)
		}
	}
}

// emphasis is how a line stands out where colours are welcome.
type emphasis string

const (
	plain emphasis = ""
	bold  emphasis = "\x1b[1m"
	dim   emphasis = "\x1b[2m"
)

// row writes one line of a table with columns of the widths given.
func (a *app) row(widths []int, cells []string, e emphasis) {
	var b strings.Builder
	for i, c := range cells {
		if i > 0 {
			b.WriteString("  ")
		}
		c = runewidth.Truncate(c, widths[i], "…")
		if i < len(cells)-1 {
			c = runewidth.FillRight(c, widths[i])
		}
		b.WriteString(c)
	}
	line := strings.TrimRight(b.String(), " ")
	if e != plain && a.Color {
		line = string(e) + line + "\x1b[0m"
	}
	fmt.Fprintln(a.out, line)
}

// say prints a text for people.
func (a *app) say(text string) { fmt.Fprintln(a.out, text) }

// wrap writes words below each other in lines of width cells (0: one line), from
// column indent on; label stands before the first.
func wrap(label, text string, width, indent int) string {
	var b strings.Builder
	line := "  " + label
	if runewidth.StringWidth(line) >= indent {
		b.WriteString(line + "\n")
		line = ""
	}
	line = runewidth.FillRight(line, indent)
	empty := true
	for _, word := range strings.Fields(text) {
		if !empty && width > 0 && runewidth.StringWidth(line)+1+runewidth.StringWidth(word) > width {
			b.WriteString(line + "\n")
			line, empty = strings.Repeat(" ", indent), true
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	b.WriteString(strings.TrimRight(line, " ") + "\n")
	return b.String()
}

// clean makes text from a calendar fit for one cell: a title must not be able
// to move the cursor or to ring a bell.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return ' '
		case unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// listed is "1, 2 and 3".
func listed(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return assets.Text("{{.These}} and {{.Last}}", "These", strings.Join(words[:len(words)-1], ", "), "Last", words[len(words)-1])
}
