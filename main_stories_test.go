package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/simulator"
	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// must fails the test if a person could not do what the story wants.
func (p *pair) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *pair) series(home string) (id string) {
	p.t.Helper()
	id, err := p.sides[home].AddSeries(p.cals[home], tuesdays())
	p.must(err)
	p.sync("at first")
	return id
}

// A write is cut off, and before it is settled the person takes away what it was
// about: the series goes on.
func TestCutWriteOfAnOccurrenceThatThenGoes(t *testing.T) {
	for _, landed := range []bool{false, true} {
		t.Run(fmt.Sprintf("landed=%v", landed), func(t *testing.T) {
			p := newPair(t, mailbox.Switches{})
			id := p.series(onGoogle)
			_, slots := p.first(onGoogle)
			p.must(p.sides[onGoogle].EditOccurrence(p.cals[onGoogle], id, slots[7], func(e *mailbox.Event) { e.Title = "Retro" }))
			p.sides[onOutlook].AddFault(simulator.Fault{Match: "events.update", Nth: 1, Count: 1, DropBefore: !landed, DropAfter: landed})
			if r, err := p.engine.Sync(context.Background(), control.SyncRequest{}); err != nil || r.Failed != 1 {
				t.Fatalf("the cut pass: %+v, %v", r, err)
			}
			there, slots := p.first(onOutlook)
			p.must(p.sides[onOutlook].DeleteFollowing(p.cals[onOutlook], there, slots[5]))
			if _, err := p.engine.Sync(context.Background(), control.SyncRequest{}); err != nil {
				t.Fatal(err)
			}
			p.sync("after it")
			p.must(p.sides[onGoogle].EditSeries(p.cals[onGoogle], id, func(e *mailbox.Event) { e.Title = "Renamed" }))
			p.sync("renamed")
			if got := p.agenda(onOutlook); len(got) != 5 || got[0].Title != "Renamed" {
				t.Errorf("Outlook shows %+v", got)
			}
		})
	}
}

// A write to a series is cut off, and before it is settled the person changes an
// occurrence that it is not about: both stand.
func TestEditOfAnOccurrenceBesideACutWrite(t *testing.T) {
	for _, side := range []string{onGoogle, onOutlook} {
		for _, landed := range []bool{false, true} {
			t.Run(fmt.Sprintf("on %s, landed=%v", side, landed), func(t *testing.T) {
				p := newPair(t, mailbox.Switches{})
				home := map[string]string{onGoogle: onOutlook, onOutlook: onGoogle}[side]
				id := p.series(home)
				_, slots := p.first(home)
				p.must(p.sides[home].EditOccurrence(p.cals[home], id, slots[7], func(e *mailbox.Event) { e.Place = "Attic" }))
				p.sync("an occurrence is different")
				p.must(p.sides[home].EditSeries(p.cals[home], id, func(e *mailbox.Event) { e.Title = "Renamed" }))
				p.sides[side].AddFault(simulator.Fault{Match: "PATCH /", DropBefore: !landed, DropAfter: landed})
				if r, err := p.engine.Sync(context.Background(), control.SyncRequest{}); err != nil || r.Failed != 1 {
					t.Fatalf("the cut pass: %+v, %v", r, err)
				}
				there, _ := p.first(side)
				p.must(p.sides[side].EditOccurrence(p.cals[side], there, slots[3], func(e *mailbox.Event) { e.Title = "Retro" }))
				p.must(p.sides[side].CancelOccurrence(p.cals[side], there, slots[5]))
				if _, err := p.engine.Sync(context.Background(), control.SyncRequest{}); err != nil {
					t.Fatal(err)
				}
				p.sync("after it")
				if got := p.agenda(home); len(got) != 9 || got[2].Title != "Renamed" || got[3].Title != "Retro" {
					t.Errorf("%s shows %+v", home, got)
				}
			})
		}
	}
}

// afterPatch is a transport that has something done once, right after a PATCH.
type afterPatch struct {
	http.RoundTripper
	host string
	act  func()
}

func (a *afterPatch) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := a.RoundTripper.RoundTrip(req)
	if act := a.act; act != nil && req.Method == http.MethodPatch && req.URL.Host == a.host {
		a.act = nil
		act()
	}
	return res, err
}

// A series is written in several requests and then read again. What a person does in
// between is theirs, not the service's answer to our write.
func TestEditWhileASeriesIsWritten(t *testing.T) {
	for _, side := range []string{onGoogle, onOutlook} {
		for name, edit := range map[string]func(s *simulator.Simulator, cal, id string, slots []string) error{
			"another occurrence is cancelled": func(s *simulator.Simulator, cal, id string, slots []string) error {
				return s.CancelOccurrence(cal, id, slots[5])
			},
			"another occurrence is renamed": func(s *simulator.Simulator, cal, id string, slots []string) error {
				return s.EditOccurrence(cal, id, slots[5], func(e *mailbox.Event) { e.Title = "Retro" })
			},
			"the same occurrence is renamed": func(s *simulator.Simulator, cal, id string, slots []string) error {
				return s.EditOccurrence(cal, id, slots[3], func(e *mailbox.Event) { e.Title = "Retro" })
			},
			"its place is written over": func(s *simulator.Simulator, cal, id string, slots []string) error {
				return s.EditOccurrence(cal, id, slots[3], func(e *mailbox.Event) { e.Place = "Cellar" })
			},
			"the series is renamed": func(s *simulator.Simulator, cal, id string, slots []string) error {
				return s.EditSeries(cal, id, func(e *mailbox.Event) { e.Title = "Renamed" })
			},
			"the series moves": func(s *simulator.Simulator, cal, id string, slots []string) error {
				return s.EditSeries(cal, id, func(e *mailbox.Event) { e.Place = "Garden" })
			},
		} {
			t.Run(name+" on "+side, func(t *testing.T) {
				p := newPair(t, mailbox.Switches{})
				home := map[string]string{onGoogle: onOutlook, onOutlook: onGoogle}[side]
				id := p.series(home)
				there, slots := p.first(side)
				p.must(p.sides[home].EditOccurrence(p.cals[home], id, slots[3], func(e *mailbox.Event) { e.Place = "Attic" }))
				p.wire.RoundTripper = &afterPatch{p.wire.RoundTripper, side + ".test", func() { p.must(edit(p.sides[side], p.cals[side], there, slots)) }}
				if _, err := p.engine.Sync(context.Background(), control.SyncRequest{}); err != nil {
					t.Fatal(err)
				}
				want := p.agenda(side)
				p.sync("after it")
				if got := p.agenda(home); !slices.EqualFunc(got, want, func(a, b mailbox.Occurrence) bool { return mailbox.CompareOccurrences(a, b) == 0 }) {
					t.Errorf("%s shows %+v\nand not %+v", home, got, want)
				}
			})
		}
	}
}

