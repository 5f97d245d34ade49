package mapping

import (
	"maps"
	"slices"
	"strings"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// colorCategories are the categories that every new Outlook mailbox has, for the
// colours that come nearest; the first colour of a category is the one it becomes.
var colorCategories = []struct{ color, category string }{
	{"tomato", "Red category"}, {"flamingo", "Red category"}, {"tangerine", "Orange category"}, {"banana", "Yellow category"},
	{"basil", "Green category"}, {"sage", "Green category"}, {"blueberry", "Blue category"}, {"peacock", "Blue category"},
	{"grape", "Purple category"}, {"lavender", "Purple category"}, {"graphite", "Graphite"},
}

// categoryLens is the lens of category names and colours: names cross as they are,
// a colour as the category that stands for it, a category as its colour, where one
// side knows only the one or the other.
type categoryLens struct {
	kind                 state.LensKind
	constant             string
	names, colors        bool              // what the target holds
	homeNames, homeColor bool              // and the home
	held                 []string          // the colours that the target holds
	table                map[string]string // the person's own, keys folded
	words                string
}

func newCategoryLens(l state.ValueLens, home, target calendar.Capabilities) (lens, error) {
	out := categoryLens{kind: l.Lens, constant: l.Value, names: target.Categories, colors: len(target.Colors) > 0, held: target.Colors,
		homeNames: home.Categories, homeColor: len(home.Colors) > 0, table: map[string]string{}, words: valueWords(l)}
	for _, from := range slices.Sorted(maps.Keys(l.Map)) {
		out.table[fold(from)] = strings.TrimSpace(l.Map[from])
	}
	return out, nil
}

func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

func has(list []string, s string) bool {
	return slices.ContainsFunc(list, func(x string) bool { return fold(x) == fold(s) })
}

// tokens are the categories and the colour of an event.
func tokens(c calendar.Content) []string {
	out := slices.Clone(c.Categories)
	if c.Color != "" {
		out = append(out, c.Color)
	}
	return out
}

// color is the colour that a name stands for, empty if none.
func (l categoryLens) color(name string) string {
	if to, ok := l.table[fold(name)]; ok {
		name = to
	}
	if slices.Contains(calendar.Colors, fold(name)) {
		name = fold(name)
	} else {
		i := slices.IndexFunc(colorCategories, func(c struct{ color, category string }) bool { return fold(c.category) == fold(name) })
		if i < 0 {
			return ""
		}
		name = colorCategories[i].color
	}
	if !slices.Contains(l.held, name) {
		return ""
	}
	return name
}

// name is what a home category is called on the copy.
func (l categoryLens) name(token string) string {
	if to, ok := l.table[fold(token)]; ok {
		return to
	}
	return token
}

// category is the name that stands for a colour.
func (l categoryLens) category(color string) string {
	if to, ok := l.table[fold(color)]; ok {
		return to
	}
	for _, c := range colorCategories {
		if c.color == color {
			return c.category
		}
	}
	return color
}

func (l categoryLens) get(s Source, c *calendar.Content) {
	c.Categories, c.Color = nil, ""
	switch l.kind {
	case state.OmitLens:
		return
	case state.ConstantLens:
		if l.names {
			c.Categories = []string{l.constant}
		}
		if l.colors && !l.names || l.colors && slices.Contains(calendar.Colors, fold(l.constant)) {
			c.Color = l.color(l.constant)
		}
		return
	}
	if l.names {
		for _, n := range s.Categories {
			if n = l.name(n); n != "" && !has(c.Categories, n) {
				c.Categories = append(c.Categories, n)
			}
		}
		if n := l.category(s.Color); s.Color != "" && !l.colors && !has(c.Categories, n) {
			c.Categories = append(c.Categories, n)
		}
	}
	if !l.colors {
		return
	}
	if c.Color = l.color(s.Color); c.Color != "" || l.names {
		return
	}
	for _, n := range s.Categories {
		if c.Color = l.color(n); c.Color != "" {
			return
		}
	}
}

// put takes over what was added and removed; what the copy could not show stays.
func (l categoryLens) put(s Source, edited calendar.Content) (calendar.Content, Verdict) {
	if l.kind != state.CopyLens {
		return s.Content, Own
	}
	var shown calendar.Content
	l.get(s, &shown)
	home := s.Content
	home.Categories = slices.Clone(s.Categories)
	if l.names {
		l.putNames(&home, shown, edited)
	}
	if l.colors && edited.Color != shown.Color {
		l.putColor(&home, edited.Color)
	}
	if len(home.Categories) == 0 {
		home.Categories = nil
	}
	var again calendar.Content
	if l.get(Source{Content: home}, &again); !calendar.Equal(calendar.GroupCategories, again, edited) {
		return s.Content, Refused
	}
	return home, Carried
}

func (l categoryLens) putNames(home *calendar.Content, shown, edited calendar.Content) {
	home.Categories = slices.DeleteFunc(home.Categories, func(n string) bool {
		return has(shown.Categories, l.name(n)) && !has(edited.Categories, l.name(n))
	})
	if n := l.category(home.Color); home.Color != "" && !l.colors && !has(edited.Categories, n) {
		home.Color = ""
	}
	for _, n := range edited.Categories {
		if has(shown.Categories, n) {
			continue
		}
		if c := l.colorBehind(n); c != "" && home.Color == "" && !l.colors && l.homeColor {
			home.Color = c
			continue
		}
		if back := l.nameBehind(n); !has(home.Categories, back) {
			home.Categories = append(home.Categories, back)
		}
	}
}

// putColor gives the home what shows as a colour: its own, if it has colours, else
// the category that stands for it, in the place of the one that did.
func (l categoryLens) putColor(home *calendar.Content, color string) {
	if l.homeColor || home.Color != "" || l.names {
		if home.Color = color; color != "" || l.names {
			return
		}
	}
	at := -1
	for i, n := range home.Categories {
		if l.color(n) != "" {
			at = i
			break
		}
	}
	name := l.nameOf(color)
	switch {
	case color == "": // no colour: none of those that make one
		home.Categories = slices.DeleteFunc(home.Categories, func(n string) bool { return l.color(n) != "" })
	case at < 0:
		home.Categories = append(home.Categories, name)
	default:
		rest := slices.DeleteFunc(slices.Clone(home.Categories[at+1:]), func(n string) bool { return fold(n) == fold(name) })
		home.Categories = append(append(home.Categories[:at:at], name), rest...)
	}
}

// nameOf finds a category that shows as a colour.
func (l categoryLens) nameOf(color string) string {
	for _, from := range slices.Sorted(maps.Keys(l.table)) {
		if l.color(from) == color && color != "" {
			return from
		}
	}
	for _, c := range colorCategories {
		if c.color == color && l.color(c.category) == color {
			return c.category
		}
	}
	return color
}

// nameBehind finds the home category that is called so on the copy.
func (l categoryLens) nameBehind(name string) string {
	if fold(l.name(name)) == fold(name) {
		return name
	}
	for _, from := range slices.Sorted(maps.Keys(l.table)) {
		if fold(l.table[from]) == fold(name) {
			return from
		}
	}
	return name
}

// colorBehind finds the colour that is called so on the copy.
func (l categoryLens) colorBehind(name string) string {
	for _, c := range colorCategories {
		if fold(l.category(c.color)) == fold(name) {
			return c.color
		}
	}
	return ""
}

func (l categoryLens) String() string { return l.words }
