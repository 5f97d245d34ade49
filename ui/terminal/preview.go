package terminal

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/say"
)

func previewHelp() string {
	return assets.Text(`Show what the copies of an event look like, field by field, and which lens made
each; or why there is none. It goes by what was last read of the calendars.

The event is named by its title, a part of it, or its id. --at picks one occurrence
of a series by the start that its rule gives it.`)
}

func (a *app) mirrorPreview() *cobra.Command {
	var mirror, at string
	c := &cobra.Command{
		Use: "preview " + assets.Text("EVENT"), Short: assets.Text("Show what the copies of an event look like"), Long: previewHelp(),
		Example: "  twinday mirror preview Dentist\n  twinday mirror preview Stand-up --mirror Us --at 2026-03-02T09:00:00",
		Args:    oneArg(assets.Text("the event's title or id")),
		RunE: a.ask(func(ctx context.Context, b control.Backend, args []string) error {
			req := control.PreviewRequest{Event: args[0], At: at}
			if mirror != "" {
				m, err := findMirror(ctx, b, mirror)
				if err != nil {
					return err
				}
				req.Mirror = m.ID
			}
			all, err := b.Preview(ctx, req)
			if err != nil {
				return err
			}
			n := namesOf(ctx, b)
			if err := oneEvent(all, args[0], n); err != nil {
				return err
			}
			if a.json {
				return writeJSON(a.out, list(all))
			}
			if len(all) == 0 {
				a.say(assets.Text("“{{.Event}}” reaches no other calendar: no mirror has copies of it.", "Event", clean(args[0])))
				return nil
			}
			for i, p := range all {
				if i > 0 {
					a.say("")
				}
				a.preview(p, n)
			}
			return nil
		}),
	}
	c.Flags().StringVar(&mirror, "mirror", "", assets.Text("by this mirror only, by id or name"))
	c.Flags().StringVar(&at, "at", "", assets.Text("of a series, the occurrence with this original `start`"))
	must(c.RegisterFlagCompletionFunc("mirror", a.completeMirrors))
	return c
}

// oneEvent refuses previews of several events, and says how to choose.
func oneEvent(all []control.Preview, word string, n names) error {
	var which []string
	for _, p := range all {
		s := eventIn(string(p.Event), p.Title, n.of(p.From))
		if !slices.Contains(which, s) {
			which = append(which, s)
		}
	}
	if len(which) < 2 {
		return nil
	}
	return severalEvents(word, which)
}

// eventIn is an event by its id, with its title and its calendar.
func eventIn(id, title, calendar string) string {
	return assets.Text("{{.ID}} ({{.Title}}, in {{.Calendar}})", "ID", id, "Title", clean(title), "Calendar", clean(calendar))
}

func severalEvents(word string, which []string) error {
	return notFound(assets.Text("several events are called “{{.Title}}”; say which by its id: {{.Which}}", "Title", word, "Which", orList(which)))
}

// preview prints one event beside its copy.
func (a *app) preview(p control.Preview, n names) {
	what := clean(p.Title)
	if what == "" {
		what = string(p.Event)
	}
	if p.At != "" {
		what = assets.Text("{{.What}} of {{.When}}", "What", what, "When", a.startWords(clean(p.At)))
	}
	way := clean(n.of(p.From) + " → " + n.of(p.To))
	if p.Skipped != "" {
		a.say(assets.Text("{{.What}}, {{.Way}} (mirror {{.Mirror}}): no copy.", "What", what, "Way", way, "Mirror", p.Mirror) + " " + say.Sentence(clean(assets.Said(p.Skipped))))
		return
	}
	a.say(assets.Text("{{.What}}, {{.Way}} (mirror {{.Mirror}}, {{.Detail}}):", "What", what, "Way", way, "Mirror", p.Mirror, "Detail", detailName(p.Detail)))
	t := newTable(assets.Text("FIELD | HOME~ | COPY~ | LENS~"))
	for _, f := range p.Fields {
		t.add(fieldName(f.Field), valueCell(f.Field, f.Home), valueCell(f.Field, f.Copy), f.Lens)
	}
	a.print(t)
	for _, f := range p.Fields {
		if f.Home == f.Copy {
			a.lines(assets.Text("{{.Field}} at home and on the copy:", "Field", fieldName(f.Field)), f.Home)
			continue
		}
		a.lines(assets.Text("{{.Field}} at home:", "Field", fieldName(f.Field)), f.Home)
		a.lines(assets.Text("{{.Field}} on the copy:", "Field", fieldName(f.Field)), f.Copy)
	}
}

// cell is a value fit for one cell: of several lines the number, they stand below.
func cell(s string) string {
	switch s = strings.TrimSpace(s); {
	case s == "":
		return "-"
	case strings.Contains(s, "\n"):
		return assets.Count("({{.N}} lines, below)", strings.Count(s, "\n")+1)
	}
	return s
}

// valueCell is cell for what a field holds: in the engine's words, or in a person's, which
// stay as they are.
func valueCell(g calendar.Group, s string) string {
	switch g {
	case calendar.GroupWhen, calendar.GroupAvailability, calendar.GroupVisibility, calendar.GroupImportance, calendar.GroupReminders:
		s = assets.Said(s)
	}
	return cell(s)
}

// lines prints a value of several lines, indented.
func (a *app) lines(head, s string) {
	if s = strings.TrimSpace(s); !strings.Contains(s, "\n") {
		return
	}
	a.say("  " + head)
	for line := range strings.SplitSeq(s, "\n") {
		a.say(strings.TrimRight("    "+clean(line), " "))
	}
}

// fieldName is a field group in a person's word.
func fieldName(g calendar.Group) string {
	switch g {
	case calendar.GroupWhen:
		return assets.Text("when")
	case calendar.GroupTitle:
		return assets.Text("title")
	case calendar.GroupNotes:
		return assets.Text("notes")
	case calendar.GroupPlace:
		return assets.Text("place")
	case calendar.GroupAvailability:
		return assets.Text("availability")
	case calendar.GroupVisibility:
		return assets.Text("visibility")
	case calendar.GroupImportance:
		return assets.Text("importance")
	case calendar.GroupReminders:
		return assets.Text("reminders")
	case calendar.GroupCategories:
		return assets.Text("categories")
	case calendar.GroupLinks:
		return assets.Text("links")
	case calendar.GroupProperties:
		return assets.Text("properties")
	}
	return string(g)
}

// startWords is the original start of an occurrence as people write it; what is no such
// start stays as it is.
func (a *app) startWords(at string) string {
	if day, err := time.Parse("20060102", at); err == nil {
		return assets.Date(day)
	}
	if wall, err := time.Parse("2006-01-02T15:04:05", at); err == nil {
		return assets.Date(wall) + ", " + assets.Clock(wall)
	}
	if t, err := time.Parse("20060102T150405Z", at); err == nil {
		t = t.In(a.Now().Location())
		return assets.Date(t) + ", " + assets.Clock(t)
	}
	return at
}

// detailName is a level of detail in a person's words.
func detailName(d state.Detail) string {
	switch d {
	case state.Everything:
		return assets.Text("everything")
	case state.TitleAndTime:
		return assets.Text("title and time")
	case state.BusyOnly:
		return assets.Text("busy only")
	}
	return string(d)
}
