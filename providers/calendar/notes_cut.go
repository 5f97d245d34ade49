package calendar

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"golang.org/x/net/html"
)

// IsZero reports whether there are no notes.
func (n Notes) IsZero() bool { return n.HTML == "" }

// Then is n, an empty line, and m; the one alone if the other is empty. Beside a list
// there is no empty line, as canonical notes have none there: two lists that meet stay
// two lists.
func (n Notes) Then(m Notes) Notes {
	switch {
	case n.IsZero():
		return m
	case m.IsZero():
		return n
	}
	return NotesFromHTML(n.HTML + "<br><br>" + m.HTML)
}

// Fits reports whether a service that holds limit UTF-16 code units holds n: as HTML,
// or as text where that says it all.
func (n Notes) Fits(limit int) bool {
	return TextLen(n.HTML) <= limit || n.IsPlain() && TextLen(n.Text()) <= limit
}

// Cut is n if it fits into limit UTF-16 code units. Else it is the longest beginning of
// n, without white space at its end, that fits with mark (plain text) behind it. It
// keeps its formatting, and is cut between what a person sees as characters, never
// inside of a tag or an entity. Empty where not even mark fits. Uncut is its other half.
//
// The mark stands in the elements in which n goes on, but not in a link: what is
// clicked there is n's, not ours, and as text a link ends in its address.
func (n Notes) Cut(limit int, mark string) Notes {
	if n.Fits(limit) {
		return n
	}
	alone := NotesFromText(mark)
	asHTML, asText := TextLen(alone.HTML), TextLen(alone.Text())
	for _, c := range slices.Backward(n.cuts()) {
		if c.rich && c.size+asHTML > limit || !c.rich && c.size+asText > limit {
			continue
		}
		tags := c.open[:markDepth(c.open)]
		cut := n.HTML[:c.end] + endTags(c.open[len(tags):]) + alone.HTML + endTags(tags)
		// A link is no longer one when what is left of its text is its address. Then the
		// rest could not go on with it, and one character less is the better cut.
		if out := NotesFromHTML(cut); out.Fits(limit) && TextLen(out.HTML) == TextLen(cut) {
			return out
		}
	}
	if alone.Fits(limit) {
		return alone
	}
	return Notes{}
}

// Uncut tells what a person meant who made edited of cut, which is what Cut made of n
// with the same mark: edited up to the mark, and then the rest of n that cut did not
// show, with the formatting it had there. What stood in one element with what came
// before the cut does so again if that element is still there: bold goes on being
// bold, and a list item that was cut in two is one item. White space on both sides of
// the seam counts once.
//
// It is false if edited does not end in mark (white space behind it, and the elements
// it stands in, are no matter): whether the rest should stay or go cannot be known then.
func (n Notes) Uncut(cut, edited Notes, mark string) (Notes, bool) {
	switch {
	case edited == cut:
		return n, true
	case cut == n: // nothing was hidden
		return edited, true
	}
	shown, ok := cut.upTo(mark)
	if !ok {
		return Notes{}, false
	}
	kept, ok := edited.upTo(mark)
	if !ok {
		return Notes{}, false
	}
	whole := n.inked()
	if len(shown.glyphs) > len(whole) || !slices.EqualFunc(shown.glyphs, whole[:len(shown.glyphs)], sameRune) {
		return Notes{}, false // cut was made of other notes
	}

	var seam, next glyph // the last one that was shown, the first one that was not
	if i := len(shown.glyphs); i > 0 {
		seam = whole[i-1]
	}
	next.start = len(n.HTML)
	if i := len(shown.glyphs); i < len(whole) {
		next = whole[i]
	}
	tags, typed := splitSpace(edited.HTML[kept.end:kept.mark])
	_, own := splitSpace(cut.HTML[shown.end:shown.mark])
	typed = withoutLast(typed, utf8.RuneCountInString(own)) // what belongs to the mark is no edit
	front, back := edited.HTML[:kept.end], n.HTML[seam.end:]
	restTags, hidden := splitSpace(n.HTML[seam.end:next.start])
	if moreSpace(typed, hidden, "<br>") {
		front, back = front+typed, restTags+n.HTML[next.start:]
	}

	// From the elements that the mark stood in over to those in which n goes on.
	common := 0
	for common < min(len(kept.open), len(seam.open)) && kept.open[common] == seam.open[common] {
		common++
	}
	bridge := endTags(kept.open[common:]) + strings.Join(seam.open[common:], "")
	return NotesFromHTML(front + tags + bridge + back), true
}

// glyph is one character of canonical notes: a rune of text, or a line break for a
// <br> or the edge of a list or item.
type glyph struct {
	r          rune
	start, end int      // where it is in the HTML
	open       []string // start tags of the elements around it, outermost first
}

func sameRune(a, b glyph) bool { return a.r == b.r }

