package google_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/providers/google"
	"github.com/twinday/twinday/providers/signin"
	"github.com/twinday/twinday/providers/simulator"
	"github.com/twinday/twinday/providers/simulator/mailbox"
)

// desk is a world with a provider and a series on it: weekly, with a cancelled, a
// moved and a retitled occurrence.
type desk struct {
	*world
	p *google.Provider
	e calendar.Event
}

func berlin(t *testing.T, local string) calendar.Time {
	t.Helper()
	c, err := calendar.Clock(local, "Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func hour(t *testing.T, local string, rules ...string) calendar.When {
	t.Helper()
	start := berlin(t, local)
	at, _ := start.Instant()
	loc, _ := calendar.LoadZone(start.Zone)
	return calendar.When{Start: start, End: calendar.At(at.Add(time.Hour), loc), Recurrence: calendar.Recurrence{Rules: rules}}
}

func slots(t *testing.T, w calendar.When, n int) []calendar.Time {
	t.Helper()
	all, err := w.Occurrences()
	if err != nil {
		t.Fatal(err)
	}
	var out []calendar.Time
	for s := range all.All() {
		if out = append(out, s); len(out) == n {
			break
		}
	}
	return out
}

func set(list ...calendar.Override) map[string]calendar.Override {
	out := map[string]calendar.Override{}
	for _, o := range list {
		out[o.Original.Slot()] = o
	}
	return out
}

// mixed are overrides of the first six occurrences of w.
func mixed(t *testing.T, w calendar.When) map[string]calendar.Override {
	t.Helper()
	at := slots(t, w, 6)
	moved := hour(t, at[2].Local[:11]+"17:00:00")
	return set(
		calendar.Override{Original: at[1], Cancelled: true},
		calendar.Override{Original: at[2], Changed: calendar.Groups{calendar.GroupWhen}, Content: calendar.Content{When: moved}},
		calendar.Override{Original: at[3], Changed: calendar.Groups{calendar.GroupTitle}, Content: calendar.Content{Title: "Special"}},
		calendar.Override{Original: at[5], Cancelled: true})
}

func draft(t *testing.T) calendar.Draft {
	w := hour(t, "2026-03-05T10:00:00", "RRULE:FREQ=WEEKLY;BYDAY=TH")
	return calendar.Draft{Key: "00112233445566778899aabbccddeeff", Overrides: mixed(t, w),
		Content: calendar.Content{Title: "Weekly", When: w, Availability: calendar.Busy}}
}

func newDesk(t *testing.T, switches mailbox.GoogleSwitches) *desk {
	t.Helper()
	return deskIn(t, newWorld(t, switches))
}

func deskIn(t *testing.T, w *world) *desk {
	t.Helper()
	d := &desk{world: w, p: w.open(&secret{text: signin.GrantSecret(w.grant())})}
	e, err := d.p.Create(t.Context(), calendar.CalendarID(w.cal), draft(t))
	if err != nil {
		t.Fatal(err)
	}
	d.e = e
	return d
}

func (d *desk) get() calendar.Event {
	d.t.Helper()
	e, err := d.p.Get(d.t.Context(), calendar.CalendarID(d.cal), d.e.ID)
	if err != nil {
		d.t.Fatal(err)
	}
	return e
}

// seen is what the person sees in the calendar in the year.
func (d *desk) seen() []simulator.Occurrence {
	d.t.Helper()
	list, err := d.sim.Agenda(d.cal, now, now.AddDate(1, 0, 0))
	if err != nil {
		d.t.Fatal(err)
	}
	return list
}

func changesOfASeries(t *testing.T) map[string]calendar.Change {
	w := draft(t).Content.When
	had := draft(t).Overrides
	later := hour(t, "2026-03-05T12:30:00", w.Recurrence.Rules...)
	shorter := w
	shorter.Recurrence.Rules = []string{"RRULE:FREQ=WEEKLY;COUNT=4;BYDAY=TH"}
	single := hour(t, "2026-03-05T10:00:00")
	days := calendar.When{Start: calendar.Date(2026, 3, 5), End: calendar.Date(2026, 3, 6), Recurrence: w.Recurrence}
	at := slots(t, w, 8)
	other := set(
		calendar.Override{Original: at[1], Changed: calendar.Groups{calendar.GroupTitle}, Content: calendar.Content{Title: "Not cancelled any more"}},
		calendar.Override{Original: at[3], Cancelled: true},
		calendar.Override{Original: at[6], Changed: calendar.Groups{calendar.GroupWhen}, Content: calendar.Content{When: hour(t, at[6].Local[:11]+"08:00:00")}},
		calendar.Override{Original: at[7], Cancelled: true})
	change := func(groups calendar.Groups, c calendar.Content, want map[string]calendar.Override) calendar.Change {
		return calendar.Change{Groups: groups, Content: c, Overrides: want, Slots: calendar.Slots(had, want)}
	}
	when := calendar.Groups{calendar.GroupWhen}
	kept := maps.Clone(had)
	delete(kept, at[5].Slot())
	return map[string]calendar.Change{
		"other overrides":              change(nil, calendar.Content{}, other),
		"no overrides":                 change(nil, calendar.Content{}, map[string]calendar.Override{}),
		"a title, and other overrides": change(calendar.Groups{calendar.GroupTitle}, calendar.Content{Title: "New"}, other),
		"a time, overrides with it":    change(when, calendar.Content{When: later}, mixed(t, later)),
		"a shorter rule":               change(when, calendar.Content{When: shorter}, kept),
		"dates instead of times":       change(when, calendar.Content{When: days}, set(calendar.Override{Original: calendar.Date(2026, 3, 12), Cancelled: true})),
		"a single event":               change(when, calendar.Content{When: single}, nil),
	}
}

// Whatever request of a change is cut off, before or after Google did it: the
// same change sent again over what is there then brings about what an
// undisturbed one does.
func TestAChangeOfASeriesThatIsCutOff(t *testing.T) {
	cuts := 0
	for name, change := range changesOfASeries(t) {
		t.Run(name, func(t *testing.T) {
			for switchName, c := range map[string]struct {
				switches mailbox.GoogleSwitches
				fault    simulator.Fault
			}{
				"orphans stay":   {mailbox.GoogleSwitches{}, simulator.Fault{DropAfter: true}},
				"orphans vanish": {mailbox.GoogleSwitches{DropOrphans: true, InstanceTouchesMaster: true}, simulator.Fault{DropBefore: true}},
			} {
				fault, switches := c.fault, c.switches
				clean := newDesk(t, switches)
				want, err := clean.p.Update(t.Context(), calendar.CalendarID(clean.cal), clean.e.ID, clean.e.Version, change)
				if err != nil {
					t.Fatal(err)
				}
				seen := clean.seen()
				for nth := 1; ; nth++ {
					d := newDesk(t, switches)
					fault.Match, fault.Nth = "events.*", nth
					before := d.sim.Counters().Faults
					d.sim.AddFault(fault)
					got, err := d.p.Update(t.Context(), calendar.CalendarID(d.cal), d.e.ID, d.e.Version, change)
					hit := d.sim.Counters().Faults > before
					d.sim.ClearFaults()
					if !hit {
						break
					}
					cuts++
					what := fmt.Sprintf("%s, request %d, done: %v", switchName, nth, fault.DropAfter)
					if err != nil {
						if calendar.KindOf(err) != calendar.Unavailable {
							t.Errorf("%s: %v", what, err)
						}
						now := d.get()
						if got, err = d.p.Update(t.Context(), calendar.CalendarID(d.cal), now.ID, now.Version, change); err != nil {
							t.Fatalf("%s: sent again: %v", what, err)
						}
					}
					if diff := calendar.Diff(got.Content, want.Content); len(diff) != 0 {
						t.Errorf("%s: %v differ", what, diff)
					}
					if diff := calendar.Slots(got.Overrides, want.Overrides); len(diff) != 0 {
						t.Errorf("%s: overrides of %v differ\n got %+v\nwant %+v", what, diff, got.Overrides, want.Overrides)
					}
					if now := d.seen(); !slices.EqualFunc(now, seen, sameMeeting) {
						t.Errorf("%s: the person sees\n%v\nwant\n%v", what, now, seen)
					}
					if again := d.get(); again.Version != got.Version {
						t.Errorf("%s: version %s, then %s", what, got.Version, again.Version)
					}
					if len(d.sim.Mailbox().Mails()) != 0 || len(d.sim.Counters().Unknown) != 0 {
						t.Errorf("%s: mails %v, unknown %v", what, d.sim.Mailbox().Mails(), d.sim.Counters().Unknown)
					}
				}
			}
		})
	}
	if t.Logf("%d cuts", cuts); cuts < 50 {
		t.Errorf("only %d cuts were tried", cuts)
	}
}

func sameMeeting(a, b simulator.Occurrence) bool { return simulatorCompare(a, b) == 0 }

func simulatorCompare(a, b simulator.Occurrence) int { return mailbox.CompareOccurrences(a, b) }

// A create that is cut off between its parts gives, under the same key, what is
// there; the rest is a change of it.
func TestACreateOfASeriesThatIsCutOff(t *testing.T) {
	clean := newDesk(t, mailbox.GoogleSwitches{})
	for nth := 1; ; nth++ {
		w := newWorld(t, mailbox.GoogleSwitches{})
		p := w.open(&secret{text: signin.GrantSecret(w.grant())})
		cal := calendar.CalendarID(w.cal)
		before := w.sim.Counters().Faults
		w.sim.AddFault(simulator.Fault{Match: "events.*", Nth: nth, DropAfter: true})
		e, err := p.Create(t.Context(), cal, draft(t))
		hit := w.sim.Counters().Faults > before
		w.sim.ClearFaults()
		if !hit {
			if nth < 4 {
				t.Errorf("only %d requests were cut off", nth-1)
			}
			break
		}
		if err != nil {
			if e, err = p.Create(t.Context(), cal, draft(t)); err != nil {
				t.Fatalf("request %d: create again: %v", nth, err)
			}
		}
		want := draft(t).Overrides
		e, err = p.Update(t.Context(), cal, e.ID, e.Version, calendar.Change{Overrides: want, Slots: calendar.Slots(e.Overrides, want)})
		if err != nil {
			t.Fatalf("request %d: the rest: %v", nth, err)
		}
		if diff := calendar.Slots(e.Overrides, clean.e.Overrides); len(diff) != 0 || e.ID != clean.e.ID {
			t.Errorf("request %d: overrides of %v differ", nth, diff)
		}
		if got := (&desk{world: w, p: p, e: e}).seen(); !slices.EqualFunc(got, clean.seen(), sameMeeting) {
			t.Errorf("request %d: the person sees %v", nth, got)
		}
	}
}

// An occurrence that another client changes between our reading and our writing
// is not written over.
func TestAnOccurrenceChangedWhileASeriesIsWritten(t *testing.T) {
	d := newDesk(t, mailbox.GoogleSwitches{})
	at := slots(t, draft(t).Content.When, 6)
	o := other{d.world}
	first := d.e
	o.RetitleOccurrence(d.e.ID, at[3], "By someone else")
	want := maps.Clone(first.Overrides)
	want[at[3].Slot()] = calendar.Override{Original: at[3], Cancelled: true}
	_, err := d.p.Update(t.Context(), calendar.CalendarID(d.cal), first.ID, first.Version, calendar.Change{Overrides: want, Slots: []string{at[3].Slot()}})
	if calendar.KindOf(err) != calendar.Conflict {
		t.Fatalf("Update: %v", err)
	}
	if got := d.get().Overrides[at[3].Slot()].Content.Title; got != "By someone else" {
		t.Errorf("the occurrence is %q", got)
	}
}

func TestAWrittenSeriesIsWhatThePersonSees(t *testing.T) {
	for name, change := range changesOfASeries(t) {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, mailbox.GoogleSwitches{})
			e, err := d.p.Update(t.Context(), calendar.CalendarID(d.cal), d.e.ID, d.e.Version, change)
			if err != nil {
				t.Fatal(err)
			}
			var want []simulator.Occurrence
			occurrences, err := e.Content.When.Occurrences()
			if err != nil {
				t.Fatal(err)
			}
			for slot := range occurrences.Between(now, now.AddDate(1, 0, 0)) {
				o, ok := e.Overrides[slot.Slot()]
				if o.Cancelled {
					continue
				}
				if !ok {
					o.Original = slot
				}
				c := e.Content.Occurrence(o)
				start, _ := c.When.Start.Instant()
				end, _ := c.When.End.Instant()
				want = append(want, simulator.Occurrence{Start: start, End: end, AllDay: c.When.AllDay(), Title: c.Title})
			}
			slices.SortFunc(want, simulatorCompare)
			if got := d.seen(); !slices.EqualFunc(got, want, sameMeeting) {
				t.Errorf("the person sees\n%v\nthe event says\n%v", got, want)
			}
		})
	}
}

