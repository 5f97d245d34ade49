package google

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinday/twinday/providers/calendar"
)

// overItem is the event that the updates of these tests go over.
func overItem(members string) string {
	return `{"id":"abc","etag":"\"1\"","status":"confirmed","summary":"S","start":{"date":"2026-01-02"},"end":{"date":"2026-01-03"}` + members + `}`
}

func TestWhatAnUpdateSendsDependsOnWhatIsThere(t *testing.T) {
	const (
		mine    = `,"organizer":{"email":"me@x","self":true}`
		theirs  = `,"organizer":{"email":"you@x"},"attendees":[{"email":"me@x","self":true}]`
		unsure  = `,"status":"tentative"`
		working = `,"eventType":"workingLocation","transparency":"transparent"`
		props   = `,"extendedProperties":{"private":{"twindayMirror":"m","crm":"hidden"},"shared":{"crm":"4711","a.b":"x","stays":"1"}}`
	)
	availability := calendar.Groups{calendar.GroupAvailability}
	properties := calendar.Groups{calendar.GroupProperties}
	with := func(p map[string]string) calendar.Content { return calendar.Content{Properties: p} }
	cases := []struct {
		name   string
		now    string
		groups calendar.Groups
		want   calendar.Content
		body   string
	}{
		{"busy, confirmed already", mine, availability, calendar.Content{Availability: calendar.Busy}, `{"transparency":"opaque"}`},
		{"tentative", mine, availability, calendar.Content{Availability: calendar.Tentative}, `{"status":"tentative","transparency":"opaque"}`},
		{"tentative already", mine + unsure, availability, calendar.Content{Availability: calendar.Tentative}, `{"transparency":"opaque"}`},
		{"tentative no more", mine + unsure, availability, calendar.Content{Availability: calendar.Busy}, `{"status":"confirmed","transparency":"opaque"}`},
		{"free, tentative no more", mine + unsure, availability, calendar.Content{Availability: calendar.Free}, `{"status":"confirmed","transparency":"transparent"}`},
		{"away is busy", "", availability, calendar.Content{Availability: calendar.Away}, `{"transparency":"opaque"}`},
		{"tentative, of another organizer", theirs, availability, calendar.Content{Availability: calendar.Tentative}, `{"transparency":"opaque"}`},
		{"confirmed, of another organizer", theirs + unsure, availability, calendar.Content{Availability: calendar.Busy}, `{"transparency":"opaque"}`},
		{"of another organizer who lets guests", theirs + `,"guestsCanModify":true`, availability, calendar.Content{Availability: calendar.Tentative},
			`{"status":"tentative","transparency":"opaque"}`},
		{"a working location", mine + working, availability, calendar.Content{Availability: calendar.Elsewhere}, `{}`},
		{"first properties", mine, properties, with(map[string]string{"k": "v"}), `{"extendedProperties":{"shared":{"k":"v"}}}`},
		{"other properties: those not wanted are named, the private ones are not", mine + props, properties, with(map[string]string{"stays": "2"}),
			`{"extendedProperties":{"shared":{"a.b":null,"crm":null,"stays":"2"}}}`},
		{"no properties", mine + props, properties, with(nil), `{"extendedProperties":{"shared":{"a.b":null,"crm":null,"stays":null}}}`},
		{"none still", mine, properties, with(nil), `{}`},
		{"what does not fit is not sent", mine, properties, with(map[string]string{
			"": "x", strings.Repeat("n", 45): "x", strings.Repeat("n", 44): "x", "long": strings.Repeat("v", 1025), "ok": "1"}),
			`{"extendedProperties":{"shared":{"` + strings.Repeat("n", 44) + `":"x","ok":"1"}}}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			now := overItem(c.now)
			if strings.Contains(c.now, unsure) {
				now = strings.Replace(now, `"status":"confirmed",`, "", 1)
			}
			p, s := scripted(t, reply{200, now, nil}, reply{200, stored, nil})
			if _, err := p.Update(t.Context(), "cal", "abc", `"1"`, calendar.Change{Groups: c.groups, Content: c.want}); err != nil {
				t.Fatal(err)
			}
			s.wantLines("GET /calendars/cal/events/abc", "PATCH /calendars/cal/events/abc?sendUpdates=none")
			if a := s.asked[1]; a.body != c.body || a.ifMatch != `"1"` {
				t.Errorf("sent If-Match %s,\n%s\nwant\n%s", a.ifMatch, a.body, c.body)
			}
		})
	}
}

func TestAnUpdateThatWouldReviveOrOverwrite(t *testing.T) {
	for name, c := range map[string]struct {
		now  string
		want calendar.Kind
	}{
		"a cancelled event":   {`{"id":"abc","etag":"\"1\"","status":"cancelled"}`, calendar.Gone},
		"one that is changed": {strings.Replace(overItem(""), `\"1\"`, `\"7\"`, 1), calendar.Conflict},
	} {
		p, s := scripted(t, reply{200, c.now, nil})
		_, err := p.Update(t.Context(), "cal", "abc", `"1"`, calendar.Change{
			Groups: calendar.Groups{calendar.GroupAvailability}, Content: calendar.Content{Availability: calendar.Busy}})
		if calendar.KindOf(err) != c.want {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		s.wantLines("GET /calendars/cal/events/abc")
	}
}

func TestAnOccurrenceCancelledMeanwhileStaysSo(t *testing.T) {
	whole := wholeOf(seriesItem)
	v := versionOf(t, whole)
	p, s := scripted(t, whole[0], whole[1], reply{200, `{"id":"ser_20260120","etag":"\"9\"","status":"cancelled","recurringEventId":"ser"}`, nil})
	slot := calendar.Date(2026, 1, 20)
	_, err := p.Update(t.Context(), "cal", "ser", v, calendar.Change{Slots: []string{"20260120"}, Overrides: map[string]calendar.Override{
		"20260120": {Original: slot, Changed: calendar.Groups{calendar.GroupTitle}, Content: calendar.Content{Title: "Special"}}}})
	if calendar.KindOf(err) != calendar.Conflict {
		t.Errorf("Update: %v", err)
	}
	if body := s.asked[2].body; strings.Contains(body, "status") {
		t.Errorf("sent %s", body)
	}
}

func TestAnOccurrenceThatCameBackLosesItsOldProperties(t *testing.T) {
	whole := wholeOf(seriesItem, goneItem)
	v := versionOf(t, whole)
	back := func(etag, more string) string {
		return `{"id":"ser_20260105","iCalUID":"u","etag":"\"` + etag + `\"","status":"confirmed","summary":"S",` +
			`"recurringEventId":"ser","originalStartTime":{"date":"2026-01-05"},"start":{"date":"2026-01-05"},"end":{"date":"2026-01-06"}` + more + `}`
	}
	forgotten := back("4", `,"extendedProperties":{"shared":{"old":"x"}}`)
	clean := back("5", "")
	after := wholeOf(seriesItem, clean)
	p, s := scripted(t, whole[0], whole[1], reply{200, forgotten, nil}, reply{200, clean, nil}, after[0], after[1])
	e, err := p.Update(t.Context(), "cal", "ser", v, calendar.Change{Slots: []string{"20260105"}})
	if err != nil || len(e.Overrides) != 0 {
		t.Fatalf("Update: %+v, %v", e.Overrides, err)
	}
	if a := s.asked[3]; a.body != `{"extendedProperties":{"shared":{"old":null}}}` || a.ifMatch != `"4"` {
		t.Errorf("sent %+v", a)
	}
}

func TestWhatAResponseSends(t *testing.T) {
	const row = `{"email":"me@x","displayName":"Me","self":true,"responseStatus":"needsAction","comment":"perhaps","additionalGuests":2,"optional":true}`
	invited := overItem(`,"organizer":{"email":"you@x"},"attendees":[{"email":"you@x","organizer":true,"responseStatus":"accepted"},` + row + `]`)
	for r, status := range map[calendar.Response]string{calendar.Accepted: "accepted", calendar.Maybe: "tentative", calendar.Declined: "declined"} {
		p, s := scripted(t, reply{200, invited, nil}, reply{200, stored, nil})
		if err := p.Respond(t.Context(), "cal", "abc", `"1"`, r); err != nil {
			t.Fatal(err)
		}
		s.wantLines("GET /calendars/cal/events/abc", "PATCH /calendars/cal/events/abc?sendUpdates=none")
		want := `{"attendees":[{"additionalGuests":2,"comment":"perhaps","displayName":"Me","email":"me@x","optional":true,"responseStatus":"` + status + `"}],"attendeesOmitted":true}`
		if a := s.asked[1]; a.body != want || a.ifMatch != `"1"` {
			t.Errorf("sent If-Match %s,\n%s\nwant\n%s", a.ifMatch, a.body, want)
		}
	}
	t.Run("the same again", func(t *testing.T) {
		p, s := scripted(t, reply{200, invited, nil})
		if err := p.Respond(t.Context(), "cal", "abc", `"1"`, calendar.NeedsAction); err != nil {
			t.Fatal(err)
		}
		s.wantLines("GET /calendars/cal/events/abc")
	})
	for name, now := range map[string]string{
		"of one's own":          overItem(`,"organizer":{"email":"me@x","self":true},"attendees":[` + row + `]`),
		"without guests":        overItem(""),
		"of other people alone": overItem(`,"organizer":{"email":"you@x"},"attendees":[{"email":"you@x"}]`),
	} {
		p, s := scripted(t, reply{200, now, nil})
		if err := p.Respond(t.Context(), "cal", "abc", `"1"`, calendar.Accepted); calendar.KindOf(err) != calendar.Invalid {
			t.Errorf("an event %s: %v", name, err)
		}
		s.wantLines("GET /calendars/cal/events/abc")
	}
	p, s := scripted(t)
	if err := p.Respond(t.Context(), "cal", "abc", `"1"`, calendar.NoResponse); calendar.KindOf(err) != calendar.Invalid {
		t.Errorf("no answer at all: %v", err)
	}
	if err := p.Respond(t.Context(), "cal", "abc", "", calendar.Accepted); calendar.KindOf(err) != calendar.Conflict {
		t.Errorf("no version: %v", err)
	}
	s.wantLines()
}

func TestLinksAndAnswersOfSingleOccurrences(t *testing.T) {
	const guests = `,"organizer":{"email":"you@x"},"attendees":[{"email":"you@x"},{"email":"me@x","self":true,"responseStatus":"%"}]`
	item := func(day, answer, more string) string {
		return `{"id":"ser_202601` + day + `","iCalUID":"u","etag":"\"` + day + answer + `\"","status":"confirmed","summary":"S","recurringEventId":"ser",` +
			`"originalStartTime":{"date":"2026-01-` + day + `"},"start":{"date":"2026-01-` + day + `"},"end":{"date":"2026-01-` + after(day) + `"}` +
			strings.Replace(guests, "%", answer, 1) + more + `}`
	}
	master := strings.TrimSuffix(seriesItem, "}") + strings.Replace(guests, "%", "accepted", 1) + `,"hangoutLink":"https://meet.example/all"}`
	const link = `,"hangoutLink":"https://meet.example/all"`
	read := func(items ...string) calendar.Event {
		whole := wholeOf(master, items...)
		p, _ := scripted(t, whole...)
		e, err := p.Get(t.Context(), "cal", "ser")
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	e := read(item("05", "accepted", link), item("06", "declined", link), item("07", "tentative", `,"hangoutLink":"https://meet.example/once","attachments":[{"title":"Agenda","fileUrl":"https://files.example/1"}]`))
	if d := cmp.Diff(map[string]calendar.Response{"20260106": calendar.Declined, "20260107": calendar.Maybe}, e.Responses); d != "" || e.MyResponse != calendar.Accepted {
		t.Errorf("answers (-want +got)\n%s", d)
	}
	want := map[string]calendar.Override{"20260107": {Original: calendar.Date(2026, 1, 7), Changed: calendar.Groups{calendar.GroupLinks}, Content: calendar.Content{
		Links: calendar.Links{Conference: "https://meet.example/once", Attachments: []calendar.Attachment{{Name: "Agenda", URL: "https://files.example/1"}}}}}}
	if d := cmp.Diff(want, e.Overrides); d != "" {
		t.Errorf("overrides (-want +got)\n%s", d)
	}
	seen := map[calendar.Version]bool{}
	for _, answer := range []string{"accepted", "declined", "tentative", "needsAction"} {
		seen[read(item("06", answer, link)).Version] = true
	}
	if len(seen) != 4 {
		t.Errorf("four answers to one occurrence have %d versions", len(seen))
	}
	if read().Version != read(item("06", "accepted", link)).Version {
		t.Error("an occurrence that says nothing has a version")
	}
	// An update that is not about the links leaves the occurrence that has its own.
	whole := wholeOf(master, item("07", "accepted", `,"hangoutLink":"https://meet.example/once"`))
	p, s := scripted(t, whole...)
	if _, err := p.Update(t.Context(), "cal", "ser", read(item("07", "accepted", `,"hangoutLink":"https://meet.example/once"`)).Version,
		calendar.Change{Slots: []string{"20260107"}}); err != nil {
		t.Fatal(err)
	}
	for _, a := range s.asked {
		if !strings.HasPrefix(a.line, "GET") {
			t.Errorf("sent %+v", a)
		}
	}
}

// after is the day after one in January.
func after(day string) string {
	return map[string]string{"05": "06", "06": "07", "07": "08"}[day]
}
