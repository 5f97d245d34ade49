package calendar

import (
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

// TextLen is the length of s in UTF-16 code units. Services that say "characters"
// count these or whole characters, of which there are never more: what is within a
// limit so counted is within it either way.
func TextLen(s string) int {
	n := 0
	for _, r := range s {
		n += max(1, utf16.RuneLen(r)) // what is no character is sent as U+FFFD: one unit
	}
	return n
}

// CutText is the longest beginning of s of at most limit UTF-16 code units that does
// not end inside of what a person sees as one character (a grapheme cluster, Unicode
// UAX #29): no half flag, no letter without its accent. Empty where limit is.
func CutText(s string, limit int) string {
	return cutClusters(s, limit, func(string) bool { return true })
}

// Shorten is s if it has at most limit UTF-16 code units. Else it is the longest
// beginning of s that leaves room for mark behind it, cut as CutText does and without
// white space at its end, and then mark. Empty where not even mark has room.
// Unshorten is its other half.
func Shorten(s string, limit int, mark string) string {
	if TextLen(s) <= limit {
		return s
	}
	room := limit - TextLen(mark)
	if room < 0 {
		return ""
	}
	return cutClusters(s, room, func(cluster string) bool { return !endsInSpace(cluster) }) + mark
}

// Unshorten tells what a person meant who made edited of cut, which is what Shorten
// made of s with the same mark: edited up to the mark, and then the rest of s that cut
// did not show. White space on both sides of the seam counts once.
//
// It is false if edited does not end in mark (white space behind it is no matter):
// whether the rest should stay or go cannot be known then.
func Unshorten(s, cut, edited, mark string) (string, bool) {
	switch {
	case edited == cut:
		return s, true
	case cut == s: // nothing was hidden
		return edited, true
	}
	shown, ok := strings.CutSuffix(cut, mark)
	if !ok || !strings.HasPrefix(s, shown) {
		return "", false
	}
	word := strings.TrimSpace(mark)
	kept, ok := strings.CutSuffix(strings.TrimRightFunc(edited, unicode.IsSpace), word)
	if !ok {
		return "", false
	}
	kept = strings.TrimSuffix(kept, mark[:strings.Index(mark, word)])
	front := strings.TrimRightFunc(kept, unicode.IsSpace)
	back := strings.TrimLeftFunc(s[len(shown):], unicode.IsSpace)
	typed, hidden := kept[len(front):], s[len(shown):len(s)-len(back)]
	if moreSpace(typed, hidden, "\n") {
		return front + typed + back, true
	}
	return front + hidden + back, true
}

// cutClusters is the longest beginning of s of at most limit UTF-16 code units that
// ends with a grapheme cluster that may be the last.
func cutClusters(s string, limit int, mayEnd func(cluster string) bool) string {
	end, used := 0, 0
	for it := graphemes.FromString(s); it.Next(); {
		if used += TextLen(it.Value()); used > limit {
			break
		}
		if mayEnd(it.Value()) {
			end = it.End()
		}
	}
	return s[:end]
}

func endsInSpace(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return unicode.IsSpace(r)
}

// moreSpace reports whether a sets more apart than b: more line breaks, or as many and
// more of the rest.
func moreSpace(a, b, lineBreak string) bool {
	if na, nb := strings.Count(a, lineBreak), strings.Count(b, lineBreak); na != nb {
		return na > nb
	}
	return TextLen(a) > TextLen(b)
}
