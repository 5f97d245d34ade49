package terminal

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/twinday/twinday/engine/control"
)

const whyHelp = `Say why an event is where it is, or is not, or looks as it does: where it was born,
which mirror takes it where and by which filter or not, what waits, and its last
changes. It goes by what was last read of the calendars.

The event is named by its title, a part of it, or its id.`

func (a *app) whyCommand() *cobra.Command {
	return &cobra.Command{
		Use: "why EVENT", Short: "Why an event is here, or not, or looks so", Long: whyHelp,
		Example: "  twinday why Dentist",
		Args:    oneArg("the event's title or id"),
		RunE: a.ask(func(ctx context.Context, b control.Backend, args []string) error {
			all, err := b.Why(ctx, control.WhyRequest{Event: args[0]})
			if err != nil {
				return err
			}
			n := namesOf(ctx, b)
			if len(all) > 1 {
				var which []string
				for _, x := range all {
					which = append(which, fmt.Sprintf("%s (%s, in %s)", x.Event, clean(x.Title), clean(n.of(x.Home))))
				}
				return notFound("several events are called %q; say which by its id: %s", args[0], orList(which))
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
	a.say("%s (%s)", clean(cell(x.Title)), clean(string(x.Event)))
	a.say("%s", sentence(clean(x.Born)))
	for _, r := range x.Calendars {
		head := "not in " + n.of(r.Ref)
		if r.There {
			head = "in " + n.of(r.Ref)
		}
		if r.There && r.Mirror != "" {
			head += ", showing " + detailWord(r.Detail)
		}
		a.say("\n%s:", sentenceStart(clean(head)))
		for _, s := range r.Says {
			fmt.Fprint(a.out, wrap("-", sentence(clean(s)), a.Width, 4))
		}
	}
	if len(x.Waits) > 0 {
		a.say("\nOutstanding:")
		for _, s := range x.Waits {
			fmt.Fprint(a.out, wrap("-", sentence(clean(s)), a.Width, 4))
		}
	}
	if len(x.Last) > 0 {
		a.say("\nLast changes ('twinday history --event %s' shows all):", clean(string(x.Event)))
		a.print(a.historyTable(x.Last, n))
	}
}

// sentenceStart begins with a capital.
func sentenceStart(s string) string {
	s = sentence(s)
	return s[:len(s)-1]
}