// An occurrence is dragged across its neighbour, which Exchange refuses: born in
// Google it stands alone in Outlook; born in Outlook it is put back in Google, and
// the rest of the series goes on.
func TestOccurrenceAcrossItsNeighbour(t *testing.T) {
	for _, home := range []string{onGoogle, onOutlook} {
		t.Run("born on "+home, func(t *testing.T) {
			p := newPair(t, mailbox.Switches{})
			p.series(home)
			id, slots := p.first(onGoogle)
			google := p.sides[onGoogle]
			p.must(google.MoveOccurrence(p.cals[onGoogle], id, slots[5], 8*24*time.Hour))
			p.sync("across its neighbour")
			p.must(google.EditOccurrence(p.cals[onGoogle], id, slots[3], func(e *mailbox.Event) { e.Title = "Another" }))
			p.sync("another one retitled")
			p.must(google.EditOccurrence(p.cals[onGoogle], id, slots[5], func(e *mailbox.Event) { e.Title = "The same" }))
			p.sync("the same one retitled")
			if home == onGoogle {
				p.must(google.MoveOccurrence(p.cals[onGoogle], id, slots[5], -8*24*time.Hour))
				p.sync("moved back")
			}
			if got := p.agenda(onOutlook); len(got) != 10 {
				t.Errorf("Outlook shows %d", len(got))
			}
		})
	}
}

// Google leaves a changed occurrence behind when the whole series moves; that both
// happened before one pass makes no difference.
func TestLeftoverOfAMovedSeries(t *testing.T) {
	p := newPair(t, mailbox.Switches{})
	id := p.series(onGoogle)
	_, slots := p.first(onGoogle)
	google := p.sides[onGoogle]
	p.must(google.EditOccurrence(p.cals[onGoogle], id, slots[5], func(e *mailbox.Event) { e.Title = "Retro" }))
	p.must(google.EditSeries(p.cals[onGoogle], id, func(e *mailbox.Event) { clock(&e.Start, time.Hour); clock(&e.End, time.Hour) }))
	p.sync("retitled and moved")
	if got := p.agenda(onGoogle); len(got) != 10 {
		t.Errorf("Google shows %d", len(got))
	}
}

// One occurrence that stands alone in Outlook is given a rule there: taken back.
func TestLoneOccurrenceMadeASeries(t *testing.T) {
	p := newPair(t, mailbox.Switches{})
	id := p.series(onGoogle)
	_, slots := p.first(onGoogle)
	p.must(p.sides[onGoogle].MoveOccurrence(p.cals[onGoogle], id, slots[5], 8*24*time.Hour))
	p.sync("across its neighbour")
	lone := ""
	for _, o := range p.agenda(onOutlook) {
		if o.Slot == "" {
			lone = o.Series
		}
	}
	p.must(p.sides[onOutlook].ToSeries(p.cals[onOutlook], lone, "RRULE:FREQ=WEEKLY;COUNT=5;BYDAY=WE"))
	p.sync("given a rule")
	h, err := p.engine.History(context.Background(), control.HistoryQuery{})
	p.must(err)
	for _, e := range h {
		if strings.Contains(e.Why, "cannot repeat by itself") {
			return
		}
	}
	t.Error("history says nothing of it")
}

// seedsOr is how many seeds a random test runs: the usual few, or TWINDAY_SEEDS.
func seedsOr(t *testing.T, usual int) int {
	t.Helper()
	s := os.Getenv("TWINDAY_SEEDS")
	if s == "" {
		return usual
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("TWINDAY_SEEDS: %v", err)
	}
	return n
}

// People do anything to a series on both sides, in any order, with a pass after
// every one to three acts. TWINDAY_SEEDS runs more seeds than the usual few.
func TestRandomEditsOfSeries(t *testing.T) {
	sides := []string{onGoogle, onOutlook}
	for seed := range seedsOr(t, 40) {
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(uint64(seed), 1))
			p := newPair(t, mailbox.Switches{})
			home := sides[random.IntN(2)]
			p.series(home)
			story := "born on " + home
			for range 3 {
				for range 1 + random.IntN(3) {
					side, a := sides[random.IntN(2)], acts[random.IntN(len(acts))]
					if p.do(side, a) {
						story += fmt.Sprintf("; %s on %s", a.name, side)
					}
				}
				story += "; pass"
				p.sync(story)
			}
		})
	}
}
