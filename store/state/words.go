package state

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/twinday/twinday/providers/calendar"
)

// How settings are written: lists with commas, pairs with colons, and a backslash
// before one of those that is part of a name.

// enum is a set of values that have words, in the order in which they are shown.
type enum []named

type named struct{ as, stored string }

var (
	details        = enum{{"everything", string(Everything)}, {"title-and-time", string(TitleAndTime)}, {"busy-only", string(BusyOnly)}}
	availabilities = enumOf(calendar.Free, calendar.Tentative, calendar.Busy, calendar.Away, calendar.Elsewhere)
	visibilities   = enumOf("default", calendar.Public, calendar.Personal, calendar.Private, calendar.Confidential)
	importances    = enumOf(calendar.LowImportance, "normal", calendar.HighImportance)
	responses      = enumOf(calendar.NeedsAction, calendar.Accepted, calendar.Maybe, calendar.Declined)
	types          = slices.Concat(enum{{"meeting", string(calendar.Meeting)}},
		enumOf(calendar.FromMail, calendar.FocusTime, calendar.AwayTime, calendar.WorkingLocation, calendar.Birthday, calendar.UnknownType))

	// DefaultTypes are those that cross when a filter names none.
	DefaultTypes = []calendar.EventType{calendar.Meeting, calendar.FromMail, calendar.FocusTime, calendar.AwayTime}
)

// enumOf makes words of values: a word has hyphens for spaces, or a shell would
// part it.
func enumOf[T ~string](values ...T) enum {
	var e enum
	for _, v := range values {
		e = append(e, named{strings.ReplaceAll(string(v), " ", "-"), string(v)})
	}
	return e
}

func (e enum) words() []string {
	var w []string
	for _, n := range e {
		w = append(w, n.as)
	}
	return w
}

// word is a value's word; a value that is not known is its own.
func (e enum) word(stored string) string {
	for _, n := range e {
		if n.stored == stored {
			return n.as
		}
	}
	return stored
}

// value is the one with the word, in any case, with spaces or underscores for
// hyphens.
func (e enum) value(word string) (string, error) {
	w := strings.NewReplacer(" ", "-", "_", "-").Replace(strings.ToLower(strings.TrimSpace(word)))
	for _, n := range e {
		if n.as == w {
			return n.stored, nil
		}
	}
	return "", fmt.Errorf("%q is none of its values", word)
}

// setWords lists values in the enum's order, those that it does not know at the
// end; none is the word for an empty list.
func setWords[T ~string](e enum, values []T, none string) string {
	if len(values) == 0 {
		return none
	}
	var w []string
	for _, n := range e {
		if slices.Contains(values, T(n.stored)) {
			w = append(w, n.as)
		}
	}
	for _, v := range values {
		if !slices.ContainsFunc(e, func(n named) bool { return n.stored == string(v) }) {
			w = append(w, string(v))
		}
	}
	return strings.Join(w, ",")
}

// subset reads a list of values, into the enum's order; nil for the word none.
func subset[T ~string](e enum, s, none string) ([]T, error) {
	if strings.EqualFold(strings.TrimSpace(s), none) && none != "" {
		return nil, nil
	}
	has := map[string]bool{}
	for word := range strings.SplitSeq(s, ",") {
		v, err := e.value(word)
		if err != nil {
			return nil, err
		}
		has[v] = true
	}
	var out []T
	for _, n := range e {
		if has[n.stored] {
			out = append(out, T(n.stored))
		}
	}
	return out, nil
}

func orWords(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// lensWords reads "copy", "omit", "constant TEXT", and what else has a text.
func lensWords(s string, more ...LensKind) (LensKind, string, error) {
	word, text, _ := strings.Cut(s, " ")
	switch kind := LensKind(strings.ToLower(word)); {
	case kind == CopyLens || kind == OmitLens:
		if strings.TrimSpace(text) != "" {
			return "", "", fmt.Errorf("%q has something after %s", s, kind)
		}
		return kind, "", nil
	case kind == ConstantLens || slices.Contains(more, kind):
		if text == "" {
			return "", "", fmt.Errorf("%s needs something after it", kind)
		}
		return kind, text, nil
	}
	return "", "", fmt.Errorf("%q is none of its values", s)
}

// number reads a whole number above zero, with or without a unit; 0 for the word
// none.
func number(s, none, unit string) (int, error) {
	s = strings.TrimSpace(s)
	if strings.EqualFold(s, none) || s == "0" || s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(s, unit)))
	if err != nil || n <= 0 {
		return 0, fmt.Errorf("%q is no such number", s)
	}
	return n, nil
}

// expression checks a regular expression.
func expression(s string) error {
	_, err := regexp.Compile(s)
	if err == nil {
		return nil
	}
	var e *syntax.Error
	if errors.As(err, &e) {
		return fmt.Errorf("%q is no regular expression: %s in %q", s, e.Code, e.Expr)
	}
	return err
}

