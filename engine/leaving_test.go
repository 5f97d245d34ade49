package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

// What was under way to a mirror, a member or an account that is let go ends with it, with
// a word in the history, and nothing more is sent.
func TestWorkEndsWithWhatItWasFor(t *testing.T) {
	for name, c := range map[string]struct {
		home  bool // a change of a copy is on its way home, else a new event to its copy
		leave func(b *bench) error
		why   string
	}{
		"the mirror": {leave: func(b *bench) error {
			_, err := b.face.RemoveMirror(b.Context(), control.RemoveMirror{ID: b.mirror.ID, KeepCopies: true})
			return err
		}, why: "the mirror “Main – Main” was removed"},
		"the mirror, on the way home": {home: true, leave: func(b *bench) error {
			_, err := b.face.RemoveMirror(b.Context(), control.RemoveMirror{ID: b.mirror.ID, KeepCopies: true})
			return err
		}, why: "the mirror “Main – Main” was removed"},
		"the account": {leave: func(b *bench) error {
			_, err := b.face.RemoveAccount(b.Context(), control.RemoveAccount{ID: refB.Account})
			return err
		}, why: "the account of ann@y.test was removed"},
		"the member": {leave: func(b *bench) error {
			m := b.mirror
			m.Members = []state.Member{{Ref: refA}, {Ref: state.Ref{Account: "ann@z.test", Calendar: calID}}}
			_, err := b.face.ChangeMirror(b.Context(), control.ChangeMirror{Mirror: m})
			return err
		}, why: "its calendar was taken out of the mirror “Main – Main”"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.connector.fakes["ann@z.test"] = newFake(b.now)
			b.signIn("ann@z.test")
			b.a.add("Lunch")
			if c.home {
				b.quiet()
				b.b.edit("Lunch", func(c *calendar.Content) { c.Title = "Brunch" })
				b.a.once("update", false)
			} else {
				b.b.once("create", false)
			}
			b.sync()
			if len(b.underWay()) != 1 {
				t.Fatalf("open: %v", b.underWay())
			}
			if err := c.leave(b); err != nil {
				t.Fatal(err)
			}
			if l := b.underWay(); len(l) > 0 {
				t.Errorf("still open: %v", l)
			}
			l := b.entries(control.HistoryQuery{})
			if !slices.ContainsFunc(l, func(h state.HistoryEntry) bool { return h.Outcome == state.Noted && strings.HasSuffix(h.Why, c.why) }) {
				t.Errorf("history tells %v", l)
			}
			before := b.a.writes() + b.b.writes()
			b.sync()
			if n := b.a.writes() + b.b.writes() - before; n != 0 {
				t.Errorf("%d writes after it was let go", n)
			}
		})
	}
}

// underWay lists the intents that are open.
func (b *bench) underWay() (open []state.Intent) {
	b.Helper()
	if err := b.store.View(func(tx *store.Tx) (err error) { open, err = tx.Intents(); return }); err != nil {
		b.Fatal(err)
	}
	return open
}

// A mirror can be paused, and changed otherwise, while one of its calendars can only be
// read; a calendar that can only be read cannot be made to receive.
func TestPausedWhileAMemberIsReadOnly(t *testing.T) {
	b := newBench(t)
	b.b.readOnly = true
	if _, err := b.face.Calendars(t.Context(), "", true); err != nil {
		t.Fatal(err)
	}
	m := b.mirror
	m.Paused = true
	b.change(m)
	m.Paused = false
	b.change(m)
	m.Members = []state.Member{{Ref: refA}, {Ref: refB, Direction: state.SendOnly}}
	b.change(m)
	m.Members = []state.Member{{Ref: refA}, {Ref: refB}}
	if _, err := b.face.ChangeMirror(t.Context(), control.ChangeMirror{Mirror: m}); err == nil || !strings.Contains(err.Error(), "can only be read") {
		t.Errorf("to receive where nothing can be written: %v", err)
	}
}

