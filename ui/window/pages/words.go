package pages

import (
	"strings"
	"time"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/say"
)

// membersLine lists a mirror's calendars: "Work – Calendar – Choir (sends only)".
func membersLine(m state.Mirror, name func(state.Ref) string) string {
	var parts []string
	for _, x := range m.Members {
		s := name(x.Ref)
		switch {
		case x.Off:
			s += " (" + assets.Text("off") + ")"
		case x.Direction != state.TwoWay:
			s += " (" + directionName(x.Direction) + ")"
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " – ")
}

// directionName says how a member takes part.
func directionName(d state.Direction) string {
	switch d {
	case state.SendOnly:
		return assets.Text("sends only")
	case state.TakeOnly:
		return assets.Text("receives only")
	}
	return assets.Text("both ways")
}

// brand is the company whose consent page it is.
func brand(k state.ProviderKind) string {
	if k == state.Outlook {
		return "Microsoft"
	}
	return say.Provider(k)
}

// serviceName is a provider by what its people call it, and serviceNote whose it is.
func serviceName(k state.ProviderKind) string {
	switch k {
	case state.Google:
		return "Google Calendar"
	case state.Outlook:
		return "Outlook, Microsoft 365"
	case state.CalDAV:
		return assets.Text("iCloud, Fastmail, Nextcloud, another server")
	case state.ICS:
		return assets.Text("A published calendar")
	}
	return say.Provider(k)
}

func serviceNote(k state.ProviderKind) string {
	switch k {
	case state.Google:
		return assets.Text("A private Google account, or one of a Workspace.")
	case state.Outlook:
		return assets.Text("An account of work or school, or a private one.")
	case state.CalDAV:
		return assets.Text("Any server that speaks CalDAV, by a name and a password.")
	case state.ICS:
		return assets.Text("Holidays, a club's fixtures, a timetable: an address or a file that is only read.")
	}
	return ""
}

// happened says in a few words what a history entry is about; where is the
// calendar's name.
func happened(h state.HistoryEntry, where string) string {
	switch h.Outcome {
	case state.Failed:
		switch h.Kind {
		case state.Create:
			return assets.Text("Could not be created in {{.Where}}", "Where", where)
		case state.Delete:
			return assets.Text("Could not be deleted in {{.Where}}", "Where", where)
		}
		return assets.Text("Could not be changed in {{.Where}}", "Where", where)
	case state.Overridden:
		return assets.Text("Edit in {{.Where}} lost against another", "Where", where)
	case state.Reverted:
		return assets.Text("Edit in {{.Where}} taken back", "Where", where)
	}
	switch h.Kind {
	case state.Create:
		return assets.Text("Created in {{.Where}}", "Where", where)
	case state.Delete:
		return assets.Text("Deleted in {{.Where}}", "Where", where)
	case state.Adopt:
		return assets.Text("Linked with the one in {{.Where}}", "Where", where)
	case state.Unlink:
		return assets.Text("No longer linked in {{.Where}}", "Where", where)
	case state.Skip:
		return assets.Text("Left alone in {{.Where}}", "Where", where)
	case state.Update:
		if len(h.Groups) > 0 && len(h.Groups) <= 3 {
			return assets.Text("Changed in {{.Where}}: {{.What}}", "Where", where, "What", groupNames(h.Groups))
		}
		return assets.Text("Changed in {{.Where}}", "Where", where)
	}
	return where
}

// groupNames lists field groups, as the engine's reasons do: "time, title and place".
func groupNames(gs calendar.Groups) string {
	var names []string
	for _, g := range gs {
		names = append(names, assets.MidLine(groupName(g)))
	}
	return both(names)
}

// untold are field groups, unless the reason beside them names them already.
func untold(gs calendar.Groups, why string) calendar.Groups {
	if len(gs) > 0 && strings.HasPrefix(why, groupNames(gs)) {
		return nil
	}
	return gs
}

// groupName is a field group in a person's word.
func groupName(g calendar.Group) string {
	switch g {
	case calendar.GroupWhen:
		return assets.Text("Time")
	case calendar.GroupTitle:
		return assets.Text("Title")
	case calendar.GroupNotes:
		return assets.Text("Notes")
	case calendar.GroupPlace:
		return assets.Text("Place")
	case calendar.GroupAvailability:
		return assets.Text("Shown as")
	case calendar.GroupVisibility:
		return assets.Text("Visible to")
	case calendar.GroupImportance:
		return assets.Text("Importance")
	case calendar.GroupReminders:
		return assets.Text("Reminders")
	case calendar.GroupCategories:
		return assets.Text("Categories")
	case calendar.GroupLinks:
		return assets.Text("Links")
	case calendar.GroupProperties:
		return assets.Text("Other properties")
	}
	return string(g)
}

// groupText is what a field group holds, in words; empty if nothing.
func groupText(g calendar.Group, c calendar.Content) string {
	switch g {
	case calendar.GroupWhen:
		return whenText(c.When)
	case calendar.GroupTitle:
		return c.Title
	case calendar.GroupNotes:
		return cut(c.Notes.Text(), 400)
	case calendar.GroupPlace:
		return c.Place
	case calendar.GroupAvailability:
		return assets.Said(string(c.Availability))
	case calendar.GroupVisibility:
		return assets.Said(string(c.Visibility))
	case calendar.GroupImportance:
		return assets.Said(string(c.Importance))
	case calendar.GroupReminders:
		if c.Reminders.Default {
			return assets.Text("the calendar’s default")
		}
		var all []string
		for _, d := range c.Reminders.Before {
			all = append(all, assets.Text("{{.Time}} before", "Time", shortDuration(d)))
		}
		return strings.Join(all, ", ")
	case calendar.GroupCategories:
		return strings.Join(c.Categories, ", ")
	case calendar.GroupLinks:
		all := []string{}
		if c.Links.Conference != "" {
			all = append(all, c.Links.Conference)
		}
		for _, a := range c.Links.Attachments {
			all = append(all, a.Name)
		}
		return strings.Join(all, "\n")
	}
	return ""
}

// whenText is a time in words, in the zone it was made in.
func whenText(w calendar.When) string {
	if w.Start.IsZero() {
		return ""
	}
	var s string
	if w.AllDay() {
		s = allDayText(w)
	} else {
		s = clockText(w)
	}
	if repeats := repeatText(w); repeats != "" {
		s += ", " + repeats
	}
	return s
}

// dayText is the day that an event begins on, in words; empty if it has none.
func dayText(w calendar.When) string {
	day, err := time.Parse(time.DateOnly, w.Start.Local[:min(len(w.Start.Local), len(time.DateOnly))])
	if err != nil {
		return ""
	}
	return assets.Day(day)
}

// allDayText turns the exclusive end into the last day.
func allDayText(w calendar.When) string {
	from, err1 := time.Parse(time.DateOnly, w.Start.Local)
	to, err2 := time.Parse(time.DateOnly, w.End.Local)
	if err1 != nil {
		return w.Start.String()
	}
	if last := to.AddDate(0, 0, -1); err2 == nil && last.After(from) {
		return assets.Day(from) + " – " + assets.Day(last)
	}
	return assets.Day(from) + ", " + assets.Text("all day")
}

func clockText(w calendar.When) string {
	const layout = "2006-01-02T15:04:05"
	from, err1 := time.Parse(layout, w.Start.Local)
	to, err2 := time.Parse(layout, w.End.Local)
	if err1 != nil {
		return w.Start.String()
	}
	s := assets.When(from)
	switch {
	case err2 != nil:
	case to.Format(time.DateOnly) == from.Format(time.DateOnly):
		s += " – " + assets.Clock(to)
	default:
		s += " – " + assets.When(to)
	}
	return s + " (" + w.Start.Zone + ")"
}

// shortDuration is "10 min", "2 h", "1 d".
func shortDuration(d time.Duration) string {
	switch {
	case d >= 24*time.Hour && d%(24*time.Hour) == 0:
		return assets.Count("{{.N}} d", int(d/(24*time.Hour)))
	case d >= time.Hour && d%time.Hour == 0:
		return assets.Text("{{.N}} h", "N", int(d/time.Hour))
	}
	return assets.Text("{{.N}} min", "N", int(d/time.Minute))
}

// cutWord shortens what has no words, as an address.
func cutWord(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

// cut shortens a long text at a word.
func cut(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	s = string(r[:n])
	if i := strings.LastIndexAny(s, " \n"); i > n/2 {
		s = s[:i]
	}
	return strings.TrimRight(s, ",;· ") + "…"
}

func joinComma(s []string) string { return strings.Join(s, ", ") }
