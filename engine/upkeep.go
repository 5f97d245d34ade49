package engine

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store"
)

// This file is what the engine does for its store beside the passes: a backup a
// day, old history dropped, free pages given back. And what it says when the disk
// does not take what a pass wants to save.

// How much history is kept, whichever is less. People look for what happened to a
// meeting within weeks, and compare this spring with the last; the size keeps a
// backup a matter of seconds, the number a search through all of it.
const (
	historyFor     = 2 * 365 * 24 * time.Hour
	historyEntries = 200_000
	historyBytes   = 200 << 20
)

const (
	// dropAtOnce is how many entries are dropped in one transaction: a pass that
	// wants to write waits for some milliseconds.
	dropAtOnce = 500
	// compactFrom is how many bytes must be free, and be more than half of the file,
	// for it to be worth a new one. bbolt grows a file by 16 MB at once.
	compactFrom = 16 << 20
	// backupPatience is how long a backup may take. A disk that does not write 200 MB
	// in that time has other troubles.
	backupPatience = 2 * time.Minute
	// upkeepEvery is how often it is seen to, and how soon what failed is tried again.
	upkeepEvery = time.Hour
)

// upkeep is how the store's upkeep stands.
type upkeep struct {
	work sync.WaitGroup

	mu         sync.Mutex // guards what follows
	busy       bool
	next       time.Time // not before
	pruned     string    // the day on which history was last looked at
	lastBackup time.Time
	unsaved    *control.ProblemNote // the disk does not take what passes want to save
	unbacked   *control.ProblemNote // it does not take a backup
}

// keepUp begins the upkeep in the background, when it is due. Passes go on.
func (e *Engine) keepUp() {
	u := &e.upkeep
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.busy || u.unsaved != nil || e.Now().Before(u.next) {
		return
	}
	u.busy, u.next = true, e.Now().Add(upkeepEvery)
	u.work.Go(func() {
		e.maintain(e.ctx)
		u.mu.Lock()
		u.busy = e.ctx.Err() != nil
		u.mu.Unlock()
	})
}

// endUpkeep waits for it. The engine's context has ended.
func (e *Engine) endUpkeep() {
	e.upkeep.mu.Lock()
	e.upkeep.busy = true // none begins from here on
	e.upkeep.mu.Unlock()
	e.upkeep.work.Wait()
}

// maintain does what is due, the backup first: it still has what is dropped then.
func (e *Engine) maintain(ctx context.Context) {
	today := e.Now().UTC().Format(time.DateOnly)
	for _, work := range []struct {
		name string
		do   func(context.Context, string) error
	}{
		{"backup", e.backUp}, {"history", e.dropHistory}, {"compaction", e.compact},
	} {
		switch err := work.do(ctx, today); {
		case err == nil:
		case ctx.Err() != nil:
			return
		case errors.Is(err, store.ErrBusy):
			e.Log.Info("upkeep waits for a quieter moment", "work", work.name)
		default:
			e.Log.Warn("upkeep failed", "work", work.name, "cause", cause(err))
		}
	}
}

// backUp makes a backup unless there is one of today.
func (e *Engine) backUp(ctx context.Context, today string) error {
	have, err := store.Backups(e.Store.Path())
	if err != nil {
		return err
	}
	for _, b := range have {
		if b.Time.Format(time.DateOnly) == today {
			return nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, backupPatience)
	defer cancel()
	b, err := e.Store.Backup(ctx, e.Now())
	if errors.Is(err, store.ErrBusy) || errors.Is(err, context.Canceled) {
		return err
	}
	u := &e.upkeep
	u.mu.Lock()
	if err == nil {
		u.lastBackup, u.unbacked = b.Time, nil
	} else {
		u.unbacked = e.diskNote(u.unbacked, "No backup could be made", "", err)
	}
	u.mu.Unlock()
	e.statusChanged()
	return err
}

// dropHistory drops what is beyond the limits, once a day.
func (e *Engine) dropHistory(ctx context.Context, today string) error {
	u := &e.upkeep
	u.mu.Lock()
	done := u.pruned == today
	u.mu.Unlock()
	if done {
		return nil
	}
	var beyond uint64
	r := store.Retention{Since: e.Now().Add(-historyFor), Entries: historyEntries, Bytes: historyBytes}
	err := e.Store.View(func(tx *store.Tx) (err error) { beyond, err = tx.HistoryBeyond(r); return })
	for n := dropAtOnce; n == dropAtOnce && beyond > 0 && err == nil && ctx.Err() == nil; {
		err = e.Store.Update(func(tx *store.Tx) (err error) { n, err = tx.DropHistory(beyond, dropAtOnce); return })
	}
	if err = errors.Join(err, ctx.Err()); err != nil {
		return err
	}
	u.mu.Lock()
	u.pruned = today
	u.mu.Unlock()
	return nil
}

// compact gives free pages back when they are most of the file.
func (e *Engine) compact(ctx context.Context, _ string) error {
	free, size, err := e.Store.Slack()
	if err != nil || free < compactFrom || free <= size/2 {
		return err
	}
	return e.Store.Compact(ctx, &e.passing)
}

// unsaved takes note of an error that is the disk's, and reports whether it is.
func (e *Engine) unsaved(err error) bool {
	var refused *store.SaveError
	if !errors.As(err, &refused) {
		return false
	}
	u := &e.upkeep
	u.mu.Lock()
	u.unsaved = e.diskNote(u.unsaved, "Nothing is synced now", "Twinday goes on by itself then.", err)
	u.mu.Unlock()
	e.statusChanged()
	return true
}

// saved takes note that a pass was saved.
func (e *Engine) saved() {
	u := &e.upkeep
	u.mu.Lock()
	was := u.unsaved
	u.unsaved = nil
	u.mu.Unlock()
	if was != nil {
		e.Log.Info("the disk takes what is saved again")
		e.statusChanged()
	}
}

// diskNote puts a failure of the disk, and what comes of it, into words.
func (e *Engine) diskNote(last *control.ProblemNote, what, then string, err error) *control.ProblemNote {
	n := &control.ProblemNote{What: what + ": " + cause(err), Detail: err.Error(), WayOut: "Twinday tries again within the hour.", Since: e.Now()}
	var refused *store.SaveError
	if errors.As(err, &refused) {
		n.What, n.WayOut = refused.What()+": "+strings.ToLower(what[:1])+what[1:], refused.WayOut()
		if then != "" {
			n.WayOut += " " + then
		}
	}
	if last != nil {
		n.Since = last.Since
	}
	return n
}

// storeState adds to a status how the store fares: what keeps everything from
// syncing first, what does not last.
func (e *Engine) storeState(s *control.Status) {
	u := &e.upkeep
	u.mu.Lock()
	defer u.mu.Unlock()
	s.LastBackup = u.lastBackup
	if u.unsaved != nil {
		s.Problems = append([]control.ProblemNote{*u.unsaved}, s.Problems...)
	}
	if u.unbacked != nil {
		s.Problems = append(s.Problems, *u.unbacked)
	}
}

// recallBackup takes up which backup the last process made.
func (e *Engine) recallBackup() error {
	have, err := store.Backups(e.Store.Path())
	if err == nil && len(have) > 0 {
		e.upkeep.lastBackup = have[0].Time
	}
	return err
}
