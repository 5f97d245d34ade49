package calendar

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The moments that a wall clock skips or shows twice, in zones whose clocks are
// unlike: half an hour of summer time, offsets with minutes and seconds, a day
// left out, a day lived twice.
func TestInstant(t *testing.T) {
	for name, c := range map[string]struct {
		local, zone string
		later       bool
		want        string
	}{
		"winter in Berlin":                       {"2026-01-15T12:00:00", "Europe/Berlin", false, "2026-01-15T11:00:00Z"},
		"summer in Berlin":                       {"2026-07-15T12:00:00", "Europe/Berlin", false, "2026-07-15T10:00:00Z"},
		"Berlin, a second before the gap":        {"2026-03-29T01:59:59", "Europe/Berlin", false, "2026-03-29T00:59:59Z"},
		"Berlin, the gap's first second":         {"2026-03-29T02:00:00", "Europe/Berlin", false, "2026-03-29T01:00:00Z"},
		"Berlin, in the gap":                     {"2026-03-29T02:30:00", "Europe/Berlin", false, "2026-03-29T01:30:00Z"},
		"Berlin, in the gap, later says nothing": {"2026-03-29T02:30:00", "Europe/Berlin", true, "2026-03-29T01:30:00Z"},
		"Berlin, after the gap":                  {"2026-03-29T03:00:00", "Europe/Berlin", false, "2026-03-29T01:00:00Z"},
		"Berlin, before the fold":                {"2026-10-25T01:59:59", "Europe/Berlin", false, "2026-10-24T23:59:59Z"},
		"Berlin, the fold's first time":          {"2026-10-25T02:30:00", "Europe/Berlin", false, "2026-10-25T00:30:00Z"},
		"Berlin, the fold's second time":         {"2026-10-25T02:30:00", "Europe/Berlin", true, "2026-10-25T01:30:00Z"},
		"Berlin, after the fold":                 {"2026-10-25T03:00:00", "Europe/Berlin", false, "2026-10-25T02:00:00Z"},
		"later where there is no fold":           {"2026-07-15T12:00:00", "Europe/Berlin", true, "2026-07-15T10:00:00Z"},
		"New York, in the gap":                   {"2026-03-08T02:30:00", "America/New_York", false, "2026-03-08T07:30:00Z"},
		"New York, the fold's first time":        {"2026-11-01T01:30:00", "America/New_York", false, "2026-11-01T05:30:00Z"},
		"New York, the fold's second time":       {"2026-11-01T01:30:00", "America/New_York", true, "2026-11-01T06:30:00Z"},
		"Lord Howe, in its gap of half an hour":  {"2026-10-04T02:15:00", "Australia/Lord_Howe", false, "2026-10-03T15:45:00Z"},
		"Lord Howe, after it":                    {"2026-10-04T02:30:00", "Australia/Lord_Howe", false, "2026-10-03T15:30:00Z"},
		"Lord Howe, the fold's first time":       {"2026-04-05T01:45:00", "Australia/Lord_Howe", false, "2026-04-04T14:45:00Z"},
		"Lord Howe, the fold's second time":      {"2026-04-05T01:45:00", "Australia/Lord_Howe", true, "2026-04-04T15:15:00Z"},
		"Lord Howe, outside the half hour":       {"2026-04-05T01:15:00", "Australia/Lord_Howe", true, "2026-04-04T14:15:00Z"},
		"Apia's last minute before the dateline": {"2011-12-29T23:59:00", "Pacific/Apia", false, "2011-12-30T09:59:00Z"},
		"Apia's day that never was":              {"2011-12-30T12:00:00", "Pacific/Apia", false, "2011-12-30T22:00:00Z"},
		"Apia's first minute beyond it":          {"2011-12-31T00:00:00", "Pacific/Apia", false, "2011-12-30T10:00:00Z"},
		"Kwajalein's day that never was":         {"1993-08-21T12:00:00", "Pacific/Kwajalein", false, "1993-08-22T00:00:00Z"},
		"Sitka's day that was lived twice":       {"1867-10-19T12:00:00", "America/Sitka", false, "1867-10-18T21:01:13Z"},
		"the second of them":                     {"1867-10-19T12:00:00", "America/Sitka", true, "1867-10-19T21:01:13Z"},
		"Moscow in its years of summer time":     {"2013-01-15T12:00:00", "Europe/Moscow", false, "2013-01-15T08:00:00Z"},
		"Moscow since":                           {"2015-01-15T12:00:00", "Europe/Moscow", false, "2015-01-15T09:00:00Z"},
		"Istanbul before it stayed in summer":    {"2016-01-15T12:00:00", "Europe/Istanbul", false, "2016-01-15T10:00:00Z"},
		"Istanbul after":                         {"2017-01-15T12:00:00", "Europe/Istanbul", false, "2017-01-15T09:00:00Z"},
		"Pyongyang's own half hour":              {"2017-06-15T12:00:00", "Asia/Pyongyang", false, "2017-06-15T03:30:00Z"},
		"Pyongyang, the fold that began it":      {"2015-08-14T23:45:00", "Asia/Pyongyang", true, "2015-08-14T15:15:00Z"},
		"Pyongyang, the gap that ended it":       {"2018-05-04T23:45:00", "Asia/Pyongyang", false, "2018-05-04T15:15:00Z"},
		"Kathmandu's quarter":                    {"2026-01-15T12:00:00", "Asia/Kathmandu", false, "2026-01-15T06:15:00Z"},
		"Monrovia's seconds":                     {"1930-01-15T12:00:00", "Africa/Monrovia", false, "1930-01-15T12:44:30Z"},
		"Dublin's winter time":                   {"2026-01-15T12:00:00", "Europe/Dublin", false, "2026-01-15T12:00:00Z"},
		"Casablanca in Ramadan":                  {"2026-03-01T12:00:00", "Africa/Casablanca", false, "2026-03-01T12:00:00Z"},
		"UTC":                                    {"2026-01-15T12:00:00", "UTC", false, "2026-01-15T12:00:00Z"},
		"a zone without a name":                  {"2026-01-15T12:00:00", "Etc/GMT-14", false, "2026-01-14T22:00:00Z"},
		"a date is its midnight in UTC":          {"2026-03-29", "", false, "2026-03-29T00:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Time{Local: c.local, Zone: c.zone, Later: c.later}.Instant()
			if err != nil || got.Format(time.RFC3339) != c.want {
				t.Errorf("%v, %v; want %s", got.Format(time.RFC3339), err, c.want)
			}
		})
	}
}