// A calendar that is away just when an event of it is to be deleted says nothing of the
// event: it is deleted when the calendar is there again.
func TestTheCalendarVanishesBeforeADeletion(t *testing.T) {
	b := newBench(t)
	b.a.add("Lunch")
	b.quiet()
	b.a.remove("Lunch")
	b.b.meanwhile("delete", func() { b.b.gone = true })
	if r := b.sync(); r.Deleted != 0 || len(r.Problems) == 0 {
		t.Errorf("deleted %d, problems %v", r.Deleted, r.Problems)
	}
	b.b.gone = false
	b.quiet()
	b.alike("")
}

// A calendar that can only be read, and in which it is not known whether a copy was made,
// is still taken into account.
func TestReadOnlyWithAnOpenCreate(t *testing.T) {
	for _, landed := range []bool{false, true} {
		b := newBench(t)
		b.a.add("Lunch")
		b.b.once("create", landed)
		b.sync()
		b.b.readOnly = true
		b.sync()
		b.b.add("Tea", func(ev *calendar.Event) { ev.Content.Place = "Oslo" })
		b.sync()
		if got := b.a.titles(); got != "Lunch, Tea" {
			t.Errorf("home has %q while the other can only be read", got)
		}
		b.b.readOnly = false
		b.quiet()
		b.alike("Lunch, Tea")
	}
}

// A calendar is made one that only sends while the outcome of a write there is not known: it is not
// sent again, what it made is no event of the person's, and nothing waits for it for ever.
func TestSendsOnlyWithAnOpenWrite(t *testing.T) {
	for _, landed := range []bool{false, true} {
		for name, c := range map[string]struct {
			call   string
			home   bool // it was written there
			place  string
			gone   bool
			remain int // intents, until it is written again
		}{
			"a copy is made":    {call: "create", remain: 1},
			"a copy is changed": {call: "update", place: "Oslo"},
			"a home is changed": {call: "update", home: true},
			"a copy is deleted": {call: "delete", gone: true},
			"a home is deleted": {call: "delete", home: true},
		} {
			t.Run(fmt.Sprintf("%s, landed %v", name, landed), func(t *testing.T) {
				b := newBench(t)
				from, to, which := b.a, b.b, 1
				if c.home {
					from, to, which = b.b, b.a, 0
				}
				b.a.add("Lunch")
				if c.call != "create" {
					b.quiet()
				}
				switch c.call {
				case "update":
					from.edit("Lunch", func(c *calendar.Content) { c.Place = "Oslo" })
				case "delete":
					from.remove("Lunch")
				}
				to.fault = func(call string) (before, after error) {
					if call == c.call && landed {
						return nil, to.err(calendar.Unavailable)
					}
					if call == c.call {
						return to.err(calendar.Unavailable), nil
					}
					return nil, nil
				}
				b.sync()
				to.fault = nil
				b.sets(func(m *state.Mirror) { m.Members[which].Direction = state.SendOnly })
				writes := to.writes()
				for range 3 {
					b.later(time.Hour)
					b.sync()
				}
				if n := to.writes() - writes; n != 0 || len(b.underWay()) != c.remain {
					t.Errorf("%d writes where it only sends, %d under way", n, len(b.underWay()))
				}
				to.add("Dentist") // it still sends
				b.quiet()
				if got := from.titles(); !strings.HasPrefix(got, "Dentist") || strings.Count(got, "Lunch") > 1 {
					t.Errorf("the other one holds %s", got)
				}
				b.sets(func(m *state.Mirror) { m.Members[which].Direction = state.TwoWay })
				to.remove("Dentist")
				want := "Lunch"
				if c.gone || c.call == "delete" && landed {
					want = ""
				}
				b.titled(want)
				if want == "" {
					return
				}
				place := c.place
				if c.home && landed && c.call == "update" {
					place = "Oslo"
				}
				if x, y := b.a.one("Lunch").Content.Place, b.b.one("Lunch").Content.Place; x != place || y != place {
					t.Errorf("it is at %q in a, at %q in b", x, y)
				}
			})
		}
	}
}
