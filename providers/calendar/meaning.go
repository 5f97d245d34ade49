package calendar

import (
	"cmp"
	"slices"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// What a provider may write otherwise though it means the same. Each comparison is an
// equivalence, or a pass could find a change that no write takes away; and each looks
// for the same bytes first, which is what it nearly always finds.

// Same reports whether two readings mean the same: the same date, or the same wall
// clock in zones that are the same by SameZone. Two zones in which one moment reads
// differently are not: a meeting at 9 in Berlin is none at 8 in London.
func (t Time) Same(u Time) bool {
	return t == u || t.Local == u.Local && (t.IsDate() || t.Later == u.Later && SameZone(t.Zone, u.Zone))
}

func (w When) same(v When) bool {
	return w.Start.Same(v.Start) && w.End.Same(v.End) && slices.Equal(w.Recurrence.Rules, v.Recurrence.Rules)
}

// same takes Default for the answer: what is listed beside it never rings.
func (r Reminders) same(s Reminders) bool {
	if r.Default || s.Default {
		return r.Default == s.Default
	}
	return sameSet(r.Before, s.Before, cmp.Compare)
}

func (l Links) same(m Links) bool {
	return l.Conference == m.Conference && sameSet(l.Attachments, m.Attachments, func(a, b Attachment) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.URL, b.URL))
	})
}

// sameText compares what a person reads on one line: how much white space there is
// between words and of what kind does not count, nor how an accented letter is put
// together.
func sameText(a, b string) bool { return a == b || oneLine(a) == oneLine(b) }

// oneLine is the one spelling of all texts that read alike: in Unicode's normal form C
// (UAX #15), with single spaces and none at its ends.
func oneLine(s string) string {
	return strings.Join(strings.Fields(norm.NFC.String(s)), " ")
}

// sameNames compares names as a set, without regard to case: to Outlook "work" and
// "Work" are one category.
func sameNames(a, b []string) bool {
	return slices.Equal(a, b) || sameSet(foldedNames(a), foldedNames(b), strings.Compare)
}

func foldedNames(names []string) []string {
	fold := cases.Fold()
	out := make([]string, len(names))
	for i, s := range names {
		out[i] = fold.String(oneLine(s))
	}
	return out
}

// sameSet compares lists in which neither order nor repetition counts.
func sameSet[T comparable](a, b []T, compare func(x, y T) int) bool {
	if slices.Equal(a, b) {
		return true
	}
	set := func(s []T) []T { return slices.Compact(slices.SortedFunc(slices.Values(s), compare)) }
	return slices.Equal(set(a), set(b))
}
