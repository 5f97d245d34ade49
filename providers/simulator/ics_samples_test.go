package simulator

import (
	"testing"
	"time"

	"github.com/twinday/twinday/providers/simulator/mailbox"
	"github.com/twinday/twinday/providers/simulator/samples"
)

func TestSampleCalendarsAreReadWhole(t *testing.T) {
	now := time.Date(2026, 10, 21, 12, 0, 0, 0, time.UTC) // the clock goes back four days later
	work, gotWork := load(t, string(samples.Work(now)))
	home, gotHome := load(t, string(samples.Home(now)))
	if gotWork.Events != 26 || gotWork.Series != 2 || len(gotWork.Problems) != 0 {
		t.Errorf("work: %+v, want 26 events and 2 series", gotWork)
	}
	if gotHome.Events != 21 || gotHome.Series != 2 || len(gotHome.Problems) != 0 {
		t.Errorf("home: %+v, want 21 events and 2 series", gotHome)
	}

	var sameUID, sameLook int
	for _, w := range work {
		for _, h := range home {
			switch alike := w.Title == h.Title && w.Start.UTC.Equal(h.Start.UTC) && w.End.UTC.Equal(h.End.UTC); {
			case w.UID == h.UID:
				sameUID++
			case alike:
				sameLook++
			}
		}
	}
	if sameUID != 1 || sameLook != 1 {
		t.Errorf("%d with one UID and %d with one look on both sides, want one of each", sameUID, sameLook)
	}

	has := map[string]bool{}
	for _, e := range append(work, home...) {
		has["all-day"] = has["all-day"] || e.AllDay
		has["several days"] = has["several days"] || e.AllDay && e.End.UTC.Sub(e.Start.UTC) > 24*time.Hour
		has["html"] = has["html"] || e.BodyIsHTML
		has["longer than Google holds"] = has["longer than Google holds"] || len(e.Body) > 8192
		has["free"] = has["free"] || e.ShowAs == "free"
		has["out of office"] = has["out of office"] || e.ShowAs == "oof"
		has["private"] = has["private"] || e.Sensitivity == "private"
		has["cancelled"] = has["cancelled"] || e.Status == "cancelled"
		has["guests"] = has["guests"] || len(e.Attendees) > 0
		has["another's"] = has["another's"] || e.Organizer == (mailbox.Person{Name: "Ines Roth", Email: "ines@supplier.example"})
		has["organized by the person"] = has["organized by the person"] ||
			len(e.Attendees) > 0 && e.Organizer == (mailbox.Person{Name: samples.Name, Email: samples.WorkEmail})
		has["zone "+e.Start.Zone] = true
		if e.Start.UTC.Before(now.AddDate(0, 0, -30)) || e.End.UTC.After(now.AddDate(0, 0, 60)) {
			t.Errorf("%s lies too far away: %s", e.Title, e.Start.UTC)
		}
	}
	for _, want := range []string{
		"all-day", "several days", "html", "longer than Google holds", "free", "out of office", "private", "cancelled", "guests", "another's",
		"organized by the person",
		"zone Europe/Berlin", "zone America/New_York", "zone Asia/Tokyo", "zone America/Argentina/Buenos_Aires",
	} {
		if !has[want] {
			t.Errorf("no sample is %s", want)
		}
	}
}
