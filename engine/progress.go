package engine

import (
	"context"
	"time"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/store"
	"github.com/twinday/twinday/store/state"
)

const (
	// enoughDone and enoughTime are what a rate is told by: the first few tell little.
	enoughDone, enoughTime = 5, 3 * time.Second
	// maxDays is how many days are counted up at once.
	maxDays = 92
)

// writes begins to tell how far the writing has come; the function ends it.
func (e *Engine) writes(lanes map[state.Ref][]int) (end func()) {
	total := 0
	for _, steps := range lanes {
		total += len(steps)
	}
	if total == 0 {
		return func() {}
	}
	p := &control.Progress{Total: total, Began: e.Now()}
	set := func(p *control.Progress) {
		e.mu.Lock()
		e.writing = p
		e.mu.Unlock()
		e.statusChanged()
	}
	set(p)
	return func() { set(nil) }
}

// written takes note of steps that were done, or given up.
func (e *Engine) written(n int) {
	e.mu.Lock()
	if e.writing != nil { // else it is late: its pass is over
		e.writing.Done += n
	}
	e.mu.Unlock()
	e.statusChanged()
}

// progress is how far the writing has come, nil while there is none.
func (e *Engine) progress() *control.Progress {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.writing == nil {
		return nil
	}
	p := *e.writing
	p.Done = min(p.Done, p.Total)
	if took := e.Now().Sub(p.Began); p.Done >= enoughDone && took >= enoughTime {
		p.Rate = float64(p.Done) / took.Minutes()
		p.Left = time.Duration(float64(took) / float64(p.Done) * float64(p.Total-p.Done)).Round(time.Second)
	}
	return &p
}

// countJobs counts what was done for the day.
func countJobs(tx *store.Tx, jobs []*job) error {
	changes, requests := 0, 0
	for _, j := range jobs {
		if requests += j.calls; j.err == nil && !j.unsent {
			changes++
		}
	}
	if len(jobs) == 0 {
		return nil
	}
	return tx.CountDay(jobs[0].intent.Began.Format(time.DateOnly), changes, requests)
}

// Days tells how much was done on each of the last days, oldest first.
func (e *Engine) Days(_ context.Context, n int) ([]control.DayCount, error) {
	if n < 1 || n > maxDays {
		return nil, usage("%d days; it counts from 1 to %d", n, maxDays)
	}
	out := make([]control.DayCount, n)
	today := e.Now()
	return out, e.Store.View(func(tx *store.Tx) error {
		for i := range out {
			x := &out[i]
			x.Day = today.AddDate(0, 0, i+1-n).Format(time.DateOnly)
			x.Changes, x.Requests, _ = tx.Day(x.Day)
		}
		return nil
	})
}
