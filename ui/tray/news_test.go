package tray

import (
	"slices"
	"testing"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/window/pretend"
)

func TestOneNotificationForEachProblem(t *testing.T) {
	at := time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC)
	offline := control.AccountState{Account: state.Account{ID: "ada"}, Condition: control.Offline}
	signedOut := control.AccountState{Account: state.Account{ID: "bo"}, Condition: control.NeedsConsent}
	failing := control.ProblemNote{Account: "ada", Ref: state.Ref{Account: "ada", Calendar: "c"}, What: "“Work” cannot be written"}
	ada, bo := control.ProblemNote{Account: "ada", What: "Google cannot be reached"}, control.ProblemNote{Account: "bo", What: "Signed out of Outlook"}
	type step struct {
		what  string
		after time.Duration
		s     control.Status
		show  []string
		hide  []string
	}
	both := []control.AccountState{offline, signedOut}
	for _, c := range []struct {
		name  string
		steps []step
	}{
		{"what waits for the person is told at once, and once", []step{
			{"it begins", 0, control.Status{Accounts: both, Problems: []control.ProblemNote{bo}}, []string{"Signed out of Outlook"}, nil},
			{"it stands", time.Hour, control.Status{Accounts: both, Problems: []control.ProblemNote{bo}}, nil, nil},
			{"it is mended", time.Hour, control.Status{Accounts: both}, nil, []string{"problem bo /"}},
			{"it is back on the same day", time.Hour, control.Status{Accounts: both, Problems: []control.ProblemNote{bo}}, nil, nil},
			{"and a day later", 24 * time.Hour, control.Status{Accounts: both, Problems: []control.ProblemNote{bo}}, []string{"Signed out of Outlook"}, nil},
		}},
		{"no network is no news", []step{
			{"it begins", 0, control.Status{Accounts: both, Problems: []control.ProblemNote{ada}}, nil, nil},
			{"it lasts for hours", 10 * time.Hour, control.Status{Accounts: both, Problems: []control.ProblemNote{ada}}, nil, nil},
			{"it lasts for a day", 15 * time.Hour, control.Status{Accounts: both, Problems: []control.ProblemNote{ada}}, []string{"Google cannot be reached"}, nil},
		}},
		{"a failure has five minutes to pass", []step{
			{"it begins", 0, control.Status{Problems: []control.ProblemNote{failing}}, nil, nil},
			{"a pass mended it", time.Minute, control.Status{}, nil, nil},
			{"it begins", time.Hour, control.Status{Problems: []control.ProblemNote{failing}}, nil, nil},
			{"it stands", 5 * time.Minute, control.Status{Problems: []control.ProblemNote{failing}}, []string{"“Work” cannot be written"}, nil},
		}},
		{"decisions", []step{
			{"two wait", 0, control.Status{Held: 2}, []string{"2 changes wait for your decision"}, nil},
			{"still", time.Minute, control.Status{Held: 2}, nil, nil},
			{"one is decided", time.Minute, control.Status{Held: 1}, nil, nil},
			{"another comes", time.Minute, control.Status{Held: 2}, []string{"2 changes wait for your decision"}, nil},
			{"all are decided", time.Minute, control.Status{}, nil, []string{"held"}},
		}},
		{"quiet hours", []step{
			{"at night", 0, control.Status{Quiet: at.Add(time.Hour), Held: 1, Accounts: both, Problems: []control.ProblemNote{bo}}, nil, nil},
			{"in the morning", time.Hour, control.Status{Held: 1, Accounts: both, Problems: []control.ProblemNote{bo}}, []string{"Signed out of Outlook", "1 change waits for your decision"}, nil},
		}},
		{"who wants none hears none", []step{
			{"a problem", 0, control.Status{Faces: control.Faces{Notify: control.NotifyNever}, Held: 1, Accounts: both, Problems: []control.ProblemNote{bo}}, nil, nil},
		}},
	} {
		var n news
		now := at
		for _, s := range c.steps {
			now = now.Add(s.after)
			show, hide := n.of(s.s, now)
			var titles []string
			for _, x := range show {
				titles = append(titles, x.title)
			}
			if !slices.Equal(titles, s.show) || !slices.Equal(hide, s.hide) {
				t.Errorf("%s, %s: shows %q, hides %q, want %q, %q", c.name, s.what, titles, hide, s.show, s.hide)
			}
		}
	}
}

func TestWhatCrossedIsSummedUp(t *testing.T) {
	entry := func(seq uint64, kind state.StepKind, o state.Outcome, title string) state.HistoryEntry {
		return state.HistoryEntry{Seq: seq, Kind: kind, Outcome: o, Title: title}
	}
	list := []state.HistoryEntry{ // newest first
		entry(9, state.Create, state.Done, "Dentist"), entry(8, state.Update, state.Done, "Dentist"), entry(7, state.Delete, state.Done, "Gym"),
		entry(6, state.Create, state.Failed, "Broken"), entry(5, state.Create, state.Done, "Tea"), entry(4, state.Create, state.Done, "Lunch"), entry(3, state.Create, state.Done, "Old"),
	}
	got := crossing(list, 3)
	if len(got) != 1 || got[0].title != "5 changes crossed" || got[0].body != "Dentist\nGym\nTea\nand 1 more" {
		t.Errorf("%+v", got)
	}
	if got := crossing(list, 9); got != nil {
		t.Errorf("nothing is new: %+v", got)
	}
}

func TestWhatCrossedBeforeIsNoNews(t *testing.T) {
	e := pretend.New(pretend.World{History: []state.HistoryEntry{{Seq: 4, Kind: state.Create, Outcome: state.Done, Title: "Old"}}})
	var n news
	if got := n.crossed(t.Context(), e); got != nil {
		t.Errorf("at the start: %+v", got)
	}
	e.Change(func(w *pretend.World) {
		w.History = slices.Insert(w.History, 0, state.HistoryEntry{Seq: 5, Kind: state.Update, Outcome: state.Done, Title: "Tea"})
	})
	if got := n.crossed(t.Context(), e); len(got) != 1 || got[0].title != "1 change crossed" || got[0].body != "Tea" {
		t.Errorf("%+v", got)
	}
	if got := n.crossed(t.Context(), e); got != nil {
		t.Errorf("a second time: %+v", got)
	}
}
