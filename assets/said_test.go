package assets

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// saidIn reads a language's phrases as they stand in its file.
func saidIn(t testing.TB, tag string) map[string]map[string]string {
	t.Helper()
	b, err := said.ReadFile("said/" + tag + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]map[string]string
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func slotNames(template string) []string {
	var out []string
	for _, m := range slotPattern.FindAllStringSubmatch(template, -1) {
		out = append(out, m[3])
	}
	slices.Sort(out)
	return out
}

func TestSaidInGerman(t *testing.T) {
	speak(t, "de")
	for _, c := range []struct{ what, in, want string }{
		{"a whole sentence", "Paused", "Pause"},
		{"a count", "All is well: 1204 events alike", "Alles gut: 1.204 Termine sind gleich"},
		{"fields", "title, notes and place changed in “Work”", "Titel, Notizen und Ort in „Work“ geändert"},
		{"a capital begins the sentence", "Its copy was deleted in “Work”; the meeting has another organizer, so only the copy is gone", "Seine Kopie wurde in „Work“ gelöscht; den Termin organisiert jemand anderes, daher ist nur die Kopie weg"},
		{"an occurrence and its date", "the 3rd occurrence (24 Mar 2026) cancelled or moved in “Work”", "Einzeltermin 3 (24. März 2026) in „Work“ abgesagt oder verschoben"},
		{"a clause in a clause", "deleted in “Work”; failed: not tried: the account cannot be reached just now", "in „Work“ gelöscht; fehlgeschlagen: nicht versucht: das Konto ist gerade nicht zu erreichen"},
		{"the provider's words stay", "new in “Work”; failed: Quota exceeded", "neu in „Work“; fehlgeschlagen: Quota exceeded"},
		{"a name says nothing", "deleted in “Paused; failed: title changed in “Work””", "in „Paused; failed: title changed in “Work”“ gelöscht"},
		{"a name without quotes", "deleted in google/primary", "in google/primary gelöscht"},
		{"guests", "time changed in “Work”, and Ada, Bob and 3 other guests would hear of it", "Zeit in „Work“ geändert; Mail darüber ginge an Ada, Bob und 3 weitere Gäste"},
		{"a time of day", "Google asks for patience with ada@work.example; tried again at 15:04", "Google bittet um Geduld bei ada@work.example; neuer Versuch um 15:04"},
		{"two values", "its title was changed on two sides: later in “Work” to “Tea and place”, and in “Home” to nothing", "Titel an zwei Stellen geändert: später in „Work“ auf „Tea and place“, und in „Home“ auf nichts"},
		{"what nobody knows stays", "Nobody expects this “sentence”", "Nobody expects this “sentence”"},
		{"quotes that do not pair", "deleted in “Work”s”", "in “Work”s” gelöscht"},
		{"a meeting's time", "2026-11-27 10:00 – 10:45 Europe/Berlin", "27. Nov. 2026, 10:00 – 10:45 Europe/Berlin"},
		{"a series' time", "2026-11-30 18:30 – 19:30 Europe/Berlin, RRULE:FREQ=WEEKLY;COUNT=6", "30. Nov. 2026, 18:30 – 19:30 Europe/Berlin, RRULE:FREQ=WEEKLY;COUNT=6"},
		{"days", "2026-12-01 – 2026-12-02", "1. Dez. 2026 – 2. Dez. 2026"},
		{"a day", "2026-12-01", "1. Dez. 2026"},
		{"nothing", "", ""},
	} {
		for range 2 { // the second is remembered
			if got := Said(c.in); got != c.want {
				t.Errorf("%s: %q, want %q", c.what, got, c.want)
			}
		}
	}
	if got := SaidValues("all, or days: mon-fri or sat,sun"); got != "all oder Tage: mon-fri oder sat,sun" {
		t.Errorf("what a setting takes: %q", got)
	}
	Speak("en")
	if got := Said("new in “Work”"); got != "new in “Work”" {
		t.Errorf("in English: %q", got)
	}
}

func TestPhrasesAreSound(t *testing.T) {
	for _, l := range Languages {
		if l.Tag == "en" {
			continue
		}
		kinds := saidIn(t, l.Tag)
		for kind, list := range kinds {
			for template, becomes := range list {
				if got, want := slotNames(becomes), slotNames(template); !slices.Equal(got, want) || !slices.Equal(slices.Compact(slices.Clone(want)), want) {
					t.Errorf("%s, %s: %q has the values %q, want each of %q once", l.Tag, kind, becomes, got, want)
				}
				p := newPhrase(template, becomes)
				for i, x := range p.slots {
					if _, ok := kinds[x.kind]; !ok && x.kind != "" && x.kind != "number" && x.kind != "date" {
						t.Errorf("%s, %s: %q: there is no kind %q", l.Tag, kind, template, x.kind)
					}
					if i > 0 && p.literals[i] == "" && x.kind == "" {
						t.Errorf("%s, %s: %q: nothing parts %s from what is before it", l.Tag, kind, template, x.name)
					}
				}
				if strings.Contains(strings.Join(p.literals, ""), "{{") {
					t.Errorf("%s, %s: %q: a value is not written as one", l.Tag, kind, template)
				}
				if l.Tag == "de" && strings.ContainsAny(becomes, "”\"") {
					t.Errorf("%s: German quotes are „these“", becomes)
				}
			}
		}
	}
}

// filled is a template with a text for each of its values that its kind allows.
func filled(kinds map[string]map[string]string, template, text string) string {
	return slotPattern.ReplaceAllStringFunc(template, func(x string) string {
		switch kind := slotPattern.FindStringSubmatch(x)[1]; kind {
		case "":
			return text
		case "number":
			return "7"
		case "date":
			return "2 Jan 2006"
		default:
			fewest := slices.MinFunc(slices.Sorted(maps.Keys(kinds[kind])), func(a, b string) int { return len(slotNames(a)) - len(slotNames(b)) })
			return filled(kinds, fewest, text)
		}
	})
}

func TestEachTemplateIsFoundAgain(t *testing.T) {
	speak(t, "de")
	kinds := saidIn(t, "de")
	for template := range kinds["sentence"] {
		in := filled(kinds, template, "“Xyz”")
		if got := Said(in); got == in && kinds["sentence"][template] != template {
			t.Errorf("%q stays English", in)
		} else if strings.Count(in, "Xyz") != strings.Count(got, "Xyz") {
			t.Errorf("%q became %q", in, got)
		}
	}
}

// FuzzSaid puts any text into any sentence: nothing of it may be lost.
func FuzzSaid(f *testing.F) {
	Speak("de")
	f.Cleanup(func() { Speak("en") })
	kinds := saidIn(f, "de")
	templates := slices.Sorted(maps.Keys(kinds["sentence"]))
	for i, text := range []string{"Work", "title and place", "a”b", "“a", "“; failed: ”", "\xff", "", strings.Repeat("a and ", 400), "Ünü", "; failed: x; failed: y", "1 Jan 2026"} {
		f.Add(uint16(i*37), text)
	}
	f.Fuzz(func(t *testing.T, n uint16, text string) {
		in := filled(kinds, templates[int(n)%len(templates)], "“"+text+"”")
		got := Said(in)
		if utf8.ValidString(in) != utf8.ValidString(got) {
			t.Errorf("%q became %q", in, got)
		}
		if n := strings.Count(in, "“"+text+"”"); text != "" && quoteDepths(text) != nil && strings.Count(got, "“"+text+"”")+strings.Count(got, "„"+text+"“") < n {
			t.Errorf("%q became %q", in, got)
		}
		_ = Said(text)
		_ = Said(text + in + text)
	})
}

func TestSaidGivesUpOnWhatItCannotSay(t *testing.T) {
	speak(t, "de")
	for _, s := range []string{
		strings.Repeat("title and place and ", 200) + "x",
		"invited from here: " + strings.Repeat("a, a and ", 400),
		strings.Repeat("new in x; failed: ", 200),
		strings.Repeat("“", 600) + strings.Repeat("”", 600),
	} {
		r := rendering{speech: speaking()}
		r.phrase("sentence", s)
		if r.work > 2*saidWork {
			t.Errorf("%.30s… took %d looks", s, r.work)
		}
	}
}

func BenchmarkSaid(b *testing.B) {
	Speak("de")
	b.Cleanup(func() { Speak("en") })
	for b.Loop() {
		clear(speaking().said.before)
		Said("the 3rd occurrence (24 Mar 2026) cancelled or moved in “Work”; failed: Quota exceeded")
	}
}
