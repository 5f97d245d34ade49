package state

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/twinday/twinday/providers/calendar"
)

// Setting is one thing that a person can say of a Mapping, under a name and in
// words. Settings lists them all; together they say the whole of a Mapping.
type Setting struct {
	Key    string // "title.prefix"; what stands before a dot is set first
	Help   string // one line, in a person's words
	Values string // what it takes, to follow "it takes"
	// Words are those that a value can be or begin with, to be offered while a
	// person types; one that wants more after it ends in a space.
	Words []string
	// Joint joins several values that are given at once; empty where there can be
	// only one.
	Joint string

	get   func(Mapping) string
	set   func(*Mapping, string) error
	reset func(*Mapping)
}

// Get is the value in force, in the words that Set takes: where the mapping says
// nothing, that of its level of detail.
func (s Setting) Get(m Mapping) string { return s.get(m) }

// Set changes m to have the value. A value that is in force already changes nothing
// (so a default stays one), and what m shares with other mappings is left as it is.
// The error names the setting, what is wrong with the value, and what it takes.
func (s Setting) Set(m *Mapping, value string) error {
	if value == s.get(*m) {
		return nil
	}
	return s.put(m, value)
}

func (s Setting) put(m *Mapping, value string) error {
	n := *m
	if err := s.set(&n, value); err != nil {
		return fmt.Errorf("%s: %w; it takes %s", s.Key, err, s.Values)
	}
	*m = n
	return nil
}

// Default is the value that Get gives once the setting was reset.
func (s Setting) Default(m Mapping) string {
	s.reset(&m)
	return s.get(m)
}

// SettingOf finds a setting by its key. The error names those that are near.
func SettingOf(key string) (Setting, error) {
	want := strings.ToLower(strings.TrimSpace(key))
	var near []string
	for _, s := range Settings {
		if s.Key == want {
			return s, nil
		}
		if want != "" && (strings.HasPrefix(s.Key, want) || strings.HasSuffix(s.Key, "."+want) || strings.HasPrefix(want, s.Key+".")) {
			near = append(near, s.Key)
		}
	}
	if len(near) > 0 {
		return Setting{}, fmt.Errorf("there is no setting %q; perhaps you mean %s", key, strings.Join(near, ", "))
	}
	return Setting{}, fmt.Errorf("there is no setting %q; `twinday help mapping` lists those there are", key)
}

// Reset puts a setting, and those whose keys begin with it and a dot, back to what
// the level of detail says: "title" with all that belongs to it, "filter" as a whole.
func Reset(m *Mapping, key string) error {
	found := false
	key = strings.ToLower(strings.TrimSpace(key))
	for _, s := range Settings {
		if s.Key == key || strings.HasPrefix(s.Key, key+".") {
			s.reset(m)
			found = true
		}
	}
	if !found {
		_, err := SettingOf(key)
		return err
	}
	return nil
}

// Check finds what makes no sense in a mapping that did not come from Set: unknown
// words, regular expressions, hours and days that are none. It does not look into
// templates.
func Check(m Mapping) error {
	for _, s := range Settings {
		n := m
		if err := s.put(&n, s.get(m)); err != nil {
			return err
		}
	}
	return nil
}

// Lenses is a mapping with every lens and choice that stands where a mapping of
// this level says nothing. A level that is not known shows as little as possible.
func (d Detail) Lenses() Mapping {
	m := Mapping{
		Detail:       d,
		Title:        &TextLens{Lens: CopyLens},
		Place:        &TextLens{Lens: OmitLens},
		Notes:        &TextLens{Lens: OmitLens},
		Availability: &ValueLens{Lens: CopyLens},
		Visibility:   &ValueLens{Lens: OmitLens},
		Importance:   &ValueLens{Lens: OmitLens},
		Categories:   &ValueLens{Lens: OmitLens},
		Reminders:    &ReminderLens{Lens: None},
		Properties:   Omit, Guests: Omit, Conference: Omit, Attachments: Omit, Link: Omit,
		Filter:     Filter{AllDay: Always, Invited: Skipped},
		OutOfScope: Remove,
	}
	switch d {
	case Everything:
		m.Place, m.Notes = &TextLens{Lens: CopyLens}, &TextLens{Lens: CopyLens}
		m.Visibility, m.Importance = &ValueLens{Lens: CopyLens}, &ValueLens{Lens: CopyLens}
		m.Categories = &ValueLens{Lens: CopyLens}
		m.Properties, m.Guests, m.Conference, m.Attachments = Copy, AsText, AsText, AsText
	case TitleAndTime:
		m.Visibility = &ValueLens{Lens: CopyLens}
	default:
		m.Title = &TextLens{Lens: ConstantLens, Text: "Busy"}
	}
	return m
}

