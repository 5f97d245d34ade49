package graphsim

import (
	"fmt"
	"maps"
	"slices"
	"testing"
)

func TestDeltaRoundsFollowSeries(t *testing.T) {
	for _, tc := range []struct {
		name string
		do   func(l *lab, master string, ids []string)
		want string
	}{
		{"nothing", func(*lab, string, []string) {}, ""},
		{"master renamed", func(l *lab, master string, _ []string) { l.must(200, "PATCH", "/me/events/"+master, `{"subject":"x"}`) }, "1 exception 3 occurrence 1 seriesMaster"},
		{"one deleted has no tombstone", func(l *lab, _ string, ids []string) { l.must(204, "DELETE", "/me/events/"+ids[3], "") }, "1 exception 2 occurrence 1 seriesMaster"},
		{"one edited", func(l *lab, _ string, ids []string) { l.must(200, "PATCH", "/me/events/"+ids[3], `{"subject":"x"}`) }, "2 exception 2 occurrence 1 seriesMaster"},
		{"one dragged out of the window", func(l *lab, _ string, ids []string) {
			l.must(200, "PATCH", "/me/events/"+ids[4], `{`+at("04-03T10:00:00", "04-03T11:00:00")+`}`)
		}, "1 exception 2 occurrence 1 removed 1 seriesMaster"},
		{"time changed", func(l *lab, master string, _ []string) {
			l.must(200, "PATCH", "/me/events/"+master, `{"end":{"dateTime":"2026-03-02T12:00:00","timeZone":"Europe/Berlin"}}`)
		}, "5 occurrence 1 seriesMaster"},
		{"whole series deleted", func(l *lab, master string, _ []string) { l.must(204, "DELETE", "/me/events/"+master, "") }, "5 removed"},
		{"to a single event", func(l *lab, master string, _ []string) {
			l.must(200, "PATCH", "/me/events/"+master, `{"recurrence":null}`)
		}, "4 removed 1 singleInstance"},
		{"out of the window", func(l *lab, master string, _ []string) {
			l.must(200, "PATCH", "/me/events/"+master, `{`+`"start":{"dateTime":"2027-03-01T10:00:00","timeZone":"Europe/Berlin"},"end":{"dateTime":"2027-03-01T11:00:00","timeZone":"Europe/Berlin"},`+
				recurrence(weekly, numbered(5)+`,"startDate":"2027-03-01"`)+`}`)
		}, "1 removed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l, master, ids := week(t)
			first, link := l.round(deltaPath)
			if got := types(first); got != "1 exception 3 occurrence 1 seriesMaster" {
				t.Fatalf("first round %s", got)
			}
			tc.do(l, master, ids)
			items, next := l.round(link)
			if got := types(items); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
			if again, _ := l.round(next); len(again) != 0 {
				t.Errorf("and again %s", types(again))
			}
			if replayed, _ := l.round(link); types(replayed) != tc.want {
				t.Errorf("the old link again: %s", types(replayed))
			}
			l.noUnknown()
		})
	}
}

func TestDeltaItemsOfASeries(t *testing.T) {
	l := newLab(t)
	id, _ := l.add(`{"subject":"Old","start":{"dateTime":"1999-01-04T10:00:00","timeZone":"Europe/Berlin"},"end":{"dateTime":"1999-01-04T11:00:00","timeZone":"Europe/Berlin"},` +
		recurrence(weekly, noEnd+`,"startDate":"1999-01-04"`) + `}`)
	edited := l.instancesOf(id, march)[1]["id"].(string)
	l.must(200, "PATCH", "/me/events/"+edited, `{"subject":"Edited"}`)
	items, link := l.round(deltaPath)
	seen := map[string]bool{}
	for _, it := range items {
		seen[it["type"].(string)] = true
		keys := slices.Sorted(maps.Keys(it))
		switch it["type"] {
		case "occurrence":
			if want := []string{"@odata.etag", "@odata.type", "end", "id", "seriesMasterId", "start", "type"}; !slices.Equal(keys, want) || it["seriesMasterId"] != id {
				t.Errorf("a stub has %v", keys)
			}
		case "exception":
			if it["subject"] != "Edited" || it["seriesMasterId"] != id || it["body"] == nil {
				t.Errorf("an exception is shown in full: %v", it)
			}
		case "seriesMaster":
			if it["recurrence"] == nil || it["start"].(map[string]any)["dateTime"] != "1999-01-04T09:00:00.0000000" {
				t.Errorf("a master is shown in full, outside the window: %v", it)
			}
		}
		for _, m := range misfits("event", numbers(t, it), "event") {
			t.Error(m)
		}
	}
	if len(seen) != 3 {
		t.Errorf("kinds %v", seen)
	}
	old := map[any]any{}
	for _, it := range items {
		old[it["id"]] = it["@odata.etag"]
	}
	l.must(200, "PATCH", "/me/events/"+edited, `{"subject":"Again"}`)
	items, _ = l.round(link)
	for _, it := range items {
		if old[it["id"]] == it["@odata.etag"] {
			t.Errorf("%v kept its etag", it["type"])
		}
	}
	stub := l.must(200, "GET", deltaPath, "", `Prefer: IdType="ImmutableId"`).items()[1]
	if a := l.must(200, "GET", "/me/events/"+stub["id"].(string), "", `Prefer: IdType="ImmutableId"`); a.text("id") != stub["id"] {
		t.Error("an immutable id of a stub is not found")
	}
}

