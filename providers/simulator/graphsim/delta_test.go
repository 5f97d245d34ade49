package graphsim

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
)

const deltaPath = "/me/calendar/calendarView/delta?" + march

func TestDeltaRoundsFollowSingles(t *testing.T) {
	l := newLab(t)
	stays, _ := l.add(meeting(5))
	leaves, _ := l.add(meeting(6))
	dies, _ := l.add(meeting(7))
	outside, _ := l.add(`{"subject":"In May","start":{"dateTime":"2026-05-01T10:00:00","timeZone":"UTC"},"end":{"dateTime":"2026-05-01T11:00:00","timeZone":"UTC"}}`)
	items, link := l.round(deltaPath)
	if got := said(items); !slices.Equal(got, []string{"Meeting 5", "Meeting 6", "Meeting 7"}) {
		t.Fatalf("first round %v", got)
	}
	for _, want := range []string{"@odata.etag", "@odata.type", "iCalUId", "body", "start", "type"} {
		if items[0][want] == nil {
			t.Errorf("a single event in delta lacks %s", want)
		}
	}
	again, link2 := l.round(link)
	if len(again) != 0 || link2 == link {
		t.Errorf("nothing changed, yet %v; the link must change: %v", said(again), link2 != link)
	}
	for _, tc := range []struct {
		name string
		do   func()
		id   string
		want string
	}{
		{"edited", func() { l.must(200, "PATCH", "/me/events/"+stays, `{"subject":"New"}`) }, stays, "New"},
		{"left the window", func() { l.must(200, "PATCH", "/me/events/"+leaves, span("2026-04-06T10:00:00", "2026-04-06T11:00:00")) }, leaves, "removed"},
		{"deleted", func() { l.must(204, "DELETE", "/me/events/"+dies, "") }, dies, "removed"},
		{"never in it", func() { l.must(200, "PATCH", "/me/events/"+outside, `{"subject":"Still May"}`) }, outside, "removed"},
		{"came into the window", func() {
			l.must(200, "PATCH", "/me/events/"+outside, span("2026-03-30T10:00:00", "2026-03-30T11:00:00"))
		}, outside, "Still May"},
		{"by another client", func() {
			if err := l.mb.EditEvent("primary", stays, func(e *mailbox.Event) { e.Title = "Phone" }); err != nil {
				t.Fatal(err)
			}
		}, stays, "Phone"},
		{"touched only", func() {
			if err := l.mb.TouchOnly("primary", stays); err != nil {
				t.Fatal(err)
			}
		}, stays, "Phone"},
	} {
		_, link := l.round(deltaPath)
		tc.do()
		items, _ := l.round(link)
		if len(items) != 1 || items[0]["id"] != tc.id || tc.want != said(items)[0] {
			t.Errorf("%s: %v", tc.name, items)
			continue
		}
		if r, gone := items[0]["@removed"].(map[string]any); gone && (r["reason"] != "deleted" || items[0]["subject"] != nil) {
			t.Errorf("%s: tombstone %v", tc.name, items[0])
		}
		replayed, _ := l.round(link)
		if !slices.Equal(said(replayed), said(items)) {
			t.Errorf("%s: an old link must give everything since again: %v", tc.name, said(replayed))
		}
	}
	l.noUnknown()
}

func span(from, to string) string {
	return `{"start":{"dateTime":"` + from + `","timeZone":"UTC"},"end":{"dateTime":"` + to + `","timeZone":"UTC"}}`
}

func TestDeltaWindowIsFixedByTheFirstRequest(t *testing.T) {
	l := newLab(t)
	_, link := l.round(deltaPath)
	l.add(`{"subject":"In May","start":{"dateTime":"2026-05-01T10:00:00","timeZone":"UTC"},"end":{"dateTime":"2026-05-01T11:00:00","timeZone":"UTC"}}`)
	items, _ := l.round(link + "&startDateTime=2026-05-01T00:00:00Z&endDateTime=2026-06-01T00:00:00Z")
	if got := said(items); !slices.Equal(got, []string{"removed"}) {
		t.Errorf("a later window changed the answer: %v", got)
	}
}

func TestDeltaPaging(t *testing.T) {
	for name, quirk := range map[string]func(*Quirks){
		"plain":          func(*Quirks) {},
		"empty pages":    func(q *Quirks) { q.EmptyPages = true },
		"reversed pages": func(q *Quirks) { q.ReversedPages = true },
		"repeats":        func(q *Quirks) { q.RepeatItems = true },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			var want []string
			for d := range 25 {
				id, _ := l.add(meeting(d + 1))
				want = append(want, id)
			}
			l.SetQuirks(quirk)
			items, link := l.round(deltaPath, "Prefer: odata.maxpagesize=4")
			var got []string
			for _, it := range items {
				got = append(got, it["id"].(string))
			}
			if name == "repeats" && len(got) != 25+6 {
				t.Errorf("%d items, want one repeat for each of 6 further pages", len(got))
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(slices.Compact(got), want) {
				t.Errorf("the pages do not add up")
			}
			if items, _ = l.round(link); len(items) != 0 {
				t.Errorf("nothing changed, yet %v", said(items))
			}
		})
	}
}

