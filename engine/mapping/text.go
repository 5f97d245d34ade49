package mapping

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// ellipsis ends what was cut.
const ellipsis = "…"

// textField says where a text lens finds its text.
type textField struct {
	name string // as a template calls it
	of   func(*calendar.Content) *string
}

var (
	titleField = textField{"title", func(c *calendar.Content) *string { return &c.Title }}
	placeField = textField{"place", func(c *calendar.Content) *string { return &c.Place }}
)

// stage is one step from a home text to what the copy shows of it.
type stage interface {
	get(s Source, in string) string
	// put returns what in must be for an edited result; false if nothing can be.
	put(s Source, in, edited string) (string, bool)
}

// textLens is stages one after the other.
type textLens struct {
	field  textField
	stages []stage
	words  string
}

func (l textLens) get(s Source, c *calendar.Content) {
	text := *l.field.of(&s.Content)
	for _, st := range l.stages {
		text = st.get(s, text)
	}
	*l.field.of(c) = text
}

func (l textLens) put(s Source, edited calendar.Content) (calendar.Content, Verdict) {
	text, ok := unwind(s, l.stages, *l.field.of(&s.Content), *l.field.of(&edited))
	if !ok {
		return s.Content, Refused
	}
	home := s.Content
	*l.field.of(&home) = text
	return home, Carried
}

func (l textLens) String() string { return l.words }

// unwind carries an edited result back through the stages, the last one first. A
// stage whose result was not edited leaves what went in as it is.
func unwind(s Source, stages []stage, in, edited string) (string, bool) {
	if len(stages) == 0 {
		return edited, true
	}
	first, rest := stages[0], stages[1:]
	out := first.get(s, in)
	wanted, ok := unwind(s, rest, out, edited)
	if !ok {
		return in, false
	}
	if wanted == out {
		return in, true
	}
	return first.put(s, in, wanted)
}

// newTextLens makes the lens of a title or a place. Earlier stages come first.
func (m *Mapping) newTextLens(name string, l state.TextLens, limit int, field textField, earlier ...stage) (lens, error) {
	stages, err := m.textStages(name, l)
	if err != nil {
		return nil, err
	}
	if l.Limit > 0 && (limit == 0 || l.Limit < limit) {
		limit = l.Limit
	}
	if limit > 0 {
		stages = append(stages, shorten{limit})
	}
	return textLens{field, append(earlier, stages...), textWords(l)}, nil
}

// textStages are those of a lens's own settings, but for the limit.
func (m *Mapping) textStages(name string, l state.TextLens) ([]stage, error) {
	var stages []stage
	for i, r := range l.Replace {
		re, err := regexp.Compile(r.Find)
		if err != nil {
			return nil, fmt.Errorf("find/replace rule %d: %w", i+1, err)
		}
		stages = append(stages, replace{re, r.With})
	}
	switch l.Lens {
	case state.OmitLens:
		return []stage{instead{m, nil}}, nil
	case state.ConstantLens:
		return []stage{instead{m, template{{text: l.Text}}}}, nil
	case state.TemplateLens:
		t, err := parseTemplate(l.Text)
		if err != nil {
			return nil, fmt.Errorf("the template “%s” is wrong %w", l.Text, err)
		}
		before, after, ok := t.split(name)
		if !ok {
			return append(stages, instead{m, t}), nil
		}
		return append(stages, wrap{m, before, after}), nil
	}
	if l.Prefix != "" || l.Suffix != "" {
		stages = append(stages, wrap{m, template{{text: l.Prefix}}, template{{text: l.Suffix}}})
	}
	return stages, nil
}

// textWords names a text lens for a person.
func textWords(l state.TextLens) string {
	var words []string
	switch l.Lens {
	case state.ConstantLens, state.TemplateLens:
		words = append(words, fmt.Sprintf("%s “%s”", l.Lens, l.Text))
	case state.OmitLens:
		return string(l.Lens)
	default:
		words = append(words, string(state.CopyLens))
	}
	if l.Prefix != "" {
		words = append(words, fmt.Sprintf("prefix “%s”", l.Prefix))
	}
	if l.Suffix != "" {
		words = append(words, fmt.Sprintf("suffix “%s”", l.Suffix))
	}
	switch len(l.Replace) {
	case 0:
	case 1:
		words = append(words, "1 find/replace rule")
	default:
		words = append(words, fmt.Sprintf("%d find/replace rules", len(l.Replace)))
	}
	if l.Limit > 0 {
		words = append(words, fmt.Sprintf("at most %d characters", l.Limit))
	}
	return strings.Join(words, ", ")
}