func TestASeriesEntersTheWindowAndASingleBecomesOne(t *testing.T) {
	l := newLab(t)
	single, _ := l.add(meeting(4))
	_, link := l.round(deltaPath)
	l.must(200, "PATCH", "/me/events/"+single, `{`+recurrence(daily, numbered(3)+`,"startDate":"2026-03-04"`)+`}`)
	l.add(recurring(10, weekly, numbered(2)))
	items, _ := l.round(link)
	if got := types(items); got != "5 occurrence 2 seriesMaster" {
		t.Error(got)
	}
}

func TestPagesOfASeriesInDelta(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Options)
		split  bool
		dup    int
	}{
		"split over pages":   {func(*Options) {}, true, 0},
		"kept on one page":   {func(o *Options) { o.Switches.SeriesOnOnePage = true }, false, 0},
		"reversed":           {func(o *Options) { o.Quirks.ReversedPages = true }, true, 0},
		"repeated":           {func(o *Options) { o.Quirks.RepeatItems = true }, true, 1},
		"with empty pages":   {func(o *Options) { o.Quirks.EmptyPages = true }, true, 0},
		"master's tombstone": {func(o *Options) { o.Quirks.MasterTombstoneOnly = true }, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, tc.change)
			l.add(meeting(1))
			master, _ := l.add(recurring(2, daily, numbered(12)))
			l.add(meeting(30))
			pages, all := 0, []string{}
			split, masterFirst := false, true
			path := deltaPath
			for path != "" {
				a := l.must(200, "GET", path, "", "Prefer: odata.maxpagesize=5")
				members := 0
				for _, it := range a.items() {
					id := fmt.Sprint(it["id"])
					if it["seriesMasterId"] == master || id == master {
						members++
					}
					if it["seriesMasterId"] == master && !slices.Contains(all, master) {
						masterFirst = false
					}
					all = append(all, id)
				}
				split = split || members > 0 && members < 13
				pages++
				if path = a.text("@odata.nextLink"); path == "" {
					path = a.text("@odata.deltaLink")
					break
				}
			}
			if split != tc.split || masterFirst == (name == "reversed") {
				t.Errorf("split %v, master first %v", split, masterFirst)
			}
			repeats := len(all)
			slices.Sort(all)
			if all = slices.Compact(all); len(all) != 15 || (repeats > 15) != (tc.dup > 0) {
				t.Errorf("%d items, %d with repeats, %d pages", len(all), repeats, pages)
			}
			l.must(204, "DELETE", "/me/events/"+master, "")
			want := "13 removed"
			if name == "master's tombstone" {
				want = "1 removed"
			}
			items, _ := l.round(path)
			if got := types(items); got != want && tc.dup == 0 {
				t.Errorf("deleted: %s, want %s", got, want)
			}
		})
	}
}

func TestASeriesThatChangesBetweenItsPages(t *testing.T) {
	l := newLab(t)
	master, _ := l.add(recurring(2, daily, numbered(8)))
	a := l.must(200, "GET", deltaPath, "", "Prefer: odata.maxpagesize=3")
	l.must(200, "PATCH", "/me/events/"+master, `{"subject":"x"}`)
	rest, link := l.round(a.text("@odata.nextLink"), "Prefer: odata.maxpagesize=3")
	next, _ := l.round(link)
	if len(rest) != 0 || types(next) != "8 occurrence 1 seriesMaster" {
		t.Errorf("rest %s, next round %s", types(rest), types(next))
	}
}
