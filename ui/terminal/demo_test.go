package terminal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
	"github.com/twinday/twinday/ui/say"
)

// shelf is a side of the demo that is nothing but its events. A series is the
// list of its occurrences: as many as its rule's COUNT, but at most shelfLength,
// and at the times that the script means.
type shelf struct {
	kind   state.ProviderKind
	events []DemoEvent
	times  map[string][]DemoEvent // occurrences by the id of their series; a cancelled one has no title
	minted int
	counts DemoCounts
}

func newShelf(kind state.ProviderKind) *shelf {
	return &shelf{kind: kind, times: map[string][]DemoEvent{}}
}

const shelfLength = 12

func (s *shelf) Name() string                 { return say.Provider(s.kind) }
func (s *shelf) Provider() state.ProviderKind { return s.kind }
func (s *shelf) Endpoint() state.Endpoint     { return state.Endpoint{} }
func (s *shelf) Events() []DemoEvent          { return append([]DemoEvent{}, s.events...) }
func (s *shelf) Counts() DemoCounts           { return s.counts }

func (s *shelf) Agenda(from, to time.Time) ([]DemoEvent, error) {
	var out []DemoEvent
	for _, e := range s.events {
		list := []DemoEvent{e}
		if e.Repeats {
			list = s.times[e.ID]
		}
		for _, x := range list {
			x.ID = e.ID
			start, _ := x.Start.Instant()
			if x.Title != "" && start.After(from) && start.Before(to) {
				out = append(out, x)
			}
		}
	}
	return out, nil
}

func (s *shelf) Add(e DemoEvent) (string, error) {
	s.minted++
	e.ID = fmt.Sprintf("%s%d", s.kind, s.minted)
	e.UID = e.ID + "@test"
	s.events = append(s.events, e)
	return e.ID, nil
}

func (s *shelf) AddSeries(e DemoEvent, rule string) (string, error) {
	e.Repeats = true
	id, err := s.Add(e)
	set, err2 := calendar.When{Start: e.Start, Recurrence: calendar.Recurrence{Rules: []string{rule}}}.Occurrences()
	if err := errors.Join(err, err2); err != nil {
		return "", err
	}
	for slot := range set.All() {
		if len(s.times[id]) == shelfLength {
			break
		}
		x := e
		x.Repeats, x.Slot, x.Start = false, slot.Slot(), slot
		x.End = calendar.When{Start: e.Start, End: e.End}.At(slot).End
		s.times[id] = append(s.times[id], x)
	}
	return id, nil
}

func (s *shelf) MoveOccurrence(id, slot string, by time.Duration) error {
	return s.occurrence(id, slot, func(list []DemoEvent, n int) { list[n] = dragged(list[n], by) })
}

func (s *shelf) CancelOccurrence(id, slot string) error {
	return s.occurrence(id, slot, func(list []DemoEvent, n int) { list[n].Title = "" })
}

func (s *shelf) RenameSeries(id, title string) error {
	s.events[s.at(id)].Title = title
	for i, x := range s.times[id] {
		if x.Title != "" {
			s.times[id][i].Title = title
		}
	}
	return nil
}

func (s *shelf) SplitSeries(id, slot string, by time.Duration) (string, error) {
	var tail string
	return tail, s.occurrence(id, slot, func(list []DemoEvent, n int) {
		s.times[id] = list[:n:n]
		first := list[n]
		first.Slot, first.Repeats = "", true
		tail, _ = s.Add(dragged(first, by))
		for _, x := range list[n:] {
			s.times[tail] = append(s.times[tail], dragged(x, by))
		}
	})
}

func (s *shelf) DeleteFollowing(id, slot string) error {
	return s.occurrence(id, slot, func(list []DemoEvent, n int) { s.times[id] = list[:n:n] })
}

// occurrence hands f the occurrences of a series and the number of one.
func (s *shelf) occurrence(id, slot string, f func(list []DemoEvent, n int)) error {
	s.times[id] = slices.Clone(s.times[id])
	for i, x := range s.times[id] {
		if x.Slot == slot {
			f(s.times[id], i)
			return nil
		}
	}
	return fmt.Errorf("no occurrence %s of %s", slot, id)
}

func (s *shelf) at(id string) int {
	for i, e := range s.events {
		if e.ID == id {
			return i
		}
	}
	return -1
}

func (s *shelf) Edit(id string, change func(*DemoEvent)) error {
	i := s.at(id)
	if i < 0 {
		return fmt.Errorf("no event %s", id)
	}
	change(&s.events[i])
	return nil
}

func (s *shelf) Delete(id string) error {
	i := s.at(id)
	if i < 0 {
		return fmt.Errorf("no event %s", id)
	}
	s.events = append(s.events[:i], s.events[i+1:]...)
	delete(s.times, id)
	return nil
}

