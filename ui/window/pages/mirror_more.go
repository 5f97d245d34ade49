package pages

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/store/state"
)

// moreSetting is a setting that few people need, under More.
type moreSetting struct{ key, label string }

// moreGroup are those that belong together.
type moreGroup struct {
	title    string
	settings []moreSetting
}

// moreGroups are all settings of a direction but those that its card shows anyway.
func moreGroups() []moreGroup {
	text := func(key string) []moreSetting {
		return []moreSetting{{key, assets.Text("Shows")}, {key + ".prefix", assets.Text("Text before it")}, {key + ".suffix", assets.Text("Text after it")},
			{key + ".limit", assets.Text("Characters at most")}, {key + ".replace", assets.Text("Find and replace")}}
	}
	return []moreGroup{
		{assets.Text("Title"), text("title")},
		{assets.Text("Place"), text("place")},
		{assets.Text("Notes"), text("notes")},
		{assets.Text("Guests, links and files"), []moreSetting{{"guests", assets.Text("Guests")}, {"conference", assets.Text("Link to join")}, {"attachments", assets.Text("Attachments")}, {"link", assets.Text("Link to the event at home")}}},
		{assets.Text("Reminders"), []moreSetting{{"reminders", assets.Text("Reminders")}, {"reminders.all-day", assets.Text("Of all-day events")}}},
		{assets.Text("Availability, privacy, categories"), []moreSetting{{"availability", assets.Text("Shown as")}, {"availability.map", assets.Text("Shown as, exchanged")},
			{"visibility", assets.Text("Visible to")}, {"visibility.map", assets.Text("Visible to, exchanged")}, {"importance", assets.Text("Importance")}, {"importance.map", assets.Text("Importance, exchanged")},
			{"categories", assets.Text("Categories")}, {"categories.map", assets.Text("Categories, exchanged")}, {"properties", assets.Text("Hidden properties of other programs")}}},
		{assets.Text("More filters"), []moreSetting{{"filter.past", assets.Text("Days back")}, {"filter.future", assets.Text("Days ahead")}, {"filter.title.include", assets.Text("Only titles with")},
			{"filter.categories", assets.Text("Categories")}, {"filter.availability", assets.Text("Only events shown as")}, {"filter.types", assets.Text("Only of these kinds")},
			{"filter.responses", assets.Text("Not what I answered so")}, {"filter.invited", assets.Text("Both accounts are invited")}}},
	}
}

// onCard are the settings that a direction's card shows itself.
var onCard = []string{"detail", "private", "out-of-scope", "filter.all-day", "filter.days", "filter.hours", "filter.title.exclude"}

// setApart counts the settings that are not as their level has them.
func setApart(m state.Mapping, settings []moreSetting) (n int) {
	for _, s := range settings {
		if set, err := state.SettingOf(s.key); err == nil && set.Get(m) != set.Default(m) {
			n++
		}
	}
	return n
}

// more is all that can be said of a direction besides, folded away.
func (d *copiesDialog) more(x way) fyne.CanvasObject {
	return d.fold(func(open bool) string {
		n := 0
		for _, g := range moreGroups() {
			n += setApart(d.mapping(x), g.settings)
		}
		if open || n == 0 {
			return assets.Text("More")
		}
		return assets.Count("More ({{.N}} set apart)", n)
	}, func(relabel func()) fyne.CanvasObject {
		all := container.New(tight{gap: -4})
		for _, g := range moreGroups() {
			all.Add(d.fold(func(open bool) string {
				if n := setApart(d.mapping(x), g.settings); n > 0 && !open {
					return assets.Count("{{.Title}} ({{.N}} set apart)", n, "Title", g.title)
				}
				return g.title
			}, func(again func()) fyne.CanvasObject {
				return d.moreForm(x, g, func() { again(); relabel() })
			}))
		}
		return container.New(layout.NewCustomPaddedLayout(0, 0, 20, 0), all)
	})
}

