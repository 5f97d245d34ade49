package outlook

import (
	"fmt"
	"strings"
	"testing"

	"github.com/twinday/twinday/providers/calendar"
)

// master is a weekly series of four Tuesdays at ten in Berlin, as Graph gives it.
var master = with(with(with(with(with(singleEvent, `"id":"E1"`, `"id":"M"`), `"type":"singleInstance"`, `"type":"seriesMaster"`),
	`"originalEndTimeZone":"America/New_York"`, `"originalEndTimeZone":"W. Europe Standard Time"`),
	`"start":{"dateTime":"2026-03-15T12:00:00.0000000","timeZone":"UTC"},"end":{"dateTime":"2026-03-15T13:00:00.0000000","timeZone":"UTC"}`,
	`"start":{"dateTime":"2026-03-17T09:00:00.0000000","timeZone":"UTC"},"end":{"dateTime":"2026-03-17T10:00:00.0000000","timeZone":"UTC"}`),
	`"recurrence":null`, `"recurrence":{"pattern":{"type":"weekly","interval":1,"month":0,"dayOfMonth":0,"daysOfWeek":["tuesday"],"firstDayOfWeek":"sunday","index":"first"},
	"range":{"type":"numbered","startDate":"2026-03-17","endDate":"0001-01-01","recurrenceTimeZone":"W. Europe Standard Time","numberOfOccurrences":4}}`)

// Its occurrences; the second is in summer time.
var tuesdays = []string{"2026-03-17T09:00:00", "2026-03-24T09:00:00", "2026-03-31T08:00:00", "2026-04-07T08:00:00"}

func instance(id, start string, more string) string {
	return fmt.Sprintf(`{"@odata.etag":"W/\"%[1]s\"","id":"%[1]s","type":"occurrence","isAllDay":false,"seriesMasterId":"M",
		"start":{"dateTime":"%[2]s.0000000","timeZone":"UTC"},"end":{"dateTime":"%[2]s.0000000","timeZone":"UTC"}%[3]s}`, id, start, more)
}

// exception is an occurrence that was changed, in full.
func exception(id, start, title, originalStart string) string {
	e := with(with(with(singleEvent, `"id":"E1"`, `"id":"`+id+`"`), `"type":"singleInstance"`, `"type":"exception"`), `"seriesMasterId":null`, `"seriesMasterId":"M"`)
	e = with(with(e, `"subject":"Planning"`, `"subject":"`+title+`"`), "2026-03-15T12:00:00", start)
	e = with(e, `"end":{"dateTime":"2026-03-15T13:00:00`, `"end":{"dateTime":"`+strings.Replace(start, ":00:00", ":59:00", 1))
	e = with(e, `"originalEndTimeZone":"America/New_York"`, `"originalEndTimeZone":"W. Europe Standard Time"`)
	if originalStart != "" {
		e = with(e, `"uid"`, `"originalStart":"`+originalStart+`","uid"`)
	}
	return e
}

// graphOf answers for one series: its master, a first listing, and a second one
// that is asked for in full.
func graphOf(master string, slim, full []string) func(request) reply {
	return func(r request) reply {
		switch {
		case strings.HasSuffix(r.Path, "/instances") && strings.Contains(r.Query, "subject"):
			return reply{status: 200, body: `{"value":[` + strings.Join(full, ",") + `]}`}
		case strings.HasSuffix(r.Path, "/instances"):
			return reply{status: 200, body: `{"value":[` + strings.Join(slim, ",") + `]}`}
		case strings.HasSuffix(r.Path, "/events/M"):
			return reply{status: 200, body: master}
		}
		return reply{status: 404, body: graphError("ErrorItemNotFound", "")}
	}
}

func berlinAt(local string) calendar.Time { return calendar.Time{Local: local, Zone: "Europe/Berlin"} }