// Lists may be behind what was written. While they are, nothing looks undone.
func TestListsThatAreBehind(t *testing.T) {
	var behind time.Duration
	tick := ticking(now)
	w := newWorldAt(t, mailbox.GoogleSwitches{ListLag: time.Hour}, func() time.Time { return tick().Add(behind) })
	d := deskIn(t, w)
	cal := calendar.CalendarID(w.cal)
	want := draft(t).Overrides
	check := func(what string, e calendar.Event) {
		t.Helper()
		if diff := calendar.Slots(e.Overrides, want); len(diff) != 0 || e.Version != d.e.Version {
			t.Errorf("%s: overrides of %v differ; version %s, made with %s", what, diff, e.Version, d.e.Version)
		}
	}
	check("create", d.e)
	check("get", d.get())
	// The master is listed now, what was written after it is not.
	master := w.sim.Mailbox().Event(w.cal, string(d.e.ID))
	behind = master.Updated.Add(time.Hour).Sub(tick())
	start, err := d.p.Changes(t.Context(), cal, "")
	if err != nil || len(start.Events) != 1 {
		t.Fatalf("%d events, %v", len(start.Events), err)
	}
	check("full read", start.Events[0])
	o := other{w}
	first := slots(t, draft(t).Content.When, 1)[0]
	o.RetitleOccurrence(d.e.ID, first, "First")
	behind += 2 * time.Hour
	ch, err := d.p.Changes(t.Context(), cal, start.Next)
	if err != nil || len(ch.Events) != 1 {
		t.Fatalf("%d events, %v", len(ch.Events), err)
	}
	want = maps.Clone(want)
	want[first.Slot()] = calendar.Override{Original: first, Changed: calendar.Groups{calendar.GroupTitle}, Content: calendar.Content{Title: "First"}}
	d.e = ch.Events[0]
	check("increment", d.e)
	check("get later", d.get())
	// And what others put back is put back.
	o.RetitleOccurrence(d.e.ID, slots(t, draft(t).Content.When, 4)[3], "Weekly")
	delete(want, slots(t, draft(t).Content.When, 4)[3].Slot())
	d.e = d.get()
	check("put back", d.e)
}
