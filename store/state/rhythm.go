package state

import (
	"fmt"
	"time"
)

// Rhythm is when Twinday syncs by itself.
type Rhythm struct {
	// Minutes are between two syncs while nothing changes; 0 stands for UsualMinutes.
	// While changes flow it looks more often in any case.
	Minutes int `json:"minutes,omitempty"`
	// Quiet are hours in which nothing is synced unless it is asked for, and nobody is
	// notified: "22:00-07:00" on this computer's clock. Empty for none.
	Quiet string `json:"quiet,omitempty"`
}

// The minutes between two syncs. More than a day would make a person wait who asks
// nothing of us but that.
const (
	UsualMinutes = 2
	MaxMinutes   = 24 * 60
)

// Tidy gives the rhythm as it is kept. The error says what makes no sense, and what would.
func (r Rhythm) Tidy() (Rhythm, error) {
	if r.Minutes < 0 || r.Minutes > MaxMinutes {
		return r, fmt.Errorf("the minutes between two syncs are 1 to %d, not %d", MaxMinutes, r.Minutes)
	}
	clean, err := hours(r.Quiet)
	if err != nil {
		return r, fmt.Errorf("quiet hours: %w; write them like 22:00-07:00", err)
	}
	r.Quiet = clean
	return r, nil
}

// Interval is the time between two syncs while nothing changes.
func (r Rhythm) Interval() time.Duration {
	if r.Minutes == 0 {
		return UsualMinutes * time.Minute
	}
	return time.Duration(r.Minutes) * time.Minute
}

// QuietUntil is when the quiet hours that now lies in end, on the wall clock of now's
// zone; the zero time if it lies in none.
func (r Rhythm) QuietUntil(now time.Time) time.Time {
	from, to, err := Filter{Hours: r.Quiet}.Clock()
	if err != nil || from == to {
		return time.Time{}
	}
	y, m, d := now.Date()
	// by wall clock, also on the days that are longer or shorter
	at := func(days int, clock time.Duration) time.Time {
		return time.Date(y, m, d+days, int(clock.Hours()), int(clock.Minutes())%60, 0, 0, now.Location())
	}
	for _, began := range []int{-1, 0} {
		begin, end := at(began, from), at(began, to)
		if to < from {
			end = at(began+1, to)
		}
		if !now.Before(begin) && now.Before(end) {
			return end
		}
	}
	return time.Time{}
}