func TestASeriesIsGathered(t *testing.T) {
	plain := func(i int) string { return instance(fmt.Sprintf("O%d", i), tuesdays[i], "") }
	slim := func(id, start, original string) string {
		s := strings.Replace(instance(id, start, ""), `"type":"occurrence"`, `"type":"exception"`, 1)
		if original != "" {
			s = strings.Replace(s, `"isAllDay"`, `"originalStart":"`+original+`","isAllDay"`, 1)
		}
		return s
	}
	expanded := func(list string) string {
		return with(master, `"uid"`, `"exceptionOccurrences":[`+list+`],"uid"`)
	}
	moved := exception("X", "2026-03-25T14:00:00", "Elsewhere", "")
	second, third := berlinAt("2026-03-24T10:00:00").Slot(), berlinAt("2026-03-31T10:00:00").Slot()
	for _, c := range []struct {
		name       string
		master     string
		slim, full []string
		changed    map[string]string // slot: title, or "cancelled"
		requests   int
	}{
		{"nothing done to it", master, []string{plain(3), plain(1), plain(0), plain(2)}, nil, nil, 2},
		{"one is missing", master, []string{plain(0), plain(2), plain(3)}, nil, map[string]string{second: "cancelled"}, 2},
		{"named, and missing", with(master, `"uid"`, `"cancelledOccurrences":["OID.M.2026-03-24"],"uid"`), []string{plain(0), plain(2), plain(3)}, nil,
			map[string]string{second: "cancelled"}, 2},
		{"named although it is there", with(master, `"uid"`, `"cancelledOccurrences":["OID.M.2026-03-24"],"uid"`), []string{plain(0), plain(1), plain(2), plain(3)}, nil, nil, 2},
		{"an exception with its master", expanded(moved), []string{plain(0), slim("X", "2026-03-25T14:00:00", "2026-03-24T09:00:00Z"), plain(2), plain(3)}, nil,
			map[string]string{second: "Elsewhere"}, 2},
		{"an exception that the master only names", expanded(`{"id":"X"}`), []string{slim("X", "2026-03-25T14:00:00", "2026-03-24T09:00:00Z"), plain(0), plain(2), plain(3)},
			[]string{moved}, map[string]string{second: "Elsewhere"}, 3},
		{"an exception that does not say which it is", master, []string{slim("X", "2026-03-25T14:00:00", ""), plain(0), plain(2), plain(3)},
			[]string{moved}, map[string]string{second: "Elsewhere"}, 3},
		{"a moved one, and its neighbour cancelled", expanded(moved), []string{plain(0), slim("X", "2026-03-25T14:00:00", "2026-03-31T08:00:00Z"), plain(3)}, nil,
			map[string]string{second: "cancelled", third: "Elsewhere"}, 2},
		{"an exception as the rule has it", expanded(with(exception("X", tuesdays[1], "Planning", ""), `:59:00`, `:00:00`)),
			[]string{plain(0), slim("X", tuesdays[1], "2026-03-24T09:00:00Z"), plain(2), plain(3)}, nil, nil, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := c.master
			if c.name == "an exception as the rule has it" { // as long as it
				m = with(m, `"end":{"dateTime":"2026-03-17T10:00:00`, `"end":{"dateTime":"2026-03-17T09:00:00`)
			}
			p, f := openFake(t, graphOf(m, c.slim, c.full))
			e, err := p.Get(t.Context(), "C1", "M")
			if err != nil {
				t.Fatal(err)
			}
			if got := e.Content.When; got.Start != berlinAt("2026-03-17T10:00:00") || len(got.Recurrence.Rules) != 1 || got.Recurrence.Rules[0] != "RRULE:FREQ=WEEKLY;COUNT=4;BYDAY=TU" {
				t.Errorf("repeats as %+v", got)
			}
			if len(e.Overrides) != len(c.changed) || len(f.requests()) != c.requests {
				t.Errorf("%d requests, overrides %+v; want %d, %v", len(f.requests()), e.Overrides, c.requests, c.changed)
			}
			for slot, want := range c.changed {
				o := e.Overrides[slot]
				if o.Cancelled != (want == "cancelled") || !o.Cancelled && o.Content.Title != want || o.Original.Slot() != slot || o.Original.Zone != "Europe/Berlin" {
					t.Errorf("%s is %+v; want %s", slot, o, want)
				}
			}
		})
	}
}

func TestAListingThatShiftsIsReadAgain(t *testing.T) {
	version, reads := 1, 0
	p, _ := openFake(t, func(r request) reply {
		switch {
		case strings.Contains(r.Query, "skip"): // the first page was cut before one went
			return reply{status: 200, body: `{"value":[` + instance("O3", tuesdays[3], "") + `]}`}
		case strings.HasSuffix(r.Path, "/instances"):
			reads++
			if reads == 1 {
				version = 2
				return reply{status: 200, body: `{"value":[` + instance("O0", tuesdays[0], "") + `],"@odata.nextLink":"` + fakeBase + `/x?$skip=1"}`}
			}
			return reply{status: 200, body: `{"value":[` + instance("O1", tuesdays[1], "") + "," + instance("O2", tuesdays[2], "") + "," + instance("O3", tuesdays[3], "") + `]}`}
		}
		return reply{status: 200, body: strings.ReplaceAll(master, `W/\"v1\"`, fmt.Sprintf(`W/\"v%d\"`, version))}
	})
	e, err := p.Get(t.Context(), "C1", "M")
	if err != nil || reads != 2 || len(e.Overrides) != 1 || !e.Overrides[berlinAt("2026-03-17T10:00:00").Slot()].Cancelled {
		t.Errorf("after %d listings, %v: %+v; want the first occurrence cancelled alone", reads, err, e.Overrides)
	}
}

