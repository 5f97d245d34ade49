package assets

import (
	"testing"
	"time"
)

func TestTimesInWords(t *testing.T) {
	now := time.Date(2026, 11, 24, 15, 4, 5, 0, time.FixedZone("here", 3600))
	for _, c := range []struct {
		what, got, want string
	}{
		{"never", Ago(now, time.Time{}), "never"},
		{"a clock that runs a bit ahead", Ago(now, now.Add(2*time.Second)), "just now"},
		{"seconds, by tens", Ago(now, now.Add(-47*time.Second)), "40 seconds ago"},
		{"one minute", Ago(now, now.Add(-61*time.Second)), "1 minute ago"},
		{"hours", Ago(now, now.Add(-5*time.Hour)), "5 hours ago"},
		{"one day", Ago(now, now.Add(-26*time.Hour)), "1 day ago"},
		{"due", In(now, now.Add(-time.Minute)), "now"},
		{"soon", In(now, now.Add(50*time.Second)), "in 50 seconds"},
		{"minutes are rounded", In(now, now.Add(119*time.Second)), "in 2 minutes"},
		{"today, in another zone", Moment(now, now.UTC().Add(-time.Hour)), "14:04"},
		{"yesterday evening", Moment(now, now.Add(-20*time.Hour)), "Mon 19:04"},
		{"this year", Moment(now, now.AddDate(0, -2, 0)), "24 Sep 15:04"},
		{"another year", Moment(now, now.AddDate(-1, 0, 0)), "24 Nov 2025"},
		{"tomorrow morning", Tomorrow(now).Format(time.RFC3339), "2026-11-25T06:00:00+01:00"},
		{"a pause for an hour", PauseEnd(now, now.Add(time.Hour)), "until 16:04"},
		{"a pause with no end", PauseEnd(now, UntilResumed(now)), "until resumed"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.what, c.got, c.want)
		}
	}
}

// speak has a test speak a language.
func speak(t *testing.T, tag string) {
	t.Helper()
	Speak(tag)
	t.Cleanup(func() { Speak("en") })
}

// A short month has its own dot in German, and the day and month no second one.
func TestADayOfTheYearIsWrittenAsItsPeopleDo(t *testing.T) {
	for tag, want := range map[string][2]string{
		"en": {"Tue 24 Nov", "Sun 3 May"}, "en-US": {"Tue, Nov 24", "Sun, May 3"}, "de": {"Di, 24. Nov.", "So, 3. Mai"},
	} {
		speak(t, tag)
		for i, day := range []time.Time{time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC), time.Date(2026, 5, 3, 0, 0, 0, 0, time.UTC)} {
			if got := DayOfYear(day); got != want[i] {
				t.Errorf("%s: %q, want %q", tag, got, want[i])
			}
		}
	}
}

func TestDatesAndNumbersAreThoseOfTheRegion(t *testing.T) {
	at := time.Date(2026, 3, 2, 15, 4, 5, 0, time.UTC)
	for _, c := range []struct{ tag, spoken, clock, day, when, month, number, ago string }{
		{"en", "en", "15:04", "Mon 2 Mar 2026", "Mon 2 Mar 2026, 15:04", "March 2026", "12,345", "1 day ago"},
		{"en-US", "en", "3:04 PM", "Mon, Mar 2, 2026", "Mon, Mar 2, 2026, 3:04 PM", "March 2026", "12,345", "1 day ago"},
		{"de", "de", "15:04", "Mo, 2. März 2026", "Mo, 2. März 2026, 15:04", "März 2026", "12.345", "vor 1 Tag"},
		{"de-CH", "de", "15:04", "Mo, 2. März 2026", "Mo, 2. März 2026, 15:04", "März 2026", "12’345", "vor 1 Tag"},
		{"tlh", "en", "15:04", "Mon 2 Mar 2026", "Mon 2 Mar 2026, 15:04", "March 2026", "12,345", "1 day ago"},
	} {
		speak(t, c.tag)
		got := []string{Spoken(), Clock(at), Day(at), When(at), Month(at), Number(12345), Ago(at.AddDate(0, 0, 1), at)}
		want := []string{c.spoken, c.clock, c.day, c.when, c.month, c.number, c.ago}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: %q, want %q", c.tag, got[i], want[i])
			}
		}
	}
}

func TestTheSystemsLanguageIsSpoken(t *testing.T) {
	t.Setenv("LC_ALL", "de_DE.UTF-8")
	speak(t, "")
	if Spoken() != "de" || Weekday(time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)) != "Mi" {
		t.Errorf("with LC_ALL=de_DE.UTF-8 it speaks %q", Spoken())
	}
	t.Setenv("LC_ALL", "C")
	Speak("")
	if Spoken() != "en" {
		t.Errorf("with LC_ALL=C it speaks %q", Spoken())
	}
}
