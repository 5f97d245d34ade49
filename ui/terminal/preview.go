package terminal

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

const previewHelp = `Show what the copies of an event look like, field by field, and which lens made
each; or why there is none. It goes by what was last read of the calendars.

The event is named by its title, a part of it, or its id. --at picks one occurrence
of a series by the start that its rule gives it.`

func (a *app) mirrorPreview() *cobra.Command {
	var mirror, at string
	c := &cobra.Command{
		Use: "preview EVENT", Short: "Show what the copies of an event look like", Long: previewHelp,
		Example: "  twinday mirror preview Dentist\n  twinday mirror preview Stand-up --mirror Us --at 2026-03-02T09:00:00",
		Args:    oneArg("the event's title or id"),
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
				a.say("%q reaches no other calendar: no mirror has copies of it.", clean(args[0]))
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
	c.Flags().StringVar(&mirror, "mirror", "", "by this mirror only, by id or name")
	c.Flags().StringVar(&at, "at", "", "of a series, the occurrence with this original `start`")
	must(c.RegisterFlagCompletionFunc("mirror", a.completeMirrors))
	return c
}

// oneEvent refuses previews of several events, and says how to choose.
func oneEvent(all []control.Preview, word string, n names) error {
	var which []string
	for _, p := range all {
		s := fmt.Sprintf("%s (%s, in %s)", p.Event, clean(p.Title), clean(n.of(p.From)))
		if !slices.Contains(which, s) {
			which = append(which, s)
		}
	}
	if len(which) < 2 {
		return nil
	}
	return notFound("several events are called %q; say which by its id: %s", word, orList(which))
}

// preview prints one event beside its copy.
func (a *app) preview(p control.Preview, n names) {
	what := clean(p.Title)
	if what == "" {
		what = string(p.Event)
	}
	if p.At != "" {
		what += " at " + clean(p.At)
	}
	way := clean(n.of(p.From) + " → " + n.of(p.To))
	if p.Skipped != "" {
		a.say("%s, %s (mirror %s): no copy. %s", what, way, p.Mirror, sentence(clean(p.Skipped)))
		return
	}
	a.say("%s, %s (mirror %s, %s):", what, way, p.Mirror, detailWord(p.Detail))
	t := newTable("FIELD", "HOME~", "COPY~", "LENS~")
	for _, f := range p.Fields {
		t.add(string(f.Field), cell(f.Home), cell(f.Copy), f.Lens)
	}
	a.print(t)
	for _, f := range p.Fields {
		if f.Home == f.Copy {
			a.lines(f.Field, "at home and on the copy", f.Home)
			continue
		}
		a.lines(f.Field, "at home", f.Home)
		a.lines(f.Field, "on the copy", f.Copy)
	}
}

// cell is a value fit for one cell: of several lines the number, they stand below.
func cell(s string) string {
	switch s = strings.TrimSpace(s); {
	case s == "":
		return "-"
	case strings.Contains(s, "\n"):
		return fmt.Sprintf("(%d lines, below)", strings.Count(s, "\n")+1)
	}
	return s
}

// lines prints a value of several lines, indented.
func (a *app) lines(field calendar.Group, where, s string) {
	if s = strings.TrimSpace(s); !strings.Contains(s, "\n") {
		return
	}
	a.say("  %s %s:", field, where)
	for line := range strings.SplitSeq(s, "\n") {
		a.say("%s", strings.TrimRight("    "+clean(line), " "))
	}
}

// detailWord is a level as `mirror edit --detail` takes it.
func detailWord(d state.Detail) string {
	s, err := state.SettingOf("detail")
	must(err)
	return s.Get(state.Mapping{Detail: d})
}

// sentence begins with a capital and ends in a stop.
func sentence(s string) string {
	if s == "" {
		return s
	}
	r := []rune(s)
	return strings.ToUpper(string(r[:1])) + strings.TrimRight(string(r[1:]), ".") + "."
}
