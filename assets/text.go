package assets

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/jeandeaual/go-locale"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
)

// translations holds one JSON file a language, in go-i18n's flat form: the key
// is the English text, with {{.Name}} where a value goes; a text with a count
// has the forms "one" and "other". A file of a region ("en-US") holds what its
// people write otherwise. Layouts of dates are texts like any other, in Go's form.
//
//go:embed translations/*.json
var translations embed.FS

// Language is one that all faces speak.
type Language struct {
	Tag  string // as BCP 47 writes it: "de"
	Name string // in itself: "Deutsch"
}

// Languages are those that the catalogue has whole.
var Languages = []Language{{"en", "English"}, {"de", "Deutsch"}}

// speech is the catalogue in one language.
type speech struct {
	tag       string
	localizer *i18n.Localizer
	numbers   *message.Printer
	phrases   func() spokenPhrases // the engine's, read when they are needed first
	quotes    [2]string            // around names
	said      struct {             // sentences that were said before
		sync.Mutex
		before map[[2]string]string // by kind and text
	}
}

// spoken is English until Speak says otherwise. It is read when it is needed first: not
// all that this process may do prints a text.
var spoken atomic.Pointer[func() *speech]

// speeches are those that were spoken before, by what was wanted.
var speeches sync.Map

// Speak sets the language of this process: one of Languages, or, if tag is empty,
// the one that the system is set to, with the habits of its region. A language that
// the catalogue lacks is English. It may be called at any time; what is shown
// already changes when it is made anew.
func Speak(tag string) {
	want := []string{tag}
	if tag == "" {
		want, _ = locale.GetLocales() // none: English
	}
	made, _ := speeches.LoadOrStore(strings.Join(want, ","), sync.OnceValue(func() *speech { return newSpeech(want) }))
	f := made.(func() *speech)
	spoken.Store(&f)
}

// Spoken is the language of this process, one of Languages.
func Spoken() string { return speaking().tag }

func speaking() *speech {
	f := spoken.Load()
	if f == nil {
		Speak("en")
		f = spoken.Load()
	}
	return (*f)()
}

func newSpeech(want []string) *speech {
	s := &speech{tag: "en", numbers: message.NewPrinter(language.BritishEnglish)}
	for _, w := range want {
		base, region, _ := strings.Cut(strings.ReplaceAll(w, "_", "-"), "-")
		i := slices.IndexFunc(Languages, func(l Language) bool { return strings.EqualFold(l.Tag, base) })
		if i < 0 {
			continue
		}
		s.tag = Languages[i].Tag
		want = []string{s.tag + "-" + region, s.tag}
		if tag, err := language.Parse(strings.TrimSuffix(want[0], "-")); err == nil {
			s.numbers = message.NewPrinter(tag)
		}
		break
	}
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	files, err := translations.ReadDir("translations")
	if err != nil {
		panic("assets: " + err.Error())
	}
	for _, f := range files {
		if tag, _, _ := strings.Cut(f.Name()[:len(f.Name())-len(".json")], "-"); tag != "en" && tag != s.tag {
			continue
		}
		if _, err := bundle.LoadMessageFileFS(translations, "translations/"+f.Name()); err != nil {
			panic("assets: " + err.Error())
		}
	}
	s.localizer = i18n.NewLocalizer(bundle, append(want, "en")...)
	s.phrases = sync.OnceValue(func() spokenPhrases { return readPhrases(s.tag) })
	s.said.before = map[[2]string]string{}
	quoted, _ := s.localizer.Localize(&i18n.LocalizeConfig{MessageID: "“{{.Name}}”", TemplateData: map[string]any{"Name": "\x00"}})
	s.quotes[0], s.quotes[1], _ = strings.Cut(quoted, "\x00")
	return s
}

// Text is the catalogue's text for key, which is the English text itself. The
// args are pairs of a name and a value for the {{.Name}} in it. A key that the
// catalogue lacks is shown as it is.
func Text(key string, args ...any) string {
	return localize(key, nil, pairs(args))
}

// Count is the text for n things, in the form that the language has for n. In
// the text, {{.N}} is the number, as Number writes it.
func Count(key string, n int, args ...any) string {
	values := pairs(args)
	values["N"] = Number(n)
	return localize(key, n, values)
}

// Number is n with the marks between thousands that the person is used to.
func Number(n int) string { return speaking().numbers.Sprint(n) }

// MidLine is a word of the catalogue as it is written within a line: small, but for the
// languages that write nouns large anywhere.
func MidLine(word string) string {
	if Spoken() == "de" {
		return word
	}
	return strings.ToLower(word)
}

func localize(key string, count any, values map[string]any) string {
	s, err := speaking().localizer.Localize(&i18n.LocalizeConfig{
		DefaultMessage: &i18n.Message{ID: key, Other: key},
		TemplateData:   values,
		PluralCount:    count,
	})
	if err != nil && s == "" {
		return key
	}
	return s
}

func pairs(args []any) map[string]any {
	m := make(map[string]any, len(args)/2+1)
	for i := 0; i+1 < len(args); i += 2 {
		m[fmt.Sprint(args[i])] = args[i+1]
	}
	return m
}

// Decimal is x with two digits after the person's decimal mark, and no zeros at its end.
func Decimal(x float64) string {
	return speaking().numbers.Sprint(number.Decimal(x, number.MaxFractionDigits(2)))
}
