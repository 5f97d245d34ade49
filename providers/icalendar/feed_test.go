package icalendar

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinday/twinday/providers/calendar"
)

func feed(t *testing.T, data string) ([]*Object, FeedInfo, []Complaint) {
	t.Helper()
	objects, info, complaints, err := ParseFeed(strings.NewReader(data), berlin)
	if err != nil {
		t.Fatal(err)
	}
	return objects, info, complaints
}

func TestFeed(t *testing.T) {
	objects, info, complaints := feed(t, string(file(`
		BEGIN:VCALENDAR
		VERSION:2.0
		PRODID:-//Google Inc//Google Calendar 70.9054//EN
		X-WR-CALNAME:Holidays\, all
		X-WR-TIMEZONE:America/New_York
		X-APPLE-CALENDAR-COLOR:#FF2968FF
		X-PUBLISHED-TTL:PT12H
		BEGIN:VEVENT
		UID:a
		DTSTART:20260309T090000
		DESCRIPTION:one<br>two &amp\; three
		RRULE:FREQ=DAILY;COUNT=3
		END:VEVENT
		BEGIN:VEVENT
		DTSTART;VALUE=DATE:20260309
		SUMMARY:no UID
		END:VEVENT
		BEGIN:VEVENT
		DTSTART;VALUE=DATE:20260310
		SUMMARY:no UID either
		END:VEVENT
		BEGIN:VEVENT
		UID:a
		RECURRENCE-ID:20260310T090000
		DTSTART:20260310T100000
		DESCRIPTION:one<br>two &amp\; three
		END:VEVENT
		BEGIN:VTODO
		UID:t
		END:VTODO
		END:VCALENDAR
		BEGIN:VCALENDAR
		VERSION:2.0
		BEGIN:VEVENT
		UID:b
		DTSTART:20260309T090000Z
		END:VEVENT
		END:VCALENDAR
	`)))
	want := FeedInfo{Name: "Holidays, all", Color: "#ff2968", Zone: "America/New_York", Refresh: 12 * time.Hour, Complete: true}
	if info != want || len(complaints) > 0 || len(objects) != 4 {
		t.Fatalf("%+v, %d objects, %v", info, len(objects), complaints)
	}
	e := objects[0].Event()
	if e.UID != "a" || e.Content.When.Start.Zone != "America/New_York" || len(e.Overrides) != 1 || e.Content.Notes.HTML != "one<br>two &amp; three" {
		t.Errorf("the first is %+v", e)
	}
}

// TestFeedOfOneUID: some programs give one UID to all events.
func TestFeedOfOneUID(t *testing.T) {
	part := func(start, sequence, title string) string {
		return "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:" + start + "\r\n" + sequence + "SUMMARY:" + title + "\r\nEND:VEVENT\r\n"
	}
	for name, test := range map[string]struct {
		parts string
		want  []string
	}{
		"of all":           {part("20260309T090000Z", "", "a") + part("20260310T090000Z", "", "b") + part("20260311T090000Z", "", "c"), []string{"a", "b", "c"}},
		"of two revisions": {part("20260309T090000Z", "SEQUENCE:1\r\n", "a") + part("20260310T090000Z", "SEQUENCE:2\r\n", "b"), []string{"b"}},
		"twice":            {part("20260309T090000Z", "", "a") + part("20260309T090000Z", "", "a"), []string{"a"}},
	} {
		objects, _, _ := feed(t, "BEGIN:VCALENDAR\r\n"+test.parts+"END:VCALENDAR")
		var got []string
		for _, o := range objects {
			got = append(got, o.Event().Content.Title)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("one UID %s: read as %v; want %v", name, got, test.want)
		}
	}
}

// TestFeedCutOff cuts a feed after every byte: what is not Complete is not to be believed,
// and what is there is read.
func TestFeedCutOff(t *testing.T) {
	whole := string(file(rich))
	for n := range len(whole) - len("\r\n") {
		_, info, _, err := ParseFeed(strings.NewReader(whole[:n]), berlin)
		if err == nil && info.Complete {
			t.Fatalf("cut after %d of %d bytes it is taken for whole:\n%s", n, len(whole), whole[max(0, n-60):n])
		}
	}
	// An event whose END is missing in the middle is still there.
	objects, info, complaints := feed(t, strings.Replace(string(event(at9)), "END:VEVENT", "BEGIN:VEVENT\r\nUID:2\r\nDTSTART:20260309T090000Z\r\nEND:VEVENT", 1))
	if len(objects) != 2 || !info.Complete || len(complaints) != 1 || objects[0].Event().Type != calendar.Meeting {
		t.Errorf("%d objects, %+v, %v", len(objects), info, complaints)
	}
}

