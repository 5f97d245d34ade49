package assets

import (
	"cmp"
	"embed"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The engine makes sentences for people and keeps them, in English. said holds for each
// other language what they are in it, one file a language: by kind of phrase, an English
// template and what it becomes. In the English one, {{.Name}} is a name, and is kept as it
// is; {{kind .Name}} is a phrase of that kind; {{kind? .Name}} too, if it can be, and else
// any text, and kept. Kinds are those of the file, "number" and "date". Whole sentences are
// of the kind "sentence".
//
//go:embed said/*.json
var said embed.FS

const (
	// longestSaid is above any sentence of the engine; what is longer holds much else.
	longestSaid = 4 << 10
	// saidWork bounds the search for templates: some milliseconds, where a sentence takes
	// a hundredth of it. What is not found by then stays English.
	saidWork = 200_000
	// saidKept is how many sentences are remembered: above what a window shows at once.
	saidKept = 1000
)

// Said is a sentence of the engine in the person's language; one that is not known there
// stays as it is, and so do names and titles in any.
func Said(sentence string) string { return saidAs("sentence", sentence) }

// SaidValues is Said for what a setting takes (state.Setting.Values), which is no sentence.
func SaidValues(values string) string { return saidAs("values", values) }

// saidAs is a phrase of a kind in the person's language.
func saidAs(kind, text string) string {
	s := speaking()
	if s.tag == "en" || text == "" || len(text) > longestSaid {
		return text
	}
	key := [2]string{kind, text}
	s.said.Lock()
	out, known := s.said.before[key]
	s.said.Unlock()
	if known {
		return out
	}
	r := rendering{speech: s}
	out, ok := r.phrase(kind, text)
	if !ok {
		out = text
	}
	s.said.Lock()
	if len(s.said.before) >= saidKept {
		clear(s.said.before)
	}
	s.said.before[key] = out
	s.said.Unlock()
	return out
}

// spokenPhrases are what a language has for the engine's phrases, by kind, the most telling
// template first.
type spokenPhrases map[string][]phrase

type phrase struct {
	literals []string // of the English template, around its slots
	depths   []int    // how many quotes are open before each
	longest  string   // of the literals: what does not hold it, does not match
	slots    []slot
	becomes  string // with {{.Name}}
	weight   int    // how much of a sentence the template says itself
	loose    int    // how many of its values may be any text
}

type slot struct {
	name, kind string
	may        bool // it may be of no known phrase
}

var slotPattern = regexp.MustCompile(`{{(?:(\w+)(\??) )?\.(\w+)}}`)

// readPhrases reads a language's file; a language without one has no phrases.
func readPhrases(tag string) spokenPhrases {
	b, err := said.ReadFile("said/" + tag + ".json")
	if err != nil {
		return nil
	}
	var kinds map[string]map[string]string
	if err := json.Unmarshal(b, &kinds); err != nil {
		panic("assets: " + err.Error())
	}
	out := spokenPhrases{}
	for kind, list := range kinds {
		for _, template := range slices.Sorted(maps.Keys(list)) {
			out[kind] = append(out[kind], newPhrase(template, list[template]))
		}
		slices.SortStableFunc(out[kind], func(a, b phrase) int {
			return cmp.Or(b.weight-a.weight, a.loose-b.loose, len(b.slots)-len(a.slots))
		})
	}
	return out
}

func newPhrase(template, becomes string) phrase {
	p := phrase{becomes: becomes}
	end := 0
	for _, m := range slotPattern.FindAllStringSubmatchIndex(template, -1) {
		p.literals = append(p.literals, template[end:m[0]])
		x := slot{name: template[m[6]:m[7]]}
		if m[2] >= 0 {
			x.kind, x.may = template[m[2]:m[3]], m[5] > m[4]
		}
		if x.kind == "" || x.may {
			p.loose++
		}
		p.slots = append(p.slots, x)
		end = m[1]
	}
	p.literals = append(p.literals, template[end:])
	depth := 0
	for i, l := range p.literals {
		p.depths = append(p.depths, depth)
		p.weight += len(l)
		depth += strings.Count(l, "“") - strings.Count(l, "”")
		if i == 0 && l != "" {
			l = l[1:] // its first letter may be a capital
		}
		if len(l) > len(p.longest) {
			p.longest = l
		}
	}
	return p
}

// rendering is one sentence being put into the person's language.
type rendering struct {
	*speech
	work int // done so far, in looks at 32 bytes
}

// tires reports whether a look at s is too much by now.
func (r *rendering) tires(s string) bool {
	r.work += len(s)/32 + 1
	return r.work > saidWork
}

// phrase finds what an English phrase of a kind is in the language.
func (r *rendering) phrase(kind, s string) (string, bool) {
	switch kind {
	case "number":
		n, err := strconv.Atoi(s)
		return r.numbers.Sprint(n), err == nil
	case "date":
		return saidDate(s)
	}
	depths := quoteDepths(s)
	for _, p := range r.phrases()[kind] {
		if r.tires(s) {
			return "", false
		}
		if !strings.Contains(s, p.longest) {
			continue
		}
		values := map[string]string{}
		if !r.match(p, 0, s, 0, depths, values) {
			continue
		}
		out := slotPattern.ReplaceAllStringFunc(p.becomes, func(x string) string {
			return values[slotPattern.FindStringSubmatch(x)[3]]
		})
		if first, _ := utf8.DecodeRuneInString(s); unicode.IsUpper(first) {
			first, n := utf8.DecodeRuneInString(out)
			out = string(unicode.ToUpper(first)) + out[n:]
		}
		return out, true
	}
	return "", false
}

// match lays the literals of p from the i-th on over s from pos on, and fills in the values
// between them. A literal lies between as many open quotes as in its template: what a name
// or a title says is no part of the sentence.
func (r *rendering) match(p phrase, i int, s string, pos int, depths []int, values map[string]string) bool {
	lit := p.literals[i]
	if i == 0 {
		if !begins(s, lit) {
			return false
		}
		pos = len(lit)
	}
	if i == len(p.slots) {
		return pos == len(s)
	}
	next := p.literals[i+1]
	last := i+1 == len(p.slots)
	for end := pos + 1; end <= len(s); end++ {
		if last {
			if end = len(s) - len(next); end <= pos || s[end:] != next {
				return false
			}
		} else if at := strings.Index(s[end:], next); at >= 0 {
			end += at
		} else {
			return false
		}
		if r.tires(s) {
			return false
		}
		if depths == nil || depths[end] == p.depths[i+1] {
			if v, ok := r.value(p.slots[i], s[pos:end], p.depths[i+1] > 0); ok {
				values[p.slots[i].name] = v
				if r.match(p, i+1, s, end+len(next), depths, values) {
					return true
				}
			}
		}
		if last {
			return false
		}
	}
	return false
}

// begins reports whether s begins with lit, whose first letter may be a capital there.
func begins(s, lit string) bool {
	if strings.HasPrefix(s, lit) {
		return true
	}
	return lit != "" && lit[0] < utf8.RuneSelf && len(s) >= len(lit) && strings.ToLower(s[:1]) == lit[:1] && s[1:len(lit)] == lit[1:]
}

func (r *rendering) value(x slot, s string, quoted bool) (string, bool) {
	if x.kind == "" {
		return r.kept(s), quoted || !parted(s)
	}
	if v, ok := r.phrase(x.kind, s); ok {
		return v, true
	}
	return r.kept(s), x.may
}

// parted reports whether a text has a clause's end in it, outside of quotes. A name has none.
func parted(s string) bool {
	depths := quoteDepths(s)
	for i := range len(s) - 1 {
		if (s[i] == ';' || s[i] == ':') && s[i+1] == ' ' && (depths == nil || depths[i] == 0) {
			return true
		}
	}
	return false
}

// kept is a value that stays as it is, but for the quotes around names.
func (r *rendering) kept(s string) string {
	depths := quoteDepths(s)
	if depths == nil || !strings.Contains(s, "“") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case strings.HasPrefix(s[i:], "“") && depths[i] == 0:
			b.WriteString(r.quotes[0])
			i += len("“") - 1
		case strings.HasPrefix(s[i:], "”") && depths[i] == 1:
			b.WriteString(r.quotes[1])
			i += len("”") - 1
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// quoteDepths tells before each byte how many quotes are open; nil if they do not pair.
func quoteDepths(s string) []int {
	out := make([]int, len(s)+1)
	depth := 0
	for i := range len(s) {
		out[i] = depth
		switch {
		case strings.HasPrefix(s[i:], "“"):
			depth++
		case strings.HasPrefix(s[i:], "”"):
			depth--
		}
		if depth < 0 {
			return nil
		}
	}
	out[len(s)] = depth
	if depth != 0 {
		return nil
	}
	return out
}

// saidDate is a moment in the engine's writing as the person writes it.
func saidDate(s string) (string, bool) {
	for _, l := range []struct {
		layout string
		say    func(time.Time) string
	}{
		{"2 January 2006", Date}, {"2 Jan 2006", Date}, {time.DateOnly, Date}, {"15:04", Clock}, {"2006-01-02 15:04", func(t time.Time) string { return Date(t) + ", " + Clock(t) }}, {"2 January 2006 15:04 MST", func(t time.Time) string { return Date(t) + ", " + Clock(t) + " " + t.Format("MST") }},
		{"2 Jan 15:04", func(t time.Time) string { return dated(t, Text("2 Jan 15:04")) }},
		{"2 Jan 2006 15:04", func(t time.Time) string { return Date(t) + ", " + Clock(t) }},
		{time.DateTime, func(t time.Time) string { return Date(t) + ", " + ClockSeconds(t) }},
		{"2006-01-02T15:04:05", func(t time.Time) string { return Date(t) + ", " + Clock(t) }},
	} {
		if t, err := time.Parse(l.layout, s); err == nil {
			return l.say(t), true
		}
	}
	return "", false
}
