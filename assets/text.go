package assets

import (
	"embed"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// translations holds one JSON file a language, in go-i18n's flat form: the key
// is the English text, with {{.Name}} where a value goes; a text with a count
// has the forms "one" and "other".
//
//go:embed translations/*.json
var translations embed.FS

// localizer is made at first use: commands that print no text need not wait.
var localizer = sync.OnceValue(func() *i18n.Localizer {
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	files, err := translations.ReadDir("translations")
	if err != nil {
		panic("assets: " + err.Error())
	}
	for _, f := range files {
		if _, err := bundle.LoadMessageFileFS(translations, "translations/"+f.Name()); err != nil {
			panic("assets: " + err.Error())
		}
	}
	return i18n.NewLocalizer(bundle, "en")
})

// Text is the catalogue's text for key, which is the English text itself. The
// args are pairs of a name and a value for the {{.Name}} in it. A key that the
// catalogue lacks is shown as it is.
func Text(key string, args ...any) string {
	return localize(key, nil, pairs(args))
}

// Count is the text for n things, in the form that the language has for n. In
// the text, {{.N}} is the number.
func Count(key string, n int, args ...any) string {
	values := pairs(args)
	values["N"] = n
	return localize(key, n, values)
}

func localize(key string, count any, values map[string]any) string {
	s, err := localizer().Localize(&i18n.LocalizeConfig{
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