// glyphs takes canonical notes apart.
func (n Notes) glyphs() []glyph {
	var out []glyph
	var open []string
	for i := 0; i < len(n.HTML); {
		r, size := utf8.DecodeRuneInString(n.HTML[i:])
		end := i + size
		switch r {
		case '<':
			end = endOf(n.HTML, i, '>')
			tag := n.HTML[i:end]
			if tag == "<br>" || isListTag(tag) {
				out = append(out, glyph{'\n', i, end, open})
			}
			switch {
			case tag == "<br>":
			case strings.HasPrefix(tag, "</"):
				open = open[:max(0, len(open)-1)]
			default:
				open = append(slices.Clip(open), tag) // the glyphs before it keep theirs
			}
		case '&':
			end = endOf(n.HTML, i, ';')
			r, _ = utf8.DecodeRuneInString(html.UnescapeString(n.HTML[i:end]))
			fallthrough
		default:
			out = append(out, glyph{r, i, end, open})
		}
		i = end
	}
	return out
}

// inked are the glyphs that are not white space.
func (n Notes) inked() []glyph {
	return slices.DeleteFunc(n.glyphs(), func(g glyph) bool { return unicode.IsSpace(g.r) })
}

// cutPoint is a place where notes may be cut.
type cutPoint struct {
	end  int      // in the HTML
	open []string // start tags of the elements around it
	size int      // of what is before it with its end tags, in UTF-16 code units
	rich bool     // size is that of HTML; else nothing before it is more than text, and size is the text's
}

// cuts are the places behind a grapheme cluster that does not end in white space, in
// order. A cluster may reach over a tag: an accent can be bold where its letter is not.
func (n Notes) cuts() []cutPoint {
	gs := n.glyphs()
	var text strings.Builder
	for _, g := range gs {
		text.WriteRune(g.r)
	}
	var out []cutPoint
	rich := false
	next, end, asText, asHTML := 0, 0, 0, 0
	for it := graphemes.FromString(text.String()); it.Next(); {
		var g glyph
		for range it.Value() {
			g = gs[next]
			next++
			rich = rich || len(g.open) > 0
		}
		asText += TextLen(it.Value())
		asHTML += TextLen(n.HTML[end:g.end])
		end = g.end
		switch {
		case unicode.IsSpace(g.r):
		case rich:
			out = append(out, cutPoint{g.end, g.open, asHTML + TextLen(endTags(g.open)), true})
		default:
			out = append(out, cutPoint{g.end, g.open, asText, false})
		}
	}
	return out
}

// beforeMark is what notes hold before the mark at their end.
type beforeMark struct {
	glyphs []glyph  // inked
	end    int      // of the last of them, in the HTML
	mark   int      // where the mark starts in the HTML
	open   []string // start tags of the elements in which the mark starts
}

// upTo finds the mark at the end of n; white space counts neither behind it nor in it.
func (n Notes) upTo(mark string) (b beforeMark, ok bool) {
	gs, want := n.inked(), NotesFromText(mark).inked()
	b.glyphs = gs[:max(0, len(gs)-len(want))]
	if !slices.EqualFunc(gs[len(b.glyphs):], want, sameRune) {
		return beforeMark{}, false
	}
	if i := len(b.glyphs); i > 0 {
		b.end, b.mark, b.open = gs[i-1].end, gs[i-1].end, gs[i-1].open
	}
	if i := len(b.glyphs); i < len(gs) {
		b.mark, b.open = gs[i].start, gs[i].open
	}
	return b, true
}

// splitSpace tells tags from white space, line breaks among it, in HTML without other text.
func splitSpace(s string) (tags, space string) {
	for i := 0; i < len(s); {
		end := i + 1
		if s[i] == '<' {
			end = endOf(s, i, '>')
		}
		if part := s[i:end]; s[i] == '<' && part != "<br>" {
			tags += part
		} else {
			space += part
		}
		i = end
	}
	return tags, space
}

// withoutLast is white space without as many spaces, hard or soft, at its end.
func withoutLast(space string, spaces int) string {
	for range spaces {
		r, size := utf8.DecodeLastRuneInString(space)
		if !unicode.IsSpace(r) {
			break
		}
		space = space[:len(space)-size]
	}
	return space
}

// endTags closes the elements that the start tags open.
func endTags(open []string) string {
	var b strings.Builder
	for _, tag := range slices.Backward(open) {
		name, _, _ := strings.Cut(strings.Trim(tag, "<>"), " ")
		b.WriteString("</" + name + ">")
	}
	return b.String()
}

// markDepth is how many of the open elements the mark stands in: all, but for a link
// and what is within it. A list within a link keeps it, or the mark would leave its item.
func markDepth(open []string) int {
	for i, tag := range open {
		if strings.HasPrefix(tag, "<a ") && !slices.ContainsFunc(open[i:], isListTag) {
			return i
		}
	}
	return len(open)
}

func isListTag(tag string) bool {
	switch strings.Trim(tag, "</>") {
	case "ul", "ol", "li":
		return true
	}
	return false
}

// endOf is the position behind the next last in s from start on: behind s where there is none.
func endOf(s string, start int, last byte) int {
	if i := strings.IndexByte(s[start:], last); i >= 0 {
		return start + i + 1
	}
	return len(s)
}
