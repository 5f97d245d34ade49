package simulator

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestControlEditsSeriesAsAnotherClient(t *testing.T) {
	for _, s := range []Service{Google, Outlook} {
		t.Run(string(s), func(t *testing.T) {
			l := newControlLab(t, s)
			agenda := func(want ...string) {
				t.Helper()
				var list []controlOccurrence
				if code := l.call("GET", "agenda?from=2026-07-01&to=2026-09-01", "", &list); code != http.StatusOK {
					t.Fatalf("agenda: %d", code)
				}
				got := []string{}
				for _, o := range list {
					got = append(got, o.Start.Format("01-02 15:04 ")+o.Title)
				}
				if diff := cmp.Diff(append([]string{}, want...), got); diff != "" {
					t.Errorf("the person sees (-want +got):\n%s", diff)
				}
			}
			var made, tail ControlEvent
			l.call("POST", "events", `{"title":"Run","start":"2026-07-15T10:00:00","end":"2026-07-15T11:00:00","recurrence":["RRULE:FREQ=WEEKLY;COUNT=5"]}`, &made)
			if !made.Series {
				t.Fatalf("added %+v, want a series", made)
			}
			at := "events/" + made.ID
			l.call("PATCH", at+"?occurrence=20260722T080000Z", `{"start":"2026-07-22T12:00:00","end":"2026-07-22T13:00:00"}`, nil)
			l.call("DELETE", at+"?occurrence=20260729T080000Z", "", nil)
			agenda("07-15 08:00 Run", "07-22 10:00 Run", "08-05 08:00 Run", "08-12 08:00 Run")

			l.call("PATCH", at, `{"title":"Long run"}`, nil)
			l.call("PATCH", at+"?occurrence=20260805T080000Z&following=true", `{"title":"Short run"}`, &tail)
			if s == Google {
				agenda("07-15 08:00 Long run", "07-22 10:00 Long run", "08-05 08:00 Short run", "08-12 08:00 Short run")
			} else { // Exchange forgets what was changed of a series when its rule changes
				agenda("07-15 08:00 Long run", "07-22 08:00 Long run", "07-29 08:00 Long run", "08-05 08:00 Short run", "08-12 08:00 Short run")
			}
			if tail.ID == made.ID || !tail.Series {
				t.Errorf("the new series is %+v", tail)
			}

			l.call("DELETE", "events/"+tail.ID+"?occurrence=20260812T080000Z&following=true", "", nil)
			var list []ControlEvent
			if l.call("GET", "events", "", &list); len(list) != 2 {
				t.Errorf("%d events, want two series", len(list))
			}
			l.call("DELETE", at, "", nil)
			agenda("08-05 08:00 Short run")

			l.call("POST", "events", `{"title":"Swim","start":"2026-07-15T10:00:00","end":"2026-07-15T11:00:00"}`, &made)
			l.call("PATCH", "events/"+made.ID, `{"recurrence":["RRULE:FREQ=DAILY;COUNT=2"]}`, nil)
			agenda("07-15 08:00 Swim", "07-16 08:00 Swim", "08-05 08:00 Short run")
			if c := l.sim.Counters(); c.Requests != 0 {
				t.Errorf("control calls were counted as %d requests", c.Requests)
			}
		})
	}
}

func TestControlNamesWhatASeriesDoesNotHave(t *testing.T) {
	l := newControlLab(t, Outlook)
	var made ControlEvent
	l.call("POST", "events", `{"title":"Run","start":"2026-07-15","end":"2026-07-16","recurrence":["RRULE:FREQ=WEEKLY"]}`, &made)
	for _, test := range []struct {
		method, path, body string
		want               int
	}{
		{"DELETE", "events/" + made.ID + "?occurrence=20260716", "", http.StatusNotFound},
		{"PATCH", "events/" + made.ID + "?following=true", "{}", http.StatusNotFound},
		{"POST", "events", `{"title":"x","start":"2026-07-15","end":"2026-07-16","recurrence":["RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15"]}`, http.StatusBadRequest},
		{"GET", "agenda?from=yesterday", "", http.StatusBadRequest},
	} {
		var answer struct{ Error string }
		if code := l.call(test.method, test.path, test.body, &answer); code != test.want || answer.Error == "" {
			t.Errorf("%s %s: %d %q, want %d", test.method, test.path, code, answer.Error, test.want)
		}
	}
}