func TestInstantRefuses(t *testing.T) {
	for name, c := range map[string]Time{
		"nothing":             {},
		"nonsense":            {Local: "tomorrow at noon", Zone: "UTC"},
		"a day that is none":  {Local: "2026-02-30"},
		"a time without zone": {Local: "2026-01-15T12:00:00"},
		"the machine's zone":  {Local: "2026-01-15T12:00:00", Zone: "Local"},
		"Windows' name":       {Local: "2026-01-15T12:00:00", Zone: "W. Europe Standard Time"},
		"hour 24":             {Local: "2026-01-15T24:00:00", Zone: "UTC"},
	} {
		if got, err := c.Instant(); err == nil {
			t.Errorf("%s: taken for %v", name, got)
		}
	}
}

// zones have had summer times of all lengths, datelines, wars, half hours and
// politics.
var zones = []string{
	"UTC", "Europe/Berlin", "Europe/London", "Europe/Dublin", "Europe/Moscow", "Europe/Istanbul", "Europe/Lisbon", "Europe/Volgograd",
	"America/New_York", "America/Sao_Paulo", "America/Caracas", "America/St_Johns", "America/Havana", "America/Santiago",
	"America/Argentina/San_Luis", "America/Godthab", "America/Scoresbysund", "America/Sitka", "America/Metlakatla",
	"Africa/Casablanca", "Africa/Cairo", "Africa/Monrovia", "Africa/Khartoum", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tehran",
	"Asia/Pyongyang", "Asia/Gaza", "Asia/Manila", "Asia/Singapore", "Asia/Riyadh", "Antarctica/Troll", "Antarctica/Casey",
	"Antarctica/Macquarie", "Australia/Lord_Howe", "Australia/Eucla", "Pacific/Apia", "Pacific/Kwajalein", "Pacific/Chatham",
	"Pacific/Kiritimati", "Pacific/Enderbury", "Pacific/Guam", "Pacific/Easter", "Etc/GMT+12", "Etc/GMT-14", "CET", "EST5EDT",
}

