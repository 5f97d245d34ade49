package terminal

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

func (a *app) historyCommand() *cobra.Command {
	var q control.HistoryQuery
	var mirror string
	c := &cobra.Command{
		Use: "history [" + assets.Text("EVENT") + "]", Short: assets.Text("What crossed, newest first, and why"), Long: historyHelp(),
		Example: "  twinday history\n  twinday history Dentist\n  twinday history show 12",
		RunE: a.ask(func(ctx context.Context, b control.Backend, args []string) error {
			if len(args) == 1 {
				q.Event = args[0]
			}
			if mirror != "" {
				m, err := findMirror(ctx, b, mirror)
				if err != nil {
					return err
				}
				q.Mirror = m.ID
			}
			entries, err := b.History(ctx, q)
			if err != nil {
				return err
			}
			if q.Event != "" {
				slices.Reverse(entries) // a story is told from its beginning
			}
			if a.json {
				return writeJSON(a.out, list(entries))
			}
			if len(entries) == 0 {
				a.say(assets.Text("Nothing has crossed yet."))
				return nil
			}
			a.print(a.historyTable(entries, namesOf(ctx, b)))
			return nil
		}),
	}
	family(c, a.historyShow())
	c.Args = func(cmd *cobra.Command, args []string) error {
		switch {
		case q.Limit < 0:
			return usage(assets.Text("--limit is a number of entries, not {{.N}}", "N", q.Limit))
		case len(args) > 1:
			return usage(assets.Text("'{{.Command}}' takes one event, got “{{.Words}}”: put a title of several words in quotes", "Command", cmd.CommandPath(), "Words", strings.Join(args, " ")))
		case len(args) == 1 && q.Event != "":
			return usage(assets.Text("the event is named twice, as “{{.One}}” and as “{{.Other}}”: say one of them", "One", args[0], "Other", q.Event))
		}
		return nil
	}
	c.Flags().StringVar(&q.Event, "event", "", assets.Text("the story of one `event` in all calendars, oldest first: its title or id"))
	c.Flags().Uint64Var(&q.Pass, "pass", 0, assets.Text("only of this pass, by its `number`"))
	c.Flags().IntVar(&q.Limit, "limit", 0, assets.Text("at most so many entries (default 100)"))
	c.Flags().StringVar(&mirror, "mirror", "", assets.Text("of this mirror only, by id or name"))
	c.Flags().StringVar(&q.Text, "text", "", assets.Text("only of events with this in their title"))
	must(c.RegisterFlagCompletionFunc("mirror", a.completeMirrors))
	return c
}

func historyHelp() string {
	return assets.Text(`What crossed between calendars, newest first, and why. With an event (its title, a
part of it, or its id) the story of that one in all of its calendars, oldest first,
also when it is gone by now. 'twinday history show ID' shows an entry field by field,
'twinday undo ID' takes it back.`)
}

// historyTable lists entries.
func (a *app) historyTable(entries []state.HistoryEntry, n names) *table {
	t := newTable(assets.Text("ID | TIME | WHAT | TITLE~ | FROM → TO~ | WHY~"))
	for _, e := range entries {
		t.add(fmt.Sprint(e.Seq), assets.DaySeconds(e.Time.In(a.Now().Location())), historyWord(e), e.Title, route(e, n), assets.Said(e.Why))
	}
	return t
}

// historyWord says in one or two words what an entry is.
func historyWord(e state.HistoryEntry) string {
	switch e.Outcome {
	case state.Failed, state.Overridden, state.Reverted:
		return outcomeName(e.Outcome)
	}
	return cmp.Or(pastName(e.Kind), outcomeName(e.Outcome))
}

// outcomeName says what became of a step.
func outcomeName(o state.Outcome) string {
	switch o {
	case state.Done:
		return assets.Text("done")
	case state.Failed:
		return assets.Text("failed")
	case state.Overridden:
		return assets.Text("overridden")
	case state.Reverted:
		return assets.Text("reverted")
	case state.Noted:
		return assets.Text("noted")
	}
	return string(o)
}

