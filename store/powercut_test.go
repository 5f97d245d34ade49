package store

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"github.com/twinday/twinday/providers/calendar"
	"github.com/twinday/twinday/store/state"
)

// A power cut leaves of the writes since the last sync any part, in any order, and
// of a page any of its sectors. bbolt commits so: (the file grows, sync,) pages,
// sync, header, sync. A page that it writes is none that the state before needs.
// The tests below make the files that such a cut may leave, from what the file was
// before and after each commit of a day of the engine, and open them.

const sector = 512

// commit is what one transaction did to the file.
type commit struct {
	before, after []byte
	pages         []int // that it changed, without the header
	header        int   // the header that it wrote: page 0 or 1
}

// recorded runs f and tells what it did to the file of s.
func recorded(t *testing.T, s *Store, f func() error) commit {
	t.Helper()
	if s.db.NoSync || s.db.NoGrowSync || s.db.NoFreelistSync {
		t.Fatal("the store does not sync, or not all") // what these tests rely on
	}
	c := commit{before: read(t, s.path), header: -1}
	if err := f(); err != nil {
		t.Fatal(err)
	}
	c.after = read(t, s.path)
	size := s.db.Info().PageSize
	for p := range len(c.after) / size {
		now := c.after[p*size : (p+1)*size]
		if (p+1)*size <= len(c.before) && bytes.Equal(now, c.before[p*size:(p+1)*size]) {
			continue
		}
		switch {
		case p > 1:
			c.pages = append(c.pages, p)
		case c.header >= 0:
			t.Fatal("one commit wrote both headers")
		default:
			c.header = p
		}
	}
	if c.header < 0 {
		t.Fatal("a commit wrote no header")
	}
	return c
}

// cut is the file that a power cut leaves at a random moment of the commit, and
// whether its transaction must be in it (+1), must not (-1), or may (0).
func (c commit) cut(r *rand.Rand, size int) (file []byte, kept int, how string) {
	file = bytes.Clone(c.before)
	if len(c.after) > len(file) && r.IntN(4) > 0 { // it has grown
		file = append(file, make([]byte, len(c.after)-len(file))...)
	}
	put := func(from, n int) {
		if from+n > len(file) {
			file = append(file, make([]byte, from+n-len(file))...)
		}
		copy(file[from:from+n], c.after[from:])
	}
	whole := func() {
		for _, p := range c.pages {
			put(p*size, size)
		}
	}
	switch r.IntN(4) {
	default: // some of the pages, and of some a part
		for _, p := range c.pages {
			switch r.IntN(3) {
			case 0:
				put(p*size, size)
			case 1:
				for at := 0; at < size; at += sector {
					if r.IntN(2) == 0 {
						put(p*size+at, sector)
					}
				}
			}
		}
		return file, -1, "among the pages"
	case 2: // all pages, and of the header the first bytes
		whole()
		put(c.header*size, r.IntN(pageHeaderSize+metaSize+1))
		return file, 0, "in the header"
	case 3: // all of it; whether the last sync returned is not for the file to say
		whole()
		put(c.header*size, size)
		return file, +1, "after the header"
	}
}