var moments = rapid.Custom(func(t *rapid.T) Time {
	loc, err := LoadZone(rapid.SampledFrom(zones).Draw(t, "zone"))
	if err != nil {
		t.Fatal(err)
	}
	from, to := time.Date(1840, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
	at := time.Unix(rapid.Int64Range(from.Unix(), to.Unix()).Draw(t, "instant"), 0)
	if rapid.Bool().Draw(t, "near a change") { // where the mistakes are
		if begin, _ := at.In(loc).ZoneBounds(); !begin.IsZero() {
			at = begin.Add(time.Duration(rapid.Int64Range(-2*86400, 2*86400).Draw(t, "seconds from it")) * time.Second)
		}
	}
	w := At(at, loc)
	if back, err := w.Instant(); err != nil || !back.Equal(at) {
		t.Fatalf("%v reads %v, which is %v (%v)", at.UTC(), w, back, err)
	}
	return w
})

// What a wall clock shows names the moment again, in every zone, at all times.
// The generator checks it; here the reading is held to the standard library's.
func TestAtAndInstantAreInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := moments.Draw(t, "moment")
		at, err := w.Instant()
		if err != nil {
			t.Fatal(err)
		}
		loc, err := LoadZone(w.Zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := at.In(loc).Format("2006-01-02T15:04:05"); got != w.Local {
			t.Fatalf("%v is %v, where the clock shows %s", w, at, got)
		}
		if w.Later { // then there was a first time
			first, err := Time{Local: w.Local, Zone: w.Zone}.Instant()
			if err != nil || !first.Before(at) || first.In(loc).Format("2006-01-02T15:04:05") != w.Local {
				t.Fatalf("%v is the later of two, the first is %v (%v)", w, first, err)
			}
		}
	})
}

func TestOneMomentHasOneSlotInAllZones(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one := moments.Draw(t, "one")
		at, err := one.Instant()
		if err != nil {
			t.Fatal(err)
		}
		loc, err := LoadZone(rapid.SampledFrom(zones).Draw(t, "other zone"))
		if err != nil {
			t.Fatal(err)
		}
		if same := At(at, loc); same.Slot() != one.Slot() {
			t.Fatalf("%v has slot %s, %v has %s", one, one.Slot(), same, same.Slot())
		}
		other := moments.Draw(t, "another moment")
		if then, _ := other.Instant(); then.Equal(at) != (other.Slot() == one.Slot()) {
			t.Fatalf("%v and %v: slots %s and %s", one, other, one.Slot(), other.Slot())
		}
	})
}

func TestSlot(t *testing.T) {
	for want, given := range map[string]Time{
		"20260315T110000Z":               {Local: "2026-03-15T12:00:00", Zone: "Europe/Berlin"},
		"20260315":                       {Local: "2026-03-15"},
		"20261025T003000Z":               {Local: "2026-10-25T02:30:00", Zone: "Europe/Berlin"},
		"20261025T013000Z":               {Local: "2026-10-25T02:30:00", Zone: "Europe/Berlin", Later: true},
		"2026-03-15T12:00:00[Nowhere/X]": {Local: "2026-03-15T12:00:00", Zone: "Nowhere/X"},
		"":                               {},
	} {
		if got := given.Slot(); got != want {
			t.Errorf("%v has slot %q, want %q", given, got, want)
		}
	}
	if Date(2026, 3, 15).Slot() == (Time{Local: "2026-03-15T00:00:00", Zone: "UTC"}).Slot() {
		t.Error("a date and midnight in UTC have one slot")
	}
}