// pair links an event of one side to its copy on the other.
type pair struct {
	id    [2]string
	base  DemoEvent
	times []DemoEvent // of a series
}

// twin is an engine that mirrors two shelves by a few lines of its own; bug
// breaks it in a way that the demo must notice.
type twin struct {
	fake
	sides [2]*shelf
	pairs []pair
	pass  uint64
	bug   func(*twin)
	page  string
}

func (w *twin) BeginSignIn(_ context.Context, req control.NewAccount) (control.SignIn, error) {
	return control.SignIn{ID: string(req.ID), URL: w.page}, nil
}

func (w *twin) FinishSignIn(_ context.Context, id string) (state.Account, error) {
	return state.Account{ID: state.AccountID(id), Email: id + "@example.org"}, nil
}

func (w *twin) Calendars(_ context.Context, account state.AccountID, _ bool) ([]state.Calendar, error) {
	return []state.Calendar{
		{Ref: state.Ref{Account: account, Calendar: "holidays"}},
		{Ref: state.Ref{Account: account, Calendar: "main"}, Calendar: calendar.Calendar{Primary: true}},
	}, nil
}

func (w *twin) Sync(context.Context, control.SyncRequest) (control.Report, error) {
	w.pass++
	r := control.Report{Pass: w.pass}
	note := func(kind state.StepKind, title string) {
		w.history = append([]state.HistoryEntry{{Seq: uint64(len(w.history) + 1), Time: now, Kind: kind, Outcome: state.Done, Title: title}}, w.history...)
	}
	linked := [2]map[string]bool{{}, {}}
	var kept []pair
	for _, p := range w.pairs {
		var e [2]DemoEvent
		gone := -1
		for i, s := range w.sides {
			if at := s.at(p.id[i]); at >= 0 {
				e[i] = s.events[at]
			} else {
				gone = i
			}
		}
		if gone >= 0 {
			if w.sides[1-gone].Delete(p.id[1-gone]) == nil {
				w.sides[1-gone].counts.Writes++
				r.Deleted++
				note(state.Delete, p.base.Title)
			}
			continue
		}
		merged := p.base
		for _, x := range e {
			if x.Title != p.base.Title {
				merged.Title = x.Title
			}
			if x.Start != p.base.Start || x.End != p.base.End {
				merged.Start, merged.End = x.Start, x.End
			}
			if x.Notes != p.base.Notes {
				merged.Notes = x.Notes
			}
			if x.Place != p.base.Place {
				merged.Place = x.Place
			}
		}
		for i, s := range w.sides {
			merged.ID, merged.UID = e[i].ID, e[i].UID
			if e[i] != merged {
				s.events[s.at(p.id[i])] = merged
				s.counts.Writes++
				r.Updated++
				note(state.Update, merged.Title)
			}
		}
		p.base = merged
		for i, s := range w.sides {
			if times := s.times[p.id[i]]; !slices.Equal(times, p.times) {
				p.times = times
				w.sides[1-i].times[p.id[1-i]] = slices.Clone(times)
				w.sides[1-i].counts.Writes++
				r.Updated++
				note(state.Update, merged.Title)
				break
			}
		}
		linked[0][p.id[0]], linked[1][p.id[1]] = true, true
		kept = append(kept, p)
	}
	w.pairs = kept
	for i, s := range w.sides {
		for _, e := range s.Events() {
			if linked[i][e.ID] || e.Apart {
				continue
			}
			p := pair{base: e, times: s.times[e.ID]}
			p.id[i] = e.ID
			p.id[1-i], _ = w.sides[1-i].Add(e)
			if e.Repeats {
				w.sides[1-i].times[p.id[1-i]] = slices.Clone(p.times)
			}
			linked[1-i][p.id[1-i]] = true
			w.sides[1-i].counts.Writes++
			w.pairs = append(w.pairs, p)
			r.Created++
			note(state.Create, e.Title)
		}
	}
	if w.bug != nil {
		w.bug(w)
	}
	return r, nil
}

// stage sets up a demo with two shelves and a twin.
func newStage(t *testing.T, bug func(*twin)) (*twin, *DemoStage) {
	t.Helper()
	page := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(page.Close)
	return stageWith(page.URL, page.Client(), bug)
}

