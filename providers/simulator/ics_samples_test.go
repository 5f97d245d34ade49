package simulator

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinday/twinday/providers/simulator/mailbox"
	"github.com/twinday/twinday/providers/simulator/samples"
)

func TestSampleCalendarsAreReadWhole(t *testing.T) {
	now := time.Date(2026, 10, 21, 12, 0, 0, 0, time.UTC) // the clock goes back four days later
	outlook, google := berlin(t, Outlook), berlin(t, Google)
	gotWork, gotHome := loadInto(t, outlook, string(samples.Work(now))), loadInto(t, google, string(samples.Home(now)))
	if want := (Loaded{Events: 26, Series: 5, Changed: 2, Cancelled: 3}); !cmp.Equal(gotWork, want) {
		t.Errorf("work: %+v, want %+v", gotWork, want)
	}
	if want := (Loaded{Events: 21, Series: 5, Changed: 1, Cancelled: 1}); !cmp.Equal(gotHome, want) {
		t.Errorf("home: %+v, want %+v", gotHome, want)
	}
	single := func(e mailbox.Event) bool { return e.Pattern == nil && e.Recurrence == nil && e.Series == "" }
	work := slices.DeleteFunc(outlook.Mailbox().Events("primary"), func(e mailbox.Event) bool { return !single(e) })
	home := slices.DeleteFunc(google.Mailbox().Events("primary"), func(e mailbox.Event) bool { return !single(e) })

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

// The week around the day shows what makes each series one worth having.
func TestSampleSeriesAsTheirPersonSeesThem(t *testing.T) {
	now := time.Date(2026, 10, 21, 12, 0, 0, 0, time.UTC)
	outlook, google := berlin(t, Outlook), berlin(t, Google)
	loadInto(t, outlook, string(samples.Work(now)))
	loadInto(t, google, string(samples.Home(now)))
	seen := func(s *Simulator, title string, days int) (out []string) {
		list, err := s.Agenda("primary", now.AddDate(0, 0, -2), now.AddDate(0, 0, days))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range list {
			if len(o.Title) >= len(title) && o.Title[:len(title)] == title {
				out = append(out, o.Start.Format("02 Jan 15:04"))
			}
		}
		return out
	}
	for _, test := range []struct {
		s     *Simulator
		title string
		days  int
		want  []string
	}{
		// Cancelled on Tuesday, moved on Wednesday, and two cancelled in the next week, before which the clock goes back.
		{outlook, "Daily stand-up", 10, []string{"21 Oct 07:45", "22 Oct 07:15", "23 Oct 07:15", "26 Oct 08:15", "27 Oct 08:15", "28 Oct 08:15"}},
		{outlook, "Month-end review", 60, []string{"30 Oct 14:00", "27 Nov 14:00"}},
		// New York's clock goes back a week after Europe's.
		{outlook, "Boston weekly", 21, []string{"19 Oct 14:00", "26 Oct 14:00", "03 Nov 16:00", "09 Nov 15:00"}},
		{outlook, "Stocktaking", 21, []string{"25 Oct 17:00", "27 Oct 17:00", "08 Nov 17:00", "10 Nov 17:00"}},
		{google, "Choir", 21, []string{"22 Oct 17:30", "29 Oct 18:30", "05 Nov 18:00"}},
		{google, "Mia's birthday", 60, []string{"20 Nov 00:00"}},
		{google, "Exercises", 5, []string{"20 Oct 05:00", "21 Oct 05:00", "22 Oct 05:00", "23 Oct 05:00", "24 Oct 05:00", "25 Oct 06:00", "26 Oct 06:00"}},
		{google, "Pay the bills", 40, []string{"01 Nov 00:00", "15 Nov 00:00"}},
		{google, "Tango lesson", 21, []string{"25 Oct 22:00", "08 Nov 22:00"}},
	} {
		if diff := cmp.Diff(test.want, seen(test.s, test.title, test.days)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.title, diff)
		}
	}
	other := berlin(t, Outlook)
	got := loadInto(t, other, string(samples.Home(now)))
	if len(got.Problems) != 1 || got.Series != 4 || !strings.Contains(got.Problems[0].Reason, "BYMONTHDAY=1,15") {
		t.Errorf("home on Outlook: %+v, want one rule that it cannot hold", got)
	}
}