// fold is a line that opens on what it stands for, which is built then: anew each time.
func (d *copiesDialog) fold(label func(open bool) string, build func(relabel func()) fyne.CanvasObject) fyne.CanvasObject {
	body := container.NewStack()
	body.Hide()
	var b *button
	relabel := func() {
		words, icon := label(body.Visible()), theme.MenuExpandIcon()
		if body.Visible() {
			icon = theme.MenuDropDownIcon()
		}
		if b.Text != words || b.Icon != icon {
			b.Text, b.Icon = words, icon
			b.Refresh()
		}
	}
	b = newButton("", nil, func() {
		if body.Visible() && len(d.wrong) > 0 {
			return // what is wrong stays in sight
		}
		if body.Visible() {
			body.Hide()
		} else {
			body.Objects = []fyne.CanvasObject{build(relabel)}
			body.Show()
		}
		relabel()
		d.relayout()
	}, d.w.escape)
	b.Importance, b.Alignment, b.reveal = widget.LowImportance, widget.ButtonAlignLeading, revealIn(d.scroll)
	relabel()
	d.renew = append(d.renew, func() {
		if body.Visible() {
			body.Objects = []fyne.CanvasObject{build(relabel)}
			body.Refresh()
		}
		relabel()
	})
	return container.New(tight{gap: 0}, container.NewHBox(b), body)
}

// renewed shows what is in force after something changed several settings at once.
func (d *copiesDialog) renewed() {
	for _, f := range slices.Clone(d.renew) {
		f()
	}
}

func (d *copiesDialog) moreForm(x way, g moreGroup, changed func()) fyne.CanvasObject {
	form := container.New(layout.NewFormLayout())
	for _, s := range g.settings {
		set, err := state.SettingOf(s.key)
		if err != nil {
			continue
		}
		wrong := warning()
		put := func(v string) {
			var err error
			d.change(x, func(m *state.Mapping) { err = set.Set(m, v) })
			d.say(wrong, s.key+x.to.String()+x.from.String(), err == nil, assets.Text("Write {{.Values}}.", "Values", assets.SaidValues(set.Values)))
			changed()
		}
		form.Add(container.NewVBox(widget.NewLabel(s.label)))
		form.Add(container.New(tight{gap: 0}, d.control(set, d.mapping(x), put), wrong))
	}
	return container.New(layout.NewCustomPaddedLayout(0, 6, 16, 0), form)
}

// control is what a setting's value is chosen or written in.
func (d *copiesDialog) control(s state.Setting, m state.Mapping, put func(string)) fyne.CanvasObject {
	now := s.Get(m)
	switch {
	case severalOf[s.Key]:
		return d.several(s, now, put)
	case s.Key == "filter.past" || s.Key == "filter.future":
		days := strings.TrimSuffix(now, "d")
		if now == "all" {
			days = ""
		}
		return narrow(d.entry(assets.Text("all that Twinday looks at"), days, func(v string) {
			if v = strings.TrimSpace(v); v == "" {
				v = "all"
			} else if strings.Trim(v, "0123456789") == "" {
				v += "d"
			}
			put(v)
		}))
	case s.Key == "filter.title.include":
		words, plain := wordsOf(now)
		return d.entry(assets.Text("any; or words with commas between"), words, func(v string) {
			if plain {
				v = exprOf(v)
			}
			put(v)
		})
	case len(s.Words) > 1 && s.Joint == "" && s.Key != "reminders.all-day":
		return d.choose(s, now, put)
	}
	if now == "none" {
		now = ""
	}
	return d.entry(hint(s.Key), now, func(v string) {
		if strings.TrimSpace(v) == "" && slices.Contains(s.Words, "none") {
			v = "none"
		}
		put(v)
	})
}

// hint is what a line of text says while it is empty: what that means, or an example.
func hint(key string) string {
	switch {
	case strings.HasSuffix(key, ".limit"):
		return assets.Text("as many as there are")
	case strings.HasSuffix(key, ".replace"):
		return assets.Text("nothing; or /find/with/")
	case strings.HasSuffix(key, ".map"):
		return assets.Text("nothing; or {{.Example}}", "Example", map[string]string{"availability.map": "busy:free", "visibility.map": "public:private",
			"importance.map": "high:normal", "categories.map": "Work:blueberry"}[key])
	case key == "reminders":
		return "10m,2h"
	case key == "reminders.all-day":
		return assets.Text("none; or 1d 17:00")
	case key == "filter.categories":
		return assets.Text("all; or +Work,-Private")
	}
	return ""
}