// samples are calendars as Exchange, Outlook, Google and others write them, made for this
// project.
func samples(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../simulator/testdata/ics/*.ics")
	more, err2 := filepath.Glob("../simulator/samples/*.ics")
	if files = append(files, more...); err != nil || err2 != nil || len(files) < 4 {
		t.Fatalf("found only %v", files)
	}
	return files
}

// TestSamplesGoRound reads calendars of other programs, and holds each event against what
// is read after it was written as it came, and after it was made anew from what was read.
func TestSamplesGoRound(t *testing.T) {
	n := 0
	for _, name := range samples(t) {
		t.Run(filepath.Base(name), func(t *testing.T) { n += goRound(t, name) })
	}
	if n < 30 {
		t.Errorf("only %d events were read", n)
	}
}

// realCalendars are what the exports of real programs hold: single events, series, their
// changed and their cancelled occurrences, and events that cannot be understood. The
// simulator, which shares no code with this, counts the same but where it is said.
var realCalendars = map[string][5]int{
	"Germany_Holidays.ics":                  {34, 0, 0, 0, 0},
	"after_many_events_in_order.ics":        {2, 2, 3, 5, 0},
	"bad_rrule_missing_until_event.ics":     {0, 0, 0, 0, 1},
	"discourse_no_dtend.ics":                {4, 0, 0, 0, 0},
	"each_week_but_two_deleted.ics":         {0, 1, 0, 2, 0},
	"end_before_start_event.ics":            {1, 0, 0, 0, 0}, // the simulator leaves it out
	"event_10_times.ics":                    {0, 1, 0, 0, 0},
	"fablab_cottbus.ics":                    {27, 1, 0, 0, 0},
	"issue_15_duplicated_events.ics":        {3, 0, 0, 0, 0},
	"issue_20_exdate_ignored.ics":           {0, 1, 0, 9, 0},
	"issue_223_thunderbird.ics":             {0, 1, 2, 0, 0},
	"issue_27_t1.ics":                       {0, 1, 0, 1, 0},
	"issue_36_recurrence_ID_format.ics":     {0, 2, 3, 0, 0},
	"issue_48_dst.ics":                      {1, 12, 0, 14, 0},
	"issue_62_moved_event.ics":              {0, 1, 1, 0, 0},
	"machbar_16_feb_2019.ics":               {34, 24, 6, 5, 0},
	"multiple_rrule.ics":                    {0, 1, 0, 0, 0},
	"one_day_event_repeat_every_day.ics":    {0, 1, 0, 0, 0},
	"rdate_hackerpublicradio.ics":           {0, 1, 0, 0, 0},
	"recurring_events_changed_duration.ics": {0, 2, 4, 0, 0},
	"recurring_events_moved.ics":            {0, 2, 3, 0, 0},
	"several_events_at_the_same_time.ics":   {10, 0, 0, 0, 0},
	"three_events_one_edited.ics":           {0, 1, 1, 0, 0},
}

// TestRealCalendars reads exports of real programs. They may not be copied into the
// project: the test runs where they lie beside it.
func TestRealCalendars(t *testing.T) {
	const folder = "../../../shared/data/ics"
	if _, err := os.Stat(folder); err != nil {
		t.Skip("../shared/data/ics is not beside the project")
	}
	for name, want := range realCalendars {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(folder, name))
			if err != nil {
				t.Fatal(err)
			}
			objects, info, _ := feed(t, string(data))
			var got [5]int
			for _, o := range objects {
				e := o.Event()
				switch {
				case e.Type != calendar.Meeting:
					got[4]++
				case e.Content.When.Recurrence.IsZero():
					got[0]++
				default:
					got[1]++
				}
				for _, v := range e.Overrides {
					if v.Cancelled {
						got[3]++
					} else {
						got[2]++
					}
				}
			}
			if got != want || !info.Complete {
				t.Errorf("got %v, want %v (singles, series, changed, cancelled, not understood)", got, want)
			}
			goRound(t, filepath.Join(folder, name))
		})
	}
}

// goRound does what TestSamplesGoRound says with one file, and counts its events.
func goRound(t *testing.T, name string) int {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	objects, _, _ := feed(t, string(data))
	for _, o := range objects {
		e := o.Event()
		// Written as it came. A feed's objects have no zones of their own: they are put in.
		for _, c := range o.zones.defined {
			o.root.items = slices.Insert(o.root.items, 0, item{sub: c})
		}
		again, _, err := Parse(o.Bytes(), o.owner)
		if err != nil {
			t.Fatalf("%s: %v\n%s", e.Content.Title, err, o.Bytes())
		}
		noNumber := cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "Doubt" }, cmp.Transformer("unnumbered", func(s string) string {
			return strings.Trim(s, "line 0123456789") // of the line in its file
		}))
		if d := cmp.Diff(e, again.Event(), noNumber); d != "" {
			t.Errorf("written as it came:\n%s", d)
		}
		if d := differences(unfolded(o.Bytes()), unfolded(again.Bytes())); len(d) > 0 {
			t.Errorf("written again with differences: %v", d)
		}
		if e.Type != calendar.Meeting {
			continue
		}
		// Written over with what it says.
		before := unfolded(again.Bytes())
		var slots []string
		for slot := range e.Overrides {
			slots = append(slots, slot)
		}
		slices.Sort(slots)
		if err := again.Update(calendar.Change{Groups: calendar.AllGroups, Content: e.Content, Overrides: e.Overrides, Slots: slots}, later); err != nil {
			t.Fatalf("%s: %v", e.Content.Title, err)
		}
		if d := calendar.Slots(e.Overrides, again.Event().Overrides); len(d) > 0 || len(calendar.Diff(e.Content, again.Event().Content)) > 0 {
			t.Errorf("%s: written over with what it says, it says something else: %v %v\n%s", e.Content.Title, d, calendar.Diff(e.Content, again.Event().Content), strings.Join(differences(before, unfolded(again.Bytes())), "\n"))
		}
		if holds(e.Content.When) != "" {
			continue
		}
		// A copy made of it.
		made, err := New("copy", calendar.Draft{Content: e.Content, Overrides: e.Overrides}, o.owner, now)
		if err != nil {
			t.Fatalf("%s: %v", e.Content.Title, err)
		}
		c := parse(t, made.Bytes()).Event()
		e.Content.Links = calendar.Links{} // read only
		for slot, v := range e.Overrides {
			v.Changed, v.Content.Links = v.Changed.Without(calendar.GroupLinks), calendar.Links{}
			e.Overrides = calendar.WithOverride(e.Overrides, slot, v)
		}
		if d := calendar.Diff(e.Content, c.Content); len(d) > 0 {
			t.Errorf("%s: of a copy %v differ: %s\n%s", e.Content.Title, d, cmp.Diff(e.Content, c.Content), made.Bytes())
		}
		if d := calendar.Slots(e.Overrides, c.Overrides); len(d) > 0 {
			t.Errorf("%s: of a copy the occurrences %v differ: %s", e.Content.Title, d, cmp.Diff(e.Overrides, c.Overrides))
		}
		if f := faults(made); len(f) > 0 {
			t.Errorf("%s: a copy is not valid: %v\n%s", e.Content.Title, f, made.Bytes())
		}
		for _, l := range unfolded(made.Bytes()) {
			if strings.HasPrefix(l, "ORGANIZER") || strings.HasPrefix(l, "ATTENDEE") {
				t.Errorf("a copy has %s", l)
			}
		}
	}
	return len(objects)
}

// FuzzObject: whatever comes is read without a fault, written back to the letter, and
// read again as the same; and an update of it is read back as it was meant.
func FuzzObject(f *testing.F) {
	f.Add(file(rich))
	f.Add(foreign(weekly()))
	f.Add(event(at9, "DURATION:P1D", "RRULE:FREQ=MONTHLY;BYDAY=-1FR", "RDATE;VALUE=PERIOD:20260310T080000Z/PT3H", "EXDATE;VALUE=DATE:20260327"))
	f.Add([]byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;TZID=\"a:b\":20260309T090000\nx\n y\n\n z\nEND:VEVENT\nEND:VCALENDAR"))
	f.Add(append(event(at9)[:40], append([]byte("\xa0\r\n"), event(at9)[40:]...)...)) // white space in Latin-1
	f.Fuzz(func(t *testing.T, data []byte) {
		o, _, err := Parse(data, berlin)
		if err != nil {
			return
		}
		first := o.Bytes()
		again, _, err := Parse(first, berlin)
		if err != nil {
			t.Fatalf("not read again: %v\n%q", err, first)
		}
		if string(again.Bytes()) != string(first) {
			t.Fatalf("written back otherwise:\n%q\n%q", first, again.Bytes())
		}
		e := o.Event()
		if d := cmp.Diff(e, again.Event()); d != "" {
			t.Fatalf("read again otherwise: %s", d)
		}
		if e.Type != calendar.Meeting {
			return
		}
		c := e.Content
		c.Title = "A new title"
		if err := o.Update(calendar.Change{Groups: calendar.Groups{calendar.GroupTitle}, Content: c}, later); err != nil {
			t.Fatalf("update: %v", err)
		}
		updated, _, err := Parse(o.Bytes(), berlin)
		if err != nil {
			t.Fatalf("not read after an update: %v\n%q", err, o.Bytes())
		}
		if d := calendar.Diff(c, updated.Event().Content); len(d) > 0 {
			t.Fatalf("an update of the title changed %v: %s\n%q", d, cmp.Diff(c, updated.Event().Content), o.Bytes())
		}
		for slot, v := range e.Overrides {
			if w := updated.Event().Overrides[slot]; w.Cancelled != v.Cancelled || !slices.Equal(w.Changed.Without(calendar.GroupTitle), v.Changed.Without(calendar.GroupTitle)) {
				t.Fatalf("an update of the title changed the occurrence %s: %+v, was %+v\n%q", slot, w, v, o.Bytes())
			}
		}
	})
}

// FuzzFeed: whatever comes is read without a fault, and each object on its own.
func FuzzFeed(f *testing.F) {
	f.Add(file(rich))
	f.Add([]byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nBEGIN:VALARM\nBEGIN:VEVENT\nEND:VALARM\nEND:VCALENDAR"))
	f.Fuzz(func(t *testing.T, data []byte) {
		objects, _, _, err := ParseFeed(strings.NewReader(string(data)), berlin)
		if err != nil {
			return
		}
		for _, o := range objects {
			_ = o.Event()
			_ = o.Bytes()
		}
	})
}