// route is where a change came from and where it went.
func route(e state.HistoryEntry, n names) string {
	if e.From == (state.Ref{}) || e.From == e.Ref {
		return n.of(e.Ref)
	}
	return n.of(e.From) + " → " + n.of(e.Ref)
}

func (a *app) heldCommand() *cobra.Command {
	ls := &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: assets.Text("List what waits for your decision"), Args: noArgs,
		RunE: a.ask(func(ctx context.Context, b control.Backend, _ []string) error { return a.heldList(ctx, b) }),
	}
	held := &cobra.Command{
		Use: "held", Short: assets.Text("Decide on steps that could hurt"),
		Long: assets.Text(`Steps that could hurt (mail to guests, many deletions at once, a conflict under
'ask') wait for your decision: 'apply' does them in the next pass, 'drop' never
does. Of a conflict 'apply' takes the later edit, which is shown, and 'drop' the
other one. The exit code is 3 while something waits.`),
		RunE: ls.RunE,
	}
	return family(held, ls,
		a.heldDecide(state.Apply, assets.Text("Do held steps in the next pass")),
		a.heldDecide(state.Drop, assets.Text("Never do held steps")))
}

func (a *app) heldList(ctx context.Context, b control.Backend) error {
	held, err := b.Held(ctx)
	if err != nil {
		return err
	}
	waiting := 0
	for _, h := range held {
		if h.Decision == state.Undecided {
			waiting++
		}
	}
	switch {
	case a.json:
		if err := writeJSON(a.out, list(held)); err != nil {
			return err
		}
	case len(held) == 0:
		a.say(assets.Text("Nothing waits for your decision."))
	default:
		n := namesOf(ctx, b)
		t := newTable(assets.Text("ID | STEP | TITLE~ | WHEN | IN~ | WHY~ | DECISION"))
		for _, h := range held {
			when := h.Step.Want.When
			if h.Step.Kind == state.Delete || when.Start.IsZero() {
				when = h.Step.Before.When
			}
			t.add(h.ID, stepName(h.Step.Kind), h.Step.Title, whenWords(when), n.of(h.Step.Ref),
				holdName(h.Step.Held)+": "+assets.Said(h.Step.Reason), decisionName(h.Decision))
		}
		a.print(t)
		a.reasons(held, t)
		if waiting > 0 {
			if slices.ContainsFunc(held, func(h state.Held) bool {
				return h.Decision == state.Undecided && h.Step.Held == state.HoldConflict
			}) {
				a.say(assets.Text("Of a conflict, apply takes the later edit, drop the other one."))
			}
			a.say(assets.Text("'twinday held apply ID' does a step in the next pass, 'twinday held drop ID' never does; --all in place of ID means all of them."))
		}
	}
	if waiting > 0 {
		return errHeld
	}
	return nil
}

// decisionName says what was decided about a step.
func decisionName(d state.Decision) string {
	switch d {
	case state.Undecided:
		return assets.Text("waits")
	case state.Apply:
		return assets.Text("apply")
	case state.Drop:
		return assets.Text("drop")
	}
	return string(d)
}

// reasons prints below the table of held steps the reasons that it cuts: who would
// get mail is what the decision is about. It names the rule that answers from now on.
func (a *app) reasons(held []state.Held, t *table) {
	const why = 5
	width := t.widths(a.Width)[why]
	for i, h := range held {
		if runewidth.StringWidth(t.rows[i][why]) > width {
			fmt.Fprint(a.out, wrap(h.ID, t.rows[i][why], a.Width, 11))
		}
	}
	mirrors := map[state.MirrorID]bool{}
	for _, h := range held {
		if h.Decision == state.Undecided && h.Step.Held == state.HoldGuests {
			mirrors[h.Step.Mirror] = true
		}
	}
	switch ids := slices.Sorted(maps.Keys(mirrors)); {
	case len(ids) == 1 && ids[0] != "":
		a.say(assets.Text("'twinday mirror edit {{.ID}} --guests revert' (or apply) answers for guests from now on.", "ID", ids[0]))
	case len(ids) > 0:
		a.say(assets.Text("'twinday mirror edit {{.ID}} --guests revert' (or apply) answers for guests from now on.", "ID", assets.Text("MIRROR")))
	}
}

