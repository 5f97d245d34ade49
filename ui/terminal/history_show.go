package terminal

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"

	"github.com/twinday/twinday/assets"
	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/say"
)

func (a *app) historyShow() *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: assets.Text("Show one entry, field by field"),
		Long: assets.Text(`Show one entry of the history: what it was, why it happened and by which rule, what
each field was before and after, and whether it can be undone.`),
		Example: "  twinday history show 12",
		Args:    oneArg(assets.Text("an entry's number as 'twinday history' shows it")),
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
		return 0, usage(assets.Text("“{{.Word}}” is no number of an entry: 'twinday history' shows them in its first column", "Word", word))
	}
	return seq, nil
}

// entry prints one entry for people.
func (a *app) entry(d control.HistoryDetail, n names) {
	a.say(assets.Text("Entry {{.ID}}: {{.What}} “{{.Title}}”, {{.Way}}", "ID", d.Seq, "What", historyWord(d.HistoryEntry), "Title", clean(d.Title), "Way", clean(route(d.HistoryEntry, n))))
	a.say(assets.Text("{{.When}}, in pass {{.Pass}}.", "When", assets.Stamp(d.Time.In(a.Now().Location())), "Pass", d.Pass))
	a.say(say.Sentence(clean(assets.Said(d.Why))))
	if d.From != (state.Ref{}) && d.From != d.Ref {
		a.say(assets.Text("It came from {{.Where}}.", "Where", clean(n.of(d.From))))
	}
	var how []string
	if d.Mirror != "" {
		how = append(how, assets.Text("by mirror {{.ID}}", "ID", d.Mirror))
	}
	if d.Rule != "" {
		how = append(how, assets.Text("under its rule {{.Rule}}", "Rule", clean(d.Rule)))
	}
	if d.Requests > 0 {
		how = append(how, assets.Count("with {{.N}} requests", d.Requests))
	}
	if len(how) > 0 {
		a.say(say.Sentence(strings.Join(how, ", ")))
	}
	if len(d.Undoes) > 0 {
		a.say(assets.Count("It undid the entries {{.IDs}}.", len(d.Undoes), "IDs", listed(numbers(d.Undoes))))
	}
	lost := d.Outcome == state.Overridden || d.Outcome == state.Reverted
	if len(d.Fields) > 0 {
		t := newTable(assets.Text("FIELD | BEFORE~ | AFTER~"))
		if lost {
			t = newTable(assets.Text("FIELD | LOST~ | KEPT~"))
		}
		a.say("")
		a.fields(d.Fields, t)
		a.say("")
	}
	switch {
	case lost && d.CannotUndo == "":
		a.say(assets.Text("'twinday undo {{.ID}}' puts in what was lost.", "ID", d.Seq))
	case d.UndoneBy > 0 && d.CannotUndo != "":
		a.say(assets.Text("Undone by entry {{.ID}}.", "ID", d.UndoneBy))
	case d.CannotUndo != "":
		a.say(say.Stopped(assets.Text("It cannot be undone: {{.Why}}", "Why", clean(assets.Said(d.CannotUndo)))))
	default:
		a.say(assets.Text("'twinday undo {{.ID}}' takes it back.", "ID", d.Seq))
	}
}

// fields prints fields before and after; those that stayed are faint.
func (a *app) fields(all []control.FieldChange, t *table) {
	for _, f := range all {
		name := fieldName(f.Field)
		if f.At != "" {
			name = assets.Text("{{.What}} of {{.When}}", "What", name, "When", a.startWords(f.At))
		}
		if f.Changed {
			t.add(name, valueCell(f.Field, f.Before), valueCell(f.Field, f.After))
		} else {
			t.addFaint(name, valueCell(f.Field, f.Before), valueCell(f.Field, f.After))
		}
	}
	a.print(t)
	w := t.widths(a.Width)
	for i, f := range all { // what is told is also what one wants back: whole
		a.whole(fieldName(f.Field)+", "+strings.ToLower(t.heads[1])+":", f.Before, t.rows[i][1], w[1])
		a.whole(fieldName(f.Field)+", "+strings.ToLower(t.heads[2])+":", f.After, t.rows[i][2], w[2])
	}
}

// whole prints below the table a value that does not fit into its cell there.
func (a *app) whole(head, s, shown string, width int) {
	switch {
	case strings.Contains(strings.TrimSpace(s), "\n"):
		a.lines(head, s)
	case runewidth.StringWidth(shown) > width:
		fmt.Fprint(a.out, wrap(head, shown, a.Width, 4))
	}
}

// numbers are entries by their numbers.
func numbers(seqs []uint64) []string {
	words := make([]string, len(seqs))
	for i, s := range seqs {
		words[i] = strconv.FormatUint(s, 10)
	}
	return words
}
