package pages

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/store/state"
)

// way is one direction of a mirror: where events are born, and where their copies are.
type way struct{ from, to state.Ref }

// waysOf lists the directions of a mirror in the order of its members, those of
// members that are switched off too: what is set for them holds when they are on.
func waysOf(m state.Mirror) []way {
	var out []way
	for _, from := range m.Members {
		for _, to := range m.Members {
			if from.Ref != to.Ref && from.Direction != state.TakeOnly && to.Direction != state.SendOnly {
				out = append(out, way{from.Ref, to.Ref})
			}
		}
	}
	return out
}

// details are the levels that can be picked, in the order they are offered.
var details = []state.Detail{state.Everything, state.TitleAndTime, state.BusyOnly}

func detailName(d state.Detail) string {
	switch d {
	case state.Everything:
		return assets.Text("Everything")
	case state.TitleAndTime:
		return assets.Text("Title and time")
	case state.BusyOnly:
		return assets.Text("Busy only")
	}
	return string(d)
}

// detailNote explains a level in one line.
func detailNote(d state.Detail) string {
	switch d {
	case state.Everything:
		return assets.Text("All there is. Guests, files and the link to join stand as text in the notes; nobody is invited.")
	case state.TitleAndTime:
		return assets.Text("What and when, and whether you are busy. No place, no notes, no guests.")
	}
	return assets.Text("When, and whether you are busy, under the title “Busy”. Nothing else.")
}

func detailNames() (names []string) {
	for _, d := range details {
		names = append(names, detailName(d))
	}
	return names
}

// shows reports whether a setting is about what a copy shows: those of the level,
// not the filters and what goes with them.
func shows(key string) bool {
	return key != "detail" && key != "private" && key != "out-of-scope" && !strings.HasPrefix(key, "filter.")
}

// ownSettings lists what a mapping shows otherwise than its level does.
func ownSettings(m state.Mapping) (keys []string) {
	for _, s := range state.Settings {
		if shows(s.Key) && s.Get(m) != s.Default(m) {
			keys = append(keys, s.Key)
		}
	}
	return keys
}

// custom reports whether the levels do not say all that a mapping shows.
func custom(m state.Mapping) bool {
	return len(ownSettings(m)) > 0 || !slices.Contains(details, m.Detail)
}

// levelName is what copies show, in few words.
func levelName(m state.Mapping) string {
	if custom(m) {
		return assets.Text("Custom")
	}
	return detailName(m.Detail)
}

// atLevel is a mapping that shows what the level does, and nothing of its own; what
// crosses stays as it is.
func atLevel(m state.Mapping, d state.Detail) state.Mapping {
	n := state.Mapping{Version: m.Version, Detail: d}
	return crossing(n, m)
}

// crossing is m with the filters, and what goes with them, of another mapping.
func crossing(m, of state.Mapping) state.Mapping {
	m.Filter, m.OutOfScope, m.ShowPrivate = of.Filter, of.OutOfScope, of.ShowPrivate
	return m
}

// set changes one setting of a mapping. The error is the setting's own.
func set(m *state.Mapping, key, value string) error {
	s, err := state.SettingOf(key)
	if err != nil {
		return err
	}
	return s.Set(m, value)
}

// value is what is in force of one setting; empty for one that there is not.
func value(m state.Mapping, key string) string {
	s, err := state.SettingOf(key)
	if err != nil {
		return ""
	}
	return s.Get(m)
}

// sameMapping reports whether two mappings say the same.
func sameMapping(a, b state.Mapping) bool {
	return !slices.ContainsFunc(state.Settings, func(s state.Setting) bool { return s.Get(a) != s.Get(b) })
}

// remap brings what was changed between is and want to a mapping that was changed
// meanwhile by somebody else.
func remap(is, want, now state.Mapping) state.Mapping {
	if sameMapping(is, now) {
		return want
	}
	for _, s := range state.Settings {
		if s.Get(is) != s.Get(want) {
			_ = s.Set(&now, s.Get(want)) // what Get gives, Set takes
		}
	}
	return now
}

// withMapping is the mirror with another mapping for one direction. For all others it
// stays what it was, and what then says nothing new is not kept.
func withMapping(m state.Mirror, d way, n state.Mapping) state.Mirror {
	m.Mappings = slices.Clone(m.Mappings)
	at := m.MappingAt(d.from, d.to)
	shared := false
	for _, x := range m.Members {
		for _, y := range m.Members {
			o := way{x.Ref, y.Ref}
			shared = shared || o != d && x.Ref != y.Ref && m.MappingAt(o.from, o.to) == at
		}
	}
	if at < 0 || shared {
		at = len(m.Mappings)
		m.Mappings = append(m.Mappings, state.PairMapping{From: d.from, To: d.to})
	}
	m.Mappings[at].Mapping = n
	without := m
	without.Mappings = slices.Delete(slices.Clone(m.Mappings), at, at+1)
	if sameMapping(without.Mapping(d.from, d.to), n) {
		m = without
	}
	if len(m.Mappings) == 0 {
		m.Mappings = nil
	}
	return m
}

