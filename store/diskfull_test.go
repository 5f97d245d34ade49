package store

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/twinday/twinday/store/state"
)

// large is an update for which the file has to grow.
func large(tx *Tx) error {
	r := replica("large", "Lunch")
	r.Event.Content.Notes.HTML = strings.Repeat("n", 1<<20)
	return tx.PutReplica(work, r)
}

// isFull: what was tried is not there, and the store goes on with what fits.
func isFull(t *testing.T, s *Store, err error) {
	t.Helper()
	var full *SaveError
	if !errors.As(err, &full) || full.Why != DiskFull || !strings.Contains(err.Error(), "Free some space") || !strings.Contains(err.Error(), s.path) {
		t.Errorf("%T: %v", err, err)
	}
	view(t, s, func(tx *Tx) error {
		if _, ok, err := tx.Replica(work, "large"); ok || err != nil {
			t.Errorf("half of it is there: %v, %v", ok, err)
		}
		return nil
	})
	if err := s.Check(); err != nil {
		t.Error(err)
	}
	putTheme(t, s, "light") // that much fits
}

func TestAFullDiskKeepsWhatWasThereAndGoesOnWhenThereIsRoom(t *testing.T) {
	s := tempStore(t)
	putTheme(t, s, "dark")
	putTheme(t, s, "dark")
	s.db.MaxSize = 1 // it may not grow any more
	isFull(t, s, s.Update(large))
	s.db.MaxSize = 0
	update(t, s, large)
}

func TestWhatRefusalsMean(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want Refusal
	}{
		{syscall.ENOSPC, DiskFull},
		{errors.New("file resize error: truncate /x: " + syscall.EFBIG.Error()), DiskFull}, // as bbolt hands it on
		{syscall.EROFS, DiskReadOnly},
		{accessError("/x", syscall.EACCES), DiskReadOnly},
		{syscall.EIO, DiskFails},
	} {
		if got := refusal(tt.err); got != tt.want {
			t.Errorf("%v is %q, want %q", tt.err, got, tt.want)
		}
	}
}

func TestAFolderThatCanOnlyBeReadIsReadAndWrittenAgainWhenItCan(t *testing.T) {
	first := tempStore(t)
	putTheme(t, first, "dark")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	readOnly := true
	opt := Options{Fallback: true, At: func(p Point) error {
		if p.Do == ToOpen && readOnly {
			return syscall.EROFS
		}
		return nil
	}}
	if _, err := Open(first.path, Options{At: opt.At}); !errors.Is(err, syscall.EROFS) {
		t.Errorf("without Fallback: %v", err)
	}
	s, err := Open(first.path, opt)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if theme(t, s) != "dark" {
		t.Error("it cannot be read")
	}
	set := func(tx *Tx) error { return tx.SetSetting("theme", "light") }
	var refused *SaveError
	if err := s.Update(set); !errors.As(err, &refused) || refused.Why != DiskReadOnly || !strings.Contains(err.Error(), "can only be read") {
		t.Errorf("%T: %v", err, err)
	}
	if theme(t, s) != "dark" {
		t.Error("an update that was refused is there")
	}
	readOnly = false
	update(t, s, set)
	if theme(t, s) != "light" {
		t.Error("it was not written when it could be")
	}
	if _, err := Open(s.path, Options{}); !errors.As(err, new(*LockedError)) {
		t.Errorf("it is not locked: %v", err)
	}
}

func TestHistoryIsKeptWithinItsLimits(t *testing.T) {
	s := tempStore(t)
	const n = 100
	size := 0
	update(t, s, func(tx *Tx) error {
		for i := range n {
			e := state.HistoryEntry{Time: noon.AddDate(0, 0, i), Why: strings.Repeat("w", 500)}
			if err := tx.AppendHistory(&e); err != nil {
				return err
			}
		}
		size = len(tx.bucket(bucketHistory).Get(seqKey(n)))
		return nil
	})
	for name, tt := range map[string]struct {
		r    Retention
		want uint64
	}{
		"no limit":      {Retention{}, 0},
		"age":           {Retention{Since: noon.AddDate(0, 0, 30)}, 30},
		"number":        {Retention{Entries: 40}, 60},
		"size":          {Retention{Bytes: int64(50*(size+8) + 100)}, 50},
		"the narrowest": {Retention{Since: noon.AddDate(0, 0, 30), Entries: 80, Bytes: 1 << 30}, 30},
		"all too old":   {Retention{Since: noon.AddDate(1, 0, 0)}, n},
		"all within":    {Retention{Since: noon, Entries: n, Bytes: 1 << 30}, 0},
	} {
		view(t, s, func(tx *Tx) error {
			if got, err := tx.HistoryBeyond(tt.r); got != tt.want || err != nil {
				t.Errorf("%s: %d is the newest beyond it (%v), want %d", name, got, err, tt.want)
			}
			return nil
		})
	}
	for _, want := range []int{25, 5, 0} { // in batches
		update(t, s, func(tx *Tx) error {
			if n, err := tx.DropHistory(30, 25); n != want || err != nil {
				t.Errorf("dropped %d (%v), want %d", n, err, want)
			}
			return nil
		})
	}
}
