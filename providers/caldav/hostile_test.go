package caldav_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/twinday/twinday/providers/calendar"
)

// answers has the server answer one kind of question with these words instead.
func (q *quirky) answers(what string, responses ...string) {
	q.fail = func(asked string) (int, string, string) {
		if asked != what {
			return 0, "", ""
		}
		w := httptest.NewRecorder()
		q.multistatus(w, responses...)
		return http.StatusMultiStatus, "Content-Type: application/xml", w.Body.String()
	}
}

// A time without a zone is the calendar's own, however the line says that it is a time.
func TestTimesWithoutAZone(t *testing.T) {
	for line, want := range map[string]string{
		"DTSTART:20260301T100000":                                 "Europe/Berlin",
		"DTSTART;VALUE=DATE-TIME:20260301T100000":                 "Europe/Berlin",
		"dtstart;X-FROM=phone:20260301T100000":                    "Europe/Berlin",
		"DTSTART:20260301T100000Z":                                "UTC",
		"DTSTART;VALUE=DATE-TIME;TZID=Asia/Tokyo:20260301T100000": "Asia/Tokyo",
	} {
		q := newQuirky(t)
		q.put("a.ics", strings.NewReplacer("DTSTART:20260301T100000Z", line, "DTEND:20260301T110000Z", "DURATION:PT1H").Replace(event("a", "A")))
		q.answers("PROPFIND0", `<D:response><D:href>/home/cal/</D:href><D:propstat><D:prop><C:calendar-timezone-id>Europe/Berlin</C:calendar-timezone-id></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>`)
		ch, _ := q.titles(q.open(), "")
		q.want(line, ch.Events[0].Content.When.Start.Zone, want)
	}
}