func (a *app) heldDecide(d state.Decision, short string) *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use: string(d) + " ID…", Short: short,
		Long: short + ".\n" + assets.Text("An id may be cut short while it still names one step."),
		Args: func(cmd *cobra.Command, args []string) error {
			if all == (len(args) > 0) {
				return usage(assets.Text("'{{.Command}}' needs the ids that 'twinday held' shows, or --all", "Command", cmd.CommandPath()))
			}
			return nil
		},
		ValidArgsFunction: a.completeHeld,
		RunE: a.ask(func(ctx context.Context, b control.Backend, args []string) error {
			held, err := b.Held(ctx)
			if err != nil {
				return err
			}
			decide := control.Decide{IDs: []string{}, Decision: d}
			if all {
				for _, h := range held {
					if h.Decision == state.Undecided {
						decide.IDs = append(decide.IDs, h.ID)
					}
				}
			}
			for _, word := range args {
				id, err := findHeld(held, word)
				if err != nil {
					return err
				}
				decide.IDs = append(decide.IDs, id)
			}
			if len(decide.IDs) > 0 {
				if err := b.Decide(ctx, decide); err != nil {
					return err
				}
			}
			switch {
			case a.json:
				return writeJSON(a.out, decide)
			case len(decide.IDs) == 0:
				a.say(assets.Text("Nothing waits for your decision."))
			case d == state.Drop && conflicts(held, decide.IDs):
				a.say(assets.Count("{{.N}} steps decided: of a conflict the other edit is taken; what else was to be done is not.", len(decide.IDs)))
			case d == state.Apply:
				a.say(assets.Count("{{.N}} steps will be done in the next pass; 'twinday sync' makes one now.", len(decide.IDs)))
			default:
				a.say(assets.Count("{{.N}} steps will not be done: the next sync puts back what they were about.", len(decide.IDs)))
			}
			return nil
		}),
	}
	c.Flags().BoolVar(&all, "all", false, assets.Text("everything that waits"))
	return c
}

// conflicts reports whether a conflict is among held steps.
func conflicts(held []state.Held, ids []string) bool {
	return slices.ContainsFunc(held, func(h state.Held) bool {
		return h.Step.Held == state.HoldConflict && slices.Contains(ids, h.ID)
	})
}

// findHeld finds the step whose id is word, or begins with it.
func findHeld(held []state.Held, word string) (string, error) {
	var hits []string
	for _, h := range held {
		if h.ID == word {
			return h.ID, nil
		}
		if strings.HasPrefix(h.ID, word) {
			hits = append(hits, h.ID)
		}
	}
	switch len(hits) {
	case 1:
		return hits[0], nil
	case 0:
		return "", notFound(assets.Text("nothing held has the id “{{.ID}}”; 'twinday held' shows what there is", "ID", word))
	}
	return "", notFound(assets.Text("“{{.ID}}” is the beginning of several ids: {{.IDs}}", "ID", word, "IDs", orList(hits)))
}

// whenWords shows a time span short, in the zone it was made in, as the window does:
// "Mon 2 Mar 10:00–10:45 (Europe/Berlin)", "Mon 2 Mar" for a whole day.
func whenWords(w calendar.When) string {
	const wall = "2006-01-02T15:04:05"
	if day, err := time.Parse(time.DateOnly, w.Start.Local); err == nil {
		return assets.DayOfYear(day)
	}
	start, err := time.Parse(wall, w.Start.Local)
	if err != nil {
		return w.Start.Local
	}
	s := assets.DayOfYear(start) + " " + assets.Clock(start)
	if end, err := time.Parse(wall, w.End.Local); err == nil {
		if end.Format(time.DateOnly) == start.Format(time.DateOnly) {
			s += "–" + assets.Clock(end)
		} else {
			s += " – " + assets.DayOfYear(end) + " " + assets.Clock(end)
		}
	}
	if w.Start.Zone != "" {
		s += " (" + w.Start.Zone + ")"
	}
	return s
}