// An all-day series' originalStart is a midnight somewhere.
func TestOriginalStartOfAllDaySeries(t *testing.T) {
	for original, zone := range map[string]string{
		"2026-03-24T00:00:00Z": "UTC", "2026-03-23T23:00:00Z": "W. Europe Standard Time", "2026-03-24T07:00:00Z": "UTC", "2026-03-23T11:00:00Z": "New Zealand Standard Time",
		"2026-03-24T06:00:00Z": "tzone://Microsoft/Custom",
	} {
		m := strings.ReplaceAll(strings.ReplaceAll(with(master, `"isAllDay":false`, `"isAllDay":true`), "W. Europe Standard Time", zone), "T09:00:00", "T00:00:00")
		m = with(m, `"end":{"dateTime":"2026-03-17T10`, `"end":{"dateTime":"2026-03-18T00`)
		m = with(with(m, `"type":"weekly"`, `"type":"daily"`), `"numberOfOccurrences":4`, `"numberOfOccurrences":14`)
		x := with(exception("X", "2026-03-24T00:00:00", "Other", original), `"isAllDay":false`, `"isAllDay":true`)
		x = with(x, `"end":{"dateTime":"2026-03-24T00:59`, `"end":{"dateTime":"2026-03-25T00:00`)
		p, _ := openFake(t, graphOf(m, []string{x}, []string{x}))
		e, err := p.Get(t.Context(), "C1", "M")
		if err != nil {
			t.Fatal(err)
		}
		if o := e.Overrides["20260324"]; o.Cancelled || o.Content.Title != "Other" || len(e.Overrides) != 14 {
			t.Errorf("originalStart %s in %s: 24 March is %+v of %d", original, zone, o, len(e.Overrides))
		}
	}
}

func TestPeculiarSeriesAreRead(t *testing.T) {
	for _, c := range []struct{ name, old, replacement, start, rule string }{
		{"weeks from Sunday", `"interval":1`, `"interval":2`, "2026-03-17T10:00:00[Europe/Berlin]", "RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU"},
		{"the 31st is the last", `"type":"weekly","interval":1,"month":0,"dayOfMonth":0`, `"type":"absoluteMonthly","interval":1,"month":0,"dayOfMonth":31`,
			"2026-03-31T10:00:00[Europe/Berlin]", "RRULE:FREQ=MONTHLY;COUNT=4;BYMONTHDAY=-1"},
		{"a start that is none moves on", `["tuesday"]`, `["friday"]`, "2026-03-20T10:00:00[Europe/Berlin]", "RRULE:FREQ=WEEKLY;COUNT=4;BYDAY=FR"},
		{"until 4500 is for ever", `"type":"numbered","startDate":"2026-03-17","endDate":"0001-01-01"`, `"type":"endDate","startDate":"2026-03-17","endDate":"4500-08-31"`,
			"2026-03-17T10:00:00[Europe/Berlin]", "RRULE:FREQ=WEEKLY;BYDAY=TU"},
		{"an end date counts to its end", `"type":"numbered","startDate":"2026-03-17","endDate":"0001-01-01"`, `"type":"endDate","startDate":"2026-03-17","endDate":"2026-04-08"`,
			"2026-03-17T10:00:00[Europe/Berlin]", "RRULE:FREQ=WEEKLY;UNTIL=20260407T080000Z;BYDAY=TU"},
		{"a custom zone, and the rule's own", `"originalStartTimeZone":"W. Europe Standard Time"`, `"originalStartTimeZone":"tzone://Microsoft/Custom"`,
			"2026-03-17T10:00:00[Europe/Berlin]", "RRULE:FREQ=WEEKLY;COUNT=4;BYDAY=TU"},
		{"an IANA zone, and its Windows name", `"originalStartTimeZone":"W. Europe Standard Time"`, `"originalStartTimeZone":"Europe/Vienna"`,
			"2026-03-17T10:00:00[Europe/Vienna]", "RRULE:FREQ=WEEKLY;COUNT=4;BYDAY=TU"},
		{"two zones that disagree", `"originalStartTimeZone":"W. Europe Standard Time"`, `"originalStartTimeZone":"UTC"`,
			"2026-03-17T10:00:00[Europe/Berlin]", "RRULE:FREQ=WEEKLY;COUNT=4;BYDAY=TU"},
		{"no zone that anybody knows", `W. Europe Standard Time`, `Customized Time Zone`,
			"2026-03-17T09:00:00[UTC]", "RRULE:FREQ=WEEKLY;COUNT=4;BYDAY=TU"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := strings.ReplaceAll(master, c.old, c.replacement)
			if m == master {
				t.Fatal("nothing replaced")
			}
			p, _ := openFake(t, graphOf(m, nil, nil))
			e, err := p.Get(t.Context(), "C1", "M")
			if err != nil {
				t.Fatal(err)
			}
			w := e.Content.When
			if w.Start.String() != c.start || len(w.Recurrence.Rules) != 1 || w.Recurrence.Rules[0] != c.rule || e.Type != calendar.Meeting {
				t.Errorf("starts %s, repeats %q, type %q; want %s, %q", w.Start, w.Recurrence.Rules, e.Type, c.start, c.rule)
			}
		})
	}
	p, f := openFake(t, graphOf(strings.Replace(master, `["tuesday"]`, `[]`, 1), nil, nil))
	e, err := p.Get(t.Context(), "C1", "M")
	if err != nil || e.Type != calendar.UnknownType || len(f.requests()) != 1 {
		t.Errorf("a pattern that is none: type %q, %v, %d requests; want one that is left alone", e.Type, err, len(f.requests()))
	}
}