// Settings are all settings, in the order in which they are shown and set.
var Settings = slices.Concat(
	[]Setting{
		{
			Key: "detail", Help: "how much a copy shows where no other setting says so",
			Values: orWords(details.words()), Words: details.words(),
			get: func(m Mapping) string { return details.word(string(m.Detail)) },
			set: func(m *Mapping, s string) error {
				d, err := details.value(s)
				m.Detail = Detail(d)
				return err
			},
			reset: func(m *Mapping) { m.Detail = Everything },
		},
		{
			Key: "private", Help: "whether copies of private events are busy only, whatever else is set",
			Values: "busy or shown", Words: []string{"busy", "shown"},
			get: func(m Mapping) string {
				if m.ShowPrivate {
					return "shown"
				}
				return "busy"
			},
			set: func(m *Mapping, s string) error {
				v, err := enum{{"busy", ""}, {"shown", "shown"}}.value(s)
				m.ShowPrivate = v != ""
				return err
			},
			reset: func(m *Mapping) { m.ShowPrivate = false },
		},
	},
	textSettings("title", func(m *Mapping) **TextLens { return &m.Title }),
	textSettings("place", func(m *Mapping) **TextLens { return &m.Place }),
	textSettings("notes", func(m *Mapping) **TextLens { return &m.Notes }),
	valueSettings("availability", availabilities, func(m *Mapping) **ValueLens { return &m.Availability }),
	valueSettings("visibility", visibilities, func(m *Mapping) **ValueLens { return &m.Visibility }),
	valueSettings("importance", importances, func(m *Mapping) **ValueLens { return &m.Importance }),
	valueSettings("categories", nil, func(m *Mapping) **ValueLens { return &m.Categories }),
	reminderSettings,
	[]Setting{
		choice("properties", "whether other programs' hidden properties cross", func(m *Mapping) *Choice { return &m.Properties }, Copy, Omit),
		choice("guests", "whether the notes of a copy list organizer, guests and answers", func(m *Mapping) *Choice { return &m.Guests }, AsText, Omit),
		choice("conference", "where a copy shows the link to join: text is in the notes, and as the place where there is none",
			func(m *Mapping) *Choice { return &m.Conference }, AsText, InNotes, InPlace, Omit),
		choice("attachments", "whether the notes of a copy list attachments, as names with links", func(m *Mapping) *Choice { return &m.Attachments }, AsText, Omit),
		choice("link", "whether the notes of a copy link to the event at home", func(m *Mapping) *Choice { return &m.Link }, AsText, Omit),
	},
	filterSettings,
	[]Setting{
		choice("out-of-scope", "what becomes of a copy whose event the filters no longer let cross", func(m *Mapping) *Choice { return &m.OutOfScope }, Remove, Keep),
	},
)

// inForce reads and changes a lens: get is the one in force, with what complete
// adds to it from that of the level; set changes a copy of it, and keeps none that
// the level has anyway.
func inForce[L any](field func(*Mapping) **L, complete func(l *L, level L)) (get func(Mapping) L, set func(*Mapping, func(*L))) {
	level := func(m Mapping) L {
		all := m.Detail.Lenses()
		return **field(&all)
	}
	get = func(m Mapping) L {
		l := level(m)
		if own := *field(&m); own != nil {
			l = *own
			complete(&l, level(m))
		}
		return l
	}
	set = func(m *Mapping, change func(*L)) {
		l := get(*m)
		change(&l)
		*field(m) = &l
		if reflect.DeepEqual(l, level(*m)) {
			*field(m) = nil
		}
	}
	return get, set
}

