package calendar

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"pgregory.net/rapid"
)

// someNotes are canonical notes of text that is hard to cut, in all the elements.
var someNotes = rapid.Map(someHTML(3), NotesFromHTML)

// someHTML is HTML of the subset, nested at most so deep, canonical or not.
func someHTML(depth int) *rapid.Generator[string] {
	text := rapid.Map(hardTexts, func(s string) string {
		return strings.ReplaceAll(html.EscapeString(s), "\n", "<br>")
	})
	if depth == 0 {
		return text
	}
	inner := rapid.Deferred(func() *rapid.Generator[string] { return someHTML(depth - 1) })
	element := rapid.Custom(func(t *rapid.T) string {
		in := inner.Draw(t, "in")
		switch kind := rapid.SampledFrom([]string{"b", "i", "u", "a", "ul", "ol", "p"}).Draw(t, "element"); kind {
		case "a":
			in = rapid.SampledFrom([]string{"", "https://x.test/", "https://x.test/a"}).Draw(t, "address") + in
			return `<a href="https://x.test/` + rapid.SampledFrom([]string{"a", "b?c=1&amp;d=2"}).Draw(t, "href") + `">` + in + "</a>"
		case "ul", "ol":
			return "<" + kind + "><li>" + in + "</li><li>" + inner.Draw(t, "item") + "</li></" + kind + ">"
		default:
			return "<" + kind + ">" + in + "</" + kind + ">"
		}
	})
	return rapid.Map(rapid.SliceOfN(rapid.OneOf(text, element), 0, 4), func(parts []string) string { return strings.Join(parts, "") })
}

func TestCut(t *testing.T) {
	for name, c := range map[string]struct {
		in    string
		limit int
		mark  string
		want  string
	}{
		"it fits":                           {"<b>abc</b>", 10, "…", "<b>abc</b>"},
		"plain text counts as text":         {"a &lt; b", 5, "…", "a &lt; b"},
		"and is cut as text":                {"a &lt; b<br>c", 6, "…", "a &lt; b…"},
		"entities stay whole":               {"<b>&amp;&amp;</b>", 14, "…", "<b>&amp;…</b>"},
		"open elements are closed":          {"<b><i>abcdefgh</i></b>", 18, "…", "<b><i>abc…</i></b>"},
		"bold goes on or is not begun":      {"ab<b>cd</b>", 10, "…", "ab…"},
		"the mark is not in the link":       {`<a href="https://x.test">abcdefgh</a>`, 33, "…", `<a href="https://x.test">abc</a>…`},
		"the mark is in the item":           {"<ul><li>abcd</li><li>efgh</li></ul>", 30, "…", "<ul><li>abcd…</li></ul>"},
		"no white space before the mark":    {"ab<br><br>cd", 5, "…", "ab…"},
		"a mark with space":                 {"abcdefgh", 6, " […]", "ab […]"},
		"a mark with entities":              {"abcdefgh", 6, " <&>", "ab &lt;&amp;&gt;"},
		"only the mark has room":            {"abcdefgh", 1, "…", "…"},
		"not even the mark":                 {"abcdefgh", 2, "...", ""},
		"an accent stays on its letter":     {"<b>e</b>\u0301abcdefgh", 9, "…", "…"},
		"a link does not become an address": {`<a href="https://x.test/a">https://x.test/abcdefghijklmnopqrstuvwxyz</a>`, 48, "…", `<a href="https://x.test/a">https://x.test/</a>…`},
	} {
		t.Run(name, func(t *testing.T) {
			n := NotesFromHTML(c.in)
			got := n.Cut(c.limit, c.mark)
			if got.HTML != c.want {
				t.Errorf("got %q, want %q", got.HTML, c.want)
			}
			if !got.Fits(c.limit) {
				t.Errorf("%q does not fit into %d", got.HTML, c.limit)
			}
		})
	}
}