func stageWith(page string, browser *http.Client, bug func(*twin)) (*twin, *DemoStage) {
	home, work := newShelf(state.Google), newShelf(state.Outlook)
	at := func(h int) calendar.Time { return calendar.At(now.Add(time.Duration(h)*time.Hour), time.UTC) }
	for i, title := range []string{"Gym", "Choir", "Gym"} {
		_, _ = home.Add(DemoEvent{Title: title, Start: at(30 * i), End: at(30*i + 1)})
	}
	_, _ = home.Add(DemoEvent{Title: "Choir", Start: at(30), End: at(31)}) // twice, by a person's hand
	_, _ = home.Add(DemoEvent{Title: "A birthday", Start: at(5), End: at(6), Apart: true})
	_, _ = work.Add(DemoEvent{Title: "Stand-up", Start: at(24), End: at(25)})
	w := &twin{sides: [2]*shelf{home, work}, bug: bug, page: page}
	return w, &DemoStage{Backend: w, Home: home, Work: work, Zone: "Europe/Berlin", Now: func() time.Time { return now }, Browser: browser, Close: func() {},
		Unreadable: []Unreadable{{File: "my.ics", Line: 12, Reason: "no end"}}}
}

// perform runs `twinday demo` on a stage.
func perform(ctx context.Context, stage *DemoStage, args ...string) (out string, exit int) {
	var o, e bytes.Buffer
	exit = Execute(ctx, Deps{
		Now:  func() time.Time { return now },
		Demo: func(context.Context, DemoOptions) (*DemoStage, error) { return stage, nil },
		Connect: func(context.Context, ConnectOptions) (control.Backend, func(), error) {
			return nil, nil, control.ErrNoEngine
		},
	}, append([]string{"demo"}, args...), nil, &o, &e)
	return o.String() + e.String(), exit
}

func TestDemoWithAFaithfulEngine(t *testing.T) {
	_, stage := newStage(t, nil)
	out, exit := perform(t.Context(), stage, "--headless")
	if exit != ExitDone {
		t.Errorf("exit %d", exit)
	}
	for _, want := range []string{
		"in the files: my.ics:12: no end\n",
		"by hand     adds Dentist at the old bridge",
		"Google holds 7 events and 3 series, Outlook holds 6 events and 3 series: 12 created, 14 updated, 3 deleted, 0 left alone, 0 duplicates, 0 mails, 0 unknown requests, 0 writes on the last pass.\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("not printed: %q\nin:\n%s", want, out)
		}
	}
}