func TestAt(t *testing.T) {
	berlin, err := LoadZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]Time{
		"2026-01-15T11:00:00Z":           {Local: "2026-01-15T12:00:00", Zone: "Europe/Berlin"},
		"2026-01-15T11:00:00.999999999Z": {Local: "2026-01-15T12:00:00", Zone: "Europe/Berlin"},
		"2026-01-15T21:00:00+10:00":      {Local: "2026-01-15T12:00:00", Zone: "Europe/Berlin"},
		"2026-10-25T00:30:00Z":           {Local: "2026-10-25T02:30:00", Zone: "Europe/Berlin"},
		"2026-10-25T01:30:00Z":           {Local: "2026-10-25T02:30:00", Zone: "Europe/Berlin", Later: true},
	} {
		at, err := time.Parse(time.RFC3339Nano, given)
		if err != nil {
			t.Fatal(err)
		}
		if got := At(at, berlin); got != want {
			t.Errorf("%s reads %+v, want %+v", given, got, want)
		}
	}
}

func TestDates(t *testing.T) {
	if got := Date(2026, 2, 29); got != (Time{Local: "2026-03-01"}) {
		t.Errorf("29 February 2026 is %v, want the day after the 28th", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		d := Date(rapid.IntRange(1, 9998).Draw(t, "year"), time.Month(rapid.IntRange(1, 12).Draw(t, "month")), rapid.IntRange(1, 31).Draw(t, "day"))
		if p, err := ParseDate(d.String()); err != nil || p != d || !d.IsDate() || d.IsZero() {
			t.Fatalf("%v is read as %v (%v)", d, p, err)
		}
	})
	for _, s := range []string{"", "2026-1-5", "2026-02-30", "26-01-05", "2026-01-05T00:00:00", "2026-01-05 ", "20260105"} {
		if d, err := ParseDate(s); err == nil {
			t.Errorf("%q is taken for the date %v", s, d)
		}
	}
}

func TestClock(t *testing.T) {
	for given, local := range map[string]string{
		"2026-03-15T12:00:00":         "2026-03-15T12:00:00",
		"2026-03-15T12:00:00.0000000": "2026-03-15T12:00:00",
		"2026-03-15T12:00:00.999":     "2026-03-15T12:00:00",
		"2026-03-15T9:00:00":          "2026-03-15T09:00:00",
		"2026-03-29T02:30:00":         "2026-03-29T02:30:00", // in a gap; Instant says what it means
	} {
		got, err := Clock(given, "Europe/Berlin")
		if want := (Time{Local: local, Zone: "Europe/Berlin"}); err != nil || got != want {
			t.Errorf("%s is %+v, %v; want %+v", given, got, err, want)
		}
	}
	for name, c := range map[string][2]string{
		"a date":             {"2026-03-15", "Europe/Berlin"},
		"with an offset":     {"2026-03-15T12:00:00Z", "UTC"},
		"no zone":            {"2026-03-15T12:00:00", ""},
		"no such zone":       {"2026-03-15T12:00:00", "Europe/Atlantis"},
		"a day that is none": {"2026-02-29T12:00:00", "UTC"},
	} {
		if got, err := Clock(c[0], c[1]); err == nil {
			t.Errorf("%s: %q in %q is taken for %+v", name, c[0], c[1], got)
		}
	}
}

func TestLoadZone(t *testing.T) {
	for _, zone := range zones {
		if loc, err := LoadZone(zone); err != nil || loc.String() != zone {
			t.Errorf("%s: %v, %v", zone, loc, err)
		}
	}
	for _, zone := range []string{"", "Local", "Europe/Atlantis", "W. Europe Standard Time", "../etc/localtime", "/etc/localtime", "+02:00"} {
		if loc, err := LoadZone(zone); err == nil {
			t.Errorf("%q is taken for %v", zone, loc)
		}
	}
}

func TestTimeIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := moments.Draw(t, "moment")
		body, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got Time
		if err := json.Unmarshal(body, &got); err != nil || got != want {
			t.Fatalf("%s is read as %v (%v)", body, got, err)
		}
	})
}