// changedMirror is the mirror as it is now with what was changed between was and want.
func changedMirror(now, was, want state.Mirror, mappings map[way]state.Mapping) state.Mirror {
	for _, d := range waysOf(now) {
		if n, ok := mappings[d]; ok {
			now = withMapping(now, d, remap(was.Mapping(d.from, d.to), n, now.Mapping(d.from, d.to)))
		}
	}
	if want.Guests != was.Guests {
		now.Guests = want.Guests
	}
	if want.Invitations != was.Invitations {
		now.Invitations = want.Invitations
	}
	if want.Conflicts != was.Conflicts {
		now.Conflicts = want.Conflicts
	}
	if want.Name != was.Name {
		now.Name = want.Name
	}
	return now
}

// sameMirror reports whether two mirrors are the same to the engine.
func sameMirror(a, b state.Mirror) bool { return reflect.DeepEqual(a, b) }

// outgoing is what the copies of a member's events show, in few words; empty if
// everything. Where it depends on the calendar, all there is.
func outgoing(m state.Mirror, from state.Ref) string {
	var names []string
	for _, d := range waysOf(m) {
		if d.from != from {
			continue
		}
		if name := levelName(m.Mapping(d.from, d.to)); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 || len(names) == 1 && names[0] == detailName(state.Everything) {
		return ""
	}
	return assets.Text("{{.Level}} →", "Level", joinComma(names))
}

// wordsOf reads a filter of titles that lists words: "lunch, 1:1". Not ok is one that
// a person wrote as a regular expression.
func wordsOf(expr string) (words string, ok bool) {
	if expr == "" {
		return "", true
	}
	var list []string
	for _, part := range splitAlternatives(expr) {
		word := unquote.ReplaceAllString(part, "$1")
		if regexp.QuoteMeta(word) != part || strings.Contains(word, ",") || strings.TrimSpace(word) != word || word == "" {
			return expr, false
		}
		list = append(list, word)
	}
	return joinComma(list), true
}

var unquote = regexp.MustCompile(`\\(.)`)

// splitAlternatives splits at each | that no backslash precedes.
func splitAlternatives(expr string) (parts []string) {
	begin := 0
	for i := 0; i < len(expr); i++ {
		switch expr[i] {
		case '\\':
			i++
		case '|':
			parts, begin = append(parts, expr[begin:i]), i+1
		}
	}
	return append(parts, expr[begin:])
}

// exprOf is the filter that leaves out titles with one of the words.
func exprOf(words string) string {
	var parts []string
	for word := range strings.SplitSeq(words, ",") {
		if word = strings.TrimSpace(word); word != "" {
			parts = append(parts, regexp.QuoteMeta(word))
		}
	}
	return strings.Join(parts, "|")
}

// offered are the filters that the window sets.
var offered = []string{"filter.responses", "filter.all-day", "filter.days", "filter.hours", "filter.title.exclude"}

// otherFilters lists the filters in force that the window does not show.
func otherFilters(m state.Mapping) (keys []string) {
	for _, s := range state.Settings {
		if strings.HasPrefix(s.Key, "filter.") && !slices.Contains(offered, s.Key) && s.Get(m) != s.Default(m) {
			keys = append(keys, s.Key)
		}
	}
	return keys
}

// declinedCross reports whether invitations that I declined cross.
func declinedCross(m state.Mapping) bool {
	return !slices.Contains(strings.Split(value(m, "filter.responses"), ","), "declined")
}

// withDeclined lets declined invitations cross or not; other answers stay as set.
func withDeclined(m *state.Mapping, cross bool) error {
	answers := slices.DeleteFunc(strings.Split(value(*m, "filter.responses"), ","), func(s string) bool { return s == "declined" || s == "none" })
	if !cross {
		answers = append(answers, "declined")
	}
	if len(answers) == 0 {
		answers = []string{"none"}
	}
	return set(m, "filter.responses", strings.Join(answers, ","))
}

// filtersLine says in few words which events cross.
func filtersLine(m state.Mapping) string {
	var parts []string
	if !declinedCross(m) {
		parts = append(parts, assets.Text("not what you declined"))
	}
	switch m.Filter.AllDay {
	case state.None:
		parts = append(parts, assets.Text("not all-day"))
	case state.BusyAllDay:
		parts = append(parts, assets.Text("all-day only when busy"))
	}
	if len(m.Filter.Days) > 0 {
		parts = append(parts, daysText(value(m, "filter.days")))
	}
	if m.Filter.Hours != "" {
		parts = append(parts, m.Filter.Hours)
	}
	if m.Filter.Exclude != "" {
		words, _ := wordsOf(m.Filter.Exclude)
		parts = append(parts, assets.Text("without “{{.Words}}”", "Words", cut(words, 30)))
	}
	if n := len(otherFilters(m)); n > 0 {
		parts = append(parts, assets.Count("{{.N}} other filters", n))
	}
	if len(parts) == 0 {
		return assets.Text("all")
	}
	return joinComma(parts)
}

// daysText is "Mon–Fri" for the setting's "mon-fri".
func daysText(s string) string {
	for d := time.Sunday; d <= time.Saturday; d++ {
		s = strings.ReplaceAll(s, strings.ToLower(d.String()[:3]), assets.ShortDay(d))
	}
	return strings.NewReplacer("-", "–", ",", ", ").Replace(s)
}
