package mapping

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// valueLens is the lens of a field with a few values.
type valueLens struct {
	constant *string           // the same for all
	table    map[string]string // the person's own
	values   valueSet
	words    string
}

// valueSet is a field's values: those that the target holds (all, if empty), and
// what stands in for one that it lacks, best first.
type valueSet struct {
	of       func(calendar.Content) string
	set      func(*calendar.Content, string)
	all      []string
	held     []string
	standIns map[string][]string
	none     string // for an omitted field
}

// What stands in for a value that a target lacks, best first. Nothing that
// blocks time may turn free, nothing hidden may turn visible.
var (
	availabilities = map[string][]string{
		string(calendar.Tentative): texts(calendar.Busy, calendar.Away, calendar.Elsewhere),
		string(calendar.Busy):      texts(calendar.Away, calendar.Tentative, calendar.Elsewhere),
		string(calendar.Away):      texts(calendar.Busy, calendar.Tentative, calendar.Elsewhere),
		string(calendar.Elsewhere): texts(calendar.Busy, calendar.Tentative, calendar.Away),
		"":                         texts(calendar.Busy, calendar.Away, calendar.Tentative, calendar.Elsewhere),
	}
	visibilities = map[string][]string{
		string(calendar.Public):            texts(calendar.DefaultVisibility, calendar.Personal, calendar.Private, calendar.Confidential),
		string(calendar.DefaultVisibility): texts(calendar.Personal, calendar.Private, calendar.Confidential),
		string(calendar.Personal):          texts(calendar.Private, calendar.Confidential),
		string(calendar.Confidential):      texts(calendar.Private, calendar.Personal),
		string(calendar.Private):           texts(calendar.Confidential, calendar.Personal),
	}
)

func availabilityValues(held []calendar.Availability) valueSet {
	return valueSet{
		of:  func(c calendar.Content) string { return string(c.Availability) },
		set: func(c *calendar.Content, v string) { c.Availability = calendar.Availability(v) },
		all: texts(calendar.Free, calendar.Tentative, calendar.Busy, calendar.Away, calendar.Elsewhere), held: texts(held...),
		standIns: availabilities, none: string(calendar.Busy),
	}
}

func visibilityValues(held []calendar.Visibility) valueSet {
	return valueSet{
		of:  func(c calendar.Content) string { return string(c.Visibility) },
		set: func(c *calendar.Content, v string) { c.Visibility = calendar.Visibility(v) },
		all: texts(calendar.DefaultVisibility, calendar.Public, calendar.Personal, calendar.Private, calendar.Confidential), held: texts(held...),
		standIns: visibilities,
	}
}

var importanceValues = valueSet{
	of:  func(c calendar.Content) string { return string(c.Importance) },
	set: func(c *calendar.Content, v string) { c.Importance = calendar.Importance(v) },
	all: texts(calendar.NormalImportance, calendar.LowImportance, calendar.HighImportance),
}

func texts[S ~string](in ...S) (out []string) {
	for _, s := range in {
		out = append(out, string(s))
	}
	return out
}

// valueNames are the words for values that are empty in the neutral language.
var valueNames = map[string]string{"default": "", "normal": ""}

// valueOf reads a value as a person writes it.
func valueOf(word string) string {
	word = strings.ToLower(strings.TrimSpace(word))
	if v, ok := valueNames[word]; ok {
		return v
	}
	return word
}

// newValueLens makes the lens of a field with these values.
func newValueLens(l state.ValueLens, values valueSet) (lens, error) {
	out := valueLens{values: values, table: map[string]string{}, words: valueWords(l)}
	check := func(word string) (string, error) {
		v := valueOf(word)
		if !slices.Contains(values.all, v) {
			return "", fmt.Errorf("there is no value “%s”", word)
		}
		return v, nil
	}
	switch l.Lens {
	case state.OmitLens:
		out.constant = &values.none
	case state.ConstantLens:
		v, err := check(l.Value)
		if err != nil {
			return nil, err
		}
		out.constant = &v
	}
	for _, from := range slices.Sorted(maps.Keys(l.Map)) {
		f, err := check(from)
		if err != nil {
			return nil, err
		}
		to, err := check(l.Map[from])
		if err != nil {
			return nil, err
		}
		out.table[f] = to
	}
	return out, nil
}

// valueWords names a value lens for a person.
func valueWords(l state.ValueLens) string {
	s := string(l.Lens)
	if l.Lens == state.ConstantLens {
		s += " “" + l.Value + "”"
	}
	if l.Lens == state.CopyLens && len(l.Map) > 0 {
		s = "map"
		for i, from := range slices.Sorted(maps.Keys(l.Map)) {
			if i > 0 {
				s += ","
			}
			s += " " + from + " → " + l.Map[from]
		}
	}
	return s
}

// show is what the copy has for a home value.
func (l valueLens) show(v string) string {
	if l.constant != nil {
		return l.values.nearest(*l.constant)
	}
	if to, ok := l.table[v]; ok {
		v = to
	}
	return l.values.nearest(v)
}

// nearest is a value, or what stands in for it in the target.
func (s valueSet) nearest(v string) string {
	if len(s.held) == 0 || slices.Contains(s.held, v) {
		return v
	}
	for _, x := range s.standIns[v] {
		if slices.Contains(s.held, x) {
			return x
		}
	}
	return s.held[0]
}

func (l valueLens) get(s Source, c *calendar.Content) {
	l.values.set(c, l.show(l.values.of(s.Content)))
}

// put finds a home value that shows as the edited one: itself, if it does.
func (l valueLens) put(s Source, edited calendar.Content) (calendar.Content, Verdict) {
	want, home := l.values.of(edited), s.Content
	for _, v := range append([]string{want}, l.values.all...) {
		if l.constant == nil && l.show(v) == want {
			l.values.set(&home, v)
			return home, Carried
		}
	}
	return home, Refused
}

func (l valueLens) String() string { return l.words }
