package store

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// model is what a store should hold, in plain maps.
type model struct {
	replicas map[state.Ref]map[calendar.RemoteID]state.Replica
	entities map[state.EntityID]state.Entity
	cursors  map[state.Ref]calendar.Cursor
	dirty    map[DirtyEvent]bool
	pending  map[state.EntityID]bool
	history  []state.HistoryEntry // oldest first
	lastSeq  uint64
}

func newModel() *model {
	m := &model{
		replicas: map[state.Ref]map[calendar.RemoteID]state.Replica{}, entities: map[state.EntityID]state.Entity{},
		cursors: map[state.Ref]calendar.Cursor{}, dirty: map[DirtyEvent]bool{}, pending: map[state.EntityID]bool{},
	}
	for _, ref := range modelRefs {
		m.replicas[ref] = map[calendar.RemoteID]state.Replica{}
	}
	return m
}

// clone is a model that a failing transaction may spoil.
func (m *model) clone() *model {
	c := *m
	c.replicas = map[state.Ref]map[calendar.RemoteID]state.Replica{}
	for ref, of := range m.replicas {
		c.replicas[ref] = maps.Clone(of)
	}
	c.entities, c.cursors = maps.Clone(m.entities), maps.Clone(m.cursors)
	c.dirty, c.pending, c.history = maps.Clone(m.dirty), maps.Clone(m.pending), slices.Clone(m.history)
	return &c
}

func (m *model) owner(ref state.Ref, event calendar.RemoteID) state.EntityID {
	for id, e := range m.entities {
		for _, p := range e.Records[ref].Parts {
			if p.ID == event || p.Before != nil && p.Before.ID == event {
				return id
			}
		}
	}
	return ""
}

func (m *model) linked(ref state.Ref) (n int) {
	for _, e := range m.entities {
		if e.Records[ref].Live() {
			n++
		}
	}
	return n
}

