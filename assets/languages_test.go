package assets

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// sameInGerman are the texts that German writes as English does.
var sameInGerman = []string{
	"15:04", "15:04:05", "January 2006", "Mon 15:04", // layouts
	"April", "August", "September", "November",
	"Links", "Name", "Passphrase", "Pause", "Proxy", "Version {{.Version}}", "offline",
	"in {{.Mirrors}}", "In {{.Where}}", "{{.ID}} ({{.Title}}, in {{.Calendar}})", "{{.Level}} →", "+{{.N}}", "{{.N}} s",
}

var (
	placeholder = regexp.MustCompile(`{{\.\w+}}`)
	pluralForms = map[plural.Form]string{plural.Other: "other", plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many"}
)

// catalogue reads one of the files: each text by its forms, "" for what has no count.
func catalogue(t *testing.T, name string) map[string]map[string]string {
	t.Helper()
	b, err := translations.ReadFile("translations/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var raw map[string]any
	if err := json.Unmarshal(b, &raw); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	out := map[string]map[string]string{}
	for k, v := range raw {
		switch v := v.(type) {
		case string:
			out[k] = map[string]string{"": v}
		case map[string]any:
			out[k] = map[string]string{}
			for form, s := range v {
				out[k][form], _ = s.(string)
			}
		}
	}
	return out
}

// formsOf are the forms that a language has for numbers of things.
func formsOf(tag string) []string {
	forms := map[string]bool{}
	for n := range 200 {
		forms[pluralForms[plural.Cardinal.MatchPlural(language.Make(tag), n, 0, 0, 0, 0)]] = true
	}
	return slices.Sorted(maps.Keys(forms))
}

func placeholders(s string) []string {
	return slices.Compact(slices.Sorted(slices.Values(placeholder.FindAllString(s, -1))))
}

func TestEveryLanguageHasEveryText(t *testing.T) {
	english := catalogue(t, "en.json")
	for _, l := range Languages {
		if l.Tag == "en" {
			continue
		}
		have := catalogue(t, l.Tag+".json")
		for _, k := range slices.Sorted(maps.Keys(english)) {
			want := []string{""}
			if _, plain := english[k][""]; !plain {
				want = formsOf(l.Tag)
			}
			if got := slices.Sorted(maps.Keys(have[k])); !slices.Equal(got, want) {
				t.Errorf("%s: %q has the forms %q, want %q", l.Tag, k, got, want)
				continue
			}
			for form, s := range have[k] {
				got, want := placeholders(s), placeholders(k)
				if form != "" && form != "other" { // "once" needs no number
					got = slices.DeleteFunc(got, func(p string) bool { return p == "{{.N}}" })
					want = slices.DeleteFunc(want, func(p string) bool { return p == "{{.N}}" })
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s: %q has the values %v, want %v", l.Tag, s, got, want)
				}
			}
		}
		for k := range have {
			if _, ok := english[k]; !ok {
				t.Errorf("%s: %q is no text of the catalogue", l.Tag, k)
			}
		}
	}
}

// The heads of a table are one text, with a bar between them and a mark at those that may
// be cut: the columns are the same in every language.
func TestEveryLanguageHasTheColumnsOfATable(t *testing.T) {
	columns := func(s string) (out []bool) {
		for head := range strings.SplitSeq(s, "|") {
			out = append(out, strings.HasSuffix(strings.TrimSpace(head), "~"))
		}
		return out
	}
	tables := 0
	for _, l := range Languages {
		for k, forms := range catalogue(t, l.Tag+".json") {
			if !strings.Contains(k, " | ") {
				continue
			}
			tables++
			if got := columns(forms[""]); !slices.Equal(got, columns(k)) {
				t.Errorf("%s: %q has other columns than %q", l.Tag, forms[""], k)
			}
		}
	}
	if tables == 0 {
		t.Error("there is no table")
	}
}

func TestRegionsOnlyHaveTextsThatThereAre(t *testing.T) {
	english := catalogue(t, "en.json")
	files, err := translations.ReadDir("translations")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		base, _, region := strings.Cut(strings.TrimSuffix(f.Name(), ".json"), "-")
		if !slices.ContainsFunc(Languages, func(l Language) bool { return l.Tag == base }) {
			t.Errorf("%s is of no language in Languages", f.Name())
		}
		if !region {
			continue
		}
		for k, v := range catalogue(t, f.Name()) {
			if _, ok := english[k]; !ok {
				t.Errorf("%s: %q is no text of the catalogue", f.Name(), k)
			}
			for _, s := range v {
				if !slices.Equal(placeholders(s), placeholders(k)) {
					t.Errorf("%s: %q has other values than %q", f.Name(), s, k)
				}
			}
		}
	}
}

func TestGermanIsGerman(t *testing.T) {
	same := map[string]bool{}
	for k, forms := range catalogue(t, "de.json") {
		for form, s := range forms {
			if s == k {
				same[k] = true
			}
			if strings.Count(s, "„") != strings.Count(s, "“") || strings.ContainsAny(s, "”\"") {
				t.Errorf("%q, %s: German quotes are „these“", s, form)
			}
		}
	}
	want := map[string]bool{}
	for _, k := range sameInGerman {
		want[k] = true
	}
	for k := range same {
		if !want[k] {
			t.Errorf("%q is English in German too; if it must be, list it in sameInGerman", k)
		}
	}
	for k := range want {
		if !same[k] {
			t.Errorf("%q is not as in English any more: take it from sameInGerman", k)
		}
	}
}

func TestGermanIsSpokenWithItsPlurals(t *testing.T) {
	speak(t, "de")
	for _, c := range []struct{ got, want string }{
		{Text("Sync now"), "Jetzt abgleichen"},
		{Count("{{.N}} events", 1), "1 Termin"},
		{Count("{{.N}} events", 1200), "1.200 Termine"},
		{Count("every {{.N}} weeks", 1), "jede Woche"},
		{MidLine(Text("Place")), "Ort"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}
