package terminal

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
)

func (a *app) historyShow() *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Show one entry, field by field",
		Long: "Show one entry of the history: what it was, why it happened and by which rule, what\n" +
			"each field was before and after, and whether it can be undone.",
		Example: "  twinday history show 12",
		Args:    oneArg("an entry's number as 'twinday history' shows it"),
		RunE: a.run(func(ctx context.Context, args []string) error {
			seq, err := entryNumber(args[0])
			if err != nil {
				return err
			}
			return a.connected(ctx, ConnectOptions{}, func(b control.Backend) error {
				d, err := b.HistoryDetail(ctx, seq)
				if err != nil {
					return err
				}
				if a.json {
					d.Fields = list(d.Fields)
					return writeJSON(a.out, d)
				}
				a.entry(d, namesOf(ctx, b))
				return nil
			})
		}),
	}
}

// entryNumber reads the number of an entry.
func entryNumber(word string) (uint64, error) {
	seq, err := strconv.ParseUint(strings.TrimPrefix(word, "#"), 10, 64)
	if err != nil || seq == 0 {
		return 0, usage("%q is no number of an entry: 'twinday history' shows them in its first column", word)
	}
	return seq, nil
}

// entry prints one entry for people.
func (a *app) entry(d control.HistoryDetail, n names) {
	a.say("Entry %d: %s %q, %s", d.Seq, historyWord(d.HistoryEntry), clean(d.Title), clean(route(d.HistoryEntry, n)))
	a.say("%s, in pass %d.", d.Time.In(a.Now().Location()).Format("Mon 2 Jan 2006 15:04:05"), d.Pass)
	a.say("%s", sentence(clean(d.Why)))
	if d.From != (state.Ref{}) && d.From != d.Ref {
		a.say("It came from %s.", clean(n.of(d.From)))
	}
	var how []string
	if d.Mirror != "" {
		how = append(how, "by mirror "+string(d.Mirror))
	}
	if d.Rule != "" {
		how = append(how, "under its rule "+clean(d.Rule))
	}
	if d.Requests > 0 {
		how = append(how, "with "+count(d.Requests, "request"))
	}
	if len(how) > 0 {
		a.say("%s", sentence(strings.Join(how, ", ")))
	}
	if len(d.Undoes) > 0 {
		a.say("It undid %s.", entries(d.Undoes))
	}
	lost := d.Outcome == state.Overridden || d.Outcome == state.Reverted
	if len(d.Fields) > 0 {
		heads := [2]string{"BEFORE~", "AFTER~"}
		if lost {
			heads = [2]string{"LOST~", "KEPT~"}
		}
		a.say("")
		a.fields(d.Fields, heads)
		a.say("")
	}
	switch {
	case lost && d.CannotUndo == "":
		a.say("'twinday undo %d' puts in what was lost.", d.Seq)
	case d.UndoneBy > 0 && d.CannotUndo != "":
		a.say("Undone by entry %d.", d.UndoneBy)
	case d.CannotUndo != "":
		a.say("It cannot be undone: %s.", strings.TrimRight(clean(d.CannotUndo), "."))
	default:
		a.say("'twinday undo %d' takes it back.", d.Seq)
	}
}

// fields prints fields before and after; those that stayed are faint.
func (a *app) fields(all []control.FieldChange, heads [2]string) {
	t := newTable("FIELD", heads[0], heads[1])
	for _, f := range all {
		name := string(f.Field)
		if f.At != "" {
			name += " at " + f.At
		}
		if f.Changed {
			t.add(name, cell(f.Before), cell(f.After))
		} else {
			t.addFaint(name, cell(f.Before), cell(f.After))
		}
	}
	a.print(t)
	w := t.widths(a.Width)
	for i, f := range all { // what is told is also what one wants back: whole
		a.whole(f, strings.TrimSuffix(strings.ToLower(heads[0]), "~"), f.Before, runewidth.StringWidth(t.rows[i][1]) > w[1])
		a.whole(f, strings.TrimSuffix(strings.ToLower(heads[1]), "~"), f.After, runewidth.StringWidth(t.rows[i][2]) > w[2])
	}
}

// whole prints below the table a value that does not fit into it.
func (a *app) whole(f control.FieldChange, where, s string, cut bool) {
	switch {
	case strings.Contains(strings.TrimSpace(s), "\n"):
		a.lines(f.Field, where, s)
	case cut:
		fmt.Fprint(a.out, wrap(string(f.Field)+" "+where+":", clean(s), a.Width, 4))
	}
}

// entries is "entry 12", "entries 12, 13 and 17".
func entries(seqs []uint64) string {
	words := make([]string, len(seqs))
	for i, s := range seqs {
		words[i] = strconv.FormatUint(s, 10)
	}
	if len(words) == 1 {
		return "entry " + words[0]
	}
	return "entries " + strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
