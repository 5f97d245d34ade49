package icalendar

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

// TestZonesAreWrittenAsTheyAre reads every zone back by its observances alone, and holds
// it against the table, to the second, on both sides of each change.
func TestZonesAreWrittenAsTheyAre(t *testing.T) {
	names := append(calendar.MainZones(), "Europe/Dublin", "Europe/Vienna", "Africa/Casablanca", "Africa/El_Aaiun", "Pacific/Apia",
		"Australia/Lord_Howe", "Antarctica/Troll", "America/Nuuk", "Asia/Gaza", "America/Scoresbysund", "Africa/Monrovia")
	slices.Sort(names)
	var years []int
	for y := zoneFrom; y <= zoneUntil; y++ {
		years = append(years, y)
	}
	for _, zone := range slices.Compact(names) {
		if zone == "UTC" {
			continue
		}
		loc, err := calendar.LoadZone(zone)
		if err != nil {
			t.Fatal(err)
		}
		c := timezone(zone, zoneFrom)
		onsets := (&zones{years: years, rules: maxZoneRules}).onsetsOf(c)
		if len(onsets) == 0 {
			t.Errorf("%s: nothing to read", zone)
			continue
		}
		wrong := 0
		look := func(at time.Time) {
			if _, want := at.In(loc).Zone(); offsetAt(onsets, at) != want && wrong < 3 {
				wrong++
				t.Errorf("%s at %s: offset %d; want %d", zone, at.Format(time.RFC3339), offsetAt(onsets, at), want)
			}
		}
		end := time.Date(zoneUntil, 12, 31, 0, 0, 0, 0, time.UTC)
		for at := time.Date(zoneFrom, 1, 1, 0, 0, 0, 0, time.UTC); at.Before(end); at = at.Add(40 * time.Hour) {
			look(at)
		}
		for _, ch := range changesOf(loc, time.Date(zoneFrom, 1, 1, 0, 0, 0, 0, time.UTC)) {
			at := ch.wall.Add(-time.Duration(ch.from) * time.Second)
			if at.Before(end) && at.Year() >= zoneFrom {
				look(at)
				look(at.Add(-time.Second))
			}
		}
		if n := len(c.subs("STANDARD")) + len(c.subs("DAYLIGHT")); n > 24 {
			t.Errorf("%s takes %d observances", zone, n)
		}
	}
}

// The zones of today as everybody writes them: libical, Apple and the table of RFC 5545's
// own examples (§3.6.5).
func TestZonesReadWell(t *testing.T) {
	for zone, want := range map[string]string{
		"Europe/Berlin": "DAYLIGHT +0100 +0200 CEST 20000326T020000 FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU | " +
			"STANDARD +0200 +0100 CET 19991031T030000 FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
		"America/New_York": "DAYLIGHT -0500 -0400 EDT 20000402T020000 FREQ=YEARLY;BYMONTH=4;BYDAY=1SU;UNTIL=20060402T070000Z | " +
			"DAYLIGHT -0500 -0400 EDT 20070311T020000 FREQ=YEARLY;BYMONTH=3;BYDAY=2SU | " +
			"STANDARD -0400 -0500 EST 19991031T020000 FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU;UNTIL=20061029T060000Z | " +
			"STANDARD -0400 -0500 EST 20071104T020000 FREQ=YEARLY;BYMONTH=11;BYDAY=1SU",
		"Asia/Kolkata": "STANDARD +0630 +0530 IST 19451015T000000 ",
	} {
		var got []string
		c := timezone(zone, zoneFrom)
		for _, x := range append(c.subs("STANDARD"), c.subs("DAYLIGHT")...) {
			rule, _ := x.get("RRULE")
			got = append(got, strings.Join([]string{x.name, x.text("TZOFFSETFROM"), x.text("TZOFFSETTO"), x.text("TZNAME"), x.text("DTSTART"), rule.value()}, " "))
		}
		slices.Sort(got)
		if s := strings.Join(got, " | "); s != want {
			t.Errorf("%s is written as\n%s; want\n%s", zone, s, want)
		}
	}
}