// Not every version of the service takes the newer properties in a query.
func TestAServiceThatKnowsLess(t *testing.T) {
	p, f := openFake(t, func(r request) reply {
		if strings.Contains(r.Query, "exceptionOccurrences") {
			return reply{status: 400, body: graphError("RequestBroker--ParseUri", "")}
		}
		return graphOf(master, []string{instance("O0", tuesdays[0], "")}, nil)(r)
	})
	e, err := p.Get(t.Context(), "C1", "M")
	if err != nil || len(e.Overrides) != 3 || len(f.requests()) != 3 {
		t.Errorf("%d overrides, %d requests, %v", len(e.Overrides), len(f.requests()), err)
	}
}

// Whatever comes of a series has it read, once; an exception without a series in
// this calendar is a meeting of its own.
func TestDeltaTellsWhichSeriesToRead(t *testing.T) {
	stub := instance("O1", tuesdays[1], "")
	orphan := strings.Replace(exception("Y", "2026-03-25T14:00:00", "Invited to one", ""), `"seriesMasterId":"M"`, `"seriesMasterId":"N"`, 1)
	delta := pages(t, `{"value":[],`+last(1)+`}`,
		`{"value":[`+stub+`,`+tombstone("O2")+`,`+orphan+`],`+next(2)+`}`,
		`{"value":[`+master+`,`+stub+`,`+exception("X", "2026-03-25T14:00:00", "Elsewhere", "")+`],`+last(3)+`}`)
	one := graphOf(master, []string{instance("O0", tuesdays[0], "")}, nil)
	p, _ := openFake(t, func(r request) reply {
		switch {
		case strings.HasSuffix(r.Path, "/events/Y"):
			return reply{status: 200, body: orphan}
		case strings.Contains(r.Path, "/events/"):
			return one(r)
		}
		return delta(r)
	})
	ch, err := p.Changes(t.Context(), "C1", "")
	if err == nil {
		ch, err = p.Changes(t.Context(), "C1", ch.Next)
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(ch.Events) != 2 || ch.Events[0].ID != "M" || len(ch.Events[0].Overrides) != 3 ||
		ch.Events[1].ID != "Y" || !ch.Events[1].Content.When.Recurrence.IsZero() || ch.Events[1].Content.Title != "Invited to one" {
		t.Errorf("events are %+v", ch.Events)
	}
	// two pages, the series and its instances, the series that is not there (asked for twice), the orphan
	if ch.Requests != 7 {
		t.Errorf("%d requests; want 7", ch.Requests)
	}
	if len(ch.Removed) != 2 || ch.Removed[0].Certain || ch.Removed[1].Certain {
		t.Errorf("removed %v; want the tombstone and the series that is not there, uncertain", ch.Removed)
	}
}
