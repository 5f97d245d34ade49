package state_test

import (
	"testing"
	"time"

	"github.com/twinday/twinday/store/state"
)

func TestQuietHours(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := func(month time.Month, day, hour, minute int) time.Time {
		return time.Date(2026, month, day, hour, minute, 0, 0, berlin)
	}
	for _, c := range []struct {
		what, quiet string
		now, want   time.Time
	}{
		{"none", "", at(5, 4, 23, 0), time.Time{}},
		{"before midnight", "22:00-07:30", at(5, 4, 23, 0), at(5, 5, 7, 30)},
		{"after midnight", "22:00-07:30", at(5, 5, 2, 0), at(5, 5, 7, 30)},
		{"they begin on the minute", "22:00-07:30", at(5, 4, 22, 0), at(5, 5, 7, 30)},
		{"and end on it", "22:00-07:30", at(5, 5, 7, 30), time.Time{}},
		{"by day", "12:00-13:00", at(5, 4, 12, 59), at(5, 4, 13, 0)},
		{"outside", "12:00-13:00", at(5, 4, 11, 59), time.Time{}},
		{"the night that is an hour shorter", "22:00-07:00", at(3, 28, 23, 0), at(3, 29, 7, 0)},
		{"until midnight", "18:00-24:00", at(5, 4, 23, 0), at(5, 5, 0, 0)},
	} {
		got := state.Rhythm{Quiet: c.quiet}.QuietUntil(c.now)
		if !got.Equal(c.want) {
			t.Errorf("%s: until %v, want %v", c.what, got, c.want)
		}
	}
}

func TestARhythmThatMakesNoSenseIsRefused(t *testing.T) {
	for _, r := range []state.Rhythm{{Minutes: -1}, {Minutes: state.MaxMinutes + 1}, {Quiet: "at night"}, {Quiet: "25:00-26:00"}} {
		if _, err := r.Tidy(); err == nil {
			t.Errorf("%+v is taken", r)
		}
	}
	got, err := state.Rhythm{Minutes: 5, Quiet: "22:00 – 7:00"}.Tidy()
	if want := (state.Rhythm{Minutes: 5, Quiet: "22:00-07:00"}); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if got := (state.Rhythm{}).Interval(); got != 2*time.Minute {
		t.Errorf("usually every %v", got)
	}
}
