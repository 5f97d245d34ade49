package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/simulator/mailbox"
	"github.com/twinday/twinday/store/state"
)

// sees insists that both people see what was seen before.
func (p *pair) sees(want []mailbox.Occurrence, story string) {
	p.t.Helper()
	got := p.agenda(onGoogle)
	if !slices.EqualFunc(want, got, func(a, b mailbox.Occurrence) bool { return mailbox.CompareOccurrences(a, b) == 0 }) {
		text := ""
		for i := range max(len(want), len(got)) {
			if i >= len(want) || i >= len(got) || mailbox.CompareOccurrences(want[i], got[i]) != 0 {
				if i < len(want) {
					text += fmt.Sprintf("\nwant %+v", want[i])
				}
				if i < len(got) {
					text += fmt.Sprintf("\n got %+v", got[i])
				}
				break
			}
		}
		p.t.Fatalf("%s: %d occurrences, want %d; the first difference:%s", story, len(got), len(want), text)
	}
}

// undo undoes a pass, all of it, and returns the pass that did.
func (p *pair) undo(pass uint64, story string) uint64 {
	p.t.Helper()
	r, err := p.engine.Undo(context.Background(), control.UndoRequest{Pass: pass})
	if err != nil || len(r.Left) > 0 || r.Report.Failed > 0 || r.Report.Held > 0 {
		p.t.Fatalf("%s: %v, left %+v, report %+v", story, err, r.Left, r.Report)
	}
	p.sync(story)
	return r.Report.Pass
}

// undoFound is a seed that found something: an occurrence that is cancelled with a new
// rule, and had a resource of its own at Google.
const undoFound = 81

// People change a series on either side; what a pass carried across is undone, by which
// all is as it was before, and the undo is undone. By the real connectors, which give
// and take what real services do. TWINDAY_SEEDS runs more seeds than the usual few.
func TestWhatAPassDidToASeriesIsUndone(t *testing.T) {
	sides := []string{onGoogle, onOutlook}
	n := seedsOr(t, 12)
	for seed := range max(n, undoFound+1) {
		if seed >= n && seed != undoFound {
			continue
		}
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(uint64(seed), 2))
			p := newPair(t, mailbox.Switches{})
			home := sides[random.IntN(2)]
			p.series(home)
			story := "born on " + home
			for range 4 {
				before := p.agenda(onGoogle)
				side, a := sides[random.IntN(2)], acts[random.IntN(len(acts))]
				if a.name == "split" || !p.do(side, a) { // a split makes an event, which no undo takes from its maker
					continue
				}
				story += fmt.Sprintf("; %s on %s", a.name, side)
				r, err := p.engine.Sync(context.Background(), control.SyncRequest{})
				if err != nil {
					t.Fatal(err)
				}
				if p.sync(story); r.Writes() == 0 {
					continue // it was so already
				}
				after := p.agenda(onGoogle)
				story += "; undone"
				again := p.undo(r.Pass, story)
				p.sees(before, story)
				if random.IntN(2) == 0 {
					story += "; undone in turn"
					p.undo(again, story)
					p.sees(after, story)
				}
			}
		})
	}
}

// By commands alone, each an engine of its own: a copy is told of, taken back, and made
// again.
func TestChangesAreToldAndTakenBackByCommands(t *testing.T) {
	s := newShell(t)
	soon := tomorrow(t, s)
	s.account("google", "home", calendarOf(meeting("a@test", "Choir", soon)))
	s.account("outlook", "work", calendarOf(meeting("b@test", "Stand-up", soon)))
	m := must[state.Mirror](s, "mirror", "add", "--member", "home/primary", "--member", "work/primary")
	must[control.Report](s, "sync")
	made := must[[]state.HistoryEntry](s, "history", "choir")
	if len(made) != 1 || made[0].Requests != 1 {
		t.Fatalf("the story of Choir: %+v", made)
	}
	id := strconv.FormatUint(made[0].Seq, 10)
	if d := must[control.HistoryDetail](s, "history", "show", id); d.CannotUndo != "" || len(d.Fields) == 0 || d.Fields[0].Field != "when" || d.Fields[0].Before != "" {
		t.Errorf("entry: %+v", d)
	}
	if r := must[control.UndoReport](s, "undo", id, "--dry-run"); r.Report.Deleted != 1 || len(r.Undone) != 1 {
		t.Errorf("the plan: %+v", r)
	}
	r := must[control.UndoReport](s, "undo", id, "--yes")
	if r.Report.Deleted != 1 {
		t.Errorf("the undo: %+v", r)
	}
	x := must[[]control.Explanation](s, "why", "Choir")
	if len(x) != 1 || len(x[0].Calendars) != 1 || x[0].Calendars[0].There || !strings.Contains(x[0].Calendars[0].Says[0], "you undid") || len(x[0].Last) != 2 {
		t.Errorf("why: %+v", x)
	}
	if r := must[control.UndoReport](s, "undo", "--pass", strconv.FormatUint(r.Report.Pass, 10), "--yes"); r.Report.Created != 1 {
		t.Errorf("the undo of the undo: %+v", r)
	}
	if all := must[[]state.HistoryEntry](s, "history", "choir"); len(all) != 3 || all[0].Seq != made[0].Seq {
		t.Errorf("the story of Choir: %+v", all)
	}
	must[map[string]any](s, "mirror", "edit", string(m.ID), "--conflicts", "home/primary", "--yes")
	if m := must[state.Mirror](s, "mirror", "show", string(m.ID)); !strings.HasPrefix(string(m.Conflicts), "home/") {
		t.Errorf("the rule for conflicts: %q", m.Conflicts)
	}
}