func TestUncut(t *testing.T) {
	for name, c := range map[string]struct {
		in     string
		limit  int
		edited string
		want   string
	}{
		"nothing edited":                     {"one two three", 8, "one two…", "one two three"},
		"a word put before":                  {"one two three", 8, "zero one two…", "zero one two three"},
		"a space before the mark":            {"one two three", 8, "one 2 …", "one 2 three"},
		"white space behind the mark":        {"one two three", 8, "one 2…<br>&nbsp;", "one 2 three"},
		"a new line before the mark":         {"one two three", 8, "one 2<br>…", "one 2<br>three"},
		"a line break was cut":               {"one two<br>three", 8, "one 2 …", "one 2<br>three"},
		"all before the mark is gone":        {"one two<br>three", 8, "…", "three"},
		"cut within a word":                  {"one two three", 11, "one 2 th…", "one 2 three"},
		"bold goes on":                       {"<b>one two three</b>", 15, "<b>zero one two…</b>", "<b>zero one two three</b>"},
		"bold goes on, though the mark left": {"<b>one two three</b>", 15, "<b>one 2</b>…", "<b>one 2 three</b>"},
		"the rest is bold as it was":         {"<b>one two three</b>", 15, "one 2…", "one 2<b> three</b>"},
		"a bold mark":                        {"one two <b>three</b> four", 8, "one 2<b>…</b>", "one 2 <b>three</b> four"},
		"a link goes on":                     {`<a href="https://x.test">one two three</a> four`, 37, `<a href="https://x.test">1 two</a>…`, `<a href="https://x.test">1 two three</a> four`},
		"an item is one again":               {"<ul><li>one</li><li>two three</li></ul>four", 34, "<ul><li>1</li><li>2…</li></ul>", "<ul><li>1</li><li>2 three</li></ul>four"},
		"an item is put before":              {"<ul><li>one</li><li>two three</li></ul>four", 34, "<ul><li>zero</li><li>one</li><li>two…</li></ul>", "<ul><li>zero</li><li>one</li><li>two three</li></ul>four"},
		"the next item follows":              {"<ul><li>one</li><li>two</li></ul>", 25, "<ul><li>1…</li></ul>", "<ul><li>1</li><li>two</li></ul>"},
		"the list is gone":                   {"<ul><li>one</li><li>two</li></ul>", 25, "1…", "1<ul><li>two</li></ul>"},
		"it was never cut":                   {"one", 8, "two", "two"},
	} {
		t.Run(name, func(t *testing.T) {
			n := NotesFromHTML(c.in)
			cut := n.Cut(c.limit, "…")
			got, ok := n.Uncut(cut, NotesFromHTML(c.edited), "…")
			if want := NotesFromHTML(c.want); !ok || got != want {
				t.Errorf("of %q, got %q, %v, want %q", cut.HTML, got.HTML, ok, want.HTML)
			}
		})
	}
	n := NotesFromText("one two three")
	for name, edited := range map[string]string{"the mark is gone": "one two", "text behind it": "one two… four", "all is gone": ""} {
		if got, ok := n.Uncut(n.Cut(8, "…"), NotesFromText(edited), "…"); ok {
			t.Errorf("%s: got %q", name, got.HTML)
		}
	}
	if got, ok := n.Uncut(NotesFromText("other…"), NotesFromText("mine…"), "…"); ok {
		t.Errorf("cut from other notes: got %q", got.HTML)
	}
}

func TestCutLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, mark, limit := someNotes.Draw(t, "n"), marks.Draw(t, "mark"), rapid.IntRange(-1, 150).Draw(t, "limit")
		c := n.Cut(limit, mark)
		if !c.Fits(max(0, limit)) {
			t.Fatalf("%q does not fit", c.HTML)
		}
		if n.Fits(limit) && c != n {
			t.Fatalf("it fits, and became %q", c.HTML)
		}
		if again := NotesFromHTML(c.HTML); again != c {
			t.Fatalf("%q is not canonical: %q", c.HTML, again.HTML)
		}
		if again := c.Cut(limit, mark); again != c {
			t.Fatalf("once %q, twice %q", c.HTML, again.HTML)
		}
		if got, ok := n.Uncut(c, c, mark); !ok || got != n {
			t.Fatalf("%q unedited is %q, %v", c.HTML, got.HTML, ok)
		}
		if c == n || c.IsZero() {
			return
		}
		shown, ok := c.upTo(mark)
		whole := n.inked()
		if !ok || !slices.EqualFunc(shown.glyphs, whole[:len(shown.glyphs)], sameRune) {
			t.Fatalf("%q is no beginning of %q", c.HTML, n.HTML)
		}
		// What is put into what was shown is in the whole at the same place, and the
		// rest is as it was.
		at := 0
		if len(shown.glyphs) > 0 {
			at = rapid.SampledFrom(shown.glyphs).Draw(t, "before").start
		}
		put := func(into Notes) Notes { return NotesFromHTML(into.HTML[:at] + "X" + into.HTML[at:]) }
		if got, ok := n.Uncut(c, put(c), mark); !ok || got != put(n) {
			t.Fatalf("%q with an X at %d is\n%q, %v, want\n%q", c.HTML, at, got.HTML, ok, put(n).HTML)
		}
		if got, ok := n.Uncut(c, NotesFromHTML(c.HTML+"X"), mark); ok && mark != "" {
			t.Fatalf("text behind the mark is taken: %q", got.HTML)
		}
	})
}

