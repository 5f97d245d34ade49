package calendar

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Notes is the description of an event, as HTML in one small sanitised subset:
// text, <br>, <b>, <i>, <u>, <a href> (http, https, mailto, tel), <ul>, <ol> and
// <li>. It is a comparable value in canonical form, so that two providers'
// spellings of the same notes are equal: make it with NotesFromText or
// NotesFromHTML only.
type Notes struct {
	HTML string `json:"html,omitempty"`
}

// NotesFromHTML reads a provider's HTML: a fragment or a whole document, of any
// quality. Scripts, styles, pictures and unknown elements go, their text stays. A link
// that shows its own address becomes that text: programs make the one into the other
// as they like.
func NotesFromHTML(s string) Notes {
	n := canonical(s)
	// Two links that became one may show their address only together. Each time around
	// there is one less, or it is not to be had shorter.
	for n.showsAddress() {
		again := canonical(n.HTML)
		if len(again.HTML) >= len(n.HTML) {
			break
		}
		n = again
	}
	return n
}

func canonical(s string) Notes {
	s = sanitizer().Sanitize(s)
	doc, err := html.Parse(strings.NewReader(s))
	if err != nil { // html.Parse fails only when its reader does
		return NotesFromText(s)
	}
	var c canon
	c.walk(doc)
	c.moveTo(nil)
	return Notes{c.out.String()}
}

// NotesFromText reads plain text; its line breaks and runs of spaces are kept.
func NotesFromText(s string) Notes {
	var c canon
	c.preformatted(s)
	return Notes{c.out.String()}
}

// IsPlain reports whether text with line breaks says it all.
func (n Notes) IsPlain() bool {
	return !strings.Contains(strings.ReplaceAll(n.HTML, "<br>", ""), "<")
}

// Text is the notes as plain text: list items on lines of their own, the target
// of a link behind its words.
func (n Notes) Text() string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(n.HTML))
	var lists []int // per open list: the next number, or -1 for bullets
	var href string
	var linkStart int
	newline := func() {
		if s := b.String(); s != "" && !strings.HasSuffix(s, "\n") {
			b.WriteByte('\n')
		}
	}
	for {
		switch z.Next() {
		case html.ErrorToken:
			return strings.TrimRight(strings.ReplaceAll(b.String(), "\u00a0", " "), " \n")
		case html.TextToken:
			b.WriteString(html.UnescapeString(string(z.Raw())))
		case html.StartTagToken:
			switch t := z.Token(); t.DataAtom {
			case atom.Br:
				b.WriteByte('\n')
			case atom.Ul:
				newline()
				lists = append(lists, -1)
			case atom.Ol:
				newline()
				lists = append(lists, 1)
			case atom.Li:
				newline()
				b.WriteString(strings.Repeat("  ", max(0, len(lists)-1)))
				if i := len(lists) - 1; i >= 0 && lists[i] > 0 {
					b.WriteString(strconv.Itoa(lists[i]) + ". ")
					lists[i]++
				} else {
					b.WriteString("- ")
				}
			case atom.A:
				for _, a := range t.Attr {
					if a.Key == "href" {
						href = a.Val
					}
				}
				linkStart = b.Len()
			}
		case html.EndTagToken:
			switch z.Token().DataAtom {
			case atom.Ul, atom.Ol:
				if len(lists) > 0 {
					lists = lists[:len(lists)-1]
				}
				newline()
			case atom.A:
				words := b.String()[linkStart:]
				if target := strings.TrimPrefix(href, "mailto:"); !strings.Contains(words, target) {
					b.WriteString(" (" + target + ")")
				}
			}
		}
	}
}

// sanitizer is the policy that everything passes before it is looked at.
var sanitizer = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("b", "strong", "i", "em", "u", "ins", "br", "ul", "ol", "li", "p", "div", "h1", "h2", "h3", "h4",
		"h5", "h6", "blockquote", "pre", "table", "tbody", "thead", "tr", "td", "th", "hr", "section", "article", "dl", "dt", "dd", "body")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto", "tel")
	p.RequireParseableURLs(true)
	p.SkipElementsContent("title", "head", "svg", "math", "select", "template", "textarea")
	return p
})

// element is one open element of the canonical output. Two lists are never the
// same one; two runs of bold are.
type element struct {
	name, href string
	node       *html.Node // identity, for lists and their items
}

func (e element) isList() bool { return e.name == "ul" || e.name == "ol" || e.name == "li" }

// canon writes the canonical form: elements are opened only when there is text
// for them, blocks become line breaks, white space is what a browser shows.
type canon struct {
	out    strings.Builder
	path   []element // where the walk is
	open   []element // what is open in out
	breaks int       // line breaks not written yet
	width  int       // columns of white space not written yet
	inLine bool      // there is text on this line
	folded bool      // the last rune was white space that folds
}