// marks are what a replacement is written with, the first that it does not hold.
const marks = "/|#!~@%;=_"

// replaceWords writes replacements as "/find/with/ /find/with/".
func replaceWords(all []Replacement) string {
	var out []string
	for _, r := range all {
		mark := '¡' // beyond ASCII there is always one left
		if i := strings.IndexFunc(marks, func(m rune) bool { return !strings.ContainsRune(r.Find+r.With, m) }); i >= 0 {
			mark = rune(marks[i])
		}
		for strings.ContainsRune(r.Find+r.With, mark) || !isMark(mark) {
			mark++
		}
		out = append(out, fmt.Sprintf("%c%s%c%s%c", mark, r.Find, mark, r.With, mark))
	}
	return strings.Join(out, " ")
}

func isMark(r rune) bool {
	return r != '\\' && !unicode.IsSpace(r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
}

// replacements reads what replaceWords writes.
func replacements(s string) ([]Replacement, error) {
	var all []Replacement
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimLeftFunc(s, unicode.IsSpace) {
		mark, n := utf8.DecodeRuneInString(s)
		if !isMark(mark) {
			return nil, fmt.Errorf("%q begins with no mark such as /", s)
		}
		parts := strings.SplitN(s[n:], string(mark), 3)
		if len(parts) < 3 {
			return nil, fmt.Errorf("%q has no third %c", s, mark)
		}
		if parts[0] == "" {
			return nil, fmt.Errorf("replacement %d finds nothing", len(all)+1)
		}
		if err := expression(parts[0]); err != nil {
			return nil, fmt.Errorf("replacement %d: %w", len(all)+1, err)
		}
		all = append(all, Replacement{Find: parts[0], With: parts[1]})
		s = parts[2]
	}
	return all, nil
}

// char is a character that a backslash may have made part of a name.
type char struct {
	rune
	quoted bool
}

func chars(s string) []char {
	var out []char
	quoted := false
	for _, r := range s {
		if r == '\\' && !quoted {
			quoted = true
			continue
		}
		out = append(out, char{r, quoted})
		quoted = false
	}
	return out
}

// split parts at a mark that is not quoted.
func split(cs []char, mark rune) [][]char {
	var out [][]char
	for {
		i := slices.Index(cs, char{mark, false})
		if i < 0 {
			return append(out, cs)
		}
		out, cs = append(out, cs[:i]), cs[i+1:]
	}
}

// trimmed is the text without spaces around it that are not quoted.
func trimmed(cs []char) []char {
	space := func(c char) bool { return !c.quoted && unicode.IsSpace(c.rune) }
	for len(cs) > 0 && space(cs[0]) {
		cs = cs[1:]
	}
	for len(cs) > 0 && space(cs[len(cs)-1]) {
		cs = cs[:len(cs)-1]
	}
	return cs
}

func text(cs []char) string {
	var b strings.Builder
	for _, c := range trimmed(cs) {
		b.WriteRune(c.rune)
	}
	return b.String()
}

// escape writes a name so that text reads it as it is.
func escape(name string) string {
	var b strings.Builder
	for i, r := range name {
		edge := i == 0 || i+utf8.RuneLen(r) == len(name)
		if strings.ContainsRune(`\,:`, r) || edge && unicode.IsSpace(r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// pairs reads "a:b,c:d"; value checks each side.
func pairs(s string, value func(string) (string, error)) (map[string]string, error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	out := map[string]string{}
	for _, item := range split(chars(s), ',') {
		sides := split(item, ':')
		if len(sides) != 2 {
			return nil, fmt.Errorf("%q is no pair", text(item))
		}
		from, err := value(text(sides[0]))
		if err != nil {
			return nil, err
		}
		to, err := value(text(sides[1]))
		if err != nil {
			return nil, err
		}
		for have := range out {
			if strings.EqualFold(have, from) {
				return nil, fmt.Errorf("%q is there twice", from)
			}
		}
		out[from] = to
	}
	return out, nil
}

// signed reads "+a,-b"; a name without a sign is one with.
func signed(s string) (with, without []string, err error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil, nil
	}
	for _, item := range split(chars(s), ',') {
		item = trimmed(item)
		list := &with
		if len(item) > 0 && (item[0] == char{'+', false} || item[0] == char{'-', false}) {
			if item[0].rune == '-' {
				list = &without
			}
			item = item[1:]
		}
		name := text(item)
		if name == "" {
			return nil, nil, fmt.Errorf("%q names no category", s)
		}
		*list = append(*list, name)
	}
	return with, without, nil
}

type weekday struct {
	day  Weekday
	word string
}

// week is the days of the week in order, with the words for them.
var week = []weekday{{"MO", "monday"}, {"TU", "tuesday"}, {"WE", "wednesday"}, {"TH", "thursday"}, {"FR", "friday"}, {"SA", "saturday"}, {"SU", "sunday"}}

// dayOf finds the day that a word of two letters or more begins.
func dayOf(word string) (int, error) {
	w := strings.ToLower(strings.TrimSpace(word))
	for i, d := range week {
		if len(w) >= 2 && strings.HasPrefix(d.word, w) {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%q is no day of the week", word)
}

// days reads "mon-fri,sun", into the order of the week; nil for all.
func days(s string) ([]Weekday, error) {
	if strings.EqualFold(strings.TrimSpace(s), "all") {
		return nil, nil
	}
	var has [7]bool
	for item := range strings.SplitSeq(s, ",") {
		first, last, span := strings.Cut(item, "-")
		from, err := dayOf(first)
		if err != nil {
			return nil, err
		}
		to := from
		if span {
			if to, err = dayOf(last); err != nil {
				return nil, err
			}
		}
		for i := from; ; i = (i + 1) % 7 {
			has[i] = true
			if i == to {
				break
			}
		}
	}
	var out []Weekday
	for i, d := range week {
		if has[i] {
			out = append(out, d.day)
		}
	}
	if len(out) == 7 {
		return nil, nil
	}
	return out, nil
}

// dayWords writes days as "mon-fri,sun".
func dayWords(all []Weekday) string {
	if len(all) == 0 {
		return "all"
	}
	var w []string
	for i := 0; i < 7; i++ {
		n := 0
		for i+n < 7 && slices.Contains(all, week[i+n].day) {
			n++
		}
		if n > 2 {
			w = append(w, week[i].word[:3]+"-"+week[i+n-1].word[:3])
			i += n
		} else if n > 0 {
			w = append(w, week[i].word[:3])
		}
	}
	for _, d := range all {
		if !slices.ContainsFunc(week, func(x weekday) bool { return x.day == d }) {
			w = append(w, string(d)) // for Check to find
		}
	}
	return strings.Join(w, ",")
}

var hoursForm = regexp.MustCompile(`^(\d?\d):(\d\d)\s*[-–]\s*(\d?\d):(\d\d)$`)

// hours reads "08:00-18:00"; empty for all. Those that end before they begin go
// over midnight.
func hours(s string) (string, error) {
	s = strings.TrimSpace(s)
	if strings.EqualFold(s, "all") || s == "" {
		return "", nil
	}
	f := hoursForm.FindStringSubmatch(s)
	if f == nil {
		return "", fmt.Errorf("%q are no hours", s)
	}
	from, err := clock(f[1], f[2])
	if err != nil {
		return "", err
	}
	to, err := clock(f[3], f[4])
	if f[3]+f[4] == "2400" {
		to, err = "24:00", nil
	}
	if err != nil {
		return "", err
	}
	if from == to {
		return "", fmt.Errorf("%q ends when it begins", s)
	}
	return from + "-" + to, nil
}

func clock(hour, minute string) (string, error) {
	h, _ := strconv.Atoi(hour)
	m, _ := strconv.Atoi(minute)
	if h > 23 || m > 59 {
		return "", fmt.Errorf("%s:%s is no time of day", hour, minute)
	}
	return fmt.Sprintf("%02d:%02d", h, m), nil
}

var spanForm = regexp.MustCompile(`^(\d{1,4}d)?(\d{1,4}h)?(\d{1,5}m)?$`)

// spans reads "10m,1h30m,2d".
func spans(s string) ([]string, error) {
	var out []string
	for item := range strings.SplitSeq(s, ",") {
		item = strings.ToLower(strings.TrimSpace(item))
		if item == "" || !spanForm.MatchString(item) {
			return nil, fmt.Errorf("%q is no length of time", item)
		}
		out = append(out, item)
	}
	return out, nil
}

var clockForm = regexp.MustCompile(`^(\d{1,3})d\s+(\d?\d):(\d\d)$`)

// clockTimes reads "1d 17:00,7d 09:00".
func clockTimes(s string) ([]string, error) {
	var out []string
	for item := range strings.SplitSeq(s, ",") {
		item = strings.TrimSpace(item)
		f := clockForm.FindStringSubmatch(item)
		if f == nil {
			return nil, fmt.Errorf("%q is no day before and time", item)
		}
		days, _ := strconv.Atoi(f[1])
		if days == 0 {
			return nil, fmt.Errorf("%q is on the day itself, which services cannot hold: say a day before", item)
		}
		at, err := clock(f[2], f[3])
		if err != nil {
			return nil, err
		}
		out = append(out, fmt.Sprintf("%dd %s", days, at))
	}
	return out, nil
}