func TestDeltaPreferIsNotSticky(t *testing.T) {
	l := newLab(t)
	for d := range 25 {
		l.add(meeting(d + 1))
	}
	a := l.must(200, "GET", deltaPath, "", `Prefer: odata.maxpagesize=3, outlook.timezone="Europe/Berlin"`)
	if n, zone := len(a.items()), a.items()[0]["start"].(map[string]any)["timeZone"]; n != 3 || zone != "Europe/Berlin" {
		t.Errorf("page of %d in %v", n, zone)
	}
	a = l.must(200, "GET", a.text("@odata.nextLink"), "")
	if n, zone := len(a.items()), a.items()[0]["start"].(map[string]any)["timeZone"]; n != 10 || zone != "UTC" {
		t.Errorf("without Prefer: page of %d in %v, want the defaults", n, zone)
	}
}

func TestChangesBetweenPagesComeInTheNextRound(t *testing.T) {
	l := newLab(t)
	first, _ := l.add(meeting(1))
	for d := range 4 {
		l.add(meeting(d + 2))
	}
	a := l.must(200, "GET", deltaPath, "", "Prefer: odata.maxpagesize=2")
	l.must(200, "PATCH", "/me/events/"+first, `{"subject":"Moved on"}`)
	items, link := l.round(a.text("@odata.nextLink"), "Prefer: odata.maxpagesize=2")
	if got := said(items); !slices.Equal(got, []string{"Meeting 3", "Meeting 4", "Meeting 5"}) {
		t.Errorf("rest of the round %v", got)
	}
	items, _ = l.round(link)
	if got := said(items); !slices.Equal(got, []string{"Moved on"}) {
		t.Errorf("next round %v", got)
	}
}

func TestDeadTokens(t *testing.T) {
	for name, tc := range map[string]struct {
		quirk    func(*Quirks)
		status   int
		code     string
		location bool
	}{
		"410":               {func(*Quirks) {}, 410, "SyncStateNotFound", false},
		"410 with Location": {func(q *Quirks) { q.DeadTokenLocation = true }, 410, "SyncStateNotFound", true},
		"400":               {func(q *Quirks) { q.DeadTokenStatus, q.DeadTokenCode = 400, "ResyncRequired" }, 400, "ResyncRequired", false},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			for d := range 12 {
				l.add(meeting(d + 1))
			}
			l.SetQuirks(tc.quirk)
			next := l.must(200, "GET", deltaPath, "").text("@odata.nextLink")
			_, link := l.round(deltaPath)
			if err := l.mb.ExpireCursors("primary"); err != nil {
				t.Fatal(err)
			}
			for _, dead := range []string{link, next} {
				a := l.call("GET", dead, "")
				if a.status != tc.status || a.code() != tc.code || (a.header.Get("Location") != "") != tc.location {
					t.Fatalf("%d %s Location %q", a.status, a.code(), a.header.Get("Location"))
				}
				if tc.location {
					if items, _ := l.round(a.header.Get("Location")); len(items) != 12 {
						t.Errorf("the Location starts over with %d items", len(items))
					}
				}
			}
			items, _ := l.round(deltaPath)
			if len(items) != 12 {
				t.Errorf("a fresh start gives %d items", len(items))
			}
		})
	}
}

func TestDeltaRefusals(t *testing.T) {
	l := newLab(t)
	_, link := l.round(deltaPath)
	for path, want := range map[string]string{
		"/me/calendar/calendarView/delta":                     "ErrorInvalidParameter",
		deltaPath + "&$select=subject":                        "ErrorInvalidUrlQuery",
		deltaPath + "&$top=5":                                 "ErrorInvalidUrlQuery",
		"/me/calendar/calendarView/delta?$deltatoken=junk":    "ErrorInvalidIdMalformed",
		strings.Replace(link, "$deltatoken", "$skiptoken", 1): "ErrorInvalidIdMalformed",
		link[:len(link)-1]:                                    "ErrorInvalidIdMalformed",
		"/me/calendar/events/delta":                           "ErrorInvalidRequest",
	} {
		if a := l.call("GET", path, ""); a.status != 400 || a.code() != want {
			t.Errorf("%s: %d %s, want %s", path, a.status, a.code(), want)
		}
	}
	if u := l.record.Snapshot().Unknown; len(u) != 2 {
		t.Errorf("unsupported parameters must be recorded: %v", u)
	}
}

func TestEventsDeltaOnDemand(t *testing.T) {
	l := newLab(t, func(o *Options) { o.Switches.EventsDelta = true })
	l.add(`{"subject":"Far","start":{"dateTime":"2036-05-01T10:00:00","timeZone":"UTC"},"end":{"dateTime":"2036-05-01T11:00:00","timeZone":"UTC"}}`)
	items, link := l.round("/me/calendar/events/delta")
	if got := said(items); !slices.Equal(got, []string{"Far"}) {
		t.Errorf("%v", got)
	}
	if items, _ = l.round(link); len(items) != 0 {
		t.Errorf("%v", said(items))
	}
}