// choose offers the words of a setting; one that wants a text after it gets a line for it.
func (d *copiesDialog) choose(s state.Setting, now string, put func(string)) fyne.CanvasObject {
	at, rest := slices.Index(s.Words, now), ""
	for i, w := range s.Words {
		if at < 0 && strings.HasSuffix(w, " ") && strings.HasPrefix(now+" ", w) {
			at, rest = i, strings.TrimPrefix(now, w)
		}
	}
	words, names := s.Words, make([]string, 0, len(s.Words)+1)
	for _, w := range words {
		names = append(names, settingWord(w))
	}
	if at < 0 { // set by other means
		at, words, names = len(words), append(slices.Clone(words), now), append(names, now)
	}
	line := d.entry(hint(s.Key), rest, nil)
	line.OnChanged = func(v string) { put(words[at] + v) }
	setShown(line, strings.HasSuffix(words[at], " "))
	p := newPick(names, at, func(i int) {
		at = i
		wants := strings.HasSuffix(words[i], " ")
		setShown(line, wants)
		d.relayout()
		switch {
		case !wants:
			put(words[i])
		case strings.TrimSpace(line.Text) != "":
			put(words[i] + line.Text)
		}
	}, d.keeper())
	return container.New(tight{gap: 2}, narrow(framed(p)), line)
}

// severalOf are the settings whose value is a set of words.
var severalOf = map[string]bool{"filter.availability": true, "filter.types": true, "filter.responses": true}

// several offers the words of a set, each to be ticked.
func (d *copiesDialog) several(s state.Setting, now string, put func(string)) fyne.CanvasObject {
	whole := s.Words[0] // "all" or "none", where there is such a word
	if whole != "all" && whole != "none" {
		whole = ""
	}
	on := map[string]bool{}
	for _, w := range strings.Split(now, ",") {
		on[w] = true
	}
	box := container.New(layout.NewRowWrapLayout())
	for _, w := range s.Words {
		if w == whole || s.Key == "filter.responses" && w == "declined" { // the card has a box for it
			continue
		}
		box.Add(newCheck(settingWord(w), on[w] || now == "all", func(yes bool) {
			if on["all"] {
				for _, x := range s.Words[1:] {
					on[x] = true
				}
			}
			on[w] = yes
			var chosen []string
			for _, x := range s.Words {
				if x != whole && on[x] {
					chosen = append(chosen, x)
				}
			}
			delete(on, "all")
			switch {
			case whole == "all" && len(chosen) == len(s.Words)-1, whole == "none" && len(chosen) == 0:
				put(whole)
			default:
				put(strings.Join(chosen, ","))
			}
		}, d.keeper()))
	}
	return box
}

// settingWord is a word of a setting's value as a person would say it.
func settingWord(w string) string {
	if v, ok := strings.CutPrefix(w, "constant "); ok && v != "" {
		return assets.Text("Always “{{.Value}}”", "Value", settingWord(v))
	}
	switch w {
	case "copy":
		return assets.Text("As at home")
	case "omit":
		return assets.Text("Nothing")
	case "constant ":
		return assets.Text("Always the same…")
	case "template ":
		return assets.Text("Put together from fields…")
	case "fixed ":
		return assets.Text("These…")
	case "none":
		return assets.Text("None")
	case "text":
		return assets.Text("As text")
	case "notes":
		return assets.Text("In the notes")
	case "place":
		return assets.Text("As the place")
	case "skip":
		return assets.Text("Left alone in both")
	case "cross":
		return assets.Text("Crosses like others")
	case "free":
		return assets.Text("Free")
	case "tentative":
		return assets.Text("Tentative")
	case "busy":
		return assets.Text("Busy")
	case "out-of-office":
		return assets.Text("Out of office")
	case "working-elsewhere":
		return assets.Text("Working elsewhere")
	case "default":
		return assets.Text("The calendar’s default")
	case "public":
		return assets.Text("Public")
	case "personal":
		return assets.Text("Personal")
	case "private":
		return assets.Text("Private")
	case "confidential":
		return assets.Text("Confidential")
	case "low":
		return assets.Text("Low")
	case "normal":
		return assets.Text("Normal")
	case "high":
		return assets.Text("High")
	case "needs-action":
		return assets.Text("Not answered yet")
	case "accepted":
		return assets.Text("Accepted")
	case "meeting":
		return assets.Text("Meetings")
	case "from-mail":
		return assets.Text("From mail")
	case "focus-time":
		return assets.Text("Focus time")
	case "working-location":
		return assets.Text("Place of work")
	case "birthday":
		return assets.Text("Birthdays")
	case "unknown":
		return assets.Text("Other kinds")
	}
	return w
}