// copies are the ids on Outlook of the series with a title.
func (w *twin) copies(title string) (ids []string) {
	for _, e := range w.sides[1].events {
		if e.Repeats && e.Title == title {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// An engine with a fault must fail the demo, with the sentence that names it.
func TestDemoNoticesAnEngineThat(t *testing.T) {
	// once does f after the pass with number n.
	once := func(n uint64, f func(*twin)) func(*twin) {
		return func(w *twin) {
			if w.pass == n {
				f(w)
			}
		}
	}
	const runs = "Running with Jo and Kim"
	for name, c := range map[string]struct {
		bug  func(*twin)
		want string
	}{
		"makes a duplicate": {once(3, func(w *twin) {
			w.sides[1].Add(w.sides[1].events[1])
			w.pairs = append(w.pairs, pair{}) // so that it is not carried back
		}), "Outlook holds 1 duplicate"},
		"sends mail":                {once(2, func(w *twin) { w.sides[0].counts.Mails++ }), "Google would have sent 1 mail"},
		"asks nonsense":             {once(2, func(w *twin) { w.sides[1].counts.Unknown = []string{"GET /me/evnts"} }), "Outlook does not know what it was asked: GET /me/evnts"},
		"writes for ever":           {func(w *twin) { w.sides[0].counts.Writes++ }, "the last pass had nothing to do and wrote all the same"},
		"loses an event everywhere": {once(4, func(w *twin) { w.sides[0].Delete("google1"); w.sides[1].Delete("outlook2") }), "Google lost 1 event that a person made"},
		"shifts a copy":             {once(23, func(w *twin) { w.sides[1].events[1].End = w.sides[1].events[1].Start }), `Outlook does not hold “Gym”`},
		"shifts one occurrence": {once(23, func(w *twin) {
			times := w.sides[1].times[w.copies(runs)[0]]
			times[1] = dragged(times[1], time.Hour)
		}), `Outlook does not hold “Running with Jo and Kim”`},
		"brings a cancelled occurrence back": {once(15, func(w *twin) {
			for _, s := range w.sides {
				for _, times := range s.times {
					if times[2].Title == "" {
						times[2].Title = times[1].Title
					}
				}
			}
			for i, p := range w.pairs {
				w.pairs[i].times = w.sides[0].times[p.id[0]]
			}
		}), `renames all of it: “Running with Jo and Kim” is still there on Google`},
		"shows an occurrence twice": {once(23, func(w *twin) {
			id := w.copies(runs)[0]
			w.sides[1].times[id] = append(w.sides[1].times[id], w.sides[1].times[id][0])
		}), "Outlook holds 1 duplicate"},
		"leaves the whole series when it is split": {once(16, func(w *twin) {
			head, tail := w.copies(runs)[0], w.copies(runs)[1]
			for _, x := range w.sides[1].times[tail] {
				w.sides[1].times[head] = append(w.sides[1].times[head], dragged(x, 30*time.Minute))
			}
		}), `starts earlier from the 5th on: “Running with Jo and Kim” is still there on Outlook`},
		"forgets the notes": {func(w *twin) {
			for i := range w.sides[1].events {
				w.sides[1].events[i].Notes = ""
			}
		}, `adds notes to the copy: “Interview with Ada Lovelace” has other notes on Outlook`},
	} {
		t.Run(name, func(t *testing.T) {
			_, stage := newStage(t, c.bug)
			out, exit := perform(t.Context(), stage, "--headless")
			if exit != ExitFailed || !strings.Contains(out, "! "+c.want) {
				t.Errorf("exit %d, want 1 and %q in:\n%s", exit, c.want, out)
			}
		})
	}
}

func TestDemoSummaryAsJSON(t *testing.T) {
	_, stage := newStage(t, nil)
	out, exit := perform(t.Context(), stage, "--json")
	var s DemoSummary
	dec := json.NewDecoder(strings.NewReader(out))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil || exit != ExitDone || dec.More() {
		t.Fatalf("exit %d, %v: one document in:\n%s", exit, err, out)
	}
	if !s.OK || s.Passes != 23 || s.Created != 12 || s.Sides[0].Series != 3 || s.Sides[1].Shown < 20 || len(s.Unreadable) != 1 || s.Sides[0].Events != 7 {
		t.Errorf("%+v", s)
	}
}

func TestDemoLiveEditsUntilThePersonQuits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		browser := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
		})}
		w, stage := stageWith("http://sign.in/", browser, nil)
		stage.Show = func(ctx context.Context) error {
			select {
			case <-time.After(3*livePause + time.Second): // the person quits
			case <-ctx.Done():
			}
			return nil
		}
		out, exit := perform(t.Context(), stage)
		if !strings.HasSuffix(out, "0 duplicates, 0 mails, 0 unknown requests.\n") {
			t.Errorf("the last line of:\n%s", out)
		}
		if exit != ExitDone || w.pass != 4 {
			t.Errorf("exit %d after %d passes, want 0 after the first and three edits:\n%s", exit, w.pass, out)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestCountDuplicates(t *testing.T) {
	at := func(title string, hour int, id string) DemoEvent {
		start := calendar.At(now.Add(time.Duration(hour)*time.Hour), time.UTC)
		return DemoEvent{ID: id, Title: title, Start: start, End: start}
	}
	a, b := at("A", 1, "1"), at("B", 2, "2")
	longer := a
	longer.End = calendar.At(now.Add(9*time.Hour), time.UTC)
	for name, c := range map[string]struct {
		side, here, there []DemoEvent
		want              int
	}{
		"copies of the other side's":            {[]DemoEvent{a, b}, []DemoEvent{a}, []DemoEvent{b}, 0},
		"alike on both sides, linked":           {[]DemoEvent{a}, []DemoEvent{a}, []DemoEvent{a}, 0},
		"alike on both sides, copied":           {[]DemoEvent{a, a}, []DemoEvent{a}, []DemoEvent{a}, 1},
		"a person's own doubles":                {[]DemoEvent{a, a}, []DemoEvent{a, a}, nil, 0},
		"doubles carried over":                  {[]DemoEvent{a, a}, nil, []DemoEvent{a, a}, 0},
		"doubles carried over and once more":    {[]DemoEvent{a, a, a}, nil, []DemoEvent{a, a}, 1},
		"one start, two lengths, both people's": {[]DemoEvent{a, longer}, []DemoEvent{a}, []DemoEvent{longer}, 0},
		"one start, two lengths, one invented":  {[]DemoEvent{a, longer}, []DemoEvent{a}, nil, 1},
	} {
		if got := countDuplicates(c.side, c.here, c.there); got != c.want {
			t.Errorf("%s: %d duplicates, want %d", name, got, c.want)
		}
	}
}

func TestDemoDay(t *testing.T) {
	day := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	days := func(all ...string) (out []time.Time) {
		for _, s := range all {
			out = append(out, day(s))
		}
		return out
	}
	for name, c := range map[string]struct {
		starts []time.Time
		want   string // empty: today
	}{
		"no events":                       {nil, ""},
		"something near today":            {days("2001-01-01", "2026-03-20"), ""},
		"all in one year":                 {days("2019-06-01", "2019-02-16", "2019-09-01"), "2019-02-16"},
		"most of them in the later years": {days("2009-06-01", "2018-12-24", "2019-02-16", "2019-09-01"), "2018-12-24"},
		"far ahead":                       {days("2036-01-01"), "2036-01-01"},
	} {
		got, other := DemoDay(c.starts, now)
		if other != (c.want != "") || other && !got.Equal(day(c.want)) {
			t.Errorf("%s: %v, %t; want %q", name, got, other, c.want)
		}
	}
}