// textSettings are those of a text and its lens.
func textSettings(key string, field func(*Mapping) **TextLens) []Setting {
	get, set := inForce(field, func(l *TextLens, def TextLens) {
		if l.Lens == "" { // a file that names a prefix only
			l.Lens, l.Text = def.Lens, def.Text
		}
	})
	affix := func(name, where string, text func(*TextLens) *string) Setting {
		put := func(m *Mapping, s string) error {
			set(m, func(l *TextLens) { *text(l) = s })
			return nil
		}
		return Setting{
			Key: key + "." + name, Help: fmt.Sprintf("text %s the %s of a copy, taken off again on the way home", where, key),
			Values: "any text, spaces as they are",
			get:    func(m Mapping) string { l := get(m); return *text(&l) },
			set:    put,
			reset:  func(m *Mapping) { _ = put(m, "") },
		}
	}
	help := map[string]string{"title": "the title of a copy", "place": "the place of a copy", "notes": "the notes of a copy"}[key]
	return []Setting{
		{
			Key: key, Help: help,
			Values: "copy, omit, constant TEXT or template TEXT with {{fields}}",
			Words:  []string{"copy", "omit", "constant ", "template "},
			get: func(m Mapping) string {
				l := get(m)
				if l.Lens == CopyLens || l.Lens == OmitLens {
					return string(l.Lens)
				}
				return string(l.Lens) + " " + l.Text
			},
			set: func(m *Mapping, s string) error {
				kind, text, err := lensWords(s, TemplateLens)
				if err == nil {
					set(m, func(l *TextLens) { l.Lens, l.Text = kind, text })
				}
				return err
			},
			reset: func(m *Mapping) {
				all := m.Detail.Lenses()
				def := **field(&all)
				set(m, func(l *TextLens) { l.Lens, l.Text = def.Lens, def.Text })
			},
		},
		affix("prefix", "before", func(l *TextLens) *string { return &l.Prefix }),
		affix("suffix", "after", func(l *TextLens) *string { return &l.Suffix }),
		{
			Key: key + ".replace", Help: "what to find in the " + key + " by regular expression, and what to put there",
			Values: "/FIND/WITH/ with any mark for the slash, several with a space between; none without a value", Joint: " ",
			get: func(m Mapping) string { return replaceWords(get(m).Replace) },
			set: func(m *Mapping, s string) error {
				r, err := replacements(s)
				set(m, func(l *TextLens) { l.Replace = r })
				return err
			},
			reset: func(m *Mapping) { set(m, func(l *TextLens) { l.Replace = nil }) },
		},
		{
			Key: key + ".limit", Help: "how many characters of the " + key + " a copy shows at most",
			Values: "a number of characters, or none", Words: []string{"none"},
			get: func(m Mapping) string {
				if n := get(m).Limit; n != 0 {
					return strconv.Itoa(n)
				}
				return "none"
			},
			set: func(m *Mapping, s string) error {
				n, err := number(s, "none", "")
				set(m, func(l *TextLens) { l.Limit = n })
				return err
			},
			reset: func(m *Mapping) { set(m, func(l *TextLens) { l.Limit = 0 }) },
		},
	}
}

