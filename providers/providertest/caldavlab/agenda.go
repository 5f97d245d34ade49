//go:build linux

package caldavlab

import (
	"cmp"
	"fmt"
	"html"
	"slices"
	"strings"
	"time"

	"github.com/twinday/twinday/providers/calendar"
)

// Occurrence is one event, or one time of a series, as the server shows it.
type Occurrence struct {
	ID         calendar.RemoteID // of the event or the series
	Slot       string            // the original start of a series' occurrence, in UTC or as a date
	Start, End time.Time
	AllDay     bool
	Title      string
	Place      string
}

// Agenda is what happens in a span of time, in order, as the server itself expands it
// (RFC 4791 §9.6.5): Cyrus can.
func (o Program) Agenda(from, to time.Time) []Occurrence {
	o.t.Helper()
	span := fmt.Sprintf(`start="%s" end="%s"`, from.UTC().Format("20060102T150405Z"), to.UTC().Format("20060102T150405Z"))
	text := o.report(`<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><C:calendar-data><C:expand ` + span + `/></C:calendar-data></D:prop>` +
		`<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range ` + span + `/></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>`)
	var out []Occurrence
	for response := range strings.SplitSeq(text, "<D:response>") {
		_, data, ok := strings.Cut(response, "BEGIN:VCALENDAR")
		if !ok {
			continue
		}
		data, _, _ = strings.Cut(data, "</C:calendar-data>")
		data = strings.TrimSuffix(strings.TrimSpace(data), "]]>")
		if !strings.Contains(response, "<![CDATA[") {
			data = html.UnescapeString(data)
		}
		for _, e := range parsePart("BEGIN:VCALENDAR" + data).events() {
			x := Occurrence{ID: idIn(response), Slot: e.value("RECURRENCE-ID"), Title: unescaper.Replace(e.value("SUMMARY")), Place: unescaper.Replace(e.value("LOCATION"))}
			x.AllDay = !strings.Contains(e.value("DTSTART"), "T")
			x.Start, x.End = o.moment(e.value("DTSTART")), o.moment(e.value("DTEND"))
			if x.End.IsZero() {
				o.t.Fatalf("an occurrence without an end:\n%s", e)
			}
			out = append(out, x)
		}
	}
	slices.SortFunc(out, func(a, b Occurrence) int { return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Title, b.Title)) })
	return out
}

var unescaper = strings.NewReplacer(`\\`, `\`, `\;`, ";", `\,`, ",", `\n`, "\n")

func (o Program) moment(value string) time.Time {
	o.t.Helper()
	for _, layout := range []string{"20060102T150405Z", "20060102"} {
		if t, err := time.Parse(layout, value); err == nil {
			return t
		}
	}
	o.t.Fatalf("a time that is neither UTC nor a date: %q", value)
	return time.Time{}
}
