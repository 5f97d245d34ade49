package state_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

func setting(t interface{ Fatal(...any) }, key string) state.Setting {
	s, err := state.SettingOf(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What a person says, what is kept of it, and how it is said back to them.
func TestSettingsAreKept(t *testing.T) {
	none := []calendar.Response{}
	text := func(l state.TextLens) *state.TextLens { return &l }
	value := func(l state.ValueLens) *state.ValueLens { return &l }
	for _, test := range []struct {
		key, say, get string // get is empty if it is as it was said
		want          state.Mapping
	}{
		{"detail", "everything", "", state.Mapping{}},
		{"detail", "Title and Time", "title-and-time", state.Mapping{Detail: state.TitleAndTime}},
		{"detail", "busy-only", "", state.Mapping{Detail: state.BusyOnly}},
		{"private", "shown", "", state.Mapping{ShowPrivate: true}},
		{"title", "copy", "", state.Mapping{}}, // as it was
		{"title", "omit", "", state.Mapping{Title: text(state.TextLens{Lens: state.OmitLens})}},
		{"title", "constant Busy", "", state.Mapping{Title: text(state.TextLens{Lens: state.ConstantLens, Text: "Busy"})}},
		{"title", "constant  two spaces ", "", state.Mapping{Title: text(state.TextLens{Lens: state.ConstantLens, Text: " two spaces "})}},
		{"title", "template [Work] {{title}}", "", state.Mapping{Title: text(state.TextLens{Lens: state.TemplateLens, Text: "[Work] {{title}}"})}},
		{"title.prefix", "[Work] ", "", state.Mapping{Title: text(state.TextLens{Lens: state.CopyLens, Prefix: "[Work] "})}},
		{"place.suffix", " (W)", "", state.Mapping{Place: text(state.TextLens{Lens: state.CopyLens, Suffix: " (W)"})}},
		{"title.replace", "/a/b/  |x/y||", "/a/b/ |x/y||", state.Mapping{Title: text(state.TextLens{Lens: state.CopyLens,
			Replace: []state.Replacement{{Find: "a", With: "b"}, {Find: "x/y"}}})}},
		{"notes.limit", "200", "", state.Mapping{Notes: text(state.TextLens{Lens: state.CopyLens, Limit: 200})}},
		{"notes.limit", "0", "none", state.Mapping{}},
		{"availability", "constant out of office", "constant out-of-office", state.Mapping{Availability: value(state.ValueLens{Lens: state.ConstantLens, Value: "out of office"})}},
		{"availability.map", "tentative:busy, out-of-office:busy", "out-of-office:busy,tentative:busy", state.Mapping{Availability: value(state.ValueLens{Lens: state.CopyLens,
			Map: map[string]string{"tentative": "busy", "out of office": "busy"}})}},
		{"visibility", "constant default", "", state.Mapping{Visibility: value(state.ValueLens{Lens: state.ConstantLens, Value: "default"})}},
		{"importance.map", "low:normal", "", state.Mapping{Importance: value(state.ValueLens{Lens: state.CopyLens, Map: map[string]string{"low": "normal"}})}},
		{"categories.map", `Client\: A\, B:tomato`, "", state.Mapping{Categories: value(state.ValueLens{Lens: state.CopyLens, Map: map[string]string{"Client: A, B": "tomato"}})}},
		{"reminders", "none", "", state.Mapping{}},
		{"reminders", "copy", "", state.Mapping{Reminders: &state.ReminderLens{Lens: state.Copy}}},
		{"reminders", "fixed 10m, 1h30m,2d", "fixed 10m,1h30m,2d", state.Mapping{Reminders: &state.ReminderLens{Lens: state.Fixed, Before: []string{"10m", "1h30m", "2d"}}}},
		{"reminders.all-day", "1d 17:00,7d 9:00", "1d 17:00,7d 09:00", state.Mapping{Reminders: &state.ReminderLens{Lens: state.Fixed, AllDay: []string{"1d 17:00", "7d 09:00"}}}},
		{"properties", "omit", "", state.Mapping{Properties: state.Omit}},
		{"conference", "notes", "", state.Mapping{Conference: state.InNotes}},
		{"link", "text", "", state.Mapping{Link: state.AsText}},
		{"link", "OMIT", "omit", state.Mapping{}},
		{"filter.availability", "busy,free", "free,busy", state.Mapping{Filter: state.Filter{Availability: []calendar.Availability{"free", "busy"}}}},
		{"filter.availability", "all", "", state.Mapping{}},
		{"filter.responses", "none", "", state.Mapping{Filter: state.Filter{Responses: &none}}},
		{"filter.responses", "declined,needs_action", "needs-action,declined", state.Mapping{Filter: state.Filter{Responses: &[]calendar.Response{"needs action", "declined"}}}},
		{"filter.responses", "Declined", "declined", state.Mapping{}},
		{"filter.all-day", "busy", "", state.Mapping{Filter: state.Filter{AllDay: state.BusyAllDay}}},
		{"filter.categories", `Work,-Off\, really, + \ x`, `+Work,+\ x,-Off\, really`, state.Mapping{Filter: state.Filter{With: []string{"Work", " x"}, Without: []string{"Off, really"}}}},
		{"filter.title.exclude", `^(lunch|\d+)$`, "", state.Mapping{Filter: state.Filter{Exclude: `^(lunch|\d+)$`}}},
		{"filter.days", "Monday-Fri", "mon-fri", state.Mapping{Filter: state.Filter{Days: []state.Weekday{"MO", "TU", "WE", "TH", "FR"}}}},
		{"filter.days", "sun,sat", "sat,sun", state.Mapping{Filter: state.Filter{Days: []state.Weekday{"SA", "SU"}}}},
		{"filter.days", "sat-mon,wed", "mon,wed,sat,sun", state.Mapping{Filter: state.Filter{Days: []state.Weekday{"MO", "WE", "SA", "SU"}}}},
		{"filter.days", "mon-sun", "all", state.Mapping{}},
		{"filter.hours", "8:00 – 18:30", "08:00-18:30", state.Mapping{Filter: state.Filter{Hours: "08:00-18:30"}}},
		{"filter.hours", "18:00-24:00", "", state.Mapping{Filter: state.Filter{Hours: "18:00-24:00"}}},
		{"filter.types", "meeting,working-location", "", state.Mapping{Filter: state.Filter{Types: []calendar.EventType{"", "working location"}}}},
		{"filter.types", "out-of-office,focus-time,from-mail,meeting", "meeting,from-mail,focus-time,out-of-office", state.Mapping{}},
		{"filter.invited", "cross", "", state.Mapping{Filter: state.Filter{Invited: state.Cross}}},
		{"filter.past", "30", "30d", state.Mapping{Filter: state.Filter{Past: 30}}},
		{"filter.future", "90d", "", state.Mapping{Filter: state.Filter{Future: 90}}},
		{"out-of-scope", "keep", "", state.Mapping{OutOfScope: state.Keep}},
	} {
		t.Run(test.key+"="+test.say, func(t *testing.T) {
			s := setting(t, test.key)
			var m state.Mapping
			if err := s.Set(&m, test.say); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(test.want, m); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if test.get == "" {
				test.get = test.say
			}
			if got := s.Get(m); got != test.get {
				t.Errorf("said back as %q, want %q", got, test.get)
			}
			if err := state.Check(m); err != nil {
				t.Error(err)
			}
			if err := state.Reset(&m, test.key); err != nil {
				t.Error(err)
			}
			if d := cmp.Diff(state.Mapping{}, m); d != "" {
				t.Errorf("after a reset (-want +got):\n%s", d)
			}
		})
	}
}

// An error names the setting, what is wrong, and the way out; and nothing is changed.
func TestWhatMakesNoSenseIsNotSet(t *testing.T) {
	for _, test := range []struct{ key, say, want string }{
		{"detail", "some", `detail: "some" is none of its values; it takes everything, title-and-time or busy-only`},
		{"private", "no", `private: "no" is none of its values; it takes busy or shown`},
		{"title", "Busy", `title: "Busy" is none of its values; it takes copy, omit, constant TEXT or template TEXT with {{fields}}`},
		{"title", "constant", "title: constant needs something after it; it takes"},
		{"title", "copy that", `title: "copy that" has something after copy; it takes`},
		{"title.replace", "a/b", `title.replace: "a/b" begins with no mark such as /; it takes /FIND/WITH/`},
		{"title.replace", "/a/b", `title.replace: "/a/b" has no third /; it takes`},
		{"title.replace", "//b/", "title.replace: replacement 1 finds nothing; it takes"},
		{"title.replace", "/a/b/ /(/x/", `title.replace: replacement 2: "(" is no regular expression: missing closing ) in "("; it takes`},
		{"title.limit", "-3", `title.limit: "-3" is no such number; it takes a number of characters, or none`},
		{"notes.limit", "many", `notes.limit: "many" is no such number`},
		{"availability", "constant bussy", `availability: "bussy" is none of its values; it takes copy, omit or constant VALUE (free, tentative, busy, out-of-office or working-elsewhere)`},
		{"availability", "template x", `availability: "template x" is none of its values`},
		{"availability.map", "busy", `availability.map: "busy" is no pair; it takes HOME:COPY`},
		{"availability.map", "busy:full", `availability.map: "full" is none of its values`},
		{"categories.map", "a:b,A:c", `categories.map: "A" is there twice`},
		{"categories.map", "a:", "categories.map: a category needs a name"},
		{"reminders", "10m", `reminders: "10m" is none of its values; it takes none, copy, or fixed TIMES`},
		{"reminders", "fixed", `reminders: "" is no length of time`},
		{"reminders", "fixed 10 minutes", `reminders: "10 minutes" is no length of time`},
		{"reminders.all-day", "17:00", `reminders.all-day: "17:00" is no day before and time; it takes none, or DAYS and TIME: 1d 17:00`},
		{"reminders.all-day", "0d 09:00", `reminders.all-day: "0d 09:00" is on the day itself`},
		{"reminders.all-day", "1d 25:00", "reminders.all-day: 25:00 is no time of day"},
		{"guests", "copy", `guests: "copy" is none of its values; it takes text or omit`},
		{"filter.availability", "busy,gone", `filter.availability: "gone" is none of its values; it takes all, or some of free, tentative, busy`},
		{"filter.categories", "+", `filter.categories: "+" names no category`},
		{"filter.title.include", "[a", `filter.title.include: "[a" is no regular expression: missing closing ] in "[a"; it takes a regular expression`},
		{"filter.days", "mon-someday", `filter.days: "someday" is no day of the week; it takes all, or days: mon-fri or sat,sun`},
		{"filter.hours", "8-18", `filter.hours: "8-18" are no hours; it takes all, or from when to when: 08:00-18:00`},
		{"filter.hours", "08:00-25:00", "filter.hours: 25:00 is no time of day"},
		{"filter.hours", "08:00-08:00", `filter.hours: "08:00-08:00" ends when it begins`},
		{"filter.types", "party", `filter.types: "party" is none of its values`},
		{"filter.past", "long", `filter.past: "long" is no such number; it takes a number of days (30d)`},
	} {
		t.Run(test.key+"="+test.say, func(t *testing.T) {
			var m state.Mapping
			err := setting(t, test.key).Set(&m, test.say)
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s …", err, test.want)
			}
			if d := cmp.Diff(state.Mapping{}, m); d != "" {
				t.Errorf("it was changed all the same:\n%s", d)
			}
		})
	}
}

func TestAnUnknownSettingNamesItsNeighbours(t *testing.T) {
	for key, want := range map[string]string{
		"prefix":     `there is no setting "prefix"; perhaps you mean title.prefix, place.prefix, notes.prefix`,
		"filter.tit": `there is no setting "filter.tit"; perhaps you mean filter.title.include, filter.title.exclude`,
		"colour":     "there is no setting \"colour\"; `twinday help mapping` lists those there are",
	} {
		if _, err := state.SettingOf(key); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		if key != "filter.tit" {
			if err := state.Reset(&state.Mapping{}, key); err == nil || err.Error() != want {
				t.Errorf("reset: got %v, want %s", err, want)
			}
		}
	}
}

// A level of detail decides what no setting says, and only that.
func TestTheLevelStandsBehindTheSettings(t *testing.T) {
	m := state.Mapping{Detail: state.BusyOnly}
	for key, want := range map[string]string{"title": "constant Busy", "notes": "omit", "availability": "copy", "guests": "omit", "reminders": "none", "filter.responses": "declined"} {
		if got := setting(t, key).Get(m); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if err := setting(t, "title.prefix").Set(&m, "W: "); err != nil || m.Title.Text != "Busy" {
		t.Errorf("a prefix changes the title to %+v, %v", m.Title, err)
	}
	if err := state.Reset(&m, "title"); err != nil || m.Title != nil {
		t.Errorf("after the reset: %+v, %v", m.Title, err)
	}
	m = state.Mapping{Detail: state.TitleAndTime, Title: &state.TextLens{Prefix: "W: "}}
	if got := setting(t, "title").Get(m); got != "copy" {
		t.Errorf("a lens that a file leaves out is %q, want that of the level", got)
	}
}

// A mapping handed on by value shares its lenses; changing one leaves the other.
func TestSettingOneLeavesOthersAlone(t *testing.T) {
	a := state.Mapping{Title: &state.TextLens{Lens: state.CopyLens, Prefix: "a"}, Reminders: &state.ReminderLens{Lens: state.Fixed, Before: []string{"5m"}}}
	b := a
	for _, x := range [][2]string{{"title.prefix", "b"}, {"title", "omit"}, {"title.replace", "/a/b/"}, {"reminders", "fixed 7m"}, {"reminders.all-day", "1d 17:00"}} {
		if err := setting(t, x[0]).Set(&b, x[1]); err != nil {
			t.Fatal(err)
		}
	}
	if a.Title.Prefix != "a" || a.Title.Lens != state.CopyLens || a.Title.Replace != nil || a.Reminders.Before[0] != "5m" || a.Reminders.AllDay != nil {
		t.Errorf("changed as well: %+v %+v", a.Title, a.Reminders)
	}
}

func TestCheckFindsWhatAFileMayHold(t *testing.T) {
	for body, want := range map[string]string{
		`{"detail":"all"}`:                             `detail: "all" is none`,
		`{"title":{"lens":"blur"}}`:                    `title: "blur `,
		`{"title":{"lens":"copy","limit":-1}}`:         `title.limit: "-1"`,
		`{"availability":{"lens":"template"}}`:         `availability: "template"`,
		`{"categories":{"lens":"constant"}}`:           "categories: constant needs",
		`{"reminders":{"lens":"loud"}}`:                `reminders: "loud"`,
		`{"reminders":{"before":["soon"]}}`:            `reminders: "soon"`,
		`{"conference":"everywhere"}`:                  `conference: "everywhere"`,
		`{"filter":{"types":[]}}`:                      `filter.types: ""`,
		`{"filter":{"types":["party"]}}`:               `filter.types: "party"`,
		`{"filter":{"days":["MO","XX"]}}`:              `filter.days: "XX"`,
		`{"filter":{"hours":"nine to five"}}`:          `filter.hours: "nine to five"`,
		`{"filter":{"titleExclude":"*"}}`:              `filter.title.exclude: "*"`,
		`{"filter":{"pastDays":-1}}`:                   `filter.past: "-1d"`,
		`{"filter":{"withCategories":[""]}}`:           "filter.categories: ",
		`{"outOfScope":"burn"}`:                        `out-of-scope: "burn"`,
		`{"title":{"prefix":"x"},"guests":"text"}`:     "",
		`{"reminders":{"before":["10m"]},"filter":{}}`: "",
	} {
		var m state.Mapping
		if err := json.Unmarshal([]byte(body), &m); err != nil {
			t.Fatal(err)
		}
		err := state.Check(m)
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
	}
}

// words draws a value that a setting takes.
func words(t *rapid.T, key string) string {
	some := func(words ...string) string {
		return strings.Join(rapid.SliceOfNDistinct(rapid.SampledFrom(words), 1, len(words), rapid.ID).Draw(t, key), ",")
	}
	one := func(words ...string) string { return rapid.SampledFrom(words).Draw(t, key) }
	any := rapid.StringN(1, 8, -1).Filter(func(s string) bool { return !strings.HasPrefix(s, " ") }).Draw(t, "text")
	name := strings.NewReplacer(`\`, `\\`, ",", `\,`, ":", `\:`).Replace("n" + any + "n")
	base, sub, _ := strings.Cut(key, ".")
	switch {
	case sub == "prefix", sub == "suffix":
		return any
	case sub == "replace":
		return one("", "/a/b/", "/a|b/$1 x/ #/#|#", "¿/#|!~@%;=_¿ ¿")
	case sub == "limit":
		return one("none", "1", "8192")
	case key == "categories.map":
		return one("", name+":red", "red:"+name+",x:y")
	case sub == "map":
		v := setting(t, base).Words
		w := strings.TrimPrefix(v[len(v)-1], "constant ")
		return one("", w+":"+strings.TrimPrefix(v[2], "constant "))
	case base == "title", base == "place", base == "notes":
		return one("copy", "omit", "constant "+any, "template {{title}} "+any)
	case key == "categories":
		return one("copy", "omit", "constant "+any)
	case key == "reminders":
		return one("none", "copy", "fixed 10m", "fixed 1h30m,2d")
	case key == "reminders.all-day":
		return one("none", "1d 17:00", "1d 17:00,2d 08:30")
	case key == "filter.categories":
		return one("", "+"+name, "-"+name+",+b")
	case key == "filter.title.include", key == "filter.title.exclude":
		return one("", "^a.*", `\d+`)
	case key == "filter.days":
		return some("mon", "tue", "wed", "thu", "fri", "sat", "sun")
	case key == "filter.hours":
		return one("all", "08:00-18:00", "22:00-06:00", "00:00-24:00")
	case key == "filter.availability":
		return some("free", "tentative", "busy", "out-of-office", "working-elsewhere")
	case key == "filter.responses":
		return one("none", some("needs-action", "accepted", "tentative", "declined"))
	case key == "filter.types":
		return some("meeting", "from-mail", "focus-time", "out-of-office", "working-location", "birthday", "unknown")
	case key == "filter.past", key == "filter.future":
		return one("all", "1d", "365d")
	}
	return one(setting(t, key).Words...)
}

// The laws of settings: what Get says, Set takes; to say it again changes nothing;
// and all of them together say the whole mapping.
func TestSettingsSayTheWholeMapping(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m state.Mapping
		for _, s := range state.Settings {
			if !rapid.Bool().Draw(t, "said") || s.Key == "reminders.all-day" && m.Reminders != nil && m.Reminders.Lens == state.Copy {
				continue
			}
			if err := s.Set(&m, words(t, s.Key)); err != nil {
				t.Fatal(err)
			}
		}
		if err := state.Check(m); err != nil {
			t.Fatal(err)
		}
		var again state.Mapping
		for _, s := range state.Settings {
			same := m
			if err := s.Set(&same, s.Get(m)); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(m, same); d != "" {
				t.Fatalf("%s, said again, changes:\n%s", s.Key, d)
			}
			if err := s.Set(&again, s.Get(m)); err != nil {
				t.Fatal(err)
			}
		}
		if d := cmp.Diff(m, again); d != "" {
			t.Fatalf("what the settings do not say (-is +said):\n%s", d)
		}
		var stored state.Mapping
		b, err := json.Marshal(m)
		if err == nil {
			err = json.Unmarshal(b, &stored)
		}
		if d := cmp.Diff(m, stored); err != nil || d != "" {
			t.Fatalf("stored %s, %v:\n%s", b, err, d)
		}
		for _, s := range state.Settings {
			if err := state.Reset(&m, s.Key); err != nil {
				t.Fatal(err)
			}
			if got := s.Get(m); got != s.Default(m) {
				t.Fatalf("%s is %q after its reset, not %q", s.Key, got, s.Default(m))
			}
		}
		if d := cmp.Diff(state.Mapping{}, m); d != "" {
			t.Fatalf("left after all resets:\n%s", d)
		}
	})
}

func TestSettingsAreExplained(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range state.Settings {
		if seen[s.Key] || s.Key == "" || s.Help == "" || s.Values == "" || strings.Contains(s.Help+s.Values, "\n") {
			t.Errorf("%q: a key of its own, and one line of help and of values", s.Key)
		}
		seen[s.Key] = true
	}
}

// A lens that names no kind is the level's, with what the level says in it: a title that
// only got a limit stays "Busy".
func TestALensWithoutAKindIsTheLevels(t *testing.T) {
	m := state.Mapping{Detail: state.BusyOnly, Title: &state.TextLens{Limit: 5}, Visibility: &state.ValueLens{}}.Resolved()
	level := state.BusyOnly.Lenses()
	want := state.TextLens{Lens: level.Title.Lens, Text: level.Title.Text, Limit: 5}
	if d := cmp.Diff(want, *m.Title); d != "" || want.Text == "" {
		t.Errorf("the title: %s", d)
	}
	if d := cmp.Diff(level.Visibility, m.Visibility); d != "" {
		t.Errorf("the visibility: %s", d)
	}
}
