package store

import (
	"fmt"
	"time"
)

const (
	dayPrefix = "day " // and the date, in the settings: "CHANGES REQUESTS"
	// daysKept is how long the counts of a day are kept.
	daysKept = 92
)

// CountDay adds to what was done on a day ("2006-01-02"). The first count of a day ends
// those that are too old.
func (t *Tx) CountDay(day string, changes, requests int) error {
	if changes == 0 && requests == 0 {
		return nil
	}
	date, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	c, r, known := t.Day(day)
	if !known {
		b, oldest := t.bucket(bucketSettings), date.AddDate(0, 0, -daysKept).Format(time.DateOnly)
		for _, old := range keys(b, []byte(dayPrefix)) {
			if old < oldest {
				if err := b.Delete([]byte(dayPrefix + old)); err != nil {
					return err
				}
			}
		}
	}
	return t.SetSetting(dayPrefix+day, fmt.Sprint(c+changes, " ", r+requests))
}

// Day is what was counted for a day.
func (t *Tx) Day(day string) (changes, requests int, known bool) {
	s, ok := t.Setting(dayPrefix + day)
	if !ok {
		return 0, 0, false
	}
	n, _ := fmt.Sscan(s, &changes, &requests)
	return changes, requests, n == 2
}
