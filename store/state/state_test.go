package state_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/twinday/twinday/store/state"
)

func TestLogsHoldNoAddresses(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	ref := state.Ref{Account: "ann@x.test", Calendar: "bob@y.test"}
	log.Info("told", "account", ref.Account, "calendar", ref)
	if got := out.String(); strings.Contains(got, "@") || !strings.Contains(got, "calendar") {
		t.Errorf("logged %s", got)
	}
}

func TestParseRef(t *testing.T) {
	r, err := state.ParseRef("ann@x.test/a/b=")
	if err != nil || r.Account != "ann@x.test" || r.Calendar != "a/b=" || r.String() != "ann@x.test/a/b=" {
		t.Errorf("got %+v, %v", r, err)
	}
	for _, s := range []string{"", "x", "/x", "x/"} {
		if _, err := state.ParseRef(s); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
}

func TestAmissIsWhatAPersonShouldLookAt(t *testing.T) {
	for name, c := range map[string]struct {
		entry state.HistoryEntry
		want  bool
	}{
		"it crossed":                               {state.HistoryEntry{Kind: state.Update, Outcome: state.Done}, false},
		"worth knowing":                            {state.HistoryEntry{Outcome: state.Noted}, false},
		"it failed":                                {state.HistoryEntry{Kind: state.Create, Outcome: state.Failed}, true},
		"an earlier edit lost to a later one":      {state.HistoryEntry{Outcome: state.Overridden, Rule: "conflicts: latest"}, true},
		"an edit lost on the way":                  {state.HistoryEntry{Kind: state.Update, Outcome: state.Overridden}, true},
		"an edit lost as the person decided":       {state.HistoryEntry{Outcome: state.Overridden, Rule: "conflicts: ask"}, false},
		"an edit lost to the calendar that counts": {state.HistoryEntry{Outcome: state.Overridden, Rule: "conflicts: home/primary"}, false},
		"refused by the event's own calendar":      {state.HistoryEntry{Kind: state.Update, Outcome: state.Reverted}, true},
		"the event's own calendar cannot hold it":  {state.HistoryEntry{Outcome: state.Reverted, Unfit: true}, true},
		"taken back by a rule":                     {state.HistoryEntry{Outcome: state.Reverted, Rule: "guests: revert"}, false},
		"taken back by what copies show":           {state.HistoryEntry{Outcome: state.Reverted}, false},
	} {
		if got := c.entry.Amiss(); got != c.want {
			t.Errorf("%s: amiss is %v", name, got)
		}
	}
}
