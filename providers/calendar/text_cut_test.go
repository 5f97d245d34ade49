package calendar

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"pgregory.net/rapid"
)

const (
	family = "👨‍👩‍👧" // three people joined: eight UTF-16 code units
	flag   = "🇩🇪"    // two letters of two units each
)

// Texts of what is hard to cut: characters of several runes, white space of all sorts,
// and what is written otherwise in HTML.
var hardTexts = rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{
	"a", "b", "word", " ", "  ", "\n", "\n\n", "\u00a0", "&", "<", ">", `"`, "e\u0301", "\u0301", family, flag, "🎉", "日本", "\u2003", "\u0600", "…",
}), 0, 12), func(parts []string) string { return strings.Join(parts, "") })

var marks = rapid.SampledFrom([]string{"…", " […]", "… <more> & more", "e\u0301", ""})

func TestCutText(t *testing.T) {
	for name, c := range map[string]struct {
		in    string
		limit int
		want  string
	}{
		"it fits":                       {"abc", 3, "abc"},
		"letters":                       {"abc", 2, "ab"},
		"no room":                       {"abc", 0, ""},
		"less than none":                {"abc", -1, ""},
		"an emoji is two units":         {"a🎉b", 2, "a"},
		"and fits whole":                {"a🎉b", 3, "a🎉"},
		"a flag is not halved":          {"a" + flag, 4, "a"},
		"nor is a family":               {family + "b", 7, ""},
		"an accent stays on its letter": {"be\u0301", 2, "b"},
		"nor is a line end":             {"a\r\nb", 2, "a"},
		"white space at the end stays":  {"a b", 2, "a "},
	} {
		if got := CutText(c.in, c.limit); got != c.want {
			t.Errorf("%s: %q to %d is %q, want %q", name, c.in, c.limit, got, c.want)
		}
	}
}

func TestCutTextIsTheLongestBeginningOfWholeCharacters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, limit := hardTexts.Draw(t, "s"), rapid.IntRange(-1, 30).Draw(t, "limit")
		if TextLen(s) != len(utf16.Encode([]rune(s))) {
			t.Fatalf("the length of %q is %d", s, TextLen(s))
		}
		want := ""
		for it := graphemes.FromString(s); it.Next() && len(utf16.Encode([]rune(s[:it.End()]))) <= limit; {
			want = s[:it.End()]
		}
		if got := CutText(s, limit); got != want {
			t.Fatalf("%q to %d is %q, want %q", s, limit, got, want)
		}
	})
}

func TestShorten(t *testing.T) {
	for name, c := range map[string]struct {
		in    string
		limit int
		mark  string
		want  string
	}{
		"it fits":                        {"abc", 3, "…", "abc"},
		"it does not":                    {"abcd", 3, "…", "ab…"},
		"no white space before the mark": {"ab cd", 4, "…", "ab…"},
		"only the mark has room":         {"abcd", 1, "…", "…"},
		"not even the mark":              {"abcd", 2, "...", ""},
		"a mark with space":              {"abcdefgh", 6, " […]", "ab […]"},
	} {
		if got := Shorten(c.in, c.limit, c.mark); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestUnshorten(t *testing.T) {
	const s = "Planning the summer party" // cut to "Planning the…" or "Planning the sum…"
	for name, c := range map[string]struct {
		limit        int
		edited, want string
		mark         string
	}{
		"nothing edited":                   {13, "Planning the…", s, "…"},
		"a word put before":                {13, "New: Planning the…", "New: " + s, "…"},
		"a word put before the mark":       {13, "Planning the big…", "Planning the big summer party", "…"},
		"with a space":                     {13, "Planning the big …", "Planning the big summer party", "…"},
		"a line break before the mark":     {13, "Planning the\n…", "Planning the\nsummer party", "…"},
		"white space behind the mark":      {13, "Plan the… \n", "Plan the summer party", "…"},
		"all before the mark is gone":      {13, "…", " summer party", "…"},
		"cut within a word":                {17, "Plan the sum…", "Plan the summer party", "…"},
		"a mark with space":                {16, "Plan the […]", "Plan the summer party", " […]"},
		"a mark with space, and a new one": {16, "Plan the  […]", "Plan the summer party", " […]"},
		"only the mark was shown":          {1, "My …", "My " + s, "…"},
		"it was never cut":                 {99, "A party", "A party", "…"},
	} {
		got, ok := Unshorten(s, Shorten(s, c.limit, c.mark), c.edited, c.mark)
		if !ok || got != c.want {
			t.Errorf("%s: got %q, %v, want %q", name, got, ok, c.want)
		}
	}
	for name, edited := range map[string]string{"the mark is gone": "Planning the", "text behind it": "Planning the… party", "all is gone": ""} {
		if got, ok := Unshorten(s, Shorten(s, 13, "…"), edited, "…"); ok {
			t.Errorf("%s: got %q", name, got)
		}
	}
	if got, ok := Unshorten(s, "Other…", "Mine…", "…"); ok {
		t.Errorf("cut from another text: got %q", got)
	}
	if got, ok := Unshorten(s, Shorten(s, 0, "…"), "Mine…", "…"); ok {
		t.Errorf("not even the mark was shown: got %q", got)
	}
}

func TestShortenLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, mark, limit := hardTexts.Draw(t, "s"), marks.Draw(t, "mark"), rapid.IntRange(-1, 40).Draw(t, "limit")
		c := Shorten(s, limit, mark)
		if TextLen(c) > max(0, limit) {
			t.Fatalf("%q has %d", c, TextLen(c))
		}
		if TextLen(s) <= limit && c != s {
			t.Fatalf("it fits, and became %q", c)
		}
		if again := Shorten(c, limit, mark); again != c {
			t.Fatalf("once %q, twice %q", c, again)
		}
		if got, ok := Unshorten(s, c, c, mark); !ok || got != s {
			t.Fatalf("%q unedited is %q, %v", c, got, ok)
		}
		if c == s || c == "" {
			return
		}
		shown := strings.TrimSuffix(c, mark)
		if !strings.HasPrefix(s, shown) || CutText(s, TextLen(shown)) != shown {
			t.Fatalf("%q is no beginning of %q in whole characters", shown, s)
		}
		if strings.TrimRightFunc(shown, unicode.IsSpace) != shown {
			t.Fatalf("white space before the mark: %q", c)
		}
		// What is put into what was shown is in the whole at the same place.
		runes := []rune(shown)
		i := rapid.IntRange(0, len(runes)).Draw(t, "at")
		at := len(string(runes[:i]))
		if got, ok := Unshorten(s, c, c[:at]+"X"+c[at:], mark); !ok || got != s[:at]+"X"+s[at:] {
			t.Fatalf("%q with an X at %d is %q, %v", c, at, got, ok)
		}
		if _, ok := Unshorten(s, c, c+"X", mark); ok && mark != "" {
			t.Fatal("text behind the mark is taken")
		}
	})
}