// instead shows something else than the text: an edit of it has nowhere to go.
type instead struct {
	m *Mapping
	t template
}

func (i instead) get(s Source, _ string) string { return i.m.render(i.t, s) }

func (instead) put(_ Source, in, _ string) (string, bool) { return in, false }

// wrap puts something before and behind the text.
type wrap struct {
	m             *Mapping
	before, after template
}

func (w wrap) get(s Source, in string) string {
	return w.m.render(w.before, s) + in + w.m.render(w.after, s)
}

// put takes off what stands around the text. Where the person took it off, or half
// of it, the rest is theirs. White space at its edges and the case of letters do not
// count: services trim and tidy.
func (w wrap) put(s Source, in, edited string) (string, bool) {
	text, ok := trimAffixes(edited, w.m.render(w.before, s), w.m.render(w.after, s))
	if !ok {
		return in, false
	}
	return text, true
}

// trimAffixes takes off a prefix and a suffix, or as much of them as is there. ok is
// false where one stands in the middle of the text: what else was put there is
// not told from what is the person's, and would grow with every turn.
func trimAffixes(s, before, after string) (text string, ok bool) {
	text, cut := trimAffix(s, before, true)
	if !cut && within(text, before) {
		return s, false
	}
	text, cut = trimAffix(text, after, false)
	return text, cut || !within(text, after)
}

// within reports whether an affix stands in a text as words of its own.
func within(s, affix string) bool {
	s, affix = strings.ToLower(s), strings.ToLower(strings.TrimSpace(affix))
	i := strings.Index(s, affix)
	return affix != "" && i >= 0 && !joined(s[:i], affix) && !joined(affix, s[i+len(affix):])
}

// trimAffix takes one prefix or suffix off, if it is there.
func trimAffix(s, affix string, prefix bool) (string, bool) {
	cut := func(affix string) (string, bool) {
		n := len(affix)
		switch {
		case n == 0 || n > len(s):
			return s, false
		case prefix && strings.EqualFold(s[:n], affix):
			return s[n:], true
		case !prefix && strings.EqualFold(s[len(s)-n:], affix):
			return s[:len(s)-n], true
		}
		return s, false
	}
	if rest, ok := cut(affix); ok {
		return rest, true
	}
	bare := strings.TrimSpace(affix)
	if rest, ok := cut(bare); ok && !(prefix && joined(bare, rest) || !prefix && joined(rest, bare)) {
		return strings.TrimSpace(rest), true
	}
	return s, false
}

// joined reports whether a and b make one word: "A" before "lpha" was no prefix.
func joined(a, b string) bool {
	wordy := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	last, _ := utf8.DecodeLastRuneInString(a)
	first, _ := utf8.DecodeRuneInString(b)
	return wordy(last) && wordy(first)
}

// replace replaces what a pattern finds. It cannot be undone, so an edit of a text
// in which it found something has nowhere to go.
type replace struct {
	find *regexp.Regexp
	with string
}

func (r replace) get(_ Source, in string) string { return r.find.ReplaceAllString(in, r.with) }

func (r replace) put(s Source, in, edited string) (string, bool) {
	if r.get(s, in) != in {
		return in, false
	}
	return edited, true
}

// shorten shows as much as fits. What does not stays at home, behind what the
// person makes of the rest.
type shorten struct{ limit int }

func (l shorten) get(_ Source, in string) string { return calendar.Shorten(in, l.limit, ellipsis) }

func (l shorten) put(s Source, in, edited string) (string, bool) {
	shown := l.get(s, in)
	if shown == in {
		return edited, true
	}
	return calendar.Unshorten(in, shown, edited, ellipsis)
}

// newPlaceLens is the lens of the place. A meeting that is held online and nowhere
// else has its link there.
func (m *Mapping) newPlaceLens(r state.Mapping) (lens, error) {
	var earlier []stage
	if copies(r.Place.Lens) && (r.Conference == state.AsText || r.Conference == state.InPlace) {
		earlier = append(earlier, joinHere{})
	}
	return m.newTextLens("place", *r.Place, m.target.Capabilities.PlaceLimit, placeField, earlier...)
}

func copies(l state.LensKind) bool { return l == state.CopyLens || l == state.TemplateLens }

// joinHere is the place, or where there is none the link to join.
type joinHere struct{}

func (joinHere) get(s Source, in string) string {
	if in == "" {
		return s.Links.Conference
	}
	return in
}

// put: a link that was taken away would only come back.
func (joinHere) put(s Source, in, edited string) (string, bool) {
	return edited, in != "" || edited != ""
}