// valueSettings are those of a field with a few values, of any names if known is nil.
func valueSettings(key string, known enum, field func(*Mapping) **ValueLens) []Setting {
	get, set := inForce(field, func(l *ValueLens, def ValueLens) {
		if l.Lens == "" {
			l.Lens, l.Value = def.Lens, def.Value
		}
	})
	// Names of one's own are written as they are, known values as words.
	value, word, kind := known.value, known.word, orWords(known.words())
	if known == nil {
		value = func(s string) (string, error) {
			if s == "" {
				return "", fmt.Errorf("a category needs a name")
			}
			return s, nil
		}
		word, kind = func(s string) string { return s }, "a category's name or a colour: "+orWords(calendar.Colors)
	}
	help := "what single values of the " + key
	if known == nil {
		help = "what single " + key
	}
	words := []string{"copy", "omit"}
	for _, w := range known.words() {
		words = append(words, "constant "+w)
	}
	if known == nil {
		words = append(words, "constant ")
	}
	return []Setting{
		{
			Key: key, Help: "the " + key + " of a copy",
			Values: "copy, omit or constant VALUE (" + kind + ")", Words: words,
			get: func(m Mapping) string {
				l := get(m)
				if l.Lens == ConstantLens {
					return "constant " + word(l.Value)
				}
				return string(l.Lens)
			},
			set: func(m *Mapping, s string) error {
				kind, text, err := lensWords(s)
				if err == nil && kind == ConstantLens {
					text, err = value(text)
				}
				set(m, func(l *ValueLens) { l.Lens, l.Value = kind, text })
				return err
			},
			reset: func(m *Mapping) {
				all := m.Detail.Lenses()
				def := **field(&all)
				set(m, func(l *ValueLens) { l.Lens, l.Value = def.Lens, def.Value })
			},
		},
		{
			Key: key + ".map", Help: help + " become on a copy; others stay as they are",
			Values: "HOME:COPY,HOME:COPY of " + kind + "; none without a value", Joint: ",",
			get: func(m Mapping) string {
				var pairs []string
				all := get(m).Map
				for _, from := range slices.Sorted(maps.Keys(all)) {
					pairs = append(pairs, escape(word(from))+":"+escape(word(all[from])))
				}
				return strings.Join(pairs, ",")
			},
			set: func(m *Mapping, s string) error {
				pairs, err := pairs(s, value)
				set(m, func(l *ValueLens) { l.Map = pairs })
				return err
			},
			reset: func(m *Mapping) { set(m, func(l *ValueLens) { l.Map = nil }) },
		},
	}
}

// reminderSettings part the reminders into those of timed and of all-day copies.
var reminderSettings = []Setting{
	{
		Key: "reminders", Help: "the reminders of a copy",
		Values: "none, copy, or fixed TIMES: fixed 10m,1h30m,2d", Words: []string{"none", "copy", "fixed "},
		get: func(m Mapping) string {
			l := m.reminders()
			if l.Lens == Fixed && len(l.Before) == 0 {
				return string(None)
			}
			return strings.TrimSuffix(string(l.Lens)+" "+strings.Join(l.Before, ","), " ")
		},
		set: func(m *Mapping, s string) error {
			l := m.reminders()
			kind, times, _ := strings.Cut(strings.TrimSpace(s), " ")
			switch Choice(strings.ToLower(kind)) {
			case None:
				l.Before = nil
				if l.Lens == Copy {
					l = ReminderLens{}
				}
			case Copy:
				l = ReminderLens{Lens: Copy}
			case Fixed:
				before, err := spans(times)
				if err != nil {
					return err
				}
				l.Lens, l.Before = Fixed, before
				m.setReminders(l)
				return nil
			default:
				return fmt.Errorf("%q is none of its values", s)
			}
			if times != "" {
				return fmt.Errorf("%q has something after %s", s, kind)
			}
			m.setReminders(l)
			return nil
		},
		reset: func(m *Mapping) {
			if l := m.reminders(); l.Lens == Copy {
				m.Reminders = nil
			} else {
				l.Before = nil
				m.setReminders(l)
			}
		},
	},
	{
		Key: "reminders.all-day", Help: "the reminders of an all-day copy, by clock time on a day before",
		Values: "none, or DAYS and TIME: 1d 17:00,7d 09:00", Words: []string{"none", "1d 17:00"},
		get: func(m Mapping) string {
			l := m.reminders()
			switch {
			case l.Lens == Copy:
				return string(Copy)
			case len(l.AllDay) == 0:
				return string(None)
			}
			return strings.Join(l.AllDay, ",")
		},
		set: func(m *Mapping, s string) error {
			l := m.reminders()
			switch {
			case l.Lens == Copy && s == string(Copy):
				return nil
			case l.Lens == Copy:
				return fmt.Errorf("reminders are set to copy, those of all-day events too: set reminders to none or fixed first")
			case s == "" || s == string(None):
				l.AllDay = nil
			default:
				times, err := clockTimes(s)
				if err != nil {
					return err
				}
				l.Lens, l.AllDay = Fixed, times
			}
			m.setReminders(l)
			return nil
		},
		reset: func(m *Mapping) {
			if l := m.reminders(); l.Lens != Copy {
				l.AllDay = nil
				m.setReminders(l)
			}
		},
	},
}