func (c *canon) walk(n *html.Node) {
	switch n.Type {
	case html.TextNode:
		c.text(n.Data)
		return
	case html.ElementNode:
		switch n.DataAtom {
		case atom.Br:
			c.lineBreak()
			return
		case atom.Pre:
			c.boundary()
			c.preformatted(textOf(n))
			c.boundary()
			return
		case atom.Td, atom.Th:
			c.text(" ")
		}
	}
	depth, block := len(c.path), false
	if n.Type == html.ElementNode {
		var e element
		if e, block = c.element(n); e.name != "" {
			c.path = append(c.path, e)
		}
	}
	if block {
		c.boundary()
	}
	for k := n.FirstChild; k != nil; k = k.NextSibling {
		c.walk(k)
	}
	if block {
		c.boundary()
	}
	c.path = c.path[:depth]
}

// element says what an HTML element becomes, and whether it stands on lines of its own.
func (c *canon) element(n *html.Node) (e element, block bool) {
	has := func(name string) bool {
		return slices.ContainsFunc(c.path, func(e element) bool { return e.name == name })
	}
	inline := func(name string) element {
		if has(name) {
			return element{}
		}
		return element{name: name}
	}
	switch n.DataAtom {
	case atom.B, atom.Strong:
		return inline("b"), false
	case atom.I, atom.Em:
		return inline("i"), false
	case atom.U, atom.Ins:
		return inline("u"), false
	case atom.A:
		for _, a := range n.Attr {
			if a.Key == "href" && !has("a") && !isAddress(textOf(n), a.Val) {
				return element{name: "a", href: a.Val}, false
			}
		}
		return element{}, false
	case atom.Ul, atom.Ol:
		return element{name: n.Data, node: n}, true
	case atom.Li:
		for _, p := range slices.Backward(c.path) {
			if p.isList() {
				if p.name != "li" {
					return element{name: "li", node: n}, true
				}
				break
			}
		}
		return element{}, true
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return inline("b"), true
	case atom.P, atom.Div, atom.Blockquote, atom.Table, atom.Tr, atom.Hr, atom.Section, atom.Article, atom.Dl, atom.Dt, atom.Dd:
		return element{}, true
	}
	return element{}, false
}

// text takes text in which white space folds.
func (c *canon) text(s string) {
	for _, r := range s {
		switch r {
		case ' ', '\t', '\n', '\r', '\f':
			if !c.folded && (c.inLine || c.width > 0) {
				c.width++
			}
			c.folded = true
		case '\u00a0':
			c.width++
			c.folded = false
		default:
			c.put(r)
		}
	}
}

// preformatted takes text in which white space counts.
func (c *canon) preformatted(s string) {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	for _, r := range s {
		switch r {
		case '\n':
			c.lineBreak()
		case ' ', '\u00a0':
			c.width++
		case '\t':
			c.width += 4
		default:
			c.put(r)
		}
	}
	c.folded = false
}

func (c *canon) lineBreak() {
	c.breaks++
	c.width, c.inLine, c.folded = 0, false, false
}

func (c *canon) boundary() {
	if c.inLine {
		c.lineBreak()
	}
	c.width, c.folded = 0, false
}

func (c *canon) put(r rune) {
	if r == utf8.RuneError || (r < ' ' && r != '\t') || r == 0x7f {
		return // no provider keeps control characters
	}
	c.moveTo(c.path)
	if c.out.Len() > 0 { // blank lines at the top go
		c.out.WriteString(strings.Repeat("<br>", c.breaks))
	}
	inner := len(c.path) // white space stands in the list item it is in, but outside of bold and the like
	for inner > len(c.open) && !c.path[inner-1].isList() {
		inner--
	}
	c.enter(c.path[:inner])
	switch {
	case c.width == 0:
	case c.inLine:
		c.out.WriteString(strings.Repeat("\u00a0", c.width-1) + " ")
	default:
		c.out.WriteString(strings.Repeat("\u00a0", c.width))
	}
	c.enter(c.path)
	c.breaks, c.width, c.inLine, c.folded = 0, 0, true, false
	switch r {
	case '&':
		c.out.WriteString("&amp;")
	case '<':
		c.out.WriteString("&lt;")
	case '>':
		c.out.WriteString("&gt;")
	default:
		c.out.WriteRune(r)
	}
}

// moveTo closes what is open and not on the path. Around lists no line breaks
// are due: a list is a block of its own.
func (c *canon) moveTo(path []element) {
	common := 0
	for common < len(path) && common < len(c.open) && path[common] == c.open[common] {
		common++
	}
	isList := func(e element) bool { return e.isList() }
	if slices.ContainsFunc(c.open[common:], isList) || slices.ContainsFunc(path[common:], isList) {
		c.breaks = 0
	}
	for len(c.open) > common {
		c.out.WriteString("</" + c.open[len(c.open)-1].name + ">")
		c.open = c.open[:len(c.open)-1]
	}
}

// enter opens the rest of a path that goes on from what is open.
func (c *canon) enter(path []element) {
	for _, e := range path[len(c.open):] {
		c.out.WriteString("<" + e.name)
		if e.href != "" {
			c.out.WriteString(` href="` + html.EscapeString(e.href) + `"`)
		}
		c.out.WriteString(">")
		c.open = append(c.open, e)
	}
}

func textOf(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	if n.DataAtom == atom.Br {
		return "\n"
	}
	var b strings.Builder
	for k := n.FirstChild; k != nil; k = k.NextSibling {
		b.WriteString(textOf(k))
	}
	return b.String()
}