// TestTZIDs reads the names that programs give to Europe/Berlin.
func TestTZIDs(t *testing.T) {
	berlinRules := []string{"BYMONTH=3;BYDAY=-1SU", "BYMONTH=10;BYDAY=-1SU"}
	for _, test := range []struct {
		name, tzid, zone string // the VTIMEZONE, "" for none
		want             string
		doubt            bool
	}{
		{"IANA", "Europe/Berlin", "", "Europe/Berlin", false},
		{"an older IANA name", "Asia/Calcutta", "", "Asia/Calcutta", false},
		{"Windows", "W. Europe Standard Time", "", "Europe/Berlin", false},
		{"quoted", `"W. Europe Standard Time"`, "", "Europe/Berlin", false},
		{"Mozilla", "/mozilla.org/20050126_1/Europe/Berlin", "", "Europe/Berlin", false},
		{"libical", "/freeassociation.sourceforge.net/America/Argentina/Buenos_Aires", "", "America/Argentina/Buenos_Aires", false},
		{"Exchange UTC", "tzone://Microsoft/Utc", "", "UTC", false},
		{"by location", "CustomZone", "BEGIN:VTIMEZONE\r\nTZID:CustomZone\r\nX-LIC-LOCATION:Europe/Oslo\r\nEND:VTIMEZONE", "Europe/Oslo", false},
		{"by behaviour", "(UTC+01:00) Amsterdam, Berlin", outlookZone("(UTC+01:00) Amsterdam, Berlin", "+0200", "+0100", berlinRules[0], berlinRules[1]), "Europe/Berlin", false},
		{"by behaviour, New York", "Zone 7", outlookZone("Zone 7", "-0400", "-0500", "BYMONTH=3;BYDAY=2SU", "BYMONTH=11;BYDAY=1SU"), "America/New_York", false},
		{"by behaviour, quoted", `"(UTC+01:00) Amsterdam, Berlin"`, outlookZone("(UTC+01:00) Amsterdam, Berlin", "+0200", "+0100", berlinRules[0], berlinRules[1]), "Europe/Berlin", false},
		{"of nowhere", "Zone 8", outlookZone("Zone 8", "+0220", "+0120", berlinRules[0], berlinRules[1]), "UTC", true},
		{"not defined", "Nowhere", "", "Europe/Berlin", true},
		{"none", "", "", "Europe/Berlin", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := ""
			if test.tzid != "" {
				p = ";TZID=" + test.tzid
			}
			o := parse(t, file("BEGIN:VCALENDAR\nVERSION:2.0\n"+strings.ReplaceAll(test.zone, "\r\n", "\n")+"\nBEGIN:VEVENT\nUID:1\nDTSTAMP:20260101T000000Z\nDTSTART"+p+":20260709T091500\nDTEND"+p+":20260709T101500\nEND:VEVENT\nEND:VCALENDAR"))
			e := o.Event()
			if e.Content.When.Start.Zone != test.want || (e.Doubt != "") != test.doubt {
				t.Errorf("read as %v, doubt %q; want zone %s", e.Content.When.Start, e.Doubt, test.want)
			}
			if test.tzid == "Zone 8" && e.Content.When.Start.Local != "2026-07-09T06:55:00" {
				t.Errorf("read as %v; want the moment 06:55 UTC", e.Content.When.Start)
			}
			// A written time takes the file's own name for the zone.
			if e.Doubt != "" || test.tzid == "" {
				return
			}
			e.Content.When.End.Local = "2026-07-09T11:15:00"
			if err := o.Update(calendar.Change{Groups: calendar.Groups{calendar.GroupWhen}, Content: e.Content}, later); err != nil {
				t.Fatal(err)
			}
			again := reread(t, o)
			if d := calendar.Diff(e.Content, again.Content); len(d) > 0 {
				t.Errorf("%v differ after a write:\n%s", d, o.Bytes())
			}
			if test.zone != "" {
				if l, _ := o.events()[0].get("DTEND"); l.param("TZID") != strings.Trim(test.tzid, `"`) {
					t.Errorf("written as %s; want the file's own %s", l.text, test.tzid)
				}
			}
		})
	}
}

func TestOffsets(t *testing.T) {
	for s, want := range map[string]int{"+0100": 3600, "-0530": -19800, "+001730": 1050, "+0000": 0, "-023000": -9000} {
		got, ok := parseOffset(s)
		if !ok || got != want {
			t.Errorf("%s is %d %v; want %d", s, got, ok, want)
		}
		if again, _ := parseOffset(formatOffset(got)); again != got {
			t.Errorf("%s is written as %s", s, formatOffset(got))
		}
	}
	for _, s := range []string{"", "0100", "+01", "+01:00", "+1x00", "+-100"} {
		if n, ok := parseOffset(s); ok {
			t.Errorf("%q is read as %d", s, n)
		}
	}
}