func (m Mapping) reminders() ReminderLens {
	if m.Reminders == nil {
		return ReminderLens{Lens: None}
	}
	l := *m.Reminders
	switch {
	case l.Lens == None:
		return ReminderLens{Lens: None}
	case l.Lens == "":
		l.Lens = Fixed // a file that names times only
	}
	return l
}

func (m *Mapping) setReminders(l ReminderLens) {
	m.Reminders = &l
	if l.Lens != Copy && len(l.Before) == 0 && len(l.AllDay) == 0 {
		m.Reminders = nil
	}
}

// choice is a setting of a few words, of which that of the level is not kept.
func choice(key, help string, field func(*Mapping) *Choice, words ...Choice) Setting {
	e := enum{}
	for _, w := range words {
		e = append(e, named{string(w), string(w)})
	}
	def := func(m Mapping) Choice { all := m.Detail.Lenses(); return *field(&all) }
	return Setting{
		Key: key, Help: help, Values: orWords(e.words()), Words: e.words(),
		get: func(m Mapping) string {
			if c := *field(&m); c != "" {
				return string(c)
			}
			return string(def(m))
		},
		set: func(m *Mapping, s string) error {
			v, err := e.value(s)
			if *field(m) = Choice(v); Choice(v) == def(*m) {
				*field(m) = ""
			}
			return err
		},
		reset: func(m *Mapping) { *field(m) = "" },
	}
}