func TestDeltaUnderTheNamesThatSDKsSend(t *testing.T) {
	l := newLab(t)
	l.add(meeting(3))
	id := l.must(200, "GET", "/me/calendar", "").text("id")
	for _, who := range []string{"/me", "/users/me-token-to-replace", "/users/ada@example.com"} {
		for _, fn := range []string{"delta", "delta()", "delta%28%29", "microsoft.graph.delta", "microsoft.graph.delta()"} {
			for _, view := range []string{"/calendarView/", "/calendar/calendarView/", "/calendars/" + id + "/calendarView/"} {
				items, link := l.round(who + view + fn + "?" + march)
				if len(items) != 1 || !strings.HasPrefix(link, l.url+"/v1.0"+who) {
					t.Errorf("%s%s%s: %v %s", who, view, fn, said(items), link)
				}
			}
		}
	}
	l.noUnknown()
}

func TestDeltaMischief(t *testing.T) {
	t.Run("endless links", func(t *testing.T) {
		l := newLab(t, func(o *Options) { o.Quirks.EndlessLinks = true })
		path := deltaPath
		for range 5 {
			if path = l.must(200, "GET", path, "").text("@odata.nextLink"); path == "" {
				t.Fatal("the links end")
			}
		}
	})
	t.Run("foreign host", func(t *testing.T) {
		l := newLab(t, func(o *Options) { o.Quirks.ForeignHost = "evil.example.com" })
		if link := l.must(200, "GET", deltaPath, "").text("@odata.deltaLink"); !strings.HasPrefix(link, "https://evil.example.com/") {
			t.Error(link)
		}
	})
	t.Run("an unchanged event again", func(t *testing.T) {
		l := newLab(t, func(o *Options) { o.Quirks.ReplayUnchanged = true })
		l.add(meeting(3))
		_, link := l.round(deltaPath)
		if items, _ := l.round(link); !slices.Equal(said(items), []string{"Meeting 3"}) {
			t.Error(said(items))
		}
	})
	t.Run("tombstones in the first round", func(t *testing.T) {
		l := newLab(t, func(o *Options) { o.Quirks.InitialTombstones = true })
		id, _ := l.add(meeting(3))
		l.must(204, "DELETE", "/me/events/"+id, "")
		if items, _ := l.round(deltaPath); !slices.Equal(said(items), []string{"removed"}) {
			t.Error(said(items))
		}
	})
	t.Run("late visibility", func(t *testing.T) {
		l := newLab(t, func(o *Options) { o.Quirks.DeltaLag = 5 * time.Second })
		_, link := l.round(deltaPath)
		id, _ := l.add(meeting(3))
		l.must(200, "GET", "/me/events/"+id, "")
		items, link := l.round(link)
		if len(items) != 0 || len(l.must(200, "GET", "/me/events", "").items()) != 0 {
			t.Error("visible at once")
		}
		l.clock = l.clock.Add(6 * time.Second)
		if items, _ = l.round(link); !slices.Equal(said(items), []string{"Meeting 3"}) {
			t.Error(said(items))
		}
	})
	t.Run("one corrupt event breaks its page", func(t *testing.T) {
		l := newLab(t)
		id, _ := l.add(meeting(3))
		l.SetQuirks(func(q *Quirks) { q.CorruptEvent = id })
		if a := l.call("GET", deltaPath, ""); a.status != 500 || a.code() != "ErrorCorruptData" {
			t.Error(a.status, a.code())
		}
	})
	t.Run("a large page is not ready in time", func(t *testing.T) {
		l := newLab(t)
		l.add(meeting(3))
		l.SetQuirks(func(q *Quirks) { q.SlowPages = 40 })
		if a := l.call("GET", deltaPath, "", "Prefer: odata.maxpagesize=41"); a.status != 504 || a.code() != "UnknownError" {
			t.Error(a.status, a.code())
		}
		if items, _ := l.round(deltaPath, "Prefer: odata.maxpagesize=40"); len(items) != 1 {
			t.Error(items)
		}
	})
	t.Run("a move is a tombstone here and another id there", func(t *testing.T) {
		l := newLab(t)
		other := l.must(201, "POST", "/me/calendars", `{"name":"Other"}`).text("id")
		there := "/me/calendars/" + other + "/calendarView/delta?" + march
		id, _ := l.add(meeting(3))
		_, link := l.round(deltaPath)
		_, otherLink := l.round(there)
		if err := l.MoveEvent("primary", other, id); err != nil {
			t.Fatal(err)
		}
		items, _ := l.round(link)
		moved, _ := l.round(otherLink)
		if !slices.Equal(said(items), []string{"removed"}) || len(moved) != 1 || moved[0]["id"] == id {
			t.Errorf("%v %v", items, moved)
		}
	})
}
