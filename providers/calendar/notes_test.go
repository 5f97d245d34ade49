package calendar

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNotesFromHTML(t *testing.T) {
	for name, c := range map[string]struct{ in, html, text string }{
		"nothing":                         {"", "", ""},
		"Exchange's empty skeleton":       {"<html><head><meta></head><body>\r\n</body></html>", "", ""},
		"Exchange's converted text":       {`<html><head><title>x</title><style>p{}</style></head><body><font size="2"><span><div class="PlainText">one<br>two &amp; 3</div></span></font></body></html>`, "one<br>two &amp; 3", "one\ntwo & 3"},
		"paragraphs are lines":            {"<p>one</p>\n<p>two</p>", "one<br>two", "one\ntwo"},
		"a blank line stays":              {"<div>one</div><div><br></div><div>two</div>", "one<br><br>two", "one\n\ntwo"},
		"strong is b, em is i":            {"<strong>a</strong> <em>b</em>", "<b>a</b> <i>b</i>", "a b"},
		"neighbours merge":                {"<b>a</b><b>b</b>", "<b>ab</b>", "ab"},
		"spaces leave the bold":           {"<b>a </b>b", "<b>a</b> b", "a b"},
		"hard spaces count":               {"a&nbsp; b&nbsp;c", "a\u00a0 b c", "a  b c"},
		"scripts and pictures go":         {`<script>alert(1)</script>hi<img src="http://x/p.gif"><svg><text>no</text></svg>`, "hi", "hi"},
		"links keep their target":         {`see <a href="https://x.test/a?b=1&amp;c=2" style="x">the plan</a>`, `see <a href="https://x.test/a?b=1&amp;c=2">the plan</a>`, "see the plan (https://x.test/a?b=1&c=2)"},
		"a link that shows its target":    {`<a href="https://x.test/">https://x.test/</a>`, "https://x.test/", "https://x.test/"},
		"links of other schemes are text": {`<a href="javascript:alert(1)">a</a>`, "a", "a"},
		"lists":                           {"Bring:<ul><li>pen</li><li><b>ink</b></li></ul>then<ol><li>write</li><li>send</li></ol>", "Bring:<ul><li>pen</li><li><b>ink</b></li></ul>then<ol><li>write</li><li>send</li></ol>", "Bring:\n- pen\n- ink\nthen\n1. write\n2. send"},
		"an open tag at the end":          {"<b>a", "<b>a</b>", "a"},
		"headings are bold lines":         {"<h1>Top</h1>rest", "<b>Top</b><br>rest", "Top\nrest"},
		"pre keeps its columns":           {"<pre>a  b\n c</pre>", "a\u00a0 b<br>\u00a0c", "a  b\n c"},
		"trailing breaks go":              {"a<br><br>\n", "a", "a"},
		"an item may be indented":         {"<ul><li>&nbsp;<b>a</b></li><li>&nbsp;b</li></ul>", "<ul><li>\u00a0<b>a</b></li><li>\u00a0b</li></ul>", "-  a\n-  b"},
		"table rows are lines":            {"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b<br>c", "a b\nc"},
	} {
		t.Run(name, func(t *testing.T) {
			n := NotesFromHTML(c.in)
			if n.HTML != c.html {
				t.Errorf("HTML\n got %q\nwant %q", n.HTML, c.html)
			}
			if got := n.Text(); got != c.text {
				t.Errorf("text\n got %q\nwant %q", got, c.text)
			}
			if again := NotesFromHTML(n.HTML); again != n {
				t.Errorf("not stable: %q, then %q", n.HTML, again.HTML)
			}
		})
	}
}

func TestNotesFromText(t *testing.T) {
	for _, s := range []string{"", "a", "a\nb", "a\n\nb", "1 < 2 & 3 > 2", "  indented\n    more", "col  col", "Zoë 🎉", "<b>not bold</b>"} {
		n := NotesFromText(s)
		if !n.IsPlain() {
			t.Errorf("%q: not plain: %q", s, n.HTML)
		}
		if got := n.Text(); got != s {
			t.Errorf("text of %q is %q", s, got)
		}
		if again := NotesFromHTML(n.HTML); again != n {
			t.Errorf("%q: through HTML %q becomes %q", s, n.HTML, again.HTML)
		}
	}
	if got, want := NotesFromText("a\r\nb\r\n").Text(), "a\nb"; got != want {
		t.Errorf("CRLF: got %q, want %q", got, want)
	}
}

func FuzzNotes(f *testing.F) {
	for _, s := range []string{"<p>a</p>b", "a<ul><li>b<br></li></ul><br>c", "<b><i>x</b>y</i>", "<ul><li><blockquote><li>x", "<a href=x><a href=http://y>z", "a&nbsp; <u> b</u>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := NotesFromHTML(s)
		if again := NotesFromHTML(n.HTML); again != n {
			t.Fatalf("not stable: %q\n  once  %q\n  twice %q", s, n.HTML, again.HTML)
		}
		if low := strings.ToLower(n.HTML); strings.Contains(low, "<script") || strings.Contains(low, "<img") {
			t.Fatalf("unsafe: %q", n.HTML)
		}
		n = NotesFromText(s)
		if again := NotesFromHTML(n.HTML); again != n {
			t.Fatalf("text not stable: %q\n  once  %q\n  twice %q", s, n.HTML, again.HTML)
		}
	})
}

// The canonical form of canonical notes is itself, also where elements stand in
// elements in ways that nobody would write.
func TestCanonicalNotesStayAsTheyAre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := NotesFromHTML(someHTML(4).Draw(t, "html"))
		if again := NotesFromHTML(n.HTML); again != n {
			t.Fatalf("once  %q\ntwice %q", n.HTML, again.HTML)
		}
	})
}