// filterSettings say which events cross.
var filterSettings = []Setting{
	{
		Key: "filter.availability", Help: "events of which availability cross",
		Values: "all, or some of " + strings.Join(availabilities.words(), ", "), Words: append([]string{"all"}, availabilities.words()...), Joint: ",",
		get: func(m Mapping) string { return setWords(availabilities, m.Filter.Availability, "all") },
		set: func(m *Mapping, s string) (err error) {
			m.Filter.Availability, err = subset[calendar.Availability](availabilities, s, "all")
			if len(m.Filter.Availability) == len(availabilities) {
				m.Filter.Availability = nil
			}
			return err
		},
		reset: func(m *Mapping) { m.Filter.Availability = nil },
	},
	{
		Key: "filter.responses", Help: "invitations that I answered so do not cross",
		Values: "none, or some of " + strings.Join(responses.words(), ", "), Words: append([]string{"none"}, responses.words()...), Joint: ",",
		get: func(m Mapping) string {
			if m.Filter.Responses == nil {
				return string(calendar.Declined)
			}
			return setWords(responses, *m.Filter.Responses, "none")
		},
		set: func(m *Mapping, s string) error {
			r, err := subset[calendar.Response](responses, s, "none")
			if r == nil {
				r = []calendar.Response{} // nil would be the default
			}
			if m.Filter.Responses = &r; len(r) == 1 && r[0] == calendar.Declined {
				m.Filter.Responses = nil
			}
			return err
		},
		reset: func(m *Mapping) { m.Filter.Responses = nil },
	},
	choice("filter.all-day", "whether all-day events cross: always, none, or those that take time (busy)",
		func(m *Mapping) *Choice { return &m.Filter.AllDay }, Always, None, BusyAllDay),
	{
		Key: "filter.categories", Help: "categories that an event must have one of (+) or none of (-)",
		Values: "+NAME,-NAME, names or colours; all without a value", Words: []string{"+", "-"}, Joint: ",",
		get: func(m Mapping) string {
			var all []string
			for _, n := range m.Filter.With {
				all = append(all, "+"+escape(n))
			}
			for _, n := range m.Filter.Without {
				all = append(all, "-"+escape(n))
			}
			return strings.Join(all, ",")
		},
		set: func(m *Mapping, s string) (err error) {
			m.Filter.With, m.Filter.Without, err = signed(s)
			return err
		},
		reset: func(m *Mapping) { m.Filter.With, m.Filter.Without = nil, nil },
	},
	titleFilter("filter.title.include", "only events whose title has this cross", func(m *Mapping) *string { return &m.Filter.Include }),
	titleFilter("filter.title.exclude", "events whose title has this do not cross", func(m *Mapping) *string { return &m.Filter.Exclude }),
	{
		Key: "filter.days", Help: "events on these days of the week cross, in the event's own zone",
		Values: "all, or days: mon-fri or sat,sun", Words: []string{"all", "mon-fri", "sat,sun"}, Joint: ",",
		get: func(m Mapping) string { return dayWords(m.Filter.Days) },
		set: func(m *Mapping, s string) (err error) {
			m.Filter.Days, err = days(s)
			return err
		},
		reset: func(m *Mapping) { m.Filter.Days = nil },
	},
	{
		Key: "filter.hours", Help: "events that lie within these hours, at least in part, cross; in the event's own zone",
		Values: "all, or from when to when: 08:00-18:00", Words: []string{"all", "08:00-18:00"},
		get: func(m Mapping) string {
			if m.Filter.Hours == "" {
				return "all"
			}
			return m.Filter.Hours
		},
		set: func(m *Mapping, s string) (err error) {
			m.Filter.Hours, err = hours(s)
			return err
		},
		reset: func(m *Mapping) { m.Filter.Hours = "" },
	},
	{
		Key: "filter.types", Help: "events of which types cross",
		Values: "some of " + strings.Join(types.words(), ", "), Words: types.words(), Joint: ",",
		get: func(m Mapping) string {
			if m.Filter.Types == nil {
				return setWords(types, DefaultTypes, "")
			}
			return setWords(types, m.Filter.Types, "")
		},
		set: func(m *Mapping, s string) (err error) {
			m.Filter.Types, err = subset[calendar.EventType](types, s, "")
			if slices.Equal(m.Filter.Types, DefaultTypes) {
				m.Filter.Types = nil
			}
			return err
		},
		reset: func(m *Mapping) { m.Filter.Types = nil },
	},
	choice("filter.invited", "whether a meeting to which the other account is invited as well is left alone in both",
		func(m *Mapping) *Choice { return &m.Filter.Invited }, Skipped, Cross),
	spanFilter("filter.past", "how far back events cross", func(m *Mapping) *int { return &m.Filter.Past }),
	spanFilter("filter.future", "how far ahead events cross", func(m *Mapping) *int { return &m.Filter.Future }),
}

func titleFilter(key, help string, field func(*Mapping) *string) Setting {
	return Setting{
		Key: key, Help: help, Values: "a regular expression, in any case of letters; nothing for no such filter",
		get: func(m Mapping) string { return *field(&m) },
		set: func(m *Mapping, s string) error {
			*field(m) = s
			return expression(s)
		},
		reset: func(m *Mapping) { *field(m) = "" },
	}
}

func spanFilter(key, help string, field func(*Mapping) *int) Setting {
	return Setting{
		Key: key, Help: help, Values: "a number of days (30d), or all that Twinday looks at", Words: []string{"all", "7d", "30d", "90d"},
		get: func(m Mapping) string {
			if n := *field(&m); n != 0 {
				return strconv.Itoa(n) + "d"
			}
			return "all"
		},
		set: func(m *Mapping, s string) (err error) {
			*field(m), err = number(s, "all", "d")
			return err
		},
		reset: func(m *Mapping) { *field(m) = 0 },
	}
}
