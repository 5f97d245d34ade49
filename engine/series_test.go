package engine_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/twinday/twinday/engine/control"
	"github.com/twinday/twinday/providers/calendar"
)

// daily makes an event a series of five days.
func daily(e *calendar.Event) {
	e.Content.When.Recurrence.Rules = []string{"RRULE:FREQ=DAILY;COUNT=5"}
}

var secondDay = calendar.Time{Local: "2026-03-12T09:00:00", Zone: "UTC"}

// override is the other client changing an occurrence.
func (f *fake) override(title string, o calendar.Override) {
	f.mu.Lock()
	defer f.mu.Unlock()
	h := f.one(title)
	h.Overrides = maps.Clone(h.Overrides)
	h.override(secondDay.Slot(), o)
	f.touch(h)
}

func retitled(s string) calendar.Override {
	return calendar.Override{Original: secondDay, Changed: calendar.Groups{calendar.GroupTitle}, Content: calendar.Content{Title: s}}
}

func TestSeriesCross(t *testing.T) {
	b := newBench(t)
	b.a.add("Stand-up", daily)
	b.quiet()
	b.b.override("Stand-up", retitled("Retro"))
	b.quiet()
	if got := b.a.one("Stand-up").Overrides[secondDay.Slot()]; !got.Equal(retitled("Retro")) {
		t.Errorf("at home the occurrence is %+v", got)
	}
	b.a.override("Stand-up", calendar.Override{Original: secondDay, Cancelled: true})
	b.quiet()
	if got := b.b.one("Stand-up").Overrides[secondDay.Slot()]; !got.Cancelled {
		t.Errorf("in the copy the occurrence is %+v", got)
	}
	b.restart()
	b.a.override("Stand-up", calendar.Override{})
	b.a.edit("Stand-up", func(c *calendar.Content) { c.Title = "Sit-down" })
	b.quiet()
	if got := b.b.one("Sit-down").Overrides; len(got) != 0 {
		t.Errorf("in the copy the overrides are %+v", got)
	}
	h, err := b.face.History(t.Context(), control.HistoryQuery{})
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, e := range h {
		told = append(told, e.Why)
	}
	if !slices.ContainsFunc(told, func(s string) bool { return strings.HasPrefix(s, "the 2nd occurrence (12 Mar 2026) cancelled in") }) {
		t.Errorf("history says %q", told)
	}
}

func TestSeriesInSingleEvents(t *testing.T) {
	b := newBench(t)
	b.b.noSeries = "on purpose"
	b.a.add("Stand-up", daily)
	b.quiet()
	if got := b.b.titles(); strings.Count(got, "Stand-up") != 5 {
		t.Fatalf("the copy holds %s", got)
	}
	b.a.override("Stand-up", calendar.Override{Original: secondDay, Cancelled: true})
	b.quiet()
	b.a.override("Stand-up", retitled("Retro"))
	b.quiet()
	if got := b.b.titles(); strings.Count(got, "Stand-up") != 4 || !strings.Contains(got, "Retro") {
		t.Fatalf("the copy holds %s", got)
	}
	b.b.remove("Retro")
	b.quiet()
	if got := b.a.one("Stand-up").Overrides[secondDay.Slot()]; !got.Cancelled {
		t.Errorf("at home the occurrence is %+v", got)
	}
	r, err := b.face.RemoveMirror(t.Context(), control.RemoveMirror{ID: b.mirror.ID})
	if err != nil || r.Deleted != 4 || b.b.titles() != "" {
		t.Errorf("removed: %+v, %v, left %q", r, err, b.b.titles())
	}
}

// The write of an override times out; a person changes that very occurrence, another
// field of it, or another one, before it is settled.
func TestUnknownOutcomeOfAnOverride(t *testing.T) {
	for _, landed := range []bool{false, true} {
		for _, typed := range []string{"same", "beside", "other", "nothing"} {
			t.Run(fmt.Sprintf("landed=%v %s", landed, typed), func(t *testing.T) {
				b := newBench(t)
				b.a.add("Stand-up", daily)
				b.quiet()
				b.a.override("Stand-up", retitled("Retro"))
				failed := false
				b.b.fault = func(c string) (before, after error) {
					if c != "update" || failed {
						return nil, nil
					}
					failed = true
					if landed {
						return nil, b.b.err(calendar.Unavailable)
					}
					return b.b.err(calendar.Unavailable), nil
				}
				b.sync()
				third := calendar.Time{Local: "2026-03-13T09:00:00", Zone: "UTC"}
				switch typed {
				case "same":
					b.b.override("Stand-up", retitled("Typed"))
				case "beside": // another field of it
					o := b.b.one("Stand-up").Overrides[secondDay.Slot()]
					o.Original, o.Changed, o.Content = secondDay, o.Changed.With(calendar.GroupPlace), o.Content.Take(calendar.GroupPlace, calendar.Content{Place: "Oslo"})
					b.b.override("Stand-up", o)
				case "other":
					b.b.mu.Lock()
					h := b.b.one("Stand-up")
					h.Overrides = maps.Clone(h.Overrides)
					h.override(third.Slot(), calendar.Override{Original: third, Cancelled: true})
					b.b.touch(h)
					b.b.mu.Unlock()
				}
				b.restart()
				b.quiet()
				want := "Retro"
				if typed == "same" {
					want = "Typed"
				}
				for _, f := range []*fake{b.a, b.b} {
					o := f.one("Stand-up").Overrides
					if got := o[secondDay.Slot()].Content.Place; typed == "beside" && got != "Oslo" {
						t.Errorf("the occurrence's place is %q", got)
					}
					if got := o[secondDay.Slot()].Content.Title; got != want {
						t.Errorf("the occurrence is called %q, want %q", got, want)
					}
					if typed == "other" && !o[third.Slot()].Cancelled {
						t.Error("the other occurrence's cancellation is lost")
					}
				}
			})
		}
	}
}

// The write of an occurrence times out, and a person puts it back to the rule before
// that is settled: so it is then, whether the write had landed or not.
func TestUnknownOutcomeOfAnOverrideThatGoes(t *testing.T) {
	for _, landed := range []bool{false, true} {
		b := newBench(t)
		b.a.add("Stand-up", daily)
		b.a.override("Stand-up", retitled("Demo"))
		b.quiet()
		b.a.override("Stand-up", retitled("Retro"))
		b.b.once("update", landed)
		b.sync()
		b.b.override("Stand-up", calendar.Override{})
		b.restart()
		b.quiet()
		for _, f := range []*fake{b.a, b.b} {
			if got := f.one("Stand-up").Overrides[secondDay.Slot()]; !got.IsZero() {
				t.Errorf("landed %v: the occurrence is %+v", landed, got)
			}
		}
	}
}
