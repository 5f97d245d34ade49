package terminal

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/ui/say"
)

func whyHelp() string {
	return assets.Text(`Say why an event is where it is, or is not, or looks as it does: where it was born,
which mirror takes it where and by which filter or not, what waits, and its last
changes. It goes by what was last read of the calendars.

The event is named by its title, a part of it, or its id.`)
}

func (a *app) whyCommand() *cobra.Command {
	return &cobra.Command{
		Use: "why " + assets.Text("EVENT"), Short: assets.Text("Why an event is here, or not, or looks so"), Long: whyHelp(),
		Example: "  twinday why Dentist",
		Args:    oneArg(assets.Text("the event's title or id")),
		RunE: a.ask(func(ctx context.Context, b control.Backend, args []string) error {
			all, err := b.Why(ctx, control.WhyRequest{Event: args[0]})
			if err != nil {
				return err
			}
			n := namesOf(ctx, b)
			if len(all) > 1 {
				var which []string
				for _, x := range all {
					which = append(which, eventIn(string(x.Event), x.Title, n.of(x.Home)))
				}
				return severalEvents(args[0], which)
			}
			if a.json {
				return writeJSON(a.out, all)
			}
			for _, x := range all {
				a.why(x, n)
			}
			return nil
		}),
	}
}

// why prints an explanation.
func (a *app) why(x control.Explanation, n names) {
	a.say(fmt.Sprintf("%s (%s)", clean(cell(x.Title)), clean(string(x.Event))))
	a.say(say.Sentence(clean(assets.Said(x.Born))))
	for _, r := range x.Calendars {
		head := assets.Text("Not in {{.Where}}", "Where", n.of(r.Ref))
		if r.There {
			head = assets.Text("In {{.Where}}", "Where", n.of(r.Ref))
		}
		if r.There && r.Mirror != "" {
			head += ", " + assets.Text("showing {{.Detail}}", "Detail", detailName(r.Detail))
		}
		a.say("\n" + clean(head) + ":")
		for _, s := range r.Says {
			fmt.Fprint(a.out, wrap("-", say.Sentence(clean(assets.Said(s))), a.Width, 4))
		}
	}
	if len(x.Waits) > 0 {
		a.say("\n" + assets.Text("Outstanding:"))
		for _, s := range x.Waits {
			fmt.Fprint(a.out, wrap("-", say.Sentence(clean(assets.Said(s))), a.Width, 4))
		}
	}
	if len(x.Last) > 0 {
		a.say("\n" + assets.Text("Last changes ('twinday history --event {{.ID}}' shows all):", "ID", clean(string(x.Event))))
		a.print(a.historyTable(x.Last, n))
	}
}