func (m *model) alike(ref state.Ref, is func(calendar.Event) bool) []calendar.RemoteID {
	var out []calendar.RemoteID
	for id, r := range m.replicas[ref] {
		if !r.Deleted && is(r.Event) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// The small worlds that the model draws from: small, so that things collide.
var (
	modelRefs   = []state.Ref{work, home, {Account: "anna@work", Calendar: "primary2"}}
	modelTitles = []string{"", "Lunch", "LUNCH ", "Dinner"}
	modelTimes  = []calendar.Time{calendar.Date(2026, 3, 15), {Local: "2026-03-15T12:00:00", Zone: "UTC"}, {Local: "2026-03-15T13:00:00", Zone: "Europe/Berlin"}}
	drawRef     = rapid.SampledFrom(modelRefs)
	drawRemote  = rapid.Map(rapid.IntRange(0, 7), func(i int) calendar.RemoteID { return calendar.RemoteID(fmt.Sprintf("r/%d", i)) })
	drawEntity  = rapid.Map(rapid.IntRange(0, 5), func(i int) state.EntityID { return state.EntityID(fmt.Sprintf("e%d", i)) })
)

// machine drives a store and its model side by side.
type machine struct {
	path string
	s    *Store
	m    *model
}

func (x *machine) open(t *rapid.T) {
	s, err := Open(x.path, Options{Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	s.db.NoSync = true // no power cuts here, but thousands of commits
	x.s = s
}

// reopen closes the store and opens it again, sometimes.
func (x *machine) reopen(t *rapid.T) {
	if err := x.s.Close(); err != nil {
		t.Fatal(err)
	}
	x.open(t)
}

var errRollback = errors.New("roll it back")

// transact does a few changes in one transaction, which is sometimes given up.
func (x *machine) transact(t *rapid.T) {
	m := x.m.clone()
	giveUp := rapid.IntRange(0, 4).Draw(t, "give up") == 4
	err := x.s.Update(func(tx *Tx) error {
		for range rapid.IntRange(1, 6).Draw(t, "changes") {
			if err := change(t, tx, m); err != nil {
				return err
			}
		}
		if giveUp {
			return errRollback
		}
		return nil
	})
	switch {
	case giveUp && errors.Is(err, errRollback):
	case err != nil:
		t.Fatal(err)
	default:
		x.m = m
	}
}

// change does one random thing to both.
func change(t *rapid.T, tx *Tx, m *model) error {
	ref, event, id := drawRef.Draw(t, "ref"), drawRemote.Draw(t, "event"), drawEntity.Draw(t, "entity")
	switch what := rapid.IntRange(0, 13).Draw(t, "what"); what {
	case 0, 1, 2:
		r := drawReplica(t, event)
		m.replicas[ref][event] = r
		return tx.PutReplica(ref, r)
	case 3:
		delete(m.replicas[ref], event)
		return tx.DeleteReplica(ref, event)
	case 4:
		m.replicas[ref] = map[calendar.RemoteID]state.Replica{}
		maps.DeleteFunc(m.dirty, func(d DirtyEvent, _ bool) bool { return d.Ref == ref })
		return tx.DropReplicas(ref)
	case 5, 6, 7:
		return putEntity(t, tx, m, drawParts(t, id))
	case 8:
		delete(m.entities, id)
		delete(m.pending, id)
		return tx.DeleteEntity(id)
	case 9:
		m.dirty[DirtyEvent{ref, event}] = true
		return tx.MarkDirty(ref, event)
	case 10:
		delete(m.dirty, DirtyEvent{ref, event})
		return tx.ClearDirty(ref, event)
	case 11:
		if _, ok := m.entities[id]; ok {
			m.pending[id] = true
			return tx.SetPending(id)
		}
		delete(m.pending, id)
		return tx.ClearPending(id)
	case 12:
		m.cursors[ref] = calendar.Cursor(event)
		return tx.SetCursor(ref, calendar.Cursor(event))
	default:
		return changeHistory(t, tx, m)
	}
}

func drawReplica(t *rapid.T, event calendar.RemoteID) state.Replica {
	r := state.Replica{Seen: noon, Deleted: rapid.Bool().Draw(t, "deleted"), Event: calendar.Event{ID: event}}
	r.Event.UID = rapid.SampledFrom([]string{"", "u1", "u2"}).Draw(t, "uid")
	r.Event.Content.Title = rapid.SampledFrom(modelTitles).Draw(t, "title")
	r.Event.Content.When.Start = rapid.SampledFrom(modelTimes).Draw(t, "start")
	// Of very different lengths, so that pages split and merge.
	r.Event.Content.Notes.HTML = strings.Repeat("n", rapid.SampledFrom([]int{0, 10, 900, 9000}).Draw(t, "length"))
	return r
}

func drawParts(t *rapid.T, id state.EntityID) state.Entity {
	e := state.Entity{ID: id, Made: noon, Records: map[state.Ref]state.Record{}}
	for range rapid.IntRange(0, 3).Draw(t, "parts") {
		ref := drawRef.Draw(t, "of")
		r := e.Records[ref]
		event := drawRemote.Draw(t, "part")
		if rapid.IntRange(0, 5).Draw(t, "to be made") == 5 {
			event = ""
		}
		p := state.Part{ID: event, Gone: rapid.Bool().Draw(t, "gone")}
		if event == "" && rapid.Bool().Draw(t, "deleted before") {
			p.Before = &state.Part{ID: drawRemote.Draw(t, "before")}
		}
		r.Parts = append(r.Parts, p)
		e.Records[ref] = r
	}
	return e
}

// putEntity expects a TakenError exactly when the model knows another owner; then
// nothing is changed.
func putEntity(t *rapid.T, tx *Tx, m *model, e state.Entity) error {
	err := tx.PutEntity(e)
	for ref, events := range entityLinks(e) {
		for event := range events {
			if by := m.owner(ref, event); by != "" && by != e.ID {
				if taken, ok := errors.AsType[*TakenError](err); !ok || m.owner(taken.Ref, taken.Event) != taken.By {
					t.Fatalf("%q of %s is of %q, and taken all the same: %v", event, ref, by, err)
				}
				return nil
			}
		}
	}
	m.entities[e.ID] = e
	return err
}

func changeHistory(t *rapid.T, tx *Tx, m *model) error {
	if rapid.IntRange(0, 3).Draw(t, "prune") == 0 {
		limit := rapid.IntRange(1, 5).Draw(t, "entries")
		m.history = m.history[max(0, len(m.history)-limit):]
		beyond, err := tx.HistoryBeyond(Retention{Entries: limit})
		if err != nil {
			return err
		}
		_, err = tx.DropHistory(beyond, len(m.history)+limit+100)
		return err
	}
	m.lastSeq++
	e := state.HistoryEntry{Time: noon, Title: rapid.SampledFrom(modelTitles).Draw(t, "title")}
	err := tx.AppendHistory(&e)
	if e.Seq != m.lastSeq {
		t.Fatalf("history entry %d, want %d", e.Seq, m.lastSeq)
	}
	m.history = append(m.history, e)
	return err
}

// compare asks the store everything, and itself.
func (x *machine) compare(t *rapid.T) {
	if err := x.s.Check(); err != nil {
		t.Fatalf("check: %v", err)
	}
	equal := func(what string, got, want any) {
		if d := gocmp.Diff(want, got); d != "" {
			t.Fatalf("%s (-want +got):\n%s", what, d)
		}
	}
	err := x.s.View(func(tx *Tx) error {
		for _, ref := range modelRefs {
			got := map[calendar.RemoteID]state.Replica{}
			if err := tx.EachReplica(ref, func(r state.Replica) error { got[r.Event.ID] = r; return nil }); err != nil {
				return err
			}
			equal("replicas", got, x.m.replicas[ref])
			equal("linked", tx.CountLinked(ref), x.m.linked(ref))
			cursor, ok, _ := tx.Cursor(ref)
			want, wantOK := x.m.cursors[ref]
			equal("cursor", fmt.Sprint(cursor, ok), fmt.Sprint(want, wantOK))
			for i := range 8 {
				event := calendar.RemoteID(fmt.Sprintf("r/%d", i))
				by, _, err := tx.EntityOf(ref, event)
				if err != nil {
					return err
				}
				equal("owner", by, x.m.owner(ref, event))
			}
			for _, uid := range []string{"u1", "u2"} {
				equal("by UID", tx.AlikeByUID(ref, uid), x.m.alike(ref, func(e calendar.Event) bool { return e.UID == uid }))
			}
			equal("by look", tx.AlikeByLook(ref, "lunch", modelTimes[2], calendar.Time{}), x.m.alike(ref, func(e calendar.Event) bool {
				return strings.EqualFold(strings.TrimSpace(e.Content.Title), "lunch") && !e.Content.When.Start.IsDate() // both wall clocks show one moment
			}))
		}
		entities := map[state.EntityID]state.Entity{}
		if err := tx.Entities(func(e state.Entity) error { entities[e.ID] = e; return nil }); err != nil {
			return err
		}
		equal("entities", entities, x.m.entities)
		equal("pending", tx.PendingEntities(), sortedKeys(x.m.pending, cmp.Compare))
		equal("dirty", tx.DirtyEvents(), sortedKeys(x.m.dirty, func(a, b DirtyEvent) int {
			return cmp.Compare(string(dirtyKey(a.Ref, a.ID)), string(dirtyKey(b.Ref, b.ID)))
		}))
		history, err := tx.History(HistoryFilter{})
		slices.Reverse(history)
		equal("history", append([]state.HistoryEntry{}, history...), append([]state.HistoryEntry{}, x.m.history...))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func sortedKeys[K comparable](set map[K]bool, compare func(a, b K) int) []K {
	return slices.SortedFunc(maps.Keys(set), compare)
}

// TestTheStoreIsItsModel does random things to a store and to plain maps, and
// compares the two after each transaction.
// Thirty runs of thirty steps take about a second; -rapid.checks=2000 looks
// harder.
func TestTheStoreIsItsModel(t *testing.T) {
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		_ = checks.Value.Set("30")
		defer checks.Value.Set(checks.DefValue)
	}
	dir := t.TempDir()
	runs := 0
	rapid.Check(t, func(t *rapid.T) {
		runs++
		x := &machine{path: filepath.Join(dir, fmt.Sprint(runs, ".db")), m: newModel()}
		x.open(t)
		defer func() {
			_ = x.s.Close()
			_ = os.Remove(x.path)
		}()
		t.Repeat(map[string]func(*rapid.T){
			"transact": x.transact,
			"again":    x.transact, // more often than reopen
			"reopen":   x.reopen,
			"":         x.compare,
		})
	})
}
