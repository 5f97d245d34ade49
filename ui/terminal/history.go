package terminal

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

func (a *app) historyCommand() *cobra.Command {
	var q control.HistoryQuery
	var mirror string
	c := &cobra.Command{
		Use: "history [EVENT]", Short: "What crossed, newest first, and why", Long: historyHelp,
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
				a.say("Nothing has crossed yet.")
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
			return usage("--limit is a number of entries, not %d", q.Limit)
		case len(args) > 1:
			return usage("'%s' takes one event, got %q: put a title of several words in quotes", cmd.CommandPath(), args)
		case len(args) == 1 && q.Event != "":
			return usage("the event is named twice, as %q and as %q: say one of them", args[0], q.Event)
		}
		return nil
	}
	c.Flags().StringVar(&q.Event, "event", "", "the story of one `event` in all calendars, oldest first: its title or id")
	c.Flags().Uint64Var(&q.Pass, "pass", 0, "only of this pass, by its `number`")
	c.Flags().IntVar(&q.Limit, "limit", 0, "at most so many entries (default 100)")
	c.Flags().StringVar(&mirror, "mirror", "", "of this mirror only, by id or name")
	c.Flags().StringVar(&q.Text, "text", "", "only of events with this in their title")
	must(c.RegisterFlagCompletionFunc("mirror", a.completeMirrors))
	return c
}

const historyHelp = `What crossed between calendars, newest first, and why. With an event (its title, a
part of it, or its id) the story of that one in all of its calendars, oldest first,
also when it is gone by now. 'twinday history show ID' shows an entry field by field,
'twinday undo ID' takes it back.`

// historyTable lists entries.
func (a *app) historyTable(entries []state.HistoryEntry, n names) *table {
	t := newTable("ID", "TIME", "WHAT", "TITLE~", "FROM → TO~", "WHY~")
	for _, e := range entries {
		t.add(fmt.Sprint(e.Seq), e.Time.In(a.Now().Location()).Format("2 Jan 15:04:05"), historyWord(e), e.Title, route(e, n), e.Why)
	}
	return t
}

// historyWord says in one or two words what an entry is.
func historyWord(e state.HistoryEntry) string {
	switch e.Outcome {
	case state.Failed:
		return "failed"
	case state.Overridden, state.Reverted:
		return string(e.Outcome)
	}
	if w := pastWords[e.Kind]; w != "" {
		return w
	}
	return string(e.Outcome)
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
		Use: "list", Aliases: []string{"ls"}, Short: "List what waits for your decision", Args: noArgs,
		RunE: a.ask(func(ctx context.Context, b control.Backend, _ []string) error { return a.heldList(ctx, b) }),
	}
	held := &cobra.Command{
		Use: "held", Short: "Decide on steps that could hurt",
		Long: "Steps that could hurt (mail to guests, many deletions at once, a conflict under\n" +
			"'ask') wait for your decision: 'apply' does them in the next pass, 'drop' never\n" +
			"does. Of a conflict 'apply' takes the later edit, which is shown, and 'drop' the\n" +
			"other one. The exit code is 3 while something waits.",
		RunE: ls.RunE,
	}
	return family(held, ls,
		a.heldDecide(state.Apply, "Do held steps in the next pass"),
		a.heldDecide(state.Drop, "Never do held steps"))
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
		a.say("Nothing waits for your decision.")
	default:
		n := namesOf(ctx, b)
		t := newTable("ID", "STEP", "TITLE~", "WHEN", "IN~", "WHY~", "DECISION")
		for _, h := range held {
			when := h.Step.Want.When
			if h.Step.Kind == state.Delete || when.Start.IsZero() {
				when = h.Step.Before.When
			}
			decision := string(h.Decision)
			if h.Decision == state.Undecided {
				decision = "waits"
			}
			t.add(h.ID, string(h.Step.Kind), h.Step.Title, whenWords(when), n.of(h.Step.Ref),
				fmt.Sprintf("%s: %s", h.Step.Held, h.Step.Reason), decision)
		}
		a.print(t)
		a.reasons(held, t)
		if waiting > 0 {
			if slices.ContainsFunc(held, func(h state.Held) bool {
				return h.Decision == state.Undecided && h.Step.Held == state.HoldConflict
			}) {
				a.say("Of a conflict, apply takes the later edit, drop the other one.")
			}
			a.say("'twinday held apply ID' does a step in the next pass, 'twinday held drop ID' never does.")
		}
	}
	if waiting > 0 {
		return errHeld
	}
	return nil
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
		a.say("'twinday mirror edit %s --guests revert' (or apply) answers for guests from now on.", ids[0])
	case len(ids) > 0:
		a.say("'twinday mirror edit MIRROR --guests revert' (or apply) answers for guests from now on.")
	}
}

func (a *app) heldDecide(d state.Decision, short string) *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use: string(d) + " ID…", Short: short,
		Long: short + ". An id may be cut short while it still names one step.",
		Args: func(cmd *cobra.Command, args []string) error {
			if all == (len(args) > 0) {
				return usage("'%s' needs the ids that 'twinday held' shows, or --all", cmd.CommandPath())
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
				a.say("Nothing waits for your decision.")
			case d == state.Drop && conflicts(held, decide.IDs):
				a.say("%s decided: of a conflict the other edit is taken; what else was to be done is not.", count(len(decide.IDs), "step"))
			case d == state.Apply:
				a.say("%s will be done in the next pass; 'twinday sync' makes one now.", count(len(decide.IDs), "step"))
			default:
				a.say("%s will not be done: the next sync puts back what it was about.", count(len(decide.IDs), "step"))
			}
			return nil
		}),
	}
	c.Flags().BoolVar(&all, "all", false, "everything that waits")
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
		return "", notFound("nothing held has the id %q; 'twinday held' shows what there is", word)
	}
	return "", notFound("%q is the beginning of several ids: %s", word, orList(hits))
}

// whenWords shows a time span short: "Mon 2 Mar 10:00–10:45", "Mon 2 Mar" for a
// whole day.
func whenWords(w calendar.When) string {
	start, err := time.Parse("2006-01-02T15:04:05", w.Start.Local)
	if err != nil {
		return w.Start.Local
	}
	s := start.Format("Mon 2 Jan 15:04")
	if end, err := time.Parse("2006-01-02T15:04:05", w.End.Local); err == nil {
		if end.Format(time.DateOnly) == start.Format(time.DateOnly) {
			return s + "–" + end.Format("15:04")
		}
		return s + " – " + end.Format("Mon 2 Jan 15:04")
	}
	return s
}