// content is a digest of all that is in a store, whatever pages it is on.
func content(t *testing.T, s *Store) string {
	t.Helper()
	h := sha256.New()
	var walk func(b *bolt.Bucket, depth int) error
	walk = func(b *bolt.Bucket, depth int) error {
		fmt.Fprintf(h, "%d sequence %d\n", depth, b.Sequence())
		return b.ForEach(func(k, v []byte) error {
			fmt.Fprintf(h, "%d %d %x %d %x\n", depth, len(k), k, len(v), v)
			if v == nil {
				return walk(b.Bucket(k), depth+1)
			}
			return nil
		})
	}
	err := s.db.View(func(tx *bolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bolt.Bucket) error {
			fmt.Fprintf(h, "%x\n", name)
			return walk(b, 0)
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(h.Sum(nil))
}

// day is the transactions of an engine at work: read, decide, intend, record,
// tidy up.
type day struct {
	r      *rand.Rand
	events []string // linked ones
	n      int
}

func (d *day) next(tx *Tx) error {
	d.n++
	tx.NextPass()
	switch d.n % 5 {
	case 1: // a read
		for range 1 + d.r.IntN(5) {
			id := fmt.Sprintf("r%d-%d", d.n, d.r.IntN(1000))
			if len(d.events) > 0 && d.r.IntN(2) == 0 {
				id = d.events[d.r.IntN(len(d.events))]
			}
			rep := replica(id, "Meeting "+id)
			rep.Event.Content.Notes.HTML = strings.Repeat("n", d.r.IntN(3000))
			rep.Deleted = d.r.IntN(10) == 0
			if err := errors.Join(tx.PutReplica(work, rep), tx.MarkDirty(work, calendar.RemoteID(id))); err != nil {
				return err
			}
		}
		return tx.SetCursor(work, calendar.Cursor(fmt.Sprint(d.n)))
	case 2: // a plan
		for _, x := range tx.DirtyEvents() {
			if _, linked, err := tx.EntityOf(x.Ref, x.ID); err != nil || linked {
				return errors.Join(err, tx.ClearDirty(x.Ref, x.ID))
			}
			e := full(tx.NextEntityID())
			e.Records = map[state.Ref]state.Record{work: {Parts: []state.Part{{ID: x.ID, Version: "1", Read: e.Base}}}, home: {Parts: []state.Part{{}}}}
			if err := errors.Join(tx.PutEntity(e), tx.SetPending(e.ID), tx.ClearDirty(x.Ref, x.ID)); err != nil {
				return err
			}
		}
	case 3: // intents
		for _, id := range tx.PendingEntities() {
			err := tx.PutIntent(state.Intent{ID: tx.NextIntentID(), Step: state.Step{Kind: state.Create, Entity: id, Ref: home}, Began: noon})
			if err != nil {
				return err
			}
		}
	case 4: // results
		open, err := tx.Intents()
		if err != nil {
			return err
		}
		for _, in := range open {
			e, _, err := tx.Entity(in.Step.Entity)
			if err != nil {
				return err
			}
			id := "copy-" + string(e.ID)
			e.Records[home].Parts[0].ID = calendar.RemoteID(id)
			err = errors.Join(tx.PutReplica(home, replica(id, "Copy")), tx.PutEntity(e), tx.ClearPending(e.ID), tx.DeleteIntent(in.ID),
				tx.AppendHistory(&state.HistoryEntry{Time: noon, Entity: e.ID, Before: e.Base, After: e.Base}))
			if err != nil {
				return err
			}
			d.events = append(d.events, string(e.Records[work].Parts[0].ID))
		}
	default: // upkeep
		for len(d.events) > 20 {
			id, _, err := tx.EntityOf(work, calendar.RemoteID(d.events[0]))
			if err := errors.Join(err, tx.DeleteEntity(id), tx.DeleteReplica(work, calendar.RemoteID(d.events[0]))); err != nil {
				return err
			}
			d.events = d.events[1:]
		}
		beyond, err := tx.HistoryBeyond(Retention{Entries: 12})
		if err != nil {
			return err
		}
		_, err = tx.DropHistory(beyond, 5)
		return err
	}
	return nil
}

func TestAfterAPowerCutTheStoreIsAsOfOneTransaction(t *testing.T) {
	const commits, cuts = 50, 8
	r := rand.New(rand.NewPCG(20260315, 8))
	s := tempStore(t)
	size := s.db.Info().PageSize
	path := filepath.Join(t.TempDir(), "cut.db")
	d := &day{r: r}
	made, other := 0, 0
	for range commits {
		before := content(t, s)
		c := recorded(t, s, func() error { return s.Update(d.next) })
		after := content(t, s)
		for range cuts {
			file, kept, how := c.cut(r, size)
			made++
			got := outcome(t, path, file)
			switch {
			case got != before && got != after:
				t.Fatalf("commit %d, cut %s: %x is neither the transaction nor the one before", d.n, how, got)
			case kept < 0 && got != before || kept > 0 && got != after:
				t.Fatalf("commit %d, cut %s: the wrong one of the two transactions", d.n, how)
			case how == "in the header" && got == before:
				other++
			}
		}
	}
	t.Logf("%d power cuts over %d commits, the other header taken %d times, file %d KB", made, commits, other, len(read(t, s.path))>>10)
	if made < 400 || other < 20 {
		t.Error("too few of them")
	}
}

// outcome opens the file that is left, and gives its content; an error's words if
// it cannot be opened or is not sound.
func outcome(t *testing.T, path string, file []byte) string {
	t.Helper()
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path, Options{})
	if err != nil {
		return err.Error()
	}
	defer s.Close()
	if err := s.Check(); err != nil {
		return err.Error()
	}
	return content(t, s)
}

// TestThePowerCutTestBites leaves what a database would that writes its header
// before its pages are on the disk: that must not pass.
func TestThePowerCutTestBites(t *testing.T) {
	s := tempStore(t)
	size := s.db.Info().PageSize
	path := filepath.Join(t.TempDir(), "cut.db")
	d := &day{r: rand.New(rand.NewPCG(1, 2))}
	bitten, all := 0, 0
	for range 20 {
		before := content(t, s)
		c := recorded(t, s, func() error { return s.Update(d.next) })
		after := content(t, s)
		for _, lost := range c.pages {
			file := bytes.Clone(c.after)
			clear(file[lost*size : (lost+1)*size])
			all++
			if got := outcome(t, path, file); got != before && got != after {
				bitten++
			}
		}
	}
	if t.Logf("%d of %d lost pages were noticed", bitten, all); bitten < all*2/3 { // some pages hold nothing that is missed
		t.Errorf("only %d of %d lost pages were noticed", bitten, all)
	}
}

// crashes runs f with a store whose every touch of the disk is a moment at which
// the power may go: check is called with a folder as each of them would leave it.
// A file that was not brought to the disk yet is there as whole, cut off and empty.
func crashes(t *testing.T, s *Store, f func(), check func(at Point, folder string)) (points []Point) {
	t.Helper()
	synced := map[string]bool{s.path: true}
	n := 0
	s.opt.At = func(p Point) error {
		points = append(points, p)
		if p.Do == ToCheck {
			synced[p.Path] = true
		}
		for _, part := range []int{2, 1, 0} {
			n++
			folder := filepath.Join(t.TempDir(), fmt.Sprint(n))
			err := os.CopyFS(folder, os.DirFS(filepath.Dir(s.path)))
			if err != nil {
				t.Error(err)
			}
			files, _ := filepath.Glob(filepath.Join(folder, "*"))
			below, _ := filepath.Glob(filepath.Join(folder, "*", "*"))
			for _, name := range slices.Concat(files, below) {
				rel, _ := filepath.Rel(folder, name)
				info, err := os.Stat(name)
				if err != nil || info.IsDir() || synced[filepath.Join(filepath.Dir(s.path), rel)] || !strings.Contains(name, ".new-") {
					continue
				}
				if err := os.Truncate(name, info.Size()*int64(part)/2); err != nil {
					t.Error(err)
				}
			}
			check(p, folder)
		}
		return nil
	}
	defer func() { s.opt.At = nil }()
	f()
	return points
}