// Of any edit whatever that leaves the mark, all of the rest is there again, and
// what was typed is too.
func TestUncutLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, limit := someNotes.Draw(t, "n"), rapid.IntRange(1, 150).Draw(t, "limit")
		c := n.Cut(limit, "…")
		edited := NotesFromHTML(someHTML(2).Draw(t, "edited") + rapid.SampledFrom([]string{"…", "<b>…</b>", "<ul><li>…</li></ul>", "<br>…<br> "}).Draw(t, "mark"))
		if c == n {
			return
		}
		got, ok := n.Uncut(c, edited, "…")
		if !ok {
			t.Fatal("the mark is not found")
		}
		if again := NotesFromHTML(got.HTML); again != got {
			t.Fatalf("%q is not canonical: %q", got.HTML, again.HTML)
		}
		shown, _ := c.upTo("…")
		typed, _ := edited.upTo("…")
		if want := append(slices.Clone(typed.glyphs), n.inked()[len(shown.glyphs):]...); !slices.EqualFunc(got.inked(), want, sameRune) {
			t.Fatalf("%q cut to %q, edited to %q, is %q", n.HTML, c.HTML, edited.HTML, got.HTML)
		}
	})
}

func TestThen(t *testing.T) {
	for name, c := range map[string]struct{ n, m, want string }{
		"nothing and nothing": {"", "", ""},
		"nothing first":       {"", "a", "a"},
		"nothing then":        {"a", "", "a"},
		"text":                {"a", "b", "a<br><br>b"},
		"formatting":          {"<b>a</b>", "<i>b</i>", "<b>a</b><br><br><i>b</i>"},
		"indented text":       {"a", "&nbsp;&nbsp;b", "a<br><br>\u00a0\u00a0b"},
		"a list first":        {"<ul><li>a</li></ul>", "b", "<ul><li>a</li></ul>b"},
		"a list then":         {"a", "<ul><li>b</li></ul>", "a<ul><li>b</li></ul>"},
		"two lists stay two":  {"<ul><li>a</li></ul>", "<ul><li>b</li></ul>", "<ul><li>a</li></ul><ul><li>b</li></ul>"},
	} {
		if got := NotesFromHTML(c.n).Then(NotesFromHTML(c.m)); got.HTML != c.want {
			t.Errorf("%s: got %q, want %q", name, got.HTML, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := someNotes.Draw(t, "a"), someNotes.Draw(t, "b"), someNotes.Draw(t, "c")
		ab := a.Then(b)
		if again := NotesFromHTML(ab.HTML); again != ab {
			t.Fatalf("%q is not canonical: %q", ab.HTML, again.HTML)
		}
		if l, r := ab.Then(c), a.Then(b.Then(c)); l != r {
			t.Fatalf("it matters where one begins: %q and %q", l.HTML, r.HTML)
		}
		if want := append(a.inked(), b.inked()...); !slices.EqualFunc(ab.inked(), want, sameRune) {
			t.Fatalf("%q and %q are %q", a.HTML, b.HTML, ab.HTML)
		}
		if ab.IsZero() != (a.IsZero() && b.IsZero()) {
			t.Fatalf("zero: %v", ab.IsZero())
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := NotesFromText(hardTexts.Draw(t, "a")), NotesFromText(hardTexts.Draw(t, "b"))
		if want := strings.Trim(a.Text()+"\n\n"+b.Text(), "\n"); a.Then(b).Text() != want {
			t.Fatalf("got %q, want %q", a.Then(b).Text(), want)
		}
	})
}
